"""Patches and attention are computed once a frame: counted calls, windows, what a model lacks, what is too much."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.films import BLUE, GREEN, RED, write_film
from tests.unit.test_extraction import CountingLibrary
from workbench.analyses import patches
from workbench.analyses.chunks import plan_of
from workbench.analyses.patches import attention_maps, patch_maps
from workbench.analyses.services import Services
from workbench.errors import InputError, ModelError, StoreError
from workbench.models.adapter_template import ENTRY, ColourHistogram
from workbench.models.registry import ModelRegistry
from workbench.settings import Settings
from workbench.store.tensors import TensorStore
from workbench.types.features import AttentionMaps, PatchMaps
from workbench.types.video import SamplingSpec

SAMPLING = SamplingSpec(fps=2)
GRID, SEEN = (2, 3), (0.0, 0.125, 1.0, 0.875)


class PatchyModel(ColourHistogram):
    """Makes of every patch the colours of the whole frame, and attends evenly."""

    n_frames = 0

    def encode_patches(self, frames):
        self.n_frames += len(frames.times_s)
        whole = self.encode_frames(frames).frames
        rows = np.ascontiguousarray(whole[:, None].repeat(6, axis=1))
        return PatchMaps(frames.video_id, self.spec.id, frames.times_s, rows, GRID, SEEN)

    def attention(self, frames):
        self.n_frames += len(frames.times_s)
        weights = np.full((len(frames.times_s), 2, 4, 8, 8), 1 / 8, np.float32)
        weights[:, 0, 0, 0, 0] = frames.times_s
        return AttentionMaps(frames.video_id, self.spec.id, frames.times_s, weights, 1, 1, GRID, SEEN)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Return a film of 20 s: 40 frames as they are sampled here."""
    return write_film(tmp_path_factory.mktemp("films") / "film.mp4", [(8, RED), (6, GREEN), (6, BLUE)]).path


def make_services(settings: Settings) -> tuple[Services, CountingLibrary]:
    library = CountingLibrary(settings)
    store = TensorStore(settings.home / "features", settings.max_store_bytes)
    return Services(settings, library, ModelRegistry(settings), store), library


@pytest.fixture
def model(settings) -> PatchyModel:
    return PatchyModel(ENTRY, settings)


@pytest.mark.parametrize("maps_of", [patch_maps, attention_maps])
def test_a_frame_is_decoded_and_encoded_once_also_after_a_restart(settings, film, model, maps_of):
    services, library = make_services(settings)
    video = library.open_path(film)
    first = maps_of(services, video, model, SAMPLING, [3, 4, 20])
    assert (library.n_frames, model.n_frames) == (3, 3)
    more = maps_of(services, video, model, SAMPLING, [20, 2, 3, 4, 39])
    assert (library.n_frames, model.n_frames) == (5, 5), "only frames 2 and 39 were missing"
    restarted, library = make_services(settings)
    again = maps_of(restarted, library.open_path(film), model, SAMPLING, [4, 3, 20])
    assert (library.n_frames, model.n_frames) == (0, 5)
    np.testing.assert_array_equal(again.times_s, first.times_s[[1, 0, 2]])
    np.testing.assert_array_equal(more.times_s, [10, 1, 1.5, 2, 19.5])
    assert (again.grid, again.seen, again.video_id) == (GRID, SEEN, video.id)


def test_what_is_kept_is_what_the_model_made_in_the_order_asked_for(settings, film, model):
    services, library = make_services(settings)
    video = library.open_path(film)
    [whole] = library.frames(video.id, SAMPLING, batch_frames=64)
    expected = model.encode_patches(whole).patches
    for _ in range(2):
        found = patch_maps(services, video, model, SAMPLING, [30, 2, 18, 2])
        np.testing.assert_array_equal(found.patches, expected[[30, 2, 18, 2]])
        weights = attention_maps(services, video, model, SAMPLING, [30, 2]).weights
        np.testing.assert_array_equal(weights[:, 0, 0, 0, 0], [15, 1])


def test_other_rate_other_kind_or_other_weights_are_computed_anew(settings, film, model):
    services, library = make_services(settings)
    video = library.open_path(film)
    patch_maps(services, video, model, SAMPLING, [3])
    patch_maps(services, video, model, SamplingSpec(fps=1), [3])
    attention_maps(services, video, model, SAMPLING, [3])
    other = PatchyModel(ENTRY, settings)
    other.spec = replace(other.spec, revision="2")
    patch_maps(services, video, other, SAMPLING, [3])
    assert (model.n_frames, other.n_frames) == (3, 1)


def test_a_row_of_a_model_that_reads_windows_is_all_frames_of_its_window(settings, film, model):
    services, library = make_services(settings)
    video = library.open_path(film)
    model.spec = replace(model.spec, frame_independent=False, window_frames=8, window_step=2)
    found = patch_maps(services, video, model, SAMPLING, [5, 1, 2])
    expected = [np.arange(8) + 2 * row for row in (5, 1, 2)]
    np.testing.assert_array_equal(found.times_s, np.concatenate(expected) / 2)
    assert library.n_frames == 8 + 10, "rows 1 and 2 are decoded together"
    assert model.n_frames == 24
    patch_maps(services, video, model, SAMPLING, [1, 5])
    assert (library.n_frames, model.n_frames) == (18, 24)
    last = plan_of(video, model.spec, SAMPLING).n_rows - 1
    assert patch_maps(services, video, model, SAMPLING, [last]).times_s[-1] == 19.5


def test_a_video_shorter_than_a_window_is_one_row(settings, film, model):
    services, library = make_services(settings)
    model.spec = replace(model.spec, frame_independent=False, window_frames=64, window_step=16)
    found = patch_maps(services, library.open_path(film), model, SAMPLING, [0])
    assert found.patches.shape[:2] == (64, 6)
    assert library.n_frames == 40


def test_what_a_model_lacks_is_said_with_what_to_do(settings, film):
    services, library = make_services(settings)
    video, plain = library.open_path(film), ColourHistogram(ENTRY, settings)
    with pytest.raises(ModelError, match="Colour histogram makes nothing of single patches; choose a model with"):
        patch_maps(services, video, plain, SAMPLING, [0])
    with pytest.raises(ModelError, match="Colour histogram does not show its attention; choose a model with"):
        attention_maps(services, video, plain, SAMPLING, [0])
    assert library.n_frames == 0


@pytest.mark.parametrize("asked", [[40], [-1], [0, 99], []])
def test_frames_that_the_video_does_not_have_are_refused(settings, film, model, asked):
    services, library = make_services(settings)
    with pytest.raises(InputError, match="is read in 40 steps; ask for at least one of 0 to 39"):
        patch_maps(services, library.open_path(film), model, SAMPLING, asked)


def test_more_than_fits_is_refused_before_it_is_computed(settings, film, model, monkeypatch):
    services, library = make_services(settings)
    monkeypatch.setattr(patches, "MAX_ATTENTION_BYTES", 10_000)
    with pytest.raises(InputError, match=r"at 30 times would take .* may be asked for at once; ask for fewer times"):
        attention_maps(services, library.open_path(film), model, SAMPLING, range(30))
    assert model.n_frames == 1


def test_a_full_disk_costs_the_cache_and_not_the_answer(settings, film, model, monkeypatch):
    services, library = make_services(settings)

    def full(*args, **more):
        raise StoreError("full")

    monkeypatch.setattr(services.store, "put", full)
    for _ in range(2):
        assert patch_maps(services, library.open_path(film), model, SAMPLING, [3]).times_s == [1.5]
    assert model.n_frames == 2
