"""Two spaces that were compared for a page that stands on its own: both maps, and what both disagree about most.

Separate from the report of one space, as nothing of it is of one model.
"""

from __future__ import annotations

from html import escape

from workbench.figures.comparison import comparison_figure, with_hover
from workbench.figures.figure_html import figure_html
from workbench.figures.report import Section
from workbench.types.comparison import SpaceComparison
from workbench.types.outcome import Outcome

_MOST_ITEMS = 40
_WITH_NEIGHBOURS = 10
_MOST_NEIGHBOURS = 3


def comparison_section(outcome: Outcome[SpaceComparison]) -> Section:
    """Return a comparison as a part of a page."""
    found, made = outcome.result, outcome.provenance
    picture = figure_html(with_hover(comparison_figure(found), found))
    films = dict.fromkeys(film for film in found.items.columns["video"].tolist() if film)
    facts = {
        "videos": "; ".join(films),
        "model": f"{made.model_id}, revision {made.model_revision[:12]}",
        "other model": f"{made.parameters['other']}, revision {str(made.parameters['other_revision'])[:12]}",
        **{
            name: value
            for name, value in made.parameters.items()
            if value not in (None, "", ()) and name not in ("videos", "other", "other_revision")
        },
        **made.versions,
    }
    said = f"<p>{escape(found.conclusion)}</p>{_disagreements(found)}"
    return Section("Two models, the same videos", picture, found.warnings, said, facts, (made.command,))


def _disagreements(found: SpaceComparison) -> str:
    rows = [row for row in found.order[:_MOST_ITEMS].tolist() if found.overlap[row] < 1]
    if not rows:
        return ""
    lines = "".join(_line(found, row, at < _WITH_NEIGHBOURS) for at, row in enumerate(rows))
    near = "".join(f"<th>nearest for {escape(title)}</th>" for title in found.titles)
    return f"<h2>What they disagree about most</h2><table><tr><th>point</th><th>shared</th>{near}</tr>{lines}</table>"


def _line(found: SpaceComparison, row: int, is_shown_near: bool) -> str:
    count = round(float(found.overlap[row]) * found.n_neighbours)
    near = [
        "; ".join(found.items.described(at) for at in neighbours.indices[row, :_MOST_NEIGHBOURS].tolist())
        for neighbours in found.neighbours
    ]
    cells = [found.items.described(row), f"{count} of {found.n_neighbours}", *(near if is_shown_near else ["", ""])]
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
