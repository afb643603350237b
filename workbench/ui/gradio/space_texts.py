"""Every word of the tab that shows the space of a model, apart from where it stands.

Separate so that the tab can be read, and corrected, as text.
"""

from __future__ import annotations

from collections.abc import Iterable

from workbench.analyses.embedding_texts import about_quality
from workbench.analyses.numerals import number
from workbench.types.embedding import EmbeddingMap

TITLE = "Space"
WHAT = (
    "Every frame, moment, video and sentence is a point in the space of the model; near means alike to it. The map is "
    "made of frames once, and then stands still: a sentence or a video that comes later is put among the points that "
    "are nearest to it in the space, and moves none of them."
)
NO_MAP = "The map appears once the video has been read."
NO_SUCH_MAP = "There is no such map; the line above says why."
MAP_TITLE = "Map of the space"
LABELS = {
    "films": "Videos",
    "points": "Points",
    "map_kind": "Map",
    "colour": "Colour",
    "path": "Path through time",
}
_FILMS = {"this": "the one on show", "all": "all of mine"}
NOTHING = "nothing"
POINTS = {"frame": "frames", "segment": "segments"}
MAPS = {"umap": "UMAP", "umap3": "UMAP in three axes", "pca": "principal components", "pca3": "three components"}
PATHS = {"": "none", "1": "the video on show"}
HOW_MADE = "How the map is made"
SUPERVISED_LABEL = "Pulled together by"
APPLY = "Make this map"
PICTURE, FILE = "Look for a picture", "Features from a file"
FORGET = "Forget pictures"
OPEN = "Open its video here"
GAP_VIEW_LABEL = "Each kind"
GAP_VIEWS = {"": "where it is", "1": "less its own mean"}
THROUGH_LABEL = "Seen through words (two or more, separated by commas)"
THROUGH_HELP = (
    "Only what these tell apart is left of the space, such as: a red object, a blue object, a green object. Empty: all."
)
MADE_OF = "{n} of {all} videos made this map; the others were placed on it."
REFIT = "Fit anew"
RESET = "Reset"
KEY = (
    "Drag to move, scroll or pinch to zoom; draw a loop or a box around points to list them. Hollow points are torn: "
    "their true neighbours are elsewhere on the map. Grey ones are in no group, or in none that has a colour. "
    "Directions and gaps of a UMAP mean nothing by themselves."
)
NEAR_TITLE = "Nearest in the space"
NO_NEAR = "Click a point to see what is nearest to it in the space itself, not on the map."
GAP_TITLE = "Pictures and words"
GROUPS_TITLE = "Groups"
GROUPS_KEY = (
    "Points that lie close together in the space itself, with three from the middle of each. A name is the sentence "
    "that fits a group better than it fits the others, by so much of the cosine; where that is little it need not be "
    "true of it."
)
NO_GROUPS = "No group stands out: no part of the space is much fuller than what lies around it."
NO_NAME = "no sentence sets it apart"
TORN = "Its true neighbours are elsewhere on this map."
NOT_A_NUMBER = "That is not a number; type one such as 15."
ONE_WORD = "One word tells nothing apart; give two or more, separated by commas."
NOT_A_CHOICE = "That choice is not offered; choose one from the list."
NOT_A_POINT = "That point is no longer on the map; click another."
NOT_RECEIVED = "The file did not arrive; choose it again."
NO_FILE = "There is no file of features yet; bring one with the button below."
ONE_COLOUR = "all alike"
NOT_KEPT = "That map is not kept any more; choose the map again."
NOT_ON_SHOW = "That map was not on show yet; try again once it is there."


def smaller_groups(n: int) -> str:
    """Return that there are more groups than are listed."""
    return f"and {n} smaller ones"


def size_of(n: int, margin: float | None) -> str:
    """Return how many points a group has, and by how much of the cosine its name fits it better than the others."""
    return f"{n:,}" if margin is None else f"{n:,}, fits by {margin:+.2f}".replace("-", "\N{MINUS SIGN}")


def cosine_of(cosine: float) -> str:
    """Return how near a point is."""
    return f"cosine {number(cosine)}"


def too_many_pictures(most: int) -> str:
    """Return that no picture more can be looked for."""
    return f"{most} pictures at once are the most; take them away first."


def too_many_words(n: int, most: int) -> str:
    """Return that a space cannot be seen through so many words."""
    return f"These are {n} words; give {most} or fewer."


def films(file: tuple[str, str] | None) -> dict[str, str]:
    """Return the choice of what is mapped; of a file, given by its id with its title, where one was brought."""
    return _FILMS | ({"file": file[1]} if file else {})


def pulled_together(columns: Iterable[str]) -> dict[str, str]:
    """Return the choice of the column by which points are pulled together."""
    return {"": NOTHING} | {name: name for name in columns}


def colour_name(name: str) -> str:
    """Return what a colouring is called."""
    return {"group": "groups", "time": "time in the video", "video": "video"}.get(name, name)


def how_sure(found: EmbeddingMap) -> str:
    """Return the line on how far the map can be trusted."""
    if found.quality is None:
        return "not yet tested" if found.is_sketch else about_quality(found)
    quality = found.quality
    return (
        f"trustworthiness {quality.trustworthiness:.2f}, continuity {quality.continuity:.2f} (chance 0.5, perfect 1); "
        f"{quality.preservation:.0%} of the {quality.n_neighbours} true neighbours kept; "
        f"{quality.is_torn.mean():.0%} of the points torn"
    )
