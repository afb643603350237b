"""Features are computed once: counted calls, other processes, killed processes, cancelled work."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.films import BLUE, GREEN, RED, write_film
from workbench.analyses.chunks import CHUNK_FRAMES, Plan, chunk_keys
from workbench.analyses.extraction import extract, is_cached
from workbench.analyses.frame_batches import in_windows
from workbench.analyses.services import Services
from workbench.errors import Cancelled, InputError
from workbench.media.library import VideoLibrary
from workbench.models.adapter_template import ENTRY, FAMILY, ColourHistogram
from workbench.models.protocol import Placement
from workbench.models.registry import ModelRegistry
from workbench.settings import ASSETS, Settings
from workbench.store.tensors import TensorStore
from workbench.types.outcome import Progress
from workbench.types.video import FrameBatch, SamplingSpec

SAMPLING = SamplingSpec(fps=10)


class CountingLibrary(VideoLibrary):
    n_frames = 0

    def frames(self, *args, **more):
        for batch in super().frames(*args, **more):
            self.n_frames += len(batch.times_s)
            yield batch


class CountingModel(ColourHistogram):
    n_frames = n_texts = 0
    pause_s = 0.0

    def encode_frames(self, frames):
        time.sleep(self.pause_s)
        self.n_frames += len(frames.times_s)
        return super().encode_frames(frames)

    def encode_texts(self, texts, absent=None):
        self.n_texts += len(texts)
        return super().encode_texts(texts, absent)


@pytest.fixture(scope="module")
def long_film(tmp_path_factory):
    """Return a film of 70 s: at 10 frames a second three chunks."""
    path = tmp_path_factory.mktemp("films") / "long.mp4"
    return write_film(path, [(20, RED), (30, GREEN), (20, BLUE)]).path


def make_services(settings: Settings) -> tuple[Services, CountingLibrary, CountingModel]:
    models = ModelRegistry(settings)
    model = CountingModel(ENTRY, settings)
    models.register_family(type(FAMILY)(name=FAMILY.name, load=lambda entry, settings: model))
    models.register(ENTRY)
    library = CountingLibrary(settings)
    store = TensorStore(settings.home / "features", settings.max_store_bytes)
    return Services(settings, library, models, store), library, model


def nothing(progress: Progress) -> None:
    pass


def test_features_are_those_of_the_model_on_every_frame(settings, long_film):
    services, library, model = make_services(settings)
    video = library.open_path(long_film)
    found = extract(services, video, model, SAMPLING, nothing).features
    whole = [model.encode_frames(batch) for batch in VideoLibrary.frames(library, video.id, SAMPLING)]
    np.testing.assert_array_equal(found.times_s, np.concatenate([part.times_s for part in whole]))
    np.testing.assert_array_equal(found.frames, np.concatenate([part.frames for part in whole]))
    assert len(found.times_s) == 700 > 2 * CHUNK_FRAMES


def test_second_opening_decodes_and_encodes_nothing_also_after_a_restart(settings, long_film):
    services, library, model = make_services(settings)
    video = library.open_path(long_film)
    first = extract(services, video, model, SAMPLING, nothing)
    assert (library.n_frames, model.n_frames, first.from_cache) == (700, 700, False)
    again = extract(services, video, model, SAMPLING, nothing)
    assert (library.n_frames, model.n_frames, again.from_cache) == (700, 700, True)
    restarted, library, model = make_services(settings)
    third = extract(restarted, library.open_path(long_film), model, SAMPLING, nothing)
    assert (library.n_frames, model.n_frames, third.from_cache) == (0, 0, True)
    np.testing.assert_array_equal(third.features.frames, first.features.frames)


def test_other_rate_other_model_or_other_film_is_computed_anew(settings, long_film, film):
    _services, library, model = make_services(settings)
    video, other = library.open_path(long_film), library.open_path(film.path)
    keys = {tuple(chunk_keys(v, model.spec, SamplingSpec(fps))) for v in (video, other) for fps in (1.0, 2.0)}
    assert len(keys) == 4
    assert not any(str(long_film) in key for group in keys for key in group)
    assert not set(chunk_keys(video, replace(model.spec, revision="2"), SAMPLING)) & set(
        chunk_keys(video, model.spec, SAMPLING)
    )


def test_ground_asks_the_model_nothing_the_second_time(settings, long_film):
    from workbench.analyses.ground import Ground

    services, library, model = make_services(settings)
    video = library.open_path(long_film)
    params = Ground.Params(video=video.id, queries=("something green",), model=ENTRY.id, fps=10)
    first = Ground().run(services, params)
    counted = library.n_frames, model.n_frames, model.n_texts
    again = Ground().run(services, params)
    assert (library.n_frames, model.n_frames, model.n_texts) == counted
    assert (first.provenance.from_cache, again.provenance.from_cache) == (False, True)
    moment = again.result.moments[0][0]
    assert (moment.start_s, moment.end_s) == pytest.approx((20, 50), abs=1.0)


def test_cancelled_work_keeps_what_was_finished(settings, long_film):
    services, library, model = make_services(settings)
    video = library.open_path(long_film)
    read = []

    def stop_late(progress: Progress) -> None:
        read.append(progress.done)
        if progress.done > 300:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        extract(services, video, model, SAMPLING, stop_late)
    done = sum(key in services.store for key in chunk_keys(video, model.spec, SAMPLING))
    assert done == read[-1] // CHUNK_FRAMES
    assert 0 < done < len(chunk_keys(video, model.spec, SAMPLING))
    before = model.n_frames
    extract(services, video, model, SAMPLING, nothing)
    assert model.n_frames - before == 700 - done * CHUNK_FRAMES


def test_a_full_disk_costs_the_cache_and_not_the_answer(settings, long_film, monkeypatch):
    from workbench.errors import StoreError

    services, library, model = make_services(settings)
    video = library.open_path(long_film)

    def full(key, arrays, metadata=None):
        raise StoreError("The disk is full; free some space.")

    monkeypatch.setattr(services.store, "put", full)
    found = extract(services, video, model, SAMPLING, nothing)
    assert len(found.features.times_s) == 700
    assert found.problem == "The disk is full; free some space."
    assert not any(key in services.store for key in chunk_keys(video, model.spec, SAMPLING))
    assert is_cached(services, video, model.spec, SAMPLING), "what is open stays in memory"


def test_a_decoder_that_fails_in_the_middle_is_heard(settings, long_film, monkeypatch):
    services, library, model = make_services(settings)
    video = library.open_path(long_film)
    intact = library.frames

    def broken(*args, **more):
        for at, batch in enumerate(intact(*args, **more)):
            if at == 2:
                raise OSError("disk gone")
            yield batch

    monkeypatch.setattr(library, "frames", broken)
    with pytest.raises(OSError, match="disk gone"):
        extract(services, video, model, SAMPLING, nothing)


SCRIPT = """
import sys, time
from pathlib import Path
sys.path[:0] = [{root!r}, {tests!r}]
from tests.unit.test_extraction import SAMPLING, make_services, nothing
from workbench.analyses.extraction import extract
from workbench.settings import Settings
services, library, model = make_services(Settings(home=Path({home!r}), offline=True))
video = library.open_path(Path({film!r}))
model.pause_s = {pause_s}
print("ready", flush=True)
extract(services, video, model, SAMPLING, nothing)
print(library.n_frames, model.n_frames, flush=True)
"""


def start(settings: Settings, film, pause_s: float = 0.0) -> subprocess.Popen:
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    places = {"root": root, "tests": os.path.join(root, "tests"), "home": str(settings.home), "film": str(film)}
    script = SCRIPT.format(**places, pause_s=pause_s)
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=root)


def test_a_second_process_uses_what_the_first_computed(settings, long_film):
    services, library, model = make_services(settings)
    extract(services, library.open_path(long_film), model, SAMPLING, nothing)
    out, _ = start(settings, long_film).communicate(timeout=120)
    assert out.split() == ["ready", "0", "0"]


COUNT_CALLS = """
import av, pathlib
from workbench.analyses.ground import Ground
from workbench.analyses.services import Services
from workbench.settings import Settings

opened, passes = [], []
av.open = lambda *args, _open=av.open, **named: opened.append(args) or _open(*args, **named)
services = Services.create(Settings(home=pathlib.Path({home!r}), offline=True))
model = services.models.load("toyworld-frame")  # tries one grey picture: a misfit shows before a film is read
for encoder in (model._model.vision_model, model._model.text_model):
    encoder.register_forward_hook(lambda *_: passes.append(1))
video = services.library.open_path(pathlib.Path({film!r}))
found = Ground().run(services, Ground.Params(video=video.id, queries=("a red circle",), model="toyworld-frame"))
print(len(opened) > 0, len(passes) > 0, found.provenance.from_cache)
"""


def test_a_second_process_opens_no_decoder_and_runs_nothing_through_the_network(settings, tmp_path):
    """Counted where it happens: at the decoder's door and in the network, with the shipped model."""
    film = tmp_path / "toy.mp4"
    shutil.copy(ASSETS / "examples" / "toy-test-72-000.mp4", film)
    script = COUNT_CALLS.format(home=str(settings.home), film=str(film))
    answers = [
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
        for _ in range(2)
    ]
    assert answers == [["True", "True", "False"], ["False", "False", "True"]]


def test_two_processes_at_once_compute_every_frame_once(settings, long_film):
    both = [start(settings, long_film) for _ in range(2)]
    counts = [process.communicate(timeout=120)[0].split()[1:] for process in both]
    assert sorted(int(decoded) for decoded, _ in counts) == [0, 700]


def test_of_many_who_ask_at_once_one_has_it_read_and_the_others_find_it(settings, long_film):
    services, library, model = make_services(settings)
    video = library.open_path(long_film)
    model.pause_s = 0.02
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: extract(services, video, model, SAMPLING, nothing), range(8)))
    assert (library.n_frames, model.n_frames) == (700, 700)
    assert [each.from_cache for each in found].count(False) == 1


def test_killed_twenty_times_serves_nothing_corrupt_and_goes_on(settings, long_film):
    """SIGKILL at random moments; whatever lies in the store afterwards is right, and the rest is computed."""
    reference_services, library, model = make_services(Settings(home=settings.home / "whole", offline=True))
    video = library.open_path(long_film)
    whole = extract(reference_services, video, model, SAMPLING, nothing).features
    services, library, model = make_services(settings)
    video = library.open_path(long_film)
    keys = chunk_keys(video, model.spec, SAMPLING)
    rng = random.Random(0)
    n_in_the_middle = 0
    for _ in range(20):
        process = start(settings, long_film, pause_s=0.02)
        assert process.stdout.readline() == "ready\n"
        time.sleep(rng.uniform(0.0, 0.9))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        stored = [services.store.get(key) for key in keys]
        n_in_the_middle += 0 < sum(chunk is not None for chunk in stored) < len(keys)
        for at, chunk in enumerate(stored):
            if chunk is not None:
                rows = slice(at * CHUNK_FRAMES, (at + 1) * CHUNK_FRAMES)
                np.testing.assert_array_equal(chunk["frames"], whole.frames[rows])
        if is_cached(services, video, model.spec, SAMPLING):
            shutil.rmtree(settings.home / "features")
    assert n_in_the_middle >= 3
    again = extract(services, video, model, SAMPLING, nothing).features
    np.testing.assert_array_equal(again.frames, whole.frames)


class WindowedModel(CountingModel):
    """Reads windows of 8 frames, 2 frames apart: the mean of their colours."""

    def __init__(self, entry, settings):
        super().__init__(entry, settings)
        self.spec = replace(self.spec, frame_independent=False, window_frames=8, window_step=2)

    def encode_frames(self, frames):
        single = super().encode_frames(frames)
        mean = single.frames.reshape(-1, 8, single.frames.shape[1]).mean(axis=1)
        times_s = frames.times_s.reshape(-1, 8)
        middle_s = (times_s[:, 0] + times_s[:, -1]) / 2
        return replace(single, frames=mean / np.linalg.norm(mean, axis=1, keepdims=True), times_s=middle_s)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 60), st.integers(1, 20), st.data())
def test_every_run_of_windows_is_cut_as_it_is_planned(window: int, step: int, n_more: int, n_at_once: int, data):
    plan = Plan(window + n_more, window, min(step, window))
    first = data.draw(st.integers(0, plan.n_rows - 1))
    past = data.draw(st.integers(first + 1, plan.n_rows))
    numbers = np.arange(*plan.frames_of(first, past))
    parts = [numbers[at : at + n_at_once] for at in range(0, len(numbers), n_at_once)]
    pixels = np.repeat(np.arange(70, dtype=np.uint8), 3).reshape(-1, 1, 1, 3)
    batches = (FrameBatch("film", SAMPLING, pixels[part], part / 10) for part in parts)
    cut = np.concatenate([batch.pixels[:, 0, 0, 0] for batch in in_windows(batches, plan)]).reshape(-1, window)
    starts = [min(row * plan.step, plan.n_frames - window) for row in range(first, past)]
    np.testing.assert_array_equal(cut, np.array(starts)[:, None] + np.arange(window))
    assert plan.frames_of(0, plan.n_rows) == (0, plan.n_frames)


@pytest.mark.parametrize("fps", [10, 9.9], ids=["even", "the last window begins one frame after another"])
def test_windows_are_those_of_a_slow_loop_also_across_chunks(settings, long_film, fps: float):
    services, library, _ = make_services(settings)
    model = WindowedModel(ENTRY, settings)
    video, sampling = library.open_path(long_film), SamplingSpec(fps)
    found = extract(services, video, model, sampling, nothing).features
    frames = list(VideoLibrary.frames(library, video.id, sampling, batch_frames=16))
    pixels, times_s = (np.concatenate([getattr(batch, name) for batch in frames]) for name in ("pixels", "times_s"))
    starts = sorted({*range(0, len(pixels) - 7, 2), len(pixels) - 8})
    slow = [
        model.encode_frames(replace(frames[0], pixels=pixels[s : s + 8], times_s=times_s[s : s + 8])) for s in starts
    ]
    assert len(chunk_keys(video, model.spec, sampling)) > 10
    assert len(starts) == 347 if fps == 10 else len(starts) == 344
    np.testing.assert_allclose(found.frames, np.concatenate([part.frames for part in slow]), atol=1e-6)
    np.testing.assert_allclose(found.times_s, np.concatenate([part.times_s for part in slow]))
    counted = library.n_frames
    assert extract(services, video, model, sampling, nothing).from_cache
    assert library.n_frames == counted


def test_windows_go_on_where_they_were_stopped(settings, long_film):
    services, library, _ = make_services(settings)
    model = WindowedModel(ENTRY, settings)
    video = library.open_path(long_film)

    def stop(progress: Progress) -> None:
        if progress.done >= 300:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        extract(services, video, model, SAMPLING, stop)
    n_stopped = model.n_frames
    resumed = extract(services, video, model, SAMPLING, nothing).features
    fresh_services, _, _ = make_services(replace(settings, home=settings.home / "other"))
    fresh_model = WindowedModel(ENTRY, settings)
    fresh = extract(fresh_services, fresh_services.library.open_path(long_film), fresh_model, SAMPLING, nothing)
    np.testing.assert_array_equal(resumed.frames, fresh.features.frames)
    assert n_stopped > 0
    assert model.n_frames - n_stopped < fresh_model.n_frames


def test_a_video_shorter_than_a_window_is_one_window(settings, film):
    services, library, _ = make_services(settings)
    model = WindowedModel(ENTRY, settings)
    video = library.open_path(film.path)
    found = extract(services, video, model, SamplingSpec(fps=0.5), nothing).features
    assert found.frames.shape[0] == 1
    assert 0 <= found.times_s[0] <= video.duration_s


def test_a_frame_that_hardly_differs_takes_the_feature_of_the_last_one_read(settings, long_film):
    services, _, model = make_services(settings)
    video = services.library.open_path(long_film)
    found = extract(services, video, model, SAMPLING, nothing, reuse_below=8.0)
    n_chunks = len(chunk_keys(video, model.spec, SAMPLING, 8.0))
    assert model.n_frames <= n_chunks + 4, "one a chunk, and one for each of the two cuts, give or take the codec"
    every = extract(services, video, model, SAMPLING, nothing)
    assert not every.from_cache, "what was read with reuse is not taken for what was read without"
    np.testing.assert_array_equal(found.features.times_s, every.features.times_s)
    assert (found.features.frames * every.features.frames).sum(1).min() > 0.99
    assert extract(services, video, model, SAMPLING, nothing, reuse_below=8.0).from_cache


def test_reuse_gives_the_same_chunks_when_it_goes_on_in_the_middle(settings, long_film):
    services, _, model = make_services(settings)
    video = services.library.open_path(long_film)
    whole = extract(services, video, model, SAMPLING, nothing, reuse_below=8.0).features
    key = chunk_keys(video, model.spec, SAMPLING, 8.0)[4]
    (settings.home / "features" / key[:2] / f"{key}.safetensors").unlink()
    fresh, _, fresh_model = make_services(settings)
    again = extract(fresh, fresh.library.open_path(long_film), fresh_model, SAMPLING, nothing, reuse_below=8.0)
    assert fresh_model.n_frames == 1
    np.testing.assert_array_equal(again.features.frames, whole.frames)


def test_reuse_is_refused_where_frames_are_read_together(settings, film):
    services, library, _ = make_services(settings)
    model = WindowedModel(ENTRY, settings)
    with pytest.raises(InputError, match="reads several frames at once, so none can stand for another; set Reuse to 0"):
        extract(services, library.open_path(film.path), model, SAMPLING, nothing, reuse_below=1.0)


@pytest.mark.parametrize("rows_at_once", [1, 3, 64, 500])
def test_features_do_not_depend_on_how_many_rows_are_encoded_at_once(settings, long_film, rows_at_once: int):
    services, _, model = make_services(settings)
    video = services.library.open_path(long_film)
    expected = extract(services, video, model, SAMPLING, nothing).features
    other, _, _ = make_services(replace(settings, home=settings.home / "other"))
    calls = []

    class Picky(CountingModel):
        placement = Placement("cpu", 0, rows_at_once)

        def encode_frames(self, frames):
            calls.append(len(frames.times_s))
            return super().encode_frames(frames)

    found = extract(other, other.library.open_path(long_film), Picky(ENTRY, settings), SAMPLING, nothing).features
    np.testing.assert_array_equal(found.frames, expected.frames)
    np.testing.assert_array_equal(found.times_s, expected.times_s)
    assert set(calls[:-1]) == {rows_at_once}
    assert sum(calls) == 700


def test_who_stops_while_kept_parts_are_looked_at_is_heard_after_the_first(settings, long_film):
    services, _, model = make_services(settings)
    video = services.library.open_path(long_film)
    keys = chunk_keys(video, model.spec, SAMPLING)
    extract(services, video, model, SAMPLING, nothing)
    fresh, _, model = make_services(settings)
    (settings.home / "features" / keys[-1][:2] / f"{keys[-1]}.safetensors").unlink()
    seen = []

    def stop(progress: Progress) -> None:
        if seen:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        extract(fresh, fresh.library.open_path(long_film), model, SAMPLING, stop, seen=seen.append)
    assert len(seen) == 1
    assert model.n_frames == 0


def test_what_is_seen_on_going_on_begins_with_all_that_was_kept(settings, long_film):
    from workbench.analyses.ground import Ground

    services, library, _ = make_services(settings)
    params = Ground.Params(
        video=library.open_path(long_film).id, queries=("something green",), model=ENTRY.id, fps=SAMPLING.fps
    )
    seen_until: list[float] = []

    def watch(progress: Progress) -> None:
        if progress.glimpse:
            seen_until.append(progress.glimpse.times_s[-1])

    def stop_late(progress: Progress) -> None:
        watch(progress)
        if progress.done > 300:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        Ground().run(services, params, stop_late)
    last = seen_until[-1]
    seen_until.clear()
    fresh, library, _ = make_services(settings)
    library.open_path(long_film)
    Ground().run(fresh, params, watch)
    assert seen_until[0] >= last


def test_parts_are_seen_as_they_come_and_those_that_were_there_first(settings, long_film):
    services, _, model = make_services(settings)
    video = services.library.open_path(long_film)
    keys = chunk_keys(video, model.spec, SAMPLING)
    whole = extract(services, video, model, SAMPLING, nothing).features
    fresh, _, _ = make_services(settings)
    (settings.home / "features" / keys[1][:2] / f"{keys[1]}.safetensors").unlink()
    video = fresh.library.open_path(long_film)
    starts: list[float] = []
    extract(fresh, video, model, SAMPLING, nothing, seen=lambda part: starts.append(part.times_s[0]))
    assert starts == [whole.times_s[i * CHUNK_FRAMES] for i in (0, *range(2, len(keys)), 1)]
    starts.clear()
    extract(fresh, video, model, SAMPLING, nothing, seen=lambda part: starts.append(part.times_s[0]))
    assert starts == [], "nothing is seen by and by of what is there at once"
