"""What frames and words add together beyond what each does alone: a matrix, with a cell for every pair.

Separate because it has words along one side, where the timeline has none.
"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from workbench.figures.palette import DIVERGING
from workbench.types import Attribution

ROW_PX = 30


def crossing(found: Attribution) -> tuple[list[int], list[int]]:
    """Return which players are of the video, and which of the sentence."""
    kinds = [player.kind in ("word", "phrase") for player in found.players]
    return [at for at, is_word in enumerate(kinds) if not is_word], [at for at, is_word in enumerate(kinds) if is_word]


def interactions_figure(found: Attribution) -> go.Figure:
    """Return the matrix of frames x words; ``customdata`` of a cell are the frame's seconds and the word's number.

    A click on a cell goes to the frame, and lights up the word.
    """
    frames, words = crossing(found)
    assert found.pairs is not None
    cells = found.pairs[np.ix_(words, frames)]
    most = float(np.abs(cells).max()) or 1.0
    spans = [found.players[at].span for at in frames]
    seconds = [round((span[0] + span[1]) / 2, 3) for span in spans]
    labels = [found.players[at].label for at in frames]
    names = [found.players[at].label for at in words]
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
            colorbar={"thickness": 8, "outlinewidth": 0, "tickfont": {"size": 11}, "nticks": 5, "tickformat": "+.2g"},
            xgap=1,
            ygap=1,
            hovertemplate="%{text}<br>together %{z:+.4f}<extra></extra>",
            meta="cell",
        )
    )
    shown = np.unique(np.linspace(0, len(frames) - 1, min(5, len(frames))).round().astype(int)).tolist()
    figure.update_layout(
        height=ROW_PX * len(words) + 56,
        margin={"l": 8, "r": 8, "t": 8, "b": 44},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=False,
        dragmode=False,
        xaxis={
            "tickvals": shown,
            "ticktext": [labels[at].split(" ")[0] for at in shown],
            "tickangle": 0,
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
            "title": {"text": "frames, by where they begin"},
        },
        yaxis={
            "tickvals": list(range(len(names))),
            "ticktext": names,
            "autorange": "reversed",
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
            "automargin": True,
        },
    )
    return figure


def strongest_cell(found: Attribution) -> tuple[int, int] | None:
    """Return the frame and the word that add most together, as players, or None where nothing does."""
    frames, words = crossing(found)
    if found.pairs is None or not frames or not words:
        return None
    cells = found.pairs[np.ix_(frames, words)]
    frame, word = np.unravel_index(int(cells.argmax()), cells.shape)
    return (frames[frame], words[word]) if cells[frame, word] > 0 else None
