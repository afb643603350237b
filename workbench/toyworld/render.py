"""Draws objects on backgrounds at any size: signed distances turned into anti-aliased coverage.

Separate from what happens in the world so that training can draw thousands of small frames with the
very code that draws a video. Coordinates are in units of the frame's side, x right, y down.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from workbench.toyworld.vocabulary import COLOURS, SHAPES

BACKGROUNDS = ("plain", "gradient", "noise", "stripes")
_NOISE_CELLS = 24
_STAR_INNER = 0.45
_REACH = 1.17  # no shape reaches further from its middle than this many radii


@dataclass(frozen=True)
class Objects:
    """What is to be drawn: one row per frame, one column per object; later columns lie in front."""

    shape: Int[np.ndarray, "frame object"]
    rgb: Float[np.ndarray, "frame object 3"]
    x: Float[np.ndarray, "frame object"]
    y: Float[np.ndarray, "frame object"]
    radius: Float[np.ndarray, "frame object"]
    angle: Float[np.ndarray, "frame object"]
    is_visible: Bool[np.ndarray, "frame object"]


@dataclass(frozen=True)
class Background:
    """One background per frame: its kind, two muted colours, and how its pattern lies."""

    kind: Int[np.ndarray, "frame"]
    first: Float[np.ndarray, "frame 3"]
    second: Float[np.ndarray, "frame 3"]
    angle: Float[np.ndarray, "frame"]
    waves: Float[np.ndarray, "frame"]
    noise: Float[np.ndarray, "frame cell cell"]


def random_background(rng: np.random.Generator, n_frames: int) -> Background:
    """Return ``n_frames`` independent backgrounds, dark enough for every object to stand out."""
    grey = rng.uniform(0.10, 0.46, (n_frames, 1))
    step = rng.uniform(-0.16, 0.16, (n_frames, 1))
    return Background(
        kind=rng.integers(0, len(BACKGROUNDS), n_frames),
        first=np.clip(grey + rng.uniform(-0.04, 0.04, (n_frames, 3)), 0.04, 0.5),
        second=np.clip(grey + step + rng.uniform(-0.04, 0.04, (n_frames, 3)), 0.04, 0.5),
        angle=rng.uniform(0, 2 * np.pi, n_frames),
        waves=rng.uniform(2, 9, n_frames),
        noise=rng.uniform(-0.5, 0.5, (n_frames, _NOISE_CELLS, _NOISE_CELLS)),
    )


def jittered_colour(rng: np.random.Generator, name: str) -> Float[np.ndarray, "3"]:
    """Return the colour ``name`` in [0, 1], slightly off, as paint and light would have it."""
    return np.clip(np.array(COLOURS[name]) / 255 + rng.uniform(-0.04, 0.04, 3), 0, 1)


def draw_background(background: Background, size_px: int) -> Float[np.ndarray, "frame height width 3"]:
    """Return the backgrounds in [0, 1]."""
    centres = (np.arange(size_px, dtype=np.float32) + 0.5) / size_px
    y, x = np.meshgrid(centres, centres, indexing="ij")
    out = np.empty((len(background.kind), size_px, size_px, 3), np.float32)
    for i, kind in enumerate(background.kind):
        along = x * np.cos(background.angle[i]) + y * np.sin(background.angle[i])
        if BACKGROUNDS[kind] == "plain":
            mix = np.zeros_like(x)
        elif BACKGROUNDS[kind] == "gradient":
            mix = (along - along.min()) / (along.max() - along.min())
        elif BACKGROUNDS[kind] == "stripes":
            mix = 0.5 + 0.5 * np.sin(2 * np.pi * background.waves[i] * along)
        else:
            mix = 0.5 + _stretch(background.noise[i], size_px)
        out[i] = background.first[i] + mix[..., None] * (background.second[i] - background.first[i])
    return out


def _stretch(cells: np.ndarray, size_px: int) -> np.ndarray:
    """Return the grid ``cells`` bilinearly stretched to ``size_px`` a side."""
    at = np.clip((np.arange(size_px) + 0.5) / size_px * len(cells) - 0.5, 0, len(cells) - 1)
    low = np.minimum(at.astype(int), len(cells) - 2)
    part = (at - low)[:, None]
    rows = cells[low] * (1 - part) + cells[low + 1] * part
    return rows[:, low] * (1 - part.T) + rows[:, low + 1] * part.T


def draw(
    objects: Objects, canvas: Float[np.ndarray, "frame height width 3"]
) -> Float[np.ndarray, "frame height width 3"]:
    """Return ``canvas`` in [0, 1] with the visible objects painted over it, back to front.

    Cost: only the pixels in the box of an object are touched.
    """
    out = np.array(canvas, np.float32)
    for frame, column in np.argwhere(objects.is_visible).tolist():
        box, cover = _cover_in_box(objects, frame, column, out.shape[1])
        part = out[frame][box]
        part += cover[..., None] * (objects.rgb[frame, column].astype(np.float32) - part)
    return out


def coverage(objects: Objects, frame: int, column: int, size_px: int) -> Float[np.ndarray, "height width"]:
    """Return how much of each pixel of one frame the object of ``column`` covers, in [0, 1]."""
    whole = np.zeros((size_px, size_px), np.float32)
    box, cover = _cover_in_box(objects, frame, column, size_px)
    whole[box] = cover
    return whole


def _cover_in_box(objects: Objects, frame: int, column: int, size_px: int) -> tuple[tuple[slice, slice], np.ndarray]:
    """Return the part of the picture that the object may touch, and its coverage there."""
    at = (frame, column)
    radius, middle_x, middle_y = (float(values[at]) for values in (objects.radius, objects.x, objects.y))
    reach = _REACH * radius + 1 / size_px
    spans = [
        slice(max(0, int((middle - reach) * size_px)), max(0, int(np.ceil((middle + reach) * size_px))))
        for middle in (middle_y, middle_x)
    ]
    centres = (np.arange(size_px, dtype=np.float32) + 0.5) / size_px
    dy = ((centres[spans[0]] - middle_y) / radius)[:, None]
    dx = ((centres[spans[1]] - middle_x) / radius)[None, :]
    cos, sin = float(np.cos(objects.angle[at])), float(np.sin(objects.angle[at]))
    distance = _DISTANCE[SHAPES[objects.shape[at]]](dx * cos + dy * sin, dy * cos - dx * sin)
    return (spans[0], spans[1]), np.clip(0.5 - distance * (radius * size_px), 0, 1)


def to_pixels(canvas: Float[np.ndarray, "*shape 3"]) -> UInt8[np.ndarray, "*shape 3"]:
    """Return a picture in [0, 1] as bytes."""
    return (np.clip(canvas, 0, 1) * 255 + 0.5).astype(np.uint8)


def outline(shape: str) -> Float[np.ndarray, "point 2"]:
    """Return the corners of the unit shape (many points for round ones), for boxes."""
    if shape in ("circle", "ring"):
        turn = np.linspace(0, 2 * np.pi, 64, endpoint=False)
        return np.stack([np.cos(turn), np.sin(turn)], 1) * 0.94
    if shape == "square":
        return np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * 0.82
    if shape == "cross":
        long, short = 0.98, 0.34
        corners = [(sx * a, sy * b) for a, b in ((long, short), (short, long)) for sx in (-1, 1) for sy in (-1, 1)]
        return np.array(corners)
    points, reach = (3, 1.1) if shape == "triangle" else (5, 1.06)
    turn = -np.pi / 2 + 2 * np.pi * np.arange(points) / points
    return np.stack([np.cos(turn), np.sin(turn)], 1) * reach


def _circle(x, y):
    return np.hypot(x, y) - 0.94


def _ring(x, y):
    return np.abs(np.hypot(x, y) - 0.72) - 0.22


def _square(x, y):
    return np.maximum(np.abs(x), np.abs(y)) - 0.82


def _triangle(x, y):
    return np.maximum(np.abs(x) * np.sqrt(3) / 2 - y / 2, y) - 0.55


def _cross(x, y):
    ax, ay = np.abs(x), np.abs(y)
    return np.minimum(np.maximum(ax - 0.98, ay - 0.34), np.maximum(ax - 0.34, ay - 0.98))


def _star(x, y):
    reach, sector = 1.06, np.pi / 5
    turn = np.abs((np.arctan2(x, -y) + sector) % (2 * sector) - sector)
    length = np.hypot(x, y)
    px, py = length * np.cos(turn), length * np.sin(turn)
    inner_x, inner_y = reach * _STAR_INNER * np.cos(sector), reach * _STAR_INNER * np.sin(sector)
    edge_x, edge_y = inner_x - reach, inner_y
    return ((px - reach) * -edge_y + py * edge_x) / np.hypot(edge_x, edge_y) * -1


_DISTANCE = {
    "circle": _circle,
    "square": _square,
    "triangle": _triangle,
    "star": _star,
    "cross": _cross,
    "ring": _ring,
}
