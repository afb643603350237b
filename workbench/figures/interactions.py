"""What frames and words add together beyond what each does alone: a matrix, with a cell for every pair.

Separate because it has words along one side, where the timeline has none.
"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from workbench.core.crossing import crossing, strongest_cell
from workbench.figures.palette import DIVERGING
from workbench.figures.rows import escaped
from workbench.types.attribution import Attribution

ROW_PX = 30


def interactions_figure(found: Attribution) -> go.Figure:
    """Return the matrix of frames x words; ``customdata`` of a cell are the frame's seconds and the word's number.

    A click on a cell goes to the frame, and lights up the word. The outlined cell is the frame that adds most with
    some word in the sentence, with that word.
    """
    frames, words = crossing(found)
    assert found.pairs is not None
    cells = found.pairs[np.ix_(words, frames)]
    most = float(np.abs(cells).max()) or 1.0
    spans = [found.players[at].span for at in frames]
    seconds = [round((span[0] + span[1]) / 2, 3) for span in spans]
    labels = [found.players[at].label for at in frames]
    names = [escaped(found.players[at].label) for at in words]
    is_timed = found.players[frames[0]].kind != "patch"
    custom = np.array([[[s, w] for s in seconds] for w in range(len(words))], dtype=float)
    figure = go.Figure(
        go.Heatmap(
            x=list(range(len(frames))),
            y=list(range(len(words))),
            z=np.round(cells, 5),
            customdata=custom,
            text=[[f"{frame} with “{name}”" for frame in labels] for name in names],
            zmin=-most,
            zmax=most,
            colorscale=[list(stop) for stop in DIVERGING],
            showscale=bool(cells.any()),
            colorbar={"thickness": 8, "outlinewidth": 0, "tickfont": {"size": 11}, "nticks": 5, "tickformat": "+.2g"},
            xgap=1,
            ygap=1,
            hovertemplate="%{text}<br>together %{z:+.4f}<extra></extra>",
            meta="cell" if is_timed else None,
        )
    )
    strongest = strongest_cell(found)
    if strongest and cells.any():
        figure.add_shape(_outline(frames.index(strongest[0]), words.index(strongest[1])))
    shown = np.unique(np.linspace(0, len(frames) - 1, min(4, len(frames))).round().astype(int)).tolist()
    figure.update_layout(
        height=ROW_PX * len(words) + 56,
        margin={"l": 8, "r": 8, "t": 8, "b": 44},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=False,
        dragmode=False,
        xaxis={
            "tickvals": shown if is_timed else [],
            "ticktext": [labels[at].split(" ")[0] for at in shown],
            "tickangle": 0,
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
            "title": {"text": "frames, by where they begin" if is_timed else "patches, row by row"},
        },
        yaxis={
            "tickvals": list(range(len(names))),
            "ticktext": [escaped(_shortened(found.players[at].label)) for at in words],
            "autorange": "reversed",
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
            "automargin": True,
        },
    )
    return figure


def _shortened(label: str) -> str:
    return label if len(label) <= 18 else label[:17].rstrip() + "…"


def _outline(column: int, row: int) -> dict:
    return {
        "type": "rect",
        "x0": column - 0.5,
        "x1": column + 0.5,
        "y0": row - 0.5,
        "y1": row + 0.5,
        "line": {"width": 2},
    }
