"""``signlab corpus``: make corpus folders, and look at them."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from signlab.cli.bar import reading
from signlab.cli.extract import extract, model
from signlab.cli.look import audit, export, show

if TYPE_CHECKING:
    from signlab.corpora.store import Store

app = typer.Typer(help="Make corpus folders, and look at them.", no_args_is_help=True)
app.command()(extract)
app.command()(model)
app.command()(audit)
app.command()(show)
app.command()(export)

Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="A further setting; may be repeated."),
]
Out = Annotated[Path, typer.Option("--out", help="The corpus folder to make.")]


@app.command("import")
def import_(
    kind: Annotated[str, typer.Argument(help="What PATH holds; `signlab corpus kinds` lists.")],
    path: Annotated[Path, typer.Argument(help="The files to import.")],
    out: Out,
    *,
    changes: Changes = None,
    layout: Annotated[str | None, typer.Option(help="Which points, in which order.")] = None,
    signer: Annotated[str | None, typer.Option(help="Who signs, if the files do not tell.")] = None,
    name: Annotated[str | None, typer.Option(help="The corpus's name in reports.")] = None,
    licence: Annotated[str, typer.Option(help="Of the data.")] = "unknown",
    append: Annotated[
        bool, typer.Option("--append", help="Add to the corpus that OUT is already.")
    ] = False,
) -> None:
    """Import other people's files into a corpus folder.

    A corpus that OUT is already is replaced, or with --append added to. Whatever happens on the
    way, it is whole afterwards: the old one or the new one.

    Examples:

        signlab corpus import mp-data MP_Data --layout pose-hands --out corpora/mine

        signlab corpus import mp-data MP_Data --out corpora/mine --set aspect=0.5625 --set fps=30

        signlab corpus import mp-data MP_Data_monday --out corpora/mine --append
    """
    from signlab.corpora.importers.catalogue import import_corpus

    given = {"layout": layout, "signer": signer}
    settings = {key: value for key, value in given.items() if value is not None}
    settings |= _settings(changes)
    with reading() as tick:
        store = import_corpus(
            kind,
            path,
            out,
            name=name or out.name,
            licence=licence,
            settings=settings,
            append=append,
            tick=tick,
        )
    tell_corpus(store)


@app.command()
def kinds() -> None:
    """List the kinds of files that can be imported."""
    from signlab.corpora.importers.catalogue import IMPORTERS

    for kind in IMPORTERS.names():
        typer.echo(f"{kind:14} {IMPORTERS.summary(kind)}")


@app.command()
def info(
    path: Annotated[Path, typer.Argument(help="A corpus folder.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Tell what a corpus folder holds."""
    from signlab.corpora.store import Store

    store = Store.open(path)
    if not as_json:
        tell_corpus(store)
        return
    values = {
        "utterances": store.utterances,
        "frames": store.frames,
        "signers": len(store.signers),
        "glosses": len(store.vocabulary),
        "splits": store.splits,
        "layout": store.layout.name,
        "digest": store.digest,
    }
    typer.echo(json.dumps(values, ensure_ascii=False))


@app.command()
def compose(
    clips: Annotated[Path, typer.Argument(help="A corpus folder of isolated clips.")],
    out: Out,
    *,
    test_signer: Annotated[list[str], typer.Option(help="Who is held out for the test.")],
    changes: Changes = None,
) -> None:
    """Write out sentences made of isolated clips, as `corpus: {name: composed}` makes them.

    Example:

        signlab corpus compose corpora/signs3 --test-signer s3 --out corpora/sentences
    """
    from signlab.corpora.composed import write_composed

    settings = {"clips": str(clips), "test_signers": test_signer, **_settings(changes)}
    tell_corpus(write_composed(out, settings))


def _settings(changes: list[str] | None) -> dict[str, Any]:
    """What ``--set KEY=VALUE`` gives.

    Raises:
        BadInput: There is no value.
    """
    from signlab.errors import BadInput
    from signlab.study.document import parse_value

    settings = {}
    for change in changes or []:
        key, separator, value = change.partition("=")
        if not separator:
            raise BadInput(f"--set {change!r}: write it as KEY=VALUE")
        settings[key] = parse_value(value)
    return settings


def tell_corpus(store: "Store") -> None:
    """The folder's content in a few lines."""
    splits = ", ".join(f"{count:,} {split}" for split, count in store.splits.items())
    typer.echo(f"{store.path}: {store.name} ({store.licence})")
    typer.echo(f"  {store.utterances:,} utterances ({splits}), {store.frames:,} frames")
    typer.echo(f"  {len(store.signers)} signers, {len(store.vocabulary)} glosses")
    typer.echo(f"  layout {store.layout.name}, {store.layout.points} points")
    typer.echo(f"  digest {store.digest}")
