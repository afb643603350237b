"""The whole path on films nobody has seen: mp4 on disk, decoder, features, moments, against planted truth.

Separate because the test of the bars and the table of the README must measure in the same way.
"""

from __future__ import annotations

import json
from pathlib import Path

from workbench.analyses.ground import Ground
from workbench.analyses.services import Services
from workbench.core.metrics import evaluate_moments
from workbench.media.encode import write_video
from workbench.settings import Settings
from workbench.toyworld import dataset


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
