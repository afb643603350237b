"""Other words for the same: the control, which should change no answer.

Separate from the edits of meaning, which it is held against.
"""

from __future__ import annotations

from collections.abc import Iterator

from numpy.random import Generator

from workbench.core.text_edits.lexicon import Lexicon
from workbench.core.text_edits.negation import SHOWING
from workbench.core.text_edits.objects import same_nouns
from workbench.core.text_edits.rewriting import Replacement, Rewrite, in_the_middle
from workbench.core.text_edits.sentence import Sentence
from workbench.core.text_edits.substitution import Place, swap
from workbench.core.text_edits.verbs import same_verbs


def paraphrases(sentence: Sentence, lexicon: Lexicon, rng: Generator) -> Iterator[Place]:
    """Yield synonyms of verbs, nouns, adjectives and phrases, and at last a frame around the whole sentence."""
    yield from same_verbs(sentence, lexicon)
    yield from same_nouns(sentence, lexicon)
    for at, word in enumerate(sentence.words):
        if word.tag == "JJ" and word.lower in lexicon.synonyms.adjectives:
            yield [swap(sentence, at, at + 1, other) for other in lexicon.synonyms.adjectives[word.lower]]
        for phrase, others in lexicon.synonyms.phrases.items():
            length = sentence.says(at, phrase)
            if length and not word.is_verb:
                yield [swap(sentence, at, at + length, other) for other in others]
    frame = _frame(sentence)
    yield [frame] if frame else []


def _frame(sentence: Sentence) -> Rewrite | None:
    phrases = sentence.noun_phrases
    if any(word.is_finite for word in sentence.words):
        said = "in this video, "
    elif (
        phrases
        and phrases[0].first == 0
        and sentence.lower(0) != "no"
        and sentence.lower(phrases[0].head) not in SHOWING
    ):
        said = "a video of "
    else:
        return None
    return Rewrite((Replacement(0, 1, said + in_the_middle(sentence, 0, 1)),), "", said.strip(" ,"))
