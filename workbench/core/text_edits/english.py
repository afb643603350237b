"""Whether a sentence is English, told by its letters and its small words.

Separate because it needs no tags: what is not English should never be tagged. Words such as "the" and "der" are enough
for a sentence; a detector of a hundred languages is wrong about short ones that name a brand or a place.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Mapping, Sequence


def why_not_english(
    text: str, english: Sequence[str], others: Mapping[str, Sequence[str]], known: Container[str] = ()
) -> str:
    """Return, in one sentence, why a text is not taken for English; nothing where it is.

    ``english`` are small words of English, ``others`` those of other languages, ``known`` any English words: one of
    these is enough where only one small word is of another language, as in "El Capitan at a lake". Words of no list say
    nothing: a text without small words is taken for English where its letters are Latin.
    """
    letters = [char for char in text if char.isalpha()]
    if not letters:
        return "The sentence has no words; type one in English, such as “a red circle”."
    n_latin = sum(unicodedata.name(char, "").startswith(("LATIN", "FULLWIDTH LATIN")) for char in letters)
    if 2 * n_latin < len(letters):
        return "The sentence is not in Latin letters; edits are made of English ones only."
    words = re.findall(r"[^\W\d_]+", text.lower())
    n_english = sum(word in english for word in words)
    counts = {name: sum(word in small for word in words) for name, small in others.items()}
    likely = max(counts, key=counts.__getitem__)
    is_a_name = counts[likely] == 1 and any(word in known for word in words)
    if counts[likely] > n_english and not is_a_name:
        return f"The sentence looks like {likely}; edits are made of English ones only."
    return ""
