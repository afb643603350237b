"""Which edited sentence is true of which edited film: what is done backwards, halves exchanged, left for right.

Separate from both kinds of edits: only together do they tell whether a model sees what happens, or prefers a sentence.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.types.edits import Edit

_TOLD_BY = {"reverse": "direction", "roll": "order"}
_MIRRORED = (
    frozenset({"left", "right"}),
    frozenset({"leftward", "rightward"}),
    frozenset({"leftwards", "rightwards"}),
    frozenset({"clockwise", "anticlockwise"}),
    frozenset({"clockwise", "counterclockwise"}),
)


def true_of(film_kind: str, edits: Sequence[Edit]) -> tuple[int, ...]:
    """Return which edits of a sentence that is true of a film are true of that film edited so.

    Of the film played backwards those of the direction, of the one with its second half first those of the order, and
    of the mirrored one left for right: unless the sentence has two such places, of which an edit changes one. What
    stands still in a direction, such as a look to the left, is wrongly taken to turn round in time.
    """
    found = [at for at, edit in enumerate(edits) if _fits(film_kind, edit)]
    places = {edits[at].changes[0].span for at in found if edits[at].changes}
    return tuple(found) if len(places) == 1 else ()


def _fits(film_kind: str, edit: Edit) -> bool:
    if film_kind == "mirror":
        pairs = [frozenset({change.before.strip().lower(), change.after.strip().lower()}) for change in edit.changes]
        return bool(pairs) and all(pair in _MIRRORED for pair in pairs)
    return edit.kind == _TOLD_BY.get(film_kind)
