"""What a model makes of clips: the unit mean of its rows in each.

Separate from what is asked of them; features of a film are taken once, whatever clips it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int64

from workbench.analyses.analysis import Report
from workbench.analyses.clips import Clip
from workbench.analyses.extraction import extract
from workbench.analyses.matched import matched, rows_within
from workbench.analyses.services import Services
from workbench.models.protocol import VideoTextModel
from workbench.types.features import VideoFeatures
from workbench.types.outcome import Progress
from workbench.types.video import SamplingSpec, VideoInfo


@dataclass(frozen=True, eq=False)
class ClipFeatures:
    """A unit row for every clip, and which rows of its film, by the film's id, it is the mean of.

    ``first`` is the film of the first clip.
    """

    rows: Float32[np.ndarray, "clip dim"]
    bounds: Int64[np.ndarray, "clip 2"]
    films: dict[str, VideoFeatures]
    first: VideoInfo
    is_from_cache: bool
    problems: tuple[str, ...]


def clip_features(
    services: Services,
    clips: Sequence[Clip],
    model: VideoTextModel,
    sampling: SamplingSpec,
    reuse_below: float,
    report: Report,
) -> ClipFeatures:
    """Return what the model makes of every clip.

    Raises ``VideoError`` and ``InputError`` as ``extract`` does, and whatever ``report`` raises to cancel. Cost: that
    of ``extract``, film by film.
    """
    rows = np.empty((len(clips), model.spec.dim), np.float32)
    bounds = np.empty((len(clips), 2), np.int64)
    films: dict[str, VideoFeatures] = {}
    problems: dict[str, None] = {}
    is_from_cache, n_without = True, 0
    video_ids = list(dict.fromkeys(clip.video for clip in clips))
    for number, video_id in enumerate(video_ids):
        video = services.library.get(video_id)
        told = report if len(video_ids) == 1 else _by_video(report, number, len(video_ids), model.spec.title)
        extracted = extract(services, video, model, sampling, told, reuse_below=reuse_below)
        is_from_cache &= extracted.from_cache
        if extracted.problem:
            problems[extracted.problem] = None
        films[video_id] = extracted.features
        own = [at for at, clip in enumerate(clips) if clip.video == video_id]
        spans = np.array([[clips[at].start_s, clips[at].end_s] for at in own], np.float64)
        bounds[own], holds_any = rows_within(extracted.features.times_s, spans)
        rows[own] = matched(extracted.features.frames, bounds[own])
        n_without += int((~holds_any).sum())
    if n_without:
        are = "is" if n_without == 1 else "are"
        problems[
            f"{n_without:,} of the clips {are} so short that {model.spec.title} has no row in them, so that the "
            "nearest stands for each; sample more frames a second."
        ] = None
    if model.spec.window_frames > 1:
        problems[
            f"{model.spec.title} reads {model.spec.window_frames} frames at once, so that near its ends a clip is "
            "seen with what is beside it."
        ] = None
    first = services.library.get(clips[0].video)
    return ClipFeatures(rows, bounds, films, first, is_from_cache, tuple(problems))


def _by_video(report: Report, number: int, n_videos: int, title: str) -> Report:
    """Return a report that tells how many of the videos are read: clips are of many short ones."""
    step = Progress(number, n_videos, f"Reading videos with {title}", unit="video")
    report(step)
    return lambda within: report(step)
