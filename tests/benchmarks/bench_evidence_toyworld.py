"""Is the evidence for maps right? 200 maps of the toy world, all methods in turn, tested and tested again.

``python -m tests.benchmarks.bench_evidence_toyworld``. Then the same maps of a model that has learned nothing. Last,
what it costs to test the maps of eight frames that are there and have never been tested, every method in a store of
its own.
"""

from __future__ import annotations

import itertools
import tempfile
import time
from pathlib import Path

import numpy as np

from workbench.analyses.attribute import Attribute, AttributeParams
from workbench.analyses.map_methods import METHODS
from workbench.analyses.services import Services
from workbench.settings import Settings
from workbench.types.maps import Evidence, HeatMaps
from workbench.validation.exams import examined
from workbench.validation.planted_objects import MODEL, cases
from workbench.validation.tested_maps import redrawn_verdicts, trained_verdicts
from workbench.validation.toy_films import toy_films

SEED, N_FILMS, N_MAPS = 501, 21, 200


def main() -> None:
    """Print how often verdicts are right, and what they take."""
    with examined(Settings()) as (services, folder):
        found = list(itertools.islice(cases(services, toy_films(services, folder, SEED, N_FILMS)), N_MAPS))
        told = trained_verdicts(found) | redrawn_verdicts(services, found)
    print(f"| verdict on {len(found)} maps of {MODEL}, {len(METHODS)} methods in turn | share | of |")
    print("|---|---|---|")
    for name, values in told.items():
        print(f"| {name} | {np.mean(values):.3f} | {len(values)} |")
    _print_cost()


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
