"""How high sentences rise that are known to be absent: the nulls that the toy models bring along.

Separate from the examination because it uses the recipe of ``core.grounding`` on whole videos. Videos are of
the validation split: neither learned from nor tested on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from transformers import AutoConfig, CLIPImageProcessor, CLIPModel, XCLIPModel

from workbench.core import grounding
from workbench.toyworld import dataset, grammar, truth
from workbench.toyworld.readings import Reading, reading_of_frames, reading_of_windows
from workbench.toyworld.seeds import generator
from workbench.toyworld.story import DURATION_S, Story, random_story
from workbench.toyworld.window import SPAN_S, judge
from workbench.types.grounding import MeasuredNull

SAMPLE_FPS = (2.0, 1.0, 0.5)
N_VIDEOS = 60
_EVENTS_A_VIDEO = 8

Absent = Callable[[Story, int], list[str]]
"""Returns sentences that are not in a story, of which this is the one of that number."""


def calibrate(folder: Path, n_videos: int = N_VIDEOS) -> None:
    """Measure the toy model of ``folder`` and write its nulls into ``workbench.json`` there.

    Cost: half a minute on one CPU core for the model of frames, and three for that of windows.
    """
    card_path = folder / "workbench.json"
    card = json.loads(card_path.read_text(encoding="utf-8"))
    image_processor = CLIPImageProcessor.from_pretrained(folder, local_files_only=True)
    kinds: list[Absent] = [absent_objects]
    if AutoConfig.from_pretrained(folder, local_files_only=True).model_type == "xclip":
        windows = XCLIPModel.from_pretrained(folder, local_files_only=True, use_safetensors=True, dtype="float32")
        reading = reading_of_windows(windows.eval(), image_processor)
        kinds.append(absent_events)
    else:
        frames = CLIPModel.from_pretrained(folder, local_files_only=True, use_safetensors=True)
        reading = reading_of_frames(frames.eval(), image_processor)
    card["measured_nulls"] = [asdict(null) for null in measured_nulls(reading, kinds, card["distractors"], n_videos)]
    card_path.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


def measured_nulls(
    read: Reading, kinds: Sequence[Absent], distractors: Sequence[str], n_videos: int = N_VIDEOS
) -> list[MeasuredNull]:
    """Return the peaks of sentences that are not in ``n_videos``, one record a kind of sentence and sampling rate.

    Read with the standard smoothing from videos as long as the toy world's.
    """
    peaks: dict[tuple[Absent, float], list[float]] = {(kind, fps): [] for kind in kinds for fps in SAMPLE_FPS}
    words: dict[Absent, set[str]] = {kind: set() for kind in kinds}
    levels = []
    steps_s: dict[float, float] = {}
    for index in range(n_videos):
        story = random_story(0, index, "validation")
        absent = {kind: kind(story, index) for kind in kinds}
        for fps in SAMPLE_FPS:
            curves = read(story, fps)
            steps_s[fps] = curves.step_s
            others = curves.of(distractors)
            background = others.mean(axis=0)
            if fps == SAMPLE_FPS[0]:
                levels.append((round(float(background.mean()), 4), round(float(others.max(axis=0).mean()), 4)))
            for kind, texts in absent.items():
                words[kind].update(word for text in texts for word in text.split())
                contrasted = curves.of(texts) - background
                found = grounding.peaks_at(contrasted, curves.times_s, curves.step_s, grounding.SMOOTHING_S)
                peaks[kind, fps] += found.tolist()
    return [
        MeasuredNull(
            fps=fps,
            step_s=steps_s[fps],
            smoothing_s=grounding.SMOOTHING_S,
            longest_s=DURATION_S[1],
            levels=tuple(levels),
            words=tuple(sorted(words[kind])),
            peaks=tuple(sorted(round(peak, 4) for peak in found)),
        )
        for (kind, fps), found in peaks.items()
    ]


def absent_objects(story: Story, index: int) -> list[str]:
    """Return sentences about objects that are not in the story, half of them nearly so, in any of their wordings."""
    rows = dataset.query_rows(story, generator("validation", 0, 1_000_000 + index), first_qid=1)
    rng = generator("validation", 0, 5_000_000 + index)
    return [str(rng.choice([r["query"], *r["paraphrases"]])) for r in rows if not r["relevant_windows"]]


def absent_events(story: Story, index: int) -> list[str]:
    """Return sentences about what does not happen, which differ by one thing from what does.

    None says how fast: slow and quick are what the model of windows tells least. Left out is what a person might
    call true all the same, such as that somebody stays still who rests for a while.
    """
    rng = generator("validation", 0, 6_000_000 + index)
    edited = []
    for event in story.events:
        (clause,) = truth.sentence_of(story, event).clauses
        sentence = grammar.Sentence("event", clauses=(replace(clause, manner=None),))
        edited += [edit.sentence for edit in grammar.edits(sentence, rng)]
    starts_s = np.arange(0, story.duration_s - SPAN_S, 1.0)
    absent: list[str] = []
    for at in rng.permutation(len(edited)):
        if len(absent) == _EVENTS_A_VIDEO:
            break
        wordings = [edited[at].text, *(text for text in grammar.paraphrases(edited[at]) if " not " not in text)]
        if all(judge(story, edited[at], start_s) is False for start_s in starts_s):
            absent.append(str(rng.choice(wordings)))
    return absent
