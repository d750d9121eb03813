"""``signlab corpus audit``, ``show`` and ``export``: look at a corpus, and take it elsewhere."""

import json
from pathlib import Path
from typing import Annotated

import typer

from signlab.cli.bar import reading

ERRORS_FOUND = 1

Corpus = Annotated[Path, typer.Argument(help="A corpus folder.")]


def audit(
    corpus: Corpus,
    *,
    out: Annotated[
        Path | None, typer.Option("--out", help="Where the page goes; beside the corpus else.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Find out what is wrong with a corpus before training on it.

    Checks presence of each part, frame rates and lengths, glosses and splits, signers in several
    splits, copies, still and empty stretches, jumps, coordinates, handedness and the order of the
    points, and writes a page with tables, figures and clips. The exit code is 1 where something
    must be mended before training.

    Example:

        signlab corpus audit corpora/mine
    """
    from signlab.corpora.audit.run import audit as audited
    from signlab.corpora.store import Store
    from signlab.reporting.audit import summary, write_audit

    store = Store.open(corpus)
    with reading() as tick:
        found = audited(store, lambda: tick(store.utterances))
    page = write_audit(store, found, out or corpus.with_name(f"{corpus.name}-audit"))
    if as_json:
        rows = [vars(finding) for finding in found.findings]
        typer.echo(json.dumps({"page": str(page), "findings": rows}, ensure_ascii=False))
    else:
        for finding in found.findings:
            number = f" ({len(finding.utterances):,} utterances)" if finding.utterances else ""
            typer.echo(f"{finding.severity:8} {finding.check}: {finding.text}{number}")
        typer.echo(f"{summary(found.findings)}; see {page}")
    if found.failed:
        raise typer.Exit(ERRORS_FOUND)


def show(
    corpus: Corpus,
    utterance: Annotated[str, typer.Argument(help="The id of an utterance.")],
    *,
    out: Annotated[Path, typer.Option("--out", help="A file.gif, file.mp4, or file.png.")],
    height: Annotated[int, typer.Option(min=60, max=2160, help="Of a picture, in pixels.")] = 360,
) -> None:
    """Draw an utterance as the recogniser sees it: body, hands and face over time.

    A png is a sheet of twelve frames. Parts that were not tracked are named in each frame.

    Example:

        signlab corpus show corpora/signs3 s3.hello.0 --out hello.gif
    """
    from signlab.corpora.store import Store
    from signlab.errors import BadInput, nearest
    from signlab.reporting.clip import write_clip
    from signlab.reporting.skeleton import Drawing

    store = Store.open(corpus)
    row = int(store.index.rows_of([utterance])[0])
    if row < 0:
        raise BadInput(f"{corpus} has no utterance {utterance!r}; {nearest(utterance, store.ids)}")
    sample = store.sample(row)
    write_clip(Drawing(sample, store.layout, height=height), out, fps=sample.fps)
    typer.echo(f"{out}: {len(sample.landmarks)} frames, {' '.join(sample.glosses) or 'no glosses'}")


def export(
    corpus: Corpus,
    *,
    out: Annotated[Path, typer.Option("--out", help="The folder to make.")],
    pose: Annotated[bool, typer.Option("--pose", help="As .pose files (pose-format).")] = False,
) -> None:
    """Write a corpus in a format that other tools read.

    Example:

        signlab corpus export corpora/signs3 --pose --out signs3-poses
    """
    from signlab.corpora.pose_export import export_pose
    from signlab.corpora.store import Store
    from signlab.errors import BadInput

    if not pose:
        raise BadInput("tell the format: --pose writes .pose files")
    count = export_pose(Store.open(corpus), out)
    typer.echo(f"{out}: {count:,} .pose files and glosses.json")
