"""The latency protocol counts calls and time; memory is this process's own."""

import gc
import time

import numpy as np
import pytest
import torch

from signlab.scoring.speed import (
    BLOCKS,
    fixed_threads,
    measure_latency,
    measure_speed,
    peak_memory_mib,
)


def test_warm_ups_do_not_count(monkeypatch):
    monkeypatch.setattr("signlab.scoring.speed.SECONDS", 600.0)
    calls = []

    def call():
        calls.append(gc.isenabled())
        time.sleep(0.02 if len(calls) % 7 in (1, 2) else 0.001)

    times = measure_latency(call, warmups=2, runs=5)
    assert len(calls) == 7 * BLOCKS
    assert len(times) == 5
    assert not any(calls[at] for at in range(len(calls)) if at % 7 > 1)
    assert gc.isenabled()
    assert np.median(times) < 20
    assert times.min() >= 1


def test_the_quietest_block_counts():
    calls = []

    def call():
        calls.append(None)
        # a burst of other work in all blocks but the third
        time.sleep(0.001 if 2 * 20 < len(calls) <= 3 * 20 else 0.004)

    times = measure_latency(call, warmups=0, runs=20)
    assert np.median(times) < 3.5


def test_slow_calls_are_not_repeated_without_end(monkeypatch):
    monkeypatch.setattr("signlab.scoring.speed.SECONDS", 0.05)
    calls = []
    measure_latency(lambda: calls.append(time.sleep(0.03)), warmups=1, runs=2)
    assert len(calls) == 3


def test_speed_of_a_call():
    before = torch.get_num_threads()
    seen = []

    def call():
        seen.append(torch.get_num_threads())
        time.sleep(0.002)

    speed = measure_speed(call, frames=100, threads=1, warmups=1, runs=20)
    assert set(seen) == {1}
    assert torch.get_num_threads() == before
    assert 2 <= speed.latency_p50_ms <= speed.latency_p95_ms <= speed.latency_p99_ms
    assert speed.frames_per_second == pytest.approx(100 / (speed.latency_p50_ms / 1000))


def test_threads_are_given_back_after_an_error():
    before = torch.get_num_threads()
    try:
        with fixed_threads(1):
            raise KeyError
    except KeyError:
        assert torch.get_num_threads() == before


def test_peak_memory_sees_what_was_touched():
    before = peak_memory_mib()
    block = np.ones(100 * 2**20 // 8)
    after = peak_memory_mib()
    assert block.sum() > 0
    assert after >= 100
    assert after >= before
