"""Teaches ``toyworld-video`` its lessons, one after another; goes on where it was stopped.

Separate from the lessons because steps, rates, checkpoints and the log are the same for all of them.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn
from transformers import CLIPModel, XCLIPModel

from workbench.toyworld import learning
from workbench.toyworld.geometry import GeometryHeads
from workbench.toyworld.learning import cosine_decay
from workbench.toyworld.motions import ChangeHeads
from workbench.toyworld.video_lessons import Joining, Lesson, Looking, Moving, Ordering, Telling, Wording
from workbench.toyworld.video_model import new_video_model
from workbench.toyworld.video_recipe import VideoRecipe
from workbench.toyworld.window_batches import windows_in_order, windows_of
from workbench.toyworld.window_loss import WindowLoss


def train_video(
    recipe: VideoRecipe,
    frame_model: CLIPModel,
    work_dir: Path,
    report: Callable[[int, str], None],
    commit: str,
    device: str = "cpu",
) -> XCLIPModel:
    """Return the trained model; goes on from the last checkpoint in ``work_dir`` if there is one.

    Its weights are float32 and rounded to half precision: what is examined is what is shipped.
    ``report`` gets the step and one line; ``commit`` names the code that trains. Raises ``InputError`` where
    ``work_dir`` holds a training with another recipe. Cost: two hours and a quarter on two CPU cores that do nothing
    else.
    """
    work_dir.mkdir(parents=True, exist_ok=True)
    model = new_video_model(frame_model, recipe.seed, recipe.position_gain).to(device)
    heads = GeometryHeads(model.config.vision_config.hidden_size).to(device)
    changes = ChangeHeads(model.config.projection_dim).to(device)
    loss_of = WindowLoss(recipe.pair_weight).to(device)
    learned: dict[str, learning.Stateful] = {"model": model, "heads": heads, "changes": changes, "loss": loss_of}
    kept = learning.load(work_dir, recipe, device)
    if kept is not None:
        for name, part in learned.items():
            part.load_state_dict(kept[name])
    done = 0 if kept is None else int(kept["step"])
    learning.go_on_with_log(work_dir, done, commit)
    windows = windows_of("train", recipe.seed, recipe.n_windows)
    in_order = windows_in_order("train", recipe.seed, recipe.n_in_order)
    moving = Moving(recipe, model, changes, device)
    lessons: list[Lesson] = [
        Looking(recipe, model, heads, device),
        moving,
        Wording(recipe, model, changes, device),
        Telling(recipe, model, loss_of, windows, device, moving),
        Joining(recipe, model, loss_of, windows, device),
        Ordering(recipe, model, loss_of, in_order + windows[: recipe.n_beside], device),
    ]
    begin, started = 0, time.monotonic()
    for lesson in lessons:
        end = begin + lesson.n_steps
        if done < end:
            optimiser = learning.make_optimiser(lesson.rates(), recipe.weight_decay)
            if kept is not None and begin < done:
                optimiser.load_state_dict(kept["optimiser"])
            if isinstance(lesson, Moving | Telling | Ordering):
                lesson.look(work_dir)
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
    return model.half().float().eval().cpu()


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
    parameters = [parameter for changed, _ in lesson.rates() for parameter in changed]
    batches = learning.made_ahead(lambda step: lesson.batch(step - begin), steps)
    for step, batch in zip(steps, batches, strict=True):
        warm = min(1.0, (step - begin + 1) / recipe.warmup_steps)
        learning.set_rate(optimiser, warm * cosine_decay((step - begin) / lesson.n_steps))
        loss = lesson.loss(batch)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        running = loss.item() if running is None else 0.95 * running + 0.05 * loss.item()
        if (step + 1) % 25 == 0:
            log(step + 1, running)
        if (step + 1) % recipe.checkpoint_every == 0 or step + 1 == steps.stop:
            keep(step + 1, optimiser)


def _log(work_dir: Path, step: int, loss: float, started: float, report: Callable[[int, str], None]) -> None:
    learning.log(work_dir, {"step": step, "loss": round(loss, 4), "s": round(time.monotonic() - started, 1)})
    report(step, f"loss {loss:.3f}")
