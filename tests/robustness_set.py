"""Films that are hard to decode, made with PyAV when a test first asks for them.

Separate so that every media test uses the same files. Each picture carries its own number, so that
a wrong frame cannot pass for the right one: see ``picture`` and ``number_of``.
"""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

RATE = 12
N_FRAMES = 48
N_BITS = 8
MAKERS: dict[str, Callable[[Path], None]] = {}


def picture(number: int, width: int = 160, height: int = 120) -> np.ndarray:
    """Return picture ``number``: its bits as ``N_BITS`` black or white bars over a moving gradient."""
    x, y = np.arange(width), np.arange(height)[:, None]
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[..., 0] = (x * 160 // width + 3 * number) % 256
    pixels[..., 1] = y * 160 // height + 40
    pixels[..., 2] = x * 80 // width + y * 80 // height + 5 * number % 90
    for bit in range(N_BITS):
        left, right = bit * width // N_BITS, (bit + 1) * width // N_BITS
        pixels[height // 3 : 2 * height // 3, left:right] = 235 if number >> bit & 1 else 20
    return pixels


def number_of(pixels: np.ndarray) -> int:
    """Return the number that ``picture`` has put into the frame, whatever its size."""
    height, width = pixels.shape[:2]
    row = pixels[height // 2].mean(axis=-1)
    return sum(int(row[(2 * bit + 1) * width // (2 * N_BITS)] > 128) << bit for bit in range(N_BITS))


def encode(
    path: Path,
    pictures: Iterable[np.ndarray],
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    *,
    times: Iterable[float] | None = None,
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    container_format: str | None = None,
    rotation: int = 0,
    rate: int = RATE,
) -> None:
    """Write the pictures at ``rate`` a second, or at ``times`` in seconds, as one video stream."""
    pictures = list(pictures)
    times = None if times is None else list(times)
    with av.open(str(path), "w", format=container_format, options=container_options or {}) as container:
        stream = container.add_stream(codec, rate=rate, options=options or {})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pix_fmt
        if rotation:
            stream.set_display_rotation(rotation)
        ticks = Fraction(1, rate) if times is None else Fraction(1, 1000)
        stream.codec_context.time_base = ticks
        for k, pixels in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.time_base = ticks
            frame.pts = k if times is None else round(times[k] * 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def numbered(count: int = N_FRAMES, width: int = 160, height: int = 120) -> list[np.ndarray]:
    """Return the first ``count`` pictures."""
    return [picture(k, width, height) for k in range(count)]


def maker(function: Callable[[Path], None]) -> Callable[[Path], None]:
    """Enter a function that writes one film; its name, with the last ``_`` as the dot, names the file."""
    MAKERS[function.__name__] = function
    return function


X264 = {"g": "12", "crf": "16", "bf": "2", "threads": "1"}


@maker
def h264_mp4(path: Path) -> None:
    encode(path, numbered(), options=X264)


@maker
def h264_mkv(path: Path) -> None:
    encode(path, numbered(), options=X264)


@maker
def open_gop_mp4(path: Path) -> None:
    encode(path, numbered(), options={**X264, "x264-params": "open-gop=1:keyint=12:bframes=3:b-pyramid=normal"})


@maker
def intra_refresh_mp4(path: Path) -> None:
    encode(path, numbered(), options={**X264, "bf": "0", "x264-params": "intra-refresh=1:keyint=12"})


@maker
def no_keyframes_mp4(path: Path) -> None:
    encode(path, numbered(), options={**X264, "g": "1000", "sc_threshold": "0"})


@maker
def bt709_mp4(path: Path) -> None:
    options = {**X264, "colorspace": "bt709", "color_primaries": "bt709", "color_trc": "bt709"}
    encode(path, numbered(), options={**options, "color_range": "tv"})


@maker
def full_range_mp4(path: Path) -> None:
    encode(path, numbered(), pix_fmt="yuvj420p", options=X264)


@maker
def h264_ts(path: Path) -> None:
    encode(path, numbered(), options=X264)


@maker
def h264_444_mp4(path: Path) -> None:
    encode(path, numbered(), pix_fmt="yuv444p", options=X264)


@maker
def h264_10bit_mp4(path: Path) -> None:
    encode(path, numbered(), pix_fmt="yuv420p10le", options=X264)


@maker
def hevc_mp4(path: Path) -> None:
    encode(path, numbered(), "libx265", options={"x265-params": "keyint=12:crf=16:log-level=none:pools=1"})


@maker
def hevc_10bit_mp4(path: Path) -> None:
    options = {"x265-params": "keyint=12:crf=16:log-level=none:pools=1"}
    encode(path, numbered(), "libx265", "yuv420p10le", options=options)


@maker
def av1_mp4(path: Path) -> None:
    encode(
        path,
        numbered(),
        "libsvtav1",
        options={"preset": "12", "crf": "20", "g": "12", "svtav1-params": "lp=1"},
    )


VP9 = {"deadline": "realtime", "cpu-used": "8", "crf": "15", "b": "0", "g": "12"}


@maker
def vp9_webm(path: Path) -> None:
    encode(path, numbered(), "libvpx-vp9", options=VP9)


@maker
def vp9_altref_webm(path: Path) -> None:
    options = {"deadline": "good", "cpu-used": "5", "crf": "15", "b": "0", "g": "24", "auto-alt-ref": "1"}
    encode(path, numbered(), "libvpx-vp9", options={**options, "lag-in-frames": "16"})


@maker
def vp9_live_webm(path: Path) -> None:
    encode(path, numbered(), "libvpx-vp9", options=VP9, container_options={"live": "1"})


@maker
def vp9_mp4(path: Path) -> None:
    encode(path, numbered(), "libvpx-vp9", options=VP9)


@maker
def vp8_webm(path: Path) -> None:
    options = {"deadline": "good", "cpu-used": "5", "crf": "8", "b": "2M", "g": "24", "auto-alt-ref": "1"}
    encode(path, numbered(), "libvpx", options={**options, "lag-in-frames": "16"})


@maker
def rotated_mp4(path: Path) -> None:
    encode(path, numbered(), rotation=-90, options=X264)


@maker
def upside_down_mp4(path: Path) -> None:
    encode(path, numbered(), rotation=180, options=X264)


@maker
def variable_rate_mp4(path: Path) -> None:
    steps = np.resize([0.02, 0.31, 0.04, 0.04, 0.9, 0.08], N_FRAMES)
    encode(path, numbered(), times=np.concatenate([[0.0], np.cumsum(steps)[:-1]]), options=X264)


@maker
def slideshow_mp4(path: Path) -> None:
    encode(path, numbered(4), times=[0.0, 3.0, 6.5, 10.0], options=X264)


@maker
def negative_start_mp4(path: Path) -> None:
    """The first frame stands at -0.1 s: made by shifting the table of composition offsets."""
    encode(path, numbered(), options=X264, container_options={"use_editlist": "0"})
    data = bytearray(path.read_bytes())
    at = data.index(b"ctts") + 4
    data[at] = 1  # offsets may be negative
    ticks = round(RATE * 1024 * 0.1)
    for entry in range(int.from_bytes(data[at + 4 : at + 8], "big")):
        place = at + 12 + 8 * entry
        offset = int.from_bytes(data[place : place + 4], "big", signed=True) - 1024 - ticks
        data[place : place + 4] = offset.to_bytes(4, "big", signed=True)
    path.write_bytes(data)


@maker
def edit_list_mp4(path: Path) -> None:
    """The edit list hides the first second: the film begins with picture 12."""
    encode(path, numbered(), options=X264)
    data = bytearray(path.read_bytes())
    at = data.index(b"elst") + 4 + 8
    media_time = int.from_bytes(data[at + 4 : at + 8], "big")
    data[at + 4 : at + 8] = (media_time + 1024 * RATE).to_bytes(4, "big")
    path.write_bytes(data)


@maker
def mpeg1_mpg(path: Path) -> None:
    encode(path, numbered(), "mpeg1video", rate=24, options={"g": "12", "bf": "2", "qscale": "2"})


@maker
def negative_start_mkv(path: Path) -> None:
    times = np.arange(N_FRAMES) / RATE - 0.25
    encode(path, numbered(), times=times, options=X264, container_options={"avoid_negative_ts": "disabled"})


@maker
def late_start_mp4(path: Path) -> None:
    encode(path, numbered(), times=np.arange(N_FRAMES) / RATE + 1.5, options=X264)


@maker
def late_video_mp4(path: Path) -> None:
    """Sound from 0 s, pictures from 0.5 s on."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=RATE, options=X264)
        video.height, video.width, video.pix_fmt = 120, 160, "yuv420p"
        audio = container.add_stream("aac", rate=16000)
        write_silence(container, audio, seconds=4.5)
        for k, pixels in enumerate(numbered()):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = k + RATE // 2, Fraction(1, RATE)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))


@maker
def two_streams_mp4(path: Path) -> None:
    """The first stream is small, the second large: a player shows the first."""
    with av.open(str(path), "w") as container:
        streams = []
        for width, height in ((160, 120), (320, 240)):
            stream = container.add_stream("libx264", rate=RATE, options=X264)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            streams.append(stream)
        for k in range(N_FRAMES):
            for stream in streams:
                number = k if stream.width == 160 else 255 - k
                pixels = picture(number, stream.width, stream.height)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        for stream in streams:
            container.mux(stream.encode(None))


@maker
def mpeg4_avi(path: Path) -> None:
    encode(path, numbered(), "mpeg4", options={"g": "12", "bf": "2", "qscale": "2", "flags": "+qscale"})


@maker
def cinepak_avi(path: Path) -> None:
    encode(path, numbered(24), "cinepak", "rgb24")


@maker
def one_frame_mp4(path: Path) -> None:
    encode(path, numbered(1), options=X264)


@maker
def two_frames_mp4(path: Path) -> None:
    encode(path, numbered(2), options=X264)


@maker
def ultra_hd_mp4(path: Path) -> None:
    encode(path, numbered(1, 7680, 4320), options={"preset": "ultrafast", "crf": "20"})


@maker
def portrait_4k_mp4(path: Path) -> None:
    encode(path, numbered(3, 2160, 3840), options={"preset": "ultrafast", "crf": "20"})


@maker
def odd_size_mp4(path: Path) -> None:
    encode(path, numbered(24, 321, 241), pix_fmt="yuv444p", options=X264)


@maker
def odd_size_webm(path: Path) -> None:
    encode(path, numbered(24, 321, 241), "libvpx-vp9", options=VP9)


@maker
def odd_width_mp4(path: Path) -> None:
    encode(path, numbered(24, 322, 242), options=X264)


@maker
def animation_gif(path: Path) -> None:
    encode(path, numbered(24), "gif", "rgb8")


# What is no film, or a broken one.


@maker
def truncated_mp4(path: Path) -> None:
    cut(film("h264_mp4"), path, 0.6)


@maker
def truncated_faststart_mp4(path: Path) -> None:
    whole = path.with_name("whole.mp4")
    encode(whole, numbered(), options=X264, container_options={"movflags": "+faststart"})
    cut(whole, path, 0.6)


@maker
def truncated_mkv(path: Path) -> None:
    cut(film("h264_mkv"), path, 0.6)


@maker
def truncated_ts(path: Path) -> None:
    cut(film("h264_ts"), path, 0.6)


@maker
def corrupted_mp4(path: Path) -> None:
    corrupt(film("h264_mp4"), path)


@maker
def corrupted_hevc_mp4(path: Path) -> None:
    corrupt(film("hevc_mp4"), path)


@maker
def corrupted_mkv(path: Path) -> None:
    corrupt(film("h264_mkv"), path)


@maker
def corrupted_webm(path: Path) -> None:
    corrupt(film("vp9_webm"), path)


@maker
def corrupted_avi(path: Path) -> None:
    corrupt(film("mpeg4_avi"), path)


@maker
def zero_bytes_mp4(path: Path) -> None:
    path.write_bytes(b"")


@maker
def text_mp4(path: Path) -> None:
    path.write_text("This is no film, whatever its name says.\n" * 200)


@maker
def text_txt(path: Path) -> None:
    path.write_text("This is no film, but FFmpeg can draw text.\n" * 200)


@maker
def playlist_mp4(path: Path) -> None:
    """A playlist that names another file of the machine: following it would leak that file."""
    name = film("h264_ts")
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4.0,\nfile://{name}\n#EXT-X-ENDLIST\n")


@maker
def concat_mp4(path: Path) -> None:
    """A list for FFmpeg's ``concat``: the same leak by another door."""
    path.write_text(f"ffconcat version 1.0\nfile {film('h264_mp4')}\n")


@maker
def random_mp4(path: Path) -> None:
    path.write_bytes(np.random.default_rng(0).bytes(50_000))


@maker
def sound_only_mp4(path: Path) -> None:
    with av.open(str(path), "w") as container:
        write_silence(container, container.add_stream("aac", rate=16000), seconds=1.0)


@maker
def cover_art_mp4(path: Path) -> None:
    """Sound with an attached picture, as music files have."""
    with av.open(str(path), "w") as container:
        audio = container.add_stream("aac", rate=16000)
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 160, 120, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        container.mux(cover.encode(av.VideoFrame.from_ndarray(picture(0), format="rgb24")))
        container.mux(cover.encode(None))
        write_silence(container, audio, seconds=1.0)


@maker
def still_png(path: Path) -> None:
    encode(path, numbered(1), "png", "rgb24", container_format="image2")


@maker
def still_jpg(path: Path) -> None:
    encode(path, numbered(1), "mjpeg", "yuvj420p", container_format="image2")


@maker
def still_mp4(path: Path) -> None:
    """A photograph under the name of a film."""
    shutil.copyfile(film("still_jpg"), path)


def write_silence(container, stream, seconds: float) -> None:
    """Encode ``seconds`` of silence into the sound stream."""
    for start in range(0, int(16000 * seconds), 1024):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 16000, start, Fraction(1, 16000)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def cut(source: Path, path: Path, share: float) -> None:
    """Write the first ``share`` of the file's bytes."""
    data = source.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


def corrupt(source: Path, path: Path) -> None:
    """Overwrite a stretch in the middle of the file's picture data with noise."""
    data = bytearray(source.read_bytes())
    middle, span = len(data) // 2, len(data) // 40
    data[middle : middle + span] = np.random.default_rng(1).bytes(span)
    path.write_bytes(bytes(data))


@functools.cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="robustness-set-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@functools.cache
def film(name: str) -> Path:
    """Return the path of the film ``name`` of ``MAKERS``, made on the first call of the process."""
    stem, _, suffix = name.rpartition("_")
    path = _folder() / name / f"{stem}.{suffix}"
    path.parent.mkdir()
    MAKERS[name](path)
    return path
