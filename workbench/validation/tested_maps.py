"""Are the verdicts on maps right? Maps of the toy world, all methods in turn, tested and tested again.

Separate from what is claimed of it, since the benchmark asks the same of more maps. "Better than random" is right where
a map also does better than 95 % of fresh random orders. Then the same maps of a model that has learned nothing: the
trained one with its weights drawn anew, in its own place.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from workbench.analyses.analysis import Report, silent
from workbench.analyses.map_methods import METHODS
from workbench.analyses.services import Services
from workbench.analyses.verdicts import is_about_model, is_about_sentence, is_better_than_random
from workbench.models.protocol import Differentiable, VideoTextModel
from workbench.models.registry import ModelRegistry
from workbench.types.maps import Evidence, HeatMaps
from workbench.types.outcome import Progress
from workbench.validation.planted_objects import MODEL, Case

N_FRESH = 3
"""Fresh orders come 19 at a time: as many seeds of the same question."""
REALLY_BETTER = "better than random, and better than 95 % of fresh orders"
NOT_SAID = "weights drawn anew: not said to be about what it has learned"


def trained_verdicts(found: Sequence[Case], report: Report = silent) -> dict[str, list[float]]:
    """Return what is said of each map, 1 where it is so; of those better than random, whether they are."""
    names = ("better than random", "about what the model has learned", "depends on the sentence", REALLY_BETTER)
    told: dict[str, list[float]] = {name: [] for name in names}
    for number, (case, method) in enumerate(zip(found, itertools.cycle(METHODS), strict=False)):
        report(Progress(number, len(found), "Where it looked: testing maps", unit="picture"))
        maps = case.maps(method, has_evidence=True)
        evidence = _evidence_of(maps)
        told["better than random"].append(float(is_better_than_random(evidence, 0)))
        told["about what the model has learned"].append(float(is_about_model(evidence, 0) is True))
        told["depends on the sentence"].append(float(is_about_sentence(maps, evidence, 0) is True))
        if is_better_than_random(evidence, 0):
            told[REALLY_BETTER].append(float(_is_really_better(case, evidence)))
    return told


def redrawn_verdicts(services: Services, found: Sequence[Case], report: Report = silent) -> dict[str, list[float]]:
    """Return what is said of the maps of a model that has learned nothing."""
    names = ("better than random", "not said to be about what it has learned", "said not to be", "not shown to be")
    told: dict[str, list[float]] = {f"weights drawn anew: {name}": [] for name in names}
    trained = services.models.load(MODEL)
    assert isinstance(trained, Differentiable)
    drawn = replace(services, models=_Only(services, trained.redrawn(7)))
    for number, (case, method) in enumerate(zip(found, itertools.cycle(METHODS), strict=False)):
        report(Progress(number, len(found), "Where it looked: testing maps of weights drawn anew", unit="picture"))
        evidence = _evidence_of(replace(case, services=drawn).maps(method, has_evidence=True))
        said = evidence.verdicts[0][1].removeprefix("About what the model has learned: ")
        answers = (
            is_better_than_random(evidence, 0),
            is_about_model(evidence, 0) is False,
            said.startswith("no,"),
            said.startswith("not shown,"),
        )
        for name, answer in zip(told, answers, strict=True):
            told[name].append(float(answer))
    return told


class _Only(ModelRegistry):
    """Models of which there is one."""

    def __init__(self, services: Services, model: VideoTextModel) -> None:
        super().__init__(services.settings)
        self._model = model

    def load(self, model_id: str) -> VideoTextModel:
        """Return the one model, whatever is asked for."""
        return self._model


def _evidence_of(maps: HeatMaps) -> Evidence:
    assert maps.evidence is not None
    return maps.evidence


def _is_really_better(case: Case, evidence: Evidence) -> bool:
    fresh = [_evidence_of(case.maps("raw", has_evidence=True, seed=seed)) for seed in range(1, 1 + N_FRESH)]
    areas = np.concatenate([other.random_areas[0] for other in fresh])
    return bool((areas >= evidence.insertion_areas[0]).mean() <= 0.05)
