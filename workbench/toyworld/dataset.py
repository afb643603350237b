"""Writes videos of the toy world to disk with everything that is true of them.

``DIR/<id>.mp4``, ``DIR/moments.jsonl`` (queries with their windows in the QVHighlights row format; empty
windows: not in this video) and ``DIR/truth.jsonl`` (events, boxes, discriminating words, edits).

The video writer is passed in: this layer knows no codec.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from workbench.toyworld import grammar, truth
from workbench.toyworld.grammar import PRESENCE_FRAMES, Noun, Sentence
from workbench.toyworld.seeds import Split, generator
from workbench.toyworld.story import Story, draw_frames, random_story
from workbench.toyworld.vocabulary import COLOURS, SHAPES

WriteVideo = Callable[[Path, Iterator[np.ndarray], float], None]
"""Writes frames ``uint8 [height width 3]`` at a rate to a file."""

_MAX_QUERIES = 6
_DRAW_FRAMES = 50


def make(
    out_dir: Path,
    seed: int,
    count: int,
    write_video: WriteVideo,
    split: Split = "test",
    report: Callable[[int, str], None] = lambda done, what: None,
) -> list[Path]:
    """Write ``count`` videos of ``seed`` and their truth into ``out_dir``; return the videos' paths."""
    out_dir.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    moment_rows: list[dict[str, Any]] = []
    truth_rows: list[dict[str, Any]] = []
    for index in range(count):
        story = random_story(seed, index, split)
        path = out_dir / f"{story.id}.mp4"
        write_video(path, frames_of(story), story.fps)
        rows = query_rows(story, generator(split, seed, 1_000_000 + index), first_qid=len(moment_rows) + 1)
        moment_rows += [{key: row[key] for key in _MOMENT_KEYS} for row in rows]
        truth_rows.append(truth_row(story, rows, generator(split, seed, 2_000_000 + index)))
        paths.append(path)
        report(index + 1, story.id)
    _write_rows(out_dir / "moments.jsonl", moment_rows)
    _write_rows(out_dir / "truth.jsonl", truth_rows)
    return paths


_MOMENT_KEYS = ("qid", "query", "duration", "vid", "relevant_windows")


def frames_of(story: Story) -> Iterator[np.ndarray]:
    """Yield every frame of the video, ``uint8 [height width 3]``."""
    for start in range(0, story.n_frames, _DRAW_FRAMES):
        yield from draw_frames(story, np.arange(start, min(start + _DRAW_FRAMES, story.n_frames)))


def query_rows(story: Story, rng: np.random.Generator, first_qid: int) -> list[dict[str, Any]]:
    """Return queries that a single frame can answer: half in the video, half not, many of those nearly so."""
    names = tuple(COLOURS)
    present = sorted({(names[c], a.shape) for a in story.actors for c in np.unique(a.colour[a.is_visible])})
    absent = [(c, s) for c in COLOURS for s in SHAPES if (c, s) not in present]
    colours, shapes = {c for c, _ in present}, {s for _, s in present}
    near = [pair for pair in absent if pair[0] in colours and pair[1] in shapes]
    far = [pair for pair in absent if pair not in near]
    rng.shuffle(present)
    present = present[:_MAX_QUERIES]
    rng.shuffle(near)
    rng.shuffle(far)
    n_near = min(len(near), (len(present) + 1) // 2)
    chosen = [*present, *near[:n_near], *far[: len(present) - n_near]]
    rows = []
    for at, (colour, shape) in enumerate(chosen):
        noun = Noun(str(colour), str(shape))
        pattern = int(rng.integers(len(PRESENCE_FRAMES))) if rng.random() < 0.5 else 0
        sentence = Sentence("presence", (noun,), frame=pattern)
        rows.append(
            {
                "qid": first_qid + at,
                "query": sentence.text,
                "duration": story.duration_s,
                "vid": story.id,
                "relevant_windows": [list(window) for window in truth.windows(story, sentence)],
                "discriminating_words": truth.discriminating_words(story, noun) if at < len(present) else [],
                "paraphrases": grammar.paraphrases(sentence),
                "edits": _edit_rows(story, sentence, rng),
            }
        )
    return rows


def _edit_rows(story: Story, sentence: Sentence, rng: np.random.Generator) -> list[dict[str, Any]]:
    return [
        {
            "kind": edit.kind,
            "query": edit.text,
            "before": edit.before,
            "after": edit.after,
            "is_true": bool(truth.windows(story, edit.sentence)),
        }
        for edit in grammar.edits(sentence, rng)
    ]


def truth_row(story: Story, rows: list[dict[str, Any]], rng: np.random.Generator) -> dict[str, Any]:
    """Return everything that is true of one video; boxes in pixels per frame, null where not on stage."""
    told = [(event, truth.sentence_of(story, event)) for event in story.events]
    return {
        "vid": story.id,
        "duration": story.duration_s,
        "fps": story.fps,
        "size_px": story.size_px,
        "objects": [
            {"object": i, "shape": actor.shape, "colours": _colours_over_time(story, i)}
            for i, actor in enumerate(story.actors)
        ],
        "events": [
            {
                "object": event.actor,
                "verb": event.verb,
                "manner": event.manner,
                "other": event.other,
                "window": [event.start_s, event.end_s],
                "query": sentence.text,
                "relevant_windows": [list(window) for window in truth.windows(story, sentence)],
                "edits": _edit_rows(story, sentence, rng),
            }
            for event, sentence in told
        ],
        "orders": [
            {
                "query": sentence.text,
                "relevant_windows": [list(window) for window in truth.windows(story, sentence)],
                "edits": _edit_rows(story, sentence, rng),
            }
            for sentence in truth.sentences_in_order(story)
        ],
        "queries": [{key: row[key] for key in row if key not in ("duration", "vid")} for row in rows],
        "boxes": [_box_row(story, i) for i in range(len(story.actors))],
    }


def _colours_over_time(story: Story, actor: int) -> list[dict[str, Any]]:
    who = story.actors[actor]
    return [
        {
            "colour": name,
            "windows": [list(w) for w in truth.spans(who.is_visible & (who.colour == code), story.fps)],
        }
        for code, name in enumerate(COLOURS)
        if (who.is_visible & (who.colour == code)).any()
    ]


def _box_row(story: Story, actor: int) -> dict[str, Any]:
    """Return the boxes of the frames in which the actor is on stage, from ``first_frame`` on."""
    found = truth.boxes(story, actor)
    shown = np.flatnonzero(story.actors[actor].is_visible)
    return {
        "object": actor,
        "first_frame": int(shown[0]),
        "boxes_px": [[round(float(v), 1) for v in found[frame]] for frame in shown],
    }


def _write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
