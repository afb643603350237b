"""What can be read from one space or several: a row for each label and probe.

Separate from maps of a space: here a space is a line of numbers, and every number stands beside what chance gives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import plotly.graph_objects as go

from workbench.figures.shares import Dot, shares_figure
from workbench.types.comparison import Examination

PROBES = {"linear": "linear map", "neighbours": "neighbours"}
RANKS = ("first", "in first 5", "in first 10")
DIRECTIONS = {"find_clips": "sentence finds its clip", "are_found": "clip finds its sentence"}
_SIDE_PX = 84


def examination_figure(found: Sequence[Examination]) -> go.Figure:
    """Return examinations of the same clips in one picture."""
    return shares_figure([each.title for each in found], [list(_dots(each)) for each in found], _SIDE_PX)


def _dots(found: Examination) -> Iterator[Dot]:
    order = list(PROBES)
    for reading in sorted(found.readings, key=lambda reading: order.index(reading.probe)):
        yield Dot(reading.label, PROBES[reading.probe], reading.accuracy, reading.chance, reading.interval)
    for direction, head in DIRECTIONS.items() if found.captions else ():
        ranks = getattr(found.captions, direction)
        for row, share, chance in zip(RANKS, ranks.shares, ranks.chance, strict=True):
            yield Dot(head, row, share, chance)
