"""The colours of the pictures: one sequential scale, and one colour per query wherever it is shown.

Separate because the figures and the page must agree on them; neutral colours (ink, rules, ground)
are left out on purpose, the page sets them from its theme.
"""

from __future__ import annotations

SEQUENTIAL = "Viridis"
"""Scale of similarity: perceptually uniform, readable with every kind of colour vision, and in grey."""

QUERY_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#999999")
"""Okabe and Ito's colour-blind-safe set, grey for black; the same list as in the Streamlit palette.

Source: Okabe & Ito, Color Universal Design (2008).
"""


def query_colour(index: int) -> str:
    """Return the colour of query number ``index``, counted from 0; the set repeats after eight."""
    return QUERY_COLOURS[index % len(QUERY_COLOURS)]
