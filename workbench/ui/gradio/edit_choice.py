"""What a visitor made of the edits of one sentence: some written, some taken away.

Separate from the session, of which it is one field: edits belong to a sentence, and go with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from workbench.analyses.queries import checked_query
from workbench.core.text_edits.making import edit_by_hand
from workbench.core.text_edits.rewriting import folded
from workbench.errors import QueryError
from workbench.settings import Settings

MOST_OWN, MOST_WITHOUT = 20, 200


@dataclass(frozen=True)
class EditChoice:
    """Edits of ``query``: ``own`` were written, ``without`` taken away. ``paints``: pictures are changed, too."""

    query: str = ""
    own: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    paints: bool = False

    def of(self, query: str) -> EditChoice:
        """Return what was chosen for a sentence: nothing yet for another one."""
        return self if self.query == query else EditChoice(query, paints=self.paints)

    def with_own(self, text: str, settings: Settings) -> EditChoice:
        """Return the choice with one more edit; ``QueryError`` for one that changes nothing, or one too many."""
        edit = edit_by_hand(self.query, checked_query(text, settings)).text
        if len(self.own) >= MOST_OWN:
            raise QueryError(f"{MOST_OWN} edits of one's own are the most; take one away first.")
        without = _others(self.without, edit)
        return replace(self, own=(*_others(self.own, edit), edit), without=without)

    def without_edit(self, text: str, settings: Settings) -> EditChoice:
        """Return the choice without an edit, whoever made it; ``QueryError`` for one too many."""
        text = checked_query(text, settings)
        if len(self.without) >= MOST_WITHOUT:
            raise QueryError(f"{MOST_WITHOUT} edits are the most that can be taken away; change the sentence.")
        return replace(self, own=_others(self.own, text), without=(*_others(self.without, text), text))


def _others(texts: Iterable[str], text: str) -> tuple[str, ...]:
    return tuple(each for each in texts if folded(each) != folded(text))
