"""How often 95 % intervals hold the truth, and how often a true improvement is found.

    OMP_NUM_THREADS=1 python benchmarks/coverage.py

One row a kind of study: 4,000 simulated studies (signlab.scoring.simulate) of 300 test utterances
at 30 % WER; the variant is 5 points better.
"""

import numpy as np

from signlab.scoring.significance import compare_paired, wer_interval
from signlab.scoring.simulate import Truth, draw_study

STUDIES = 4000
SIGNERS_AND_SEEDS = [(1, 3), (2, 3), (3, 3), (4, 3), (6, 3), (2, 5), (3, 5)]
SIGNERS_DIFFER = (0.0, 0.015, 0.04)


def study(truth: Truth, generator: np.random.Generator) -> tuple[bool, bool, float, bool]:
    """Whether the interval held the truth, the change was found, half the width; WER held."""
    baseline, variant = draw_study(truth, generator)
    found = compare_paired(baseline, variant, draws=300, generator=generator)
    held = found.low <= 100 * truth.change <= found.high
    wer = wer_interval(baseline, draws=300, generator=generator)
    return held, found.high < 0, (found.high - found.low) / 2, wer.low <= 30.0 <= wer.high


def main() -> None:
    """Print the table."""
    print("signers  seeds  signers differ by  covered  found  half width (median)  WER covered")
    for signers, seeds in SIGNERS_AND_SEEDS:
        for signers_differ in SIGNERS_DIFFER[: 1 if signers == 1 else None]:
            truth = Truth(
                signers=signers,
                seeds=seeds,
                change=-0.05,
                signers_differ=signers_differ,
                # with one signer, intervals speak of that signer, whose own WER is 30 %
                between_signers=0.0 if signers == 1 else 0.05,
            )
            generator = np.random.default_rng(0)
            rows = np.array([study(truth, generator) for _ in range(STUDIES)])
            held, found, half, wer = rows.T
            print(
                f"{signers:7}{seeds:7}{100 * signers_differ:12.1f} points"
                f"{100 * held.mean():8.1f} %{100 * found.mean():6.0f} %"
                f"{np.median(half):13.1f} points{100 * wer.mean():12.1f} %",
                flush=True,
            )


if __name__ == "__main__":
    main()
