"""The toy models against their bars, on unseen seeds: ``python -m tests.benchmarks.bench_toyworld``."""

from __future__ import annotations

import tempfile
from pathlib import Path

from transformers import CLIPModel, XCLIPModel

from tests.benchmarks.toyworld_path import measure
from workbench.settings import ASSETS
from workbench.toyworld.exam import examine
from workbench.toyworld.window_exam import examine_windows, scores_of_frame_model, scores_of_video_model

SEED, N_FILMS, N_FRAMES, N_WINDOWS = 101, 40, 1024, 1024


def main() -> None:
    """Print the tables of the README."""
    frame_model = CLIPModel.from_pretrained(ASSETS / "models" / "toyworld-frame").eval()
    video_model = XCLIPModel.from_pretrained(ASSETS / "models" / "toyworld-video", dtype="float32").eval()
    of_frames(frame_model)
    print()
    of_windows(video_model, frame_model)


def of_frames(model: CLIPModel) -> None:
    """Print what the model of single frames is right about, alone and through the whole path."""
    marks = examine(model, N_FRAMES)
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


def of_windows(video_model: XCLIPModel, frame_model: CLIPModel) -> None:
    """Print which edits of what happens either model tells from the truth."""
    marks = examine_windows(scores_of_video_model(video_model), N_WINDOWS, SEED)
    by_frame = examine_windows(scores_of_frame_model(frame_model), N_WINDOWS, SEED)
    print("| edits right, windows of unseen films | toyworld-video | toyworld-frame | bar for toyworld-video |")
    print("|---|---|---|---|")
    for kind, mark in marks.items():
        bar = "0.90" if kind in ("direction", "verb") else ""
        print(f"| {kind} ({mark.n_asked}) | {mark.share:.3f} | {by_frame[kind].share:.3f} | {bar} |")


if __name__ == "__main__":
    main()
