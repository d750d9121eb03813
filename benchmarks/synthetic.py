"""Frames a second of the embedded corpus's generator, on one core.

    OMP_NUM_THREADS=1 python benchmarks/synthetic.py

It counts processor time, in groups of ten utterances; the median of the groups is what to expect,
the best what a quiet machine gives. Writing the corpus to disk is not included.
"""

import itertools
import statistics
import time

from signlab.corpora.synthetic.corpus import Synthetic

_GROUPS, _UTTERANCES = 60, 10


def main() -> None:
    """Print the figures."""
    utterances = Synthetic().generate()
    for _ in itertools.islice(utterances, _UTTERANCES):
        pass  # imports, tables, first touches of memory
    speeds = []
    for _ in range(_GROUPS):
        start = time.process_time()
        frames = sum(len(s.landmarks) for s, _ in itertools.islice(utterances, _UTTERANCES))
        speeds.append(frames / (time.process_time() - start))
    print(f"{statistics.median(speeds):,.0f} frames/s, best {max(speeds):,.0f}")


if __name__ == "__main__":
    main()
