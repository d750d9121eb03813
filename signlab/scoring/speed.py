"""The protocol behind every latency and memory figure.

One utterance at a time, on a fixed number of threads, after warm-up calls; percentiles, never a
mean; in a process that does nothing else (the runner starts it). Whatever else a machine does comes
in bursts and only makes calls slower, so that the quietest of several blocks of calls counts. A
bidirectional recogniser is offline: the time of a whole utterance is no streaming latency.
"""

import gc
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from signlab.study.folder import Speed

WARMUPS, RUNS = 10, 100

BLOCKS, SECONDS = 8, 5.0
"""The most blocks of runs, and for how long another one is begun."""


def measure_speed(
    call: Callable[[], object],
    *,
    frames: int,
    threads: int = 1,
    warmups: int = WARMUPS,
    runs: int = RUNS,
) -> Speed:
    """Latency of ``call``, which recognises one utterance of ``frames`` frames at batch 1.

    Frames a second are those of the median call.
    """
    with fixed_threads(threads):
        latencies = measure_latency(call, warmups=warmups, runs=runs)
    p50, p95, p99 = (float(value) for value in np.percentile(latencies, [50, 95, 99]))
    return Speed(p50, p95, p99, 1000.0 * frames / p50, frames, threads)


def measure_latency(
    call: Callable[[], object], *, warmups: int = WARMUPS, runs: int = RUNS
) -> Float64[np.ndarray, " runs"]:
    """The time of each of ``runs`` calls in ms, after ``warmups`` that do not count.

    Repeated up to ``BLOCKS`` times within ``SECONDS``; the block with the lowest p95 counts.
    The garbage collector rests meanwhile. Give ``call`` whatever makes it wait for its device.
    """
    end = time.monotonic() + SECONDS
    blocks = [_block(call, warmups, runs)]
    while len(blocks) < BLOCKS and time.monotonic() < end:
        blocks.append(_block(call, warmups, runs))
    return min(blocks, key=lambda times: float(np.percentile(times, 95)))


def _block(call: Callable[[], object], warmups: int, runs: int) -> Float64[np.ndarray, " runs"]:
    for _ in range(warmups):
        call()
    times = np.empty(runs)
    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        for run in range(runs):
            start = time.perf_counter_ns()
            call()
            times[run] = time.perf_counter_ns() - start
    finally:
        if collecting:
            gc.enable()
    return times / 1e6


@contextmanager
def fixed_threads(threads: int) -> Iterator[None]:
    """Let torch use exactly ``threads`` threads within the block."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def peak_memory_mib() -> float:
    """The largest resident set of this process so far, in MiB.

    Linux's VmHWM begins anew with the program; ``getrusage`` would also count what the process
    that started this one held at that moment.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024.0**2 if sys.platform == "darwin" else 1024.0)
