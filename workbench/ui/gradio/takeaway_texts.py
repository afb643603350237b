"""Every word about making an answer again and taking it away.

Separate so that they can be read, and corrected, as text.
"""

from __future__ import annotations

from collections.abc import Iterable

REPRODUCE, DOWNLOAD, COPY, CLOSE = "Reproduce", "Download", "Copy", "Close"
AGAIN_TITLE = "To make this again"
COMMAND, PYTHON = "Command line", "Python"
WHERE = "Typed in the folder of the workbench, either makes the very numbers that are on the screen."
FORMATS = {
    "json": ("JSON", "everything, for programs"),
    "csv": ("CSV", "one long table"),
    "npz": ("NPZ", "arrays, for NumPy"),
    "html": ("Report", "a page that works offline"),
}
"""What an answer is taken away as: what that is called, and what is in it."""
PICTURES = {"png": "PNG", "svg": "SVG"}
FIGURE_LABEL = "Figure"
MAKING = "Making the file …"
FIGURES = {
    "timeline": "Timeline",
    "map": "Every span",
    "null": "In this video?",
    "values": "What each frame adds",
    "cells": "Frames and words together",
    "patches": "Patches of the picture",
    "look-picture": "Where it looked",
    "curves": "How far to trust it",
    "agreement": "How methods agree",
    "heads": "Layers and heads",
    "head-picture": "What one head looks at",
    "between": "How frames look at each other",
    "space-map": "Map of the space",
    "space-gap-picture": "Pictures and words",
    "pair-map": "Two models",
    "examine-figure": "What can be read from it",
    "whatif-film-ranks": "Ranks among videos",
    "whatif-text-ranks": "Ranks among sentences",
    "many-figure": "Many videos",
}
"""Figures by the ids of their elements, as they stand on the page."""
OF_TAB = {"timeline": "moments", "map": "moments", "null": "moments", "values": "who"}
"""Figures that tell of one instrument, whichever is on show."""
OF_THE_MAP = ("space-map", "space-gap-picture")
"""Figures that tell of the map of the space, which may not be there where others of that tab are."""
OF_A_SENTENCE = (
    *("map", "values", "cells", "patches", "look-picture", "curves", "agreement", "heads", "head-picture"),
    *("whatif-film-ranks", "whatif-text-ranks"),
)
"""Figures that tell of the current sentence alone."""
NOT_A_FORMAT = "An answer cannot be taken away as that; choose one from the list."
NOT_A_FIGURE = "That figure is no longer there; choose one from the list."


def of_figure(sentence: str, videos: Iterable[str], models: Iterable[str]) -> str:
    """Return what a figure is of, which is written above it where it is taken away."""
    return ", ".join(dict.fromkeys(part for part in (f"“{sentence}”" if sentence else "", *videos, *models) if part))
