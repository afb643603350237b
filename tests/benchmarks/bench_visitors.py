"""Many visitors at once, on the real server: ``python -m tests.benchmarks.bench_visitors [REQUESTS]``.

Sixteen visitors ask about films of their own, by both models, as programs do: whether each gets its own answer, how
long a warm one takes, and what becomes of the memory. Then twenty ask about one film that nobody has read yet.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradio_client
import numpy as np

from tests.serve import serve, visit
from workbench.media.encode import write_video
from workbench.toyworld import dataset

SEED, N_VISITORS, N_REQUESTS, N_AT_ONCE = 31, 16, 1_000, 20
MODELS = ("toyworld-frame", "toyworld-video")
QUERIES = ("a red circle", "a blue star", "a green square", "a purple ring", "a white cross", "a cyan triangle")


@dataclass
class Visitor:
    """One visitor with a film of its own; ``wrong`` are answers to another question, ``failed`` errors."""

    page: gradio_client.Client
    film: str
    rng: random.Random
    warm_s: list[float] = field(default_factory=list)
    wrong: int = 0
    failed: int = 0

    def ask(self) -> None:
        """Ask one thing of many, and look whether the answer is to that."""
        verb = self.rng.choices(("ground", "attribute", "embed", "probe"), (70, 20, 5, 5))[0]
        query, model = self.rng.choice(QUERIES), self.rng.choice(MODELS)
        asked: dict[str, Any] = {"model": model}
        match verb:
            case "ground":
                asked |= {"video_id": self.film, "queries": [query]}
            case "attribute":
                asked |= {"video_id": self.film, "query": query}
            case "embed":
                asked |= {"video_ids": [self.film], "queries": [query], "reducer": "pca"}
            case "probe":
                asked |= {"video_id": self.film, "query": query, "edits": ["colour"], "video_edits": ["reverse"]}
        started = time.perf_counter()
        try:
            answer = self.page.predict(**asked, api_name=f"/{verb}")
        except Exception as problem:
            print(f"{verb}: {problem}", file=sys.stderr)
            self.failed += 1
            return
        if verb == "ground":
            self.warm_s.append(time.perf_counter() - started)
        self.wrong += not self._is_own(answer, verb, query, model)

    def _is_own(self, answer: dict[str, Any], verb: str, query: str, model: str) -> bool:
        made = answer["provenance"]
        if verb == "ground" and answer["queries"] != [query]:
            return False
        if verb == "attribute" and answer["query"] != query:
            return False
        return made["video_id"] == self.film and made["model_id"] == model


def visitors(url: str, films: list[Path]) -> Iterator[Visitor]:
    """Yield visitors who have uploaded a film each, and have had both models read it."""
    for number, film in enumerate(films):
        page = visit(url)
        video = page.predict(gradio_client.handle_file(film), api_name="/add_video")["video_id"]
        for model in MODELS:
            page.predict(video, [QUERIES[0]], model, api_name="/ground")
        yield Visitor(page, video, random.Random(number))


def memory_mb() -> float:
    """Return what the server, the one child of this process, holds of the memory."""
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            facts = dict(line.split(":", 1) for line in status.read_text().splitlines())
        except OSError:
            continue
        if int(facts["PPid"]) == os.getpid() and "VmRSS" in facts:
            return int(facts["VmRSS"].split()[0]) / 1024
    raise RuntimeError("the server has ended")


def main(n_requests: int) -> None:
    """Print what many visitors at once get."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        *films, new = dataset.make(folder / "films", SEED, N_VISITORS + 1, write_video)
        with serve(folder / "home") as url:
            present = list(visitors(url, films))

            def ask_round(n_each: int) -> None:
                with ThreadPoolExecutor(N_VISITORS) as pool:
                    list(pool.map(lambda visitor: [visitor.ask() for _ in range(n_each)], present))

            ask_round(max(1, n_requests // N_VISITORS // 4))  # what is made once is there
            for visitor in present:
                visitor.warm_s.clear()
            before_mb, started = memory_mb(), time.perf_counter()
            ask_round(n_requests // N_VISITORS)
            took_s, after_mb = time.perf_counter() - started, memory_mb()
            warm_s = np.concatenate([visitor.warm_s for visitor in present])
            print(f"| {N_VISITORS} visitors, {n_requests} requests, two cores | measured | bar |\n|---|---|---|")
            print(f"| answers to another's question | {sum(visitor.wrong for visitor in present)} | 0 |")
            print(f"| errors | {sum(visitor.failed for visitor in present)} | 0 |")
            print(f"| warm `ground`, p95 of {len(warm_s)} | {np.quantile(warm_s, 0.95):.2f} s | 0.5 s |")
            print(f"| requests a second | {n_requests / took_s:.0f} | |")
            drift = after_mb / before_mb - 1
            print(f"| memory before and after | {before_mb:.0f} and {after_mb:.0f} MB, {drift:+.1%} | 5 % |")
            print(f"| {N_AT_ONCE} at once about a new film: extractions | {extractions(url, new)} | 1 |")


def extractions(url: str, film: Path) -> int:
    """Return how often a film that nobody has read is read where many ask about it at once."""
    pages = [visit(url) for _ in range(N_AT_ONCE)]
    with ThreadPoolExecutor(N_AT_ONCE) as pool:
        files = pool.map(lambda page: page.predict(gradio_client.handle_file(film), api_name="/add_video"), pages)
        asked = zip(pages, files, strict=True)
        answers = pool.map(
            lambda one: one[0].predict(one[1]["video_id"], [QUERIES[0]], MODELS[0], api_name="/ground"), asked
        )
        return sum(not answer["provenance"]["from_cache"] for answer in answers)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else N_REQUESTS)
