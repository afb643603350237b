"""How high sentences rise that are known to be absent: the null that ``toyworld-frame`` brings along.

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
from workbench.toyworld.story import Story, draw_frames, random_story
from workbench.toyworld.tokens import encode

SAMPLE_FPS = 2.0
_BATCH = 64


def absent_peaks(
    model: CLIPModel, image_processor: CLIPImageProcessor, distractors: Sequence[str], n_videos: int = 60
) -> list[float]:
    """Return the peaks, in rising order, of every sentence that is asked of ``n_videos`` and not in them.

    Sampled at ``SAMPLE_FPS`` with the standard smoothing, videos as long as the toy world's: only where a
    video is read like that do they hold. Cost: about a minute on two CPU cores for 60 videos.
    """
    bank = text_embeddings(model, distractors)
    peaks: list[float] = []
    for index in range(n_videos):
        story = random_story(0, index, "validation")
        rows = dataset.query_rows(story, generator("validation", 0, 1_000_000 + index), first_qid=1)
        absent = [row["query"] for row in rows if not row["relevant_windows"]]
        times_s = np.arange(0, story.duration_s, 1 / SAMPLE_FPS)
        features = _frame_features(model, image_processor, story, times_s)
        curves = text_embeddings(model, absent) @ features.T
        found = grounding.ground(absent, curves, times_s, bank.mean(axis=0) @ features.T, np.zeros(0))
        peaks += found.peaks.tolist()
    return sorted(round(peak, 4) for peak in peaks)


@torch.inference_mode()
def text_embeddings(model: CLIPModel, texts: Sequence[str]) -> Float32[np.ndarray, "text dim"]:
    """Return unit embeddings of sentences."""
    ids, mask = (torch.from_numpy(array) for array in encode(list(texts)))
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
