"""How fast edits in time are, and how right probes are on planted truth: ``python -m tests.benchmarks.bench_probe``.

Twelve edits in time of a hundred films whose features are kept, by a model that reads every frame by itself, without an
encoder call, beside the matrix product alone; then two hundred films of the toy world with both of its models, and two
hundred in which one action follows another.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import numpy as np

from workbench.analyses.analysis import silent
from workbench.analyses.cases import Case
from workbench.analyses.edited_films import edit_film, part_of
from workbench.analyses.film_scores import film_scores
from workbench.analyses.probe_rows import kind_rows, pair_rows
from workbench.analyses.prompts import ask
from workbench.analyses.services import Services
from workbench.core.video_edits.kinds import IN_TIME, film_kinds
from workbench.settings import Settings
from workbench.toyworld.clips import SoloClip, ordered_clips, solo_clips
from workbench.toyworld.story import Story
from workbench.types.probe import KindRow, PairRow
from workbench.types.video import SamplingSpec
from workbench.validation.exams import examined
from workbench.validation.whatif import CONTROLS, FILMS, MODELS, TOLD_IN_ORDER, drawn_cases, probed, told_where

SEED, COUNT, N_CACHED, FPS = 5, 200, 100, 10.0
_HEAD = "| told | control: answer changes | reverse changes it | group"


def bench_time_edits(services: Services, cases: Sequence[Case]) -> None:
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


def bench_truth(services: Services, cases: Sequence[Case]) -> None:
    """Print how often planted changes are found, and how often a control changes the answer."""
    print(f"{len(cases)} films of one action, seed {SEED}  {_HEAD}")
    for name in MODELS:
        found = probed(services, tuple(cases), name, film_kinds=FILMS)
        print(f"{name}: {_line(found.rows, found.pairs)}")


def bench_order(services: Services, cases: Sequence[Case], clips: Sequence[SoloClip]) -> None:
    """Print the same of films in which one action follows another, and how often either is in the right place.

    What is named twice is changed in one of two places, which are told apart. Of two actions of which one turns an
    object round, half of the frames may show it turn the other way: a control is none there, so that the films without
    such an action stand by themselves. Half time may lie within an action: the film with its second half first then
    shows one of the two in pieces.
    """
    is_between = [_half_is_between(clip.story) for clip in clips]
    print(f"{len(cases)} films of two actions, seed {SEED} {_HEAD}")
    for name in MODELS:
        found = probed(services, tuple(cases), name, film_kinds=(*FILMS, "roll"))
        print(f"{name}: {_line(found.rows, found.pairs)}")
        for kind in ("colour", "object"):
            by_place = {
                where: told_where(found.cases, (kind,), at) for where, at in (("first", False), ("second", True))
            }
            told = ", ".join(f"{where} {_share(right)}" for where, right in by_place.items())
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
    asked = [by_kind["sentence", kind] for kind in TOLD_IN_ORDER if ("sentence", kind) in by_kind]
    told = ", ".join(f"{row.kind} {row.told.value:.3f} of {row.told.n_edits}" for row in asked)
    controls = [by_kind["sentence", "paraphrase"], *(by_kind["video", kind] for kind in CONTROLS)]
    changed = ", ".join(f"{row.kind} {row.changed.value:.3f}" for row in controls if row.changed)
    reverse = by_kind["video", "reverse"].changed
    group = ", ".join(f"{pair.film_kind} {pair.group.value:.3f} of {pair.group.n_edits}" for pair in pairs)
    return f"{told} | {changed} | {reverse.value if reverse else 0:.3f} | {group}"


def _half_is_between(story: Story) -> bool:
    first, second = story.events
    return first.end_s <= story.n_frames / story.fps / 2 <= second.start_s


def _share(right: Sequence[bool]) -> str:
    return f"{sum(right) / len(right):.3f} of {len(right)}"


def main() -> None:
    """Draw the films and run all."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    with examined(Settings(device="cpu")) as (services, folder):
        cases = drawn_cases(services, folder / "clips", solo_clips(SEED, count), count)
        bench_time_edits(services, cases[:N_CACHED])
        bench_truth(services, cases)
        clips = list(ordered_clips(SEED, count))
        bench_order(services, drawn_cases(services, folder / "ordered", clips, count), clips)


if __name__ == "__main__":
    main()
