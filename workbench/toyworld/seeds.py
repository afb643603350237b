"""Random generators whose splits can never meet: the split is part of the seed, not a range of it."""

from __future__ import annotations

from typing import Literal

import numpy as np

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


def generator(split: Split, seed: int, index: int) -> np.random.Generator:
    """Return the generator of item ``index`` of ``seed`` in ``split``; the same on any machine."""
    return np.random.Generator(np.random.PCG64([SPLITS.index(split), seed, index]))
