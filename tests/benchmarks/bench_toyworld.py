"""The toy model against its bars, on unseen seeds: ``python -m tests.benchmarks.bench_toyworld``."""

from __future__ import annotations

import tempfile
from pathlib import Path

from transformers import CLIPModel

from tests.benchmarks.toyworld_path import measure
from workbench.settings import ASSETS
from workbench.toyworld.exam import examine

SEED, N_FILMS, N_FRAMES = 101, 40, 1024


def main() -> None:
    """Print the table of the README."""
    marks = examine(CLIPModel.from_pretrained(ASSETS / "models" / "toyworld-frame").eval(), N_FRAMES)
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


if __name__ == "__main__":
    main()
