"""What of the looks and of the motion of clips can be read from the space of a model?

Separate from maps and comparisons: here a space is held against what a file says of its films.
Source: Lee et al., TWLV-I, arXiv:2408.11318, 2024 (an embedding is asked for appearance and for motion apart).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float32

from workbench.analyses.analysis import Control, Report, check_ranges, controls, parameter, silent
from workbench.analyses.captions import captions_of
from workbench.analyses.clip_features import clip_features
from workbench.analyses.clips import Clip
from workbench.analyses.examine_texts import about_examination, examination_as_json, examinations_as_text
from workbench.analyses.ground import MomentParams
from workbench.analyses.provenance import provenance_of
from workbench.analyses.services import Services
from workbench.core.probing import Probe, knn_accuracy, linear_probe, uniformity
from workbench.errors import InputError
from workbench.store.keys import cache_key
from workbench.types.comparison import Examination, ProbeKind, Reading
from workbench.types.outcome import Outcome, Progress
from workbench.types.video import SamplingSpec

FEWEST_CLIPS = 2
_SAMPLED = controls(MomentParams)


@dataclass(frozen=True)
class ExamineParams:
    """Which clips, with what is known of them, are examined in the space of which model, and how."""

    clips: tuple[Clip, ...]
    model: str
    fps: float = parameter(MomentParams.fps, _SAMPLED["fps"])
    max_frames: int = parameter(MomentParams.max_frames, _SAMPLED["max_frames"])
    reuse_below: float = parameter(MomentParams.reuse_below, _SAMPLED["reuse_below"])
    n_neighbours: int = parameter(
        5, Control("Neighbours", "How many of the nearest clips vote for a label", 1, 200, 1, flag="neighbours")
    )
    seed: int = parameter(0, Control("Seed", "Which of many folds and draws are taken", 0, 2**32 - 1, 1))


class Examine:
    """Labels by neighbours and by a linear map, captions by rank, and how clips are spread; grouped by video."""

    id: ClassVar[str] = "examine"
    title: ClassVar[str] = "Examination"
    question: ClassVar[str] = "What that is known of clips, such as a colour or an action, can be read from a space?"
    Params: ClassVar[type] = ExamineParams

    def run(self, services: Services, params: ExamineParams, report: Report = silent) -> Outcome[Examination]:
        """Return what can be read from the space of one model.

        Raises ``InputError``, ``VideoError`` or ``ModelError``, each one sentence with what to do, and whatever
        ``report`` raises to cancel.
        Cost: features once, as for ``ground``; then a regression for each label. Where captions are read against the
        video, each of them against the rows of every clip.
        """
        started = time.monotonic()
        check_ranges(params)
        if len(params.clips) < FEWEST_CLIPS:
            raise InputError(f"An examination needs {FEWEST_CLIPS} clips or more; add rows to the file.")
        left_out = dict(_left_out(params.clips))
        names = [name for name in _label_names(params.clips) if name not in left_out]
        if not names and not any(clip.caption for clip in params.clips):
            raise InputError(next(iter(left_out.values()), "No row has labels or a caption; add some to the file."))
        model, sampling = services.models.load(params.model), SamplingSpec(params.fps, params.max_frames)
        seen = clip_features(services, params.clips, model, sampling, params.reuse_below, report)
        probed = []
        for at, name in enumerate(names):
            report(Progress(at, len(names), f"Reading labels with {model.spec.title}", unit="label"))
            probed.append(_probed(seen.rows, params, name))
        captions, said = captions_of(services, params.clips, model, seen, report)
        found = Examination(
            title=model.spec.title,
            n_clips=len(params.clips),
            n_videos=len({clip.video for clip in params.clips}),
            readings=tuple(reading for readings, _ in probed for reading in readings),
            captions=captions,
            uniformity=uniformity(seen.rows),
            warnings=(*left_out.values(), *(told for _, more in probed for told in more), *seen.problems, *said),
        )
        found = replace(found, conclusion=about_examination(found))
        made = provenance_of(self.id, params, seen.first, model, sampling, started, seen.is_from_cache, params.seed)
        named = {
            **{name: value for name, value in made.parameters.items() if name != "clips"},
            "n_clips": found.n_clips,
            "clips_sha256": cache_key(clips=[asdict(clip) for clip in params.clips]),
        }
        return Outcome(found, replace(made, parameters=named))

    def as_json(self, outcome: Outcome[Examination]) -> dict[str, Any]:
        """Return the answer in plain JSON types; the keys are the command line's contract."""
        return examination_as_json(outcome)

    def as_text(self, outcome: Outcome[Examination]) -> str:
        """Return the answer as a table for a terminal."""
        return examinations_as_text([outcome.result])


def _label_names(clips: tuple[Clip, ...]) -> list[str]:
    return list(dict.fromkeys(name for clip in clips for name in clip.labels))


def _left_out(clips: tuple[Clip, ...]) -> Iterator[tuple[str, str]]:
    """Yield every label that cannot be examined, and why: each value must be in two videos, and there be two values."""
    for name in _label_names(clips):
        known = dict.fromkeys((clip.labels[name], clip.video) for clip in clips if name in clip.labels)
        n_videos = Counter(value for value, _ in known)
        rare = min(n_videos, key=lambda value: n_videos[value])
        if len(n_videos) < 2:
            yield name, f"“{name}” is left out: it is “{rare}” in all clips, and two values are needed to tell apart."
        elif n_videos[rare] < 2:
            yield (
                name,
                f"“{name}” is left out: “{rare}” is in one video alone, so no other tells of it; add one that does.",
            )


def _probed(
    features: Float32[np.ndarray, "clip dim"], params: ExamineParams, name: str
) -> tuple[list[Reading], list[str]]:
    """Return how a label is read by each probe, and what is to be said of that."""
    rows = [at for at, clip in enumerate(params.clips) if name in clip.labels]
    values = np.array([params.clips[at].labels[name] for at in rows])
    videos = np.array([params.clips[at].video for at in rows])
    n_others = len(rows) - max(Counter(videos.tolist()).values())
    k, said = min(params.n_neighbours, n_others), []
    if k < params.n_neighbours:
        said.append(f"“{name}” has {n_others} clips of other videos to go by, so that only {k} vote.")

    def reading(probe: ProbeKind, found: Probe, n_neighbours: int = 0) -> Reading:
        return Reading(
            label=name,
            probe=probe,
            accuracy=found.accuracy,
            chance=found.chance,
            interval=found.interval,
            per_value=dict(found.per_label),
            n_clips=found.n_items,
            n_videos=len(set(videos.tolist())),
            n_neighbours=n_neighbours,
        )

    readings = [reading("neighbours", knn_accuracy(features[rows], values, videos, k, params.seed), k)]
    try:
        readings.append(reading("linear", linear_probe(features[rows], values, videos, params.seed)))
    except InputError as problem:  # the label itself was checked, so it is how its videos were dealt
        said.append(f"“{name}” is not read by a linear map. {problem}")
    return readings, said
