"""Which sampled frames make which row of features, and under which keys rows are kept: pure maps.

Separate from the work itself so that any process or machine can tell where features lie without computing one.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from workbench.media.decode import DECODE_VERSION, sample_instants
from workbench.models.protocol import ModelSpec
from workbench.store.keys import cache_key
from workbench.types.video import SamplingSpec, VideoInfo

CHUNK_FRAMES, _REMEMBERED = 64, 256
_VERSION = 1
"""Raised whenever an adapter makes something else of the same frames than before."""


@dataclass(frozen=True)
class Plan:
    """Which sampled frames make which row of features, and which rows are kept together."""

    n_frames: int
    window: int
    step: int

    @property
    def n_rows(self) -> int:
        """The rows of features: windows ``step`` apart and one that ends with the video; one alone if it is short."""
        return 1 + -(-max(0, self.n_frames - self.window) // self.step)

    @property
    def rows_in_chunk(self) -> int:
        """The rows of a chunk: as many as take about ``CHUNK_FRAMES`` frames to encode."""
        return max(1, CHUNK_FRAMES // self.window)

    @property
    def n_chunks(self) -> int:
        """The chunks of the video."""
        return -(-self.n_rows // self.rows_in_chunk)

    def rows_of(self, first: int, last: int) -> tuple[int, int]:
        """Return ``(first, past the last)`` row of the chunks from ``first`` up to ``last``."""
        return first * self.rows_in_chunk, min(last * self.rows_in_chunk, self.n_rows)

    def frames_of(self, first_row: int, past_row: int) -> tuple[int, int]:
        """Return ``(first, past the last)`` sampled frame that the rows are made of."""
        last_start = max(0, self.n_frames - self.window)
        return min(first_row * self.step, last_start), min((past_row - 1) * self.step + self.window, self.n_frames)


def plan_of(video: VideoInfo, spec: ModelSpec, sampling: SamplingSpec) -> Plan:
    """Return the plan for a video: what is sampled, and what the model reads at once."""
    return Plan(len(sample_instants(video, sampling)), spec.window_frames, spec.window_step)


def chunk_keys(video: VideoInfo, spec: ModelSpec, sampling: SamplingSpec, reuse_below: float = 0.0) -> list[str]:
    """Return the store key of every chunk, in order: a pure map from what was asked to where it lies."""
    return list(_chunk_keys(video, spec, sampling, reuse_below))


@functools.lru_cache(maxsize=_REMEMBERED)
def _chunk_keys(video: VideoInfo, spec: ModelSpec, sampling: SamplingSpec, reuse_below: float) -> tuple[str, ...]:
    plan = plan_of(video, spec, sampling)
    common = {"kind": "frame-features", **_made_from(video, spec, sampling), "chunk_rows": plan.rows_in_chunk}
    if reuse_below:
        common["reuse_below"] = reuse_below
    spans = (plan.rows_of(chunk, chunk + 1) for chunk in range(plan.n_chunks))
    return tuple(cache_key(chunk=chunk, n_rows=end - start, **common) for chunk, (start, end) in enumerate(spans))


def row_key(kind: str, video: VideoInfo, spec: ModelSpec, sampling: SamplingSpec, row: int) -> str:
    """Return the store key of what is kept of one row by itself, such as the patches of its frames."""
    return cache_key(kind=kind, row=row, **_made_from(video, spec, sampling))


def _made_from(video: VideoInfo, spec: ModelSpec, sampling: SamplingSpec) -> dict[str, object]:
    """Return all that what a network makes of frames depends on."""
    return {
        "video": video.id,
        "fps": sampling.rate_for(video.duration_s),
        "decode": DECODE_VERSION,
        "version": _VERSION,
        "family": spec.family,
        "revision": spec.revision,
        "preprocessing": spec.preprocessing,
        "window": [spec.window_frames, spec.window_step],
        "dtype": spec.precision,
    }
