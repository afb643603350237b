"""Random single frames with captions, and which caption is true of which frame: a batch to learn from.

Separate from stories because a frame model learns from frames that never were part of a video, drawn at
its own size, and because truth here is one table of frames x captions, computed at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from workbench.toyworld import grammar, render
from workbench.toyworld.grammar import Clause, Noun, Sentence
from workbench.toyworld.vocabulary import (
    COLOURS,
    COLUMNS,
    LARGE_RADIUS,
    MANNERS,
    RELATIONS,
    ROWS,
    SHAPES,
    SIZES,
    SMALL_RADIUS,
    TAKES_ANOTHER,
    TAKES_MANNER,
    VERBS,
)

MAX_OBJECTS = 3
_ATTRIBUTES = ("colour", "shape", "size", "row", "column")
_VALUES = (tuple(COLOURS), SHAPES, SIZES, ROWS, COLUMNS)
_OPEN, _NEITHER = -1, -2


@dataclass(frozen=True)
class Stills:
    """Frames as numbers: what is drawn, and the attributes that captions speak of (-2: neither value)."""

    objects: render.Objects
    background: render.Background
    attributes: Int[np.ndarray, "frame object attribute"]
    gain: Float[np.ndarray, "frame"]


_N_OBJECTS_AT_FIRST = np.array([0.04, 0.92, 0.04, 0.0])
_N_OBJECTS = np.array([0.05, 0.35, 0.36, 0.24])


def random_stills(rng: np.random.Generator, n_frames: int, crowding: float = 1.0) -> Stills:
    """Return ``n_frames`` independent scenes of up to three objects that do not touch.

    ``crowding`` from 0 (one object nearly always) to 1 is how many there are: forms are learned from
    objects that stand alone, and which colour belongs to which form from objects that do not.
    """
    shape = (n_frames, MAX_OBJECTS)
    kind, colour = rng.integers(0, len(SHAPES), shape), rng.integers(0, len(COLOURS), shape)
    # Objects that share a colour or a shape are what a careless model confuses.
    alike = rng.random((n_frames, 2)) < 0.25
    kind[alike[:, 0], 1] = kind[alike[:, 0], 0]
    colour[alike[:, 1], 1] = colour[alike[:, 1], 0]
    size = rng.choice([0, 1, _NEITHER], shape, p=[0.44, 0.44, 0.12])
    low = np.select([size == 0, size == 1], [SMALL_RADIUS[0], LARGE_RADIUS[0]], SMALL_RADIUS[1])
    high = np.select([size == 0, size == 1], [SMALL_RADIUS[1], LARGE_RADIUS[1]], LARGE_RADIUS[0])
    radius = rng.uniform(low, high)
    often = _N_OBJECTS_AT_FIRST + crowding * (_N_OBJECTS - _N_OBJECTS_AT_FIRST)
    n_objects = rng.choice(MAX_OBJECTS + 1, n_frames, p=often)
    is_visible = np.arange(MAX_OBJECTS)[None, :] < n_objects[:, None]
    x, y = np.zeros(shape), np.zeros(shape)
    for column in range(MAX_OBJECTS):
        is_visible[:, column] &= _place(rng, x, y, radius, is_visible, column)
    tilt = rng.uniform(-0.12, 0.12, shape)
    angle = np.where(rng.random(shape) < 0.35, rng.uniform(0, 2 * np.pi, shape), tilt)
    base = np.array(list(COLOURS.values())) / 255
    rgb = np.clip(base[colour] + rng.uniform(-0.05, 0.05, (*shape, 3)), 0, 1)
    row, column = np.minimum((y * 3).astype(int), 2), np.minimum((x * 3).astype(int), 2)
    return Stills(
        objects=render.Objects(kind, rgb, x, y, radius, angle, is_visible),
        background=render.random_background(rng, n_frames),
        attributes=np.stack([colour, kind, size, row, column], -1),
        gain=rng.uniform(0.82, 1.1, n_frames),
    )


def _place(
    rng: np.random.Generator,
    x: np.ndarray,
    y: np.ndarray,
    radius: np.ndarray,
    is_visible: np.ndarray,
    column: int,
) -> np.ndarray:
    """Set the positions of one column clear of those before it; return which frames had room."""
    placed = np.zeros(len(x), bool)
    for _ in range(12):
        r = radius[:, column]
        try_x, try_y = rng.uniform(0.9 * r, 1 - 0.9 * r), rng.uniform(0.9 * r, 1 - 0.9 * r)
        clear = ~placed
        for other in range(column):
            apart = np.hypot(try_x - x[:, other], try_y - y[:, other])
            clear &= ~is_visible[:, other] | (apart > r + radius[:, other])
        x[clear, column], y[clear, column] = try_x[clear], try_y[clear]
        placed |= clear
    return placed


def draw_stills(stills: Stills, size_px: int, rng: np.random.Generator) -> UInt8[np.ndarray, "frame h w 3"]:
    """Return the frames as bytes, with their lighting and a little sensor noise."""
    canvas = render.draw(stills.objects, render.draw_background(stills.background, size_px))
    canvas *= stills.gain[:, None, None, None].astype(np.float32)
    canvas += rng.standard_normal(canvas.shape, np.float32) * np.float32(0.012)
    return render.to_pixels(canvas)


def captions(stills: Stills, rng: np.random.Generator, n_edits: int) -> list[Sentence]:
    """Return one caption per frame, true of it, then ``n_edits`` minimal edits of each (mostly false)."""
    true = [_caption(stills, frame, rng) for frame in range(len(stills.gain))]
    false = []
    for frame, sentence in enumerate(true):
        pool = [edit.sentence for edit in grammar.edits(sentence, rng) if edit.kind in _LEARNABLE]
        if not pool:
            pool = [Sentence("presence", (_random_noun(rng),), frame=frame)]
        false += [pool[i] for i in rng.choice(len(pool), n_edits, replace=len(pool) < n_edits)]
    return true + false


def crossed_captions(stills: Stills, rng: np.random.Generator) -> list[Sentence]:
    """Return one caption per frame with the colour of one object and the shape of another.

    What is hardest: both words fit something in the frame, and together (mostly) nothing.
    """
    said = []
    for frame in range(len(stills.gain)):
        seen = np.flatnonzero(stills.objects.is_visible[frame]).tolist()
        rng.shuffle(seen)
        noun = _random_noun(rng)
        if seen:
            noun = replace(noun, colour=_VALUES[0][stills.attributes[frame, seen[0], 0]])
        if len(seen) > 1:
            noun = replace(noun, shape=_VALUES[1][stills.attributes[frame, seen[1], 1]])
        said.append(Sentence("presence", (noun,), frame=int(rng.integers(0, 36)) if rng.random() < 0.5 else 0))
    return said


_LEARNABLE = ("colour", "shape", "size", "binding", "exchange", "relation", "number")


def _random_noun(rng: np.random.Generator) -> Noun:
    return Noun(str(rng.choice(list(COLOURS))), str(rng.choice(SHAPES)))


def _noun(stills: Stills, frame: int, at: int, rng: np.random.Generator, rich: bool = True) -> Noun:
    """Return the object named by its colour and shape, at times by less or by more."""
    values = [
        names[code] if code >= 0 else None for names, code in zip(_VALUES, stills.attributes[frame, at], strict=True)
    ]
    noun = Noun(*values)
    if rng.random() > 0.4:
        noun = replace(noun, size=None)
    if not rich or rng.random() > 0.3:
        noun = replace(noun, row=None, column=None)
    if rng.random() < 0.12:
        noun = replace(noun, **{str(rng.choice(["colour", "shape"])): None})
    return noun


def _caption(stills: Stills, frame: int, rng: np.random.Generator) -> Sentence:
    seen = np.flatnonzero(stills.objects.is_visible[frame]).tolist()
    pattern = int(rng.integers(0, 36))
    if len(seen) == 0:
        return Sentence("empty", frame=pattern)
    rng.shuffle(seen)
    nouns = tuple(_noun(stills, frame, at, rng, rich=len(seen) == 1 or rng.random() < 0.5) for at in seen[:2])
    chance = rng.random()
    if chance < 0.22:
        return Sentence("event", clauses=(_clause(nouns[0], rng),))
    if len(nouns) == 2:
        plain = tuple(replace(noun, row=None, column=None) for noun in nouns)
        if chance < 0.42:
            return Sentence("both", plain)
        if chance < 0.54:
            return Sentence("relation", plain, relation=_relation(stills, frame, *seen[:2]))
        same = [a for a in ("colour", "shape") if getattr(nouns[0], a) == getattr(nouns[1], a) is not None]
        if chance < 0.70 and same:
            return Sentence("count", (Noun(**{same[0]: getattr(nouns[0], same[0])}),), count=2)
    return Sentence("presence", nouns[:1], frame=pattern if rng.random() < 0.6 else 0)


def _clause(noun: Noun, rng: np.random.Generator) -> Clause:
    """Return a clause about ``noun`` whose verb a single frame can say nothing about."""
    verb = str(rng.choice(list(VERBS)))
    manner = str(rng.choice(MANNERS)) if verb in TAKES_MANNER else None
    other = _random_noun(rng) if verb in TAKES_ANOTHER else None
    colour = str(rng.choice(list(COLOURS))) if verb == "changes_colour" else None
    return Clause(replace(noun, row=None, column=None), verb, manner, other, colour)


def _relation(stills: Stills, frame: int, first: int, second: int) -> str:
    dx = stills.objects.x[frame, first] - stills.objects.x[frame, second]
    dy = stills.objects.y[frame, first] - stills.objects.y[frame, second]
    if abs(dx) > abs(dy):
        return "left of" if dx < 0 else "right of"
    return "above" if dy < 0 else "below"


def truth_table(stills: Stills, sentences: list[Sentence]) -> Bool[np.ndarray, "frame caption"]:
    """Return which caption is true of which frame; verbs and order are no matter for a single frame."""
    wanted = np.full((len(sentences), 2, len(_ATTRIBUTES)), _OPEN)
    for i, sentence in enumerate(sentences):
        nouns = sentence.nouns or tuple(clause.noun for clause in sentence.clauses)
        for at, noun in enumerate(nouns):
            for axis, (attribute, names) in enumerate(zip(_ATTRIBUTES, _VALUES, strict=True)):
                value = getattr(noun, attribute)
                wanted[i, at, axis] = _OPEN if value is None else names.index(value)
    have = stills.attributes[:, None, None]
    fits = ((wanted[None, :, :, None] == _OPEN) | (wanted[None, :, :, None] == have)).all(-1)
    fits &= stills.objects.is_visible[:, None, None]
    any_first, any_second = fits[:, :, 0].any(-1), fits[:, :, 1].any(-1)
    pair = fits[:, :, 0, :, None] & fits[:, :, 1, None, :] & ~np.eye(MAX_OBJECTS, dtype=bool)
    true = any_first.copy()
    for i, sentence in enumerate(sentences):
        if sentence.kind == "both":
            true[:, i] = pair[:, i].any((1, 2))
        elif sentence.kind == "relation":
            true[:, i] = (pair[:, i] & _stands(stills.objects, sentence.relation)).any((1, 2))
        elif sentence.kind == "order":
            true[:, i] = any_first[:, i] | any_second[:, i]
        elif sentence.kind == "count":
            true[:, i] = fits[:, i, 0].sum(-1) >= sentence.count
        elif sentence.kind == "absence":
            true[:, i] = ~any_first[:, i]
        elif sentence.kind == "empty":
            true[:, i] = ~stills.objects.is_visible.any(1)
    return true


def _stands(objects: render.Objects, relation: str | None) -> np.ndarray:
    assert relation in RELATIONS
    along = objects.x if relation in ("left of", "right of") else objects.y
    difference = along[:, :, None] - along[:, None, :]
    return difference < 0 if relation in ("left of", "above") else difference > 0
