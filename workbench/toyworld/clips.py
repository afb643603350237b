"""Writes short films in each of which one object does one thing, with their labels, or one thing after another.

``DIR/<id>.mp4`` and ``DIR/labels.jsonl``, rows of ``vid``, ``labels`` and ``caption``: what an embedding is examined
with. Separate from the longer films of ``dataset``, where several objects do one thing after another, so that no label
is true of a whole film. Of colour and shape a single picture tells; of the direction of a motion none does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from workbench.errors import InputError
from workbench.toyworld.dataset import WriteVideo, frames_of
from workbench.toyworld.grammar import Sentence
from workbench.toyworld.seeds import generator
from workbench.toyworld.story import Story, solo_story
from workbench.toyworld.truth import sentence_of
from workbench.toyworld.vocabulary import COLOURS, SHAPES, VERBS
from workbench.toyworld.window_batches import windows_in_order

ACTIONS = ("moves_left", "moves_right", "moves_up", "moves_down", "grows", "shrinks")
DURATION_S = 4.0
FEWEST = 2 * len(COLOURS)
"""Films at least: each value of every label is then in two, so that one can tell of the other."""
LABELS_FILE = "labels.jsonl"
# Where films of the same seed have their streams is known to ``dataset``: these lie beyond.
_DEALT, _PLAYED = 3_000_000, 4_000_000


@dataclass(frozen=True)
class SoloClip:
    """A film of one object, and what is true of all of it."""

    story: Story
    labels: dict[str, str]
    caption: str


def solo_clips(seed: int, count: int) -> Iterator[SoloClip]:
    """Yield the clips of ``seed``, the same on any machine; every value of a label is in as many films, or one more.

    Labels are dealt each by itself, so that none tells of another. Raises ``InputError`` for fewer than ``FEWEST``.
    """
    if count < FEWEST:
        raise InputError(f"{count} films are too few for each colour to be in two; ask for {FEWEST} or more.")
    rng = generator("test", seed, _DEALT)
    dealt = [rng.permutation(np.resize(values, count)).tolist() for values in (list(COLOURS), SHAPES, ACTIONS)]
    for index, (colour, shape, verb) in enumerate(zip(*dealt, strict=True)):
        own = generator("test", seed, _PLAYED + index)
        story = solo_story(own, f"toy-clip-{seed}-{index:03d}", colour, shape, [verb], DURATION_S)
        [clause] = sentence_of(story, story.events[0]).clauses
        caption = Sentence("event", clauses=(replace(clause, manner=None),)).text
        yield SoloClip(story, {"colour": colour, "shape": shape, "action": VERBS[verb][0]}, caption)


def ordered_clips(seed: int, count: int) -> Iterator[SoloClip]:
    """Yield clips of ``seed`` in which one object does one thing after another, as they tell; without labels."""
    for window in windows_in_order("test", seed, count):
        clauses = [sentence_of(window.story, event).clauses[0] for event in window.story.events]
        told = Sentence("order", clauses=tuple(replace(clause, manner=None) for clause in clauses))
        yield SoloClip(window.story, {}, told.text)


def make_clips(
    out_dir: Path,
    clips: Iterable[SoloClip],
    write_video: WriteVideo,
    report: Callable[[int, str], None] = lambda done, what: None,
) -> list[Path]:
    """Write clips and their labels into ``out_dir``; return the films' paths."""
    paths, rows = [], []
    for done, clip in enumerate(clips, 1):
        out_dir.mkdir(parents=True, exist_ok=True)
        path = out_dir / f"{clip.story.id}.mp4"
        write_video(path, frames_of(clip.story), clip.story.fps)
        paths.append(path)
        rows.append({"vid": clip.story.id, "labels": clip.labels, "caption": clip.caption})
        report(done, clip.story.id)
    (out_dir / LABELS_FILE).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return paths
