"""decord beside torch, in either order of import: a crash of the process that its users report."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.robustness_set import film
from tests.serve import ROOT

CODE = """
from pathlib import Path
import {first}, {second}
from workbench.media.decord_reader import read_frames
from workbench.media.track import read_track
path = Path({path!r})
print(len(list(read_frames(path, read_track(path, "film"), list(range(48))))))
"""


@pytest.mark.parametrize(("first", "second"), [("torch", "decord"), ("decord", "torch")])
def test_decord_reads_beside_torch(first: str, second: str) -> None:
    code = CODE.format(first=first, second=second, path=str(film("h264_mp4")))
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "48"), done.stderr


def test_the_library_is_cheap_to_import() -> None:
    heavy = "{'decord', 'torch', 'gradio'}"
    code = f"import sys, workbench.media.library; print(sorted({heavy} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
