"""``signlab train``: one recipe, once."""

import fcntl
import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from signlab.cli.study import Changes, Runs


def train(
    recipe: Annotated[Path, typer.Argument(help="A recipe's YAML file.", metavar="RECIPE")],
    *,
    test_signer: Annotated[
        list[str] | None,
        typer.Option(help="Hold this signer out for the test; may be repeated.", metavar="NAME"),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of weights, order and augmentation.")] = 0,
    changes: Changes = None,
    runs: Runs = Path("runs"),
    as_json: Annotated[
        bool, typer.Option("--json", help="Last line of standard output: the result as JSON.")
    ] = False,
) -> None:
    """Train one recipe once, outside any study.

    The run lies below runs/train, for `recognise`, `export`, `init_from:` and teachers. What is
    finished is not done again, and what was interrupted goes on. Several processes train it
    together under `accelerate launch` or `torchrun`, as one would with the same batches.

    Examples:

        signlab train experiments/baseline.yaml

        signlab train experiments/signs3.yaml --test-signer s3 --set train.precision=bfloat16

        accelerate launch --num_processes 2 -m signlab train experiments/baseline.yaml
    """
    from signlab.execution.runner import prepare
    from signlab.execution.single import NAME, single_run
    from signlab.training.run import train as train_run

    run = single_run(recipe, tuple(changes or ()), signers=tuple(test_signer or ()), seed=seed)
    folder = prepare(runs / NAME, run)
    if not folder.finished:
        with (folder.path / ".worker.lock").open("w") as lock:
            if _main_process():
                fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                train_run(folder, _tell)
            finally:
                for sentence in folder.notes() if _main_process() else ():
                    typer.echo(f"note: {sentence}", err=True)
    if not _main_process():
        return
    result = folder.result()
    if as_json:
        told = {"folder": str(folder.path), "dev_wer": result.dev.wer, "test_wer": result.test.wer}
        typer.echo(json.dumps(told))
    else:
        typer.echo(f"{folder.path}: dev {result.dev.wer:.1f} %, test {result.test.wer:.1f} % WER")


def _main_process() -> bool:
    """Whether a launcher started this as the first of several processes, or none did."""
    return os.environ.get("RANK", "0") == "0"


def _tell(epoch: dict[str, Any]) -> None:
    typer.echo(
        f"epoch {epoch['epoch']}: {epoch['loss_per_label']:.2f} nats a label, "
        f"dev {epoch['dev_wer']:.1f} % WER",
        err=True,
    )
