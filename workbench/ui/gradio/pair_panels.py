"""What two models put beside the same points, as HTML. What came from outside is escaped here."""

from __future__ import annotations

from html import escape

from workbench.analyses.compare_texts import shared
from workbench.types.comparison import SpaceComparison
from workbench.ui.gradio import pair_texts as texts
from workbench.ui.gradio.space_panels import point

_MOST_NEAR, _MOST_ITEMS = 6, 12


def near(found: SpaceComparison, row: int | None) -> str:
    """Return what is nearest to a point for each model; what is so for both is marked."""
    head = f"<h3>{texts.NEAR_TITLE}</h3>"
    if row is None:
        return f'{head}<p class="note">{texts.NO_NEAR}</p>'
    rows = [neighbours.indices[row, :_MOST_NEAR].tolist() for neighbours in found.neighbours]
    both = set(rows[0]) & set(rows[1])
    lines = "".join(
        f'<h4>{escape(title)}</h4><ol class="near">'
        + "".join(f"<li{' class=shared' if at in both else ''}>{point(found.items, at)}</li>" for at in near)
        + "</ol>"
        for title, near in zip(found.titles, rows, strict=True)
    )
    said = f"<b>{escape(found.items.described(row))}</b> {shared(found, row)} {texts.SHARED}"
    own = f'<p class="near-own">{point(found.items, row)}<span>{said}</span></p>'
    return f'{head}{own}<div data-rows="{row}">{lines}</div>'


def most(found: SpaceComparison) -> str:
    """Return the points that both disagree about most, each to be picked."""
    rows = [row for row in found.order[:_MOST_ITEMS].tolist() if found.overlap[row] < 1]
    if not rows:
        return ""
    lines = "".join(f"<li>{point(found.items, row)}<small>{shared(found, row)}</small></li>" for row in rows)
    return f'<h3>{texts.MOST_TITLE}</h3><ol class="near">{lines}</ol>'
