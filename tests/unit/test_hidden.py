"""Pictures with parts hidden: what is painted over, what it costs, and that it is what the encoder sees."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.tiny_checkpoints import save_tiny_clip, save_tiny_xclip
from workbench.analyses import hidden
from workbench.analyses.analysis import silent
from workbench.analyses.hidden import HIDING, MadeOf, cells_of, check_hiding, encode_hidden, hide_cells, hide_frames
from workbench.analyses.services import Services
from workbench.errors import InputError, StoreError
from workbench.models.protocol import VideoTextModel
from workbench.models.registry import ModelRegistry
from workbench.settings import Settings
from workbench.store.tensors import TensorStore
from workbench.types.features import VideoFeatures
from workbench.types.outcome import Progress
from workbench.types.video import FrameBatch, SamplingSpec, VideoInfo

SAMPLING = SamplingSpec(fps=2)
VIDEO = VideoInfo("f" * 64, "A film", 8.0, 10.0, 40, 24, "h264", 1000)
CELLS = ((0, 12, 0, 20), (0, 12, 20, 40), (12, 24, 0, 20), (12, 24, 20, 40))


@pytest.fixture(scope="module", params=["clip", "xclip"])
def model(request, tmp_path_factory: pytest.TempPathFactory) -> VideoTextModel:
    save = {"clip": save_tiny_clip, "xclip": save_tiny_xclip}[request.param]
    folder = save(tmp_path_factory.mktemp(request.param) / "model")
    return ModelRegistry(Settings(offline=True, device="cpu")).load(str(folder))


@pytest.fixture
def services(settings: Settings) -> Services:
    return Services.create(settings)


def pictures(n_frames: int, height: int = 24, width: int = 40, seed: int = 0) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 256, (n_frames, height // 4, width // 4, 3), dtype=np.uint8)
    return coarse.repeat(4, axis=1).repeat(4, axis=2)


def window_of(model: VideoTextModel) -> FrameBatch:
    n_frames = model.spec.window_frames
    return FrameBatch(VIDEO.id, SAMPLING, pictures(n_frames), np.arange(n_frames) / 2)


def made_of(**how) -> MadeOf:
    return MadeOf(VIDEO, SAMPLING, 3, how)


def encoded(*arguments) -> VideoFeatures:
    """Return all rows of ``encode_hidden`` in one."""
    parts = list(encode_hidden(*arguments))
    context = None if parts[0].context is None else np.concatenate([part.context for part in parts])
    frames = np.concatenate([part.frames for part in parts])
    return replace(parts[0], frames=frames, context=context, times_s=np.arange(len(frames), dtype=float))


def mean_colour(frame: np.ndarray) -> list[int]:
    return [round(float(frame[..., channel].astype(float).mean())) for channel in range(3)]


def counted(model: VideoTextModel, monkeypatch) -> list[int]:
    """Return the list that the number of rows of every call of the encoder is put on."""
    rows, encode = [], model.encode_frames

    def watched(frames):
        rows.append(len(frames.pixels) // model.spec.window_frames)
        return encode(frames)

    monkeypatch.setattr(model, "encode_frames", watched)
    return rows


@pytest.mark.parametrize(("how", "colour"), [("grey", lambda frame: [128] * 3), ("mean", mean_colour)])
def test_absent_frames_are_painted_in_one_colour(how, colour):
    pixels = pictures(5)
    before = pixels.copy()
    found = hide_frames(how, pixels)(np.array([True, False, True, False, True]))
    assert found.dtype == np.uint8
    for at in (0, 2, 4):
        np.testing.assert_array_equal(found[at], pixels[at])
    for at in (1, 3):
        assert np.unique(found[at].reshape(-1, 3), axis=0).tolist() == [colour(pixels[at])]
    np.testing.assert_array_equal(pixels, before)


@pytest.mark.parametrize(
    ("present", "shown"),
    [
        ([0, 1, 1, 0, 0], [1, 1, 2, 2, 2]),
        ([1, 0, 0, 0, 1], [0, 0, 0, 4, 4]),  # as near to either: the one before
        ([0, 0, 0, 1, 0], [3, 3, 3, 3, 3]),
        ([1, 1, 1, 1, 1], [0, 1, 2, 3, 4]),
    ],
)
def test_held_frames_are_the_nearest_that_are_there(present, shown):
    pixels = pictures(5)
    np.testing.assert_array_equal(hide_frames("held", pixels)(np.array(present, bool)), pixels[shown])


def test_where_no_frame_is_there_to_be_held_all_are_plain():
    pixels = pictures(3)
    found = hide_frames("held", pixels)(np.zeros(3, bool))
    for frame, shown in zip(pixels, found, strict=True):
        assert np.unique(shown.reshape(-1, 3), axis=0).tolist() == [mean_colour(frame)]


@pytest.mark.parametrize("how", ["mean", "grey", "blur"])
def test_only_hidden_cells_change_in_every_frame_alike(how):
    pixels = pictures(3)
    before, hide = pixels.copy(), hide_cells(how, pixels, CELLS)
    found = hide(np.array([True, False, False, True]))
    is_hidden = np.zeros((24, 40), bool)
    is_hidden[:12, 20:] = is_hidden[12:, :20] = True
    np.testing.assert_array_equal(found[:, ~is_hidden], pixels[:, ~is_hidden])
    assert (found != pixels).any(axis=3)[:, is_hidden].mean() > 0.9
    np.testing.assert_array_equal(pixels, before)
    np.testing.assert_array_equal(hide(np.ones(4, bool)), pixels)
    for frame, shown in zip(pixels, found, strict=True):
        if how != "blur":
            colour = mean_colour(frame) if how == "mean" else [128] * 3
            assert np.unique(shown[is_hidden], axis=0).tolist() == [colour]


def test_blur_leaves_the_light_and_takes_what_is_small():
    pixels = pictures(2, 100, 100)
    pixels[1] = np.linspace(0, 255, 100).astype(np.uint8)[:, None, None]
    (small, slope) = hide_cells("blur", pixels, ((0, 100, 0, 100),))(np.zeros(1, bool))
    assert small.std() < 0.4 * pixels[0].std()
    assert small.mean() == pytest.approx(pixels[0].mean(), abs=3)
    assert np.abs(slope[20:-20].astype(int) - pixels[1, 20:-20].astype(int)).max() <= 2
    other = pictures(2, 100, 100, seed=5)
    blurred = [hide_cells("blur", one, ((0, 100, 0, 100),))(np.zeros(1, bool)).astype(int) for one in (pixels, other)]
    assert np.abs(blurred[0] - blurred[1]).mean() > 2
    # Colours do not run into each other, nor do frames.
    red = np.zeros((2, 20, 20, 3), np.uint8)
    red[0, ..., 0] = 200
    np.testing.assert_array_equal(hide_cells("blur", red, ((0, 20, 0, 20),))(np.zeros(1, bool)), red)


def test_what_cannot_be_hidden_so_is_refused_in_one_sentence():
    with pytest.raises(InputError, match=r"cannot be blurred; choose mean, grey or held\.$"):
        check_hiding("blur", "frames+words")
    with pytest.raises(InputError, match=r"no nearest one in time; choose mean, grey or blur\.$"):
        check_hiding("held", "patches")
    check_hiding("held", "frames")
    check_hiding("blur", "patches+words")
    assert set(HIDING) == {"mean", "grey", "blur", "held"}


@pytest.mark.parametrize("size", [(24, 40), (97, 61), (31, 8)])
@pytest.mark.parametrize("grid", [(4, 4), (7, 5), (1, 8)])
@pytest.mark.parametrize(
    "seen", [(0.0, 0.0, 1.0, 1.0), (0.0, 0.2, 1.0, 0.8), (-0.3, 0.0, 1.3, 1.0), (0.1, -0.2, 0.9, 1.25)]
)
def test_cells_cover_what_is_seen_once(size, grid, seen):
    height, width = size
    cells = cells_of(height, width, seen, grid)
    assert len(cells) == grid[0] * grid[1]
    covered = np.zeros(size, int)
    for top, bottom, left, right in cells:
        assert 0 <= top <= bottom <= height
        assert 0 <= left <= right <= width
        covered[top:bottom, left:right] += 1
    top, left, bottom, right = seen
    expected = np.zeros(size, int)
    rows = slice(round(max(0, top) * height), round(min(1, bottom) * height))
    expected[rows, round(max(0, left) * width) : round(min(1, right) * width)] = 1
    np.testing.assert_array_equal(covered, expected)


def test_cells_go_along_the_rows():
    assert cells_of(24, 40, (0.0, 0.0, 1.0, 1.0), (2, 2)) == CELLS
    assert cells_of(24, 40, (0.0, 0.25, 1.0, 0.75), (1, 2)) == ((0, 24, 10, 20), (0, 24, 20, 30))
    # A quarter of what is seen lies above the frame and belongs to nobody.
    assert cells_of(20, 10, (-0.5, 0.0, 1.5, 1.0), (4, 1)) == (
        (0, 0, 0, 10),
        (0, 10, 0, 10),
        (10, 20, 0, 10),
        (20, 20, 0, 10),
    )


def test_rows_are_what_the_model_makes_of_pictures_hidden_by_hand(model: VideoTextModel, services: Services):
    window = window_of(model)
    coalitions = np.random.default_rng(1).random((9, 4)) < 0.5
    found = encoded(services, model, window, coalitions, hide_cells("grey", window.pixels, CELLS), made_of(a=1), silent)
    assert found.frames.shape == (9, model.spec.dim)
    assert (found.context is None) == model.spec.separable
    assert (found.video_id, found.model_id) == (VIDEO.id, model.spec.id)
    text = model.encode_texts(["a red circle", "cat"])
    curves = model.similarity(found, text)
    for row, present in enumerate(coalitions):
        pixels = window.pixels.copy()
        for cell, (top, bottom, left, right) in enumerate(CELLS):
            if not present[cell]:
                pixels[:, top:bottom, left:right] = 128
        alone = model.encode_frames(replace(window, pixels=pixels))
        np.testing.assert_allclose(found.frames[row], alone.frames[0], atol=1e-5)
        np.testing.assert_allclose(curves[:, row], model.similarity(alone, text)[:, 0], atol=1e-5)
    assert np.ptp(curves[0]) > 1e-3


def test_frames_of_a_window_are_hidden_before_it_is_read(tmp_path: Path, services: Services):
    xclip = services.models.load(str(save_tiny_xclip(tmp_path / "model")))
    window = window_of(xclip)
    coalitions = np.array([[True] * 4, [True, False, True, False], [False] * 4])
    found = encoded(services, xclip, window, coalitions, hide_frames("held", window.pixels), made_of(a=1), silent)
    for row, shown in enumerate([[0, 1, 2, 3], [0, 0, 2, 2]]):
        # One time each: frames of one time are prepared once.
        by_hand = replace(window, pixels=window.pixels[shown])
        np.testing.assert_allclose(found.frames[row], xclip.encode_frames(by_hand).frames[0], atol=1e-5)
    assert np.abs(found.frames[0] - found.frames[1]).max() > 1e-3


def test_batches_do_not_matter(model: VideoTextModel, settings: Settings, tmp_path: Path, monkeypatch):
    numbers = np.random.default_rng(2).permutation(16)[:11, None]  # none twice: that would cost nothing
    window, coalitions = window_of(model), (numbers >> np.arange(4) & 1).astype(bool)
    found = []
    for most_rows, most_bytes in ((32, 2**30), (4, 2**30), (32, 3 * window.pixels.nbytes), (32, 1)):
        services = Services.create(replace(settings, home=tmp_path / f"{most_rows}-{most_bytes}"))
        monkeypatch.setattr(hidden, "_AT_ONCE", most_rows)
        monkeypatch.setattr(hidden, "_MOST_BYTES", most_bytes)
        with monkeypatch.context() as patch:
            rows = counted(model, patch)
            arguments = (window, coalitions, hide_cells("mean", window.pixels, CELLS), made_of(a=1), silent)
            found.append(encoded(services, model, *arguments).frames)
        size = min(most_rows, max(1, most_bytes // window.pixels.nbytes))
        assert rows == [size] * (11 // size) + [11 % size] * (11 % size > 0)
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], atol=1e-5)


def test_the_second_time_no_encoder_runs(model: VideoTextModel, services: Services, settings: Settings, monkeypatch):
    window, coalitions = window_of(model), np.random.default_rng(3).random((40, 4)) < 0.5
    hide = hide_cells("mean", window.pixels, CELLS)
    first = encoded(services, model, window, coalitions, hide, made_of(cells="mean"), silent)
    rows = counted(model, monkeypatch)
    for again in (services, Services.create(settings)):
        second = encoded(again, model, window, coalitions, hide, made_of(cells="mean"), silent)
        np.testing.assert_array_equal(second.frames, first.frames)
        if not model.spec.separable:
            np.testing.assert_array_equal(second.context, first.context)
    assert rows == []
    # Hidden in another way, of another row of the film, or other coalitions: all that is something else.
    grey = encoded(
        services, model, window, coalitions, hide_cells("grey", window.pixels, CELLS), made_of(cells="grey"), silent
    )
    assert rows == [32, 8]
    assert np.abs(grey.frames - first.frames).max() > 1e-3
    encoded(services, model, window, coalitions, hide, MadeOf(VIDEO, SAMPLING, 4, {"cells": "mean"}), silent)
    encoded(services, model, window, ~coalitions, hide, made_of(cells="mean"), silent)
    assert rows == [32, 8] * 3


def test_what_was_encoded_before_a_stop_is_kept(model: VideoTextModel, services: Services, monkeypatch):
    monkeypatch.setattr(hidden, "_AT_ONCE", 4)
    window, coalitions = window_of(model), np.random.default_rng(4).random((14, 4)) < 0.5
    rows, told = counted(model, monkeypatch), []
    arguments = (window, coalitions, hide_cells("mean", window.pixels, CELLS), made_of(a=1))

    def stop(progress: Progress) -> None:
        told.append(progress.done)
        if progress.done >= 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        encoded(services, model, *arguments, stop)
    assert (rows, told) == ([4, 4], [0, 4, 8])
    rows.clear()
    told.clear()

    def listen(progress: Progress) -> None:
        told.append((progress.done, progress.total, progress.unit))
        assert VIDEO.title in progress.what

    encoded(services, model, *arguments, listen)
    assert rows == [4, 2], "and only the rest is encoded"
    assert told == [(at, 14, "picture") for at in (0, 4, 8, 12, 14)]


def test_a_full_disk_costs_the_cache_and_not_the_answer(model: VideoTextModel, services: Services, monkeypatch):
    window, coalitions = window_of(model), np.eye(4, dtype=bool)
    arguments = (window, coalitions, hide_cells("mean", window.pixels, CELLS), made_of(a=1), silent)

    def full(store, key, arrays, metadata=None):
        raise StoreError("The disk is full; free some space.")

    with monkeypatch.context() as patch:
        patch.setattr(TensorStore, "put", full)
        found = encoded(services, model, *arguments)
    kept = encoded(services, model, *arguments)
    np.testing.assert_allclose(found.frames, kept.frames, atol=1e-6)
