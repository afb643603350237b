"""When is this sentence true of the video? Frame features, sentences and a null, put together.

The numerics are ``core.grounding``; this file fetches what they need and says what was done.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

import numpy as np

from workbench.analyses.analysis import Control, Report, check_ranges, parameter, silent
from workbench.analyses.chunks import chunk_keys, plan_of
from workbench.analyses.extraction import Extracted, extract
from workbench.analyses.looks import Looks
from workbench.analyses.nulls import nulls_for
from workbench.analyses.plain import plain
from workbench.analyses.prompts import Asked, ask, curves_of
from workbench.analyses.provenance import provenance_of
from workbench.analyses.queries import checked_queries
from workbench.analyses.services import Services
from workbench.core import grounding
from workbench.models.protocol import Capability, VideoTextModel
from workbench.store.keys import cache_key
from workbench.types.features import VideoFeatures
from workbench.types.grounding import Grounding
from workbench.types.outcome import Outcome, Progress
from workbench.types.video import SamplingSpec, VideoInfo

_NEGATION = re.compile(r"\b(no|not|never|without|nothing|nobody|none)\b|n't\b", re.IGNORECASE)
_CONTRAST_VERSION = 2
"""Raised whenever the same features give other curves of distractors than before."""


@dataclass(frozen=True)
class MomentParams:
    """What the moments of sentences depend on: a video of the library, sentences, a model, how closely to look."""

    video: str
    queries: tuple[str, ...]
    model: str
    fps: float = parameter(2.0, Control("Sampling", "Frames read from each second of the video", 0.1, 30.0, 0.1, "fps"))
    max_frames: int = parameter(
        20_000, Control("Most frames", "A longer video is sampled more thinly", 1, 200_000, 1, "frames")
    )
    smoothing_s: float = parameter(
        grounding.SMOOTHING_S,
        Control("Smoothing", "Width of the moving average over frame features", 0.0, 30.0, 0.5, "seconds"),
    )
    reuse_below: float = parameter(
        0.0,
        Control("Reuse", "Frames that differ by less, of 255, share a feature; 0: none do", 0.0, 30.0, 0.5, "levels"),
    )

    def shared(self) -> dict[str, Any]:
        """Return all that moments depend on by name: another question about the very same ones begins with it."""
        return {item.name: getattr(self, item.name) for item in fields(MomentParams)}


@dataclass(frozen=True)
class GroundParams(MomentParams):
    """What is asked of them: whether a sentence is in the video, and how many moments are shown."""

    error_rate: float = parameter(
        0.01, Control("Error rate", "How often an absent sentence may be called present", 0.0001, 0.49, 0.01)
    )
    max_moments: int = parameter(10, Control("Most moments", "Most moments shown for a sentence", 1, 50, 1))


class Ground:
    """Moment grounding with an ensemble of prompts, contrast against other sentences, and a null."""

    id: ClassVar[str] = "ground"
    title: ClassVar[str] = "Moments"
    question: ClassVar[str] = "When is this sentence true of the video?"
    requires: ClassVar[frozenset[Capability]] = frozenset()
    takes_many: ClassVar[bool] = True
    Params: ClassVar[type] = GroundParams

    def run(self, services: Services, params: GroundParams, report: Report = silent) -> Outcome[Grounding]:
        """Return when each query is true.

        Raises ``QueryError``, ``InputError``, ``VideoError`` or ``ModelError``, each one sentence with
        what to do, and whatever ``report`` raises to cancel.
        Cost: one pass over the video the first time; one text pass and one matrix product afterwards.
        """
        started = time.monotonic()
        check_ranges(params)
        queries = checked_queries(params.queries, services.settings)
        video = services.library.get(params.video)
        model = services.models.load(params.model)
        sampling = SamplingSpec(params.fps, params.max_frames)
        asked = ask(services, model, queries)
        looks = Looks(model, asked, sampling.rate_for(video.duration_s), report)
        extracted = extract(
            services, video, model, sampling, looks.report, reuse_below=params.reuse_below, seen=looks.seen
        )
        times_s = extracted.features.times_s
        keys = chunk_keys(video, model.spec, sampling, params.reuse_below)
        contrast = _contrast(services, model, keys, extracted.features, params.smoothing_s, report)
        level = [float(contrast[name].mean()) for name in ("background", "best")]
        nulls = nulls_for(model.spec, video, sampling, asked, level, len(times_s))
        found = grounding.ground(
            queries,
            curves_of(services, model, asked, extracted.features, keys, report, looks.whole(times_s)),
            times_s,
            contrast["background"],
            contrast["peaks"],
            measured=nulls.measured,
            smoothing_s=params.smoothing_s,
            error_rate=params.error_rate,
            max_moments=params.max_moments,
            duration_s=video.duration_s,
        )
        found = replace(
            found,
            p_absent=np.where(nulls.is_open, np.nan, found.p_absent),
            is_in_video=found.is_in_video & ~nulls.is_open,
            warnings=found.warnings + _warnings(asked, found, model, video, sampling, extracted) + nulls.warnings,
            window_s=_window_s(model, video, sampling),
        )
        return Outcome(found, provenance_of(self.id, params, video, model, sampling, started, extracted.from_cache))

    def as_json(self, outcome: Outcome[Grounding]) -> dict[str, Any]:
        """Return the answer in plain JSON types; the keys are the command line's contract."""
        found = outcome.result
        return {
            "provenance": plain(outcome.provenance),
            "times_s": plain(found.times_s),
            "queries": list(found.queries),
            "saliency": plain(found.saliency),
            "similarity": plain(found.similarity),
            "moments": plain(found.moments),
            "in_video": _decided(found, found.is_in_video.tolist()),
            "p_absent": plain(found.p_absent),
            "error_rate": found.error_rate,
            "null": _decided(found, [absent.kind for absent in found.absent]),
            "window_s": found.window_s,
            "warnings": list(found.warnings),
        }

    def as_text(self, outcome: Outcome[Grounding]) -> str:
        """Return each query with its moments and whether it is in the video."""
        found = outcome.result
        lines = [windows] if (windows := window_sentence(found)) else []
        for at, query in enumerate(found.queries):
            lines.append(f"{query}: {presence_sentence(found, at)}")
            lines += [f"  {clock(m.start_s)} to {clock(m.end_s)}  score {m.score:.3f}" for m in found.moments[at]]
        return "\n".join(lines)


def _decided(found: Grounding, values: Sequence[Any]) -> list[Any]:
    """Return a value a query, None where whether it is in the video cannot be said."""
    return [None if np.isnan(p) else value for p, value in zip(found.p_absent, values, strict=True)]


def window_sentence(found: Grounding) -> str:
    """Return how sharp moments can be where a value is of a window of frames; nothing where it is of one."""
    if not found.window_s or len(found.times_s) == 1:  # of one value alone a warning tells
        return ""
    return (
        f"read in windows {found.window_s:.3g} s long, so moments are no sharper than about {found.window_s / 2:.2g} s"
    )


def presence_sentence(found: Grounding, at: int) -> str:
    """Return whether query ``at`` is in the video, in words, with the error rate of the decision."""
    p = found.p_absent[at]
    if np.isnan(p):
        return "whether it is in this video cannot be said"
    chance = f"an absent sentence peaks this high with probability {_probability(p)}"
    verdict = "in this video" if found.is_in_video[at] else "not in this video, as far as this model can tell"
    basis = (
        "as measured" if found.absent[at].kind == "measured" else "as estimated, which can be off by a factor of four"
    )
    return f"{verdict} ({chance}, {basis}; decided at {found.error_rate:.2g})"


def _probability(p: float) -> str:
    return "below 0.0001" if p < 1e-4 else f"{p:.2g}"


def clock(seconds: float) -> str:
    """Return seconds as ``0:07.4`` or ``1:02:07.5``."""
    minutes, tenths = divmod(max(0, round(seconds * 10)), 600)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{tenths / 10:04.1f}" if hours else f"{minutes}:{tenths / 10:04.1f}"


def _window_s(model: VideoTextModel, video: VideoInfo, sampling: SamplingSpec) -> float:
    """Return the seconds from the first to the last frame of a window, or of a video that is shorter."""
    plan = plan_of(video, model.spec, sampling)
    return (min(plan.window, plan.n_frames) - 1) / sampling.rate_for(video.duration_s)


def _contrast(
    services: Services,
    model: VideoTextModel,
    chunks: list[str],
    features: VideoFeatures,
    smoothing_s: float,
    report: Report,
) -> dict[str, np.ndarray]:
    """Return what the distractors get in this video: their mean and highest curves, and each one's peak.

    ``background [time]``, ``best [time]``, ``peaks [distractor]``: kept, as they are the same for every query.
    """
    key = cache_key(
        kind="contrast",
        version=_CONTRAST_VERSION,
        chunks=chunks,
        distractors=model.spec.distractors,
        prompts=model.spec.prompts,
        smoothing_s=smoothing_s,
    )

    def compute() -> dict[str, np.ndarray]:
        if not model.spec.distractors:
            nothing = np.zeros(len(features.times_s), np.float32)
            return {"background": nothing, "best": nothing, "peaks": np.zeros(0)}
        curves = ask(services, model, model.spec.distractors).curves(model, features, report)
        return {
            "background": curves.mean(axis=0),
            "best": curves.max(axis=0),
            "peaks": grounding.distractor_peaks(curves, features.times_s, smoothing_s),
        }

    what = f"Waiting for distractors to be read with {model.spec.title}"
    return services.store.get_or_compute(key, compute, lambda: report(Progress(0, 0, what, is_waiting=True)))


def _warnings(
    asked: Asked,
    found: Grounding,
    model: VideoTextModel,
    video: VideoInfo,
    sampling: SamplingSpec,
    extracted: Extracted,
) -> tuple[str, ...]:
    """Return what a person should know before believing the answer, one sentence each."""
    said = []
    title = model.spec.title
    if unknown := dict.fromkeys(word for words in asked.unknown_words for word in words):
        named = ", ".join(f"“{_shortened(word)}”" for word in unknown)
        said.append(f"{title} has never seen {named}: it cannot tell whether a sentence with such a word is true.")
    for text, is_cut in zip(asked.texts, asked.is_truncated, strict=False):
        if is_cut:
            said.append(f"“{_shortened(text)}” is longer than {title} reads; its end was cut off.")
    for text in asked.texts:
        if _NEGATION.search(text):
            said.append(f"“{_shortened(text)}” denies something; such models are known to read past a “no” or “not”.")
    rate = sampling.rate_for(video.duration_s)
    if rate < sampling.fps:
        said.append(f"At most {sampling.max_frames:,} frames are read, so here {rate:.2g} a second.")
    n_known = min((len(absent.peaks) for absent in found.absent if absent.kind == "measured"), default=None)
    if n_known and found.error_rate < 1 / (n_known + 1):
        said.append(
            f"No sentence can pass at an error rate of {found.error_rate:g}: {n_known} absent sentences were measured; "
            f"choose {1 / (n_known + 1):.2g} or more."
        )
    if extracted.problem:
        said.append(extracted.problem)
    return tuple(said)


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
