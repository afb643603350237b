"""The first lesson of ``toyworld-video``: where a named object is, how large it is and how it is turned.

Separate because it is about single frames and its heads are thrown away. A frame model learns to ignore what
captions never speak of, such as an angle; motion is the change of just that. Every patch is asked about the
object that it shows, which is learned fast, and the whole frame about every object by name, which is what time
is read from. What a frame says of a noun is linear in its feature, and it is asked for angles; see ``phases``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from workbench.toyworld import stills
from workbench.toyworld.phases import PHASES, phases, phases_known
from workbench.toyworld.training import IMAGE_PX, PATCH_PX, to_network
from workbench.toyworld.vocabulary import COLOURS, SHAPES

N_NOUNS = len(COLOURS) * len(SHAPES)
_GEOMETRY = 2 * len(PHASES)
_WIDTH = 256
# How much an error counts: angles are the hardest to see, and gaps, which places tell as well, would crowd them out.
_WEIGHTS = torch.tensor([{"gap": 0.25, "angle": 4.0}.get(name, 1.0) for name in PHASES] * 2)


@dataclass(frozen=True)
class GeometryBatch:
    """Frames, and what is to be known of each noun asked and of each patch.

    Geometry is the cosines of all ``PHASES`` and then their sines; ``*_known`` masks what cannot be seen. The noun
    of a patch is ``N_NOUNS`` where it shows none.
    """

    frames: torch.Tensor
    nouns: torch.Tensor
    is_there: torch.Tensor
    geometry: torch.Tensor
    geometry_known: torch.Tensor
    patch_nouns: torch.Tensor
    patch_geometry: torch.Tensor
    patch_known: torch.Tensor

    def to(self, device: str) -> GeometryBatch:
        """Return the batch on a device."""
        return GeometryBatch(*(getattr(self, field.name).to(device) for field in fields(self)))


class GeometryHeads(nn.Module):
    """Asks frames for nouns and patches for what they show; returns the loss."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self._shape = (width, 1 + _GEOMETRY)
        self.readout = nn.Embedding(N_NOUNS, width * (1 + _GEOMETRY))
        self.offset = nn.Embedding(N_NOUNS, 1 + _GEOMETRY)
        nn.init.normal_(self.readout.weight, std=0.05)
        nn.init.zeros_(self.offset.weight)
        self.patch = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, _WIDTH), nn.GELU(), nn.Linear(_WIDTH, N_NOUNS + 1 + _GEOMETRY)
        )

    def forward(self, features: torch.Tensor, patches: torch.Tensor, batch: GeometryBatch) -> dict[str, torch.Tensor]:
        """Return the parts of the loss for ``features [frame dim]`` and ``patches [frame patch dim]``."""
        readout = self.readout(batch.nouns).unflatten(-1, self._shape)
        frame = torch.einsum("fd,fndg->fng", features, readout) + self.offset(batch.nouns)
        patch = self.patch(patches)
        weights = _WEIGHTS.to(features.device)
        off = weights * (frame[..., 1:] - batch.geometry).square()
        patch_off = weights * (patch[..., -_GEOMETRY:] - batch.patch_geometry).square()
        return {
            "there": functional.binary_cross_entropy_with_logits(frame[..., 0], batch.is_there.float()),
            "geometry": 4 * off[batch.geometry_known].mean(),
            "patch": functional.cross_entropy(patch[..., :-_GEOMETRY].flatten(0, 1), batch.patch_nouns.flatten()),
            "patch_geometry": 4 * patch_off[batch.patch_known].mean(),
        }


def geometry_batch(rng: np.random.Generator, n_frames: int, crowding: float) -> GeometryBatch:
    """Return ``n_frames`` stills with objects turned anyhow, asked for its objects and for mixtures of them."""
    scene = stills.random_stills(rng, n_frames, crowding)
    turned = rng.uniform(0, 2 * np.pi, scene.objects.angle.shape)
    scene = replace(scene, objects=replace(scene.objects, angle=turned))
    pixels = stills.draw_stills(scene, IMAGE_PX, rng)
    objects, colour = scene.objects, scene.attributes[..., 0]
    name = colour * len(SHAPES) + objects.shape
    exact = _both(np.cos(phases(objects)), np.sin(phases(objects))).astype(np.float32)
    known = _both(phases_known(objects), phases_known(objects))
    crossed = np.roll(colour, 1, axis=1) * len(SHAPES) + objects.shape
    nouns = np.concatenate([name, crossed], 1)
    holds = (nouns[:, :, None] == name[:, None]) & objects.is_visible[:, None]
    covers, front = _patch_objects(scene)
    shown = np.take_along_axis(name, front, 1)
    at, is_one = holds.argmax(-1), holds.sum(-1) == 1
    arrays = (
        nouns,
        holds.any(-1),
        _taken(exact, at),
        _taken(known, at) & is_one[..., None],
        np.where(covers, shown, N_NOUNS),
        _taken(exact, front),
        _taken(known, front) & covers[..., None],
    )
    return GeometryBatch(to_network(pixels), *map(torch.from_numpy, arrays))


def _patch_objects(scene: stills.Stills) -> tuple[np.ndarray, np.ndarray]:
    """Return which patches ``[frame patch]`` have their middle on an object, and on which one."""
    grid = IMAGE_PX // PATCH_PX
    at = (np.arange(grid) + 0.5) / grid
    y, x = (part.ravel() for part in np.meshgrid(at, at, indexing="ij"))
    objects = scene.objects
    apart = np.hypot(x[None, :, None] - objects.x[:, None], y[None, :, None] - objects.y[:, None])
    reach = np.where(objects.is_visible, objects.radius, 0)[:, None]
    return (apart < reach).any(-1), (apart - reach).argmin(-1)


def _both(cosines: np.ndarray, sines: np.ndarray) -> np.ndarray:
    return np.concatenate([cosines, sines], -1)


def _taken(of_objects: np.ndarray, at: np.ndarray) -> np.ndarray:
    return np.take_along_axis(of_objects, at[..., None], 1)
