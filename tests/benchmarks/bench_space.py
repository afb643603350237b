"""What a map of the space costs: components, UMAP beside umap-learn alone, a second visit, and points in a browser.

``python -m tests.benchmarks.bench_space [N_ITEMS]``: planted islands of 512 dimensions, 10,000 items unless said
otherwise. Whoever is compared is compiled before.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.browser import chromium
from workbench.analyses.analysis import silent
from workbench.analyses.layouts import Laid, Layout
from workbench.analyses.services import Services
from workbench.core.map_quality import map_quality
from workbench.core.neighbours import neighbours_among, unit_rows
from workbench.core.projection import principal_axes, umap_layout
from workbench.figures.embedding import embedding_figure
from workbench.settings import Settings
from workbench.types.embedding import EmbeddingMap, Items, Neighbours

DIM, N_ISLANDS, K = 512, 40, 14
N_DRAWN = 100_000
_DRAWN = """async (range) => {
  const plot = document.querySelector('.js-plotly-plot');
  const started = performance.now();
  await Plotly.relayout(plot, { 'xaxis.range': range, 'yaxis.range': range });
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now() - started;
}"""


def main() -> None:
    """Print the table."""
    n_items = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    features = _islands(n_items)
    umap_layout(features[:100], neighbours_among(features[:100], K))  # compiles what it needs
    print(f"| {n_items:,} items of {DIM} dimensions, 2 cores | measured | bar |\n|---|---|---|")
    _print_layouts(features)
    _print_second_visit(features)
    _print_page()


def _print_layouts(features: np.ndarray) -> None:
    from umap import UMAP

    _, seconds = _timed(lambda: principal_axes(features, 2).place(features))
    print(f"| principal components, worked out but not drawn | {seconds:.2f} s | 1 s on screen |")
    UMAP(metric="cosine", random_state=0, n_jobs=1).fit_transform(features[:5_000])  # compiles its own search
    alone, alone_s = _timed(lambda: UMAP(metric="cosine", random_state=0, n_jobs=1).fit_transform(features))
    neighbours, found_s = _timed(lambda: neighbours_among(features, K))
    coords, laid_s = _timed(lambda: umap_layout(features, neighbours))
    print(f"| exact neighbours | {found_s:.2f} s | |")
    print(f"| UMAP with them, beside umap-learn alone ({alone_s:.1f} s) | {(found_s + laid_s) / alone_s:.2f} | 1.2 |")
    ours, theirs = (map_quality(features, each, neighbours) for each in (coords, alone))
    print(
        f"| trustworthiness, umap-learn's own {theirs.trustworthiness:.3f} | {ours.trustworthiness:.3f} | within 0.01 |"
    )


def _print_second_visit(features: np.ndarray) -> None:
    layout = Layout("umap", 2, K, 0.1, 0)
    with tempfile.TemporaryDirectory() as home:
        for visit in ("first", "second"):
            services = Services.create(Settings(home=Path(home), offline=True, device="cpu"))
            laid = Laid(services, features, "0" * 64, silent)

            def look(laid: Laid = laid) -> None:
                fitted = laid.fit(layout)
                laid.quality(fitted, layout)
                laid.clusters(None)

            _, seconds = _timed(look)
            bar = "0.3 s" if visit == "second" else ""
            print(f"| {visit} visit: neighbours, map, its quality, groups | {seconds:.2f} s | {bar} |")


def _print_page() -> None:
    executable = chromium.find()
    if executable is None:
        print(f"| {N_DRAWN:,} points in a browser | no Chromium | |")
        return
    from playwright.sync_api import sync_playwright

    html = embedding_figure(_drawn()).to_html(include_plotlyjs=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "map.html"
        path.write_text(html, encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=executable, args=list(chromium.FLAGS))
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        _, first_s = _timed(lambda: (page.goto(path.as_uri()), page.wait_for_selector(".gl-canvas", timeout=300_000)))
        times_ms = [page.evaluate(_DRAWN, [-side, side]) for side in (2.0, 1.0, 3.0, 0.5, 2.5)]
        browser.close()
    print(f"| {N_DRAWN:,} points on the page: first picture, {len(html) / 1e6:.0f} MB | {first_s:.1f} s | |")
    print(f"| the same: from zooming to its picture, a renderer in software | {np.median(times_ms):.0f} ms | |")


def _drawn() -> EmbeddingMap:
    rng = np.random.default_rng(0)
    items = Items(
        names=tuple(map(str, range(N_DRAWN))),
        kinds=["frame"] * N_DRAWN,
        labels=tuple(map(str, range(N_DRAWN))),
        videos=("",) * N_DRAWN,
        spans_s=np.full((N_DRAWN, 2), np.nan),
        columns={"time": rng.random(N_DRAWN)},
    )
    nobody = np.zeros((N_DRAWN, 0))
    return EmbeddingMap(
        items=items,
        coords=rng.standard_normal((N_DRAWN, 2)),
        is_fitted=np.ones(N_DRAWN, bool),
        is_torn=np.zeros(N_DRAWN, bool),
        neighbours=Neighbours(nobody.astype(np.int64), nobody),
        reducer="umap",
    )


def _islands(n_items: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    middles = rng.standard_normal((N_ISLANDS, DIM))
    noise = rng.standard_normal((n_items, DIM))
    return unit_rows((middles[rng.integers(0, N_ISLANDS, n_items)] + noise).astype(np.float32))


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    made = work()
    return made, time.perf_counter() - started


if __name__ == "__main__":
    main()
