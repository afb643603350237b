"""The whole path on films nobody has seen: mp4 on disk, decoder, features, moments, against planted truth.

Separate because the test of the bars and the table of the README must measure in the same way.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.analyses.ground import Ground
from workbench.analyses.services import Services
from workbench.core.metrics import evaluate_moments
from workbench.media.encode import write_video
from workbench.settings import Settings
from workbench.toyworld import dataset
from workbench.toyworld.calibration import absent_events, absent_objects
from workbench.toyworld.grammar import Sentence
from workbench.toyworld.seeds import generator
from workbench.toyworld.story import Story, random_story
from workbench.toyworld.truth import sentence_of


@dataclass
class Verdicts:
    """Of sentences that are in their video, how many are said to be; and of those that are not, how many are."""

    n_found: int = 0
    n_present: int = 0
    n_false: int = 0
    n_absent: int = 0

    def add(self, is_there: bool, said: Sequence[bool]) -> None:
        """Count what is said of sentences that are there, or that are not."""
        if is_there:
            self.n_found, self.n_present = self.n_found + sum(said), self.n_present + len(said)
        else:
            self.n_false, self.n_absent = self.n_false + sum(said), self.n_absent + len(said)


def verdicts(folder: Path, seed: int, n_films: int, model: str, error_rate: float = 0.01) -> dict[str, Verdicts]:
    """Make ``n_films`` films of ``seed``, ask for objects and for what they do, and count the verdicts."""
    paths = dataset.make(folder, seed, n_films, write_video)
    services = Services.create(Settings(home=folder / "home", offline=True))
    said = {"objects": Verdicts(), "events": Verdicts()}
    for index, path in enumerate(paths):
        story, video = random_story(seed, index, "test"), services.library.open_path(path)
        # The numbers of these sentences are none that the null was measured with.
        asked = {
            ("objects", True): _objects(story),
            ("objects", False): absent_objects(story, 1000 + index),
            ("events", True): _events(story),
            ("events", False): absent_events(story, 1000 + index),
        }
        for (kind, is_there), texts in asked.items():
            for at in range(0, len(texts), services.settings.max_queries):
                part = tuple(texts[at : at + services.settings.max_queries])
                params = Ground.Params(video=video.id, queries=part, model=model, error_rate=error_rate)
                found = Ground().run(services, params).result
                said[kind].add(is_there, found.is_in_video.tolist())
    return said


def _objects(story: Story) -> list[str]:
    rows = dataset.query_rows(story, generator("test", 0, 1000), first_qid=1)
    return [row["query"] for row in rows if row["relevant_windows"]]


def _events(story: Story) -> list[str]:
    clauses = [replace(sentence_of(story, event).clauses[0], manner=None) for event in story.events]
    return list(dict.fromkeys(Sentence("event", clauses=(clause,)).text for clause in clauses))


def measure(folder: Path, seed: int, n_films: int, model: str = "toyworld-frame") -> dict[str, dict]:
    """Make ``n_films`` films of ``seed`` in ``folder``, ground every query, return the metrics."""
    dataset.make(folder, seed, n_films, write_video)
    rows = [json.loads(line) for line in (folder / "moments.jsonl").read_text(encoding="utf-8").splitlines()]
    services = Services.create(Settings(home=folder / "home", offline=True))
    said = []
    for vid in dict.fromkeys(row["vid"] for row in rows):
        video = services.library.open_path(folder / f"{vid}.mp4")
        asked = [row for row in rows if row["vid"] == vid]
        params = Ground.Params(video=video.id, queries=tuple(row["query"] for row in asked), model=model)
        found = Ground().run(services, params).result
        for at, row in enumerate(asked):
            windows = [[moment.start_s, moment.end_s, moment.score] for moment in found.moments[at]]
            said.append({"qid": row["qid"], "pred_relevant_windows": windows, "in_video": bool(found.is_in_video[at])})
    return evaluate_moments(said, rows)
