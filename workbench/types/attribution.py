"""Who made a score, and by how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float64


@dataclass(frozen=True)
class Player:
    """One who takes part in a game: a frame or a segment of frames, a word or a phrase of words, a patch.

    ``span`` is where it stands: (start, end) in seconds of the video, (start, end) in characters of the sentence, or
    (top, left, bottom, right) in sides of the frame.
    """

    kind: Literal["frame", "segment", "word", "phrase", "patch"]
    label: str
    span: tuple[float, ...]


class PlayerValues:
    """What can be said of the values of players, whoever worked them out."""

    values: Float64[np.ndarray, "player"]
    value_errors: Float64[np.ndarray, "player"] | None
    empty_value: float
    full_value: float

    @property
    def is_exact(self) -> bool:
        """Return whether all coalitions were visited."""
        return self.value_errors is None

    @property
    def gap(self) -> float:
        """Return by how much the values sum to more than v(all) - v(none)."""
        return float(self.values.sum() - (self.full_value - self.empty_value))


@dataclass(frozen=True, eq=False)
class Attribution(PlayerValues):
    """What every player adds to a score, and what pairs of them add together beyond what both do alone.

    ``score`` says in words what is explained, ``absent`` how a player is left out, ``empty`` what v(none) is.
    ``empty_value`` and ``full_value`` are v(none) and v(all). Standard errors are None where the answer is exact;
    ``pairs`` is NaN for pairs that were not asked about, None where there are none at all. Values do not sum to the
    score: ``gap`` is how far they are from it. ``leaders`` are those who add most, neighbours in time together, and
    ``without_leaders`` the score without them. ``at_s`` is the instant of a single picture that is explained.
    """

    method: str
    query: str
    players: tuple[Player, ...]
    values: Float64[np.ndarray, "player"]
    value_errors: Float64[np.ndarray, "player"] | None
    pairs: Float64[np.ndarray, "player player"] | None
    pair_errors: Float64[np.ndarray, "player player"] | None
    empty_value: float
    full_value: float
    n_evaluations: int
    score: str
    absent: str
    empty: str
    leaders: tuple[int, ...] = ()
    without_leaders: float = float("nan")
    seed: int | None = None
    at_s: float | None = None
    warnings: tuple[str, ...] = ()
    conclusion: str = ""
