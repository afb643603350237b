"""The second lesson of ``toyworld-video``: windows in which nearly everything moves, and by how much it does.

Separate from stories because in a story most objects rest most of the time, and a network that sees few
motions learns them by heart. Its heads are thrown away. What is asked is linear in what the window says, for
every noun by itself, as it is when a sentence is held against the window later.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Int
from torch import nn

from workbench.toyworld import render, stills
from workbench.toyworld.geometry import N_NOUNS
from workbench.toyworld.phases import PHASES, phases, phases_known
from workbench.toyworld.training import IMAGE_PX, to_network
from workbench.toyworld.vocabulary import LARGE_RADIUS, SHAPES, SMALL_RADIUS
from workbench.toyworld.window import N_FRAMES, SAMPLE_FPS

CHANGES = (*PHASES, "enters", "leaves", "taken_back", "rests", "pace", "large", "there")
_UNIT = np.array([0.12, 0.12, 0.15, 0.12, 0.2, 1, 1, 0.3, 1, 1, 2, 1])  # one of each, as sines or as it is
_OPPOSITE = torch.tensor([-1.0] * len(PHASES) + [1.0] * (len(CHANGES) - len(PHASES)))
_ENTERS, _LEAVES = CHANGES.index("enters"), CHANGES.index("leaves")
_MIDDLE_STEP = {"x": 0.1, "y": 0.1, "radius": 0.026, "angle": 0.34}  # between slow and quick, in sides or radians
_CODE = 16
_DEEDS, _OFTEN = ("rest", "move", "resize", "spin", "bounce"), (0.05, 0.43, 0.12, 0.26, 0.14)
_MARGIN = 0.9
_AIMED = 0.5
_STILL = 1e-3


@dataclass(frozen=True)
class Motions:
    """Windows and what changes in them, for every noun, as ``CHANGES``.

    The ``PHASES`` are told by the mean sine of their turns from frame to frame; ``steps [window frame noun phase]``
    are these sines, 0 for the first frame, which none comes before. ``taken_back`` is how much of the way
    up or down is undone again, ``rests`` the share of the time without motion, ``pace`` above 0 where it is quick,
    ``large`` above 0 for large objects and ``there`` 1 for what the noun names. All are in ``_UNIT``s.
    ``frames`` are pictures, or what the vision tower made of them. Half of the nouns mix the colour of one object
    with the shape of another: nothing of that name is there, and all its changes are 0.
    ``is_known`` masks objects that share their name or are hardly seen.
    """

    frames: torch.Tensor
    nouns: torch.Tensor
    changes: torch.Tensor
    steps: torch.Tensor
    is_known: torch.Tensor

    def to(self, device: str) -> Motions:
        """Return the windows on a device."""
        return Motions(*(getattr(self, field.name).to(device) for field in fields(self)))


class ChangeHeads(nn.Module):
    """Asks a window, and each of its frames, what changed of a noun; returns the loss."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self._width = width
        self.read = nn.Embedding(N_NOUNS, width * _CODE)
        self.change = nn.Linear(_CODE, len(CHANGES))
        nn.init.normal_(self.read.weight, std=0.05)

    def forward(self, frames: torch.Tensor, batch: Motions) -> torch.Tensor:
        """Return the mean squared error for ``frames [window frame dim]``, the same for every kind of change.

        The mean of the frames is asked for all changes, and each frame for what turned since the one before it:
        seven answers where the mean gives one, without which the turning of objects is learned late or never.
        """
        read = self.read(batch.nouns).unflatten(-1, (self._width, _CODE))
        told = self.change(torch.einsum("wd,wodc->woc", frames.mean(1), read))
        steps = self.change(torch.einsum("wfd,wodc->wofc", frames, read))[..., : len(PHASES)]
        off = steps - batch.steps.transpose(1, 2)
        return (told - batch.changes).square()[batch.is_known].mean() + off.square()[batch.is_known].mean()

    def directions(self) -> torch.Tensor:
        """Return in which direction a window tells of every noun and change, ``[noun dim change]``."""
        return self.read.weight.unflatten(-1, (self._width, _CODE)) @ self.change.weight.T


def backwards(batch: Motions) -> Motions:
    """Return the windows as they are when shown backwards: who enters, leaves."""
    changes = batch.changes * _OPPOSITE
    changes[..., [_ENTERS, _LEAVES]] = changes[..., [_LEAVES, _ENTERS]]
    steps = -batch.steps.flip(1).roll(1, 1)
    return replace(batch, frames=batch.frames.flip(1), changes=changes, steps=steps)


def motion_batch(rng: np.random.Generator, n_windows: int, crowding: float) -> Motions:
    """Return windows of objects that each do one thing or rest, some coming or going; only who bounces may touch.

    ``crowding`` from 0 (one object nearly always) to 1 is how many there are.
    """
    scene = stills.random_stills(rng, n_windows, crowding)
    seen, paths = _paths(rng, scene)
    flat = render.Objects(
        shape=_every_frame(scene.objects.shape),
        rgb=_every_frame(scene.objects.rgb),
        is_visible=seen.reshape(-1, seen.shape[-1]),
        **{name: path.reshape(-1, path.shape[-1]) for name, path in paths.items()},
    )
    canvas = render.draw(flat, np.repeat(render.draw_background(scene.background, IMAGE_PX), N_FRAMES, 0))
    canvas *= np.repeat(scene.gain, N_FRAMES)[:, None, None, None].astype(np.float32)
    canvas += rng.standard_normal(canvas.shape, np.float32) * np.float32(0.008)
    colour, shape, is_visible = scene.attributes[..., 0], scene.objects.shape, scene.objects.is_visible
    names, mixed = (of * len(SHAPES) + shape for of in (colour, np.roll(colour, 1, axis=1)))
    changes, steps = _changes(flat, (n_windows, N_FRAMES))
    is_clear = is_visible & (_bearers(names, names, is_visible) == 1) & (seen.sum(1) >= 2)
    return Motions(
        frames=to_network(render.to_pixels(canvas)).unflatten(0, (n_windows, N_FRAMES)),
        nouns=torch.from_numpy(np.concatenate([names, mixed], 1)),
        changes=torch.from_numpy(np.concatenate([changes, np.zeros_like(changes)], 1)),
        steps=torch.from_numpy(np.concatenate([steps, np.zeros_like(steps)], 2)),
        is_known=torch.from_numpy(np.concatenate([is_clear, _bearers(mixed, names, is_visible) == 0], 1)),
    )


def _bearers(
    asked: Int[np.ndarray, "window noun"],
    names: Int[np.ndarray, "window object"],
    is_visible: Bool[np.ndarray, "window object"],
) -> Int[np.ndarray, "window noun"]:
    """Return how many objects bear each name."""
    return ((asked[:, :, None] == names[:, None]) & is_visible[:, None]).sum(-1)


def _paths(
    rng: np.random.Generator, scene: stills.Stills
) -> tuple[Bool[np.ndarray, "window frame object"], dict[str, Float[np.ndarray, "window frame object"]]]:
    """Return when objects are seen, and their x, y, radius and angle."""
    objects = scene.objects
    shape = objects.x.shape
    time_s = np.arange(N_FRAMES)[None, :, None] / SAMPLE_FPS
    lasts_s = rng.uniform(0.7, 3.5, (shape[0], 1, shape[1]))
    # Most of what is done is seen, as it must be for a sentence about it to be true.
    begins_s = rng.random(lasts_s.shape) * (4 - 0.75 * lasts_s) - 0.5
    part = np.clip((time_s - begins_s) / lasts_s, 0, 1)
    deed = rng.choice(len(_DEEDS), shape, p=_OFTEN)
    moves, resizes, spins, bounces = (deed == _DEEDS.index(name) for name in _DEEDS[1:])
    heading = np.where(rng.random(shape) < 0.7, rng.integers(0, 4, shape) * np.pi / 2, rng.uniform(0, 2 * np.pi, shape))
    far = rng.uniform(0.2, 0.5, shape)
    at_another, gap = _aims(rng, objects)
    is_aimed = (rng.random(shape) < _AIMED) & (gap > 0.15)
    heading = np.where(is_aimed, at_another, heading)
    far = np.where(is_aimed, np.minimum(far, gap), far) * moves
    other_size = np.where(
        objects.radius < (SMALL_RADIUS[1] + LARGE_RADIUS[0]) / 2,
        rng.uniform(*LARGE_RADIUS, shape),
        rng.uniform(*SMALL_RADIUS, shape),
    )
    to_go = {"x": np.cos(heading) * far, "y": np.sin(heading) * far, "radius": (other_size - objects.radius) * resizes}
    seen = _seen(rng, objects.is_visible, time_s)
    for turn in (-1, 0.5, -1, 0, 0):  # who would touch goes the other way, or less far, or else not at all
        paths = {name: getattr(objects, name)[:, None] + by[:, None] * part for name, by in to_go.items()}
        touches = _touches(paths, seen)
        to_go = {name: np.where(touches, turn * by, by) for name, by in to_go.items()}
    paths = {name: getattr(objects, name)[:, None] + by[:, None] * part for name, by in to_go.items()}
    height = np.where(bounces & (objects.y > 0.2 + objects.radius), rng.uniform(0.12, 0.2, shape), 0)
    n_hops = np.maximum(2, np.round(lasts_s / 0.8))
    paths["y"] = paths["y"] - height[:, None] * np.abs(np.sin(np.pi * n_hops * part))
    # Slow turns are learned first, and quick ones from them.
    a_second = rng.uniform(0.05, 1.1, shape) * rng.choice([-1, 1], shape) * spins
    paths["angle"] = rng.uniform(-0.1, 0.1, shape)[:, None] + (a_second * lasts_s[:, 0])[:, None] * part
    return seen, paths


def _aims(
    rng: np.random.Generator, objects: render.Objects
) -> tuple[Float[np.ndarray, "window object"], Float[np.ndarray, "window object"]]:
    """Return the headings straight at another object or straight away from it, and how far there is to go; 0: none."""
    (x, y, radius), is_away = (objects.x, objects.y, objects.radius), rng.random(objects.x.shape) < 0.65
    to_x, to_y, other_radius = (np.roll(of, 1, axis=1) - sign * of for of, sign in ((x, 1), (y, 1), (radius, 0)))
    gap = np.hypot(to_x, to_y) - radius - other_radius - 0.04
    is_there = objects.is_visible & np.roll(objects.is_visible, 1, axis=1)
    return np.arctan2(to_y, to_x) + np.pi * is_away, np.where(
        is_there, np.where(is_away, rng.uniform(0.15, 0.3, gap.shape), gap), 0
    )


def _seen(
    rng: np.random.Generator, is_visible: Bool[np.ndarray, "window object"], time_s: np.ndarray
) -> Bool[np.ndarray, "window frame object"]:
    """Return when objects are seen: from the first frame to the last, or from or until some time."""
    shape = (len(is_visible), 1, is_visible.shape[1])
    at_s, how = rng.uniform(0.5, 3, shape), rng.random(shape)
    is_there = np.where(how < 0.15, time_s >= at_s, np.where(how < 0.3, time_s <= at_s, True))
    return is_there & is_visible[:, None]


def _touches(paths: dict[str, np.ndarray], seen: np.ndarray) -> Bool[np.ndarray, "window object"]:
    """Return which objects leave the picture or touch another one."""
    x, y, radius = (paths[name] for name in ("x", "y", "radius"))
    away = (np.minimum(x, y) < _MARGIN * radius) | (np.maximum(x, y) > 1 - _MARGIN * radius)
    apart = np.hypot(x[..., None] - x[..., None, :], y[..., None] - y[..., None, :])
    near = apart < radius[..., None] + radius[..., None, :]
    near &= seen[..., None] & seen[..., None, :] & ~np.eye(x.shape[-1], dtype=bool)
    return (away | near.any(-1)).any(1)


def _changes(
    objects: render.Objects, shape: tuple[int, int]
) -> tuple[Float32[np.ndarray, "window object change"], Float32[np.ndarray, "window frame object phase"]]:
    """Return what changes in the windows whose frames, one after another, show the objects, and from frame to frame."""

    def of_windows(values: np.ndarray) -> np.ndarray:
        return values.reshape(*shape, *values.shape[1:])

    known = of_windows(phases_known(objects))
    both = known[:, 1:] & known[:, :-1]
    seen = of_windows(objects.is_visible)
    # Whoever comes or goes changes the gaps of those who rest.
    both[..., PHASES.index("gap")] &= (seen[:, 1:] == seen[:, :-1]).all(-1)[..., None]
    sines = np.sin(np.diff(of_windows(phases(objects)), axis=1)) * both
    steps = np.max(
        [np.abs(np.diff(of_windows(getattr(objects, name)), axis=1)) / size for name, size in _MIDDLE_STEP.items()]
        * both[..., [PHASES.index(name) for name in _MIDDLE_STEP]].transpose(3, 0, 1, 2),
        axis=0,
    )
    along_y = sines[..., PHASES.index("y")]
    taken_back = np.abs(along_y).mean(1) - np.abs(along_y.mean(1))
    rests = ((steps < _STILL) & both[..., 0]).sum(1) / np.maximum(1, both[..., 0].sum(1))
    fastest = steps.max(1)
    pace = np.where((fastest < _STILL) | (taken_back > 0.02), 0, np.tanh(2 * np.log(np.maximum(fastest, _STILL))))
    radius = (of_windows(objects.radius) * seen).sum(1) / np.maximum(1, seen.sum(1))
    large = (radius - (SMALL_RADIUS[1] + LARGE_RADIUS[0]) / 2) / (LARGE_RADIUS[0] - SMALL_RADIUS[1])
    told = [~seen[:, 0], ~seen[:, -1], taken_back, rests, pace, large, np.ones_like(pace)]
    of_frames = np.pad(sines, ((0, 0), (1, 0), (0, 0), (0, 0)))
    changes = np.concatenate([of_frames.mean(1), np.stack(told, -1)], -1) / _UNIT
    return changes.astype(np.float32), (of_frames / _UNIT[: len(PHASES)]).astype(np.float32)


def _every_frame(values: np.ndarray) -> np.ndarray:
    """Return what is the same in all frames of a window, frame by frame."""
    return np.repeat(values, N_FRAMES, 0)
