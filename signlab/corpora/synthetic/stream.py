"""Random numbers that are the same on every machine and with every version of NumPy.

NumPy promises a stable stream only for the raw bits of a bit generator, and its sines and normal
deviates may differ in the last bit from processor to processor. So everything here is made from
raw bits by exact steps: shifts, additions and multiplications.
"""

import math

import numpy as np
from jaxtyping import Float32, Float64, Int64

_LOW_BYTES = np.uint64(0x00FF00FF00FF00FF)


class Stream:
    """An independent stream of random numbers for each key.

    Args:
        key: What the numbers are for, as whole numbers from 0 (seed, purpose, signer, sentence).
    """

    def __init__(self, *key: int) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence(key))

    def unit(self, *shape: int) -> Float64[np.ndarray, "*shape"]:
        """Evenly distributed numbers from 0 to 1, in steps of 2^-53."""
        raw = self._bits.random_raw(math.prod(shape))
        return ((raw >> np.uint64(11)) * 2.0**-53).reshape(shape)

    def uniform(self, low: float, high: float, *shape: int) -> Float64[np.ndarray, "*shape"]:
        """Evenly distributed numbers from ``low`` to ``high``."""
        return low + (high - low) * self.unit(*shape)

    def bell(self, *shape: int) -> Float64[np.ndarray, "*shape"]:
        """Bell-shaped numbers of mean 0 and variance 1: the sum of three uniform ones, below 3."""
        parts = self.uniform(-1.0, 1.0, 3, *shape)
        return parts[0] + parts[1] + parts[2]

    def noise(self, *shape: int) -> Float32[np.ndarray, "*shape"]:
        """Much noise cheaply: mean 0, variance 1, triangular, in 511 levels up to 2.45."""
        count = math.prod(shape)
        raw = self._bits.random_raw(count // 4 + 1)
        # eight bytes at once: the sum of two neighbours is left in two bytes of its own
        pairs = raw & _LOW_BYTES
        raw >>= np.uint64(8)
        raw &= _LOW_BYTES
        pairs += raw
        level = pairs.astype("<u8", copy=False).view("<u2")[:count].astype(np.float32)
        level -= np.float32(255.0)
        level *= np.float32(6.0**0.5 / 256)
        return level.reshape(shape)

    def integers(self, below: int, *shape: int) -> Int64[np.ndarray, "*shape"]:
        """Whole numbers from 0 to ``below - 1``."""
        return self.uniform(0.0, float(below), *shape).astype(np.int64)

    def order(self, count: int) -> Int64[np.ndarray, " count"]:
        """A random order of ``count`` things."""
        return np.argsort(self.unit(count), kind="stable")
