"""A new sentence on a warm one-hour video, through the whole analysis: ``python -m tests.benchmarks.bench_warm_query``.

Text encoding, features from the store, grounding and moments: all that the server does between the
question and the answer. The bar is 100 ms for the 95th percentile.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from tests.films import BLUE, GREEN, RED, write_film
from workbench.analyses.ground import Ground
from workbench.analyses.services import Services
from workbench.settings import Settings
from workbench.toyworld.vocabulary import COLOURS, SHAPES

N_WARM = 3


def main() -> None:
    """Print the median and the 95th percentile over 48 sentences never asked before."""
    with tempfile.TemporaryDirectory() as folder:
        hour = write_film(Path(folder) / "hour.mp4", [(1200, RED), (1200, GREEN), (1200, BLUE)], fps=2).path
        services = Services.create(Settings(home=Path(folder) / "home", offline=True))
        video = services.library.open_path(hour)
        taken_s = []
        for colour in COLOURS:
            for shape in SHAPES:
                params = Ground.Params(video=video.id, queries=(f"the {colour} {shape}",), model="toyworld-frame")
                started = time.perf_counter()
                found = Ground().run(services, params).result
                taken_s.append(time.perf_counter() - started)
        warm_ms = 1000 * np.array(taken_s[N_WARM:])
        print(
            f"new sentence on {len(found.times_s):,} warm frames: p50 {np.median(warm_ms):.0f} ms, "
            f"p95 {np.quantile(warm_ms, 0.95):.0f} ms (bar 100 ms)"
        )


if __name__ == "__main__":
    main()
