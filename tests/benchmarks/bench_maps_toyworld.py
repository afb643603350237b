"""Maps against planted truth, on unseen films of the toy world: do they point at what the sentence names?

``python -m tests.benchmarks.bench_maps_toyworld [SEED ...]``: films on disk, the library, ``Attribute``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from workbench.analyses.map_methods import METHODS
from workbench.analyses.map_texts import title_of
from workbench.errors import WorkbenchError
from workbench.settings import Settings
from workbench.validation.exams import examined
from workbench.validation.planted_objects import MODEL, TOLERANCE_PX, cases, pointed
from workbench.validation.toy_films import toy_films

SEEDS, N_FILMS = (301, 302), 12


def main(seeds: Sequence[int]) -> None:
    """Print the share of objects that each method points at, best first."""
    with examined(Settings()) as (services, folder):
        films = [film for seed in seeds for film in toy_films(services, folder, seed, N_FILMS)]
        found = pointed(list(cases(services, films)))
    print(f"| {MODEL}, {len(found.cases)} objects in {len(films)} unseen films | within {TOLERANCE_PX} px | on it |")
    print("|---|---|---|")
    for method in sorted(METHODS, key=lambda name: -found.share(name, TOLERANCE_PX)):
        print(f"| {title_of(method)} | {found.share(method, TOLERANCE_PX):.3f} | {found.share(method, 0):.3f} |")
    print(f"| any point of the picture | {found.chance(TOLERANCE_PX):.3f} | {found.chance(0):.3f} |")


if __name__ == "__main__":
    try:
        main([int(seed) for seed in sys.argv[1:]] or SEEDS)
    except WorkbenchError as problem:
        sys.exit(str(problem))
