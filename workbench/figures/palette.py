"""The colours of the pictures: one sequential scale, and one colour per query wherever it is shown.

Separate because the figures and the page must agree on them; neutral colours (ink, rules, ground)
are left out on purpose, the page sets them from its theme.
"""

from __future__ import annotations

from plotly.colors import hex_to_rgb, sequential

SEQUENTIAL = "Viridis"
"""Scale of similarity: perceptually uniform, readable with every kind of colour vision, and in grey."""

QUERY_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#686868")
"""Okabe and Ito's colour-blind-safe set, grey for black; the same list as in the Streamlit palette.

That grey is as dark as the dark theme allows: a lighter one is the purple of who sees no green.

Source: Okabe & Ito, Color Universal Design (2008).
"""


def query_colour(index: int) -> str:
    """Return the colour of query number ``index``, counted from 0; the set repeats after eight."""
    return QUERY_COLOURS[index % len(QUERY_COLOURS)]


LESS, MORE = (0, 102, 196), (213, 94, 0)
"""Blue for what takes from a score, vermilion for what adds to it: told apart with every kind of colour vision.

Both are seen on the ground of either theme, with three times its luminance or a third of it.
"""

TEXT_SHARE = 0.6
"""How much of the scale is used under text, so that the ink of either theme can be read on it."""

Stop = tuple[float, int, int, int, float]
"""A place on a scale, from 0 to 1, with red, green and blue up to 255, and alpha up to 1."""

_ALPHAS = ((0.0, 0.0), (0.5, 0.5), (1.0, 0.95))


def _css(stops: tuple[Stop, ...]) -> tuple[tuple[float, str], ...]:
    return tuple((place, f"rgba({red},{green},{blue},{alpha})") for place, red, green, blue, alpha in stops)


DIVERGING_STOPS: tuple[Stop, ...] = tuple(
    (round(0.5 + side * share / 2, 3), *colour, alpha)
    for side, colour, steps in ((-1, LESS, _ALPHAS[::-1]), (1, MORE, _ALPHAS))
    for share, alpha in steps
)
DIVERGING = _css(DIVERGING_STOPS)
"""Scale of attributions: zero is no colour at all, so that it is the ground of the page in both themes."""

RISING_STOPS: tuple[Stop, ...] = tuple(
    (round(at / 9, 4), *hex_to_rgb(colour), round(0.9 * min(1.0, 2 * at / 9), 4))
    for at, colour in enumerate(getattr(sequential, SEQUENTIAL))
)
RISING = _css(RISING_STOPS)
"""The sequential scale over a picture: zero is no colour at all, so that the picture is seen."""

UNSEEN = (72, 72, 72, 0.8)
"""Shade of what a network does not see of a picture, with its alpha: told from black and from white."""

COLOUR_BAR = {"thickness": 8, "outlinewidth": 0, "tickfont": {"size": 11}, "nticks": 5}
"""How every scale is drawn beside its figure."""


def signed_colour(value: float, most: float) -> str:
    """Return the colour of a value on the diverging scale that reaches to ``most`` on both sides, as CSS."""
    red, green, blue = MORE if value > 0 else LESS
    share = min(abs(value) / most, 1.0) if most else 0.0
    return f"rgba({red},{green},{blue},{0.95 * share:.3f})"
