"""``signlab recognise``: what is signed in a video."""

import json
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated

import typer

from signlab.cli.extract import Fps, Model


def recognise(
    source: Annotated[Path, typer.Argument(help="A video, a folder of pictures, or a .pose file.")],
    run: Annotated[Path, typer.Option("--run", help="The folder of a finished run.")],
    *,
    model: Model = None,
    fps: Fps = 25.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Tell what is signed, when, and how sure the recogniser is of it.

    Times are those at which the recogniser is surest: shorter than the signs.

    Examples:

        signlab recognise clip.mp4 --run runs/unseen-signer/baseline/s1-0-0a1b2c3d

        signlab recognise clip.pose --run runs/unseen-signer/baseline/s1-0-0a1b2c3d --json
    """
    from signlab.corpora.base import Sample
    from signlab.corpora.importers.pose import read_sample
    from signlab.errors import BadInput
    from signlab.execution.catalogue import load_plugins
    from signlab.landmarks.bundle import chatter_to, find_model
    from signlab.landmarks.layout import HOLISTIC
    from signlab.landmarks.video import read_frames
    from signlab.study.folder import RunFolder
    from signlab.training.recognise import recognise as recognised

    folder = RunFolder(run)
    if not folder.finished:
        raise BadInput(f"{run} is no folder of a finished run; they are runs/<study>/<variant>/*")
    load_plugins(folder.recipe()["plugins"])
    if source.suffix == ".pose":
        sample, layout = read_sample(source)
    else:
        bundle = find_model(model)
        with TemporaryFile() as log, chatter_to(log):
            from signlab.landmarks.extraction import extract

            found = extract(read_frames(source, fps=fps), bundle, fps=fps)
        layout = HOLISTIC
        sample = Sample(source.stem, "", (), found.landmarks, found.aspect, found.fps)
    signs = recognised(folder.model_path, sample, layout)
    if as_json:
        typer.echo(json.dumps({"source": str(source), "glosses": list(map(asdict, signs))}))
        return
    if not signs:
        typer.echo("no sign was recognised")
    for sign in signs:
        typer.echo(f"{sign.start:7.2f} to {sign.end:6.2f} s  {sign.confidence:4.0%}  {sign.gloss}")
