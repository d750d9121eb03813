"""Two-direction LSTM: length-aware reversal against PackedSequence, forward and backward.

    OMP_NUM_THREADS=1 python benchmarks/lstm.py

Each repetition times one after the other, so that a busy machine slows both; the ratio printed is
the median of the pairs'.
"""

import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import (
    pack_padded_sequence,  # noqa: TID251  (what is measured against)
    pad_packed_sequence,
)

from signlab.models.recurrent import BiRecurrent

SHAPES = [(32, 40, 128, 20), (32, 40, 192, 20), (8, 230, 96, 6), (8, 230, 512, 3)]
"""Utterances, timesteps of the longest, width, repetitions."""


def seconds(step: Callable[[], Tensor]) -> float:
    """One forward and backward pass."""
    start = time.perf_counter()
    step().sum().backward()
    return time.perf_counter() - start


def compare(batch: int, longest: int, width: int, repetitions: int) -> tuple[float, float, float]:
    """Median seconds of ours and of packed sequences, and the median ratio of the pairs."""
    lengths = torch.linspace(longest * 0.4, longest, batch).long().flip(0)
    x = torch.randn(batch, longest, width)
    ours = BiRecurrent(width, width)
    packed = nn.LSTM(width, width, batch_first=True, bidirectional=True)

    def with_packing() -> Tensor:
        sequence = pack_padded_sequence(x, lengths, batch_first=True)
        return pad_packed_sequence(packed(sequence)[0], batch_first=True)[0]

    pairs = [
        (seconds(lambda: ours(x, lengths)[0]), seconds(with_packing))
        for _ in range(repetitions + 1)
    ][1:]
    return (
        statistics.median(ours for ours, _ in pairs),
        statistics.median(theirs for _, theirs in pairs),
        statistics.median(theirs / ours for ours, theirs in pairs),
    )


def main() -> None:
    """Print a row a shape."""
    print(f"torch {torch.__version__}, {torch.get_num_threads()} thread(s)")
    print("batch  timesteps  width   reversal    packed   ratio")
    for batch, longest, width, repetitions in SHAPES:
        ours, theirs, ratio = compare(batch, longest, width, repetitions)
        print(
            f"{batch:5}  {longest:9}  {width:5}  {ours * 1e3:6.0f} ms  {theirs * 1e3:6.0f} ms"
            f"  {ratio:5.1f} x"
        )


if __name__ == "__main__":
    main()
