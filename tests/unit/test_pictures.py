"""Still pictures in the library: films of one frame, upright, of their own pixels, and nothing else for a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workbench.errors import VideoError
from workbench.media.library import VideoLibrary
from workbench.media.pictures import LONGEST_PX
from workbench.settings import Settings
from workbench.types.video import SamplingSpec


@pytest.fixture
def library(settings: Settings) -> VideoLibrary:
    return VideoLibrary(settings)


def halves(width: int, height: int) -> Image.Image:
    """Return a picture that is red on the left and blue on the right."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2, 0] = pixels[:, width // 2 :, 2] = 255
    return Image.fromarray(pixels)


def shown(library: VideoLibrary, video_id: str) -> np.ndarray:
    (batch,) = library.frames(video_id, SamplingSpec())
    assert len(batch.pixels) == 1
    return batch.pixels[0].astype(int)


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "bmp", "gif", "tiff"])
def test_a_picture_is_a_film_of_one_frame(library: VideoLibrary, tmp_path: Path, ending: str):
    path = tmp_path / f"half.{ending}"
    halves(101, 61).save(path)
    film = library.add_picture(path)
    assert (film.title, film.width_px, film.height_px) == (path.name, 100, 60)
    pixels = shown(library, film.id)
    assert (pixels[10, 10] - [255, 0, 0]).__abs__().max() < 24
    assert (pixels[10, 90] - [0, 0, 255]).__abs__().max() < 24
    assert library.add_picture(path, "another title").id == film.id


def test_a_picture_stands_upright_and_is_made_small(library: VideoLibrary, tmp_path: Path):
    path = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: right is down
    halves(3_000, 1_000).save(path, exif=exif)
    film = library.add_picture(path)
    assert (film.width_px, film.height_px) == (340, LONGEST_PX)
    pixels = shown(library, film.id)
    assert pixels[10, 100, 0] > 200
    assert pixels[-10, 100, 2] > 200


def test_what_is_no_picture_is_refused_in_a_sentence(library: VideoLibrary, tmp_path: Path, settings: Settings):
    whole, path = tmp_path / "whole.png", tmp_path / "broken.png"
    halves(64, 64).save(whole)
    for content in (b"", b"not a picture", whole.read_bytes()[:60], b"<svg xmlns='http://www.w3.org/2000/svg'/>"):
        path.write_bytes(content)
        with pytest.raises(VideoError, match=r"“broken\.png” is no picture that can be read; give a JPEG"):
            library.add_picture(path)
    halves(64, 1).save(whole)
    with pytest.raises(VideoError, match="too small, or too narrow for its length"):
        library.add_picture(whole)
    small = VideoLibrary(Settings(home=settings.home, max_pixels=1_000))
    halves(64, 64).save(whole)
    with pytest.raises(VideoError, match="more pixels than are accepted"):
        small.add_picture(whole)
    with pytest.raises(VideoError, match=r"There is no file “gone\.png”"):
        library.add_picture(tmp_path / "gone.png")


def test_grey_of_16_bits_and_what_cannot_be_seen(library: VideoLibrary, tmp_path: Path):
    ramp = np.linspace(0, 65_535, 64 * 64).reshape(64, 64).astype(np.uint16)
    Image.fromarray(ramp).save(tmp_path / "ramp.png")
    pixels = shown(library, library.add_picture(tmp_path / "ramp.png").id)
    np.testing.assert_allclose(pixels.mean(axis=2), ramp / 256, atol=6)
    Image.new("RGBA", (64, 64), (0, 0, 0, 0)).save(tmp_path / "nothing.png")
    assert shown(library, library.add_picture(tmp_path / "nothing.png").id).min() > 245
