"""What is known of a film before a frame is used, and the sentence for every file that is none."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from tests.robustness_set import film
from workbench.errors import VideoError
from workbench.media.probe import content_id, probe
from workbench.media.truncation import is_cut_off
from workbench.settings import Settings


def test_facts_of_a_film() -> None:
    path = film("h264_mp4")
    info = probe(path, Settings())
    assert info.id == sha256(path.read_bytes()).hexdigest() == content_id(path)
    assert (info.title, info.codec, info.width_px, info.height_px) == ("h264.mp4", "h264", 160, 120)
    assert (info.duration_s, info.fps) == (pytest.approx(4.0), pytest.approx(12.0))
    assert info.n_bytes == path.stat().st_size


@pytest.mark.parametrize(
    ("name", "size_px"),
    [("rotated_mp4", (120, 160)), ("upside_down_mp4", (160, 120)), ("odd_size_webm", (321, 241))],
)
def test_size_is_upright(name: str, size_px: tuple[int, int]) -> None:
    info = probe(film(name), Settings())
    assert (info.width_px, info.height_px) == size_px


@pytest.mark.parametrize(
    ("name", "duration_s"),
    [
        ("vp9_live_webm", 4.0),  # the container does not say
        ("h264_ts", 4.0),
        ("mpeg4_avi", 4.0),
        ("late_start_mp4", 5.5),
        ("late_video_mp4", 4.5),
        ("negative_start_mp4", 4.0),
        ("edit_list_mp4", 3.0),
        ("one_frame_mp4", 1 / 12),
    ],
)
def test_duration_ends_with_the_last_frame(name: str, duration_s: float) -> None:
    assert probe(film(name), Settings()).duration_s == pytest.approx(duration_s, abs=0.002)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("zero_bytes_mp4", "is empty"),
        ("text_mp4", "is not a video"),
        ("text_txt", "is not a video"),
        ("random_mp4", "is not a video"),
        ("playlist_mp4", "is not a video"),
        ("concat_mp4", "is not a video"),
        ("truncated_mp4", "The end of"),
        ("truncated_faststart_mp4", "The end of"),
        ("truncated_mkv", "The end of"),
        ("sound_only_mp4", "no moving pictures"),
        ("cover_art_mp4", "no moving pictures"),
        ("still_png", "still picture"),
        ("still_jpg", "still picture"),
        ("still_mp4", "still picture"),
    ],
)
def test_message_for_what_is_no_film(name: str, says: str) -> None:
    with pytest.raises(VideoError, match=says):
        probe(film(name), Settings())


def test_message_for_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match=r"There is no file “gone\.mp4”"):
        probe(tmp_path / "gone.mp4", Settings())
    with pytest.raises(VideoError, match="is a folder"):
        probe(tmp_path, Settings())


@pytest.mark.parametrize(
    ("limit", "says"),
    [
        ({"max_video_bytes": 1000}, r"MB, more than the 0\.0 MB accepted"),
        ({"max_duration_s": 3.0}, r"lasts 0:00:04, longer than the 0:00:03 accepted"),
        ({"max_pixels": 160 * 120 - 1}, r"frames of 160 × 120, more than the 0\.0192 million"),
    ],
)
def test_limits(limit: dict[str, float], says: str) -> None:
    with pytest.raises(VideoError, match=says):
        probe(film("h264_mp4"), replace(Settings(), **limit))


def test_limits_are_inclusive() -> None:
    path = film("h264_mp4")
    n_bytes = path.stat().st_size
    limits = replace(Settings(), max_video_bytes=n_bytes, max_duration_s=4.0, max_pixels=160 * 120)
    assert probe(path, limits).n_bytes == n_bytes


@pytest.mark.parametrize("name", ["h264_mp4", "h264_mkv", "vp9_webm", "mpeg4_avi"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.9, 0.999])
def test_a_cut_off_end_is_seen_wherever_it_was_cut(name: str, share: float, tmp_path: Path) -> None:
    data = film(name).read_bytes()
    path = tmp_path / film(name).name
    path.write_bytes(data[: int(len(data) * share)])
    assert not is_cut_off(film(name))
    assert is_cut_off(path)
    with pytest.raises(VideoError, match="The end of"):
        probe(path, Settings())


@pytest.mark.parametrize("name", ["h264_mp4", "h264_mkv"])
def test_bytes_appended_to_a_film_do_no_harm(name: str, tmp_path: Path) -> None:
    path = tmp_path / film(name).name
    path.write_bytes(film(name).read_bytes() + b"\0" * 100)
    assert probe(path, Settings()).duration_s == pytest.approx(4.0)


def test_a_live_webm_declares_no_end() -> None:
    assert not is_cut_off(film("vp9_live_webm"))
