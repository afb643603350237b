"""Windows of eight frames: where they lie in a video, and what is true of what they show.

Separate from ``truth``, which speaks of whole videos: a window may show a part of an event, and then a sentence
about it is neither clearly true nor clearly false of the window.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Int

from workbench.toyworld import truth
from workbench.toyworld.grammar import Clause, Sentence
from workbench.toyworld.story import Actor, Event, Story
from workbench.toyworld.vocabulary import TAKES_ANOTHER

N_FRAMES = 8
SAMPLE_FPS = 2.0
SPAN_S = (N_FRAMES - 1) / SAMPLE_FPS
"""The seconds from the first to the last frame of a window."""

_MOST = 0.75
_STILL_S = 1.5
_ALONG_AXES = ("moves_left", "moves_right", "moves_up", "moves_down")


def frames_of(story: Story, start_s: float) -> Int[np.ndarray, "8"]:
    """Return the frames of the window that begins at ``start_s``."""
    times_s = start_s + np.arange(N_FRAMES) / SAMPLE_FPS
    return np.minimum((times_s * story.fps + 1e-6).astype(int), story.n_frames - 1)


def centred_on(story: Story, event: Event) -> float:
    """Return the start of the window, inside the video, in whose middle the event lies."""
    middle_s = (event.start_s + event.end_s) / 2
    return float(np.clip(middle_s - SPAN_S / 2, 0, story.duration_s - SPAN_S - 1 / story.fps))


def cut(story: Story, start_s: float) -> tuple[Story, float]:
    """Return the part of the story that the window is drawn and judged from, and the window's start in it.

    Events that reach into the window are kept whole, since a sentence names an object as it was at the start.
    """
    events = [event for event in story.events if _seen_s(event.start_s, event.end_s, start_s) > 0]
    first = int(min([start_s, *(event.start_s for event in events)]) * story.fps + 1e-6)
    last = int(np.ceil(max([start_s + SPAN_S, *(event.end_s for event in events)]) * story.fps)) + 1
    part = slice(max(0, first), min(last, story.n_frames))
    named = {index for event in events for index in (event.actor, event.other)}
    kept = [i for i, actor in enumerate(story.actors) if i in named or actor.is_visible[part].any()]
    from_s = part.start / story.fps
    short = Story(
        id=story.id,
        n_frames=part.stop - part.start,
        actors=[_cut_actor(story.actors[i], part) for i in kept],
        events=[
            replace(
                event,
                actor=kept.index(event.actor),
                other=None if event.other is None else kept.index(event.other),
                start_s=event.start_s - from_s,
                end_s=event.end_s - from_s,
            )
            for event in events
        ],
        background=story.background,
        gain=story.gain[part].copy(),
        fps=story.fps,
        size_px=story.size_px,
    )
    return short, start_s - from_s


def _cut_actor(actor: Actor, part: slice) -> Actor:
    arrays = {name: value[part].copy() for name, value in vars(actor).items() if name != "shape"}
    return Actor(shape=actor.shape, **arrays)


def judge(story: Story, sentence: Sentence, start_s: float) -> bool | None:
    """Return whether the sentence is true of the window that begins at ``start_s``; None where it is not clear.

    An event, or one after another, is true where the window shows most of it or where it fills most of the
    window, not clear where less is to be seen or something happens that looks much the same. Anything else
    is true where half of the frames show it, and false where none does.
    """
    spans = truth.windows(story, sentence)
    if sentence.kind not in ("event", "order"):
        times_s = frames_of(story, start_s) / story.fps
        n_true = sum(any(a <= time_s + 1e-6 < b for a, b in spans) for time_s in times_s)
        return True if 2 * n_true >= N_FRAMES else None if n_true else False
    shares = [_seen_s(a, b, start_s) / min(b - a, SPAN_S) for a, b in spans]
    if sentence.clauses[0].verb == "appears":  # whoever was there in the first frame was not seen to come
        shares = [min(share, _MOST / 2) if a <= start_s else share for share, (a, _) in zip(shares, spans, strict=True)]
    if any(share >= _MOST for share in shares):
        return True
    is_open = any(share > 0 for share in shares) or any(_looks_like(story, c, start_s) for c in sentence.clauses)
    return None if is_open else False


def _seen_s(event_start_s: float, event_end_s: float, start_s: float) -> float:
    return min(event_end_s, start_s + SPAN_S) - max(event_start_s, start_s)


def _looks_like(story: Story, clause: Clause, start_s: float) -> bool:
    """Return whether the window shows something else that a person might call what the clause says.

    An object rests between its events as one that stays still, and who moves towards another moves left or right.
    """
    if clause.verb == "stays_still":
        part = slice(int(start_s * story.fps), int((start_s + SPAN_S) * story.fps) + 1)
        return any(_rests(actor, truth.matches(actor, clause.noun), part, story.fps) for actor in story.actors)
    for one, other in ((_ALONG_AXES, TAKES_ANOTHER), (TAKES_ANOTHER, _ALONG_AXES)):
        if clause.verb in one:
            moves = [e for e in story.events if e.verb in other and _seen_s(e.start_s, e.end_s, start_s) > 0]
            return any(truth.matches(story.actors[e.actor], clause.noun).any() for e in moves)
    return False


def _rests(actor: Actor, is_meant: np.ndarray, part: slice, fps: float) -> bool:
    steps = sum(np.abs(np.diff(getattr(actor, name))) for name in ("x", "y", "radius", "angle"))
    is_still = is_meant & (np.r_[0, steps] < 1e-9)
    return any(b - a >= _STILL_S for a, b in truth.spans(is_still[part], fps))
