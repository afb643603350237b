"""What a model makes of a film with one thing changed: from the cache where that is right, else by encoding it again.

Separate because the model's flag decides, and nobody else: where a frame's feature depends on no other frame, frames
that were only moved about are looked up; where a model reads windows, or pictures are changed, its encoder runs.
"""

from __future__ import annotations

import functools
import math
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Int64
from PIL import Image

from workbench.analyses.analysis import Report
from workbench.analyses.chunks import Plan, row_key
from workbench.analyses.extraction import extract
from workbench.analyses.frame_batches import BATCH_FRAMES, decode_ahead, in_windows, regrouped
from workbench.analyses.services import Services
from workbench.core.video_edits.kinds import IDENTITY, FilmKind
from workbench.core.video_edits.pictures import Cut, Pixels
from workbench.core.video_edits.timeline import CHUNK_S
from workbench.errors import InputError
from workbench.media.decode import sample_instants
from workbench.models.protocol import VideoTextModel
from workbench.types.edits import FilmEdit, Unedited
from workbench.types.features import VideoFeatures
from workbench.types.outcome import Progress
from workbench.types.video import FrameBatch, SamplingSpec, VideoInfo

MOST_FRAMES = 128
"""Frames of a film that is encoded again for every edit: a minute at two frames a second."""
_MOST_BYTES = 2**29
_VERSION = 2
"""Raised whenever the same edit gives other features than before."""


class _Unchanged(Exception):
    """An edit of pictures that leaves all of them as they are."""


@dataclass(frozen=True, eq=False)
class Weighted:
    """Rows of features, and how often each of them counts: what a score of a film as a whole is the mean over."""

    features: VideoFeatures
    counts: Int64[np.ndarray, "time"]


@dataclass(frozen=True)
class Part:
    """A film, or the part of it from the first up to the last of its sampled frames, and another film beside it."""

    video: VideoInfo
    start: int
    stop: int
    is_whole: bool
    other: VideoInfo | None
    sampling: SamplingSpec
    seed: int

    @property
    def n_frames(self) -> int:
        """Return how many sampled frames there are."""
        return self.stop - self.start

    @property
    def in_chunk(self) -> int:
        """Return how many frames are about a second."""
        return max(1, round(CHUNK_S * self.sampling.rate_for(self.video.duration_s)))

    def rng(self, kind: FilmKind) -> np.random.Generator:
        """Return what draws of one kind of edit of this film: the same in every process."""
        return np.random.default_rng([self.seed, zlib.crc32(f"{kind.name}\n{self.video.id}".encode())])

    def shown(self, kind: FilmKind) -> Int64[np.ndarray, "shown"]:
        """Return which frames the edit shows, those of the other film from ``n_frames`` on."""
        return np.asarray(kind.arrange(self.n_frames, self.in_chunk, self.rng(kind)), np.int64)


@dataclass(frozen=True, eq=False)
class EditedFilm:
    """What was made of a film: the film itself first, then each of its edits; ``missing`` says which could not be."""

    edits: tuple[FilmEdit, ...]
    rows: tuple[Weighted, ...]
    missing: tuple[Unedited, ...]
    n_encoded: int
    is_from_cache: bool
    problems: tuple[str, ...] = ()


def part_of(
    video: VideoInfo,
    sampling: SamplingSpec,
    span_s: tuple[float, float] | None,
    other: VideoInfo | None,
    seed: int,
) -> Part:
    """Return the film, or the part of it within a span: the frame nearest to the middle of one that holds none."""
    times_s = sample_instants(video, sampling)
    if span_s is None:
        return Part(video, 0, len(times_s), True, other, sampling, seed)
    inside = np.flatnonzero((times_s >= span_s[0] - 1e-6) & (times_s < span_s[1] - 1e-6))
    if not len(inside):
        inside = np.array([np.abs(times_s - sum(span_s) / 2).argmin()])
    return Part(video, int(inside[0]), int(inside[-1]) + 1, False, other, sampling, seed)


def edit_film(
    services: Services,
    model: VideoTextModel,
    part: Part,
    kinds: Sequence[FilmKind],
    report: Report,
    reuse_below: float = 0.0,
) -> EditedFilm:
    """Return what the model makes of a film and of its edits.

    Raises ``VideoError`` and ``InputError`` as ``extract`` does, ``InputError`` for a long part of a film that has to
    be read anew, and whatever ``report`` raises to cancel; what was encoded is kept. Cost: that of ``extract`` once; no
    encoder call for edits in time of a ``frame_independent`` model, one pass over the part for each other edit.
    """
    spec, frames = model.spec, _Decoded(services, part)
    from_cache = spec.frame_independent
    problems: tuple[str, ...] = ()
    n_encoded = 0
    if from_cache or part.is_whole:
        extracted = extract(services, part.video, model, part.sampling, report, reuse_below=reuse_below)
        problems = (extracted.problem,) if extracted.problem else ()
        own = extracted.features if part.is_whole else _rows(extracted.features, slice(part.start, part.stop))
        is_kept = extracted.from_cache
    else:
        if why_not := _too_long(part):
            raise InputError(f"{spec.title} reads several frames at once, so that a part is read anew. {why_not}")
        own, n_encoded = _encoded(services, model, part, IDENTITY, frames, report)
        is_kept = not n_encoded
    other = None
    if part.other is not None and from_cache and any(kind.needs_other for kind in kinds):
        other = extract(services, part.other, model, part.sampling, report, reuse_below=reuse_below).features
    edits: list[FilmEdit] = []
    rows, missing = [Weighted(own, np.ones(len(own.times_s), np.int64))], []
    both: VideoFeatures | None = None
    for kind in kinds:
        is_encoded = not from_cache or kind.paint is not None
        why = _why_not(part, kind, is_encoded)
        shown = None if why or kind.paint is not None else part.shown(kind)
        if shown is not None and np.array_equal(shown, np.arange(part.n_frames)):
            why = "It would leave the video as it is; choose a longer part."
        if why:
            missing.append(Unedited(kind.name, why))
            continue
        same_mean = False
        if is_encoded or shown is None:
            try:
                found, n_more = _encoded(services, model, part, kind, frames, report)
            except _Unchanged:
                missing.append(Unedited(kind.name, "It leaves every picture as it is; nothing would be changed."))
                continue
            n_encoded += n_more
            rows.append(Weighted(found, np.ones(len(found.times_s), np.int64)))
        else:
            if kind.needs_other and other is not None:
                both = both or _joined(own, other)
            held = both if kind.needs_other and both is not None else own
            counts = _counts(shown, part.n_frames, len(held.times_s))
            same_mean = bool((counts == 1).all()) and held is own
            rows.append(Weighted(held, counts))
        edits.append(FilmEdit(kind.name, kind.role, kind.title, kind.control, same_mean))
    return EditedFilm(tuple(edits), tuple(rows), tuple(missing), n_encoded, is_kept and not n_encoded, problems)


def edited_pixels(services: Services, part: Part, kind: FilmKind) -> Pixels | Cut:
    """Return the pictures of an edit, to be watched. Raises ``VideoError`` where the film cannot be decoded."""
    return _Decoded(services, part).edited(kind)


def why_not_shown(part: Part, kind: FilmKind) -> str:
    """Return why an edit of a film cannot be watched, in one sentence, or nothing."""
    return _why_not(part, kind, is_encoded=True)


def _why_not(part: Part, kind: FilmKind, is_encoded: bool) -> str:
    if part.n_frames < kind.fewest:
        frames = "one frame" if part.n_frames == 1 else f"{part.n_frames} frames"
        return f"It has {frames} at this sampling, and {kind.fewest} are needed; choose more, or sample more a second."
    if kind.needs_other and part.other is None:
        return "There is no other video to take a part of; add one."
    return _too_long(part) if is_encoded else ""


def _too_long(part: Part) -> str:
    n_bytes = part.n_frames * part.video.width_px * part.video.height_px * 3
    if part.n_frames > MOST_FRAMES or n_bytes > _MOST_BYTES:
        most = min(MOST_FRAMES, max(1, part.n_frames * _MOST_BYTES // n_bytes))
        seconds = most / part.sampling.rate_for(part.video.duration_s)
        return f"Its {part.n_frames:,} frames would have to be encoded again; choose a part of {seconds:.0f} s or less."
    return ""


def _counts(shown: Int64[np.ndarray, "shown"], n_frames: int, n_rows: int) -> Int64[np.ndarray, "time"]:
    """Return how often each row counts, in the smallest numbers: the same proportions are the same array.

    The frames of another film begin anew where they end.
    """
    beyond = shown >= n_frames
    if beyond.any():
        shown = shown.copy()
        shown[beyond] = n_frames + (shown[beyond] - n_frames) % (n_rows - n_frames)
    counts = np.bincount(shown, minlength=n_rows)
    return counts // math.gcd(*counts.tolist())


def _rows(features: VideoFeatures, part: slice) -> VideoFeatures:
    context = None if features.context is None else features.context[part]
    return replace(features, times_s=features.times_s[part], frames=features.frames[part], context=context)


def _joined(own: VideoFeatures, other: VideoFeatures) -> VideoFeatures:
    return replace(
        own,
        times_s=np.concatenate([own.times_s, other.times_s]),
        frames=np.concatenate([own.frames, other.frames]),
    )


@dataclass(eq=False)
class _Decoded:
    """The pictures of a part of a film, decoded when the first edit asks for them."""

    services: Services
    part: Part
    _held: dict[str, Pixels] = field(default_factory=dict)

    def edited(self, kind: FilmKind) -> Pixels | Cut:
        """Return the pictures that the edit shows."""
        part = self.part
        pixels = self.own
        if kind.paint is not None:
            return kind.paint(pixels, part.rng(kind))
        shown = part.shown(kind)
        if kind.needs_other and part.other is not None:
            wanted = int((shown >= part.n_frames).sum())
            other = self._film(part.other, 0, wanted)
            other = _resized(other[np.arange(wanted) % len(other)], pixels.shape[1:3])
            pixels = np.concatenate([pixels, other])
        return pixels[shown]

    @property
    def own(self) -> Pixels:
        """Return the pictures of the part as they are."""
        return self._film(self.part.video, self.part.start, self.part.stop)

    def _film(self, video: VideoInfo, start: int, stop: int) -> Pixels:
        if video.id not in self._held:
            with closing(decode_ahead(self.services.library, video, self.part.sampling, start, stop)) as batches:
                self._held[video.id] = np.concatenate([batch.pixels for batch in batches])
        return self._held[video.id]


def _resized(pixels: Pixels, size: tuple[int, int]) -> Cut:
    if pixels.shape[1:3] == size:
        return pixels
    return np.stack([np.asarray(Image.fromarray(frame).resize(size[::-1])) for frame in pixels])


def _encoded(
    services: Services, model: VideoTextModel, part: Part, kind: FilmKind, frames: _Decoded, report: Report
) -> tuple[VideoFeatures, int]:
    """Return what the model makes of an edited film, and how many rows were encoded for it; kept."""
    other = ""
    if kind.needs_other and part.other is not None:
        other = f"{part.other.id} at {part.sampling.rate_for(part.other.duration_s)!r}"
    named = f"edited film, version {_VERSION}, {kind.name}, seed {part.seed}, to {part.stop}, with {other}"
    key = row_key(named, part.video, model.spec, part.sampling, part.start)
    counted: Counter[str] = Counter()

    def compute() -> dict[str, np.ndarray]:
        pixels = frames.edited(kind)
        if kind.paint is not None and np.array_equal(pixels, frames.own):
            raise _Unchanged
        made = list(_read(model, part, pixels, kind, report))
        counted["rows"] += sum(len(found.times_s) for found in made)
        names = ["times_s", "frames", *([] if made[0].context is None else ["context"])]
        return {name: np.concatenate([getattr(found, name)[:] for found in made]) for name in names}

    what = Progress(0, 0, f"Waiting for {part.video.title} to be encoded with {model.spec.title}", is_waiting=True)
    arrays: dict[str, Any] = services.store.get_or_compute(key, compute, functools.partial(report, what))
    return VideoFeatures(part.video.id, model.spec.id, **arrays), counted["rows"]


def _read(model: VideoTextModel, part: Part, pixels: Pixels, kind: FilmKind, report: Report) -> Iterator[VideoFeatures]:
    """Yield the features of pictures that follow one another, a few rows at a time."""
    step_s = 1 / part.sampling.rate_for(part.video.duration_s)
    batches = (
        FrameBatch(part.video.id, part.sampling, pixels[at : at + BATCH_FRAMES], step_s * np.arange(at, past))
        for at in range(0, len(pixels), BATCH_FRAMES)
        for past in [min(at + BATCH_FRAMES, len(pixels))]
    )
    plan = Plan(len(pixels), model.spec.window_frames, model.spec.window_step)
    what, done = f"Encoding {part.video.title} {kind.title} with {model.spec.title}", 0
    report(Progress(0, plan.n_rows, what, unit="picture"))
    for windows in regrouped(in_windows(batches, plan), plan.window, lambda: model.placement.rows_at_once):
        yield model.encode_frames(windows)
        done += len(windows.times_s) // plan.window
        report(Progress(done, plan.n_rows, what, unit="picture"))


def whole(features: VideoFeatures) -> Weighted:
    """Return all rows of a film, each as much as another."""
    return Weighted(features, np.ones(len(features.times_s), np.int64))
