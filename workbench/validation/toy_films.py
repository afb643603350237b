"""Films of the toy world that nothing was trained on, with what was planted in them.

Separate because exams of several instruments ask about the same films, which are drawn once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.analyses.analysis import Report, silent
from workbench.analyses.services import Services
from workbench.media.encode import write_video
from workbench.toyworld import dataset
from workbench.toyworld.story import Story, random_story
from workbench.types.outcome import Progress
from workbench.types.video import VideoInfo

SEEDS, N_FILMS = (101, 2024), 10
"""Of each, the first films. On either alone one share is just below its bar, and not the same: so both count."""


@dataclass(frozen=True)
class ToyFilm:
    """A film of the library, the ``story`` it was drawn from, and sentences that are in it, or are not.

    ``queries`` are rows of ``dataset.truth_row``, whose numbers are their own among all films of a seed alone.
    """

    story: Story
    video: VideoInfo
    queries: list[dict[str, Any]]


def films_of_all(services: Services, folder: Path, report: Report = silent) -> list[ToyFilm]:
    """Return the films that are asked about by exams: the first of all ``SEEDS``."""
    return [film for seed in SEEDS for film in toy_films(services, folder, seed, N_FILMS, report)]


def toy_films(services: Services, folder: Path, seed: int, n_films: int, report: Report = silent) -> list[ToyFilm]:
    """Return the films of ``seed``, drawn into ``folder`` unless they are there, and opened through the library."""
    drawn = folder / f"films-{seed}-{n_films}"
    if not (drawn / "truth.jsonl").exists():

        def tell(done: int, what: str) -> None:
            report(Progress(done, n_films, "Drawing films", unit="video"))

        dataset.make(drawn, seed, n_films, write_video, report=tell)
    rows = [json.loads(line) for line in (drawn / "truth.jsonl").read_text(encoding="utf-8").splitlines()]
    return [
        ToyFilm(
            random_story(seed, index, "test"), services.library.open_path(drawn / f"{row['vid']}.mp4"), row["queries"]
        )
        for index, row in enumerate(rows)
    ]
