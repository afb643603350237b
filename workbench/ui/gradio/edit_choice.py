"""What a visitor made of the edits of one sentence: some written, some corrected, some taken away.

Separate from the session, of which it is one field: edits belong to a sentence, and go with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from workbench.analyses.cases import corrected_edits
from workbench.analyses.queries import checked_query
from workbench.core.text_edits.kinds import OWN
from workbench.core.text_edits.making import edit_by_hand
from workbench.core.text_edits.rewriting import folded
from workbench.errors import QueryError
from workbench.settings import Settings
from workbench.types.edits import Edit
from workbench.ui.gradio import whatif_texts as texts

MOST_OWN, MOST_WITHOUT = 20, 200


@dataclass(frozen=True)
class EditChoice:
    """Edits of ``query``: ``written`` by their kinds, and ``without`` those taken away. ``paints``: pictures, too.

    ``corrects`` are kind and text of the edit whose place the next one takes that is written.
    """

    query: str = ""
    written: tuple[tuple[str, str], ...] = ()
    without: tuple[str, ...] = ()
    paints: bool = False
    corrects: tuple[str, str] | None = None

    @property
    def own(self) -> tuple[str, ...]:
        """The edits that the visitor thought of."""
        return tuple(text for kind, text in self.written if kind == OWN)

    @property
    def corrected(self) -> tuple[Edit, ...]:
        """Edits of the workbench as the visitor put them right, each of the kind that it was."""
        return corrected_edits(self.query, [(kind, text) for kind, text in self.written if kind != OWN])

    def of(self, query: str) -> EditChoice:
        """Return what was chosen for a sentence: nothing yet for another one."""
        return self if self.query == query else EditChoice(query, paints=self.paints)

    def with_own(self, text: str, settings: Settings, kind: str = OWN) -> EditChoice:
        """Return the choice with one more edit; ``QueryError`` for one that changes nothing, or one too many."""
        edit = edit_by_hand(self.query, checked_query(text, settings)).text
        if len(self.written) >= MOST_OWN:
            raise QueryError(texts.too_many_own(MOST_OWN))
        return replace(self, written=(*self._written_but(edit), (kind, edit)), without=_others(self.without, edit))

    def without_edit(self, text: str, settings: Settings) -> EditChoice:
        """Return the choice without an edit, whoever made it; ``QueryError`` for one too many."""
        text = checked_query(text, settings)
        if len(self.without) >= MOST_WITHOUT:
            raise QueryError(texts.too_many_without(MOST_WITHOUT))
        corrects = None if self.corrects and folded(self.corrects[1]) == folded(text) else self.corrects
        without = (*_others(self.without, text), text)
        return replace(self, written=self._written_but(text), without=without, corrects=corrects)

    def with_lines(
        self, lines: Iterable[str], settings: Settings, there: Iterable[str] = ()
    ) -> tuple[EditChoice, dict[str, str]]:
        """Return the choice with these edits, and of those that cannot be used the line and why.

        They take the place of the one that is corrected, if any; a correction of nothing leaves that as it was, and so
        does one that is refused. What is among the edits ``there`` is not wanted twice. Raises ``QueryError`` where the
        one that is corrected cannot be taken away.
        """
        said = [line for line in lines if line.strip()]
        if self.corrects and not said:
            return replace(self, corrects=None), {}
        kind, corrected = self.corrects or (OWN, "")
        begun = replace(self, corrects=None)
        begun = begun.without_edit(corrected, settings) if corrected else begun
        chosen, refused = begun, dict[str, str]()
        known = set(map(folded, there)) - {folded(corrected)}
        for line in said or [""]:
            try:
                if folded(line) in known:
                    raise QueryError(texts.is_there(line.strip()))
                chosen = chosen.with_own(line, settings, kind)
            except QueryError as problem:
                refused[line] = str(problem)
        return self if chosen is begun else chosen, refused

    def _written_but(self, text: str) -> tuple[tuple[str, str], ...]:
        return tuple((kind, each) for kind, each in self.written if folded(each) != folded(text))


def _others(texts: Iterable[str], text: str) -> tuple[str, ...]:
    return tuple(each for each in texts if folded(each) != folded(text))
