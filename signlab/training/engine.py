"""The machine that a run trains on: its device, precision and processes, through accelerate.

There is one process, unless ``accelerate launch`` or ``torchrun`` started several: then each
computes a share of every update, and only the main one writes.
"""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedType, broadcast_object_list
from torch import Tensor, distributed, nn

from signlab.errors import BadInput
from signlab.models.base import Lengths, PartFeatures, Presence
from signlab.models.recognizer import Output, Recognizer
from signlab.training.computation import Computation, Precision

T = TypeVar("T")

STEPPING = (DistributedType.DEEPSPEED, DistributedType.MEGATRON_LM, DistributedType.XLA)
"""Where accelerate steps in its own way."""

SMALLEST_SCALE = 2.0**-10
"""Of a loss in float16, which begins at 2 ** 16 and is halved where a gradient overflows."""

MIXED: dict[Precision, str] = {"float32": "no", "bfloat16": "bf16", "float16": "fp16"}
"""What accelerate calls a precision of activations beside weights in single precision."""


class Training(nn.Module):
    """The recogniser as it is trained.

    accelerate casts what is called through this module and shares its gradients between
    processes; scoring calls the recogniser itself, in single precision.
    """

    def __init__(self, recognizer: Recognizer) -> None:
        super().__init__()
        self.recognizer = recognizer

    def forward(self, parts: PartFeatures, presence: Presence, lengths: Lengths) -> Output:
        """What the recogniser gives."""
        return self.recognizer(parts, presence, lengths)


class Engine:
    """Where updates are computed. There is one in a process.

    Attributes:
        device: Of this process.
        rank: Number of this process; 0 is the main one.
        processes: How many there are.

    Args:
        cpu: Leave an accelerator alone.

    Raises:
        BadInput: Processes that were launched to hold a part of the weights each.
    """

    def __init__(self, computation: Computation, *, cpu: bool = False) -> None:
        if computation.deterministic:
            make_deterministic()
        self._accelerator = Accelerator(
            mixed_precision=MIXED[computation.precision],
            cpu=cpu or not torch.accelerator.is_available(),
        )
        if self._accelerator.distributed_type == DistributedType.FSDP:
            raise BadInput(
                "FSDP is not supported, since checkpoints and scoring need all weights in one "
                "process: launch with --multi_gpu, which gives each process all of them"
            )
        self._asked: tuple[Tensor, Any] | None = None
        self.device = self._accelerator.device
        self.rank = self._accelerator.process_index
        self.processes = self._accelerator.num_processes
        # processes ask each other on the CPU: an answer from an accelerator would be waited for
        self._hosts = distributed.new_group(backend="gloo") if self.processes > 1 else None

    @property
    def main(self) -> bool:
        """Whether this is the process that writes."""
        return self._accelerator.is_main_process

    def prepare(
        self, recognizer: Recognizer, optimizer: torch.optim.Optimizer
    ) -> tuple[nn.Module, torch.optim.Optimizer]:
        """The two as they are to be used in updates; to be called once."""
        model, wrapped = self._accelerator.prepare(Training(recognizer), optimizer)
        # elsewhere the wrapper looks for packages at every step, which small models notice
        needed = self.scaler is not None or self._accelerator.distributed_type in STEPPING
        return model, wrapped if needed else optimizer

    def alone(self, model: nn.Module) -> AbstractContextManager[None]:
        """Within, gradients stay with the process that computed them, until a later backward."""
        return self._accelerator.no_sync(model)

    def backward(self, loss: Tensor) -> None:
        """Add the gradient of ``loss``, scaled so that float16 can hold it."""
        self._accelerator.backward(loss)

    def clip(self, model: nn.Module, largest: float) -> Tensor:
        """Shorten the gradient to ``largest``, and tell how long it was."""
        found = self._accelerator.clip_grad_norm_(model.parameters(), largest)
        return torch.as_tensor(found)  # under DeepSpeed alone it may be None

    def overflows(self, norm: Tensor) -> Tensor:
        """Whether float16 could not hold the gradient, which has this norm.

        The update is then left out and the next ones are scaled less. Where that helps no more,
        the gradient itself is no number, and this is false.
        """
        if self.scaler is None:
            return torch.zeros_like(norm, dtype=torch.bool)
        scale = self.scaler.scale(torch.ones_like(norm))
        return ~norm.isfinite() & (scale > SMALLEST_SCALE)

    @property
    def scaler(self) -> torch.amp.GradScaler | None:
        """What scales losses, for float16 alone; has a state that a checkpoint must hold."""
        return self._accelerator.scaler

    def total(self, value: Tensor) -> Tensor:
        """The sum over all processes."""
        if self.processes == 1:
            return value
        return torch.as_tensor(self._accelerator.reduce(value, "sum"))

    def any_wishes(self, wish: bool) -> bool:  # noqa: FBT001  # what is asked, not a mode
        """Whether any process wished so: in all the same answer, a call late, without waiting."""
        if self.processes == 1:
            return wish
        wishes = torch.tensor(int(wish))
        work = distributed.all_reduce(wishes, group=self._hosts, async_op=True)
        before, self._asked = self._asked, (wishes, work)
        if before is None:
            return False
        before[1].wait()
        return bool(before[0])

    def from_main(self, make: Callable[[], T]) -> T:
        """What the main process makes, in every process."""
        if self.processes == 1:
            return make()
        made: list[Any] = [make() if self.main else None]
        broadcast_object_list(made)
        return made[0]


def make_deterministic() -> None:
    """Refuse, in all that follows, what would not give the same bits again.

    Must come before anything is computed on CUDA.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(mode=True)
    torch.backends.cudnn.benchmark = False
