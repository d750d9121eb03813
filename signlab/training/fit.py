"""One training: from a recipe, a fold and a seed to the weights that its schedule keeps."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from signlab.corpora.base import Splits, open_corpus
from signlab.landmarks.layout import Layout
from signlab.scoring.decode import DECODERS
from signlab.scoring.tune import tune
from signlab.study.folder import RunFolder
from signlab.study.recipe import Values
from signlab.training.assembly import Assembly, assemble
from signlab.training.averaging import Kept, Weights, mean_weights
from signlab.training.checkpoint import Checkpoint, State
from signlab.training.engine import Engine
from signlab.training.evaluate import outputs
from signlab.training.fitting import fit_stem
from signlab.training.interruption import Interruption
from signlab.training.resume import Checkpoints
from signlab.training.source import Identity
from signlab.training.trainer import Listeners, Trainer
from signlab.training.warm_start import warm_start


@dataclass(frozen=True)
class Fitted:
    """A recogniser that was trained, its kept weights loaded and its decoder ready.

    Attributes:
        state: The last.
        weights: Those that are kept.
        checkpoints: To be removed once what was measured is written.
    """

    assembly: Assembly
    splits: Splits
    layout: Layout
    state: Checkpoint
    weights: Weights
    checkpoints: Checkpoints
    engine: Engine


def fit(
    folder: RunFolder,
    recipe: Values,
    identity: Identity,
    *,
    checkpoint: Path,
    keep: Callable[[list[State]], None],
) -> Fitted:
    """Train, or go on from the checkpoint where there is one.

    Args:
        folder: Gets the tables of what was loaded and tuned, and the notes.
        checkpoint: Where the state is after every epoch.
        keep: Gets the history after every epoch.

    Raises:
        RunFailed: Training diverged.
        Interrupted: A signal came; the next call goes on from there.
        BadInput: The recipe, the corpus or a checkpoint cannot be used.
    """
    corpus = open_corpus(recipe["corpus"])
    splits = corpus.open(identity.fold)
    torch.manual_seed(identity.seed)
    assembly = assemble(recipe, corpus.layout, splits.vocabulary, splits.references)
    engine = Engine(assembly.computation)
    note = folder.note if engine.main else _nobody
    # as it was built, since clusters that were found are no weights
    origin = {"recipe": assembly.recipe, **identity.record(), "vocabulary": splits.vocabulary}
    checkpoints = Checkpoints(checkpoint, origin, note)
    resumed = engine.from_main(checkpoints.load)
    _start(assembly, splits, fit=resumed is None)
    if recipe["init_from"] and resumed is None:
        source = identity.source(recipe["init_from"], key="init_from")
        table = warm_start(assembly.recognizer, splits.vocabulary, source)
        if engine.main:
            folder.write_table("init", table)
    assembly.recognizer.to(engine.device)
    with Interruption() as stop:
        trainer = Trainer(
            assembly,
            splits,
            checkpoints,
            identity=identity,
            engine=engine,
            listeners=Listeners(keep if engine.main else _nobody, note),
            stop=stop,
        )
        state = trainer.train(resumed)
    weights = mean_weights([Kept(**one) for one in state.kept])
    assembly.recognizer.load_state_dict(weights)
    if assembly.decoder.tune and engine.main:
        assembly = _tuned(assembly, splits, engine.device, folder)
    return Fitted(assembly, splits, corpus.layout, state, weights, checkpoints, engine)


def _nobody(_: object) -> None:
    """Who is told in processes other than the main one."""


def _start(assembly: Assembly, splits: Splits, *, fit: bool) -> None:
    """Begin at the blank rate of the data instead of learning it first.

    Args:
        fit: Let the stem see the training utterances; a checkpoint holds what it saw in them.
    """
    first = splits.train(0)
    if fit:
        fit_stem(assembly, first)
    frames = torch.tensor([len(sample.landmarks) for sample in first])
    timesteps = int(assembly.recognizer.out_lengths(frames).sum())
    labels = sum(len(sample.glosses) for sample in first)
    blank = 1.0 - labels / timesteps
    assembly.recognizer.start_blank(blank)
    for stage in assembly.stages:
        stage.objective.fit(splits.references, assembly.vocabulary, blank=blank)
    assembly.decoder.fit(splits.references)


def _tuned(assembly: Assembly, splits: Splits, device: torch.device, folder: RunFolder) -> Assembly:
    """With the decoder's weights that are best on dev; what was tried goes to the folder."""
    found = {at: log_probs for at, log_probs, _ in outputs(assembly, splits.dev, device)}
    decode, table = tune(
        assembly.recipe["decode"],
        [found[at] for at in range(len(found))],
        [sample.glosses for sample in splits.dev],
        assembly.vocabulary,
        training=splits.references,
    )
    folder.write_table("tuning", table)
    decoder = DECODERS.build_choice(decode)
    decoder.fit(splits.references)
    return replace(assembly, decoder=decoder, recipe={**assembly.recipe, "decode": decode})
