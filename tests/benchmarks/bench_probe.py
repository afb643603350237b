"""How fast edits in time are, and how right probes are on planted truth: ``python -m tests.benchmarks.bench_probe``.

Twelve edits in time of a hundred films whose features are kept, by a model that reads every frame by itself, without an
encoder call, beside the matrix product alone; then two hundred films of the toy world with both of its models.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from workbench.analyses.analysis import silent
from workbench.analyses.cases import Case
from workbench.analyses.clips import clips_of
from workbench.analyses.edited_films import edit_film, part_of
from workbench.analyses.film_scores import film_scores
from workbench.analyses.probe import Probe, ProbeParams
from workbench.analyses.prompts import ask
from workbench.analyses.services import Services
from workbench.core.video_edits.kinds import IN_TIME, film_kinds
from workbench.media.encode import write_video
from workbench.settings import Settings
from workbench.toyworld.clips import LABELS_FILE, SoloClip, make_clips, ordered_clips, solo_clips
from workbench.types.video import SamplingSpec

SEED, COUNT, N_CACHED, FPS = 5, 200, 100, 10.0
TOLD = ("direction", "verb", "colour", "object")
FILMS = ("reverse", "mirror", "drop", "blur")
CONTROLS = ("stutter", "shift", "subsample", "brighten")


def bench_time_edits(services: Services, cases: list[Case]) -> None:
    """Time the edits of cached films, with everything that is read and looked up for them."""
    model, sampling, kinds = services.models.load("toyworld-frame"), SamplingSpec(FPS), film_kinds(IN_TIME)
    videos = [services.library.get(case.video) for case in cases]
    n_encoded = 0
    inner = model.encode_frames

    def counted(frames: object) -> object:
        nonlocal n_encoded
        n_encoded += 1
        return inner(frames)

    def run() -> float:
        started = time.perf_counter()
        for at, (case, video) in enumerate(zip(cases, videos, strict=True)):
            part = part_of(video, sampling, None, videos[at - 1], 0)
            edited = edit_film(services, model, part, kinds, silent)
            film_scores(model, edited.rows, ask(services, model, (case.query,)))
        return time.perf_counter() - started

    run()
    model.encode_frames = counted  # type: ignore[method-assign]
    took = min(run() for _ in range(3))
    frames = np.random.default_rng(0).normal(size=(int(FPS * 4), model.spec.dim))
    counts = np.ones((len(kinds) + 1, len(frames)))
    started = time.perf_counter()
    for _ in cases:
        _ = counts @ frames
    alone = time.perf_counter() - started
    print(f"{len(kinds)} edits in time x {len(cases)} films of {len(frames)} kept frames: {took:.3f} s (bar 1 s), ")
    print(f"{n_encoded} encoder calls; the matrix products alone {alone:.4f} s")


def bench_truth(services: Services, cases: list[Case]) -> None:
    """Print how often planted changes are found, and how often a control changes the answer."""
    print(f"{len(cases)} films, seed {SEED}      | told | control: answer changes | reverse changes it | group")
    for name in ("toyworld-frame", "toyworld-video"):
        found = Probe().run(services, ProbeParams(tuple(cases), name, film_kinds=FILMS), silent).result
        rows = {(row.of, row.kind): row for row in found.rows}
        told = ", ".join(f"{kind} {rows['sentence', kind].told.value:.3f}" for kind in TOLD)
        controls = [rows["sentence", "paraphrase"], *(rows["video", kind] for kind in CONTROLS)]
        changed = ", ".join(f"{row.kind} {row.changed.value:.3f}" for row in controls if row.changed)
        reverse = rows["video", "reverse"]
        group = ", ".join(f"{pair.film_kind} {pair.group.value:.3f}" for pair in found.pairs)
        print(f"{name}: {told} | {changed} | {reverse.changed.value if reverse.changed else 0:.3f} | {group}")


def bench_order(services: Services, cases: list[Case]) -> None:
    """Print how often the order of two actions is told, and the direction of either, where both are in the sentence."""
    print(f"{len(cases)} films of one thing after another, seed {SEED} | told")
    for name in ("toyworld-frame", "toyworld-video"):
        params = ProbeParams(tuple(cases), name, text_kinds=("order", "direction"), film_kinds=("stutter",))
        rows = {row.kind: row for row in Probe().run(services, params, silent).result.rows if row.of == "sentence"}
        told = ", ".join(f"{row.kind} {row.told.value:.3f} of {row.told.n_edits}" for row in rows.values())
        print(f"{name}: {told}")


def _drawn(services: Services, folder: Path, clips: Iterable[SoloClip]) -> list[Case]:
    make_clips(folder, clips, write_video)
    rows = [json.loads(line) for line in (folder / LABELS_FILE).read_text().splitlines()]
    found = clips_of(
        rows, LABELS_FILE, lambda vid: services.library.open_path(folder / f"{vid}.mp4"), services.settings
    )
    return [Case(clip.video, clip.caption) for clip in found]


def main() -> None:
    """Draw the films and run all."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    with tempfile.TemporaryDirectory() as name:
        services = Services.create(Settings(home=Path(name) / "home", offline=True, device="cpu"))
        cases = _drawn(services, Path(name) / "clips", solo_clips(SEED, count))
        bench_time_edits(services, cases[:N_CACHED])
        bench_truth(services, cases)
        bench_order(services, _drawn(services, Path(name) / "ordered", ordered_clips(SEED, count)))


if __name__ == "__main__":
    main()
