"""Every film of the robustness set against PyAV decoding it from its start: the same, or one sentence."""

from __future__ import annotations

import functools
import itertools
import re

import av
import numpy as np
import pytest

from tests.robustness_set import MAKERS, film, number_of
from workbench.errors import VideoError
from workbench.media.decode import frames_at, sample_frames, sample_instants
from workbench.media.probe import probe
from workbench.media.track import MAX_SIDE_PX
from workbench.settings import Settings
from workbench.types.video import SamplingSpec

NO_FILMS = {
    "concat_mp4", "cover_art_mp4", "playlist_mp4", "random_mp4", "sound_only_mp4", "still_jpg", "still_mp4",
    "still_png", "text_mp4", "text_txt", "truncated_faststart_mp4", "truncated_mkv", "truncated_mp4",
    "zero_bytes_mp4",
}  # fmt: skip
DAMAGED = {
    "corrupted_mp4": "h264_mp4", "corrupted_hevc_mp4": "hevc_mp4", "corrupted_mkv": "h264_mkv",
    "corrupted_webm": "vp9_webm", "corrupted_avi": "mpeg4_avi",
}  # fmt: skip
LARGE = {"ultra_hd_mp4", "portrait_4k_mp4"}
FILMS = sorted(MAKERS.keys() - NO_FILMS - DAMAGED.keys())
FIRST_NUMBER = {"edit_list_mp4": 12, "negative_start_mkv": 3}
AS_TIMED = ("mov", "matroska", "ogg")
"""Containers that a browser plays at the times they hold, unless those begin below zero."""
CLOCK_S = 1e-6


@functools.cache
def reference(name: str) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return times on the player's clock and upright frames, decoded by PyAV in one go from the start."""
    times_s, frames = [], []
    with av.open(str(film(name))) as container:
        container.streams.video[0].thread_type = "SLICE"
        for frame in container.decode(container.streams.video[0]):
            if frame.time is not None:
                times_s.append(frame.time)
                frames.append(np.rot90(frame.to_ndarray(format="rgb24"), frame.rotation // 90))
        is_as_timed = container.format.name.startswith(AS_TIMED)
    start_s = min(times_s[0], 0.0) if is_as_timed else times_s[0]
    return np.array(times_s) - start_s, frames


def on_screen(times_s: np.ndarray, instant: float) -> int:
    """Return the index of the last frame that has appeared by then, one by one; the first before that."""
    index = 0
    for k, time_s in enumerate(times_s):
        if time_s <= instant + 0.001:
            index = k
    return index


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(np.int16) - other).mean())


def one_sentence(text: str) -> bool:
    return text.endswith(".") and "\n" not in text and "Traceback" not in text and len(text) < 250


@pytest.mark.parametrize("name", sorted(set(FILMS) - {"animation_gif"}))
def test_reference_shows_the_pictures_that_were_put_in(name: str) -> None:
    _, frames = reference(name)
    first = FIRST_NUMBER.get(name, 0)
    upright = {"rotated_mp4": 1, "upside_down_mp4": 2}.get(name, 0)
    numbers = [number_of(np.rot90(frame, upright)) for frame in frames]
    assert numbers == list(range(first, first + len(frames)))


@pytest.mark.parametrize(
    ("name", "fps"),
    [*itertools.product(sorted(set(FILMS) - LARGE), (12.0, 5.0, 2.0)), *((n, 12.0) for n in sorted(LARGE))],
)
def test_frames_and_times_are_the_reference(name: str, fps: float) -> None:
    times_s, frames = reference(name)
    sampling = SamplingSpec(fps)
    info = probe(film(name), Settings())
    instants = sample_instants(info, sampling)
    given_s: list[float] = []
    last = None
    for batch in sample_frames(film(name), info, sampling, batch_frames=7):
        assert len(batch.pixels) == len(batch.times_s) <= 7
        for pixels, time_s in zip(batch.pixels, batch.times_s, strict=True):
            instant = instants[len(given_s)]
            k = on_screen(times_s, instant)
            is_seen_before = k == last or times_s[k] > instant + 0.001
            assert difference(pixels, reduced(frames[k])) <= 2
            assert time_s == pytest.approx(instant if is_seen_before else times_s[k], abs=CLOCK_S)
            given_s.append(float(time_s))
            last = k
    assert len(given_s) == len(instants)
    assert np.all(np.diff(given_s) > 0)


def reduced(frame: np.ndarray) -> np.ndarray:
    """Return the mean of blocks that bring the longer side to ``MAX_SIDE_PX``, for sizes that divide."""
    block = -(-max(frame.shape) // MAX_SIDE_PX)
    if block == 1:
        return frame
    height, width = frame.shape[:2]
    return frame.reshape(height // block, block, width // block, block, 3).mean(axis=(1, 3)).astype(np.uint8)


@pytest.mark.parametrize("name", sorted(set(FILMS) - LARGE))
def test_a_part_of_a_film_is_the_part_of_the_whole(name: str) -> None:
    """Cold starts in the middle: what seeks gets wrong first."""
    info = probe(film(name), Settings())
    sampling = SamplingSpec(12.0)
    whole = list(sample_frames(film(name), info, sampling, batch_frames=1))
    for start, stop in [
        (len(whole) // 3, None),
        (len(whole) // 2, len(whole) // 2 + 2),
        (len(whole) - 1, None),
    ]:
        part = list(sample_frames(film(name), info, sampling, start, stop, batch_frames=1))
        assert [batch.times_s[0] for batch in part] == [batch.times_s[0] for batch in whole[start:stop]]
        for one, other in zip(part, whole[start:stop], strict=True):
            assert difference(one.pixels, other.pixels) == 0


@pytest.mark.parametrize("name", sorted(set(FILMS) - LARGE))
def test_frames_far_apart_are_the_reference(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a seek wherever one is possible."""
    monkeypatch.setattr("workbench.media.pyav_reader.SEEK_WORTH_FRAMES", 1)
    times_s, frames = reference(name)
    asked_s = np.sort(np.random.default_rng(0).uniform(0, times_s[-1], 9))
    for time_s, pixels in zip(asked_s, frames_at(film(name), name, asked_s), strict=True):
        assert difference(pixels, frames[on_screen(times_s, time_s)]) <= 2


@pytest.mark.parametrize("fps", [12.0, 2.0])
@pytest.mark.parametrize("name", sorted(DAMAGED))
def test_damage_stays_where_it_is_or_is_told(name: str, fps: float) -> None:
    """A decoder may conceal damage, as every player does; the groups of frames around it are right."""
    times_s, frames = reference(DAMAGED[name])
    info = probe(film(name), Settings())
    given = []
    try:
        for batch in sample_frames(film(name), info, SamplingSpec(fps), batch_frames=1):
            given.append((float(batch.times_s[0]), batch.pixels[0]))
    except VideoError as error:
        is_told = re.fullmatch(r"“corrupted.+” is damaged near [\d.]+ s; .+\.", str(error)) is not None
    else:
        is_told = True
        assert len(given) == len(sample_instants(info, SamplingSpec(fps)))
    assert is_told
    assert [t for t, _ in given][: int(fps)] == pytest.approx([k / fps for k in range(int(fps))], abs=0.001)
    for time_s, pixels in given:
        if time_s < 1.0 or (time_s >= 3.0 and name != "corrupted_avi"):  # AVI closes up where a frame is lost
            assert difference(pixels, frames[on_screen(times_s, time_s)]) <= 2


@pytest.mark.parametrize("name", sorted(NO_FILMS))
def test_what_is_no_film_gets_one_sentence(name: str) -> None:
    with pytest.raises(VideoError) as error:
        probe(film(name), Settings())
    assert one_sentence(str(error.value))
    assert film(name).name in str(error.value)
