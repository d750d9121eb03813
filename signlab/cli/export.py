"""``signlab export``: a finished run as one file for other runtimes."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer


def export(
    run: Annotated[Path, typer.Argument(help="The folder of a finished run.")],
    *,
    file_format: Annotated[
        Literal["onnx", "pt2"],
        typer.Option("--format", help="ONNX, or a program of torch.export."),
    ] = "onnx",
    out: Annotated[
        Path | None,
        typer.Option(help="The file.", show_default="model.onnx or model.pt2 in the run's folder"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Write a run's model, landmarks in, log-probabilities out, for any batch and length.

    Features and normalisation are in it, decoding is not. It is held to the run's own figures at
    lengths that the export did not see, and timed. The page docs/export.md shows how to use it.

    Examples:

        signlab export runs/ablations/residual/default-0-0a1b2c3d

        signlab export runs/ablations/residual/default-0-0a1b2c3d --format pt2 --out model.pt2
    """
    import signlab.execution.catalogue  # noqa: F401  # registers
    from signlab.study.folder import RunFolder
    from signlab.study.plugins import load_plugins
    from signlab.training.export import export_run

    folder = RunFolder(run)
    if folder.finished:
        load_plugins(folder.recipe()["plugins"])
    done = export_run(folder, out, file_format)
    if as_json:
        typer.echo(json.dumps({**asdict(done), "path": str(done.path)}))
        return
    typer.echo(f"{done.path}: {done.size_mib:.1f} MiB")
    typer.echo(
        f"largest difference from the run's own log-probabilities: {done.difference:.1e}, at "
        "lengths and batches that the export did not see"
    )
    speed = done.speed
    typer.echo(
        f"one utterance of {speed.frames} frames takes {speed.latency_p50_ms:.1f} ms (p50; p95 "
        f"{speed.latency_p95_ms:.1f} ms) on one thread, without decoding"
    )
