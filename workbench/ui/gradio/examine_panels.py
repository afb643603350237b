"""What can be read from a space, as HTML. What came from outside is escaped here.

Separate from the figure, which has all of the numbers: here they are said, and those of retrieval stand in a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from workbench.figures.palette import query_colour
from workbench.types.comparison import Examination
from workbench.ui.gradio import examine_texts as texts
from workbench.ui.gradio import panels


def head(about: str) -> str:
    """Return the head of the section."""
    return f'<h3>{texts.TITLE}</h3><p class="note">{escape(about)}</p>'


def file_help(holds: str | None) -> str:
    """Return how a file of labels is written, or what the one that was brought holds."""
    if holds:
        return panels.notice(holds, "hint")
    example = escape("\n".join(texts.FILE_EXAMPLE))
    return (
        f'<p class="note">{texts.FILE_HELP}</p><pre class="rows">{example}</pre><p class="note">{texts.FILE_RULES}</p>'
    )


def said(found: Sequence[Examination], may_overlap: bool) -> str:
    """Return what was found of every model, and how sure that is."""
    lines = "".join(f"<li{_colour(number)}>{escape(each.conclusion)}</li>" for number, each in enumerate(found))
    sure = [texts.LABELS_SURE] * any(each.readings for each in found)
    sure += [texts.CAPTIONS_SURE] * any(each.captions is not None for each in found)
    sure += [texts.OVERLAP] * may_overlap
    return f'<ul class="examined">{lines}</ul><p class="how-sure">{escape(" ".join(sure))}</p>'


def numbers(found: Sequence[Examination]) -> str:
    """Return how sentences and clips find each other, as a table, and how clips lie, behind a fold."""
    rows = "".join(
        _row(number, each, looked_for) for number, each in enumerate(found) if each.captions
        for looked_for in texts.LOOKED_FOR
    )  # fmt: skip
    columns = "".join(f"<th>{name}</th>" for name in texts.TABLE_HEAD)
    table = panels.scrolled(f'<table class="examined"><tr>{columns}</tr>{rows}</table>', texts.TITLE) if rows else ""
    lies = [(each.title, texts.how_clips_lie(each)) for each in found]
    return table + panels.counted(texts.ALIGNMENT_TITLE, lies, ())


def _row(number: int, found: Examination, looked_for: str) -> str:
    ranks = getattr(found.captions, looked_for)
    shares = "".join(
        f"<td>{share:.0%} <small>{texts.by_chance(chance)}</small></td>"
        for share, chance in zip(ranks.shares, ranks.chance, strict=True)
    )
    assert found.captions is not None
    n_items = found.captions.n_clips if looked_for == "find_clips" else found.captions.n_captions
    return (
        f"<tr><td{_colour(number)}>{escape(found.title)}</td><td>{texts.LOOKED_FOR[looked_for]}</td>{shares}"
        f"<td>{ranks.median_rank:g} <small>{texts.of_all(n_items)}</small></td></tr>"
    )


def _colour(number: int) -> str:
    return f' style="--query:{query_colour(number)}"'
