"""Two-direction LSTM: length-aware reversal against PackedSequence, forward and backward.

    python benchmarks/lstm.py --threads 1

Each repetition times one after the other, so that a busy machine slows both; the ratio printed is
the median of the pairs'. Seconds are of the processor on one thread, of the clock on several.
"""

import argparse
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

SHAPES = [
    # utterances, shortest, longest, width
    (8, 95, 230, 96),
    (8, 95, 230, 192),
    (8, 95, 230, 512),
    (16, 95, 230, 512),
    (32, 95, 230, 512),
    (8, 230, 230, 512),
    (32, 16, 40, 128),
]
PAIRS = 5


def seconds(pass_forward: Callable[[], Tensor], clock: Callable[[], float]) -> tuple[float, float]:
    """Of one forward and one backward pass."""
    start = clock()
    total = pass_forward().sum()
    between = clock()
    total.backward()
    return between - start, clock() - between


def compare(
    batch: int, shortest: int, longest: int, width: int, clock: Callable[[], float]
) -> list[tuple[float, ...]]:
    """Seconds of pairs: ours forward and backward, packed forward and backward."""
    lengths = torch.linspace(shortest, longest, batch).round().long().flip(0)
    x = torch.randn(batch, longest, width, requires_grad=True)  # as in the midst of a model
    ours = BiRecurrent(width, width)
    packed = nn.LSTM(width, width, batch_first=True, bidirectional=True)

    def with_packing() -> Tensor:
        sequence = pack_padded_sequence(x, lengths, batch_first=True)
        return pad_packed_sequence(packed(sequence)[0], batch_first=True)[0]

    pairs = [
        (*seconds(lambda: ours(x, lengths)[0], clock), *seconds(with_packing, clock))
        for _ in range(PAIRS + 1)
    ]
    return pairs[1:]


def main() -> None:
    """Print a row a shape."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    threads = parser.parse_args().threads
    torch.set_num_threads(threads)
    clock = time.process_time if threads == 1 else time.perf_counter
    print(f"torch {torch.__version__}, {threads} thread(s); ms forward + backward")
    print("| utterances | timesteps | width | reversal | packed | ratio |")
    print("|--:|--:|--:|--:|--:|--:|")
    for batch, shortest, longest, width in SHAPES:
        pairs = compare(batch, shortest, longest, width, clock)
        ms = [1e3 * statistics.median(column) for column in zip(*pairs, strict=True)]
        ratio = statistics.median((pair[2] + pair[3]) / (pair[0] + pair[1]) for pair in pairs)
        print(
            f"| {batch} | {shortest}-{longest} | {width} | {ms[0]:.0f} + {ms[1]:.0f} "
            f"| {ms[2]:.0f} + {ms[3]:.0f} | {ratio:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
