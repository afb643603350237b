"""A map of an embedding space for a page that stands on its own: the map, its groups, and how far it can be trusted.

Separate from the report of one film, as a map is of many.
"""

from __future__ import annotations

from html import escape

from workbench.figures.embedding import embedding_figure, with_hover
from workbench.figures.figure_html import figure_html
from workbench.figures.gap import gap_figure
from workbench.figures.report import Section
from workbench.types.embedding import ASKED, EmbeddingMap
from workbench.types.outcome import Outcome

_MOST_NEIGHBOURS = 3


def embedding_section(outcome: Outcome[EmbeddingMap], gap_said: str) -> Section:
    """Return a map as a part of a page; ``gap_said`` tells of the gap between pictures and sentences."""
    found, made = outcome.result, outcome.provenance
    picture = figure_html(with_hover(embedding_figure(found), found))
    of_films = found.items.kinds[0] != "row"
    films = dict.fromkeys(film for film in found.items.columns["video"].tolist() if film) if of_films else ()
    facts = {
        **({"videos": "; ".join(films)} if films else {}),
        "model": f"{made.model_id}, revision {made.model_revision[:12]}",
        **{
            name: value
            for name, value in made.parameters.items()
            if value not in (None, "", ()) and name != "fitted_on"
        },
        **made.versions,
    }
    gap = f"<h2>Pictures and words</h2><p>{escape(gap_said)}</p>{_gap(found)}" if of_films else ""
    said = f"<p>{escape(found.conclusion)}</p>{_groups(found)}{_sentences(found)}{gap}"
    return Section("Embedding space", picture, found.warnings, said, facts, (made.command,))


def _gap(found: EmbeddingMap) -> str:
    if found.gap is None:
        return ""
    views = []
    for title, is_centred in (("As they are", False), ("Each kind less its own mean", True)):
        views.append(f"<h3>{title}</h3>{figure_html(gap_figure(found.gap, found.items, is_centred))}")
    return "".join(views)


def _groups(found: EmbeddingMap) -> str:
    if found.groups is None:
        return ""
    rows = "".join(
        f"<tr><td>{number + 1}</td><td>{int((found.groups.labels == number).sum()):,}</td>"
        f"<td>{escape(name) or '-'}</td>"
        f"<td>{escape(found.items.described(int(exemplars[0])))}</td></tr>"
        for number, (name, exemplars) in enumerate(zip(found.groups.names, found.groups.exemplars, strict=True))
    )
    head = "<tr><th>group</th><th>points</th><th>told apart by</th><th>in its middle</th></tr>"
    return f"<h2>Groups</h2><table>{head}{rows}</table>"


def _sentences(found: EmbeddingMap) -> str:
    lines = []
    for row, kind in enumerate(found.items.kinds):
        if kind in ASKED:
            near = found.neighbours.indices[row, :_MOST_NEIGHBOURS].tolist()
            described = "; ".join(found.items.described(at) for at in near)
            lines.append(f"<tr><td>{escape(found.items.labels[row])}</td><td>{escape(described)}</td></tr>")
    head = "<tr><th>looked for</th><th>what is nearest</th></tr>"
    return f"<h2>What was looked for</h2><table>{head}{''.join(lines)}</table>" if lines else ""
