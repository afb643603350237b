"""What happens in a video: actors that come, do things and go, frame by frame, and the events they make.

A story holds numbers only; nothing here draws or speaks. Positions are in units of the frame's side,
times in seconds; frame ``k`` is shown from ``k / fps`` until ``(k + 1) / fps``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from workbench.toyworld import render
from workbench.toyworld.seeds import Split, generator
from workbench.toyworld.vocabulary import (
    COLOURS,
    LARGE_RADIUS,
    MANNERS,
    SHAPES,
    SMALL_RADIUS,
    SPINNABLE,
    VERBS,
)

FPS = 10
SIZE_PX = 256
DURATION_S = (10.0, 120.0)
MAX_ON_STAGE = 3
_REST_S = (0.6, 1.2)
_SOLO_REST_S = (0.3, 0.8)
_MOST_SOLOS = 1_000
_MARGIN = 0.02


@dataclass
class Actor:
    """One object over the whole video; arrays have one entry per frame of the video."""

    shape: str
    colour: Int[np.ndarray, "time"]
    rgb: Float[np.ndarray, "time 3"]
    x: Float[np.ndarray, "time"]
    y: Float[np.ndarray, "time"]
    radius: Float[np.ndarray, "time"]
    angle: Float[np.ndarray, "time"]
    is_visible: Bool[np.ndarray, "time"]


@dataclass(frozen=True)
class Event:
    """Something one actor does from ``start_s`` to ``end_s``; ``other`` is the index of another actor."""

    actor: int
    verb: str
    start_s: float
    end_s: float
    manner: str | None = None
    other: int | None = None
    new_colour: str | None = None


@dataclass(frozen=True)
class Story:
    """A video of the toy world: its actors, its events in order of time, its background and its light."""

    id: str
    n_frames: int
    actors: list[Actor]
    events: list[Event]
    background: render.Background
    gain: Float[np.ndarray, "time"]
    fps: int = FPS
    size_px: int = SIZE_PX

    @property
    def duration_s(self) -> float:
        """The length of the video in seconds."""
        return self.n_frames / self.fps


def random_story(seed: int, index: int, split: Split = "test", duration_s: tuple[float, float] = DURATION_S) -> Story:
    """Return story ``index`` of ``seed``: the same on any machine."""
    rng = generator(split, seed, index)
    n_frames = round(rng.uniform(*duration_s) * FPS)
    stage = _Stage(rng, n_frames)
    stage.play()
    return stage.story(f"toy-{split}-{seed}-{index:03d}")


def solo_story(
    rng: np.random.Generator, story_id: str, colour: str, shape: str, verbs: Sequence[str], duration_s: float
) -> Story:
    """Return a story in which one object is on stage throughout and does one thing after another, resting around each.

    ``verbs`` are what an object does by itself and what fits into the time; else this raises ``ValueError``.
    """
    n_frames = round(duration_s * FPS)
    for _ in range(_MOST_SOLOS):
        stage = _Stage(rng, n_frames)
        if stage.play_solo(colour, shape, verbs):
            return stage.story(story_id)
    told = " and ".join(VERBS[verb][0] for verb in verbs)
    raise ValueError(f"No {shape} alone {told} within {duration_s:g} s.")


class _Stage:
    """Puts actors on the stage one after another; an actor whose move would touch another does not make it."""

    def __init__(self, rng: np.random.Generator, n_frames: int) -> None:
        self.rng, self.n_frames = rng, n_frames
        self.actors: list[Actor] = []
        self.events: list[Event] = []

    def play(self) -> None:
        """Fill the video: entries a few seconds apart, at most three actors at once, gaps in between."""
        rng, at = self.rng, int(self.rng.uniform(0.5, 2.5) * FPS)
        while at < self.n_frames - 3 * FPS:
            leave = min(self.n_frames, at + int(rng.uniform(4, 13) * FPS))
            if self._n_on_stage(at, leave) < MAX_ON_STAGE:
                self._enter(at, leave)
            pause = rng.uniform(6, 14) if rng.random() < 0.3 else rng.uniform(1.5, 6)
            at += int(pause * FPS)

    def play_solo(self, colour: str, shape: str, verbs: Sequence[str]) -> bool:
        """Let one actor do one thing after another; return whether there was time and room for all."""
        rng, n = self.rng, self.n_frames
        resized = next((verb for verb in verbs if verb in ("grows", "shrinks")), None)
        is_small = resized == "grows" or (resized is None and rng.random() < 0.5)
        radius = rng.uniform(*(SMALL_RADIUS if is_small else LARGE_RADIUS))
        x, y = rng.uniform(radius + _MARGIN, 1 - radius - _MARGIN, 2)
        self._put(shape, colour, radius, (x, y), 0, n)
        at, limit = 0, n - int(_SOLO_REST_S[0] * FPS)
        for verb in verbs:
            at += int(rng.uniform(*_SOLO_REST_S) * FPS)
            end = self._try(verb, at, limit) if at < limit else None
            if end is None:
                return False
            at = end
        return True

    def story(self, story_id: str) -> Story:
        """Return what happened, before a background and in a light of its own."""
        rng, n = self.rng, self.n_frames
        light = 1 + 0.05 * np.sin(2 * np.pi * (np.arange(n) / FPS / rng.uniform(8, 20) + rng.random()))
        return Story(
            id=story_id,
            n_frames=n,
            actors=self.actors,
            events=sorted(self.events, key=lambda event: (event.start_s, event.actor)),
            background=render.random_background(rng, 1),
            gain=rng.uniform(0.88, 1.05) * light,
        )

    def _n_on_stage(self, start: int, stop: int) -> int:
        if not self.actors:
            return 0
        return int(np.sum([actor.is_visible[start:stop] for actor in self.actors], axis=0).max())

    def _enter(self, start: int, stop: int) -> None:
        rng = self.rng
        near = [a for a in self.actors if a.is_visible[max(0, start - FPS) : stop + FPS].any()]
        shape, colour = self._looks(near, start, stop)
        if shape is None:
            return
        radius = rng.uniform(*(SMALL_RADIUS if rng.random() < 0.5 else LARGE_RADIUS))
        spot = self._free_spot(near, radius, start, stop)
        if spot is None:
            return
        self._put(shape, colour, radius, spot, start, stop)
        self._add("appears", start, min(start + FPS, stop))
        if stop < self.n_frames:
            self._add("disappears", stop - FPS // 2, min(stop + FPS // 2, self.n_frames))
        self._act(start, stop)

    def _put(self, shape: str, colour: str, radius: float, spot: tuple[float, float], start: int, stop: int) -> None:
        """Put an actor on the stage, at rest."""
        n = self.n_frames
        is_visible = np.zeros(n, bool)
        is_visible[start:stop] = True
        actor = Actor(
            shape=shape,
            colour=np.full(n, list(COLOURS).index(colour)),
            rgb=np.tile(render.jittered_colour(self.rng, colour), (n, 1)),
            x=np.full(n, spot[0]),
            y=np.full(n, spot[1]),
            radius=np.full(n, radius),
            angle=np.full(n, self.rng.uniform(-0.1, 0.1)),
            is_visible=is_visible,
        )
        self.actors.append(actor)

    def _looks(self, near: list[Actor], start: int, stop: int) -> tuple[str | None, str]:
        """Choose shape and colour: often like somebody near, never the same as somebody on stage."""
        rng = self.rng
        taken = {(a.shape, c) for a in near for c in np.unique(a.colour)}
        names = list(COLOURS)
        for _ in range(30):
            shape, colour = str(rng.choice(SHAPES)), int(rng.integers(len(names)))
            if near and rng.random() < 0.45:
                like = near[rng.integers(len(near))]
                if rng.random() < 0.5:
                    shape = like.shape
                else:
                    colour = int(like.colour[start])
            if (shape, colour) not in taken:
                return shape, names[colour]
        return None, ""

    def _free_spot(self, near: list[Actor], radius: float, start: int, stop: int) -> tuple[float, float] | None:
        for _ in range(40):
            x, y = self.rng.uniform(radius + _MARGIN, 1 - radius - _MARGIN, 2)
            if all(self._is_clear(a, x, y, radius, start, stop) for a in near):
                return x, y
        return None

    @staticmethod
    def _is_clear(other: Actor, x: float, y: float, radius: float, start: int, stop: int) -> bool:
        apart = np.hypot(other.x[start:stop] - x, other.y[start:stop] - y)
        far = apart > other.radius[start:stop] + radius + _MARGIN
        return bool((far | ~other.is_visible[start:stop]).all())

    def _act(self, start: int, stop: int) -> None:
        """Let the newest actor do one thing after another until it leaves."""
        rng, at = self.rng, start + FPS
        while at < stop - 2 * FPS:
            verbs = [v for v in VERBS if v not in ("appears", "disappears")]
            rng.shuffle(verbs)
            for verb in verbs[:6]:
                end = self._try(verb, at, stop - FPS)
                if end is not None:
                    at = end
                    break
            at += int(rng.uniform(*_REST_S) * FPS)

    def _try(self, verb: str, start: int, limit: int) -> int | None:
        """Perform ``verb`` from frame ``start`` if there is time and room; return its last frame, or None."""
        rng, me = self.rng, len(self.actors) - 1
        actor = self.actors[me]
        manner: str | None = str(rng.choice(MANNERS))
        quick = manner == "quickly"
        if verb == "stays_still":
            stop = start + int(rng.uniform(2.5, 4) * FPS)
            return self._add(verb, start, stop) if stop <= limit else None
        if verb == "changes_colour":
            return self._change_colour(actor, start, limit)
        other = None
        if verb.startswith("moves"):
            planned = self._plan_move(actor, verb, start, quick)
            if planned is None:
                return None
            dx, dy, seconds, other = planned
            moved = {"x": lambda p: actor.x[start] + dx * p, "y": lambda p: actor.y[start] + dy * p}
        elif verb in ("grows", "shrinks"):
            small = actor.radius[start] <= SMALL_RADIUS[1]
            if small != (verb == "grows"):
                return None
            goal = rng.uniform(*(LARGE_RADIUS if small else SMALL_RADIUS))
            seconds = rng.uniform(0.7, 1.1) if quick else rng.uniform(2.2, 3.2)
            moved = {"radius": lambda p: actor.radius[start] + (goal - actor.radius[start]) * p}
        elif verb.startswith("spins"):
            if actor.shape not in SPINNABLE:
                return None
            seconds = rng.uniform(1.2, 2) if quick else rng.uniform(2, 3.5)
            # Slow enough that 8 frames in 4 seconds still show which way a five-pointed star turns.
            turn = seconds * (1.1 if quick else 0.45) * (1 if verb == "spins_clockwise" else -1)
            moved = {"angle": lambda p: actor.angle[start] + turn * p}
        else:
            manner, seconds = None, rng.uniform(1.8, 3.2)
            height, n_bounces = rng.uniform(0.12, 0.2), max(2, round(seconds / 0.8))
            moved = {"y": lambda p: actor.y[start] - height * np.abs(np.sin(np.pi * n_bounces * p))}
        stop = start + max(2, round(seconds * FPS))
        if stop > limit or not self._perform(actor, moved, start, stop):
            return None
        return self._add(verb, start, stop, manner=manner, other=other)

    def _plan_move(
        self, actor: Actor, verb: str, start: int, quick: bool
    ) -> tuple[float, float, float, int | None] | None:
        """Return ``(dx, dy, seconds, other)`` of a move, or None."""
        rng, other = self.rng, None
        distance = rng.uniform(0.25, 0.5)
        directions = {"moves_left": (-1, 0), "moves_right": (1, 0), "moves_up": (0, -1), "moves_down": (0, 1)}
        if verb in directions:
            dx, dy = directions[verb]
        else:
            others = [i for i, a in enumerate(self.actors[:-1]) if a.is_visible[start]]
            if not others:
                return None
            other = int(rng.choice(others))
            gap = np.array([self.actors[other].x[start] - actor.x[start], self.actors[other].y[start] - actor.y[start]])
            length = float(np.hypot(*gap))
            dx, dy = gap / length * (1 if verb == "moves_towards" else -1)
            if verb == "moves_towards":
                distance = length - actor.radius[start] - self.actors[other].radius[start] - 2 * _MARGIN
            else:
                distance = rng.uniform(0.15, 0.3)
            if distance < 0.15:
                return None
        speed = rng.uniform(0.3, 0.45) if quick else rng.uniform(0.09, 0.14)
        return dx * distance, dy * distance, distance / speed, other

    def _perform(self, actor: Actor, moved: dict, start: int, stop: int) -> bool:
        """Change the actor from frame ``start`` on; undo it and return False where it would touch or leave."""
        kept = {name: getattr(actor, name).copy() for name in moved}
        part = np.linspace(0, 1, stop - start)
        for name, path in moved.items():
            values = getattr(actor, name)
            after = path(part)
            values[start:stop] = after
            values[stop:] = after[-1]
        seen = np.flatnonzero(actor.is_visible[start:]) + start
        x, y, r = actor.x[seen], actor.y[seen], actor.radius[seen]
        inside = ((np.minimum(x, y) >= r) & (np.maximum(x, y) <= 1 - r)).all()
        clear = all(
            (np.hypot(o.x[seen] - x, o.y[seen] - y) > o.radius[seen] + r + _MARGIN)[o.is_visible[seen]].all()
            for o in self.actors
            if o is not actor
        )
        if not (inside and clear):
            for name, values in kept.items():
                getattr(actor, name)[:] = values
        return bool(inside and clear)

    def _change_colour(self, actor: Actor, start: int, limit: int) -> int | None:
        """Blend into another colour within half a second, with three seconds of either on both sides."""
        rng, blend = self.rng, FPS // 2
        shown = np.flatnonzero(actor.is_visible)
        before = np.flatnonzero(actor.colour != actor.colour[start])
        since = max(int(shown[0]), int(before[-1]) if len(before) else 0)
        if start - since < 3 * FPS or limit - start < 3 * FPS:
            return None
        on_stage = [o for o in self.actors if o is not actor and o.is_visible[start:limit].any()]
        names = list(COLOURS)
        taken = {int(c) for o in on_stage if o.shape == actor.shape for c in np.unique(o.colour)}
        free = [c for c in range(len(names)) if c not in taken | {int(actor.colour[start])}]
        colour = int(rng.choice(free))
        goal = render.jittered_colour(rng, names[colour])
        part = np.linspace(0, 1, blend)[:, None]
        actor.rgb[start : start + blend] += (goal - actor.rgb[start]) * part
        actor.rgb[start + blend :] = goal
        actor.colour[start + blend // 2 :] = colour
        return self._add("changes_colour", start, start + blend, new_colour=names[colour])

    def _add(self, verb: str, start: int, stop: int, **more: Any) -> int:
        self.events.append(Event(len(self.actors) - 1, verb, start / FPS, stop / FPS, **more))
        return stop


def objects_at(story: Story, frames: np.ndarray) -> render.Objects:
    """Return what is to be drawn in the given frames."""
    if not story.actors:
        empty, colours = np.zeros((len(frames), 0)), np.zeros((len(frames), 0, 3))
        return render.Objects(empty.astype(int), colours, empty, empty, empty, empty, empty.astype(bool))
    columns = {
        name: np.stack([getattr(actor, name)[frames] for actor in story.actors], 1)
        for name in ("rgb", "x", "y", "radius", "angle", "is_visible")
    }
    kinds = np.array([SHAPES.index(actor.shape) for actor in story.actors])
    return render.Objects(shape=np.tile(kinds, (len(frames), 1)), **columns)


def draw_frames(story: Story, frames: np.ndarray, size_px: int | None = None) -> np.ndarray:
    """Return the given frames of the video, ``uint8 [frame height width 3]``."""
    size_px = size_px or story.size_px
    still = render.draw_background(story.background, size_px)
    canvas = render.draw(objects_at(story, frames), np.repeat(still, len(frames), 0))
    return render.to_pixels(canvas * story.gain[frames][:, None, None, None].astype(np.float32))
