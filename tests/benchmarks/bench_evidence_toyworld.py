"""Is the evidence for maps right? 200 maps of the toy world, all methods in turn, tested and tested again.

``python -m tests.benchmarks.bench_evidence_toyworld``. "Better than random" is right where a map also does better than
95 % of fresh random orders. Then the same maps of a model that has learned nothing: the trained one with its weights
drawn anew, in its own place. Last, what it costs to test the maps of eight frames that are there and have never been
tested, every method in a store of its own.
"""

from __future__ import annotations

import itertools
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.benchmarks.bench_maps_toyworld import MODEL, Case, cases
from workbench.analyses.attribute import Attribute, AttributeParams
from workbench.analyses.map_methods import METHODS
from workbench.analyses.services import Services
from workbench.analyses.verdicts import is_about_model, is_about_sentence, is_better_than_random
from workbench.settings import Settings
from workbench.types.maps import Evidence, HeatMaps

SEED, N_FILMS, N_MAPS, N_FRESH = 501, 21, 200, 3
"""Fresh orders come 19 at a time: as many seeds of the same question."""


def main() -> None:
    """Print how often verdicts are right, and what they take."""
    with tempfile.TemporaryDirectory() as folder:
        _print_verdicts(list(itertools.islice(cases(Path(folder), SEED, N_FILMS), N_MAPS)))
    _print_cost()


def _print_verdicts(found: list[Case]) -> None:
    told: dict[str, list[bool]] = defaultdict(list)
    services = found[0].services
    trained = services.models.load(MODEL)
    for case, method in zip(found, itertools.cycle(METHODS), strict=False):
        maps = case.maps(method, evidence=True)
        evidence = maps.evidence
        assert evidence is not None
        told["better than random"].append(is_better_than_random(evidence, 0))
        told["about what the model has learned"].append(is_about_model(evidence, 0) is True)
        told["depends on the sentence"].append(is_about_sentence(maps, evidence, 0) is True)
        if is_better_than_random(evidence, 0):
            told["better than random, and better than 95 % of fresh orders"].append(_is_really_better(case, maps))
    drawn = trained.redrawn(7)  # type: ignore[attr-defined]
    services = replace(services, models=_Only(drawn))  # type: ignore[arg-type]
    for case, method in zip(found, itertools.cycle(METHODS), strict=False):
        evidence = replace(case, services=services).maps(method, evidence=True).evidence
        assert evidence is not None
        told["weights drawn anew: better than random"].append(is_better_than_random(evidence, 0))
        told["weights drawn anew: not said to be about what it has learned"].append(
            is_about_model(evidence, 0) is False
        )
        said = evidence.verdicts[0][1].removeprefix("About what the model has learned: ")
        told["weights drawn anew: said not to be"].append(said.startswith("no,"))
        told["weights drawn anew: not shown to be"].append(said.startswith("not shown,"))
    print(f"| verdict on {len(found)} maps of {MODEL}, {len(METHODS)} methods in turn | share | of |")
    print("|---|---|---|")
    for name, values in told.items():
        print(f"| {name} | {np.mean(values):.3f} | {len(values)} |")


class _Only:
    """Models of which there is one."""

    def __init__(self, model: object) -> None:
        self._model = model

    def load(self, model_id: str) -> object:
        return self._model


def _is_really_better(case: Case, maps: HeatMaps) -> bool:
    evidence = maps.evidence
    assert evidence is not None
    fresh = [case.maps("raw", evidence=True, seed=seed).evidence for seed in range(1, 1 + N_FRESH)]
    areas = np.concatenate([other.random_areas[0] for other in fresh if other is not None])
    return bool((areas >= evidence.insertion_areas[0]).mean() <= 0.05)


def _print_cost() -> None:
    print(f"\n| evidence for the maps of 8 frames, {MODEL}, 2 cores | seconds |\n|---|---|")
    for method in ("relevance", "legrad", "ig"):
        _print_cost_of(method)


def _print_cost_of(method: str) -> None:
    """Print what testing maps takes where nothing but the maps themselves is there, and where their tests are, too."""
    with tempfile.TemporaryDirectory() as folder:
        services = Services.create(Settings(home=Path(folder), offline=True, device="cpu"))
        video = services.library.examples()[0]
        query = services.library.queries_for(video.id)[0]

        def ask(has_evidence: bool) -> tuple[HeatMaps, float]:
            params = AttributeParams(video.id, (query,), MODEL, method=method, evidence=has_evidence)
            started = time.perf_counter()
            found = Attribute().run(services, params).result
            assert isinstance(found, HeatMaps)
            return found, time.perf_counter() - started

        ask(has_evidence=False)
        maps, took_s = ask(has_evidence=True)
        _, again_s = ask(has_evidence=True)
        assert isinstance(maps.evidence, Evidence)
        print(f"| {method}, {len(maps.times_s)} frames | {took_s:.2f}, again {again_s:.3f} |")


if __name__ == "__main__":
    main()
