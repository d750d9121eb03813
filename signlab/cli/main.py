"""The command line. Heavy libraries are imported by the commands that need them."""

import signal
import sys
from typing import Annotated, NoReturn

import typer

import signlab
from signlab.cli.catalogue import blocks, components
from signlab.cli.compare import compare
from signlab.cli.corpus import app as corpus
from signlab.cli.export import export
from signlab.cli.profile import profile
from signlab.cli.recognise import recognise
from signlab.cli.score import score
from signlab.cli.search import search
from signlab.cli.study import SOME_FAILED, report, run_study
from signlab.cli.train import train
from signlab.cli.transcripts import transcripts
from signlab.errors import Interrupted, RunFailed, SignlabError

BAD_INPUT, INTERRUPTED = 2, 130

app = typer.Typer(
    name="signlab",
    help="Which part of a continuous sign-language recogniser earns its place?",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
app.command("run-study")(run_study)
app.command()(search)
app.command()(train)
app.command()(report)
app.command()(components)
app.command()(blocks)
app.command()(profile)
app.command()(score)
app.command()(compare)
app.command()(transcripts)
app.command()(recognise)
app.command()(export)
app.add_typer(corpus, name="corpus")


@app.callback()
def _options(
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(signlab.__version__)
        raise typer.Exit


def main() -> NoReturn:
    """Parse and call; one sentence on standard error for everything that signlab refuses."""
    signal.signal(signal.SIGTERM, _interrupt)  # a stop from outside is a Ctrl-C: workers are ended
    try:
        app()
    except Interrupted as error:
        print(f"signlab: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(INTERRUPTED)
    except SignlabError as error:
        print(f"signlab: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(SOME_FAILED if isinstance(error, RunFailed) else BAD_INPUT)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    sys.exit(0)


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt
