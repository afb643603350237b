"""How fast edits in time are, and how right probes are on planted truth: ``python -m tests.benchmarks.bench_probe``.

Twelve edits in time of a hundred films whose features are kept, by a model that reads every frame by itself, without an
encoder call, beside the matrix product alone; then two hundred films of the toy world with both of its models, and two
hundred in which one action follows another.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from workbench.analyses.analysis import silent
from workbench.analyses.cases import Case
from workbench.analyses.clips import clips_of
from workbench.analyses.edited_films import edit_film, part_of
from workbench.analyses.film_scores import film_scores
from workbench.analyses.probe import Probe, ProbeParams
from workbench.analyses.probe_rows import kind_rows, pair_rows
from workbench.analyses.prompts import ask
from workbench.analyses.services import Services
from workbench.core.sensitivity import is_above
from workbench.core.video_edits.kinds import IN_TIME, film_kinds
from workbench.media.encode import write_video
from workbench.settings import Settings
from workbench.toyworld.clips import LABELS_FILE, SoloClip, make_clips, ordered_clips, solo_clips
from workbench.toyworld.story import Story
from workbench.types.probe import KindRow, PairRow, Probed
from workbench.types.video import SamplingSpec

SEED, COUNT, N_CACHED, FPS = 5, 200, 100, 10.0
MODELS = ("toyworld-frame", "toyworld-video")
TOLD = ("order", "direction", "verb", "colour", "object")
FILMS = ("reverse", "mirror", "drop", "blur")
CONTROLS = ("stutter", "shift", "subsample", "brighten")
_HEAD = "| told | control: answer changes | reverse changes it | group"


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
    print(f"{len(cases)} films of one action, seed {SEED}  {_HEAD}")
    for name in MODELS:
        found = Probe().run(services, ProbeParams(tuple(cases), name, film_kinds=FILMS), silent).result
        print(f"{name}: {_line(found.rows, found.pairs)}")


def bench_order(services: Services, cases: list[Case], clips: Sequence[SoloClip]) -> None:
    """Print the same of films in which one action follows another, and how often either is in the right place.

    What is named twice is changed in one of two places, which are told apart. Of two actions of which one turns an
    object round, half of the frames may show it turn the other way: a control is none there, so that the films without
    such an action stand by themselves. Half time may lie within an action: the film with its second half first then
    shows one of the two in pieces.
    """
    is_between = [_half_is_between(clip.story) for clip in clips]
    print(f"{len(cases)} films of two actions, seed {SEED} {_HEAD}")
    for name in MODELS:
        params = ProbeParams(tuple(cases), name, film_kinds=(*FILMS, "roll"))
        found = Probe().run(services, params, silent).result
        print(f"{name}: {_line(found.rows, found.pairs)}")
        for kind in ("colour", "object"):
            told = ", ".join(f"{where} {_share(right)}" for where, right in _by_place(found.cases, kind).items())
            print(f"  {kind} where it is named {told}")
        still = [case for case in found.cases if "spins" not in case.query]
        for where, is_so in (("between the actions", True), ("within one", False)):
            halved = [case for case, is_own in zip(found.cases, is_between, strict=True) if is_own == is_so]
            [rolled] = [pair for pair in pair_rows(halved, SEED) if pair.film_kind == "roll"]
            print(f"  roll, half time {where} {rolled.group.value:.3f} of {rolled.group.n_edits}")
        print(f"  {len(still)} without a turn: {_line(kind_rows(still, SEED), pair_rows(still, SEED))}")


def _line(rows: Sequence[KindRow], pairs: Sequence[PairRow]) -> str:
    """Return a row of the table."""
    by_kind = {(row.of, row.kind): row for row in rows}
    asked = [by_kind["sentence", kind] for kind in TOLD if ("sentence", kind) in by_kind]
    told = ", ".join(f"{row.kind} {row.told.value:.3f} of {row.told.n_edits}" for row in asked)
    controls = [by_kind["sentence", "paraphrase"], *(by_kind["video", kind] for kind in CONTROLS)]
    changed = ", ".join(f"{row.kind} {row.changed.value:.3f}" for row in controls if row.changed)
    reverse = by_kind["video", "reverse"].changed
    group = ", ".join(f"{pair.film_kind} {pair.group.value:.3f} of {pair.group.n_edits}" for pair in pairs)
    return f"{told} | {changed} | {reverse.value if reverse else 0:.3f} | {group}"


def _half_is_between(story: Story) -> bool:
    first, second = story.events
    return first.end_s <= story.n_frames / story.fps / 2 <= second.start_s


def _by_place(cases: Sequence[Probed], kind: str) -> dict[str, list[bool]]:
    """Return which edits of a kind are told from the truth, of the first action and of the second."""
    found: dict[str, list[bool]] = {"first": [], "second": []}
    for case in cases:
        for at, edit in enumerate(case.texts, 1):
            if edit.kind == kind:
                is_second = edit.changes[-1].span[0] > case.query.index(" then ")
                found["second" if is_second else "first"].append(is_above(case.scores[0, 0], case.scores[0, at]))
    return found


def _share(right: Sequence[bool]) -> str:
    return f"{sum(right) / len(right):.3f} of {len(right)}"


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
        clips = list(ordered_clips(SEED, count))
        bench_order(services, _drawn(services, Path(name) / "ordered", clips), clips)


if __name__ == "__main__":
    main()
