"""Films that are written: the frames, their rate, and the same bytes every time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.robustness_set import number_of, numbered
from workbench.errors import InputError
from workbench.media.decode import sample_frames
from workbench.media.encode import write_video
from workbench.media.probe import probe
from workbench.settings import Settings
from workbench.types.video import SamplingSpec


@pytest.mark.parametrize("fps", [8.0, 25.0, 30000 / 1001])
def test_what_is_written_is_read_again(fps: float, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    write_video(path, iter(numbered(30)), fps)
    info = probe(path, Settings())
    assert info.fps == pytest.approx(fps, abs=0.001)
    assert info.duration_s == pytest.approx(30 / fps, abs=1e-4)
    (batch,) = sample_frames(path, info, SamplingSpec(fps))
    assert [number_of(pixels) for pixels in batch.pixels] == list(range(30))
    assert np.allclose(batch.times_s, np.arange(30) / fps, atol=1e-4)
    assert np.abs(batch.pixels.astype(int) - np.stack(numbered(30))).mean() < 4  # colours at half size


def test_same_frames_give_same_bytes_with_the_index_in_front(tmp_path: Path) -> None:
    # Forty films of 160 × 120: at a height that is no multiple of 16, x264 as it comes varies now and then.
    films = [tmp_path / f"{number}.mp4" for number in range(40)]
    for film in films:
        write_video(film, numbered(10), 8)
    (data,) = {film.read_bytes() for film in films}
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize(
    ("frames", "says"),
    [
        ([], "at least one frame"),
        (numbered(1, 33, 24), "33 × 24"),
        ([*numbered(1, 32, 24), *numbered(1, 48, 24)], "one size"),
    ],
)
def test_frames_that_make_no_film(frames: list[np.ndarray], says: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=says):
        write_video(tmp_path / "film.mp4", frames, 8)
