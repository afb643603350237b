"""What stands under the picture of maps on a page of its own: words, evidence, other pictures, how methods agree.

Separate from the report of other answers, as a map has evidence of its own.
"""

from __future__ import annotations

from html import escape

import numpy as np

from workbench.figures.clock import clock_label
from workbench.figures.evidence import curves_figure
from workbench.figures.figure_html import figure_html
from workbench.types.maps import Agreement, HeatMaps


def maps_said(maps: HeatMaps) -> str:
    """Return the conclusion, the words, every picture's cosine and the evidence, as HTML."""
    at = maps.best
    words = ""
    if maps.word_values is not None:
        lines = "".join(
            f"<tr><td>{escape(word.label)}</td><td>{value:+.4f}</td></tr>"
            for word, value in zip(maps.words, maps.word_values, strict=True)
        )
        words = f"<h2>Words</h2><table>{lines}</table>"
    pictures = "".join(
        f"<tr><td>{clock_label(float(time_s), 0.1)}</td><td>{score:.3f}</td></tr>"
        for time_s, score in zip(maps.times_s, maps.scores, strict=True)
    )
    return (
        f"<h2>“{escape(maps.query)}”</h2><p>{escape(maps.conclusion)}</p>{words}"
        f"<h2>Pictures</h2><table><tr><th>time</th><th>cosine</th></tr>{pictures}</table>{_evidence(maps, at)}"
    )


def _evidence(maps: HeatMaps, at: int) -> str:
    if maps.evidence is None:
        return '<h2>How far to trust it</h2><p class="quiet">This map was not tested.</p>'
    row = at * len(maps.evidence.p_random) // len(maps.times_s)
    lines = "".join(f"<p>{escape(line)}</p>" for line in maps.evidence.verdicts[row])
    return f"<h2>How far to trust it</h2>{lines}{figure_html(curves_figure(maps.evidence, row))}"


def agreement_said(found: Agreement) -> str:
    """Return which methods agree, and what the model cannot do, as HTML."""
    missing = "".join(f"<p>{escape(why)}</p>" for _, why in found.missing)
    values = found.correlations[np.triu_indices(len(found.methods), 1)]
    told = f"{np.nanmin(values):.2f} to {np.nanmax(values):.2f}" if np.isfinite(values).any() else "none"
    return (
        f"<h2>“{escape(found.maps[0].query)}”</h2><p>{escape(found.conclusion)}</p>"
        f'<p class="quiet">Rank correlations of {len(found.methods)} methods: {told}.</p>{missing}'
    )
