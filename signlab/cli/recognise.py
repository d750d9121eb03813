"""``signlab recognise``: what is signed in a video."""

import json
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated, Any

import typer

from signlab.cli.extract import Fps, Model


def recognise(
    source: Annotated[Path, typer.Argument(help="A video, a folder of pictures, or a .pose file.")],
    run: Annotated[Path, typer.Option("--run", help="The folder of a finished run.")],
    *,
    model: Model = None,
    fps: Fps = 25.0,
    best: Annotated[
        int, typer.Option(min=1, help="Show the best N readings with their scores (beam decoders).")
    ] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Tell what is signed, when, and how sure the recogniser is of it.

    Times are those at which the recogniser is surest: shorter than the signs.

    Examples:

        signlab recognise clip.mp4 --run runs/unseen-signer/baseline/s1-0-0a1b2c3d

        signlab recognise clip.pose --run runs/unseen-signer/baseline/s1-0-0a1b2c3d --json

        signlab recognise clip.mp4 --run runs/with-beam/baseline/s1-0-0a1b2c3d --best 5
    """
    import signlab.execution.catalogue  # noqa: F401  # registers
    from signlab.corpora.base import Sample
    from signlab.corpora.importers.pose import read_sample
    from signlab.errors import BadInput
    from signlab.landmarks.bundle import chatter_to, find_model
    from signlab.landmarks.layout import HOLISTIC
    from signlab.landmarks.video import read_frames
    from signlab.study.folder import RunFolder
    from signlab.study.plugins import load_plugins
    from signlab.training.recognise import recognise as recognised

    folder = RunFolder(run)
    if not folder.finished:
        raise BadInput(f"{run} is no folder of a finished run; they are runs/<study>/<variant>/*")
    recipe = folder.recipe()
    load_plugins(recipe["plugins"])
    if best > 1 and recipe["decode"]["name"] == "greedy":
        raise BadInput(
            f"--best {best}: {run} decodes greedily and knows one reading alone; train it with "
            "decode: {name: beam}"
        )
    if source.suffix == ".pose":
        sample, layout = read_sample(source)
    else:
        bundle = find_model(model)
        with TemporaryFile() as log, chatter_to(log):
            from signlab.landmarks.extraction import extract

            found = extract(read_frames(source, fps=fps), bundle, fps=fps)
        layout = HOLISTIC
        sample = Sample(source.stem, "", (), found.landmarks, found.aspect, found.fps)
    readings = recognised(folder.model_path, sample, layout, number=best)
    if as_json:
        told: dict[str, Any] = {"source": str(source)}
        told["glosses"] = list(map(asdict, readings[0].signs))
        if best > 1:
            told["readings"] = [
                {"score": one.score, "glosses": list(map(asdict, one.signs))} for one in readings
            ]
        typer.echo(json.dumps(told))
        return
    for place, one in enumerate(readings, start=1):
        if best > 1:
            typer.echo(f"{place}. score {one.score:.2f}")
        if not one.signs:
            typer.echo("no sign was recognised")
        for sign in one.signs:
            times = f"{sign.start:7.2f} to {sign.end:6.2f} s"
            typer.echo(f"{times}  {sign.confidence:4.0%}  {sign.gloss}")
