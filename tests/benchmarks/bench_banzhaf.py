"""Banzhaf values against shapiq and against their bars of time: ``python -m tests.benchmarks.bench_banzhaf``.

On the two CPU cores the bars are for: set ``OMP_NUM_THREADS=2`` where there are more.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from workbench.analyses.attribute import Attribute
from workbench.analyses.services import Services
from workbench.core.banzhaf import exact_indices, frame_word_interactions
from workbench.core.coalitions import Game, coalition_table
from workbench.core.pooled import pooled_rows, unit_rows
from workbench.core.walsh import transform
from workbench.settings import ASSETS, Settings

DIM, FILM, MODEL = 512, "toy-test-72-000", "toyworld-frame"
SENTENCE = "a video of a white cross on stage"
FRAMES_S = (0.0, 8.0)
"""16 frames at 2 a second."""


def main() -> None:
    """Print one table."""
    # First, while this process is small: a child counts the memory of its parent until it is another program.
    before_mib, peak_mib = _peak_mib()
    print("| measured on two CPU cores | measured | bar |")
    print("|---|---|---|")
    for n_players, bar in ((13, "3,000 x"), (12, ""), (10, "")):
        _print_shapiq(n_players, bar)
    for n_players, bar in ((20, "0.15 s"), (22, "")):
        table = np.random.default_rng(n_players).normal(size=2**n_players)
        _row(f"values and pairs of {n_players} players", f"{_best_s(lambda t=table: exact_indices(t)):.3f} s", bar)
    table = np.random.default_rng(20).normal(size=2**20)
    _row("all orders of 20 players", f"{_best_s(lambda: transform(table)):.3f} s")
    for n_frames, n_words, bar in ((16, 10, "0.1 s"), (20, 10, "0.4 s"), (24, 12, "10 s")):
        features, said = frames_and_words(n_frames, n_words)
        taken_s = _best_s(lambda f=features, s=said: frame_word_interactions(f, s))
        what = f"{n_frames} frames x {n_words} words, {DIM} dimensions, 2^{n_frames + n_words} coalitions"
        _row(what, f"{taken_s:.3f} s", bar)
    _row("peak of memory of the last", f"{peak_mib:.0f} MiB, {before_mib:.0f} of them before", "1,024 MiB")
    _print_brute_force(10, 6)
    _print_from_cache()
    _print_page()
    _print_gpu()


def frames_and_words(n_frames: int, n_words: int) -> tuple[np.ndarray, np.ndarray]:
    """Return features of frames, and embeddings of all coalitions of words, that point about the same way."""
    rng = np.random.default_rng(n_frames + n_words)
    features, said = (rng.normal(size=(n, DIM)) + 0.3 for n in (n_frames, 2**n_words))
    return unit_rows(features), unit_rows(said)


def _print_shapiq(n_players: int, bar: str) -> None:
    from shapiq.game_theory import ExactComputer

    places = 1 << np.arange(n_players)
    values = np.random.default_rng(n_players).normal(size=2**n_players)

    def look_up(rows: np.ndarray) -> np.ndarray:
        return values[rows.astype(bool) @ places]

    theirs_s, both_s = [], []
    for _ in range(4):
        computer = ExactComputer(look_up, n_players, evaluate_game=True)
        start_s = time.perf_counter()
        pairs = computer("BII", 2)
        theirs_s.append(time.perf_counter() - start_s)
        singles = computer("BV", 1)
        both_s.append(time.perf_counter() - start_s)
    found = exact_indices(values)
    ours_s = _best_s(lambda: exact_indices(values))
    differences = [abs(found.values[i] - singles[(i,)]) for i in range(n_players)]
    differences += [abs(found.pairs[i, j] - pairs[(i, j)]) for j in range(n_players) for i in range(j)]
    what = f"n = {n_players}: values and pairs from a table of all coalitions"
    _row(f"{what}, shapiq 1.4.1 (BII 2, which holds the values)", f"{min(theirs_s):.3f} s")
    _row(f"{what}, shapiq (BII 2 and BV 1)", f"{min(both_s):.3f} s")
    _row(f"{what}, here", f"{1e3 * ours_s:.3f} ms")
    _row(f"n = {n_players}: shapiq (BII 2) over here", f"{min(theirs_s) / ours_s:,.0f} x", bar)
    _row(f"n = {n_players}: largest difference of values and pairs", f"{max(differences):.1e}", "1e-9" if bar else "")

    game = _game(n_players)
    theirs_with_s = _best_s(lambda: ExactComputer(game, n_players)("BII", 2))
    ours_with_s = _best_s(lambda: exact_indices(game(coalition_table(n_players))))
    _row(f"n = {n_players}: from a game that both evaluate, shapiq", f"{theirs_with_s:.3f} s")
    _row(f"n = {n_players}: from a game that both evaluate, here", f"{1e3 * ours_with_s:.2f} ms")
    _row(f"n = {n_players}: from a game that both evaluate, shapiq over here", f"{theirs_with_s / ours_with_s:,.0f} x")


def _game(n_players: int) -> Game:
    """Return the cosine of a mean of features with a text, from their products: a cheap game."""
    features, said = frames_and_words(n_players, 1)
    products, cosines = features @ features.T, features @ said[0]

    def scores(coalitions: np.ndarray) -> np.ndarray:
        present = coalitions.astype(float)
        squared = ((present @ products) * present).sum(axis=1)
        return present @ cosines / np.sqrt(np.where(squared > 0, squared, 1.0))

    return scores


def _print_brute_force(n_frames: int, n_words: int) -> None:
    features, said = frames_and_words(n_frames, n_words)

    def by_table() -> np.ndarray:
        scores = said @ pooled_rows(features, coalition_table(n_frames)).T  # frames are the lower bits
        return exact_indices(scores.ravel()).pairs[:n_frames, n_frames:]

    taken_s, theirs_s = _best_s(lambda: frame_word_interactions(features, said)), _best_s(by_table)
    apart = np.abs(frame_word_interactions(features, said) - by_table()).max()
    what = f"{n_frames} frames x {n_words} words: here; by the table of 2^{n_frames + n_words} scores"
    _row(what, f"{1e3 * taken_s:.1f} ms; {1e3 * theirs_s:.1f} ms")
    _row(f"{n_frames} frames x {n_words} words: largest difference", f"{apart:.1e}", "1e-9")


def _print_from_cache() -> None:
    start_s, end_s = FRAMES_S
    with tempfile.TemporaryDirectory() as folder:
        services = Services.create(Settings(home=Path(folder), offline=True))
        video = services.library.open_path(ASSETS / "examples" / f"{FILM}.mp4")
        taken_s: list[dict[str, float]] = []
        for _ in range(4):
            taken_s.append({})
            for players in ("frames+words", "words", "frames"):
                params = Attribute.Params(
                    video.id, (SENTENCE,), MODEL, players=players, fps=2.0, start_s=start_s, end_s=end_s
                )
                began_s = time.perf_counter()
                result = Attribute().run(services, params).result
                taken_s[-1][players] = time.perf_counter() - began_s
                n_players = {kind: sum(p.kind == kind for p in result.players) for kind in ("frame", "word")}
                expected = {"frame": 16 * ("frames" in players), "word": 8 * ("words" in players)}
                assert n_players == expected, n_players
    what = f"{FILM}, 16 frames and 8 words, from the cache"
    for players, first_s in taken_s[0].items():
        _row(f"{what}: {players} (and the first run)", f"{1e3 * taken_s[1][players]:.0f} ms ({1e3 * first_s:,.0f} ms)")
    _row(f"{what}: all three, second run", f"{sum(taken_s[1].values()):.3f} s")


def _print_page() -> None:
    """Print how long the server takes to explain a sentence that was answered but never explained, and then again."""
    firsts_s, agains_s = zip(*(_page_s() for _ in range(3)), strict=True)
    what = f"{FILM}, 16 frames and 8 words, the film's features kept: the server's five games and their figures"
    _row(f"{what}, to the first click (of three stores, the slowest)", f"{max(firsts_s):.3f} s", "1 s")
    _row(f"{what}, to the same click again", f"{max(agains_s):.3f} s")


def _page_s() -> tuple[float, float]:
    """Return the time of the first explanation, in a new store without the sentence's coalitions, and of the second.

    What the page is sent is made, but neither sent nor drawn.
    """
    import gradio as gr

    from workbench.ui.gradio.events import Events
    from workbench.ui.gradio.session import Session

    with tempfile.TemporaryDirectory() as folder:
        events = Events(Services.create(Settings(home=Path(folder), offline=True)))
        visitor = gr.Request(session_hash="bench")
        video = events.services.library.open_path(ASSETS / "examples" / f"{FILM}.mp4")
        session = Session(video=video.id, model=MODEL, queries=(SENTENCE,), tab="who", span_s=FRAMES_S)
        list(events.answer(session, visitor))

        def explain_s() -> float:
            start_s = time.perf_counter()
            assert "cells" in list(events.explain(session, visitor))[-1]
            return time.perf_counter() - start_s

        return explain_s(), explain_s()


def _print_gpu() -> None:
    """Print the time of the largest tables that the GPU holds, made there; nothing where there is none."""
    import torch

    if not torch.cuda.is_available():
        return
    tables, taken_s = [], []
    for n_players in (30, 32):
        n_bytes = 8 * 2**n_players
        torch.cuda.empty_cache()
        if torch.cuda.mem_get_info()[0] < 1.1 * n_bytes:
            break
        table = torch.randn(2**n_players, dtype=torch.float64, device="cuda")
        taken_s.append(f"{_best_s(lambda t=table: exact_indices(t)):.3f} s")
        tables.append(f"{n_players} players, {n_bytes / 1e9:.2g} GB" + ("" if tables else " of values"))
        del table
    if tables:
        _row(f"one {torch.cuda.get_device_name()}: {'; '.join(tables)}", "; ".join(taken_s))


def _peak_mib() -> tuple[float, float]:
    """Return the memory of a process of its own before and at the peak of the largest game of frames and words."""
    code = (
        "import resource; from tests.benchmarks.bench_banzhaf import frames_and_words, frame_word_interactions\n"
        "game = frames_and_words(24, 12); peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
        "before = peak(); frame_word_interactions(*game); print(before, peak())"
    )
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    before_mib, peak_mib = map(float, said.split())
    return before_mib, peak_mib


def _best_s(work: Callable[[], Any], least_s: float = 1.5) -> float:
    """Return the shortest of at least three runs, and of as many as ``least_s`` holds."""
    work()
    taken_s: list[float] = []
    while len(taken_s) < 3 or sum(taken_s) < least_s:
        start_s = time.perf_counter()
        work()
        taken_s.append(time.perf_counter() - start_s)
    return min(taken_s)


def _row(what: str, measured: str, bar: str = "") -> None:
    print(f"| {what} | {measured} | {bar} |", flush=True)


if __name__ == "__main__":
    main()
