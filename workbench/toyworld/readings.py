"""What a toy model makes of a whole story over time, as the workbench would read it from a film.

Separate from the examinations because those ask about one frame or window: here a model is a function from a story
and a sampling rate to curves, so that one of frames and one of windows are calibrated in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32, Float64, Int
from torch.nn import functional
from transformers import CLIPImageProcessor, CLIPModel, XCLIPModel

from workbench.toyworld.story import Story, draw_frames
from workbench.toyworld.tokens import OF_FRAMES, OF_WINDOWS
from workbench.toyworld.video_model import cosine_of, embed_texts, embed_windows, frame_facts
from workbench.toyworld.window import N_FRAMES

_BATCH = 64
_WINDOWS, _STEP = 32, N_FRAMES // 4


@dataclass(frozen=True)
class Curves:
    """The instants at which a story was read, and the cosine of any sentences with each of them.

    Instants are ``step_s`` apart, but for the last one, which may be nearer. All in seconds.
    """

    times_s: Float64[np.ndarray, "time"]
    step_s: float
    of: Callable[[Sequence[str]], Float32[np.ndarray, "sentence time"]]


Reading = Callable[[Story, float], Curves]
"""Reads a story at so many frames a second."""


def reading_of_frames(model: CLIPModel, image_processor: CLIPImageProcessor) -> Reading:
    """Return how a model of single frames reads a story."""

    @torch.inference_mode()
    def read(story: Story, fps: float) -> Curves:
        times_s = np.arange(0, story.duration_s, 1 / fps)
        seen = [
            model.vision_model(pixel_values=part).pooler_output for part in _frames(story, times_s, image_processor)
        ]
        features = functional.normalize(model.visual_projection(torch.cat(seen)), dim=-1)

        @torch.inference_mode()
        def of(texts: Sequence[str]) -> np.ndarray:
            ids, mask = map(torch.from_numpy, OF_FRAMES.encode(list(texts)))
            pooled = model.text_model(input_ids=ids, attention_mask=mask).pooler_output
            return (functional.normalize(model.text_projection(pooled), dim=-1) @ features.T).numpy()

        return Curves(times_s, 1 / fps, of)

    return read


def reading_of_windows(model: XCLIPModel, image_processor: CLIPImageProcessor) -> Reading:
    """Return how a model of windows reads a story: windows a quarter of their length apart, the last at the end."""

    @torch.inference_mode()
    def read(story: Story, fps: float) -> Curves:
        times_s = np.arange(0, story.duration_s, 1 / fps)
        frames = torch.cat([*_frames(story, times_s, image_processor)])
        rows = _window_rows(len(frames))
        read = [embed_windows(model, frame_facts(model, frames[part])) for part in _parts(rows)]
        windows, context = (torch.cat(parts) for parts in zip(*read, strict=True))

        @torch.inference_mode()
        def of(texts: Sequence[str]) -> np.ndarray:
            said = embed_texts(model, *map(torch.from_numpy, OF_WINDOWS.encode(list(texts))))[None]
            cosine = [
                cosine_of(model, windows[part], context[part], said.expand(len(part), -1, -1))
                for part in _parts(np.arange(len(windows)))
            ]
            return torch.cat(cosine).T.numpy()

        return Curves(times_s[rows].mean(axis=1), _STEP / fps, of)

    return read


def _window_rows(n_frames: int) -> Int[np.ndarray, "window 8"]:
    """Return the frames of every window; of a story that is shorter than one, some of them twice."""
    if n_frames < N_FRAMES:
        return np.linspace(0, n_frames - 1, N_FRAMES).round().astype(int)[None]
    last = n_frames - N_FRAMES
    starts = np.unique([*range(0, last, _STEP), last])
    return starts[:, None] + np.arange(N_FRAMES)


def _parts(rows: np.ndarray) -> list[np.ndarray]:
    return [rows[at : at + _WINDOWS] for at in range(0, len(rows), _WINDOWS)]


def _frames(story: Story, times_s: np.ndarray, image_processor: CLIPImageProcessor) -> list[torch.Tensor]:
    frames = np.minimum((times_s * story.fps + 1e-6).astype(int), story.n_frames - 1)
    return [
        image_processor(list(draw_frames(story, frames[at : at + _BATCH])), return_tensors="pt")["pixel_values"]
        for at in range(0, len(frames), _BATCH)
    ]
