"""Which decoder reads which film, as a table: decord where it was measured to be right, PyAV elsewhere.

Separate because it is data: every row states its reason, and is tested with a film it was made for.
Measured with decord 0.6.0 against PyAV 18.1 decoding from the start.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from workbench.media.track import Track

MAX_AHEAD_BYTES = 2**30
"""The most that a film read by decord may take when all of it is decoded, in bytes."""

Reader = Literal["decord", "pyav"]


@dataclass(frozen=True)
class Rule:
    """A kind of film that decord gets wrong, and how."""

    name: str
    applies: Callable[[Track], bool]
    reason: str


PYAV_RULES = (
    Rule(
        "container",
        lambda t: t.container not in ("mov", "matroska"),
        "decord has no usable timestamps in AVI and MPEG, does not open GIF, and shifts transport streams",
    ),
    Rule(
        "codec",
        lambda t: t.codec not in ("h264", "vp8", "vp9"),
        "decord does not open AV1, loses frames of Cinepak, and shows wrong ones of HEVC after a seek",
    ),
    Rule(
        "pixel format",
        lambda t: t.pix_fmt not in ("yuv420p", "yuvj420p"),
        "decord returns garbage for H.264 4:4:4 after a seek, and rounds 10 bits otherwise",
    ),
    Rule("streams", lambda t: t.n_video_streams > 1, "decord may pick another than the first video stream"),
    Rule("duration", lambda t: not t.is_duration_declared, "decord does not open a file without a duration"),
    Rule(
        "open groups",
        lambda t: not t.is_every_key_closed,
        "decord seeks to frames that decoding cannot start from: open groups, intra refresh",
    ),
    Rule(
        "large",
        lambda t: t.decoded_size_px != (t.width_px, t.height_px),
        "very large frames are reduced while decoding, which PyAV does with an area filter",
    ),
    Rule(
        "long",
        lambda t: len(t.times_s) * t.width_px * t.height_px * 3 > MAX_AHEAD_BYTES,
        "decord decodes ahead without a bound while nobody asks for a frame: a film read slowly fills the memory",
    ),
)


def rule_for(track: Track) -> Rule | None:
    """Return the first rule that sends a film to PyAV, or None where decord is right."""
    return next((rule for rule in PYAV_RULES if rule.applies(track)), None)


def reader_for(track: Track) -> Reader:
    """Return the name of the reader that a film is decoded with."""
    return "decord" if rule_for(track) is None else "pyav"
