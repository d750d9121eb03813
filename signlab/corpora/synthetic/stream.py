"""Random numbers that are the same on every machine and with every version of NumPy.

NumPy promises a stable stream only for the raw bits of a bit generator, and its sines and normal
deviates may differ in the last bit from processor to processor. So everything here is made from
raw bits by exact steps: shifts, additions and multiplications.
"""

import numpy as np
from jaxtyping import Float32, Float64, Int64


class Stream:
    """An independent stream of random numbers for each key.

    Args:
        key: What the numbers are for, as whole numbers from 0 (seed, purpose, signer, sentence).
    """

    def __init__(self, *key: int) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence(key))

    def uniform(self, low: float, high: float, *shape: int) -> Float64[np.ndarray, "*shape"]:
        """Evenly distributed numbers from ``low`` to ``high``, in steps of 2^-53 of the range."""
        count = 1
        for length in shape:
            count *= length
        raw = self._bits.random_raw(count)
        unit = (raw >> np.uint64(11)) * 2.0**-53
        return (low + (high - low) * unit).reshape(shape)

    def bell(self, *shape: int) -> Float64[np.ndarray, "*shape"]:
        """Bell-shaped numbers of mean 0 and variance 1: the sum of three uniform ones, below 3."""
        parts = self.uniform(-1.0, 1.0, 3, *shape)
        return parts[0] + parts[1] + parts[2]

    def noise(self, *shape: int) -> Float32[np.ndarray, "*shape"]:
        """Much noise cheaply: mean 0, variance 1, triangular, in 511 levels up to 2.45."""
        count = 1
        for length in shape:
            count *= length
        raw = self._bits.random_raw((2 * count + 7) // 8)
        both = raw.astype("<u8", copy=False).view(np.int8)[: 2 * count].astype(np.float32)
        level = both[:count] + both[count:] + np.float32(1.0)
        return (level * np.float32(6.0**0.5 / 256)).reshape(shape)

    def integers(self, below: int, *shape: int) -> Int64[np.ndarray, "*shape"]:
        """Whole numbers from 0 to ``below - 1``."""
        return self.uniform(0.0, below, *shape).astype(np.int64)

    def order(self, count: int) -> Int64[np.ndarray, " count"]:
        """A random order of ``count`` things."""
        return np.argsort(self.uniform(0.0, 1.0, count), kind="stable")
