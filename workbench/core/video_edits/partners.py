"""Which edited sentence is true of which edited film: what is done backwards, halves exchanged, left for right.

Separate from both kinds of edits: only together do they tell whether a model sees what happens, or prefers a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from workbench.types.edits import Edit

_MIRRORED = (
    frozenset({"left", "right"}),
    frozenset({"leftward", "rightward"}),
    frozenset({"leftwards", "rightwards"}),
    frozenset({"clockwise", "anticlockwise"}),
    frozenset({"clockwise", "counterclockwise"}),
)
_REVERSED = (
    *_MIRRORED,
    frozenset({"up", "down"}),
    frozenset({"upward", "downward"}),
    frozenset({"upwards", "downwards"}),
    frozenset({"forward", "backward"}),
    frozenset({"forwards", "backwards"}),
    frozenset({"towards", "away from"}),
    frozenset({"toward", "away from"}),
    frozenset({"into", "out of"}),
    frozenset({"in", "out"}),
    frozenset({"onto", "off"}),
)
_SEVERAL = re.compile(r"\b(then|before|after|until|while|and)\b", re.IGNORECASE)
"""What may join several events, of which each is undone backwards, and the last one first."""


def true_of(film_kind: str, edits: Sequence[Edit]) -> tuple[int, ...]:
    """Return which edits of a sentence that is true of a film are true of that film edited so.

    Of the film played backwards those that say the opposite direction, unless the sentence may tell of several events;
    of the one with its second half first those of the order; and of the mirrored one left for right. Of none where the
    sentence has two such places, of which an edit changes one. What stands still in a direction, such as a look to the
    left, is wrongly taken to turn round in time, and one event is taken to end, and the other to begin, at half time.
    """
    found = [at for at, edit in enumerate(edits) if _fits(film_kind, edit)]
    places = {edits[at].changes[0].span for at in found if edits[at].changes}
    return tuple(found) if len(places) == 1 else ()


def _fits(film_kind: str, edit: Edit) -> bool:
    if film_kind == "roll":
        return edit.kind == "order"
    opposites = {"reverse": _REVERSED, "mirror": _MIRRORED}.get(film_kind, ())
    if film_kind == "reverse" and (edit.kind != "direction" or _SEVERAL.search(edit.text)):
        return False
    pairs = [frozenset({change.before.strip().lower(), change.after.strip().lower()}) for change in edit.changes]
    return bool(pairs) and all(pair in opposites for pair in pairs)
