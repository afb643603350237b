"""A first open with a ViT-B/32 against its bounds and against the loop that a library's page shows.

``python -m tests.benchmarks.bench_encode [FILM]``. The network has the architecture of ``openai/clip-vit-base-patch32``
and random weights. In one run, in turn, for float32 and for bfloat16 products: decoding alone, the bare forward pass,
the whole way of the workbench, and a plain loop in float32: one frame after another decoded and turned into a picture,
prepared by the image processor in batches of 32, encoded. On a GPU, which no decoder keeps up with, the frames of the
whole way lie in memory.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import numpy as np

from tests.tiny_checkpoints import save_word_tokenizer
from workbench.analyses.services import Services
from workbench.analyses.throughput import Throughput, measure
from workbench.media.decode import sample_instants
from workbench.media.library import VideoLibrary
from workbench.settings import ASSETS, Settings
from workbench.types.video import FrameBatch, SamplingSpec, VideoInfo

N_RUNS = 3
BATCH = 32
SAMPLING = SamplingSpec(fps=2.0)


def main(film: Path) -> None:
    """Print the medians and the ratios; the plain loop computes in float32 as it stands on the library's page."""
    with tempfile.TemporaryDirectory() as folder:
        where = save_base_model(Path(folder) / "vit-b-32")
        for precision in ("float32", "bfloat16"):
            settings = Settings(home=Path(folder) / precision, offline=True, precision=precision)
            services = Services.create(settings)
            model, video = services.models.load(str(where)), services.library.open_path(film)
            if model.placement.device != "cpu":
                services = replace(services, library=InMemory(settings, film))
            runs: list[tuple[Throughput, float]] = []
            for _ in range(N_RUNS):
                found = measure(services, video, model, SAMPLING, lambda progress: None)
                runs.append((found, found.n_frames / plain_loop_s(film, video, where)))
            decode, forward, whole = (
                statistics.median(getattr(found, f"{name}_fps") for found, _ in runs)
                for name in ("decode", "forward", "end_to_end")
            )
            plain = statistics.median(rate for _, rate in runs)
            ratio = statistics.median(found.ratio for found, _ in runs)
            against = statistics.median(found.end_to_end_fps / rate for found, rate in runs)
            print(f"{film.name}, ViT-B/32 with random weights, {runs[0][0].device}, {runs[0][0].precision}:")
            print(f"decode {decode:.1f}, forward {forward:.1f}, whole {whole:.1f}, plain loop {plain:.1f} frames/s")
            print(f"whole / slower part {ratio:.2f} (bar 0.85); whole / plain loop {against:.2f} (expected above 1.5)")


class InMemory(VideoLibrary):
    """The frames of one film, decoded beforehand."""

    def __init__(self, settings: Settings, film: Path) -> None:
        super().__init__(settings)
        parts = [*super().frames(self.open_path(film).id, SAMPLING)]
        pixels, times_s = (np.concatenate([getattr(part, name) for part in parts]) for name in ("pixels", "times_s"))
        self._all = replace(parts[0], pixels=pixels, times_s=times_s)

    def frames(
        self, video_id: str, sampling: SamplingSpec, start: int = 0, stop: int | None = None, *args, **named
    ) -> Iterator[FrameBatch]:
        """Yield the frames from ``start`` up to ``stop``, 32 at a time."""
        stop = len(self._all.times_s) if stop is None else stop
        for at in range(start, stop, BATCH):
            rows = slice(at, min(at + BATCH, stop))
            yield replace(self._all, pixels=self._all.pixels[rows], times_s=self._all.times_s[rows])


def save_base_model(folder: Path) -> Path:
    """Write a CLIP of the size of ViT-B/32 with random weights."""
    import torch
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel

    vocabulary = save_word_tokenizer(folder)
    torch.manual_seed(0)
    config = CLIPConfig()
    config.text_config.eos_token_id = vocabulary["[END]"]
    CLIPModel(config).save_pretrained(folder)
    CLIPImageProcessor().save_pretrained(folder)
    return folder


def plain_loop_s(film: Path, video: VideoInfo, where: Path) -> float:
    """Return the seconds of the plain loop over the same instants, the model loaded beforehand."""
    import torch
    from transformers import CLIPImageProcessorPil, CLIPModel

    network, processor = CLIPModel.from_pretrained(where).eval(), CLIPImageProcessorPil.from_pretrained(where)
    instants = list(sample_instants(video, SAMPLING))
    started = time.perf_counter()
    pictures, at = [], 0
    with av.open(str(film)) as container:
        for frame in container.decode(video=0):
            if at < len(instants) and frame.time + 0.5 / video.fps >= instants[at]:
                pictures.append(frame.to_image())
                at += 1
    with torch.no_grad():
        for start in range(0, len(pictures), BATCH):
            network.get_image_features(**processor(images=pictures[start : start + BATCH], return_tensors="pt"))
    return time.perf_counter() - started


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ASSETS / "examples" / "big-buck-bunny.mp4")
