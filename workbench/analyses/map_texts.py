"""What maps say, in plain sentences written from their numbers, as JSON and for a terminal.

Separate from the maps, whose numbers do not know how they read.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.analyses.ground import clock
from workbench.analyses.map_methods import METHODS
from workbench.analyses.numerals import number
from workbench.analyses.plain import plain
from workbench.analyses.verdicts import is_about_model, is_about_sentence, is_better_than_random
from workbench.types.maps import Agreement, Evidence, HeatMaps

_TOP = 0.1
_SHADES = " .:-=+*#%@"


def title_of(method: str) -> str:
    """Return what a method is called."""
    return METHODS[method].title if method in METHODS else "Banzhaf"


def about_maps(maps: HeatMaps) -> str:
    """Return where the strongest map is strongest, and how much of it is there."""
    at = maps.best
    values = maps.values[at]
    where = f"in the frame at {clock(float(maps.times_s[at]))}"
    title = title_of(maps.method)
    if values.max() <= 0:
        return f"{title} finds nothing {where} that the cosine of {number(float(maps.scores[at]))} comes from."
    top = int(values.argmax())
    row, column = divmod(top, maps.grid[1])
    n_top = max(1, round(_TOP * len(values)))
    raising = np.maximum(values, 0)
    part = float(np.sort(raising)[-n_top:].sum() / raising.sum())
    what = "there is"
    if maps.is_signed:
        what = "is like the sentence above the mean" if maps.method == "similarity" else "raises the cosine"
    return (
        f"{title} is strongest {where} in row {row + 1}, column {column + 1} of {maps.grid[0]} x {maps.grid[1]}; the "
        f"{n_top} strongest cells have {part:.0%} of all that {what}."
    )


def about_agreement(found: Agreement) -> str:
    """Return which methods agree most and least."""
    first, second = np.triu_indices(len(found.methods), 1)
    values = found.correlations[first, second]
    if np.isnan(values).all():
        return "No two of the methods have an order to compare."
    most, least = int(np.nanargmax(values)), int(np.nanargmin(values))

    def pair(at: int) -> str:
        one, other = title_of(found.methods[first[at]]), title_of(found.methods[second[at]])
        return f"{one} and {other} ({_two(values[at])})"

    median = _two(np.nanmedian(values))
    return f"{pair(most)} agree most, {pair(least)} least; the median rank correlation is {median}."


def _two(value: float) -> str:
    return f"{value:+.2f}".replace("-", "\N{MINUS SIGN}")


def trust(maps: HeatMaps, evidence: Evidence, row: int) -> str:
    """Return in a few words how far a map can be trusted."""
    if not is_better_than_random(evidence, row):
        return "not shown"
    if not is_about_sentence(maps, evidence, row):
        return "whatever the sentence"
    return "not shown to be learned" if is_about_model(evidence, row) is False else "better than random"


def maps_as_json(maps: HeatMaps) -> dict[str, Any]:
    """Return maps in plain JSON types; the keys are the command line's contract."""
    return {
        "method": maps.method,
        "query": maps.query,
        "conclusion": maps.conclusion,
        "score": maps.score,
        "times_s": plain(maps.times_s),
        "scores": plain(maps.scores),
        "grid": list(maps.grid),
        "seen": list(maps.seen),
        "values": plain(maps.values),
        "is_signed": maps.is_signed,
        "is_about_sentence": maps.is_about_sentence,
        "words": plain(maps.words),
        "word_values": plain(maps.word_values),
        "evidence": None if maps.evidence is None else _evidence_as_json(maps.evidence),
        "warnings": list(maps.warnings),
    }


def _evidence_as_json(evidence: Evidence) -> dict[str, Any]:
    names = [name for name in vars(evidence) if name not in ("verdicts", "contrast", "n_masks")]
    return {
        "verdicts": [list(lines) for lines in evidence.verdicts],
        "contrast": evidence.contrast,
        "n_masks": evidence.n_masks,
        **{name: plain(getattr(evidence, name)) for name in names},
    }


def agreement_as_json(found: Agreement) -> dict[str, Any]:
    """Return an agreement in plain JSON types."""
    return {
        "method": "all",
        "query": found.maps[0].query,
        "conclusion": found.conclusion,
        "methods": list(found.methods),
        "correlations": plain(found.correlations),
        "maps": [maps_as_json(maps) for maps in found.maps],
        "missing": dict(found.missing),
    }


def maps_as_text(maps: HeatMaps) -> str:
    """Return the strongest map as a picture of characters, the words, and what the evidence says."""
    lines = [f"{maps.query}: {maps.score}", maps.conclusion]
    at = maps.best
    lines += [f"  {clock(float(maps.times_s[at]))}  cosine {number(float(maps.scores[at]))}", *_drawn(maps, at)]
    if maps.word_values is not None:
        width = max(len(word.label) for word in maps.words)
        lines += [f"  {w.label:<{width}}  {v:+.4f}" for w, v in zip(maps.words, maps.word_values, strict=True)]
    if maps.evidence is not None:
        n_rows = len(maps.evidence.p_random)
        row = at * n_rows // len(maps.times_s)
        lines += maps.evidence.verdicts[row]
        if n_rows > 1:
            lines += [
                f"  {clock(float(time_s))}  {trust(maps, maps.evidence, number_)}"
                for number_, time_s in enumerate(maps.times_s)
            ]
    return "\n".join(lines)


def _drawn(maps: HeatMaps, at: int) -> list[str]:
    values = maps.values[at].reshape(maps.grid)
    most = float(np.abs(values).max()) or 1.0
    steps = np.clip(np.maximum(values, 0) / most * (len(_SHADES) - 1), 0, len(_SHADES) - 1).round().astype(int)
    return ["    |" + "".join(_SHADES[step] * 2 for step in row) + "|" for row in steps]


def agreement_as_text(found: Agreement) -> str:
    """Return the rank correlation of every two methods as a table, and what could not be made."""
    width = max(len(title_of(name)) for name in found.methods)
    lines = [f"{found.maps[0].query}: {found.maps[0].score}", found.conclusion]
    lines.append(" " * (width + 2) + "".join(f"{at + 1:>7}" for at in range(len(found.methods))))
    for at, name in enumerate(found.methods):
        row = "".join("      -" if value != value else f"{value:>7.2f}" for value in found.correlations[at])
        lines.append(f"  {title_of(name):<{width}}{row}  {at + 1}")
    lines += [why for _, why in found.missing]
    return "\n".join(lines)
