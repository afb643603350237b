"""Pixels as a PNG file, by itself or in a data URI, which a figure can carry.

Separate because plotly draws pictures from addresses only, and the format is nobody else's concern.
"""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
from jaxtyping import UInt8


def png_uri(pixels: UInt8[np.ndarray, "height width 4"]) -> str:
    """Return red, green, blue and alpha, not premultiplied, as a lossless PNG in a data URI."""
    return "data:image/png;base64," + base64.b64encode(png_file(pixels)).decode()


def png_file(pixels: UInt8[np.ndarray, "height width channel"]) -> bytes:
    """Return red, green and blue, and alpha, not premultiplied, where there is a fourth channel, as a lossless PNG.

    Source: PNG specification, third edition (W3C, 2025): chunks in clause 5, the "up" filter in clause 9.
    """
    height, width, n_channels = pixels.shape
    rows = pixels.reshape(height, n_channels * width)
    from_above = np.diff(rows, axis=0, prepend=np.zeros_like(rows[:1]))  # modulo 256, as the filter wants it
    filtered = np.insert(from_above, 0, 2, axis=1)
    eight_bits = struct.pack(">IIBBBBB", width, height, 8, {3: 2, 4: 6}[n_channels], 0, 0, 0)
    chunks = ((b"IHDR", eight_bits), (b"IDAT", zlib.compress(filtered.tobytes())), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(_chunk, chunks))


def _chunk(chunk: tuple[bytes, bytes]) -> bytes:
    kind, data = chunk
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
