"""Draws objects on backgrounds at any size: signed distances turned into anti-aliased coverage.

Separate from what happens in the world so that training can draw thousands of small frames with the
very code that draws a film. Coordinates are in units of the frame's side, x right, y down.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from workbench.toyworld.vocabulary import COLOURS, SHAPES

BACKGROUNDS = ("plain", "gradient", "noise", "stripes")
_NOISE_CELLS = 24
_STAR_INNER = 0.45


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
    """Return ``canvas`` in [0, 1] with the visible objects painted over it, back to front."""
    out = np.array(canvas, np.float32)
    for column in range(objects.shape.shape[1]):
        rows = np.flatnonzero(objects.is_visible[:, column])
        if len(rows):
            cover = coverage(objects, rows, column, out.shape[1])[..., None]
            colour = objects.rgb[rows, column][:, None, None, :].astype(np.float32)
            out[rows] += cover * (colour - out[rows])
    return out


def coverage(objects: Objects, rows: np.ndarray, column: int, size_px: int) -> Float[np.ndarray, "row h w"]:
    """Return how much of each pixel the object of ``column`` covers in the frames ``rows``, in [0, 1]."""
    centres = (np.arange(size_px, dtype=np.float32) + 0.5) / size_px
    pick = (rows, column)
    radius = objects.radius[pick][:, None, None].astype(np.float32)
    dx = (centres[None, None, :] - objects.x[pick][:, None, None].astype(np.float32)) / radius
    dy = (centres[None, :, None] - objects.y[pick][:, None, None].astype(np.float32)) / radius
    cos = np.cos(objects.angle[pick]).astype(np.float32)[:, None, None]
    sin = np.sin(objects.angle[pick]).astype(np.float32)[:, None, None]
    x, y = dx * cos + dy * sin, dy * cos - dx * sin
    distance = np.empty(x.shape, np.float32)
    kinds = objects.shape[pick]
    for kind in np.unique(kinds):
        same = kinds == kind
        distance[same] = _DISTANCE[SHAPES[kind]](x[same], y[same])
    return np.clip(0.5 - distance * radius * size_px, 0, 1)


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
