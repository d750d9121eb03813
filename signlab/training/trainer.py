"""The loop that every variant goes through: same data order, same draws, same updates.

Batches and augmentation draw from generators that depend on the seed and the epoch alone, never
on the model, so that two variants see the same utterances, bent in the same way. The global
generator, seeded here and nowhere else, serves the first weights and dropout.
"""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch

from signlab.corpora.base import Splits
from signlab.errors import BadInput, Interrupted, TrainingDiverged
from signlab.training.assembly import Assembly, Stage
from signlab.training.averaging import copied
from signlab.training.checkpoint import Checkpoint, State, Within
from signlab.training.engine import Engine
from signlab.training.epoch import Epoch
from signlab.training.evaluate import Evaluation, evaluate
from signlab.training.health import Sums
from signlab.training.interruption import Interruption
from signlab.training.learner import Learner
from signlab.training.progress import after_epoch
from signlab.training.resume import AGAIN, Checkpoints
from signlab.training.source import Identity

SAVE_SECONDS = 600.0
"""Between two checkpoints of a long epoch: what a power cut may cost."""

SLOWER = 0.5
"""Factor of the learning rates of a training that diverged and goes on."""


@dataclass(frozen=True)
class Listeners:
    """Who is told what while a training goes on.

    Attributes:
        epochs: Given the rows of all epochs so far, after each.
        note: Given a sentence that a reader of the result should know.
    """

    epochs: Callable[[list[State]], None]
    note: Callable[[str], None]


@dataclass(frozen=True)
class Underway:
    """An epoch that is being trained.

    Attributes:
        state: At its begin.
        sums: Of its updates so far.
        started: When the training would have started without any break (``time.perf_counter``).
    """

    state: Checkpoint
    stage: Stage
    batches: Epoch
    sums: Sums
    started: float

    @property
    def seconds(self) -> float:
        """Training time so far, that of earlier epochs included."""
        return time.perf_counter() - self.started

    def place(self) -> Checkpoint:
        """The state with the place in the epoch."""
        done, generator = self.batches.done, self.batches.generator.get_state()
        within = Within(done, generator, self.sums.state_dict())
        return replace(self.state, within=within, seconds=self.seconds)


class Trainer:
    """Trains what an assembly holds on one fold.

    Args:
        checkpoints: Where every epoch leaves one.
        identity: Of the run; its seed orders the data and augments them.
        engine: Where it trains; the recogniser is on its device.
        stop: What may end the training early.
    """

    def __init__(
        self,
        assembly: Assembly,
        splits: Splits,
        checkpoints: Checkpoints,
        *,
        identity: Identity,
        engine: Engine,
        listeners: Listeners,
        stop: Interruption,
    ) -> None:
        self._assembly, self._splits, self._checkpoints = assembly, splits, checkpoints
        self._identity, self._engine = identity, engine
        self._listeners, self._stop = listeners, stop
        self._learner = Learner(assembly, identity, engine)
        self._buffers = list(assembly.recognizer.buffers())  # to find them takes long

    def train(self, resumed: Checkpoint | None) -> Checkpoint:
        """Train until the schedule ends.

        Args:
            resumed: Where a killed run stopped.

        Returns:
            The last state; what it has ``kept`` is what the run ends with.

        Raises:
            TrainingDiverged: A loss or a gradient is no number, and no retry is left.
            Interrupted: A signal came; a checkpoint holds the place.
            BadInput: The killed run was on another kind of device.
        """
        state = resumed or Checkpoint()
        if resumed is None:
            self._save(state)
        else:
            _check_device(self._engine.device, state)
            self._go_to(state)
        while state.phase < len(self._assembly.stages):
            try:
                state = self._epoch(state)
            except TrainingDiverged as error:
                state = self._slower(state, error)
        self._leave_if_asked()
        return state

    def _epoch(self, state: Checkpoint) -> Checkpoint:
        """The next epoch, or the rest of it."""
        epoch = self._begin(state)
        try:
            self._update(epoch)
            with self._stop.at_once():
                evaluation = self._engine.from_main(self._evaluate)
        except Interrupted:
            self._save(epoch.place())
            raise
        state = after_epoch(
            state,
            self._assembly.schedule,
            sums=epoch.sums,
            frames=epoch.batches.frames,
            evaluation=evaluation,
            weights=copied(self._learner.scored.recognizer.state_dict()),
            seconds=epoch.seconds,
        )
        self._save(state)
        self._listeners.epochs(state.history)
        return state

    def _evaluate(self) -> Evaluation:
        return evaluate(self._learner.scored, self._splits.dev, self._engine.device)

    def _begin(self, state: Checkpoint) -> Underway:
        stage = self._assembly.stages[state.phase]
        if state.begins_phase:
            self._learner.enter(stage.phase)
        started = time.perf_counter() - state.seconds
        batches = Epoch(
            self._assembly,
            stage.augment,
            self._splits.train(state.epoch),
            seed=self._identity.seed,
            number=state.epoch,
            device=self._engine.device,
        )
        sums = Sums()
        if state.within is not None:
            batches.skip(state.within.batches, state.within.generator)
            sums.load_state_dict(state.within.sums)
        return Underway(state, stage, batches, sums, started)

    def _update(self, epoch: Underway) -> None:
        """All updates of an epoch, or the rest of them."""
        self._leave_if_asked()
        state, stage, batches, sums = epoch.state, epoch.stage, epoch.batches, epoch.sums
        self._assembly.recognizer.train()
        drawn = iter(batches)
        last = saved = time.perf_counter()
        for update in range(batches.done, len(batches)):
            rate = state.rate * stage.phase.rate(state.phase_epochs + update / len(batches))
            with self._whole_or_not_at_all(batches):
                batch = next(drawn)
                if rank := self._engine.rank:  # other activations drop out; the main as if alone
                    _set_random_states(self._engine.device, batches.random_states(rank))
                done = self._learner.update(stage, batch, rate=rate, between=self._leave_if_asked)
            sums.add(done.nats, done.labels, done.norm, done.skipped)
            now = time.perf_counter()
            sums.seconds, last = sums.seconds + now - last, now
            self._leave_if_asked()
            if now - saved > SAVE_SECONDS:
                self._save(epoch.place())
                saved = now
        sums.look()

    @contextmanager
    def _whole_or_not_at_all(self, batches: Epoch) -> Iterator[None]:
        """What an update that is left half way drew and averaged is taken back."""
        if self._assembly.computation.accumulate == 1:  # in one piece, which is never left
            yield
            return
        done, generator = batches.done, batches.generator.get_state()
        random = _random_states(self._engine.device)
        averages = [each.clone() for each in self._buffers]
        try:
            yield
        except Interrupted:
            batches.skip(done, generator)
            _set_random_states(self._engine.device, random)
            for buffer, before in zip(self._buffers, averages, strict=True):
                buffer.copy_(before)
            raise

    def _leave_if_asked(self) -> None:
        if self._engine.any_wishes(self._stop.requested is not None):
            raise Interrupted(self._stop.requested or signal.SIGTERM)

    def _save(self, state: Checkpoint) -> None:
        """Write a checkpoint of the state with all that training changes, as it is now."""
        if self._engine.main:
            learner, random = self._learner.state_dict(), _random_states(self._engine.device)
            self._checkpoints.save(replace(state, learner=learner, random=random))

    def _go_to(self, state: Checkpoint) -> None:
        """Be where the state was saved."""
        self._learner.load_state_dict(state.learner)
        if not state.begins_phase:
            phase = self._assembly.stages[state.phase].phase
            self._learner.enter(phase, state.learner["previous"])
        _set_random_states(self._engine.device, state.random)

    def _slower(self, state: Checkpoint, error: TrainingDiverged) -> Checkpoint:
        """Back to the last good epoch at a lower learning rate, once, if the recipe allows it.

        Raises:
            TrainingDiverged: It does not.
        """
        cause = f"{error} of epoch {state.epoch + 1}"
        good = self._engine.from_main(self._checkpoints.last_epoch)
        if not self._assembly.schedule.retry or state.rate < 1 or good is None:
            advice = "a lower schedule.learning_rate or schedule.clip may help"
            raise TrainingDiverged(f"{cause}; {advice}") from None
        self._listeners.note(f"{cause}; went on after epoch {good.epoch} at half the learning rate")
        self._go_to(good)
        slower = replace(good, rate=SLOWER)
        self._save(slower)  # or a kill within the epoch would go back to the full rate
        return slower


def _check_device(device: torch.device, state: Checkpoint) -> None:
    """A device draws in its own way, and its generators have states of their own."""
    if len(state.random) != len(_random_states(device)):
        there = "the CPU" if len(state.random) == 1 else "an accelerator"
        raise BadInput(
            f"the run's checkpoint is of a training on {there}, and this device is "
            f"{device.type!r}: go on there, or {AGAIN}"
        )


def _random_states(device: torch.device) -> list[torch.Tensor]:
    """Of the global generators that dropout on the device draws from."""
    states = [torch.get_rng_state()]
    return states if device.type == "cpu" else [*states, _module(device).get_rng_state(device)]


def _set_random_states(device: torch.device, states: list[torch.Tensor]) -> None:
    torch.set_rng_state(states[0])
    if device.type != "cpu":
        _module(device).set_rng_state(states[1], device)


def _module(device: torch.device) -> Any:
    return torch.get_device_module(device)
