"""Every row of the routing table with films it was made for, and that the routing is obeyed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from tests.robustness_set import film, number_of
from workbench.media import decord_reader, pyav_reader
from workbench.media.decode import sample_frames
from workbench.media.probe import probe
from workbench.media.routing import MAX_AHEAD_BYTES, PYAV_RULES, reader_for, rule_for
from workbench.media.track import read_track
from workbench.settings import Settings
from workbench.types.video import SamplingSpec

TO_PYAV = {
    "container": ["mpeg4_avi", "cinepak_avi", "h264_ts", "mpeg1_mpg", "animation_gif"],
    "codec": ["av1_mp4", "hevc_mp4", "hevc_10bit_mp4"],
    "pixel format": ["h264_444_mp4", "h264_10bit_mp4", "odd_size_mp4"],
    "streams": ["two_streams_mp4"],
    "duration": ["vp9_live_webm"],
    "open groups": ["open_gop_mp4", "intra_refresh_mp4"],
    "large": ["ultra_hd_mp4", "portrait_4k_mp4"],
}
TO_DECORD = [
    "h264_mp4", "h264_mkv", "no_keyframes_mp4", "bt709_mp4", "full_range_mp4", "vp9_webm", "vp9_altref_webm",
    "vp9_mp4", "vp8_webm", "rotated_mp4", "upside_down_mp4", "variable_rate_mp4", "slideshow_mp4",
    "negative_start_mp4", "late_start_mp4", "late_video_mp4", "one_frame_mp4", "odd_width_mp4",
]  # fmt: skip


@pytest.mark.parametrize(("rule", "name"), [(rule, name) for rule in TO_PYAV for name in TO_PYAV[rule]])
def test_rule_sends_film_to_pyav(rule: str, name: str) -> None:
    track = read_track(film(name), name)
    found = rule_for(track)
    assert found is not None
    assert found.name == rule
    assert reader_for(track) == "pyav"


@pytest.mark.parametrize("name", TO_DECORD)
def test_other_films_go_to_decord(name: str) -> None:
    assert reader_for(read_track(film(name), name)) == "decord"


def test_every_rule_has_a_film() -> None:
    assert {rule.name for rule in PYAV_RULES} == {*TO_PYAV, "long"}, "the last is tested with a track made longer"


def never(*_: object) -> Iterator[np.ndarray]:
    raise AssertionError("this reader must not be asked")


def numbers(name: str) -> list[int]:
    info = probe(film(name), Settings())
    return [number_of(p) for batch in sample_frames(film(name), info, SamplingSpec(6.0)) for p in batch.pixels]


@pytest.mark.parametrize(
    ("name", "idle"), [*((n, pyav_reader) for n in ("h264_mp4", "vp9_mp4")), ("hevc_mp4", decord_reader)]
)
def test_the_other_reader_is_not_asked(name: str, idle: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle, "read_frames", never)
    assert numbers(name) == list(range(0, 48, 2))


@pytest.mark.parametrize("n_before", [0, 1, 9, 23])
def test_pyav_goes_on_where_decord_fails(
    n_before: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    right = decord_reader.read_frames

    def failing(*arguments) -> Iterator[np.ndarray]:
        for k, pixels in enumerate(right(*arguments)):
            if k == n_before:
                raise decord_reader.DecordError("made to fail")
            yield pixels

    monkeypatch.setattr(decord_reader, "read_frames", failing)
    with caplog.at_level(logging.INFO):
        assert numbers("h264_mp4") == list(range(0, 48, 2))
    assert "made to fail" in caplog.text


@pytest.mark.parametrize("shown_as", ["cinepak_avi", "variable_rate_mp4"])
def test_decord_is_not_believed_where_it_lists_another_film(shown_as: str) -> None:
    track = read_track(film("h264_mp4"), "h264")
    with pytest.raises(decord_reader.DecordError):
        list(decord_reader.read_frames(film(shown_as), track, [0]))


def test_a_film_that_would_fill_the_memory_goes_to_pyav() -> None:
    track = read_track(film("h264_mp4"), "h264_mp4")
    n_frames = MAX_AHEAD_BYTES // (track.width_px * track.height_px * 3)
    assert rule_for(replace(track, times_s=np.arange(n_frames) / 25, pts=None)) is None
    found = rule_for(replace(track, times_s=np.arange(n_frames + 1) / 25, pts=None))
    assert found is not None
    assert found.name == "long"
