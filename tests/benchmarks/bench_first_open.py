"""A first open against its parts: ``python -m tests.benchmarks.bench_first_open [FILM] [MODEL]``.

Decoding alone, encoding alone (frames in memory) and both together as the workbench does it, in turn in
one run; the ratio of the whole to the slower part says how well they overlap.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from workbench.analyses.extraction import extract
from workbench.analyses.frame_batches import BATCH_FRAMES
from workbench.analyses.services import Services
from workbench.settings import ASSETS, Settings
from workbench.store.tensors import TensorStore
from workbench.types.video import SamplingSpec

N_RUNS = 5


def main(film: Path, model_id: str) -> None:
    """Print the medians and the ratio, run by run."""
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), offline=True)
        services = Services.create(settings)
        video, model = services.library.open_path(film), services.models.load(model_id)
        sampling = SamplingSpec(fps=2.0)
        batches = list(services.library.frames(video.id, sampling, batch_frames=BATCH_FRAMES))
        model.encode_frames(batches[0])
        rows = []
        for run in range(N_RUNS):
            decode_s = _timed(lambda: list(services.library.frames(video.id, sampling, batch_frames=BATCH_FRAMES)))
            encode_s = _timed(lambda: [model.encode_frames(batch) for batch in batches])
            store = TensorStore(settings.home / f"run-{run}", settings.max_store_bytes)
            fresh = Services(settings, services.library, services.models, store)
            whole_s = _timed(lambda fresh=fresh: extract(fresh, video, model, sampling, lambda progress: None))
            rows.append((decode_s, encode_s, whole_s, whole_s / max(decode_s, encode_s)))
        decode_s, encode_s, whole_s, ratio = (statistics.median(column) for column in zip(*rows, strict=True))
        print(f"{film.name}, {model_id}: decode {decode_s:.2f} s, encode {encode_s:.2f} s, first open {whole_s:.2f} s")
        print(f"first open / slower of the two: {ratio:.2f} (median of {N_RUNS}; bar 1.15)")


def _timed(work) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    words = sys.argv[1:]
    main(
        Path(words[0]) if words else ASSETS / "examples" / "big-buck-bunny.mp4",
        words[1] if len(words) > 1 else "toyworld-frame",
    )
