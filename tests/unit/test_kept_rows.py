"""What sentences of a long film are read against stays in the store: the same answers, and it is not in memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.films import BLUE, GREEN, RED, write_film
from tests.tiny_checkpoints import save_tiny_xclip
from tests.unit.test_extraction import CountingLibrary
from workbench.analyses import kept_rows
from workbench.analyses.chunks import chunk_keys
from workbench.analyses.extraction import Extracted, extract, is_cached
from workbench.analyses.services import Services
from workbench.errors import StoreError
from workbench.models.registry import ModelRegistry
from workbench.store.tensors import TensorStore
from workbench.types.outcome import Progress
from workbench.types.video import SamplingSpec

SAMPLING = SamplingSpec(fps=3)
TEXTS = ["a red circle", "dog"]


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("films") / "film.mp4"
    return write_film(path, [(10, RED), (15, GREEN), (11, BLUE)]).path


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return save_tiny_xclip(tmp_path_factory.mktemp("xclip") / "model", seed=5)


class Opened:
    """A film read by a model whose texts depend on the video, in what is like a new process."""

    def __init__(self, settings, folder: Path, film: Path) -> None:
        self.library = CountingLibrary(settings)
        store = TensorStore(settings.home / "features", settings.max_store_bytes)
        self.services = Services(settings, self.library, ModelRegistry(settings), store)
        self.model = self.services.models.load(str(folder))
        self.video = self.library.open_path(film)
        self.keys = chunk_keys(self.video, self.model.spec, SAMPLING)

    def extract(self, seen=lambda part: None) -> Extracted:
        def silent(progress: Progress) -> None:
            pass

        return extract(self.services, self.video, self.model, SAMPLING, silent, seen=seen)

    def curves(self, features) -> np.ndarray:
        return self.model.similarity(features, self.model.encode_texts(TEXTS))


@pytest.fixture
def small_memory(monkeypatch):
    monkeypatch.setattr(kept_rows, "MAX_BYTES", 10_000)


@pytest.fixture
def expected(settings, folder, film, tmp_path, monkeypatch):
    opened = Opened(replace(settings, home=tmp_path / "apart"), folder, film)
    features = opened.extract().features
    assert isinstance(features.context, np.ndarray)
    return features.context, opened.curves(features)


def test_the_answers_are_the_same_and_nothing_is_read_again(settings, folder, film, expected, small_memory):
    context, curves = expected
    opened, parts = Opened(settings, folder, film), []
    first = opened.extract(lambda part: parts.append(opened.curves(part)))
    n_frames = opened.library.n_frames
    assert len(opened.keys) >= 3
    assert first.features.context.nbytes == 0
    np.testing.assert_allclose(opened.curves(first.features), curves, atol=1e-6)
    np.testing.assert_allclose(np.concatenate(parts, axis=1), curves, atol=1e-6)
    for rows in (slice(0, 5), slice(13, 20), slice(15, 49), slice(len(context) - 3, len(context) + 9)):
        np.testing.assert_allclose(first.features.context[rows], context[rows], atol=1e-6)
    again = opened.extract()
    assert (again.from_cache, opened.library.n_frames) == (True, n_frames)
    restarted = Opened(settings, folder, film)
    third = restarted.extract()
    assert (third.from_cache, restarted.library.n_frames) == (True, 0)
    np.testing.assert_array_equal(restarted.curves(third.features), opened.curves(first.features))


@pytest.mark.parametrize("is_cut", [False, True])
def test_a_part_that_the_cache_lost_is_said_and_read_again(is_cut, settings, folder, film, expected, small_memory):
    opened = Opened(settings, folder, film)
    features = opened.extract().features
    n_frames = opened.library.n_frames
    part = next(settings.home.glob(f"features/**/{opened.keys[1]}.safetensors"))
    if is_cut:
        part.write_bytes(part.read_bytes()[:-1])
    else:
        part.unlink()
    with pytest.raises(StoreError, match="ask again"):
        opened.curves(features)
    # That a file is damaged shows only when it is read.
    assert is_cached(opened.services, opened.video, opened.model.spec, SAMPLING) == is_cut
    parts = []
    again = opened.extract(lambda part: parts.append(opened.curves(part)))
    assert n_frames < opened.library.n_frames < 2 * n_frames
    assert sum(part.shape[1] for part in parts) == len(again.features.times_s)
    np.testing.assert_allclose(opened.curves(again.features), expected[1], atol=1e-6)


def test_what_cannot_be_kept_stays_in_memory(settings, folder, film, expected, small_memory, monkeypatch):
    put, keys = TensorStore.put, []

    def fails_at_the_second(self, key, arrays):
        keys.append(key)
        if len(keys) == 2:
            raise StoreError("The disk is full.")
        put(self, key, arrays)

    monkeypatch.setattr(TensorStore, "put", fails_at_the_second)
    opened = Opened(settings, folder, film)
    found = opened.extract()
    assert (found.is_kept, found.problem) == (False, "The disk is full.")
    assert 0 < found.features.context.nbytes < expected[0].nbytes
    np.testing.assert_allclose(opened.curves(found.features), expected[1], atol=1e-6)


def test_what_not_even_the_store_has_room_for_is_refused_at_its_first_part(settings, folder, film, small_memory):
    opened = Opened(replace(settings, max_store_bytes=100_000), folder, film)
    with pytest.raises(StoreError, match="raise WORKBENCH_MAX_STORE_BYTES"):
        opened.extract()
    assert not any(key in opened.services.store for key in opened.keys)
