"""What a training changes: the recogniser and all that follows it."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from functools import partial

from torch import Tensor

from signlab.corpora.batches import Batch
from signlab.training.assembly import Assembly, Stage
from signlab.training.averaging import Ema
from signlab.training.checkpoint import State
from signlab.training.engine import Engine
from signlab.training.phases import Phase
from signlab.training.source import Identity
from signlab.training.teacher import Teacher, trained_teacher
from signlab.training.update import Update, Updates, adamw


class Learner:
    """A recogniser with its optimiser, the average of its weights, and its teacher.

    Attributes:
        scored: The assembly as it is scored and kept: with the average, where there is one.

    Args:
        assembly: Its recogniser is trained; to be on its device already.
        identity: Of the run, to find the run of a teacher.
        engine: Where it is trained.
    """

    def __init__(self, assembly: Assembly, identity: Identity, engine: Engine) -> None:
        schedule = assembly.schedule
        self._assembly, self._identity, self._engine = assembly, identity, engine
        self._optimizer = adamw(assembly)
        self._updates = Updates(
            engine,
            assembly.recognizer,
            self._optimizer,
            clip=schedule.clip,
            pieces=assembly.computation.accumulate,
        )
        self._average = Ema(assembly.recognizer, schedule.ema) if schedule.ema else None
        self.scored = assembly
        if self._average is not None:
            self.scored = replace(assembly, recognizer=self._average.model)
        self._teacher: Teacher | None = None
        self._previous: Assembly | None = None

    def enter(self, phase: Phase, previous: State | None = None) -> None:
        """Find the teacher of a phase.

        Args:
            previous: The weights with which the phase before ended, where those of now are others.
        """
        self._teacher = self._previous = None
        distil = phase.distil
        if distil is None:
            return
        if distil.teacher == "ema":
            teacher = self.scored
        elif distil.teacher == "previous":
            teacher = replace(self.scored, recognizer=deepcopy(self.scored.recognizer))
            if previous is not None:
                teacher.recognizer.load_state_dict(previous)
            self._previous = teacher
        else:
            teacher = trained_teacher(distil.teacher, self._identity, self._assembly)
        self._teacher = Teacher(teacher, distil)

    def loss(self, stage: Stage, batch: Batch) -> Tensor:
        """Nats over a batch, those of the teacher among them."""
        output = self._assembly.forward(batch, self._updates.model)
        loss = stage.objective(output, batch)
        return loss if self._teacher is None else loss + self._teacher(output, batch)

    def update(
        self, stage: Stage, batch: Batch, *, rate: float, between: Callable[[], None]
    ) -> Update:
        """Learn from a batch.

        Args:
            rate: The learning rate.
            between: Called between any two pieces that the batch is computed in.
        """
        nats, views = partial(self.loss, stage), stage.objective.views
        done = self._updates(batch, nats, rate=rate, views=views, between=between)
        if self._average is not None:
            self._average.update()
        return done

    def state_dict(self) -> State:
        """All of it; tensors are not copied."""
        average, previous, scaler = self._average, self._previous, self._engine.scaler
        return {
            "model": self._assembly.recognizer.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "scaler": scaler and scaler.state_dict(),
            "average": average and average.model.state_dict(),
            "averaged": average and average.updates,
            "previous": previous and previous.recognizer.state_dict(),
        }

    def load_state_dict(self, state: State) -> None:
        """Be as it was, but for the teacher."""
        self._assembly.recognizer.load_state_dict(state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
        if self._engine.scaler is not None:
            self._engine.scaler.load_state_dict(state["scaler"])
        if self._average is not None:
            self._average.model.load_state_dict(state["average"])
            self._average.updates = state["averaged"]
