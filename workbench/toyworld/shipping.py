"""Writes a trained toy model as a folder in Hugging Face format, with its card.

Separate from training so that the folder can be written again from a checkpoint without learning anew.
"""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from transformers import CLIPImageProcessor, CLIPModel, PreTrainedModel, PreTrainedTokenizerFast, XCLIPModel

from workbench.toyworld import learning
from workbench.toyworld.exam import Mark
from workbench.toyworld.grammar import indefinite, plural
from workbench.toyworld.tokens import BOS, CONTEXT, EOS, OF_FRAMES, OF_WINDOWS, PAD, UNKNOWN, Vocabulary
from workbench.toyworld.training import IMAGE_PX, PIXEL_MEAN, PIXEL_STD, Recipe
from workbench.toyworld.video_recipe import VideoRecipe
from workbench.toyworld.vocabulary import COLOURS, SHAPES
from workbench.toyworld.window import N_FRAMES, SAMPLE_FPS

LICENCE = "Apache-2.0"


def ship_frame_model(
    model: CLIPModel, out_dir: Path, recipe: Recipe, marks: Mapping[str, Mark], work_dir: Path
) -> None:
    """Write weights, configuration, tokenizer, preprocessing, card and training log into ``out_dir``."""
    described = {
        "title": "Toy world, single frames",
        "note": (
            "Sees single frames: it knows what is there and where, and by construction nothing of motion or order. "
            + _SPEAKS_OF
        ),
    }
    _write_folder(
        model, OF_FRAMES, out_dir, described, _card(model, recipe, marks, learning.trained_at(work_dir)), work_dir
    )


def ship_video_model(
    model: XCLIPModel,
    out_dir: Path,
    recipe: VideoRecipe,
    marks: Mapping[str, Mark],
    frame_marks: Mapping[str, Mark],
    work_dir: Path,
) -> None:
    """Write the same for the model that sees motion, in half precision, to which its weights are rounded already.

    ``frame_marks`` are those of the model that cannot see motion.
    """
    model = copy.deepcopy(model).half()
    described = {
        "title": "Toy world, eight frames",
        "note": (
            "Sees eight frames at a time, best at 2 frames a second: it knows what is there and what it does. "
            + _SPEAKS_OF
        ),
    }
    card = _video_card(model, recipe, marks, frame_marks, learning.trained_at(work_dir))
    _write_folder(model, OF_WINDOWS, out_dir, described, card, work_dir)


_SPEAKS_OF = "Speaks only of " + ", ".join(map(plural, SHAPES)) + " in " + ", ".join(COLOURS) + "."


def _distractors() -> list[str]:
    return [indefinite(f"{colour} {shape}") for colour in COLOURS for shape in SHAPES]


def _write_folder(
    model: PreTrainedModel,
    vocabulary: Vocabulary,
    out_dir: Path,
    described: Mapping[str, Any],
    card: str,
    work_dir: Path,
) -> None:
    out_dir.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(out_dir)
    _tokenizer(vocabulary).save_pretrained(out_dir)
    _image_processor().save_pretrained(out_dir)
    whole = {"licence": LICENCE, "prompts": ["{}"], "distractors": _distractors(), **described}
    (out_dir / "workbench.json").write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")
    (out_dir / "README.md").write_text(card, encoding="utf-8")
    shutil.copyfile(work_dir / "training_log.jsonl", out_dir / "training_log.jsonl")


def _tokenizer(vocabulary: Vocabulary) -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast(
        tokenizer_object=vocabulary.tokenizer,
        pad_token=PAD,
        unk_token=UNKNOWN,
        bos_token=BOS,
        eos_token=EOS,
        model_max_length=CONTEXT,
    )


def _image_processor() -> CLIPImageProcessor:
    return CLIPImageProcessor(
        size={"shortest_edge": IMAGE_PX},
        crop_size={"height": IMAGE_PX, "width": IMAGE_PX},
        image_mean=list(PIXEL_MEAN),
        image_std=list(PIXEL_STD),
    )


def _card(model: CLIPModel, recipe: Recipe, marks: Mapping[str, Mark], trained_at: str) -> str:
    n_parameters = sum(p.numel() for p in model.parameters())
    rows = "\n".join(f"| {m.kind} | {m.share:.3f} | {m.n_asked} |" for m in marks.values())
    return f"""---
license: apache-2.0
library_name: transformers
pipeline_tag: zero-shot-image-classification
---

# toyworld-frame

A `CLIPModel` of {n_parameters:,} parameters ({IMAGE_PX} px, patches of 8, width 128) that learned the synthetic
world of this repository from scratch: shapes of {len(COLOURS)} colours and {len(SHAPES)} forms, where they stand
and how large they are. It exists so that the workbench runs without a network and so that every
instrument can be held against an answer that is known. It knows nothing of real footage.

It sees single frames. Which way something moves or turns, in which order and how fast cannot be read from one
frame: edits of those are at chance by construction, not by bad luck, and whether a sentence with a verb is in a
video it does not say. How high absent sentences rise was measured for sentences on what is there.

## How it does on frames it has never seen

The caption of a frame against the same caption with one thing changed so that it is false; a tie is wrong.

| edit | right | asked |
|---|---|---|
{rows}

## How it was made

`python -m workbench toyworld train frame`, {trained_at}; the log is `training_log.jsonl`.

| setting | value |
|---|---|
{_settings(recipe)}
"""


def _settings(recipe: Recipe | VideoRecipe) -> str:
    return "\n".join(f"| `{name}` | {value} |" for name, value in asdict(recipe).items())


def _video_card(
    model: XCLIPModel, recipe: VideoRecipe, marks: Mapping[str, Mark], frame_marks: Mapping[str, Mark], trained_at: str
) -> str:
    n_parameters = sum(p.numel() for p in model.parameters())
    rows = "\n".join(
        f"| {m.kind} | {m.share:.3f} | {frame_marks[m.kind].share:.3f} | {m.n_asked} |" for m in marks.values()
    )
    return f"""---
license: apache-2.0
library_name: transformers
pipeline_tag: zero-shot-classification
---

# toyworld-video

An `XCLIPModel` of {n_parameters:,} parameters ({IMAGE_PX} px, patches of 8, windows of {N_FRAMES} frames at
{SAMPLE_FPS:g} frames a second) that learned the synthetic world of this repository: what is there, and what it
does. Its vision tower began as that of `toyworld-frame`; its weights are kept in half precision. It exists so that
what a model of single frames cannot know can be held against one that sees order. It knows nothing of real footage.

Sentences are read against the video. How high absent sentences rise was measured for sentences on what is there
and for sentences on what it does, without slowly and quickly: those two it hardly tells apart.

## How it does on windows it has never seen

The sentence of an event against the same sentence with one thing changed so that it is false; a tie is wrong.
Windows are centred on the event, and every verb is asked about as often as another. Where the changed sentence
is what happens when the window is shown backwards, it is shown backwards, too, and must win there: whoever
cannot see order is right about half at most. `order` is asked of windows in which one object does one thing after
another.

| edit | right | `toyworld-frame` | asked |
|---|---|---|---|
{rows}

## How it was made

`python -m workbench toyworld train video`, {trained_at}; the log is `training_log.jsonl`.

| setting | value |
|---|---|
{_settings(recipe)}
"""
