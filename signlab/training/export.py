"""A finished run as one file for other runtimes, checked and timed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch._dynamo.exc import TorchDynamoException
from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode
from torch.onnx import OnnxExporterError

from signlab.corpora.base import open_corpus
from signlab.errors import BadInput, SignlabError
from signlab.landmarks.layout import LAYOUTS, Layout
from signlab.scoring.speed import measure_speed
from signlab.study.folder import RunFolder, Speed
from signlab.study.profile import AsFile, Format
from signlab.training.assembly import assemble, restore
from signlab.training.checkpoint import load_model
from signlab.training.deployed import (
    DIMENSIONS,
    INPUTS,
    OUTPUTS,
    Deployed,
    Description,
    Inputs,
    invented,
)
from signlab.training.tracing import quiet, to_onnx, trace

TRACED = (48, 37)
"""Frames of the utterances that are traced."""

UNSEEN = ((150,), (20, 91, 64))
"""Frames of the utterances that a written model is checked with."""

TOLERANCE = 1e-4
"""By how much a log-probability may differ from the run's own."""

TIMED_FRAMES = 150

CANNOT = (TorchDynamoException, GuardOnDataDependentSymNode, OnnxExporterError)
"""What torch raises where a module is no graph of known operations."""


@dataclass(frozen=True)
class Exported:
    """A model's file.

    Attributes:
        difference: The largest of a log-probability from the run's own, at lengths and batches
            that the export did not see.
        speed: Of one utterance of 150 frames, decoding excluded.
    """

    path: Path
    file_format: Format
    size_mib: float
    difference: float
    speed: Speed


Call = Callable[..., tuple[np.ndarray, np.ndarray]]
"""From ``deployed.INPUTS`` as tensors to ``deployed.OUTPUTS``."""


def export_run(folder: RunFolder, path: Path | None, file_format: Format) -> Exported:
    """Write the model of a finished run.

    Args:
        path: Of the file; ``model.onnx`` or ``model.pt2`` in the run's folder where it is None.

    Raises:
        BadInput: The run is not finished, or something that it takes is not there.
    """
    check_installed(file_format)
    if not folder.finished:
        raise BadInput(
            f"{folder.path} is no folder of a finished run; they are runs/<study>/<variant>/*"
        )
    model = load_model(folder.model_path)
    layout = LAYOUTS.get(model.layout) or open_corpus(model.recipe["corpus"]).layout
    assembly = restore(model, layout)
    module = Deployed(assembly.features, assembly.recognizer)
    about = _describe(assembly.vocabulary, layout, folder.recipe()["digest"])
    return export(module, layout, about, path or folder.path / f"model.{file_format}", file_format)


def export_recipe(
    recipe: Mapping[str, Any],
    layout: Layout,
    vocabulary: tuple[str, ...],
    file_format: Format,
    *,
    threads: int,
) -> AsFile:
    """Export a recipe's recogniser with its first weights, for its size and speed alone.

    Raises:
        SignlabError: It cannot be exported.
    """
    assembly = assemble(recipe, layout, vocabulary)
    module = Deployed(assembly.features, assembly.recognizer)
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"model.{file_format}"
        about = _describe(vocabulary, layout, "")
        done = export(module, layout, about, path, file_format, threads=threads)
    return AsFile(file_format, done.size_mib, done.speed)


def _describe(vocabulary: tuple[str, ...], layout: Layout, digest: str) -> Description:
    parts = {part.name: part.points for part in layout.parts}
    return Description(vocabulary, layout.name, parts, digest)


def check_installed(file_format: Format) -> None:
    """See that what writes and runs a format is there.

    Raises:
        BadInput: It is not.
    """
    if file_format == "onnx" and not (find_spec("onnxscript") and find_spec("onnxruntime")):
        raise BadInput("the format onnx needs `pip install 'signlab[export]'`; pt2 does not")


def export(
    module: Deployed,
    layout: Layout,
    about: Description,
    path: Path,
    file_format: Format,
    *,
    threads: int = 1,
) -> Exported:
    """Write a module, whole or not at all, hold it to the module's own figures, and time it.

    Args:
        threads: With which it is timed.

    Raises:
        BadInput: The file cannot be written.
        SignlabError: It gives other log-probabilities than the module.
    """
    part = path.with_name(f"{path.stem}.part.{file_format}")
    try:
        part.touch()  # before the long work
        _write(module, layout, about, part, file_format)
        call = load(part, file_format, threads)
        difference = float(np.max([_difference(call, module, layout, each) for each in UNSEEN]))
        if not difference <= TOLERANCE:
            raise SignlabError(
                f"{path}: not written, since its log-probabilities differ by {difference:.1e} from "
                f"the run's own, more than {TOLERANCE}; please report this with the run's recipe"
            )
        inputs = invented(layout, (TIMED_FRAMES,))
        speed = measure_speed(lambda: call(*inputs), frames=TIMED_FRAMES, threads=threads)
        part.replace(path)
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror})") from None
    except CANNOT as error:
        reason = str(error).strip().partition("\n")[0]
        raise SignlabError(
            f"{path}: the model cannot be exported; one of its blocks has Python that looks at a "
            f"value or a size, or an operation that the format lacks ({reason})"
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return Exported(path, file_format, path.stat().st_size / 2**20, difference, speed)


def load(path: Path, file_format: Format, threads: int) -> Call:
    """A written model; torch's format runs on as many threads as torch does."""
    if file_format == "pt2":
        program = torch.export.load(path).module()

        def call_torch(*inputs: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
            with torch.inference_mode():
                log_probs, timesteps = program(*inputs)
            return log_probs.numpy(), timesteps.numpy()

        return call_torch
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def call_onnx(*inputs: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
        arrays = {name: x.numpy() for name, x in zip(INPUTS, inputs, strict=True)}
        log_probs, timesteps = session.run(OUTPUTS, arrays)
        return np.asarray(log_probs), np.asarray(timesteps)

    return call_onnx


def _write(
    module: Deployed, layout: Layout, about: Description, path: Path, file_format: Format
) -> None:
    program = trace(module, invented(layout, TRACED), DIMENSIONS)
    if file_format == "pt2":
        with quiet():
            torch.export.save(program, path, extra_files=about.as_text())
        return
    made = to_onnx(program, INPUTS, OUTPUTS)
    for value in (*made.model.graph.inputs, *made.model.graph.outputs):
        for axis, name in enumerate(_axes(value.name)):
            value.shape[axis] = name
    made.model.metadata_props.update(about.as_text())
    made.save(path, external_data=False)


def _axes(name: str) -> tuple[str, ...]:
    """The names of the axes of any size."""
    time = {"landmarks": ("frames",), "present": ("frames",), "log_probs": ("timesteps",)}
    return ("batch", *time.get(name, ()))


@torch.inference_mode()
def _difference(call: Call, module: Deployed, layout: Layout, lengths: tuple[int, ...]) -> float:
    """The largest difference of a log-probability; infinite where lengths differ, NaN if one is."""
    inputs: Inputs = invented(layout, lengths, seed=1)
    expected, timesteps = module(*inputs)
    found, ends = call(*inputs)
    if ends.tolist() != timesteps.tolist():
        return float("inf")
    rows = enumerate(ends.tolist())
    return float(
        np.max([np.abs(found[r, :end] - expected[r, :end].numpy()).max() for r, end in rows])
    )
