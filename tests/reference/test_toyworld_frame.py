"""The shipped toy model against the bars it was made for, on seeds it has never seen."""

from __future__ import annotations

import pytest
from transformers import CLIPModel

from tests.benchmarks.toyworld_path import measure
from workbench.settings import ASSETS
from workbench.toyworld.exam import examine

FOLDER = ASSETS / "models" / "toyworld-frame"


@pytest.fixture(scope="module")
def model():
    return CLIPModel.from_pretrained(FOLDER).eval()


def test_it_is_small_and_sees_a_fine_grid(model):
    assert (FOLDER / "model.safetensors").stat().st_size <= 8 * 2**20
    vision = model.config.vision_config
    assert vision.image_size // vision.patch_size >= 7
    assert not list(FOLDER.glob("*.bin")) + list(FOLDER.glob("*.pt"))


def test_attribute_edits_are_told_from_the_truth(model):
    marks = examine(model, n_frames=512, seed=1)
    assert marks["colour"].share >= 0.95
    assert marks["shape"].share >= 0.95


def test_the_card_tells_the_figures_of_the_weights_beside_it(model):
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    for mark in examine(model).values():
        assert f"| {mark.kind} | {mark.share:.3f} | {mark.n_asked} |" in card


def test_moments_through_the_whole_path(tmp_path):
    """mp4 on disk, decord, features, moments: the bars of the design on films of an unseen seed."""
    scores = measure(tmp_path, seed=2024, n_films=10)
    assert scores["brief"]["MR-full-R1@0.5"] >= 90
    assert scores["in_video"]["present"] >= 95
    assert scores["in_video"]["absent"] >= 95
