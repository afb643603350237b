"""What the verbs take, for the lists that programs and models of language read: examples that can be sent as they are,
and what there is to choose.

Separate because the toolkit reads types alone off a verb: it calls the example of a word without a default “...”.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench.analyses.analysis import controls
from workbench.analyses.attribute import AttributeParams
from workbench.analyses.embed import EmbedParams
from workbench.analyses.services import Services
from workbench.core.text_edits.kinds import NAMES
from workbench.core.video_edits.kinds import FILM_NAMES

FILE = {"path": "film.mp4", "orig_name": "film.mp4", "meta": {"_type": "gradio.FileData"}}
"""A file of the program that asks, which its client uploads first."""


@dataclass(frozen=True)
class Word:
    """An example of what a verb takes, and all that its texts may be, where that is a list."""

    example: Any
    choices: tuple[str, ...] = ()


def words_of(services: Services) -> dict[str, Word]:
    """Return what the verbs take, by its name: all say the same by the same word.

    The sentence is true of the first bundled film, and another is not, where there are two.
    """
    films = services.library.examples()
    film, other = films[0], films[:2][-1]
    sentence, untrue = (services.library.queries_for(each.id)[0] for each in (film, other))
    attributed, embedded = controls(AttributeParams), controls(EmbedParams)
    return {
        "video_id": Word(film.id),
        "video_ids": Word(list(dict.fromkeys((film.id, other.id)))),
        "query": Word(sentence),
        "queries": Word([sentence]),
        "model": Word(services.settings.default_model),
        "fps": Word(2.0),
        "players": Word("words", attributed["players"].choices),
        "points": Word("frame", embedded["points"].choices),
        "reducer": Word("pca", embedded["reducer"].choices),
        "edits": Word(["colour"], NAMES),
        "video_edits": Word(["reverse"], FILM_NAMES),
        "own_edits": Word([untrue]),
        "among": Word([other.id]),
    }


def describe(names: Iterable[str], inputs: Sequence[Any], outputs: Sequence[Any], words: Mapping[str, Word]) -> None:
    """Have the toolkit tell of a verb what it takes, by name, and that it answers with an object."""
    for name, part in zip(names, inputs, strict=True):
        word = words[name]
        give_example(part, word.example)
        part._api_info = {**_chosen(part._api_info, word.choices), "examples": [word.example]}
    for part in outputs:
        part._api_info = {"type": "object", "additionalProperties": {}}


def give_example(part: gr.Component, example: Any) -> None:
    """Have the toolkit show an example of what a part is sent."""
    part.example_payload = lambda: example


def _chosen(schema: dict[str, Any], choices: tuple[str, ...]) -> dict[str, Any]:
    """Return a schema whose text, or each of whose texts, is one of ``choices``, if there are any."""
    made = text = copy.deepcopy(schema)
    while choices and text.get("type") != "string":
        text = text["oneOf"][-1] if "oneOf" in text else text["items"]
    if choices:
        text["enum"] = list(choices)
    return made
