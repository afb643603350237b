"""Whether the end of a file is missing, told from the sizes that the file itself declares.

Separate because it needs neither codec nor decoder: it walks the outermost boxes of the bytes. A
decoder would notice only when it gets there, and would show a shorter film without a word.
Source: ISO/IEC 14496-12 (boxes), RFC 8794 (EBML), Microsoft's RIFF.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

_BOXES = {b"ftyp", b"moov", b"mdat", b"moof", b"free", b"skip", b"wide", b"uuid", b"styp", b"sidx", b"mfra"}
_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"


def is_cut_off(path: Path) -> bool:
    """Return whether an MP4, Matroska, WebM or AVI file is shorter than it declares; False for others."""
    n_bytes = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if head[4:8] in _BOXES:
            return _boxes_end(file, n_bytes) > n_bytes
        if head[:4] == _EBML:
            return _segment_end(file) > n_bytes
        if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
            return 8 + int.from_bytes(head[4:8], "little") > n_bytes > 0 and head[4:8] != b"\xff" * 4
    return False


def _boxes_end(file: BinaryIO, n_bytes: int) -> int:
    at = 0
    while at + 8 <= n_bytes:
        file.seek(at)
        head = file.read(16)
        size, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
        if size < 8 or kind not in _BOXES:  # up to the end of the file, or something appended to it
            break
        at += size
    return at


def _segment_end(file: BinaryIO) -> int:
    file.seek(4)
    header_size = _read_size(file)
    if header_size is None:
        return 0
    file.seek(header_size, 1)
    if file.read(4) != _SEGMENT:
        return 0
    size = _read_size(file)
    return 0 if size is None else file.tell() + size


def _read_size(file: BinaryIO) -> int | None:
    """Return an EBML size, or None where it is given as unknown, as in a live stream."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    length = 9 - first[0].bit_length()
    value = int.from_bytes(first + file.read(length - 1), "big") & ((1 << 7 * length) - 1)
    return None if value == (1 << 7 * length) - 1 else value
