"""``signlab corpus extract`` and ``signlab corpus model``: from films to landmarks."""

from pathlib import Path
from typing import Annotated

import typer

SOME_FAILED = 3

Model = Annotated[
    Path | None,
    typer.Option(
        "--model", help="MediaPipe's holistic_landmarker.task, if `corpus model` did not fetch it."
    ),
]
Fps = Annotated[float, typer.Option("--fps", min=1.0, help="Of folders of pictures.")]


def extract(
    videos: Annotated[
        Path, typer.Argument(help="A video, a folder of them, or a corpus without landmarks yet.")
    ],
    out: Annotated[Path, typer.Option("--out", help="The corpus folder to make.")],
    *,
    model: Model = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes; one a core by default.")
    ] = None,
    glosses: Annotated[
        Path | None, typer.Option("--glosses", help="Table with the columns id, glosses.")
    ] = None,
    signer: Annotated[str, typer.Option(help="Who signs, if no table tells.")] = "signer",
    split: Annotated[str, typer.Option(help="The split, if no table tells.")] = "train",
    fps: Fps = 25.0,
    name: Annotated[str | None, typer.Option(help="The corpus's name in reports.")] = None,
    licence: Annotated[str | None, typer.Option(help="Of the data.")] = None,
) -> None:
    """Track body, hands and face in films, and write them as a corpus folder.

    Films are mp4, webm, avi, gif and other videos, or folders of png or jpg pictures. A table
    glosses.csv beside them (id, glosses, and maybe signer and split) labels them. Stopped and
    started again, it goes on where it was. Films that cannot be used are told and left out; the
    exit code is then 3.

    Examples:

        signlab corpus extract recordings --out corpora/mine

        signlab corpus extract corpora/phoenix2014-frames --out corpora/phoenix2014 --workers 8
    """
    from rich.console import Console

    from signlab.cli.corpus import tell_corpus
    from signlab.corpora.extract.fill import fill
    from signlab.corpora.extract.films import find_films
    from signlab.corpora.extract.meter import Meter
    from signlab.execution.pool import usable_cores
    from signlab.landmarks.bundle import find_model

    bundle = find_model(model)
    films = find_films(videos, table=glosses, signer=signer, split=split, fps=fps)
    with Meter(films, console=Console(stderr=True)) as meter:
        filled = fill(
            films,
            out,
            bundle,
            name=name,
            licence=licence,
            workers=workers or usable_cores(),
            meter=meter,
        )
    tell_corpus(filled.store)
    if filled.kept:
        typer.echo(f"  {filled.kept:,} videos were done before")
    if filled.failures:
        typer.echo(f"  {len(filled.failures):,} videos left out:", err=True)
        for utterance, reason in filled.failures.items():
            typer.echo(f"    {utterance}: {reason}", err=True)
        raise typer.Exit(SOME_FAILED)


def model(
    *,
    url: Annotated[str | None, typer.Option(help="Another place to fetch it from.")] = None,
    sha256: Annotated[str | None, typer.Option(help="What the file's SHA-256 must be.")] = None,
) -> None:
    """Fetch MediaPipe's holistic model into the user's cache, where `extract` finds it.

    The first download's SHA-256 is kept and asked of later ones, unless --sha256 gives another.

    Example:

        signlab corpus model
    """
    from signlab.landmarks.bundle import URL, download_model

    file, found = download_model(url or URL, sha256=sha256)
    typer.echo(f"{file}\n  SHA-256 {found}")
