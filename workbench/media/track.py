"""The timetable of a film: when each of its frames is shown, and what readers must know to decode it.

Separate from probing and decoding because both stand on it. It is read from the packets, without
decoding more than the first frame: headers lie about durations and rates, packets do not.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from jaxtyping import Float64, Int64

from workbench.errors import VideoError
from workbench.media.container import container_name, films_in, open_film

MAX_SIDE_PX = 1920
MAX_PACKETS = 1_728_000
"""4 hours at 120 frames a second. While a film is read, FFmpeg and this file keep a few hundred bytes of each."""
_ORDERED_BY_DECODING = ("avi",)
# In the others, times may begin anywhere: a broadcast counts from when the sender was switched on.
_PLAYED_AS_TIMED = ("mov", "matroska", "webm", "ogg")


@dataclass(frozen=True, eq=False)
class Track:
    """The video stream that is shown, frame by frame in the order of showing.

    ``times_s`` are what a browser's clock shows: the file's own times, but where they begin below zero, or in a
    container that no browser plays, they count from the earliest stream of the file. ``pts`` are the same
    instants in the stream's own ticks, or None where the file has no such times and frames are known by their
    order alone. ``keys`` are the frames that decoding can start from, ``key_dts`` where their packets stand in
    the file. ``width_px`` and ``height_px`` are as stored; ``quarter_turns`` anticlockwise bring a frame upright.
    """

    container: str
    codec: str
    pix_fmt: str
    n_video_streams: int
    width_px: int
    height_px: int
    quarter_turns: int
    is_duration_declared: bool
    is_every_key_closed: bool
    tick_s: float
    end_s: float
    times_s: Float64[np.ndarray, "time"]
    pts: Int64[np.ndarray, "time"] | None
    keys: Int64[np.ndarray, "key"]
    key_dts: Int64[np.ndarray, "key"]

    @property
    def upright_size_px(self) -> tuple[int, int]:
        """Width and height as a person sees them."""
        size = (self.width_px, self.height_px)
        return size[::-1] if self.quarter_turns % 2 else size

    @property
    def decoded_size_px(self) -> tuple[int, int]:
        """Width and height, before turning upright, that frames are decoded to: at most ``MAX_SIDE_PX``."""
        scale = min(1.0, MAX_SIDE_PX / max(self.width_px, self.height_px))
        return max(1, round(self.width_px * scale)), max(1, round(self.height_px * scale))


@dataclass(frozen=True, slots=True)
class _Packet:
    """What is kept of a packet: ``pts`` and ``dts`` in ticks, None where the file does not say."""

    pts: int | None
    dts: int | None
    duration: int
    is_key: bool
    is_closed: bool
    is_discarded: bool


def read_track(path: Path, title: str) -> Track:
    """Return the timetable of a film; those of the last 16 films are kept.

    Raises ``VideoError`` where there is no film or no frame of it decodes. Cost: reads the file once,
    about 10 microseconds a frame.
    """
    status = path.stat()
    return _read_track(path, title, status.st_size, status.st_mtime_ns)


@functools.lru_cache(maxsize=16)
def _read_track(path: Path, title: str, _n_bytes: int, _changed_ns: int) -> Track:
    with open_film(path, title) as (container, stream):
        context = stream.codec_context
        packets, first = _read_packets(container, stream, title)
        shown = [p for p in packets if not p.is_discarded]
        pts = np.unique(np.array([p.pts for p in shown if p.pts is not None], dtype=np.int64))
        tick_s = float(stream.time_base or Fraction(1, 1000))
        is_timed = container_name(container) not in _ORDERED_BY_DECODING and len(pts) > len(shown) // 2
        if is_timed:
            times_s = pts * tick_s
            times_s -= _origin_s(container, float(times_s[0]))
            key_dts = {p.pts: p.pts if p.dts is None else p.dts for p in shown if p.is_key and p.pts is not None}
            key_pts = sorted(key_dts)
        else:
            times_s = _times_by_order(shown, stream, tick_s)
            key_dts, key_pts = {0: 0}, [0]
        last_s = max(shown, key=lambda p: (p.pts is not None, p.pts or 0)).duration * tick_s
        usual_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 0.0
        return Track(
            container=container_name(container),
            codec=context.codec.canonical_name,
            pix_fmt=context.pix_fmt or "",
            n_video_streams=len(films_in(container)),
            width_px=first.width,
            height_px=first.height,
            quarter_turns=round(first.rotation / 90) % 4,
            is_duration_declared=bool(container.duration),
            is_every_key_closed=all(p.is_closed for p in packets if p.is_key) and not _has_leading(packets),
            tick_s=tick_s,
            end_s=float(times_s[-1]) + (last_s or usual_s or 1 / float(stream.average_rate or 25)),
            times_s=times_s,
            pts=pts if is_timed else None,
            keys=np.searchsorted(pts, key_pts) if is_timed else np.zeros(1, np.int64),
            key_dts=np.array([key_dts[p] for p in key_pts], dtype=np.int64),
        )


def _read_packets(
    container: av.container.InputContainer, stream: av.VideoStream, title: str
) -> tuple[list[_Packet], av.VideoFrame]:
    """Return the film's packets in the order of the file, and its first frame."""
    _check_index(container, title)
    packets: list[_Packet] = []
    first: av.VideoFrame | None = None
    length_bytes = _nal_length_bytes(stream)
    try:
        for packet in container.demux(stream):
            if first is None:
                first = _first_of(packet)
            if packet.size:
                if len(packets) == MAX_PACKETS:
                    raise _too_many(title)
                packets.append(
                    _Packet(
                        pts=packet.pts,
                        dts=packet.dts,
                        duration=packet.duration or 0,
                        is_key=packet.is_keyframe,
                        is_closed=not (packet.is_keyframe and length_bytes) or _holds_idr(bytes(packet), length_bytes),
                        is_discarded=packet.is_discard,
                    )
                )
    except (av.error.FFmpegError, OSError):
        raise VideoError(f"“{title}” cannot be read to its end; copy or download it again.") from None
    if first is None or all(packet.is_discarded for packet in packets):
        raise VideoError(f"No frame of “{title}” can be decoded; convert it to MP4 (H.264) and try again.")
    return packets, first


def _check_index(container: av.container.InputContainer, title: str) -> None:
    """Raise ``VideoError`` where a stream, of pictures or not, is said to have more packets than a film may have.

    FFmpeg keeps 80 bytes of each that a header promises, every time that the file is opened, be they there or not.
    """
    if any(len(stream.index_entries) > MAX_PACKETS for stream in container.streams):
        raise _too_many(title)


def _too_many(title: str) -> VideoError:
    return VideoError(f"“{title}” has more than {MAX_PACKETS:,} frames; cut it into parts.")


def _first_of(packet: av.Packet) -> av.VideoFrame | None:
    try:
        return next(iter(packet.decode()), None)
    except av.error.FFmpegError:  # a recording may start in the middle of things: the next packet may do
        return None


def _origin_s(container: av.container.InputContainer, first_s: float) -> float:
    """Return the stream time at which a browser's clock shows 0: a film that starts late is shown late.

    Sound that starts before zero only warms up its decoder, and does not move the pictures.
    """
    start_s = first_s if container.start_time is None else container.start_time / av.time_base
    if container_name(container) in _PLAYED_AS_TIMED:
        start_s = min(start_s, 0.0)
    return min(first_s, max(start_s, min(first_s, 0.0)))


def _times_by_order(shown: list[_Packet], stream: av.VideoStream, tick_s: float) -> np.ndarray:
    """Return times for frames known by their order: the packets' own slots, or the stream's rate."""
    slots = [p.dts for p in shown if p.dts is not None]
    if len(set(slots)) == len(shown):
        return (np.array(sorted(slots), dtype=np.float64) - min(slots)) * tick_s
    return np.arange(len(shown)) / float(stream.average_rate or 25)


def _has_leading(packets: list[_Packet]) -> bool:
    """Return whether frames follow a key frame in the file and precede it on screen: an open group."""
    key_pts = None
    for packet in packets:
        if packet.is_key:
            key_pts = packet.pts
        elif key_pts is not None and packet.pts is not None and packet.pts < key_pts:
            return True
    return False


def _nal_length_bytes(stream: av.VideoStream) -> int:
    """Return how many bytes hold the length of an H.264 unit, or 0 where units are not stored so."""
    extradata = stream.codec_context.extradata or b""
    is_avc = stream.codec_context.codec.canonical_name == "h264" and extradata[:1] == b"\x01"
    return (extradata[4] & 3) + 1 if is_avc and len(extradata) > 4 else 0


def _holds_idr(data: bytes, length_bytes: int) -> bool:
    """Return whether decoding can really start at this H.264 packet. Source: ITU-T H.264, table 7-1."""
    at = 0
    while at + length_bytes < len(data):
        if data[at + length_bytes] & 31 == 5:
            return True
        at += length_bytes + int.from_bytes(data[at : at + length_bytes], "big")
    return False
