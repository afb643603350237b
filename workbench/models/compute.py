"""How a network runs: on which device, with which numbers, how many rows at once.

Separate because it is the same for every family: an adapter says what its network makes of some rows, and this
file moves them to the device, runs it without a trace for gradients, in 16 bits where that was found safe, in
batches of a size that is measured on the work itself, and halved when memory runs out.
"""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Float, Float32

from workbench.errors import OutOfMemoryError
from workbench.models.protocol import Placement
from workbench.models.runtime import device_for, make_room, precision_for, require_torch
from workbench.settings import Settings

SAME_DIRECTION = 0.999
"""The least cosine of a feature in 16 bits with the same in float32 at which 16 bits are used."""

_GAIN = 0.97
_LOST, _REPEATS = 0.8, 3
_FEWEST, _MOST = {"cpu": 2, "cuda": 16, "mps": 8}, {"cpu": 64, "cuda": 1024, "mps": 128}
_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory", "status_alloc_failed")
_NOT_EVEN_ONE = (
    "Memory ran out even one at a time; close other programs, choose a smaller model or, on a GPU, set "
    "WORKBENCH_DEVICE=cpu."
)

Work = Literal["frames", "texts", "patches", "attention", "gradients"]
_WORKS: tuple[Work, ...] = get_args(Work)
_NAMED = {
    "texts": " for sentences",
    "patches": " for patches",
    "attention": " for attention",
    "gradients": " for gradients",
}


class Compute:
    """The device of one network, the type of its products and the size of its batches; shared by all threads."""

    def __init__(self, settings: Settings) -> None:
        self.torch = require_torch()
        self.device = device_for(settings)
        self.precision = precision_for(settings)
        kind = self.device.split(":")[0]
        # Texts cost other times than frames, and attention other memory: each kind of work has a size of its own.
        sizes = _FEWEST.get(kind, 8), _MOST.get(kind, 128)
        self._batches = {work: BatchSize(*sizes, self._wait, make_room, _NAMED.get(work, "")) for work in _WORKS}
        if kind == "cuda":
            self.torch.backends.cudnn.allow_tf32 = False  # float32 means float32, as on a processor
        self._copies = self.torch.cuda.Stream(self.device) if kind == "cuda" else None

    def placement(self, n_bytes: int) -> Placement:
        """Return what the network costs, for people."""
        notice = " ".join(batch.notice for batch in self._batches.values() if batch.notice)
        return Placement(self.device, n_bytes, self._batches["frames"].size, notice)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run what is inside for its result alone, in 16 bits where they were found safe."""
        half = getattr(self.torch, self.precision)
        with (
            self.torch.inference_mode(),
            self.torch.autocast(self.device.split(":")[0], half, enabled=half is not self.torch.float32),
        ):
            yield

    def comparing(self, compare: Callable[[], np.ndarray]) -> np.ndarray:
        """Return what ``compare`` does, in float32; again where memory runs out and others could let go of some.

        Raises ``OutOfMemoryError`` where nobody could.
        """
        while True:
            try:
                with self.torch.inference_mode():
                    return compare()
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
            if not make_room():
                raise OutOfMemoryError(
                    "Memory ran out while sentences were held against the video; ask fewer at once, choose a smaller "
                    "model or, on a GPU, set WORKBENCH_DEVICE=cpu."
                )

    def send(self, array: np.ndarray) -> Any:
        """Return a tensor on the device; on a GPU the copy goes on beside what is being computed."""
        tensor = self.torch.from_numpy(np.ascontiguousarray(array))
        if self._copies is None:
            return tensor.to(self.device)
        present = self.torch.cuda.current_stream(self.device)
        with self.torch.cuda.stream(self._copies):
            moved = tensor.pin_memory().to(self.device, non_blocking=True)
        present.wait_stream(self._copies)
        moved.record_stream(present)
        return moved

    def in_batches(
        self, n_rows: int, encode: Callable[[slice], Any], work: Work = "frames", frames_a_row: int = 1
    ) -> Float32[np.ndarray, "..."]:
        """Return ``encode`` of all rows, float32, one after another along the first axis.

        ``frames_a_row``: how many frames a row is made of, which is what it takes of memory.
        Raises ``ModelError`` where memory runs out for a single row.
        """
        with self.running():
            parts = self._batches[work].over(n_rows, encode, frames_a_row)
            return np.concatenate([part.float().cpu().numpy() for part in parts])

    def traced_in_batches(
        self, n_rows: int, trace: Callable[[slice], Mapping[str, Any]], frames_a_row: int = 1
    ) -> dict[str, Float32[np.ndarray, "..."]]:
        """Return the tensors that ``trace`` makes of all rows, by name, in float32 and with gradients at hand.

        Products of 16 bits are not used: gradients would vanish in them. ``frames_a_row`` and errors are those of
        ``in_batches``.
        """

        def arrays(part: slice) -> dict[str, np.ndarray]:
            return {name: tensor.detach().float().cpu().numpy() for name, tensor in trace(part).items()}

        with (
            self.torch.inference_mode(False),
            self.torch.enable_grad(),
            self.torch.autocast(self.device.split(":")[0], enabled=False),
        ):
            parts = self._batches["gradients"].over(n_rows, arrays, frames_a_row)
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def settle_precision(self, encode: Callable[[], Float[np.ndarray, "row dim"]]) -> None:
        """Go back to float32 unless ``encode`` gives the same in 16 bits, as far as directions go."""
        if self.precision == "float32":
            return
        in_half = encode()
        chosen, self.precision = self.precision, "float32"
        exact = encode()
        cosine = (in_half * exact).sum(1) / np.linalg.norm(in_half, axis=1) / np.linalg.norm(exact, axis=1)
        if (cosine >= SAME_DIRECTION).all():  # a cosine that is no number is not
            self.precision = chosen

    def best_rate(
        self, prepare: Callable[[int], Any], run: Callable[[Any], Any], most_rows: int, frames_a_row: int = 1
    ) -> float:
        """Return the most rows a second that ``run`` does of what ``prepare`` makes, over sizes of the batch."""
        best, size = 0.0, 1
        while size <= min(most_rows, self._batches["frames"].most_rows(frames_a_row)):
            try:
                prepared = prepare(size)
                self._seconds(run, prepared)
                seconds = min(self._seconds(run, prepared) for _ in range(_REPEATS))
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                break
            if size / seconds < _LOST * best:
                break
            best, size = max(best, size / seconds), 2 * size
        if not best:
            raise OutOfMemoryError(_NOT_EVEN_ONE)
        return best

    def _seconds(self, run: Callable[[Any], Any], prepared: Any) -> float:
        self._wait()
        started = time.perf_counter()
        run(prepared)
        self._wait()
        return time.perf_counter() - started

    def _wait(self) -> None:
        """Wait until the device has done what it was told."""
        kind = self.device.split(":")[0]
        if kind != "cpu":
            getattr(self.torch, kind).synchronize(*([self.device] if kind == "cuda" else []))


class BatchSize:
    """How many rows are encoded at once: doubled while that is faster a row, halved when memory runs out.

    ``most``: how many frames they may have in all. Measured on the work itself, twice a size, until two sizes in
    a row brought nothing. Halved only where ``make_room`` says that nobody else could let go of memory; ``notice``
    is one sentence for people after that.
    """

    def __init__(
        self,
        fewest: int,
        most: int,
        wait: Callable[[], None] = lambda: None,
        make_room: Callable[[], bool] = lambda: False,
        named: str = "",
    ) -> None:
        self.size = fewest
        self.notice = ""
        self._most, self._wait, self._make_room, self._named = most, wait, make_room, named
        self._lock = threading.Lock()
        self._seconds: dict[int, list[float]] = {}
        self._is_settled = False

    def most_rows(self, frames_a_row: int) -> int:
        """Return how many rows of so many frames may be encoded at once."""
        return max(1, self._most // frames_a_row)

    def over(self, n_rows: int, encode: Callable[[slice], Any], frames_a_row: int = 1) -> list[Any]:
        """Return ``encode`` of consecutive slices that cover ``n_rows``.

        Raises ``ModelError`` where memory runs out for a single row.
        """
        parts, at, most = [], 0, self.most_rows(frames_a_row)
        while at < n_rows:
            size, ran_out = min(self.size, most, n_rows - at), False
            started = time.perf_counter()
            try:
                part = encode(slice(at, at + size))
                if not self._is_settled:
                    self._wait()
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                ran_out = True  # dealt with once the error is gone, and with it what it holds in memory
            if ran_out:
                if not self._make_room():
                    self._halve(size)
                continue
            self._learn(size, (time.perf_counter() - started) / size, most)
            parts.append(part)
            at += size
        return parts

    def _learn(self, size: int, seconds_a_row: float, most: int) -> None:
        with self._lock:
            if self._is_settled or size != self.size:
                return
            measured = self._seconds.setdefault(size, [])
            measured.append(seconds_a_row)
            if len(measured) < 2:
                return
            best = {tried: min(seconds) for tried, seconds in self._seconds.items()}
            fastest = min(best, key=lambda tried: best[tried])
            gained = [tried for tried in best if tried == min(best) or best[tried] < _GAIN * best[tried // 2]]
            if 2 * size > most or size >= 4 * max(gained):
                self.size, self._is_settled = fastest, True
            else:
                self.size = 2 * size

    def _halve(self, size: int) -> None:
        if size == 1:
            raise OutOfMemoryError(_NOT_EVEN_ONE)
        with self._lock:
            # Another thread may have halved it further.
            self.size, self._is_settled = min(self.size, size // 2), True
            self.notice = f"Memory ran out with {size} at once{self._named}, so {self.size} are encoded at once."


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether memory ran out, which every kind of device says in its own words."""
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    return isinstance(error, MemoryError | OutOfMemoryError) or any(
        words in str(error).lower() for words in _OUT_OF_MEMORY
    )
