"""Many visitors at once, on the real server: ``python -m tests.benchmarks.bench_visitors [REQUESTS]``.

Sixteen visitors ask about films of their own, by both models, as programs do, first without a pause and then with a
moment's thought before each question: whether each gets its own answer, how long a warm one takes, and what becomes of
the memory. Then one asks for much at once while another asks for little, and twenty ask about one film that nobody has
read yet. All of them share the processors with the server.
"""

from __future__ import annotations

import contextlib
import itertools
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

SEED, N_VISITORS, N_REQUESTS, N_AT_ONCE, N_GREEDY = 31, 16, 1_000, 20, 12
PAUSE_S = 2.0
"""How long a visitor thinks before a question, on average; exponentially distributed."""
MODELS = ("toyworld-frame", "toyworld-video")
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
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


@dataclass(frozen=True)
class Server:
    """The server, which is the one child of this process."""

    pid: int

    @classmethod
    def find(cls) -> Server:
        for status in Path("/proc").glob("[0-9]*/status"):
            with contextlib.suppress(OSError):
                facts = dict(line.split(":", 1) for line in status.read_text().splitlines())
                if int(facts["PPid"]) == os.getpid() and "VmRSS" in facts:
                    return cls(int(facts["Pid"]))
        raise RuntimeError("the server has ended")

    def memory_mb(self) -> float:
        """Return what it holds of the memory."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def processor_s(self) -> float:
        """Return what it has used of the processors."""
        user, system = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def asked(present: list[Visitor], n_requests: int, pause_s: float = 0.0) -> float:
    """Have all visitors ask, a share of the requests each; return the seconds that it took."""

    def ask(visitor: Visitor) -> None:
        visitor.warm_s.clear()
        for _ in range(n_requests // len(present)):
            if pause_s:
                time.sleep(visitor.rng.expovariate(1 / pause_s))
            visitor.ask()

    started = time.perf_counter()
    with ThreadPoolExecutor(len(present)) as pool:
        list(pool.map(ask, present))
    return time.perf_counter() - started


def measured(present: list[Visitor], n_requests: int, pause_s: float) -> None:
    """Print what they get, in lines of a table."""
    server, n_busy = Server.find(), os.getloadavg()[0]
    before_mb, used_s, own_s = server.memory_mb(), server.processor_s(), time.process_time()
    took_s = asked(present, n_requests, pause_s)
    after_mb, used_s, own_s = server.memory_mb(), server.processor_s() - used_s, time.process_time() - own_s
    warm_s = np.concatenate([visitor.warm_s for visitor in present])
    how = f"pauses of {pause_s:g} s on average" if pause_s else "without a pause"
    print(f"| {N_VISITORS} visitors, {n_requests:,} requests, {how} (load at first {n_busy:.1f}) | measured | bar |")
    print("|---|---|---|")
    print(f"| answers to another's question | {sum(visitor.wrong for visitor in present)} | 0 |")
    print(f"| errors | {sum(visitor.failed for visitor in present)} | 0 |")
    median_s, p95_s = np.quantile(warm_s, (0.5, 0.95))
    print(f"| warm `ground`, p95 of {len(warm_s)} (median) | {p95_s:.2f} s ({median_s:.2f} s) | 0.5 s |")
    print(f"| requests a second | {n_requests / took_s:.1f} | |")
    each_ms = [1000 * seconds / n_requests for seconds in (used_s, own_s)]
    print(f"| processor time a request: server, visitors | {each_ms[0]:.0f} ms, {each_ms[1]:.0f} ms | |")
    print(f"| memory before and after | {before_mb:.0f} and {after_mb:.0f} MB, {after_mb / before_mb - 1:+.1%} | 5 % |")


def main(n_requests: int) -> None:
    """Print what many visitors at once get."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        *films, new = dataset.make(folder / "films", SEED, N_VISITORS + 1, write_video)
        with serve(folder / "home") as url:
            present = list(visitors(url, films))
            asked(present, max(N_VISITORS, n_requests))  # what is made once is there
            for pause_s in (0.0, PAUSE_S):
                measured(present, n_requests, pause_s)
            alone_s, beside_s = beside_much(*present[:2])
            print(f"| `attribute`, longest of {len(alone_s)}, alone | {max(alone_s):.2f} s | |")
            print(
                f"| longest of {len(beside_s)} while a program waits for {N_GREEDY} probes | {max(beside_s):.2f} s | |"
            )
            print(f"| {N_AT_ONCE} at once about a new film: extractions | {extractions(url, new)} | 1 |")


def beside_much(polite: Visitor, greedy: Visitor) -> tuple[list[float], list[float]]:
    """Return how long one who asks for little waits each time, alone, and until another has all of the much it asks."""

    def wait_s(query: str) -> float:
        started = time.perf_counter()
        polite.page.predict(polite.film, query, MODELS[0], api_name="/attribute")
        return time.perf_counter() - started

    alone_s = [wait_s(query) for query in QUERIES * 2]
    much = [greedy.page.submit(greedy.film, f"a {number} circle", MODELS[1], api_name="/probe") for number in NUMBERS]
    beside_s = []
    for query in itertools.cycle(QUERIES):
        if all(job.done() for job in much):
            break
        beside_s.append(wait_s(query))
    for job in much:
        job.result()
    return alone_s, beside_s


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
