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


LESS, MORE = (0, 90, 181), (213, 94, 0)
"""Blue for what takes from a score, vermilion for what adds to it: told apart with every kind of colour vision."""

TEXT_SHARE = 0.6
"""How much of the scale is used under text, so that the ink of either theme can be read on it."""

DIVERGING = tuple(
    (round(0.5 + side * share / 2, 3), f"rgba({red},{green},{blue},{alpha})")
    for side, (red, green, blue), steps in (
        (-1, LESS, ((1.0, 0.95), (0.5, 0.5), (0.0, 0.0))),
        (1, MORE, ((0.0, 0.0), (0.5, 0.5), (1.0, 0.95))),
    )
    for share, alpha in steps
)
"""Scale of attributions: zero is no colour at all, so that it is the ground of the page in both themes."""


def signed_colour(value: float, most: float) -> str:
    """Return the colour of a value on the diverging scale that reaches to ``most`` on both sides, as CSS."""
    red, green, blue = MORE if value > 0 else LESS
    share = min(abs(value) / most, 1.0) if most else 0.0
    return f"rgba({red},{green},{blue},{0.95 * share:.3f})"
