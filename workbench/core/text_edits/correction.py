"""Tags put right where a tagger of news and web pages misreads a caption: "moves left" is no noun and a past tense.

Separate because a tagger knows English and not captions; here the words that edits know decide what is a verb.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from workbench.core.text_edits.lexicon import Lexicon
from workbench.core.text_edits.sentence import Word

_JOINTS = ("then", "and", "while", "before", "after", "but", ",", "as", "because")
_AFTER_A_VERB = ("DT", "PRP$", "PRP", "IN", "RB", "RP", "TO", "CC", "CD", ",", ".", ":", "")


def corrected(words: Sequence[Word], lexicon: Lexicon) -> tuple[Word, ...]:
    """Return the words with the tags of directions, and of verbs that were taken for nouns, put right."""
    found = list(words)
    ways = {way for way in lexicon.directions.anywhere if " " not in way}
    for at, word in enumerate(found):
        before = found[at - 1] if at else None
        if word.lower in ("left", "right"):
            after = found[at + 1].lower if at + 1 < len(found) else ""
            is_way = before is not None and (before.is_verb or _third_person(before, lexicon) or after == "of")
            if is_way and (at + 1 == len(found) or found[at + 1].tag not in ("DT", "PRP$", "NN", "NNS", "PRP")):
                found[at] = replace(word, tag="RB")
            elif (
                word.tag.startswith("VB")
                and before is not None
                and before.lower in ("his", "her", "their", "the", "its")
            ):
                found[at] = replace(word, tag="JJ")
        elif word.lower in ways and word.tag not in ("IN", "RB"):
            found[at] = replace(word, tag="RB")
        elif (word.tag == "NNP" and word.lower in lexicon.noun_forms) or (
            word.tag in ("JJ", "VB", "VBP") and word.lower in lexicon.noun_forms and _ends_a_phrase(found, at, lexicon)
        ):
            found[at] = replace(word, tag="NN")
        elif word.lower in lexicon.colours and word.tag in ("NNP", "VBN", "VB", "RB"):
            found[at] = replace(word, tag="JJ")
    for at, word in enumerate(found):
        verb = _verb_taken_for_a_noun(found, at, lexicon)
        if verb:
            found[at] = replace(word, tag=verb, lemma=lexicon.verb_forms[word.lower][0][0])
    return tuple(found)


def _third_person(word: Word, lexicon: Lexicon) -> bool:
    return any(tag == "VBZ" for _, tag in lexicon.verb_forms.get(word.lower, ()))


def _ends_a_phrase(words: Sequence[Word], at: int, lexicon: Lexicon) -> bool:
    """Return whether a word can only be the noun of its phrase: "square" in "a red square bounces"."""
    before = words[at - 1] if at else None
    if before is None or not (before.tag in ("DT", "JJ", "CD") or before.lower in lexicon.colours):
        return False
    return at + 1 == len(words) or words[at + 1].tag in ("IN", "RB", "VBZ", "VBD", "CC", ".") or (
        _third_person(words[at + 1], lexicon)
    )  # fmt: skip


def _verb_taken_for_a_noun(words: Sequence[Word], at: int, lexicon: Lexicon) -> str:
    """Return the tag of a verb for a word that is tagged otherwise, or nothing where the tag can stand."""
    word = words[at]
    if at == 0 or word.is_verb:
        return ""
    tags = [tag for _, tag in lexicon.verb_forms.get(word.lower, ())]
    first = max((i + 1 for i in range(at) if words[i].lower in _JOINTS), default=0)
    past = min((i for i in range(at + 1, len(words)) if words[i].lower in _JOINTS), default=len(words))
    before, after = words[at - 1], words[at + 1] if at + 1 < len(words) else None
    if "VBG" in tags and first == at and any(other.tag == "VBG" for other in words[:at]):
        return "VBG"
    if "VBZ" not in tags or any(other.is_finite for i, other in enumerate(words[first:past], first) if i != at):
        return ""
    follows = before.tag in ("NN", "NNS", "NNP", "PRP") or before.lower in lexicon.colours or first == at
    has_subject = first == at or any(other.is_noun for other in words[first:at] if other.lower not in lexicon.colours)
    leads = after is None or after.tag in _AFTER_A_VERB or after.lower in lexicon.adverbs
    return "VBZ" if follows and has_subject and leads else ""
