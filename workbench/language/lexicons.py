"""The lexicons of this package, read from its files once.

Separate from what is made of them; the words in the files were chosen for captions of videos, by hand.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from workbench.core.text_edits.english import why_not_english
from workbench.core.text_edits.lexicon import Lexicon, lexicon_from

_FILES = ("adjectives", "categories", "colours", "directions", "inflections", "numbers", "objects", "synonyms", "verbs")


@cache
def lexicon() -> Lexicon:
    """Return the words that edits choose from."""
    return lexicon_from({name: _read(name) for name in _FILES})


def why_foreign(text: str) -> str:
    """Return why a text is not taken for English, in one sentence; nothing where it is."""
    small, words = _languages(), lexicon()
    known = words.noun_forms.keys() | words.verb_forms.keys()
    return why_not_english(text, small["english"], small["others"], known)


@cache
def _languages() -> dict[str, Any]:
    return _read("languages")


def _read(name: str) -> Any:
    return json.loads(files(__package__).joinpath("lexicon", f"{name}.json").read_text(encoding="utf-8"))
