"""The space of a model: what of some films, and of what was typed, is a point of it.

Separate from what is asked of a space: maps, comparisons and examinations begin with the same items.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from workbench.analyses.analysis import Report
from workbench.analyses.chunks import chunk_keys
from workbench.analyses.extraction import extract
from workbench.analyses.ground import clock
from workbench.analyses.prompts import ask, curves_of
from workbench.analyses.services import Services
from workbench.core.hierarchy import contiguous_clusters
from workbench.core.intervals import frame_edges
from workbench.core.neighbours import unit_rows
from workbench.errors import InputError
from workbench.models.protocol import VideoTextModel
from workbench.types.embedding import Items, Kind
from workbench.types.features import VideoFeatures
from workbench.types.video import SamplingSpec, VideoInfo

SEGMENT_S = 5.0
MOST_SEGMENTS = 64
"""A film is cut into so many segments that each is about so long, and no more."""
MOST_ITEMS = 1_000_000
"""Items that one map may have."""
WHOLE: tuple[Kind, ...] = ("video", "picture")
"""Kinds of which a film is one item as a whole."""
KNOWN = "known moment"
"""The column that says which sentences are known to be true of an item, where anything is known of its film."""


@dataclass(frozen=True, eq=False)
class Film:
    """What a model makes of one film, and where its items begin: ``starts`` are numbers of frames, ``keys`` its own."""

    video: VideoInfo
    features: VideoFeatures
    keys: tuple[str, ...]
    starts: Int64[np.ndarray, "item"]

    def pooled(self, frames: Float64[np.ndarray, "time value"]) -> Float64[np.ndarray, "item value"]:
        """Return the mean of what is known frame by frame, item by item."""
        counts = np.diff([*self.starts.tolist(), len(frames)])
        return np.add.reduceat(frames, self.starts, axis=0) / counts[:, None]


@dataclass(frozen=True, eq=False)
class Space:
    """Films as one model reads them, and their items, of which ``features`` have unit length."""

    services: Services
    model: VideoTextModel
    films: tuple[Film, ...]
    items: Items
    features: Float32[np.ndarray, "item dim"]
    is_from_cache: bool
    problems: tuple[str, ...] = ()

    def cosines(self, texts: Sequence[str], report: Report) -> Float32[np.ndarray, "item text"]:
        """Return the mean cosine of each sentence with the frames of every item; raises what ``report`` raises."""
        if not texts:
            return np.zeros((len(self.items), 0), np.float32)
        asked, found = ask(self.services, self.model, tuple(texts)), []
        for film in self.films:
            curves = curves_of(self.services, self.model, asked, film.features, list(film.keys), report)
            found.append(film.pooled(curves.T.astype(np.float64)))
        return np.concatenate(found).astype(np.float32)


def space_of(
    services: Services,
    videos: Sequence[str],
    model: VideoTextModel,
    sampling: SamplingSpec,
    points: Kind,
    report: Report,
    reuse_below: float = 0.0,
) -> Space:
    """Return the space of some films, whose items are their frames, their segments, or they themselves.

    Raises ``VideoError`` and ``InputError`` as ``extract`` does, ``InputError`` for no film or too many items, and
    whatever ``report`` raises to cancel. Cost: that of ``extract``, film by film.
    """
    if not videos:
        raise InputError("There is no video to map; name one or more.")
    films: list[Film] = []
    parts: list[Items] = []
    features: list[np.ndarray] = []
    problems: list[str] = []
    is_from_cache = True
    infos = {video_id: services.library.get(video_id) for video_id in videos}
    titles = told_apart({video_id: info.title for video_id, info in infos.items()})
    for video_id, info in infos.items():
        video = replace(info, title=titles[video_id])
        extracted = extract(services, video, model, sampling, report, reuse_below=reuse_below)
        is_from_cache &= extracted.from_cache
        problems += [extracted.problem] if extracted.problem else []
        keys = tuple(chunk_keys(video, model.spec, sampling, reuse_below))
        film = Film(video, extracted.features, keys, _starts(video, extracted.features, points))
        films.append(film)
        parts.append(_items(film, points, services.library.truth_for(video.id)))
        features.append(_features(film))
        if sum(map(len, parts)) > MOST_ITEMS:
            raise InputError(f"A map holds {MOST_ITEMS:,} points at most; choose fewer videos or sample them thinner.")
    said = tuple(dict.fromkeys(problems))
    return Space(services, model, tuple(films), joined(parts), np.concatenate(features), is_from_cache, said)


def told_apart(titles: Mapping[str, str]) -> dict[str, str]:
    """Return the titles of films by their ids, each of those that several have with the start of its id."""
    counts = Counter(titles.values())
    return {film: title if counts[title] == 1 else f"{title} ({film[:6]})" for film, title in titles.items()}


def _starts(video: VideoInfo, features: VideoFeatures, points: Kind) -> Int64[np.ndarray, "item"]:
    n_frames = len(features.times_s)
    if points == "frame":
        return np.arange(n_frames)
    if points in WHOLE:
        return np.zeros(1, np.int64)
    n_segments = min(max(1, math.ceil(video.duration_s / SEGMENT_S)), MOST_SEGMENTS, n_frames)
    return contiguous_clusters(features.frames, n_segments)


def _items(film: Film, points: Kind, truth: Sequence[Mapping[str, Any]]) -> Items:
    video, times_s = film.video, film.features.times_s
    edges = frame_edges(times_s, video.duration_s)
    spans = np.stack([edges[film.starts], edges[[*film.starts[1:].tolist(), len(times_s)]]], axis=1)
    labels = [f"{clock(start)} to {clock(end)}" for start, end in spans.tolist()]
    if points == "frame":
        labels = [clock(time_s) for time_s in times_s.tolist()]
    if points in WHOLE:
        labels = [video.title]
    middles = times_s[film.starts] if points == "frame" else spans.mean(axis=1)
    n_items = len(spans)
    columns = {"time": middles, "video": np.array([video.title] * n_items)}
    if truth and points not in WHOLE:
        known = known_at(truth, middles)
        columns[KNOWN] = np.array(["; ".join(text for text, is_true in known if is_true[at]) for at in range(n_items)])
    return Items(
        names=tuple(f"{points}:{video.id}:{start:.3f}" for start in times_s[film.starts].tolist()),
        kinds=(points,) * n_items,
        labels=tuple(labels),
        videos=(video.id,) * n_items,
        spans_s=spans,
        columns=columns,
    )


def known_at(
    truth: Sequence[Mapping[str, Any]], times_s: Float64[np.ndarray, "item"]
) -> list[tuple[str, Bool[np.ndarray, "item"]]]:
    """Return the sentences that are known to be true somewhere of a film, and at which of these times each is."""
    return [
        (row["query"], np.any([(start <= times_s) & (times_s < end) for start, end in row["windows"]], axis=0))
        for row in truth
        if row["windows"]
    ]


def _features(film: Film) -> Float32[np.ndarray, "item dim"]:
    frames = film.features.frames
    return frames if len(film.starts) == len(frames) else unit_rows(film.pooled(frames.astype(np.float64)).astype("f4"))


def joined(parts: Sequence[Items]) -> Items:
    """Return the items of all parts, one after another; a column that a part lacks is empty there."""
    names = dict.fromkeys(name for part in parts for name in part.columns)
    columns = {name: np.concatenate([_column(part, name, parts) for part in parts]) for name in names}
    return Items(
        names=tuple(name for part in parts for name in part.names),
        kinds=tuple(kind for part in parts for kind in part.kinds),
        labels=tuple(label for part in parts for label in part.labels),
        videos=tuple(video for part in parts for video in part.videos),
        spans_s=np.concatenate([part.spans_s for part in parts]),
        columns=columns,
    )


def _column(part: Items, name: str, parts: Sequence[Items]) -> np.ndarray:
    if name in part.columns:
        return part.columns[name]
    is_number = any(other.columns[name].dtype.kind == "f" for other in parts if name in other.columns)
    return np.full(len(part), np.nan) if is_number else np.full(len(part), "")
