"""What the spaces of two models have in common, and what can be read from the space of one.

Separate from maps: here a space is held against another, or against what is known of its items.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float64, Int64

from workbench.types.embedding import Items, Neighbours, Reducer

ProbeKind = Literal["neighbours", "linear"]


@dataclass(frozen=True, eq=False)
class SpaceComparison:
    """The same items in the spaces of two models; pairs are of the first and of the other, rows those of ``items``.

    ``cka`` is the alignment of the spaces as wholes, ``debiased_cka`` less what chance gives it; NaN for a space that
    has no extent. ``overlap`` is the share of the ``n_neighbours`` nearest others of each item that both agree on,
    ``chance_overlap`` that of unrelated spaces. ``order`` are the items that they disagree about most first.
    ``neighbours`` are as many as maps were made with, or more.
    """

    items: Items
    titles: tuple[str, str]
    cka: float
    debiased_cka: float
    n_neighbours: int
    overlap: Float64[np.ndarray, "item"]
    chance_overlap: float
    neighbours: tuple[Neighbours, Neighbours]
    coords: tuple[Float64[np.ndarray, "item 2"], Float64[np.ndarray, "item 2"]]
    reducer: Reducer
    order: Int64[np.ndarray, "item"]
    warnings: tuple[str, ...] = ()
    conclusion: str = ""

    @property
    def mean_overlap(self) -> float:
        """Return the share of neighbours that both models agree on, over all items."""
        return float(self.overlap.mean())


@dataclass(frozen=True)
class Reading:
    """How rightly a label is read from clips by one probe: by a vote of the nearest clips, or by a linear map.

    ``chance`` is the share of the most frequent value, ``interval`` what the accuracy varies by with the videos that
    happen to be there, as ``core.probing.Probe`` has them. ``n_neighbours`` voted; none do where the map is linear.
    """

    label: str
    probe: ProbeKind
    accuracy: float
    chance: float
    interval: tuple[float, float]
    per_value: Mapping[str, float]
    n_clips: int
    n_videos: int
    n_neighbours: int = 0

    @property
    def is_above_chance(self) -> bool:
        """Return whether more is read than chance gives, whichever of such videos had been there."""
        return self.interval[0] > self.chance


@dataclass(frozen=True)
class Ranks:
    """At what rank what is looked for is found: the shares found first, among the first 5 and 10, and the median.

    ``chance`` are the three shares that a random order gives.
    """

    r_at_1: float
    r_at_5: float
    r_at_10: float
    median_rank: float
    mean_reciprocal_rank: float
    chance: tuple[float, float, float]

    @property
    def shares(self) -> tuple[float, float, float]:
        """Return the three shares, as ``chance`` has them."""
        return self.r_at_1, self.r_at_5, self.r_at_10


@dataclass(frozen=True)
class Captions:
    """How ``n_captions`` captions and ``n_clips`` clips find each other.

    ``alignment`` is the mean squared distance of a clip from its caption, NaN where a caption is no point of the space.
    """

    n_captions: int
    n_clips: int
    find_clips: Ranks
    are_found: Ranks
    alignment: float


@dataclass(frozen=True)
class Examination:
    """What can be read from the clips of an annotation file in the space of one model.

    ``uniformity`` is how evenly clips are spread: 0 where all are alike, lower the farther they are apart.
    """

    title: str
    n_clips: int
    n_videos: int
    readings: tuple[Reading, ...]
    captions: Captions | None
    uniformity: float
    warnings: tuple[str, ...] = ()
    conclusion: str = ""
