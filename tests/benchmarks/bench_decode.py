"""decord and PyAV on the bundled film: the same frames at 2 a second, and the cost of the timetable."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from workbench.media import decord_reader, pyav_reader
from workbench.media.probe import content_id
from workbench.media.track import _read_track, read_track
from workbench.settings import ASSETS

FILM = ASSETS / "examples" / "big-buck-bunny.mp4"


def seconds(work: Callable[[], object], n_times: int = 5) -> float:
    """Return the median wall time of ``work``."""
    taken = []
    for _ in range(n_times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main() -> None:
    """Print the times."""
    track = read_track(FILM, FILM.name)
    chosen = list(range(0, len(track.times_s), 12))
    decord_s = seconds(lambda: sum(1 for _ in decord_reader.read_frames(FILM, track, chosen)))
    pyav_s = seconds(lambda: sum(1 for _ in pyav_reader.read_frames(FILM, track, chosen, FILM.name)))
    track_s = seconds(lambda: (_read_track.cache_clear(), read_track(FILM, FILM.name)))
    print(f"{len(track.times_s)} frames, {len(chosen)} taken")
    print(f"decord      {decord_s:6.3f} s")
    print(f"PyAV        {pyav_s:6.3f} s   {pyav_s / decord_s:.2f} x decord")
    print(f"timetable   {track_s:6.3f} s   {track_s / decord_s:.2f} x decord")
    print(f"sha256      {seconds(lambda: content_id(FILM)):6.3f} s")


if __name__ == "__main__":
    main()
