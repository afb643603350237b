"""Frozen records that travel between the layers: the names and shapes are the contract.

Separate from everything else so that any layer may import it without importing another layer.
Axis words: ``time patch word token query item dim player coalition layer head``.
Units stand in names: ``_s`` seconds, ``_px`` pixels, ``_bytes`` bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, Protocol, TypeVar, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float32, Float64, UInt8

R = TypeVar("R")


@dataclass(frozen=True)
class SamplingSpec:
    """How a video is turned into frames: at ``fps`` frames a second, never more than ``max_frames``.

    A video with more than ``max_frames`` frames at ``fps`` is sampled evenly at the lower rate
    that fits, and the rate in use is reported.
    """

    fps: float = 2.0
    max_frames: int = 20_000

    def rate_for(self, duration_s: float) -> float:
        """Return the rate in frames per second that a video of ``duration_s`` is sampled at."""
        if duration_s * self.fps <= self.max_frames:
            return self.fps
        return self.max_frames / duration_s


@dataclass(frozen=True)
class VideoInfo:
    """What is known of a video before a frame of it is used; ``id`` is the sha256 of its bytes, in hex."""

    id: str
    title: str
    duration_s: float
    fps: float
    width_px: int
    height_px: int
    codec: str
    n_bytes: int
    licence: str = ""
    credit: str = ""


@dataclass(frozen=True)
class FrameBatch:
    """Sampled frames of one video, RGB, with the time each of them is shown at; one frame has one time.

    They follow one another, or make windows that do, where a frame may stand in several.
    """

    video_id: str
    sampling: SamplingSpec
    pixels: UInt8[np.ndarray, "time height width 3"]
    times_s: Float64[np.ndarray, "time"]


@runtime_checkable
class Rows(Protocol):
    """Rows of an array that is not in memory as a whole; ``nbytes`` of it are."""

    @property
    def nbytes(self) -> int:
        """Return the bytes in memory."""
        ...

    def __getitem__(self, rows: slice) -> np.ndarray:
        """Return rows that follow one another."""
        ...


@dataclass(frozen=True)
class VideoFeatures:
    """What a model makes of the frames of a video; rows of ``frames`` have unit length.

    ``context`` is what a sentence is read against where a model is not separable: tokens of each row, as an array
    or, of a long film, as ``Rows`` that are read when they are used.
    """

    video_id: str
    model_id: str
    times_s: Float64[np.ndarray, "time"]
    frames: Float32[np.ndarray, "time dim"]
    context: Float32[np.ndarray, "time token dim"] | Rows | None = None


@dataclass(frozen=True)
class PatchMaps:
    """What a model makes of the parts of frames; rows have unit length and lie in the space of the texts.

    Patches go along the rows of ``grid`` (rows, columns). They cover ``seen`` together: the part of a frame that
    the network sees, as (top, left, bottom, right) in sides of the frame; below 0 or above 1 is filling.
    """

    video_id: str
    model_id: str
    times_s: Float64[np.ndarray, "time"]
    patches: Float32[np.ndarray, "time patch dim"]
    grid: tuple[int, int]
    seen: tuple[float, float, float, float]


@dataclass(frozen=True)
class AttentionMaps:
    """How much every token of a vision encoder looks at every other, the first layer first; keys sum to 1.

    ``n_prefix`` tokens, such as the class token, stand before the patches, and ``n_suffix`` after them, such as
    X-CLIP's message token. ``grid`` and ``seen`` are those of ``PatchMaps``.
    """

    video_id: str
    model_id: str
    times_s: Float64[np.ndarray, "time"]
    weights: Float32[np.ndarray, "time layer head query key"]
    n_prefix: int
    n_suffix: int
    grid: tuple[int, int]
    seen: tuple[float, float, float, float]


@dataclass(frozen=True)
class TextFeatures:
    """What a model makes of sentences; rows of ``embeddings`` have unit length where the model is separable.

    ``tokens`` are the word pieces the model read per text, and ``spans`` where in it they stand, from the first
    character to the one past the last; ``unknown_words`` the words per text that the model has never seen (empty
    where its vocabulary is open).
    """

    model_id: str
    texts: tuple[str, ...]
    embeddings: Float32[np.ndarray, "query dim"]
    tokens: tuple[tuple[str, ...], ...]
    unknown_words: tuple[tuple[str, ...], ...] = ()
    is_truncated: tuple[bool, ...] = ()
    spans: tuple[tuple[tuple[int, int], ...], ...] = ()


@dataclass(frozen=True)
class Moment:
    """A span of a video in seconds, with a score that ranks it among the moments of its query."""

    start_s: float
    end_s: float
    score: float


@dataclass(frozen=True)
class MeasuredNull:
    """How high sentences rise that are known to be absent, measured on videos whose truth is known.

    ``peaks`` are the highest saliency of each of them, read at ``fps`` with ``smoothing_s`` in videos of at most
    ``longest_s``; one value followed another after ``step_s``. ``levels`` are, one pair a video, what its frames gave
    on average to all distractors and to the best of them: a video far from all that is of another kind, and the peaks
    say nothing of it. ``words`` are all words of those sentences, in lower case: of a sentence with another word the
    peaks say nothing, either.
    """

    fps: float
    step_s: float
    smoothing_s: float
    longest_s: float
    levels: tuple[tuple[float, float], ...]
    words: tuple[str, ...]
    peaks: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class AbsentPeaks:
    """The peaks of sentences that are not in the video, which that of a query is held against.

    ``measured`` on sentences known to be absent from videos whose truth is known, or ``estimated`` from the
    model's distractors in this video, some of which may be in it.
    """

    peaks: Float64[np.ndarray, "sentence"]
    kind: Literal["measured", "estimated"]


@dataclass(frozen=True)
class Grounding:
    """When each query is true of the video.

    ``similarity`` is the raw cosine, ``saliency`` the smoothed and normalised curve that the
    moments are read from. ``p_absent`` is the probability of a peak this high for a sentence that
    is *not* in the video, or NaN where it cannot be said; ``is_in_video`` is ``p_absent <= error_rate``.
    ``absent`` is, one a query, what that probability is read from; queries of one kind share theirs.
    ``window_s`` is how much of the video each value is of, about its time; 0 where it is of a single frame.
    """

    queries: tuple[str, ...]
    times_s: Float64[np.ndarray, "time"]
    similarity: Float32[np.ndarray, "query time"]
    saliency: Float32[np.ndarray, "query time"]
    moments: tuple[tuple[Moment, ...], ...]
    peaks: Float64[np.ndarray, "query"]
    absent: tuple[AbsentPeaks, ...]
    p_absent: Float64[np.ndarray, "query"]
    is_in_video: Bool[np.ndarray, "query"]
    error_rate: float
    warnings: tuple[str, ...] = ()
    window_s: float = 0.0


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


@dataclass(frozen=True)
class Provenance:
    """Everything that is needed to make the same result again."""

    analysis: str
    video_id: str
    video_title: str
    model_id: str
    model_revision: str
    parameters: Mapping[str, object]
    sampling: SamplingSpec
    versions: Mapping[str, str]
    elapsed_s: float
    from_cache: bool
    seed: int | None = None


@dataclass(frozen=True)
class Outcome(Generic[R]):
    """A result with its provenance: what every analysis returns."""

    result: R
    provenance: Provenance


@dataclass(frozen=True)
class Glimpse:
    """What is known of a video while it is still being read: the raw cosines of the parts that were read.

    ``step_s`` is how far apart two values are where nothing lacks between them.
    """

    queries: tuple[str, ...]
    times_s: Float64[np.ndarray, "time"]
    similarity: Float32[np.ndarray, "query time"]
    step_s: float


@dataclass(frozen=True)
class Progress:
    """One step of long work: ``done`` of ``total`` units, what is being done, for people, and what is known."""

    done: int
    total: int
    what: str = field(default="")
    glimpse: Glimpse | None = None
    unit: Literal["frame", "window", "sentence", "picture"] = "frame"
