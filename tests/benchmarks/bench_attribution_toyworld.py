"""Players with the largest values against planted truth, on unseen films of the toy world.

``python -m tests.benchmarks.bench_attribution_toyworld [SEED ...]``: films on disk, the library, ``Attribute``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np

from workbench.settings import Settings
from workbench.validation.exams import examined
from workbench.validation.planted_players import (
    BARS,
    Tally,
    add_cells,
    add_frames,
    add_phrase,
    add_words,
    add_words_of_windows,
    cases,
)
from workbench.validation.toy_films import toy_films

SEEDS, N_FILMS = (101, 102), 20


def main(seeds: Sequence[int]) -> None:
    """Print what is found, with the bars."""
    found = Tally(list)
    for seed in seeds:
        with examined(Settings()) as (services, folder):
            for case in cases(services, toy_films(services, folder, seed, N_FILMS)):
                for add in (add_words, add_words_of_windows, add_frames, add_cells, add_phrase):
                    add(found, case)
    print(
        f"| toyworld-frame, {N_FILMS * len(seeds)} unseen films, seeds {', '.join(map(str, seeds))} | measured | bar |"
    )
    print("|---|---|---|")
    for name, bar in BARS.items():
        print(f"| {name} ({len(found[name])}) | {np.mean(found[name]):.3f} | {'' if bar is None else f'{bar:.2f}'} |")


if __name__ == "__main__":
    main([int(seed) for seed in sys.argv[1:]] or SEEDS)
