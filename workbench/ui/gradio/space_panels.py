"""The space of a model, as HTML: its groups, and what is nearest to a point. What came from outside is escaped here.

Separate because all of these are about points, each of which can be picked by the number of its row.
"""

from __future__ import annotations

from html import escape

import numpy as np

from workbench.analyses.embedding_texts import about_gap
from workbench.figures.palette import query_colour
from workbench.types.embedding import EmbeddingMap, Items
from workbench.ui.gradio import space_texts as texts
from workbench.ui.gradio.routes import picture_url

_MOST_NEAR, _MOST_GROUPS = 8, 12
_COLOURED = 7


def groups(found: EmbeddingMap) -> str:
    """Return the groups of a map, each by its exemplars and what sets it apart."""
    head = f"<h3>{texts.GROUPS_TITLE}</h3>"
    if found.groups is None:
        return f'{head}<p class="note">{texts.NO_GROUPS}</p>'
    shown, margins = [], found.groups.margins.tolist()
    for number, (name, exemplars) in enumerate(zip(found.groups.names, found.groups.exemplars.tolist(), strict=True)):
        if number == _MOST_GROUPS:
            shown.append(f'<li class="note">{texts.smaller_groups(len(found.groups.names) - number)}</li>')
            break
        members = int((found.groups.labels == number).sum())
        colour = query_colour(number) if number < _COLOURED else "transparent"
        pictures = "".join(point(found.items, row) for row in exemplars if row >= 0)
        title = escape(name) if name else f"<i>{texts.NO_NAME}</i>"
        size = texts.size_of(members, margins[number] if name else None)
        shown.append(
            f'<li style="--query:{colour}"><span class="group-name"><b>{number + 1}</b> {title} '
            f'<small>{size}</small></span><span class="pictures">{pictures}</span></li>'
        )
    return f'{head}<p class="note">{texts.GROUPS_KEY}</p><ol class="groups">{"".join(shown)}</ol>'


def gap(found: EmbeddingMap) -> str:
    """Return what is said of the gap between pictures and sentences; nothing of rows of a file."""
    if found.items.kinds[0] == "row":
        return ""
    return f"<h3>{texts.GAP_TITLE}</h3><p>{escape(about_gap(found.gap))}</p>"


def near(found: EmbeddingMap, row: int | None, here: str) -> str:
    """Return what is nearest to a point in the space, and whether the map shows that; ``here`` is the film on show."""
    head = f"<h3>{texts.NEAR_TITLE}</h3>"
    if row is None:
        return f'{head}<p class="note">{texts.NO_NEAR}</p>'
    indices = found.neighbours.indices[row, :_MOST_NEAR].tolist()
    cosines = 1 - found.neighbours.distances[row, :_MOST_NEAR]
    torn = f'<p class="notice warning">{texts.TORN}</p>' if found.is_torn[row] else ""
    own = point(found.items, row) if found.items.videos[row] else ""
    lines = "".join(
        f"<li>{point(found.items, at)}<small>{texts.cosine_of(cosine)}</small></li>"
        for at, cosine in zip(indices, cosines.tolist(), strict=True)
    )
    said = escape(found.items.described(row))
    said = f"“{said}”" if found.items.kinds[row] == "sentence" else said
    own = f'<p class="near-own">{own}<b>{said}</b>{_opening(found, row, here)}</p>'
    return f'{head}{own}{torn}<ol class="near" data-rows="{row}">{lines}</ol>'


def _opening(found: EmbeddingMap, row: int, here: str) -> str:
    """Return a button that opens the film of a point where the point is; nothing for the film on show."""
    video, kind = found.items.videos[row], found.items.kinds[row]
    if video in ("", here) or kind == "picture":
        return ""
    at_s = float(found.items.spans_s[row].mean())
    return f'<button type="button" class="plain" data-open="{video}" data-at="{at_s:.3f}">{texts.OPEN}</button>'


def point(items: Items, row: int) -> str:
    """Return a small picture of a point that picks it, with its film where that is one of several; else its words."""
    said = escape(items.described(row))
    if not items.videos[row] or np.isnan(items.spans_s[row, 0]):
        return f'<button type="button" data-pick="{row}">{said}</button>'
    source = picture_url(items.videos[row], float(items.spans_s[row].mean()))
    film = f'<small class="of">{escape(str(items.columns["video"][row]))}</small>' if _is_of_several(items) else ""
    return (
        f'<button type="button" class="point" data-pick="{row}" title="{said}">'
        f'<img src="{source}" alt="{said}" ><small>{escape(items.labels[row])}</small>{film}</button>'
    )


def _is_of_several(items: Items) -> bool:
    """Return whether items are of more than one film; looked at no further than to the second."""
    films = filter(None, items.videos)
    first = next(films, "")
    return any(film != first for film in films)
