"""What models notice of what was changed: a row for each kind of edit.

Separate from one film and one sentence, of which the scores themselves are shown: here they are counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import plotly.graph_objects as go

from workbench.figures.shares import Dot, shares_figure
from workbench.types.probe import PAIR_CHANCE, Estimate, KindRow, ProbeReport

TEXTS, FILMS, CHANGED, PAIRS = (
    "true sentence above its edit",
    "video above its edit",
    "another sentence comes first",
    "both videos, both sentences",
)
_PAIR_ROWS = ("text", "video", "group")
_SIDE_PX = 190


def probe_figure(found: Sequence[ProbeReport]) -> go.Figure:
    """Return probes of the same films and sentences in one picture; hollow is what a model cannot know."""
    return shares_figure([each.title for each in found], [list(_dots(each)) for each in found], _SIDE_PX)


def _dots(found: ProbeReport) -> Iterator[Dot]:
    for row in found.rows:
        if row.of == "sentence" and row.role != "control":
            note = f"guessed without seeing the video: {row.blind.value:.0%}" if row.blind else ""
            yield _dot(TEXTS, row.title, row.told, row.chance, row, note)
    for pair in found.pairs:
        for name, share, chance in zip(_PAIR_ROWS, (pair.text, pair.film, pair.group), PAIR_CHANCE, strict=True):
            at = f"{pair.film_kind}, {pair.text_kind}: {name}"
            yield Dot(PAIRS, at, share.value, chance, (share.low, share.high), hollow=pair.verdict == "cannot")
    for row in found.rows:
        if row.of == "video" and row.role != "control":
            yield _dot(FILMS, row.title, row.told, row.chance, row)
    for row in found.rows:
        if row.role == "control" and row.changed:
            yield _dot(CHANGED, row.title, row.changed, 0.0, row, "nothing that is told was changed")


def _dot(block: str, name: str, share: Estimate, chance: float, row: KindRow, note: str = "") -> Dot:
    told = f"{note}{'; ' if note else ''}{share.n_edits:,} edits of {share.n_videos:,} videos"
    return Dot(block, name, share.value, chance, (share.low, share.high), told, row.verdict == "cannot")
