"""Where a model looked, as HTML: words to pick, verdicts, and the methods side by side. What came from outside is
escaped here.

Separate from the other panels because all of these are about maps.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from workbench.analyses.numerals import signed
from workbench.figures.palette import TEXT_SHARE, signed_colour
from workbench.types.attribution import Player
from workbench.types.maps import Agreement, HeatMaps
from workbench.ui.gradio import look_texts, panels

_VERDICT = re.compile(r"([^:]+): (yes|no)\b(.*)", re.DOTALL)


def words(said: HeatMaps, picked: int | None) -> str:
    """Return the words of a sentence as buttons, each on the colour of what it is to the cosine."""
    if not said.words:
        return ""
    known = [] if said.word_values is None else [abs(value) for value in said.word_values.tolist() if value == value]
    buttons = "".join(
        _word(said, at, word, max(known, default=0.0), at == picked) for at, word in enumerate(said.words)
    )
    return (
        f'<div class="picks words" role="group" aria-label="{look_texts.WORDS_TITLE}">{buttons}</div>'
        f'<p class="note">{look_texts.WORDS_KEY}</p>'
    )


def _word(said: HeatMaps, at: int, word: Player, most: float, is_picked: bool) -> str:
    value = float("nan") if said.word_values is None else float(said.word_values[at])
    told = "" if value != value else f"<small>{signed(value)}</small>"
    colour = signed_colour(0.0 if value != value else TEXT_SHARE * value, most)
    return (
        f'<button type="button" data-pick="{at}" aria-pressed="{str(is_picked).lower()}" style="--value:{colour}" '
        f'title="{escape(look_texts.of_word(word.label))}"><b>{escape(word.label)}</b>{told}</button>'
    )


def heading(maps: HeatMaps, sentence: str, at: int) -> str:
    """Return what a map is of, what it says, how sure that is, and what to know before believing it."""
    notes = "".join(panels.notice(warning, "warning") for warning in maps.warnings)
    title, sure = look_texts.heading(maps, sentence), look_texts.how_sure(maps, at)
    return panels.evidence(title, maps.conclusion, sure) + notes


def method(about: str, missing: Sequence[str]) -> str:
    """Return what a method does, and behind a fold which ones the model does not have."""
    fold = _fold(look_texts.NOT_WITH_THIS, missing)
    return f'<p class="note">{escape(about)}</p>{fold}'


def verdicts(maps: HeatMaps, at: int) -> str:
    """Return what the tests say of one map, yes and no made to stand out; what they would, where there are none."""
    if maps.evidence is None:
        return untested()
    # The last one says what was measured: ``numbers`` does, one by one.
    lines = maps.evidence.verdicts[look_texts.row_of(maps, at)][:-1]
    return f'<h3>{look_texts.TEST_TITLE}</h3><ul class="verdicts">{"".join(map(_verdict, lines))}</ul>'


def untested() -> str:
    """Return what tests would tell."""
    return panels.evidence(look_texts.TEST_TITLE, look_texts.TEST_HELP, "")


def _verdict(line: str) -> str:
    if not (found := _VERDICT.fullmatch(line)):
        return f"<li>{escape(line)}</li>"
    asked, answer, rest = found.groups()
    return f'<li class="{answer}">{escape(asked)}: <strong>{answer}</strong>{escape(rest)}</li>'


def numbers(maps: HeatMaps, at: int) -> str:
    """Return how to read the curves, and what was measured beside them."""
    if maps.evidence is None:
        return ""
    rows = look_texts.numbers(maps.evidence, look_texts.row_of(maps, at))
    lines = "".join(
        f'<dt><abbr title="{escape(meaning)}">{escape(name)}</abbr></dt><dd>{escape(what)}</dd>'
        for name, meaning, what in rows
    )
    return f'<p class="note">{look_texts.CURVES_KEY}</p><dl class="numbers">{lines}</dl>'


def methods(layers: Sequence[tuple[str, str]], jpeg_uri: str, aspect: float, chosen: str) -> str:
    """Return a small picture a method under its map, each with what the method is; a click chooses it.

    ``layers`` are methods with their maps as pictures; one that makes no maps is no button.
    """
    cells = []
    for name, layer in layers:
        title, about = look_texts.about_method(name)
        inside = (
            f'<span class="over"><img class="layer" alt="" src="{layer}"></span><b>{escape(title)}</b>'
            f"<small>{escape(about)}</small>"
        )
        if name in look_texts.METHODS:
            pressed = str(name == chosen).lower()
            cells.append(f'<button type="button" data-pick="{name}" aria-pressed="{pressed}">{inside}</button>')
        else:
            cells.append(f"<div>{inside}</div>")
    return (
        f'<div class="picks methods" role="group" aria-label="{look_texts.METHODS_TITLE}" '
        f'style="--frame:url({jpeg_uri});--aspect:{aspect:.4f}">{"".join(cells)}</div>'
    )


def compared(found: Agreement, at: int) -> str:
    """Return how far methods agree, what could not be compared, with why, and behind a fold what to know of each."""
    fold = _fold(look_texts.TO_KNOW, found.warnings)
    missing = "".join(f'<p class="note">{escape(why)}</p>' for _, why in found.missing)
    heading = panels.evidence(look_texts.compared(found, at), found.conclusion, look_texts.AGREEMENT_KEY)
    return heading + missing + fold


def _fold(title: str, lines: Sequence[str]) -> str:
    """Return lines behind a fold; nothing where there are none."""
    listed = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f'<details class="note"><summary>{title}</summary><ul>{listed}</ul></details>' if lines else ""
