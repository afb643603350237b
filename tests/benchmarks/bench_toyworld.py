"""The toy models against their bars, on unseen seeds: ``python -m tests.benchmarks.bench_toyworld``."""

from __future__ import annotations

import tempfile
from pathlib import Path

from transformers import XCLIPModel

from tests.benchmarks.toyworld_path import measure
from workbench.settings import ASSETS
from workbench.toyworld.exam import examine
from workbench.toyworld.video_model import load_frame_model
from workbench.toyworld.window_exam import examine_windows, scores_of_frame_model, scores_of_video_model

SEED, N_FILMS, N_FRAMES, N_WINDOWS = 101, 40, 1024, 512


def main() -> None:
    """Print the tables of the README."""
    frame_model = load_frame_model(ASSETS / "models" / "toyworld-frame")
    _print_frame_model(frame_model)
    print()
    _print_both(frame_model)


def _print_frame_model(frame_model) -> None:
    marks = examine(frame_model, N_FRAMES)
    with tempfile.TemporaryDirectory() as folder:
        scores = measure(Path(folder), SEED, N_FILMS)
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
    seeing = examine_windows(scores_of_video_model(video_model), N_WINDOWS, SEED)
    blind = examine_windows(scores_of_frame_model(frame_model), N_WINDOWS, SEED)
    print(f"| edits right, {N_WINDOWS} unseen windows of events | toyworld-video | bar | toyworld-frame |")
    print("|---|---|---|---|")
    for kind, mark in seeing.items():
        bar = "0.90" if kind in ("direction", "verb") else ""
        print(f"| {kind} ({mark.n_asked}) | {mark.share:.3f} | {bar} | {blind[kind].share:.3f} |")


if __name__ == "__main__":
    main()
