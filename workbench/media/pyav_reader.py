"""Frames of a film through PyAV: a current FFmpeg, for everything that decord gets wrong.

Separate because it is one of two readers behind one signature, and knows nothing of sampling.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np

from workbench.errors import VideoError
from workbench.media.container import open_film
from workbench.media.track import Track

SEEK_WORTH_FRAMES = 48
_STEPS_BACK = (0, 1, 4, 16)

Film = tuple[av.container.InputContainer, av.VideoStream]
Numbered = tuple[int, av.VideoFrame]


def read_frames(path: Path, track: Track, chosen: Sequence[int], title: str) -> Iterator[np.ndarray]:
    """Yield the frames ``chosen``, upright, RGB ``uint8[height width 3]``.

    ``chosen`` are indices into the track that never fall. Seeks where that spares
    ``SEEK_WORTH_FRAMES`` or more, to the very packet it asked for or not at all. Raises ``VideoError``
    where the film is damaged.
    """
    with open_film(path, title) as film:
        film[1].thread_type = "AUTO"
        for key, targets in _runs(track, chosen):
            frames = _frames_from(film, track, key, targets[0], title)
            yield from _pick(frames, track, targets, title)


def _runs(track: Track, chosen: Sequence[int]) -> list[tuple[int, list[int]]]:
    """Return ``(key, frames)``: the key frame to start decoding at, 0 for the start, and what to take."""
    runs: list[tuple[int, list[int]]] = []
    for index in chosen:
        key = max(0, int(np.searchsorted(track.keys, index, side="right")) - 1)
        if not runs or (key > 0 and track.keys[key] - runs[-1][1][-1] >= SEEK_WORTH_FRAMES):
            runs.append((key, [index]))
        else:
            runs[-1][1].append(index)
    return runs


def _pick(frames: Iterator[Numbered], track: Track, targets: list[int], title: str) -> Iterator[np.ndarray]:
    """Yield for each target the last frame that decodes at or before it."""
    current = next(frames, None)
    if current is None:
        raise VideoError(_damaged(title, float(track.times_s[targets[0]])))
    following = next(frames, None)
    pixels = None
    for target in targets:
        while following is not None and following[0] <= _place(track, target):
            current, following, pixels = following, next(frames, None), None
        if pixels is None:
            pixels = _upright_rgb(current[1], track)
        yield pixels


def _frames_from(film: Film, track: Track, key: int, target: int, title: str) -> Iterator[Numbered]:
    """Yield frames, the first at or before the target, from ``key`` or as far back as it takes.

    A seek may land elsewhere, and not every frame marked as key can be decoded from (intra refresh).
    """
    if key == 0:
        yield from _decode(film[0].demux(film[1]), track, title)
        return
    for start in (*(key - back for back in _STEPS_BACK if back < key), 0):
        frames = _decode(_packets_from(film, track, start), track, title)
        first = next(frames, None)
        if first is not None and first[0] <= _place(track, target):
            yield first
            yield from frames
            return
    raise VideoError(f"“{title}” cannot be searched; convert it to MP4 (H.264) and try again.")


def _packets_from(film: Film, track: Track, key: int) -> Iterator[av.Packet]:
    """Yield the packets from key frame ``key`` on; none where the container does not find it."""
    container, stream = film
    container.seek(int(track.key_dts[key]), stream=stream)
    packets = container.demux(stream)
    for packet in packets:
        if packet.is_keyframe and packet.pts == _place(track, int(track.keys[key])):
            yield packet
            yield from packets
            return
        if packet.dts is None or packet.dts > track.key_dts[key]:
            return


def _decode(packets: Iterator[av.Packet], track: Track, title: str) -> Iterator[Numbered]:
    """Yield decoded frames with their place in the film: its time in ticks, or its number."""
    time_s, n_decoded, is_sound = 0.0, 0, False
    try:
        for packet in packets:
            for frame in packet.decode():
                time_s = frame.time if frame.time is not None else time_s
                place = n_decoded if track.pts is None else frame.pts
                n_decoded += 1
                if frame.is_corrupt and is_sound:
                    raise VideoError(_damaged(title, time_s))
                # At the start of a recording frames may refer to others from before it.
                if not frame.is_corrupt and place is not None:
                    is_sound = True
                    yield place, frame
    except av.error.FFmpegError:
        raise VideoError(_damaged(title, time_s)) from None


def _place(track: Track, index: int) -> int:
    return index if track.pts is None else int(track.pts[index])


def _upright_rgb(frame: av.VideoFrame, track: Track) -> np.ndarray:
    width, height = track.decoded_size_px
    if (frame.width, frame.height) == (width, height):
        pixels = frame.to_ndarray(format="rgb24")
    else:
        pixels = frame.to_ndarray(format="rgb24", width=width, height=height, interpolation="AREA")
    return np.rot90(pixels, track.quarter_turns)


def _damaged(title: str, time_s: float) -> str:
    return f"“{title}” is damaged near {time_s:.1f} s; copy it again or re-encode it."
