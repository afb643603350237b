"""A still picture as a film of one frame, so that whatever can be asked of a film can be asked of it.

Separate because films are refused where they stand still: here a picture is what is wanted. It is decoded, and written
anew, so that nothing but its pixels is kept.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from workbench.errors import VideoError
from workbench.media.encode import write_video
from workbench.settings import Settings

LONGEST_PX = 1_024
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
_SMALLEST_PX = 2
_FPS = 10.0
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)  # sizes are checked here


def write_picture(path: Path, film: Path, title: str, settings: Settings) -> None:
    """Write the picture in ``path``, upright and at most ``LONGEST_PX`` long, as a film of one frame.

    Raises ``VideoError`` for what is no picture, or one larger than ``settings`` accept.
    """
    if not path.is_file():
        raise VideoError(f"There is no file “{title}”; check its name and folder.")
    try:
        with Image.open(path, formats=_FORMATS) as picture:
            if picture.width * picture.height > settings.max_pixels:
                raise Image.DecompressionBombError
            upright = _on_white(ImageOps.exif_transpose(picture))
    except Image.DecompressionBombError:
        raise VideoError(f"“{title}” has more pixels than are accepted; make it smaller.") from None
    except Exception:  # there is no end of what a damaged file makes the library raise
        raise VideoError(f"“{title}” is no picture that can be read; give a JPEG, PNG or WebP file.") from None
    upright.thumbnail((LONGEST_PX, LONGEST_PX), Image.Resampling.LANCZOS)
    # Films have even sizes.
    width_px, height_px = (side - side % 2 for side in upright.size)
    if min(width_px, height_px) < _SMALLEST_PX:
        raise VideoError(f"“{title}” is too small, or too narrow for its length; give another picture.")
    write_video(film, [np.asarray(upright)[:height_px, :width_px]], _FPS, crf=0)


def _on_white(picture: Image.Image) -> Image.Image:
    """Return the picture in three colours of 8 bits, with white where nothing is to be seen."""
    if picture.mode.startswith("I"):  # 16 bits of grey, which the library would clip
        picture = Image.fromarray((np.asarray(picture).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8))
    seen = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen).convert("RGB")
