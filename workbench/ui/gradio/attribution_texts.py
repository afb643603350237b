"""The page's words on who made the score.

Separate from the other texts because they are about games; like those, they return plain text.
"""

from __future__ import annotations

import numpy as np

from workbench.analyses.attribute import how_exact
from workbench.analyses.numerals import signed, small
from workbench.types.attribution import Attribution

WORDS_TITLE, FRAMES_TITLE = "What each word adds", "What each frame adds"
CELLS_KEY = (
    "A cell is what the frame adds more where the word is in the sentence than where it is not; in blue, less. A frame "
    "that only harms less with the word is orange, too: the outlined cell is the frame that adds most with its word. "
    "A click goes to the frame."
)
PARTS_KEY = "A click on a part of the video opens it, and closes it again."
CELLS_TITLE, PATCHES_TITLE = "Frames and words together", "Patches of the picture"
COUNTED = "What is counted"
STOPPED = "Stopped. What was encoded is kept: ask again, and it goes on from there."
ASK_PATCHES = "Explain this picture"
LEFT_OUT, ABSENT = "How players are left out", "An absent frame of a window, or patch, is"
HIDING = (
    ("Painted in its mean colour", "mean"),
    ("Painted grey", "grey"),
    ("Blurred (patches)", "blur"),
    ("Held from its neighbour (frames)", "held"),
)
BUDGET = "Budget (evaluations)"
BUDGET_HELP = "Most encoder calls for patches, most texts for long sentences; 0: as many as are needed"
NO_PATCHES = (
    "Pause the video where you want to look: which patches of that picture make it like the sentence? The encoder "
    "runs for this, so it takes seconds or, for a large model without a GPU, minutes."
)
WHAT = (
    "A value is what a player adds to the score on average, over all ways to leave others out (Banzhaf). "
    "Values do not sum to the score."
)


def how_sure(found: Attribution) -> str:
    """Return whether the values are exact or estimated, and how far they are from summing to the score."""
    told = how_exact(found)
    if found.value_errors is not None and len(found.value_errors):
        told += f" of about ± {small(1.96 * float(np.median(found.value_errors)))}"
    rise, total = found.full_value - found.empty_value, float(found.values.sum())
    why = "; players that say the same stand in for one another" if found.gap * rise < -0.05 * rise**2 else ""
    return (
        f"{_sentence(told)}. The values sum to {signed(total)}, and the score changes by {signed(rise)}: a gap of "
        f"{signed(found.gap)}{why}."
    )


def counted(found: Attribution) -> tuple[tuple[str, str], ...]:
    """Return what is explained, how players are left out, and what the score begins from, as names and sentences."""
    return (
        ("Score", f"{_sentence(found.score)}."),
        ("Left out", f"{_sentence(found.absent)}."),
        ("Begins from", f"{_sentence(found.empty)}."),
        ("Evaluations", f"{found.n_evaluations:,}" + ("" if found.seed is None else f", seed {found.seed}")),
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
