"""Numbers as they are written in sentences.

Separate because sentences of the analyses and of the page must write the same number alike.
"""

from __future__ import annotations


def signed(value: float) -> str:
    """Return a value with its sign and three digits, four where it is small."""
    shown = f"{value:+.3f}" if abs(value) >= 0.0095 or abs(value) < 0.00005 else f"{value:+.4f}"
    return shown.replace("-", "\N{MINUS SIGN}")


def small(value: float) -> str:
    """Return a small number to two digits, never in powers of ten."""
    return f"{value:.6f}".rstrip("0").rstrip(".") if value < 1e-4 else f"{value:.2g}"


def number(value: float) -> str:
    """Return a value with three digits."""
    return f"{value:.3f}".replace("-", "\N{MINUS SIGN}")
