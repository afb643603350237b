"""Teaches ``toyworld-video`` in three lessons: where things are, how they change, and both together.

Features that know where things are come first, from stills; time comes second, on features that are computed
once and kept, so that it costs little; everything together comes last. From scratch and all at once, direction
is not learned at this size.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional
from transformers import CLIPModel, XCLIPModel

from workbench.toyworld import learning
from workbench.toyworld.events import EventHeads
from workbench.toyworld.geometry import GeometryBatch, GeometryHeads, geometry_batch
from workbench.toyworld.learning import cosine_decay
from workbench.toyworld.seeds import generator
from workbench.toyworld.tokens import OF_WINDOWS
from workbench.toyworld.training import IMAGE_PX, to_network
from workbench.toyworld.video_model import (
    FrameFacts,
    cosine_of,
    embed_texts,
    embed_windows,
    frame_facts,
    new_video_model,
)
from workbench.toyworld.window import N_FRAMES
from workbench.toyworld.window_batches import UNCLEAR, Said, StoryWindow, say, windows_of

_LOOK_STREAM, _SAY_STREAM = 5_000_000, 7_000_000
_PART_WINDOWS = 512
_FACTS_BATCH = 32


@dataclass(frozen=True)
class VideoRecipe:
    """Every number that training depends on; stored beside the weights."""

    seed: int = 0
    n_look_steps: int = 4000
    n_time_steps: int = 1200
    n_joint_steps: int = 100
    look_rate: float = 1e-3
    time_rate: float = 1e-3
    joint_rate: float = 2e-4
    look_batch: int = 64
    crowded_from: float = 0.25
    position_gain: float = 4.0
    n_windows: int = 8_000
    window_batch: int = 32
    pair_weight: float = 10.0
    warmup_steps: int = 40
    weight_decay: float = 0.02
    checkpoint_every: int = 100

    @property
    def total_steps(self) -> int:
        """The steps of all lessons."""
        return self.n_look_steps + self.n_time_steps + self.n_joint_steps

    def shortened(self, total_steps: int) -> VideoRecipe:
        """Return the recipe with every count scaled so that there are about ``total_steps`` in all."""
        scale = total_steps / self.total_steps

        def fewer(count: int) -> int:
            return max(1, round(count * scale))

        return replace(
            self,
            n_look_steps=fewer(self.n_look_steps),
            n_time_steps=fewer(self.n_time_steps),
            n_joint_steps=fewer(self.n_joint_steps),
            n_windows=max(self.window_batch, fewer(self.n_windows)),
            warmup_steps=fewer(self.warmup_steps),
        )


class WindowLoss(nn.Module):
    """The loss of windows and sentences; holds the two numbers of its sigmoid, which the model leaves behind.

    Each true sentence against all that are false of its window, each window against those of which its first
    sentence is false, and a sigmoid on every pair, which puts all sentences on one scale. What is not clear
    counts nowhere.
    """

    def __init__(self, pair_weight: float) -> None:
        super().__init__()
        self.pair_weight = pair_weight
        self.slope = nn.Parameter(torch.tensor(math.log(10.0)))
        self.offset = nn.Parameter(torch.tensor(-5.0))

    def forward(self, cosine: torch.Tensor, scale: torch.Tensor, truth: torch.Tensor, n_own: int) -> torch.Tensor:
        """Return the loss for ``cosine [window sentence]``, of which the first ``n_own`` are the window's own."""
        pairs = functional.binary_cross_entropy_with_logits(
            self.slope.exp() * cosine + self.offset, (truth == 1).float(), reduction="none"
        )
        logits = scale * cosine
        return (
            _against_false(logits, truth)
            + 0.5 * _against_false(logits[:, n_own:].T, truth[:, n_own:].T)
            + self.pair_weight * pairs[truth != UNCLEAR].mean()
        )


def _against_false(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Return the mean loss of every true entry against all false ones of its row."""
    false = logits.masked_fill(truth != 0, -1e4).logsumexp(1, keepdim=True)
    return functional.softplus(false - logits)[truth == 1].mean()


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
    rate: float

    def parameters(self) -> list[nn.Parameter]:
        """Return what this lesson changes."""
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
        self.n_steps, self.rate = recipe.n_look_steps, recipe.look_rate
        self._recipe, self._model, self._heads, self._device = recipe, model, heads, device

    def parameters(self) -> list[nn.Parameter]:
        """Return the tower and the heads."""
        tower = [p for name, p in self._model.vision_model.named_parameters() if ".message_" not in name]
        return [*tower, *self._heads.parameters()]

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


@dataclass
class _OnWindows:
    """What a lesson on windows works with: the network, its losses and the windows of stories."""

    recipe: VideoRecipe
    model: XCLIPModel
    loss_of: WindowLoss
    events: EventHeads
    windows: list[StoryWindow]
    device: str


@dataclass
class Timing(_OnWindows):
    """What happens in windows whose frames were looked at once: changes everything but the vision tower."""

    def __post_init__(self) -> None:
        self.n_steps, self.rate = self.recipe.n_time_steps, self.recipe.time_rate
        self._facts: FrameFacts | None = None

    def look(self, work_dir: Path) -> None:
        """Compute what the vision tower says of all windows, or take from ``work_dir`` what is there."""
        parts = []
        for start in range(0, len(self.windows), _PART_WINDOWS):
            path = work_dir / f"facts-{start // _PART_WINDOWS:03d}.safetensors"
            if not path.exists():
                facts = _facts_of(self.model, self.windows[start : start + _PART_WINDOWS], self.device)
                unfinished = path.with_suffix(".part")
                save_file({"frames": facts.frames, "patches": facts.patches}, unfinished)
                unfinished.replace(path)
            parts.append(load_file(path))
        self._facts = FrameFacts(*(torch.cat([part[name] for part in parts]) for name in ("frames", "patches")))

    def parameters(self) -> list[nn.Parameter]:
        """Return time, prompts, projections, the text tower and the numbers of the loss."""
        tower = {id(p) for p in self.model.vision_model.parameters()}
        rest = [p for p in self.model.parameters() if id(p) not in tower]
        return [*rest, *self.loss_of.parameters(), *self.events.parameters()]

    def batch(self, step: int) -> WindowBatch:
        """Return windows and what is said of them."""
        return _window_batch(self.recipe, self.windows, step, with_pixels=False)

    def loss(self, batch: WindowBatch) -> torch.Tensor:
        """Return the loss of the sentences on the kept features."""
        assert self._facts is not None
        kept = (part[batch.indices].to(self.device).float() for part in (self._facts.frames, self._facts.patches))
        return _loss_of_said(self.model, self.loss_of, self.events, FrameFacts(*kept), batch.said)


@dataclass
class Joining(_OnWindows):
    """The same, with the vision tower and its messages learning along."""

    def __post_init__(self) -> None:
        self.n_steps, self.rate = self.recipe.n_joint_steps, self.recipe.joint_rate

    def parameters(self) -> list[nn.Parameter]:
        """Return everything."""
        return [*self.model.parameters(), *self.loss_of.parameters(), *self.events.parameters()]

    def batch(self, step: int) -> WindowBatch:
        """Return windows with their pixels, and what is said of them."""
        return _window_batch(self.recipe, self.windows, self.recipe.n_time_steps + step, with_pixels=True)

    def loss(self, batch: WindowBatch) -> torch.Tensor:
        """Return the loss of the sentences on the pixels."""
        assert batch.pixels is not None
        facts = _looked_at(self.model, batch.pixels, self.device)
        return _loss_of_said(self.model, self.loss_of, self.events, facts, batch.said)


def train_video(
    recipe: VideoRecipe,
    frame_model: CLIPModel,
    work_dir: Path,
    report: Callable[[int, str], None],
    device: str = "cpu",
) -> XCLIPModel:
    """Return the trained model; goes on from the last checkpoint in ``work_dir`` if there is one.

    ``report`` gets the step and one line.
    """
    work_dir.mkdir(parents=True, exist_ok=True)
    model = new_video_model(frame_model, recipe.seed, recipe.position_gain).to(device)
    heads = GeometryHeads(model.config.vision_config.hidden_size).to(device)
    loss_of = WindowLoss(recipe.pair_weight).to(device)
    events = EventHeads(model.config.projection_dim).to(device)
    learned: dict[str, learning.Stateful] = {"model": model, "heads": heads, "loss": loss_of, "events": events}
    kept = learning.load(work_dir, recipe, device)
    if kept is not None:
        for name, part in learned.items():
            part.load_state_dict(kept[name])
    done = 0 if kept is None else int(kept["step"])
    learning.cut_log(work_dir, done)
    windows = windows_of("train", recipe.seed, recipe.n_windows)
    timing = Timing(recipe, model, loss_of, events, windows, device)
    lessons: list[Lesson] = [
        Looking(recipe, model, heads, device),
        timing,
        Joining(recipe, model, loss_of, events, windows, device),
    ]
    begin, started = 0, time.monotonic()
    for lesson in lessons:
        end = begin + lesson.n_steps
        if done < end:
            optimiser = learning.make_optimiser(lesson.parameters(), lesson.rate, recipe.weight_decay)
            if kept is not None and begin < done:
                optimiser.load_state_dict(kept["optimiser"])
            if lesson is timing:
                timing.look(work_dir)
            _teach(
                lesson,
                recipe,
                range(max(begin, done), end),
                begin,
                optimiser,
                lambda step, loss: _log(work_dir, step, loss, started, report),
                lambda step, optimiser: learning.save(work_dir, recipe, step, learned | {"optimiser": optimiser}),
            )
        begin = end
    model.logit_scale.data.clamp_(max=math.log(100))
    return model.eval().cpu()


def _teach(
    lesson: Lesson,
    recipe: VideoRecipe,
    steps: range,
    begin: int,
    optimiser: torch.optim.Optimizer,
    log: Callable[[int, float], None],
    keep: Callable[[int, torch.optim.Optimizer], None],
) -> None:
    """Take the given steps of the training, of which the lesson began with step ``begin``."""
    running = None
    batches = learning.made_ahead(lambda step: lesson.batch(step - begin), steps)
    for step, batch in zip(steps, batches, strict=True):
        for group in optimiser.param_groups:
            warm = min(1.0, (step - begin + 1) / recipe.warmup_steps)
            group["lr"] = lesson.rate * warm * cosine_decay((step - begin) / lesson.n_steps)
        loss = lesson.loss(batch)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(lesson.parameters(), 1.0)
        optimiser.step()
        running = loss.item() if running is None else 0.95 * running + 0.05 * loss.item()
        if (step + 1) % 25 == 0:
            log(step + 1, running)
        if (step + 1) % recipe.checkpoint_every == 0 or step + 1 == steps.stop:
            keep(step + 1, optimiser)


def _log(work_dir: Path, step: int, loss: float, started: float, report: Callable[[int, str], None]) -> None:
    learning.log(work_dir, {"step": step, "loss": round(loss, 4), "s": round(time.monotonic() - started, 1)})
    report(step, f"loss {loss:.3f}")


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


def _loss_of_said(
    model: XCLIPModel, loss_of: WindowLoss, events: EventHeads, facts: FrameFacts, said: Said
) -> torch.Tensor:
    """Return how badly the windows and what is said of them fit, and how little either tells by itself."""
    device = facts.frames.device
    texts = sorted({text for own in said.texts for text in own})
    row = {text: i for i, text in enumerate(texts)}
    ids, mask = (torch.from_numpy(array).to(device) for array in OF_WINDOWS.encode(texts))
    with _half(device.type):
        embedded = embed_texts(model, ids, mask).float()
    own = embedded[torch.tensor([[row[text] for text in texts_of_one] for texts_of_one in said.texts])]
    shared = own[:, 0].expand(len(own), -1, -1)
    windows, context = embed_windows(model, facts)
    scaffold = events(
        windows * windows.shape[-1] ** 0.5,
        own,
        torch.from_numpy(said.codes).to(device),
        torch.from_numpy(said.own).to(device),
    )
    cosine = cosine_of(model, windows, context, torch.cat([own, shared], 1))
    truth = torch.from_numpy(np.concatenate([said.own, said.shared], 1)).to(device)
    matched = loss_of(cosine, model.logit_scale.clamp(max=math.log(100)).exp(), truth, own.shape[1])
    return matched + scaffold


def _half(device: str) -> torch.autocast:
    """Return the context in which towers are run with 16-bit products: twice as fast where it matters."""
    return torch.autocast(device.split(":")[0], torch.bfloat16)
