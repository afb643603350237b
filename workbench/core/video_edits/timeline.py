"""Frames moved about, left out or repeated: every edit is a list of the frames that are shown, one after another.

Separate from what is done to pictures: nothing here sees one. ``n_frames`` frames are numbered from 0; where another
film is needed, its frames go on from there, however many are asked for: whoever looks them up begins it anew.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Int64
from numpy.random import Generator

Shown = Int64[np.ndarray, "shown"]
Arrange = Callable[[int, int, Generator], Shown]
"""Returns the frames that are shown, of so many, of which the second number are a chunk of about a second."""

CHUNK_S = 1.0
_TRIES = 100


def identity(n_frames: int, in_chunk: int, rng: Generator) -> Shown:
    """Return every frame in its place."""
    return np.arange(n_frames)


def reverse(n_frames: int, in_chunk: int, rng: Generator) -> Shown:
    """Return the film backwards."""
    return np.arange(n_frames)[::-1]


def shuffle(n_frames: int, in_chunk: int, rng: Generator) -> Shown:
    """Return all frames in random order, which is not the one they have."""
    return _deranged(np.arange(n_frames), rng)


def shuffle_chunks(n_frames: int, in_chunk: int, rng: Generator) -> Shown:
    """Return chunks in random order, each as it is: what takes less than a second is kept."""
    chunks = np.array_split(np.arange(n_frames), max(2, round(n_frames / in_chunk)))
    order = _deranged(np.arange(len(chunks)), rng)
    return np.concatenate([chunks[at] for at in order])


def freeze(n_frames: int, in_chunk: int, rng: Generator) -> Shown:
    """Return the frame in the middle for the whole time."""
    return np.full(n_frames, n_frames // 2)


def speed_up(n_frames: int, in_chunk: int, rng: Generator) -> Shown:
    """Return every other frame: the whole film in half the time."""
    return np.arange(0, n_frames, 2)


def slow_down(n_frames: int, in_chunk: int, rng: Generator) -> Shown:
    """Return every frame twice: the whole film in twice the time."""
    return np.repeat(np.arange(n_frames), 2)


def drop(n_frames: int, in_chunk: int, rng: Generator) -> Shown:
    """Return the film without its middle third."""
    first, past = _middle(n_frames)
    return np.r_[0:first, past:n_frames]


def loop(n_frames: int, in_chunk: int, rng: Generator) -> Shown:
    """Return the first half twice."""
    half = -(-n_frames // 2)
    return np.r_[0:half, 0 : n_frames - half]


def roll(n_frames: int, in_chunk: int, rng: Generator) -> Shown:
    """Return the second half, and then the first."""
    return np.roll(np.arange(n_frames), n_frames // 2)


def splice(n_frames: int, in_chunk: int, rng: Generator) -> Shown:
    """Return the first half, and then another film from its beginning."""
    half = -(-n_frames // 2)
    return np.r_[0:half, n_frames : n_frames + n_frames - half]


def exchange(n_frames: int, in_chunk: int, rng: Generator) -> Shown:
    """Return the film with another one in place of its middle third."""
    first, past = _middle(n_frames)
    return np.r_[0:first, n_frames : n_frames + past - first, past:n_frames]


def stutter(n_frames: int, in_chunk: int, rng: Generator) -> Shown:
    """Return every other frame in place of the next, too: half is hidden, and what happens takes as long as before."""
    return np.arange(n_frames) // 2 * 2


def subsample(n_frames: int, in_chunk: int, rng: Generator) -> Shown:
    """Return two frames of every three: as much is left out as the middle third, and nothing is lost that happens."""
    return np.flatnonzero(np.arange(n_frames) % 3 != 2)


def _middle(n_frames: int) -> tuple[int, int]:
    length = max(1, n_frames // 3)
    first = (n_frames - length) // 2
    return first, first + length


def _deranged(items: Shown, rng: Generator) -> Shown:
    """Return items in another order; two in the only other one."""
    for _ in range(_TRIES):
        order = rng.permutation(items)
        if not np.array_equal(order, items):
            return order
    return items[::-1]
