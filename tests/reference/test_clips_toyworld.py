"""Planted truth of the clips that spaces are examined with: what a single picture tells, and what only motion does."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.analyses.services import Services
from workbench.core.probing import Probe, linear_probe
from workbench.settings import Settings
from workbench.toyworld.clips import solo_clips
from workbench.toyworld.story import FPS, draw_frames
from workbench.toyworld.training import IMAGE_PX
from workbench.toyworld.window import N_FRAMES, SAMPLE_FPS
from workbench.types.video import FrameBatch, SamplingSpec

COUNT = 72


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Probe]:
    """Return how every label is read in the space of each model, from the mean of what it makes of a clip."""
    services = Services.create(Settings(home=tmp_path_factory.mktemp("clips"), offline=True, device="cpu"))
    clips = list(solo_clips(seed=901, count=COUNT))
    shown = (np.arange(N_FRAMES) * FPS / SAMPLE_FPS).astype(int)
    pixels = np.concatenate([draw_frames(clip.story, shown, IMAGE_PX) for clip in clips])
    found = {}
    for name in ("toyworld-frame", "toyworld-video"):
        model = services.models.load(name)
        made = model.encode_frames(FrameBatch("clips", SamplingSpec(), pixels, np.arange(len(pixels), dtype=float)))
        rows = made.frames.reshape(COUNT, -1, model.spec.dim).mean(axis=1)
        for label in clips[0].labels:
            truth = np.array([clip.labels[label] for clip in clips])
            found[name, label] = linear_probe(rows, truth, np.arange(COUNT), seed=0)
    return found


def test_single_frames_tell_colour_and_shape_and_no_action(read: dict[tuple[str, str], Probe]) -> None:
    for label in ("colour", "shape"):
        assert read["toyworld-frame", label].accuracy > 0.9
    action = read["toyworld-frame", "action"]
    assert action.chance == pytest.approx(1 / 6)
    assert action.interval[0] <= action.chance  # at most the kind of motion could be guessed, never its direction
    assert action.accuracy < 1 / 3


def test_windows_tell_the_action(read: dict[tuple[str, str], Probe]) -> None:
    action = read["toyworld-video", "action"]
    assert action.accuracy > 0.6
    assert action.interval[0] > 3 * action.chance
