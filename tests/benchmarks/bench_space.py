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
from tests.serve import serve
from workbench.analyses.analysis import silent
from workbench.analyses.layouts import Laid, Layout
from workbench.analyses.services import Services
from workbench.core.map_quality import map_quality
from workbench.core.neighbours import neighbours_among, unit_rows
from workbench.core.projection import principal_axes, umap_layout
from workbench.settings import Settings

DIM, N_ISLANDS, K = 512, 40, 14
N_DRAWN, N_DRAWN_DIM = 100_000, 32
PATIENCE_MS, REST_MS = 600_000, 1_000
_DRAWN = """async (range) => {
  const plot = document.querySelector('#space-map .js-plotly-plot');
  const started = performance.now();
  await Plotly.relayout(plot, { 'xaxis.range': range, 'yaxis.range': range });
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now() - started;
}"""
_ALL_DRAWN = """(n) => {
  const plot = document.querySelector('#space-map .js-plotly-plot');
  const traces = (plot?._fullData ?? []).filter((trace) => trace.mode.includes('markers'));
  const count = traces.reduce((sum, trace) => sum + (trace.x?.length ?? 0), 0);  // as decoded from what was sent
  return n < 0 ? count && count < -n : count >= n && Boolean(plot.querySelector('.main-svg'));
}"""
"""Whether so many points are drawn; below 0, whether fewer than so many are."""
_KNOWN = """() => {
  const plot = document.querySelector('#space-map .js-plotly-plot');
  const { labels } = plot.layout.meta;
  const known = new Set();
  for (const { mode, x, y, customdata } of plot._fullData)
    if (mode.includes('markers'))
      for (let at = 0; at < x.length; at++)
        if (Number.isFinite(x[at]) && Number.isFinite(y[at]) && labels[customdata[at]] === String(customdata[at]))
          known.add(customdata[at]);
  return known.size;
}"""
"""How many rows of a file without ids, which are called by their numbers, have a place and their own name."""


def main() -> None:
    """Print the table."""
    n_items = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    features = _islands(n_items)
    umap_layout(features[:100], neighbours_among(features[:100], K))  # compiles what it needs
    print(f"| {n_items:,} items of {DIM} dimensions, 2 cores | measured | bar |\n|---|---|---|")
    _print_layouts(features)
    _print_second_visit(features)
    _print_page(features)


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


def _print_page(features: np.ndarray) -> None:
    """Time the page itself: rows of a file from being chosen to being drawn, once more, and from zooming to a picture.

    A file is uploaded, checked, kept, laid out by its components and drawn; once more, it is looked up and drawn, after
    a rest, so that what the renderer still does of the map before is no part of it. Of very many rows that is done
    before all is known of them.
    """
    executable = chromium.find()
    if executable is None:
        print("| on the page | no Chromium | |")
        return
    from playwright.sync_api import sync_playwright

    many = np.random.default_rng(0).standard_normal((N_DRAWN, N_DRAWN_DIM)).astype(np.float32)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as name, serve(Path(name) / "home") as url:
        browser = playwright.chromium.launch(executable_path=executable, args=list(chromium.FLAGS))
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{url}?tab=space&map=pca")
        page.wait_for_selector("#space-groups .groups")
        for rows, bar in ((features, "1 s; 0.3 s"), (many, "")):
            path, n_rows = Path(name) / f"{len(rows)}.npz", len(rows)
            np.savez(path, features=rows)
            started = time.perf_counter()
            page.set_input_files("#space-file input[type=file]", path)
            page.wait_for_function(_ALL_DRAWN, arg=n_rows)
            first_s = time.perf_counter() - started
            if rows is features:  # until its neighbours, its quality and its groups are kept
                page.wait_for_function("() => document.querySelector('#space-text').textContent.includes('continuity')")
            page.select_option("#space-films select", "this")
            page.wait_for_function(_ALL_DRAWN, arg=-n_rows)
            page.wait_for_timeout(REST_MS)
            started = time.perf_counter()
            page.select_option("#space-films select", "file")
            page.wait_for_function(_ALL_DRAWN, arg=n_rows)
            again_s = time.perf_counter() - started
            what = f"{n_rows:,} rows of {rows.shape[1]} on the page: file chosen to drawn; looked at again"
            print(f"| {what} | {first_s:.1f} s; {again_s:.2f} s | {bar} |")
        times_ms = [page.evaluate(_DRAWN, [-side, side]) for side in (2.0, 1.0, 3.0, 0.5, 2.5)]
        print(f"| the same: from zooming to its picture, a renderer in software | {np.median(times_ms):.0f} ms | |")
        print(
            f"| the same: rows that then have a place, and their own name | {page.evaluate(_KNOWN):,} | {N_DRAWN:,} |"
        )
        browser.close()


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
