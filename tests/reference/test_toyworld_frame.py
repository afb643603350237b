"""The shipped toy model against the bars it was made for, on seeds it has never seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from transformers import CLIPModel

from workbench import Workbench
from workbench.analyses.ground import Ground
from workbench.media.encode import write_video
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


@pytest.fixture
def bench(settings):
    return Workbench(replace(settings, device="cpu"))


def test_real_footage_and_unknown_words_get_no_verdict(bench):
    answer = bench.ground("big-buck-bunny", "a red circle").result
    assert np.isnan(answer.p_absent[0])
    assert "no video of the kind" in " ".join(answer.warnings)
    drawn = bench.ground("toy-test-72-002", ["a red circle", "a red circle number 7"]).result
    assert drawn.is_in_video.tolist() == [True, False]
    assert np.isnan(drawn.p_absent).tolist() == [False, True]


@pytest.mark.parametrize("fps", [2, 3, 5, 10])
@pytest.mark.parametrize("smoothing_s", [1.0, 2.0])
def test_the_verdict_does_not_hang_on_how_closely_one_looks(bench, fps, smoothing_s):
    rows = bench.services.library.truth_for("toy-test-72-002")
    said = bench.ground("toy-test-72-002", [row["query"] for row in rows], fps=fps, smoothing_s=smoothing_s).result
    assert {absent.kind for absent in said.absent} == {"measured"}
    wrong = [row["query"] for row, is_in in zip(rows, said.is_in_video, strict=True) if is_in != bool(row["windows"])]
    assert len(wrong) <= 1


def test_of_what_a_single_frame_cannot_show_there_is_no_verdict(bench):
    """Its null was measured with sentences on what is there: of one with a verb it says nothing."""
    said = bench.ground("toy-test-72-002", ["a red circle", "a red circle spins clockwise", "a Red Circle."]).result
    assert np.isnan(said.p_absent).tolist() == [False, True, False]
    assert not said.is_in_video[1]
    assert "was not measured on sentences with “spins”, “clockwise”" in " ".join(said.warnings)


def test_of_a_sentence_whose_end_is_not_read_there_is_no_verdict(bench):
    long = "a red circle and " * 25 + "a blue square"
    said = bench.ground("toy-test-72-002", long.strip()).result
    assert np.isnan(said.p_absent[0])
    assert "its end was cut off" in " ".join(said.warnings)


def test_a_film_of_one_value_is_told_once_and_gets_no_verdict(bench, tmp_path):
    path = tmp_path / "short.mp4"
    write_video(path, iter(np.full((4, 64, 64, 3), 90, np.uint8)), 10.0)
    for model in ("toyworld-frame", "toyworld-video"):
        answer = bench.ground(path, ["a red circle", "a blue square"], model=model)
        said = answer.result
        assert np.isnan(said.p_absent).all()
        assert len([warning for warning in said.warnings if "nothing can be placed in time" in warning]) == 1
        assert "scores the same" not in " ".join(said.warnings)
        assert "no sharper" not in Ground().as_text(answer)
