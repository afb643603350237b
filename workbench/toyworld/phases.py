"""Where an object is, how large, how far from the next one and how it is turned, each as an angle.

Separate because stills are asked for the angles, and windows for how far they turn from frame to frame. The sine of
a turn is a product of what two frames say, which a network learns to read off in crowded pictures, too, where it
does not learn the difference of two places.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from workbench.toyworld import render
from workbench.toyworld.vocabulary import SHAPES

PHASES = ("x", "y", "radius", "gap", "angle")
"""``gap`` is the distance from the middle of the nearest other object that is seen."""

# In how many positions of a full turn a shape looks the same; 0: in any.
SYMMETRY = np.array([{"square": 4, "cross": 4, "triangle": 3, "star": 5}.get(shape, 0) for shape in SHAPES])
_SIDES_A_TURN = {"x": 1.0, "y": 1.0, "radius": 0.4, "gap": 1.2}
_FAR = 9.0


def phases(objects: render.Objects) -> Float[np.ndarray, "frame object phase"]:
    """Return the ``PHASES`` of every object in radians."""
    places = {name: getattr(objects, name) for name in ("x", "y", "radius")} | {"gap": _gap(objects)}
    turns = [2 * np.pi * places[name] / sides for name, sides in _SIDES_A_TURN.items()]
    return np.stack([*turns, objects.angle * SYMMETRY[objects.shape]], -1)


def phases_known(objects: render.Objects) -> Bool[np.ndarray, "frame object phase"]:
    """Return which of them can be seen: no gap of an object that is alone, and no angle of a round one."""
    known = np.repeat(objects.is_visible[..., None], len(PHASES), -1)
    known[..., PHASES.index("gap")] &= _gap(objects) < _FAR
    known[..., PHASES.index("angle")] &= SYMMETRY[objects.shape] > 0
    return known


def _gap(objects: render.Objects) -> Float[np.ndarray, "frame object"]:
    apart = np.hypot(*(of[..., None] - of[:, None] for of in (objects.x, objects.y)))
    is_other = objects.is_visible[:, None] & ~np.eye(apart.shape[-1], dtype=bool)
    return np.where(is_other, apart, _FAR).min(-1)
