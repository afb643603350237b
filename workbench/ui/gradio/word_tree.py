"""A sentence as a tree of phrases and words, each on the colour of what it adds.

Separate because it is a picture made of text, which a reader can select and a screen reader can read.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from workbench.analyses.numerals import signed
from workbench.figures.palette import TEXT_SHARE, signed_colour
from workbench.types.attribution import Attribution, Player


def word_tree(words: Attribution, phrases: Attribution | None) -> str:
    """Return the sentence, its phrases where some hold several words, and its words, with values and intervals."""
    most = max(map(abs, words.values.tolist()), default=0.0)
    leaves = [_box(words, at, most, f'data-word="{at}"') for at in range(len(words.players))]
    if phrases is None or len(phrases.players) < 2 or not _is_tree(phrases.players, words.players):
        rows = "".join(leaves)
    else:
        above = max(map(abs, phrases.values.tolist()), default=0.0)
        rows = "".join(
            f'<div class="phrase">{_box(phrases, at, above) if phrase.kind == "phrase" else ""}'
            f'<div class="words">{"".join(leaves[i] for i in _within(phrase, words.players))}</div></div>'
            for at, phrase in enumerate(phrases.players)
        )
    score = f"{signed(words.full_value - words.empty_value)} from nothing to the whole sentence"
    return (
        f'<div class="word-tree" role="group" aria-label="{escape(words.query)}">'
        f'<div class="whole">{escape(words.query)}<small>{escape(score)}</small></div>'
        f'<div class="words">{rows}</div></div>'
    )


def _is_tree(phrases: Sequence[Player], words: Sequence[Player]) -> bool:
    """Return whether there are phrases, and every one of ``words`` stands in one."""
    are_words = all(phrase.kind == "word" for phrase in phrases)
    return not are_words and sum(len(_within(phrase, words)) for phrase in phrases) == len(words)


def _within(phrase: Player, words: Sequence[Player]) -> list[int]:
    return [at for at, word in enumerate(words) if phrase.span[0] <= word.span[0] and word.span[1] <= phrase.span[1]]


def _box(found: Attribution, at: int, most: float, more: str = "") -> str:
    value = float(found.values[at])
    error = "" if found.value_errors is None else f"<i>± {1.96 * found.value_errors[at]:.2g}</i>"
    colour = signed_colour(TEXT_SHARE * value, most)
    kind = "word" if more else "phrase-box"
    return (
        f'<span class="{kind}" {more} style="--value:{colour}"><b>{escape(found.players[at].label)}</b>'
        f"<small>{signed(value)}{error}</small></span>"
    )
