"""The space of a model, as HTML: its groups, and what is nearest to a point. What came from outside is escaped here.

Separate because all of these are about points, each of which can be picked by the number of its row.
"""

from __future__ import annotations

from html import escape

import numpy as np

from workbench.figures.palette import query_colour
from workbench.types.embedding import EmbeddingMap
from workbench.ui.gradio import space_texts as texts
from workbench.ui.gradio.routes import picture_url

_MOST_NEAR, _MOST_GROUPS = 8, 12
_COLOURED = 7


def groups(found: EmbeddingMap) -> str:
    """Return the groups of a map, each by its exemplars and what sets it apart."""
    head = f"<h3>{texts.GROUPS_TITLE}</h3>"
    if found.groups is None:
        return f'{head}<p class="note">{texts.NO_GROUPS}</p>'
    shown = []
    for number, (name, exemplars) in enumerate(zip(found.groups.names, found.groups.exemplars.tolist(), strict=True)):
        if number == _MOST_GROUPS:
            shown.append(f'<li class="note">and {len(found.groups.names) - number} smaller ones</li>')
            break
        members = int((found.groups.labels == number).sum())
        colour = query_colour(number) if number < _COLOURED else "transparent"
        pictures = "".join(_picture(found, row) for row in exemplars if row >= 0)
        title = escape(name) if name else "<i>no sentence sets it apart</i>"
        shown.append(
            f'<li style="--query:{colour}"><span class="group-name"><b>{number + 1}</b> {title} '
            f'<small>{members:,}</small></span><span class="pictures">{pictures}</span></li>'
        )
    return f'{head}<ol class="groups">{"".join(shown)}</ol>'


def near(found: EmbeddingMap, row: int | None) -> str:
    """Return what is nearest to a point in the space, and whether the map shows that."""
    head = f"<h3>{texts.NEAR_TITLE}</h3>"
    if row is None:
        return f'{head}<p class="note">{texts.NO_NEAR}</p>'
    indices = found.neighbours.indices[row, :_MOST_NEAR].tolist()
    cosines = 1 - found.neighbours.distances[row, :_MOST_NEAR]
    torn = '<p class="notice warning">Its true neighbours are elsewhere on this map.</p>' if found.is_torn[row] else ""
    own = _picture(found, row) if found.items.videos[row] else ""
    lines = "".join(
        f"<li>{_picture(found, at)}<small>cosine {cosine:.3f}</small></li>"
        for at, cosine in zip(indices, cosines.tolist(), strict=True)
    )
    said = escape(found.items.described(row))
    return f'{head}<p class="near-own">{own}<b>{said}</b></p>{torn}<ol class="near" data-rows="{row}">{lines}</ol>'


def _picture(found: EmbeddingMap, row: int) -> str:
    """Return a small picture of a point that picks it; of a sentence its words."""
    items, said = found.items, escape(found.items.described(row))
    if not items.videos[row] or np.isnan(items.spans_s[row, 0]):
        return f'<button type="button" data-pick="{row}">{said}</button>'
    source = picture_url(items.videos[row], float(items.spans_s[row].mean()))
    return (
        f'<button type="button" class="point" data-pick="{row}" title="{said}">'
        f'<img src="{source}" alt="{said}" ><small>{escape(items.labels[row])}</small></button>'
    )
