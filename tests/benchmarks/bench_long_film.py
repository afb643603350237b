"""A film of two hours at two frames a second: memory, first glimpse, and a kill in the middle.

``python -m tests.benchmarks.bench_long_film [FILM] [MODEL]``. The film is FILM again and again, copied packet by
packet. A process of its own reads it and is killed half-way; a second one goes on and must decode the rest alone.
Without MODEL it is the toy model, and an X-CLIP that keeps as much of a film as ViT-B/16 does.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import av

from tests.tiny_checkpoints import save_narrow_xclip
from tests.unit.test_extraction import CountingLibrary
from workbench.analyses.chunks import plan_of
from workbench.analyses.ground import Ground, GroundParams
from workbench.analyses.services import Services
from workbench.settings import ASSETS, Settings
from workbench.types.outcome import Progress
from workbench.types.video import SamplingSpec

HOURS = 2.0
SAMPLING = SamplingSpec(fps=2.0)


def main(film: Path, model_id: str) -> None:
    """Print what the first process had done when it was killed, and what both needed."""
    with tempfile.TemporaryDirectory() as folder:
        long = Path(folder) / "long.mp4"
        repeat(film, long, HOURS * 3600)
        first = _start(long, model_id, folder)
        assert first.stdout is not None
        done = growth = 0
        for line in first.stdout:
            done, growth = map(int, line.split())
            if done >= 7200:
                break
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        print(f"{film.name} for {HOURS:g} h, {model_id}: killed at {done:,} of {int(HOURS * 7200):,} frames")
        print(f"RSS of the first process grew by {growth:,} MiB until then (bar 1,536)")
        print(
            subprocess.run(_command(long, model_id, folder, "whole"), text=True, capture_output=True, check=True).stdout
        )


def repeat(film: Path, target: Path, duration_s: float) -> None:
    """Write ``film`` again and again without decoding it, until ``duration_s`` is full."""
    with av.open(str(target), "w") as out:
        stream, offset = None, 0
        while stream is None or offset * stream.time_base < duration_s:
            with av.open(str(film)) as source:
                video = source.streams.video[0]
                if stream is None:
                    stream = out.add_stream_from_template(video)
                    stream.time_base = video.time_base
                last = 0
                for packet in source.demux(video):
                    if packet.dts is None:
                        continue
                    last = max(last, packet.pts + (packet.duration or 0))
                    packet.pts, packet.dts, packet.stream = packet.pts + offset, packet.dts + offset, stream
                    out.mux(packet)
                offset += last


def read(film: Path, model_id: str, home: Path, how: str) -> None:
    """Ground a sentence in the film: print the frames done, or in the end what it took."""
    settings = Settings(home=home, offline=True)
    services = Services.create(settings)
    library = CountingLibrary(settings)
    services = Services(settings, library, services.models, services.store)
    model = services.models.load(model_id)
    before = _rss_bytes()
    video = library.open_path(film)
    peak, is_over = [before], threading.Event()
    watcher = threading.Thread(target=_watch, args=(peak, is_over))
    watcher.start()
    started, glimpses = time.perf_counter(), []

    def report(progress: Progress) -> None:
        if how == "told":
            print(progress.done if progress.unit == "frame" else 0, (peak[0] - before) // 2**20, flush=True)
        if progress.glimpse is not None:
            glimpses.append((time.perf_counter() - started, len(progress.glimpse.times_s)))

    Ground().run(services, GroundParams(video.id, ("a red circle",), model_id), report)
    elapsed_s = time.perf_counter() - started
    is_over.set()
    watcher.join()
    n_frames = plan_of(video, model.spec, SAMPLING).n_frames
    print(f"second process: {n_frames:,} frames in the film, {library.n_frames:,} decoded, {elapsed_s:.0f} s")
    print(f"first glimpse after {glimpses[0][0]:.1f} s, of {glimpses[0][1]:,} rows that were there")
    asked = time.perf_counter()
    Ground().run(services, GroundParams(video.id, ("a blue circle",), model_id))
    print(f"another sentence after {time.perf_counter() - asked:.1f} s")
    growth = (peak[0] - before) / 2**20
    print(f"RSS with the model {before / 2**20:.0f} MiB, growth at its peak {growth:.0f} MiB (bar 1,536)")


def _watch(peak: list[int], is_over: threading.Event) -> None:
    while not is_over.wait(0.05):
        peak[0] = max(peak[0], _rss_bytes())


def _rss_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _command(film: Path, model_id: str, home: str, how: str) -> list[str]:
    return [sys.executable, "-m", "tests.benchmarks.bench_long_film", "read", str(film), model_id, home, how]


def _start(film: Path, model_id: str, home: str) -> subprocess.Popen[str]:
    return subprocess.Popen(_command(film, model_id, home, "told"), text=True, stdout=subprocess.PIPE)


if __name__ == "__main__":
    words = sys.argv[1:]
    if words[:1] == ["read"]:
        read(Path(words[1]), words[2], Path(words[3]), words[4])
    else:
        film = Path(words[0]) if words else ASSETS / "examples" / "big-buck-bunny.mp4"
        with tempfile.TemporaryDirectory() as folder:
            for model_id in words[1:2] or ("toyworld-frame", str(save_narrow_xclip(Path(folder) / "narrow-xclip"))):
                main(film, model_id)
