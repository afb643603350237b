"""How high sentences rise that are known to be absent: the nulls that ``toyworld-frame`` brings along.

Separate from the examination because it uses the recipe of ``core.grounding`` on whole videos. Videos are of
the validation split: neither learned from nor tested on.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float32
from torch.nn import functional
from transformers import CLIPImageProcessor, CLIPModel

from workbench.core import grounding
from workbench.toyworld import dataset
from workbench.toyworld.seeds import generator
from workbench.toyworld.story import DURATION_S, Story, draw_frames, random_story
from workbench.toyworld.tokens import OF_FRAMES
from workbench.types import MeasuredNull

SAMPLE_FPS = (2.0, 1.0, 0.5)
_BATCH = 64


def measured_nulls(
    model: CLIPModel, image_processor: CLIPImageProcessor, distractors: Sequence[str], n_videos: int = 60
) -> list[MeasuredNull]:
    """Return the peaks of every sentence that is asked of ``n_videos`` and not in them, one record a sampling rate.

    Read with the standard smoothing from videos as long as the toy world's. Cost: about a minute on two CPU
    cores for 60 videos.
    """
    bank = text_embeddings(model, distractors)
    peaks: dict[float, list[float]] = {fps: [] for fps in SAMPLE_FPS}
    levels = []
    for index in range(n_videos):
        story = random_story(0, index, "validation")
        rows = dataset.query_rows(story, generator("validation", 0, 1_000_000 + index), first_qid=1)
        absent = [row["query"] for row in rows if not row["relevant_windows"]]
        times_s = np.arange(0, story.duration_s, 1 / SAMPLE_FPS[0])
        features = _frame_features(model, image_processor, story, times_s)
        others = bank @ features.T
        levels.append((round(float(others.mean()), 4), round(float(others.max(axis=0).mean()), 4)))
        curves = text_embeddings(model, absent) @ features.T
        for fps in SAMPLE_FPS:
            step = round(SAMPLE_FPS[0] / fps)
            found = grounding.ground(
                absent, curves[:, ::step], times_s[::step], others.mean(axis=0)[::step], np.zeros(0)
            )
            peaks[fps] += found.peaks.tolist()
    return [
        MeasuredNull(
            fps=fps,
            smoothing_s=grounding.SMOOTHING_S,
            longest_s=DURATION_S[1],
            levels=tuple(levels),
            peaks=tuple(sorted(round(peak, 4) for peak in found)),
        )
        for fps, found in peaks.items()
    ]


@torch.inference_mode()
def text_embeddings(model: CLIPModel, texts: Sequence[str]) -> Float32[np.ndarray, "text dim"]:
    """Return unit embeddings of sentences."""
    ids, mask = (torch.from_numpy(array) for array in OF_FRAMES.encode(list(texts)))
    pooled = model.text_model(input_ids=ids, attention_mask=mask).pooler_output
    return functional.normalize(model.text_projection(pooled), dim=-1).numpy()


@torch.inference_mode()
def _frame_features(
    model: CLIPModel, image_processor: CLIPImageProcessor, story: Story, times_s: np.ndarray
) -> Float32[np.ndarray, "time dim"]:
    frames = np.minimum((times_s * story.fps + 1e-6).astype(int), story.n_frames - 1)
    rows = []
    for start in range(0, len(frames), _BATCH):
        pixels = draw_frames(story, frames[start : start + _BATCH])
        read = image_processor(list(pixels), return_tensors="pt")["pixel_values"]
        pooled = model.vision_model(pixel_values=read).pooler_output
        rows.append(functional.normalize(model.visual_projection(pooled), dim=-1).numpy())
    return np.concatenate(rows)
