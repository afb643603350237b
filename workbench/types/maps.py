"""Where in pictures, and in which words, a score comes from, and how far such maps can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from workbench.types.attribution import Player


@dataclass(frozen=True, eq=False)
class AttentionTrace:
    """What became of the cosine of pictures with a sentence in the attention of an encoder; one row a picture.

    Of a text encoder, one row a text. ``scores`` are the cosines. ``weights`` and ``gradients``, the cosine's by the
    weights, are of every layer, the first one first; ``early_gradients`` are, in each layer, those of the cosine that
    its own tokens have where they are read as the last are, by the attention that LeGrad looks at. ``reader`` is the
    share of every token of the last layer in what is read. ``keys`` and ``values`` are of the last attention, heads
    side by side, ``query`` those of the tokens that are read, and ``output_gradient`` the cosine's by what these were
    given, before that is projected. Where an attention reads the last tokens, ``pooling`` are its weights, it is the
    last attention, and the last of ``early_gradients`` are those by its weights.
    ``cells`` are the tokens that stand for the patches, or for the pieces of a text, in order.
    """

    scores: Float32[np.ndarray, "row"]
    weights: Float32[np.ndarray, "row layer head token token"]
    gradients: Float32[np.ndarray, "row layer head token token"]
    early_gradients: Float32[np.ndarray, "row layer head reading token"]
    reader: Float32[np.ndarray, "row token"]
    query: Float32[np.ndarray, "row read dim"]
    keys: Float32[np.ndarray, "row token dim"]
    values: Float32[np.ndarray, "row token dim"]
    output_gradient: Float32[np.ndarray, "row read dim"]
    cells: tuple[tuple[int, ...], ...]
    pooling: Float32[np.ndarray, "row head token"] | None = None


@dataclass(frozen=True, eq=False)
class Gradients:
    """How far patches, or pieces of a text, make a cosine, by a method of gradients; one row a picture, or a text.

    ``empty`` and ``full`` are the cosines of nothing and of all of it, where the method knows of nothing: values of
    integrated gradients sum to their difference.
    """

    values: Float32[np.ndarray, "row cell"]
    empty: Float32[np.ndarray, "row"] | None = None
    full: Float32[np.ndarray, "row"] | None = None


@dataclass(frozen=True, eq=False)
class HeatMaps:
    """Where in pictures a score comes from, by one method: one map a picture, cell by cell along the rows of ``grid``.

    ``grid`` and ``seen`` are those of ``PatchMaps``. ``values`` are signed where the method tells what lowers the
    score, else 0 and more. ``scores`` are the cosines that are explained, ``score`` says in words of what.
    ``is_about_sentence``: whether the sentence enters the method at all. ``by_head`` is what every layer and head gives
    to each cell, where the method has such. ``words`` with ``word_values`` are the same method's map of the sentence.
    ``between_frames`` is how much each frame of a window looks at the others, where a model lets them.
    """

    method: str
    query: str
    score: str
    times_s: Float64[np.ndarray, "time"]
    values: Float64[np.ndarray, "time cell"]
    scores: Float64[np.ndarray, "time"]
    grid: tuple[int, int]
    seen: tuple[float, float, float, float]
    is_signed: bool
    is_about_sentence: bool
    by_head: Float32[np.ndarray, "time layer head cell"] | None = None
    words: tuple[Player, ...] = ()
    word_values: Float64[np.ndarray, "word"] | None = None
    between_frames: Float32[np.ndarray, "layer head query_frame key_frame"] | None = None
    frame_times_s: Float64[np.ndarray, "frame"] | None = None
    warnings: tuple[str, ...] = ()
    conclusion: str = ""
    evidence: Evidence | None = None

    @property
    def best(self) -> int:
        """Return the number of the picture that fits the sentence best; in a window, of the highest value."""
        return int(np.lexsort((self.values.max(axis=1), self.scores))[-1])


@dataclass(frozen=True, eq=False)
class Evidence:
    """How far maps can be trusted: one row a map.

    Curves are the score with a share of the cells in sight, ``shares`` of them: those that the map puts first
    (``insertion``), last (``reversed``), or in random orders. Areas are the mean of the curve. ``p_random`` is how
    often a random order does as well as the map. ``rank_correlations`` are those of the sum of the map over what is in
    sight with the score, on ``n_masks`` fresh random masks of half the cells. ``randomised`` are the rank correlations
    of the map with those of the same model with weights drawn anew, and ``randomised_areas`` what those maps reach.
    ``contrast`` is another sentence, and ``contrast_correlations`` those of its maps with these. ``standing`` is
    ``(1 + k) / (1 + n_others)`` where k of the model's distractors fit the picture as well. NaN where there is no order
    to compare. ``verdicts`` say in words what follows, one list a map.
    """

    shares: Float64[np.ndarray, "step"]
    insertion: Float64[np.ndarray, "time step"]
    reversed: Float64[np.ndarray, "time step"]
    random: Float64[np.ndarray, "time order step"]
    insertion_areas: Float64[np.ndarray, "time"]
    reversed_areas: Float64[np.ndarray, "time"]
    random_areas: Float64[np.ndarray, "time order"]
    p_random: Float64[np.ndarray, "time"]
    rank_correlations: Float64[np.ndarray, "time"]
    n_masks: int
    randomised: Float64[np.ndarray, "time model"]
    randomised_areas: Float64[np.ndarray, "time model"]
    contrast: str
    contrast_correlations: Float64[np.ndarray, "time"]
    standing: Float64[np.ndarray, "time"]
    n_others: int
    verdicts: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, eq=False)
class Agreement:
    """All methods on one picture and one sentence, and the rank correlation of every two of their maps.

    ``missing`` are the methods that the model does not have, with why.
    """

    methods: tuple[str, ...]
    maps: tuple[HeatMaps, ...]
    correlations: Float64[np.ndarray, "method method"]
    missing: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()
    conclusion: str = ""
