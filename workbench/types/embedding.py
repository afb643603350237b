"""Where items of an embedding space lie on a map, and how far the map can be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float64, Int64

Reducer = Literal["umap", "pca"]
Kind = Literal["frame", "segment", "video", "sentence", "picture", "row"]
"""A frame, or the window of frames that one value of a model is of; a run of alike ones; a whole film; what was typed;
a still picture that is looked for; a row of a file that somebody brought."""


ASKED: tuple[Kind, ...] = ("sentence", "picture")
"""Kinds of items that are looked for among the others."""
GROUP = "group"
"""What a colouring by groups is called; no column is."""


@dataclass(frozen=True, eq=False)
class Neighbours:
    """For every query its nearest items, the nearest first, and how far they are: 1 less the cosine.

    ``is_exact``: whether every item was looked at.
    """

    indices: Int64[np.ndarray, "query neighbour"]
    distances: Float64[np.ndarray, "query neighbour"]
    is_exact: bool = True


@dataclass(frozen=True, eq=False)
class MapQuality:
    """How far neighbours on a map are neighbours in the space it is of.

    ``trustworthiness`` is 1 where none that are near on the map are far in the space, ``continuity`` 1 where none that
    are near in the space are far on the map; 0.5 is what a random map reaches. ``kept`` is the share of every item's
    ``n_neighbours`` true neighbours that are as near on the map, and ``is_torn`` the items whose true neighbours
    mostly are elsewhere. ``n_tested`` items were tested for the first two.
    """

    n_neighbours: int
    trustworthiness: float
    continuity: float
    kept: Float64[np.ndarray, "item"]
    is_torn: Bool[np.ndarray, "item"]
    n_tested: int

    @property
    def preservation(self) -> float:
        """Return the share of true neighbours that are kept, over all items."""
        return float(self.kept.mean())


@dataclass(frozen=True, eq=False)
class Items:
    """What lies on a map, one row an item.

    ``names`` tell items apart for good: what comes later takes nobody's name. ``videos`` are ids of films, empty for
    what is of none, and ``spans_s`` where in it an item stands, from its start to its end, NaN for none. ``columns`` is
    what else is known of each, by name: numbers, or words.
    """

    names: tuple[str, ...]
    kinds: Sequence[Kind]
    labels: tuple[str, ...]
    videos: tuple[str, ...]
    spans_s: Float64[np.ndarray, "item 2"]
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)

    def described(self, row: int) -> str:
        """Return what an item is, for people: its film and where in it, or what was typed."""
        titles, label = self.columns.get("video"), self.labels[row]
        title = "" if titles is None else str(titles[row])
        return label if title in ("", label) else f"{title}, {label}"

    def __len__(self) -> int:
        """Return how many items there are."""
        return len(self.names)


@dataclass(frozen=True, eq=False)
class Groups:
    """Groups of items in the space: ``labels`` number them from 0, the largest, -1 for what lies between.

    ``names`` is the sentence that sets each apart from the others, empty where there is none to be had, and
    ``margins`` by how much better it fits. ``exemplars`` are the items nearest to the middle of each, -1 for no more.
    """

    labels: Int64[np.ndarray, "item"]
    names: tuple[str, ...]
    margins: Float64[np.ndarray, "group"]
    exemplars: Int64[np.ndarray, "group exemplar"]


@dataclass(frozen=True, eq=False)
class GapView:
    """Where pictures and sentences fall along the line between their means, and across it."""

    pictures: Float64[np.ndarray, "picture 2"]
    sentences: Float64[np.ndarray, "sentence 2"]


@dataclass(frozen=True, eq=False)
class ModalityGap:
    """How far apart pictures and sentences are, as ``core.modality_gap.Gap`` has it, and once centred.

    ``recall`` and ``centred_recall`` are how often the picture that fits a sentence best is one of which it is true,
    over ``n_known`` sentences whose truth is known; NaN for none. ``apart`` and ``centred`` show both kinds on the same
    two axes: ``sentences``, and the items whose rows are ``shown``, not all of very many.
    """

    distance: float
    centred_distance: float
    across: float
    within_pictures: float
    within_sentences: float
    told_apart: float
    recall: float
    centred_recall: float
    n_known: int
    sentences: tuple[str, ...]
    shown: Int64[np.ndarray, "picture"]
    apart: GapView
    centred: GapView


@dataclass(frozen=True, eq=False)
class EmbeddingMap:
    """Items of one space on a map; rows of everything are those of ``items``.

    ``is_fitted`` are the items that the map was made of, the first of all; the others were placed among these, and move
    nothing.
    ``neighbours`` are, of every item, the nearest fitted ones in the space, numbers of rows. ``is_torn``: most of these
    are elsewhere on the map. ``quality`` and ``groups`` are of the fitted ones, in their order; None where there are
    too few. ``shares`` is what every axis holds of the variance, where axes are such. ``through`` are the words that
    the space was seen through.
    """

    items: Items
    coords: Float64[np.ndarray, "item axis"]
    is_fitted: Bool[np.ndarray, "item"]
    is_torn: Bool[np.ndarray, "item"]
    neighbours: Neighbours
    reducer: Reducer
    quality: MapQuality | None = None
    groups: Groups | None = None
    gap: ModalityGap | None = None
    shares: tuple[float, ...] = ()
    through: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    conclusion: str = ""

    @property
    def is_sketch(self) -> bool:
        """Return whether this is a first look, for which no neighbours were looked for."""
        return not self.neighbours.indices.shape[1]
