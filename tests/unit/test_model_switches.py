"""Fifty switches between models leave the memory as it was: in a process of its own, where nothing else grows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.tiny_checkpoints import save_tiny_open_clip

PROGRAM = """
import os, sys
import numpy as np
from workbench.models.registry import ModelRegistry
from workbench.settings import Settings
from workbench.types.video import FrameBatch, SamplingSpec

frames = FrameBatch("f" * 64, SamplingSpec(), np.zeros((8, 96, 128, 3), np.uint8), np.arange(8) / 2)
registry = ModelRegistry(Settings(offline=True, device="cpu", max_model_bytes=1))

def switch(n):
    for i in range(n):
        model = registry.load(("toyworld-frame", sys.argv[1])[i % 2])
        model.similarity(model.encode_frames(frames), model.encode_texts(["a red circle"]))
        assert len(registry.placements()) == 1

def rss():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

switch(6)
before = rss()
switch(50)
print(before, rss())
"""


def test_fifty_switches_leave_the_memory_as_it_was(tmp_path: Path):
    other = save_tiny_open_clip(tmp_path / "other")
    command = [sys.executable, "-c", PROGRAM, str(other)]
    said = subprocess.run(command, text=True, capture_output=True, check=True, timeout=300).stdout
    before, after = map(int, said.split())
    assert after <= 1.02 * before, f"{before / 2**20:.0f} MiB became {after / 2**20:.0f} MiB"
