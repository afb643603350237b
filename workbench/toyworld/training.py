"""Teaches ``toyworld-frame``: a small ``CLIPModel`` that learns single frames and their captions.

Which caption is true of which frame is known for every pair of a batch, so the loss never calls a true
pair false: a softmax over frames and over captions with every true partner as target, and a sigmoid on
every pair, which puts all queries on one scale (a frame that fits nothing is far from everything).

Source: Radford et al. 2021 (CLIP); Khosla et al. 2020 (several positives); Zhai et al. 2023 (sigmoid).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from transformers import CLIPConfig, CLIPModel

from workbench.toyworld import grammar, learning, stills
from workbench.toyworld.grammar import Sentence
from workbench.toyworld.learning import cosine_decay
from workbench.toyworld.seeds import Split, generator
from workbench.toyworld.tokens import BOS, CONTEXT, EOS, OF_FRAMES, PAD

IMAGE_PX, PATCH_PX = 64, 8
PIXEL_MEAN, PIXEL_STD = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)


@dataclass(frozen=True)
class Recipe:
    """Every number that training depends on; stored beside the weights.

    Training has two parts: ``n_steps`` that learn the world, and ``n_polish_steps`` at a lower rate with
    crossed captions ("a red square" for a red ring beside a blue square), which learn what belongs together.
    From step ``level_from`` on, a true caption of one object is also drawn to one ``level`` of cosine, so that
    an object scores alike whether it stands alone or in company (of three, each can reach 0.58 at most).
    """

    seed: int = 0
    n_steps: int = 3000
    n_polish_steps: int = 3000
    polish_rate: float = 7e-4
    level_from: int = 3500
    level: float = 0.5
    level_weight: float = 40.0
    batch: int = 128
    n_edits: int = 1
    learning_rate: float = 1e-3
    warmup_steps: int = 150
    crowded_from: float = 0.4
    weight_decay: float = 0.05
    checkpoint_every: int = 100

    @property
    def total_steps(self) -> int:
        """The steps of both parts."""
        return self.n_steps + self.n_polish_steps

    def shortened(self, total_steps: int) -> Recipe:
        """Return the recipe with every step count scaled so that there are ``total_steps`` in all."""
        scale = total_steps / self.total_steps
        return replace(
            self,
            n_steps=max(1, round(self.n_steps * scale)),
            n_polish_steps=max(1, round(self.n_polish_steps * scale)),
            warmup_steps=max(1, round(self.warmup_steps * scale)),
            level_from=round(self.level_from * scale),
        )


def frame_config(n_words: int) -> CLIPConfig:
    """Return the architecture: 64 px in patches of 8, width 128, 1.5 million parameters."""
    text = {
        "vocab_size": n_words,
        "hidden_size": 128,
        "intermediate_size": 512,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "max_position_embeddings": CONTEXT,
        "bos_token_id": OF_FRAMES.ids[BOS],
        "eos_token_id": OF_FRAMES.ids[EOS],
        "pad_token_id": OF_FRAMES.ids[PAD],
        "hidden_act": "gelu",
    }
    vision = {
        "hidden_size": 128,
        "intermediate_size": 512,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "image_size": IMAGE_PX,
        "patch_size": PATCH_PX,
        "hidden_act": "gelu",
    }
    return CLIPConfig(text_config=text, vision_config=vision, projection_dim=128, logit_scale_init_value=2.66)


def new_frame_model(seed: int) -> CLIPModel:
    """Return an untrained model whose frames know where things are.

    The position embedding starts as two-dimensional sinusoids: with the default initialisation it
    stays unused, and "at the top left" is never learned.
    """
    torch.manual_seed(seed)
    model = CLIPModel(frame_config(len(OF_FRAMES.ids)))
    grid, width = IMAGE_PX // PATCH_PX, 128
    position = model.vision_model.embeddings.position_embedding.weight
    with torch.no_grad():
        position[1:] = 0.22 * _sinusoids(grid, width)
    return model


def _sinusoids(grid: int, width: int) -> torch.Tensor:
    frequencies = torch.exp(torch.linspace(0, math.log(grid), width // 4)) * (math.pi / (2 * grid))
    line = torch.arange(grid, dtype=torch.float32)[:, None] * frequencies
    waves = torch.cat([line.sin(), line.cos()], 1)
    rows = waves[:, None].expand(-1, grid, -1)
    columns = waves[None].expand(grid, -1, -1)
    return torch.cat([rows, columns], -1).reshape(grid * grid, width)


def to_network(pixels: np.ndarray) -> torch.Tensor:
    """Return frames of the model's own size ``uint8 [n h w 3]`` as the network reads them."""
    frames = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
    return (frames - torch.tensor(PIXEL_MEAN)[:, None, None]) / torch.tensor(PIXEL_STD)[:, None, None]


@dataclass(frozen=True)
class Batch:
    """Frames, captions and which belongs to which."""

    frames: torch.Tensor
    token_ids: torch.Tensor
    token_mask: torch.Tensor
    is_true: torch.Tensor
    names_one: torch.Tensor


def make_batch(recipe: Recipe, step: int, split: Split = "train") -> Batch:
    """Return the batch of one step: the same for the same seed and step, on any machine."""
    rng = generator(split, recipe.seed, step)
    crowding = min(1.0, step / (recipe.crowded_from * recipe.n_steps))
    scene = stills.random_stills(rng, recipe.batch, crowding)
    pixels = stills.draw_stills(scene, IMAGE_PX, rng)
    sentences = stills.captions(scene, rng, recipe.n_edits)
    if step >= recipe.n_steps:
        sentences += stills.crossed_captions(scene, rng)
    texts = [_varied(sentence, rng) for sentence in sentences]
    ids, mask = OF_FRAMES.encode(texts)
    truth = stills.truth_table(scene, sentences)
    names_one = np.array([sentence.kind in ("presence", "event") for sentence in sentences])
    return Batch(to_network(pixels), *map(torch.from_numpy, (ids, mask, truth, names_one)))


def _varied(sentence: Sentence, rng: np.random.Generator) -> str:
    others = grammar.paraphrases(sentence)
    return others[rng.integers(len(others))] if others and rng.random() < 0.15 else sentence.text


class PairLoss(nn.Module):
    """The loss of a batch; holds the two numbers of the sigmoid, which the shipped model leaves behind."""

    def __init__(self) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(math.log(10.0)))
        self.offset = nn.Parameter(torch.tensor(-10.0))

    def forward(self, cosine: torch.Tensor, scale: torch.Tensor, is_true: torch.Tensor) -> torch.Tensor:
        """Return the loss for ``cosine [frame caption]`` and the truth of every pair."""
        true = is_true.float()
        frames = _soft_cross_entropy(scale * cosine.T, true.T)
        captions = _soft_cross_entropy(scale * cosine, true)
        pairs = functional.binary_cross_entropy_with_logits(
            self.slope.exp() * cosine + self.offset, true, reduction="sum"
        )
        return 0.5 * (frames + captions) + pairs / cosine.shape[1]


def _soft_cross_entropy(logits: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    n_true = true.sum(1)
    per_row = -(logits.log_softmax(1) * true).sum(1) / n_true.clamp(min=1)
    return per_row[n_true > 0].mean()


def cosine_of(
    model: CLIPModel, frames: torch.Tensor, token_ids: torch.Tensor, token_mask: torch.Tensor
) -> torch.Tensor:
    """Return the cosine of every frame with every caption."""
    vision = model.vision_model(pixel_values=frames).pooler_output
    text = model.text_model(input_ids=token_ids, attention_mask=token_mask).pooler_output
    seen = functional.normalize(model.visual_projection(vision), dim=-1)
    said = functional.normalize(model.text_projection(text), dim=-1)
    return seen @ said.T


def train_frame(
    recipe: Recipe, work_dir: Path, report: Callable[[int, str], None], commit: str, device: str = "cpu"
) -> CLIPModel:
    """Return the trained model; goes on from the last checkpoint in ``work_dir`` if there is one.

    Cost: about an hour on two CPU cores that do nothing else. ``report`` gets the step and one line.
    """
    work_dir.mkdir(parents=True, exist_ok=True)
    model, loss_of = new_frame_model(recipe.seed).to(device), PairLoss().to(device)
    parameters = [*model.parameters(), *loss_of.parameters()]
    optimiser = learning.make_optimiser([(parameters, recipe.learning_rate)], recipe.weight_decay)
    parts: dict[str, learning.Stateful] = {"model": model, "loss": loss_of, "optimiser": optimiser}
    first, kept = 0, learning.load(work_dir, recipe, device)
    if kept is not None:
        first = int(kept["step"])
        for name, part in parts.items():
            part.load_state_dict(kept[name])
    learning.go_on_with_log(work_dir, first, commit)
    started, running = time.monotonic(), None
    batches = learning.made_ahead(lambda step: make_batch(recipe, step), range(first, recipe.total_steps))
    for step, batch in enumerate(batches, first):
        learning.set_rate(optimiser, _share_of_rate(step, recipe))
        batch = Batch(*(getattr(batch, name).to(device) for name in Batch.__dataclass_fields__))
        cosine = cosine_of(model, batch.frames, batch.token_ids, batch.token_mask)
        loss = loss_of(cosine, model.logit_scale.exp(), batch.is_true)
        if step >= recipe.level_from:
            off = cosine[batch.is_true & batch.names_one] - recipe.level
            loss = loss + recipe.level_weight * off.square().mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        model.logit_scale.data.clamp_(max=math.log(100))
        running = loss.item() if running is None else 0.98 * running + 0.02 * loss.item()
        if (step + 1) % 50 == 0:
            line = {"step": step + 1, "loss": round(running, 4), "s": round(time.monotonic() - started, 1)}
            learning.log(work_dir, line)
            report(step + 1, f"loss {running:.3f}")
        if (step + 1) % recipe.checkpoint_every == 0 or step + 1 == recipe.total_steps:
            learning.save(work_dir, recipe, step + 1, parts)
    return model.eval().cpu()


def _share_of_rate(step: int, recipe: Recipe) -> float:
    """Return the share of the full rate at a step: a warm-up and a cosine, and a second cosine for the polish."""
    if step < recipe.warmup_steps:
        return (step + 1) / recipe.warmup_steps
    if step < recipe.n_steps:
        part = (step - recipe.warmup_steps) / max(1, recipe.n_steps - recipe.warmup_steps)
        return cosine_decay(part)
    return recipe.polish_rate / recipe.learning_rate * cosine_decay((step - recipe.n_steps) / recipe.n_polish_steps)
