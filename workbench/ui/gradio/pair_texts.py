"""Every word of the part of the page that compares two models, apart from where it stands.

Separate so that it can be read, and corrected, as text.
"""

from __future__ import annotations

from workbench.types.comparison import SpaceComparison

TITLE = "Two models, the same points"
WHAT = (
    "Do two models put the same frames side by side? Each has a space of its own, in which only neighbours can be "
    "compared. The points are those of the map above; choose the other model."
)
OTHER_LABEL = "Other model"
NONE = "choose one"
COMPARE = "Compare"
OF_A_FILE = "Features of a file are of no model here; map videos to compare two models."
NO_OTHER = "Choose the other model first."
NOT_ON_SHOW = "That comparison is not on show any more; compare anew."
NOT_A_POINT = "That point is not among those that were compared; click another."
NEAR_TITLE = "Nearest, for each model"
NO_NEAR = "Click a point on either map to see what each model puts beside it."
AGREEMENT_TITLE = "How far they agree"
MOST_TITLE = "What they disagree about most"
SHARED = SHARED_COLUMN = "neighbours shared"
KEY = (
    "A point has one place on each map; what you point at or choose on one is marked on the other. Dark points have "
    "other neighbours for each model. How two maps are turned means nothing."
)


def how_sure(found: SpaceComparison) -> str:
    """Return the line on what the agreement is measured against."""
    return (
        f"{len(found.items):,} points, {found.n_neighbours} neighbours each; unrelated spaces share "
        f"{found.chance_overlap:.0%} of them"
    )
