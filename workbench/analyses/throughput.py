"""How fast a video becomes features here, beside the two things that bound it: decoding, and the bare forward pass.

Separate because it answers no question about a video: it says what waiting is made of.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.analyses.analysis import Report
from workbench.analyses.chunks import plan_of
from workbench.analyses.extraction import extract
from workbench.analyses.frame_batches import in_windows, most_rows
from workbench.analyses.opened import opened_features
from workbench.analyses.services import Services
from workbench.errors import ModelError
from workbench.models.protocol import BareForward, VideoTextModel
from workbench.store.tensors import TensorStore
from workbench.types.video import SamplingSpec, VideoInfo


@dataclass(frozen=True)
class Throughput:
    """Sampled frames a second: of the decoder alone, of the network alone on prepared frames, of the whole way."""

    video_title: str
    n_frames: int
    model_id: str
    device: str
    precision: str
    rows_at_once: int
    decode_fps: float
    forward_fps: float
    end_to_end_fps: float

    @property
    def ratio(self) -> float:
        """The whole way over the slower of its two parts; 1 is the most there can be."""
        return self.end_to_end_fps / min(self.decode_fps, self.forward_fps)


def measure(
    services: Services, video: VideoInfo, model: VideoTextModel, sampling: SamplingSpec, report: Report
) -> Throughput:
    """Return how fast ``video`` is read with ``model``; nothing of it is kept.

    Raises ``ModelError`` for a model that has no forward pass of its own to measure.
    Cost: reads the video twice, and runs the network for some seconds more.
    """
    if not isinstance(model, BareForward):
        raise ModelError(f"“{model.spec.id}” has no bare forward pass to measure; choose a model of another family.")
    plan = plan_of(video, model.spec, sampling)
    first = next(iter(services.library.frames(video.id, sampling)))  # the decoder is warm from here on
    started = time.perf_counter()
    n_frames = sum(len(batch.times_s) for batch in services.library.frames(video.id, sampling))
    decode_s = time.perf_counter() - started
    windows = next(in_windows(iter([first]), replace(plan, n_frames=len(first.times_s))))
    forward_s = plan.n_rows / model.forward_rate(windows.pixels, most_rows(first, plan.window))
    with tempfile.TemporaryDirectory() as folder:
        store = TensorStore(Path(folder), services.settings.max_store_bytes)
        apart = replace(services, store=store, opened=opened_features())
        started = time.perf_counter()
        extract(apart, video, model, sampling, report)
        whole_s = time.perf_counter() - started
    return Throughput(
        video_title=video.title,
        n_frames=n_frames,
        model_id=model.spec.id,
        device=model.placement.device,
        precision=model.spec.precision,
        rows_at_once=model.placement.rows_at_once,
        decode_fps=n_frames / decode_s,
        forward_fps=n_frames / forward_s,
        end_to_end_fps=n_frames / whole_s,
    )
