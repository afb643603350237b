"""Films that are none, or traps: refused in a sentence; nothing they name is opened, nothing they say is believed."""

from __future__ import annotations

import errno
import http.server
import os
import resource
import struct
import sys
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.films import RED, write_film
from workbench.errors import OutOfMemoryError, VideoError
from workbench.media import apart
from workbench.media.library import VideoLibrary
from workbench.media.probe import probe
from workbench.media.track import MAX_PACKETS
from workbench.settings import Settings
from workbench.types.video import SamplingSpec
from workbench.ui.shortage import NO_MEMORY, plainly

CONTAINERS_OF_BOXES = (b"moov", b"trak", b"mdia", b"minf", b"stbl")


class Canary(http.server.BaseHTTPRequestHandler):
    """A server that remembers whoever came."""

    heard: list[str]

    def do_GET(self) -> None:
        self.heard.append(self.path)
        self.send_error(404)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def canary() -> Iterator[tuple[str, list[str]]]:
    """Yield an address of this machine, and what was asked of it."""
    handler = type("Heard", (Canary,), {"heard": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", handler.heard
        server.shutdown()


@pytest.fixture
def library(tmp_path: Path) -> VideoLibrary:
    return VideoLibrary(Settings(home=tmp_path / "home", offline=True))


def hls(*lines: str) -> bytes:
    return "\n".join(("#EXTM3U", "#EXT-X-TARGETDURATION:9", *lines, "#EXT-X-ENDLIST", "")).encode()


def dash(url: str) -> bytes:
    return (
        '<?xml version="1.0"?>'
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT2S">'
        '<Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1">'
        f"<BaseURL>{url}</BaseURL></Representation></AdaptationSet></Period></MPD>"
    ).encode()


PLAYLISTS = {
    "HLS, a file": lambda web, ts, mp4: hls("#EXTINF:2,", str(ts)),
    "HLS, a file's address": lambda web, ts, mp4: hls("#EXTINF:2,", f"file://{ts}"),
    "HLS, joined": lambda web, ts, mp4: hls("#EXTINF:2,", f"concat:{ts}|{ts}"),
    "HLS, the web": lambda web, ts, mp4: hls("#EXTINF:2,", f"{web}/film.ts"),
    "HLS, a key": lambda web, ts, mp4: hls(f'#EXT-X-KEY:METHOD=AES-128,URI="{web}/key"', "#EXTINF:2,", str(ts)),
    "HLS, a beginning": lambda web, ts, mp4: hls(f'#EXT-X-MAP:URI="{mp4}"', "#EXTINF:2,", str(mp4)),
    "HLS that is a film, too": lambda web, ts, mp4: (
        hls("#EXTINF:2,", f"{web}/film.ts", "#EXTINF:2,", str(ts)).ljust(188 * 5, b"\n") + ts.read_bytes()
    ),
    "M3U": lambda web, ts, mp4: f"#EXTM3U\n#EXTINF:1,\n{web}/film\n".encode(),
    "ffconcat, a file": lambda web, ts, mp4: f"ffconcat version 1.0\nfile '{ts}'\n".encode(),
    "ffconcat, the web": lambda web, ts, mp4: f"ffconcat version 1.0\nfile '{web}/film.ts'\n".encode(),
    "ffconcat before a film": lambda web, ts, mp4: f"ffconcat version 1.0\nfile '{ts}'\n".encode() + mp4.read_bytes(),
    "SDP": lambda web, ts, mp4: (
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
        b"m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"
    ),
    "DASH, the web": lambda web, ts, mp4: dash(f"{web}/film.mp4"),
    "DASH, a file": lambda web, ts, mp4: dash(str(mp4)),
    "ASX": lambda web, ts, mp4: f"<ASX><ENTRY><REF HREF='{web}/film'/></ENTRY></ASX>".encode(),
    "AviSynth": lambda web, ts, mp4: f'DirectShowSource("{mp4}")'.encode(),
    "SVG": lambda web, ts, mp4: (
        "<svg xmlns='http://www.w3.org/2000/svg' xmlns:l='http://www.w3.org/1999/xlink'>"
        f"<image l:href='file:///etc/passwd'/><image l:href='{web}/x.png'/></svg>"
    ).encode(),
    "subtitles": lambda web, ts, mp4: b"1\n00:00:00,000 --> 00:00:02,000\n<b>x</b>\n\n",
    "subtitles of a disc": lambda web, ts, mp4: (
        b"# VobSub index file, v7\nid: en, index: 0\ntimestamp: 00:00:01:000, filepos: 0\n"
    ),
    "text of a terminal": lambda web, ts, mp4: b"\x1b[31mhello\x1b[0m\n" * 1000,
    "paths": lambda web, ts, mp4: b"/etc/passwd\n" * 100,
    "nothing but zeros": lambda web, ts, mp4: bytes(10_000),
}


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return two films of somebody else: had one been opened, what names it would be a film."""
    folder = tmp_path_factory.mktemp("elsewhere")
    ts, mp4 = (write_film(folder / f"film.{kind}", [(2.0, RED)]).path for kind in ("ts", "mp4"))
    return ts, mp4


@pytest.mark.parametrize("kind", PLAYLISTS)
def test_a_list_of_films_is_no_film_and_opens_nothing(
    kind: str, elsewhere: tuple[Path, Path], canary: tuple[str, list[str]], tmp_path: Path
) -> None:
    web, heard = canary
    for suffix in (".mp4", ".m3u8", ".ts", ".mkv", ""):
        path = tmp_path / f"film{suffix}"
        path.write_bytes(PLAYLISTS[kind](web, *elsewhere))
        with pytest.raises(VideoError, match="“my film” is not a video that can be read"):
            probe(path, Settings(), "my film")
    assert heard == []


def test_a_list_that_is_uploaded_is_refused_and_not_kept(
    library: VideoLibrary, elsewhere: tuple[Path, Path], canary: tuple[str, list[str]], tmp_path: Path
) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(PLAYLISTS["HLS that is a film, too"](canary[0], *elsewhere))
    with pytest.raises(VideoError, match="“my film” is not a video that can be read"):
        library.add(path, "my film")
    assert canary[1] == []
    assert not [*(tmp_path / "home").rglob("film.*")]


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def with_boxes(raw: bytes, others: dict[bytes, bytes]) -> bytes:
    """Return an MP4 with the boxes of these kinds replaced, wherever they are."""
    made, at = b"", 0
    while at + 8 <= len(raw):
        size, kind = struct.unpack(">I4s", raw[at : at + 8])
        body = raw[at + 8 : at + size]
        if kind in others:
            made += others[kind]
        elif kind in CONTAINERS_OF_BOXES:
            made += box(kind, with_boxes(body, others))
        else:
            made += raw[at : at + size]
        at += size
    return made


def of_samples(count: int, n_bytes: int) -> dict[bytes, bytes]:
    """Return the boxes that say, in a hundred bytes, that there are ``count`` frames of ``n_bytes``."""
    return {
        b"stsz": box(b"stsz", struct.pack(">III", 0, n_bytes, count)),
        b"stts": box(b"stts", struct.pack(">IIII", 0, 1, count, 1)),
        b"stsc": box(b"stsc", struct.pack(">IIIII", 0, 1, 1, count, 1)),
        b"stss": box(b"stss", struct.pack(">III", 0, 1, 1)),
        b"ctts": b"",
    }


def promising(path: Path, count: int, codec: str = "h264") -> Path:
    """Write a film of ten frames that says it has ``count``; the first of MPEG-4's decodes by itself."""
    film = write_film(path, [(1.0, RED)], codec=codec).path.read_bytes()
    of_all_bytes, _, of_first_bytes = struct.unpack_from(">III", film, film.find(b"stsz") + 8)
    path.write_bytes(with_boxes(film, of_samples(count, of_all_bytes or of_first_bytes)))
    assert path.stat().st_size < 4096
    return path


@pytest.mark.skipif(sys.platform != "linux", reason="no bound on memory there")
@pytest.mark.parametrize("codec", ["h264", "mpeg4"])
def test_two_kilobytes_that_promise_fifty_million_frames_take_no_memory(
    codec: str, library: VideoLibrary, tmp_path: Path
) -> None:
    bomb = promising(tmp_path / "bomb.mp4", 50_000_000, codec)
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(VideoError, match=r"“bomb.mp4” .*; .* try again"):
        library.add(bomb)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib < 50_000
    library.add(write_film(tmp_path / "film.mp4", [(1.0, RED)]).path)


@pytest.mark.parametrize("codec", ["h264", "mpeg4"])
def test_a_film_that_promises_more_frames_than_the_longest_has_is_not_let_in(
    codec: str, library: VideoLibrary, tmp_path: Path
) -> None:
    with pytest.raises(VideoError, match=r"“bomb.mp4” has more than 1,728,000 frames; cut it into parts\."):
        library.add(promising(tmp_path / "bomb.mp4", MAX_PACKETS + 1, codec))
    assert not [*(tmp_path / "home").rglob("film.*")]


def test_a_fragment_that_promises_too_many_frames_is_not_let_in(library: VideoLibrary, tmp_path: Path) -> None:
    path = tmp_path / "bomb.mp4"
    with av.open(str(path), "w", options={"movflags": "frag_keyframe+empty_moov+default_base_moof"}) as container:
        stream = container.add_stream("mpeg4", rate=10, options={"g": "5"})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for _ in range(10):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 96, 3), np.uint8), format="rgb24")))
        container.mux(stream.encode())
    film = path.read_bytes()
    assert library.add(path).duration_s == pytest.approx(1.0)
    header = box(b"mfhd", struct.pack(">II", 0, 9))
    run = box(b"trun", struct.pack(">II", 0, MAX_PACKETS + 1))
    track = box(b"traf", box(b"tfhd", struct.pack(">IIIII", 0x020038, 1, 1024, 1, 0)) + run)
    path.write_bytes(film + box(b"moof", header + track) + box(b"mdat", bytes(8)))
    with pytest.raises(VideoError, match=r"“bomb.mp4” has more than 1,728,000 frames"):
        library.add(path)


@pytest.mark.parametrize("number", [errno.ENOMEM, errno.EAGAIN])
def test_without_room_for_one_more_process_nothing_is_said_of_the_disk(
    number: int, library: VideoLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    film = write_film(tmp_path / "film.mp4", [(1.0, RED)]).path
    with monkeypatch.context() as patch:
        patch.setattr("subprocess.run", run)
        with pytest.raises(OutOfMemoryError, match="has no room for one more program; try again") as problem:
            library.add(film)
    assert "disk" not in str(problem.value)
    assert "space" not in str(problem.value)
    assert library.add(film).codec == "h264"


def test_memory_that_runs_out_while_a_film_is_kept_is_not_told_as_a_full_disk(
    library: VideoLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copy(*_: object) -> None:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    film = write_film(tmp_path / "film.mp4", [(1.0, RED)]).path
    monkeypatch.setattr("shutil.copyfile", copy)
    with pytest.raises(OSError, match="Cannot allocate memory") as problem:
        library.add(film)
    assert str(plainly(problem.value)) == NO_MEMORY


@pytest.mark.parametrize("end", ["it crashes", "it never ends", "it says nonsense"])
def test_whatever_happens_while_a_film_is_examined_is_told_in_a_sentence(
    end: str, library: VideoLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = write_film(tmp_path / "film.mp4", [(1.0, RED)]).path
    program = {
        "it crashes": "import os; os.abort()",
        "it never ends": "while True: pass",
        "it says nonsense": "print('{')",
    }[end]
    monkeypatch.setattr(apart, "PATIENCE_S", 1.0)
    monkeypatch.setattr(apart, "COMMAND", (sys.executable, "-c", program))
    with pytest.raises(VideoError, match="takes more memory or time than a video should"):
        library.add(film)


@pytest.mark.parametrize(
    ("limit", "said"), [({"max_pixels": 1000}, "million pixels"), ({"max_duration_s": 0.5}, "lasts 0:00:01")]
)
def test_limits_hold_in_the_other_process_too(limit: dict[str, float], said: str, tmp_path: Path) -> None:
    library = VideoLibrary(Settings(home=tmp_path / "home", offline=True, **limit))
    with pytest.raises(VideoError, match=said):
        library.add(write_film(tmp_path / "film.mp4", [(1.0, RED)]).path)


def test_headers_that_lie_are_not_believed(library: VideoLibrary, tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4", [(2.0, RED)]).path
    raw = bytearray(film.read_bytes())
    at = raw.find(b"tkhd") + 4 + 76  # width and height of the track, as it is to be shown
    raw[at : at + 8] = struct.pack(">II", 65_535 << 16, 65_535 << 16)
    at = raw.find(b"mvhd") + 4 + 16
    raw[at : at + 4] = b"\xff" * 4  # how long it says that it lasts
    film.write_bytes(raw)
    found = library.add(film)
    assert (found.duration_s, found.width_px, found.height_px) == (pytest.approx(2.0), 96, 64)


def growing(path: Path, small_px: int, large_px: int) -> Path:
    """Write a film whose frames become large after a while, which VP8 lets every key frame do."""
    packets = []
    for side, start in ((small_px, 0), (large_px, 10)):
        encoder = av.CodecContext.create("libvpx", "w")
        encoder.width = encoder.height = side
        encoder.pix_fmt, encoder.time_base = "yuv420p", Fraction(1, 10)
        encoder.options = {"deadline": "realtime", "cpu-used": "8"}
        for k in range(10 if side == small_px else 1):
            frame = av.VideoFrame(side, side, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([128]) * plane.buffer_size)
            frame.pts, frame.time_base = start + k, Fraction(1, 10)
            packets += encoder.encode(frame)
        packets += encoder.encode(None)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx", rate=10)
        stream.width, stream.height, stream.pix_fmt = small_px, small_px, "yuv420p"
        for number, packet in enumerate(packets):
            packet.stream, packet.time_base = stream, Fraction(1, 1000)
            packet.pts = packet.dts = 100 * number
            container.mux(packet)
    return path


def test_frames_that_grow_without_end_are_not_decoded(
    library: VideoLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.media.container.MOST_PIXELS", 100_000)
    found = library.add(growing(tmp_path / "grows.webm", 64, 400))
    assert (found.width_px, found.height_px) == (64, 64)
    with pytest.raises(VideoError, match="damaged near"):
        list(library.frames(found.id, SamplingSpec(10.0)))


def test_what_a_stranger_brings_is_not_decoded_by_the_old_decoder(
    library: VideoLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> Iterator[None]:
        raise AssertionError("decord was asked")
        yield

    monkeypatch.setattr("workbench.media.decord_reader.read_frames", never)
    film = write_film(tmp_path / "film.mp4", [(1.0, RED)]).path
    brought = library.add(film)
    assert sum(len(batch.times_s) for batch in library.frames(brought.id, SamplingSpec(2.0))) == 2
    assert len(library.thumbnails(brought.id, [0.0], 32)) == 1
    assert next(library.frames_at(brought.id, np.array([0.0]))).shape == (64, 96, 3)
    own = library.open_path(film)  # a person's own, at their machine
    with pytest.raises(AssertionError, match="decord"):
        list(library.frames(own.id, SamplingSpec(2.0)))
