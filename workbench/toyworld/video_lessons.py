"""The lessons of ``toyworld-video``: what each is taught from, what it changes and how it is judged.

Separate from the training, which takes them one after another and knows nothing of what they teach. Where things
are comes first, from stills; how they move second, on features that are computed once and kept, so that it costs
little; words for it third, from sentences alone; then what is true of the windows of stories, and everything
together last. From scratch and all at once, direction is not learned at this size.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional
from transformers import XCLIPModel

from workbench.toyworld.geometry import GeometryBatch, GeometryHeads, geometry_batch
from workbench.toyworld.motions import ChangeHeads, Motions, backwards, motion_batch
from workbench.toyworld.seeds import generator
from workbench.toyworld.tokens import OF_WINDOWS
from workbench.toyworld.training import IMAGE_PX, to_network
from workbench.toyworld.video_model import (
    FrameFacts,
    cosine_of,
    embed_texts,
    embed_windows,
    frame_facts,
    over_time,
)
from workbench.toyworld.video_recipe import VideoRecipe
from workbench.toyworld.window import N_FRAMES
from workbench.toyworld.window_batches import Said, StoryWindow, say
from workbench.toyworld.window_loss import WindowLoss
from workbench.toyworld.wording import lines, meanings

_STREAM_LENGTH = 1_000_000
_LOOK_STREAM, _MOVE_STREAM, _SAY_STREAM, _WORD_STREAM, _ORDER_STREAM = (n * _STREAM_LENGTH for n in (5, 6, 7, 8, 9))
_PART_WINDOWS, _PART_MOTIONS = 512, 64
_FACTS_BATCH = 32


Rates = list[tuple[list[nn.Parameter], float]]


@dataclass(frozen=True)
class WindowBatch:
    """Which windows, and what is said of them."""

    indices: list[int]
    pixels: np.ndarray | None
    said: Said


@runtime_checkable
class Lesson(Protocol):
    """One part of the training: what is learned, from what, at which rate."""

    n_steps: int

    def rates(self) -> Rates:
        """Return what this lesson changes, and at which rate."""
        ...

    def batch(self, step: int) -> Any:
        """Return the batch of one step of the lesson; knows nothing of the model."""
        ...

    def loss(self, batch: Any) -> torch.Tensor:
        """Return the loss of a batch."""
        ...


class Looking:
    """Where named objects are, from stills: changes the vision tower, all but its messages between frames."""

    def __init__(self, recipe: VideoRecipe, model: XCLIPModel, heads: GeometryHeads, device: str) -> None:
        self.n_steps = recipe.n_look_steps
        self._recipe, self._model, self._heads, self._device = recipe, model, heads, device

    def rates(self) -> Rates:
        """Return the tower and the heads."""
        tower = [p for name, p in self._model.vision_model.named_parameters() if ".message_" not in name]
        return [([*tower, *self._heads.parameters()], self._recipe.look_rate)]

    def batch(self, step: int) -> GeometryBatch:
        """Return stills, more crowded as the lesson goes on."""
        rng = generator("train", self._recipe.seed, _LOOK_STREAM + step)
        crowding = min(1.0, step / (self._recipe.crowded_from * self.n_steps))
        return geometry_batch(rng, self._recipe.look_batch, crowding)

    def loss(self, batch: GeometryBatch) -> torch.Tensor:
        """Return how wrong the heads are about the stills."""
        batch = batch.to(self._device)
        with _half(self._device):
            seen = self._model.vision_model(pixel_values=batch.frames)
        parts = self._heads(seen.pooler_output.float(), seen.last_hidden_state[:, 1:].float(), batch)
        return torch.stack(list(parts.values())).sum()


class Moving:
    """By how much named objects move, in windows whose frames were looked at once: changes time alone."""

    def __init__(self, recipe: VideoRecipe, model: XCLIPModel, heads: ChangeHeads, device: str) -> None:
        self.n_steps = recipe.n_move_steps
        self._recipe, self._model, self._heads, self._device = recipe, model, heads, device
        self._kept: dict[str, torch.Tensor] = {}

    def look(self, work_dir: Path) -> None:
        """Compute what the vision tower says of all windows, or take from ``work_dir`` what is there."""
        n_parts = -(-self._recipe.n_motions // _PART_MOTIONS)
        names = [work_dir / f"motions-{part:03d}.safetensors" for part in range(n_parts)]
        self._kept = _kept({path: partial(self._part, part) for part, path in enumerate(names)})

    def _part(self, part: int) -> dict[str, torch.Tensor]:
        rng = generator("train", self._recipe.seed, _MOVE_STREAM + part)
        batch = motion_batch(rng, _PART_MOTIONS, float(min(1.0, 2 * rng.random())))
        with torch.inference_mode(), _half(self._device):
            seen = self._model.vision_model(pixel_values=batch.frames.flatten(0, 1).to(self._device)).pooler_output
        frames = seen.unflatten(0, batch.frames.shape[:2]).half().cpu()
        kept = {name: getattr(batch, name) for name in ("nouns", "changes", "is_known")}
        return kept | {"frames": frames, "steps": batch.steps.half()}

    def rates(self) -> Rates:
        """Return the layers over time, what leads there, and the heads."""
        return [([*_layers_over_time(self._model), *self._heads.parameters()], self._recipe.move_rate)]

    def batch(self, step: int) -> Motions:
        """Return windows, every other time as they are when shown backwards."""
        rng = generator("train", self._recipe.seed, _MOVE_STREAM + _STREAM_LENGTH // 2 + step)
        chosen = torch.from_numpy(rng.integers(len(self._kept["nouns"]), size=self._recipe.motion_batch))
        batch = Motions(**{name: values[chosen] for name, values in self._kept.items()})
        return backwards(batch) if step % 2 else batch

    def loss(self, batch: Motions) -> torch.Tensor:
        """Return how wrong the heads are about what changed."""
        batch = batch.to(self._device)
        return self._heads(over_time(self._model, batch.frames.float()), batch)


@dataclass(frozen=True)
class WordBatch:
    """Sentences as tokens, and what they ask of every noun and change."""

    token_ids: torch.Tensor
    token_mask: torch.Tensor
    asked: torch.Tensor


class Wording:
    """Words for what windows tell, from sentences alone: changes the text tower.

    A sentence is drawn to the direction in which the heads of the lesson before read what it asks. Left to find
    it by themselves, words and windows do not meet: either is of no use as long as the other says nothing.
    """

    def __init__(self, recipe: VideoRecipe, model: XCLIPModel, heads: ChangeHeads, device: str) -> None:
        self.n_steps = recipe.n_word_steps
        self._recipe, self._model, self._heads, self._device = recipe, model, heads, device

    def rates(self) -> Rates:
        """Return the text tower and its projection."""
        tower = [*self._model.text_model.parameters(), *self._model.text_projection.parameters()]
        return [(tower, self._recipe.word_rate)]

    def batch(self, step: int) -> WordBatch:
        """Return sentences."""
        said = lines(generator("train", self._recipe.seed, _WORD_STREAM + step), self._recipe.word_batch)
        ids, mask = OF_WINDOWS.encode(said.texts)
        return WordBatch(torch.from_numpy(ids), torch.from_numpy(mask), said.asked)

    def loss(self, batch: WordBatch) -> torch.Tensor:
        """Return one minus the cosine of the sentences with what they mean."""
        with _half(self._device):
            embedded = embed_texts(self._model, batch.token_ids.to(self._device), batch.token_mask.to(self._device))
        meant = meanings(self._heads, batch.asked.to(self._device)).detach()
        return 1 - functional.cosine_similarity(embedded.float(), meant, dim=-1).mean()


@dataclass
class _OnWindows:
    """What a lesson on windows works with: the network, its loss and the windows of stories."""

    recipe: VideoRecipe
    model: XCLIPModel
    loss_of: WindowLoss
    windows: list[StoryWindow]
    device: str

    def facts(self, work_dir: Path, name: str) -> FrameFacts:
        """Return what the vision tower says of all windows, from files of a name where they are there."""
        starts = range(0, len(self.windows), _PART_WINDOWS)
        names = [work_dir / f"{name}-{start // _PART_WINDOWS:03d}.safetensors" for start in starts]
        kept = _kept({path: partial(self._part, start) for start, path in zip(starts, names, strict=True)})
        return FrameFacts(kept["frames"], kept["patches"])

    def _part(self, start: int) -> dict[str, torch.Tensor]:
        facts = _facts_of(self.model, self.windows[start : start + _PART_WINDOWS], self.device)
        return {"frames": facts.frames, "patches": facts.patches}

    def loss_on(self, facts: FrameFacts, batch: WindowBatch) -> torch.Tensor:
        """Return the loss of what is said of some of the windows, on the facts of all."""
        kept = (part[batch.indices].to(self.device).float() for part in (facts.frames, facts.patches))
        return _loss_of_said(self.model, self.loss_of, FrameFacts(*kept), batch.said)


@dataclass
class Telling(_OnWindows):
    """What is true of windows whose frames were looked at once: changes everything but the vision tower.

    How things move goes on being asked: stories alone would have it unlearned.
    """

    moving: Moving

    def __post_init__(self) -> None:
        self.n_steps = self.recipe.n_tell_steps
        self._facts: FrameFacts | None = None

    def look(self, work_dir: Path) -> None:
        """Compute what the vision tower says of all windows, or take from ``work_dir`` what is there."""
        self.moving.look(work_dir)
        self._facts = self.facts(work_dir, "facts")

    def rates(self) -> Rates:
        """Return all but the vision tower; what moves is known already, and learns more slowly than the rest."""
        slow = [parameter for parameters, _ in self.moving.rates() for parameter in parameters]
        apart = {id(p) for p in (*slow, *self.model.vision_model.parameters())}
        words = [p for p in (*self.model.parameters(), *self.loss_of.parameters()) if id(p) not in apart]
        return [(words, self.recipe.tell_rate), (slow, self.recipe.time_rate)]

    def batch(self, step: int) -> tuple[WindowBatch, Motions]:
        """Return windows with what is said of them, and windows in which nearly everything moves."""
        said = _window_batch(self.recipe, self.windows, step, with_pixels=False)
        return said, self.moving.batch(self.recipe.n_move_steps + step)

    def loss(self, batch: tuple[WindowBatch, Motions]) -> torch.Tensor:
        """Return the loss of the sentences, and of how things move, on the kept features."""
        assert self._facts is not None
        said, motions = batch
        return self.loss_on(self._facts, said) + self.moving.loss(motions)


@dataclass
class Joining(_OnWindows):
    """The same, with the vision tower and its messages learning along."""

    def __post_init__(self) -> None:
        self.n_steps = self.recipe.n_joint_steps

    def rates(self) -> Rates:
        """Return everything."""
        every = (self.model, self.loss_of)
        return [([parameter for part in every for parameter in part.parameters()], self.recipe.joint_rate)]

    def batch(self, step: int) -> WindowBatch:
        """Return windows with their pixels, and what is said of them."""
        return _window_batch(self.recipe, self.windows, self.recipe.n_tell_steps + step, with_pixels=True)

    def loss(self, batch: WindowBatch) -> torch.Tensor:
        """Return the loss of the sentences on the pixels."""
        assert batch.pixels is not None
        facts = _looked_at(self.model, batch.pixels, self.device)
        return _loss_of_said(self.model, self.loss_of, facts, batch.said)


@dataclass
class Ordering(_OnWindows):
    """What comes first: of windows, the first ``n_in_order`` show one thing after another; the rest keeps the others.

    Changes everything but the vision tower, on features that are kept.
    """

    def __post_init__(self) -> None:
        self.n_steps = self.recipe.n_order_steps
        self._facts: FrameFacts | None = None

    def look(self, work_dir: Path) -> None:
        """Compute what the vision tower says of all windows by now, or take from ``work_dir`` what is there."""
        self._facts = self.facts(work_dir, "order")

    def rates(self) -> Rates:
        """Return all but the vision tower; what goes on in time is known already, and learns more slowly."""
        slow = _layers_over_time(self.model)
        apart = {id(p) for p in (*slow, *self.model.vision_model.parameters())}
        words = [p for p in (*self.model.parameters(), *self.loss_of.parameters()) if id(p) not in apart]
        return [(words, self.recipe.order_rate), (slow, self.recipe.time_rate)]

    def batch(self, step: int) -> WindowBatch:
        """Return windows of both sorts with what is said of them."""
        rng, n = generator("train", self.recipe.seed, _ORDER_STREAM + step), self.recipe.n_in_order
        first = rng.choice(n, self.recipe.order_batch, replace=False)
        rest = n + rng.choice(len(self.windows) - n, self.recipe.window_batch - len(first), replace=False)
        indices = [*first.tolist(), *rest.tolist()]
        return WindowBatch(indices, None, say([self.windows[i] for i in indices], rng))

    def loss(self, batch: WindowBatch) -> torch.Tensor:
        """Return the loss of the sentences on the kept features."""
        assert self._facts is not None
        return self.loss_on(self._facts, batch)


def _layers_over_time(model: XCLIPModel) -> list[nn.Parameter]:
    """Return what makes a window of frames: the layers over time, and the projection that leads there."""
    return [*model.mit.parameters(), *model.visual_projection.parameters()]


def _window_batch(recipe: VideoRecipe, windows: list[StoryWindow], step: int, with_pixels: bool) -> WindowBatch:
    rng = generator("train", recipe.seed, _SAY_STREAM + step)
    indices = rng.choice(len(windows), recipe.window_batch, replace=False).tolist()
    chosen = [windows[i] for i in indices]
    pixels = np.stack([window.pixels(IMAGE_PX) for window in chosen]) if with_pixels else None
    return WindowBatch(indices, pixels, say(chosen, rng))


@torch.inference_mode()
def _facts_of(model: XCLIPModel, windows: list[StoryWindow], device: str) -> FrameFacts:
    """Return the facts of many windows in half precision, on the processor."""
    frames, patches = [], []
    for start in range(0, len(windows), _FACTS_BATCH):
        pixels = np.stack([window.pixels(IMAGE_PX) for window in windows[start : start + _FACTS_BATCH]])
        facts = _looked_at(model, pixels, device)
        frames.append(facts.frames.half().cpu())
        patches.append(facts.patches.half().cpu())
    return FrameFacts(torch.cat(frames), torch.cat(patches))


def _looked_at(model: XCLIPModel, pixels: np.ndarray, device: str) -> FrameFacts:
    """Return the facts of ``uint8 [window frame height width 3]``."""
    read = to_network(pixels.reshape(-1, *pixels.shape[2:])).unflatten(0, (-1, N_FRAMES)).to(device)
    with _half(device):
        facts = frame_facts(model, read)
    return FrameFacts(facts.frames.float(), facts.patches.float())


def _loss_of_said(model: XCLIPModel, loss_of: WindowLoss, facts: FrameFacts, said: Said) -> torch.Tensor:
    """Return how badly the windows and what is said of them fit."""
    device = facts.frames.device
    texts = sorted({text for own in said.texts for text in own})
    row = {text: i for i, text in enumerate(texts)}
    ids, mask = (torch.from_numpy(array).to(device) for array in OF_WINDOWS.encode(texts))
    with _half(device.type):
        embedded = embed_texts(model, ids, mask).float()
    own = embedded[torch.tensor([[row[text] for text in texts_of_one] for texts_of_one in said.texts])]
    shared = own[:, 0].expand(len(own), -1, -1)
    windows, context = embed_windows(model, facts)
    cosine = cosine_of(model, windows, context, torch.cat([own, shared], 1))
    truth = torch.from_numpy(np.concatenate([said.own, said.shared], 1)).to(device)
    return loss_of(cosine, model.logit_scale.clamp(max=math.log(100)).exp(), truth, own.shape[1])


def _kept(parts: dict[Path, Callable[[], dict[str, torch.Tensor]]]) -> dict[str, torch.Tensor]:
    """Return what the paths hold, one after another, computing and keeping it where nothing is there.

    Nothing is held in memory before all is computed: what stays would break up the memory that the next part needs.
    """
    for path, compute in parts.items():
        if not path.exists():
            unfinished = path.with_suffix(".part")
            save_file(compute(), unfinished)
            unfinished.replace(path)
    loaded = [load_file(path) for path in parts]
    return {name: torch.cat([part[name] for part in loaded]) for name in loaded[0]}


def _half(device: str) -> torch.autocast:
    """Return the context in which towers are run, on a GPU with 16-bit products: twice as fast there.

    Few processors have them; on the others they take three times as long.
    """
    kind = device.split(":")[0]
    return torch.autocast(kind, torch.bfloat16, enabled=kind != "cpu")
