"""``signlab transcripts``: what a run recognised, in the files of the field's scoring tools."""

from pathlib import Path
from typing import Annotated

import typer


def transcripts(
    run: Annotated[Path, typer.Argument(help="The folder of a finished run.", metavar="RUN")],
    out: Annotated[Path, typer.Argument(help="Where to write; made if absent.", metavar="FOLDER")],
) -> None:
    """Write references and hypotheses of a run, for dev and test, as .trn, .stm and .ctm.

    Glosses are as they were recognised, before any clean-up.

    Examples:

        signlab transcripts runs/ablations/residual/default-0-0a1b2c3d residual

        signlab compare residual/test.ref.stm baseline/test.hyp.trn residual/test.hyp.trn

        sclite -r residual/test.ref.trn trn -h residual/test.hyp.trn trn -i wsj
    """
    from signlab.errors import BadInput
    from signlab.scoring.writing import write_run
    from signlab.study.folder import RunFolder

    folder = RunFolder(run)
    if not folder.finished:
        raise BadInput(f"{run} is no folder of a finished run; they are runs/<study>/<variant>/*")
    for path in write_run(folder.hypotheses(), out):
        typer.echo(path)
