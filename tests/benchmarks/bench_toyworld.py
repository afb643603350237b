"""The toy models against their bars, on unseen seeds: ``python -m tests.benchmarks.bench_toyworld``."""

from __future__ import annotations

from transformers import XCLIPModel

from workbench.settings import ASSETS, Settings
from workbench.toyworld.exam import Mark, examine
from workbench.toyworld.video_model import load_frame_model
from workbench.toyworld.window_exam import Scores, examine_windows, scores_of_frame_model, scores_of_video_model
from workbench.validation.exams import examined
from workbench.validation.moments import moment_scores, verdicts
from workbench.validation.toy_films import toy_films

SEED, N_FILMS, N_FRAMES, N_WINDOWS, N_SEEDS = 101, 40, 1024, 512, 4
BARS = {"direction": "0.90", "verb": "0.90", "order": "0.95"}


def main() -> None:
    """Print the tables of the README."""
    frame_model = load_frame_model(ASSETS / "models" / "toyworld-frame")
    _print_frame_model(frame_model)
    print()
    _print_verdicts()
    print()
    _print_both(frame_model)


def _print_verdicts() -> None:
    print(f"| toyworld-video, {N_FILMS} unseen videos, decided at 1 % | said to be there, and is | and is not |")
    print("|---|---|---|")
    with examined(Settings()) as (services, folder):
        films = toy_films(services, folder, SEED, N_FILMS)
        for kind, said in verdicts(services, films, "toyworld-video").items():
            there, absent = said.n_found / said.n_present, said.n_false / said.n_absent
            print(f"| {kind} | {there:.2f} of {said.n_present:,} | {absent:.3f} of {said.n_absent:,} |")


def _print_frame_model(frame_model) -> None:
    marks = examine(frame_model, N_FRAMES)
    with examined(Settings()) as (services, folder):
        scores = moment_scores(services, toy_films(services, folder, SEED, N_FILMS))
    brief, presence = scores["brief"], scores["in_video"]
    print(f"| toyworld-frame, {N_FILMS} unseen videos through mp4 and decord | measured | bar |")
    print("|---|---|---|")
    print(f"| moments R1@0.5 ({presence['n_present']} queries) | {brief['MR-full-R1@0.5'] / 100:.3f} | 0.90 |")
    print(f"| moments R1@0.7 | {brief['MR-full-R1@0.7'] / 100:.3f} | |")
    print(f"| said to be in the video, and is ({presence['n_present']}) | {presence['present'] / 100:.3f} | 0.95 |")
    print(f"| said not to be, and is not ({presence['n_absent']}) | {presence['absent'] / 100:.3f} | 0.95 |")
    for kind, bar in (("colour", "0.95"), ("shape", "0.95"), ("size", "")):
        print(f"| {kind} edits right ({marks[kind].n_asked} unseen frames) | {marks[kind].share:.3f} | {bar} |")


def _print_both(frame_model) -> None:
    video_model = XCLIPModel.from_pretrained(ASSETS / "models" / "toyworld-video", dtype="float32").eval()
    seeing = _over_seeds(scores_of_video_model(video_model))
    blind = _over_seeds(scores_of_frame_model(frame_model))
    n_windows = N_SEEDS * N_WINDOWS
    print(
        f"| edits right, {n_windows:,} unseen windows of events | toyworld-video, worst seed | bar | toyworld-frame |"
    )
    print("|---|---|---|---|")
    for kind, marks in seeing.items():
        bar = BARS.get(kind, "")
        worst = min(mark.share for mark in marks)
        print(
            f"| {kind} ({_n_asked(marks):,}) | {_share(marks):.3f}, {worst:.3f} | {bar} | {_share(blind[kind]):.3f} |"
        )


def _over_seeds(scores: Scores) -> dict[str, list[Mark]]:
    by_seed = [examine_windows(scores, N_WINDOWS, SEED + at) for at in range(N_SEEDS)]
    return {kind: [marks[kind] for marks in by_seed] for kind in by_seed[0]}


def _n_asked(marks: list[Mark]) -> int:
    return sum(mark.n_asked for mark in marks)


def _share(marks: list[Mark]) -> float:
    return sum(mark.n_right for mark in marks) / _n_asked(marks)


if __name__ == "__main__":
    main()
