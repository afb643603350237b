"""The page's words on where a model looked.

Separate from the other texts because they are about maps; like those, they return plain text.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from workbench.analyses.ground import clock
from workbench.analyses.map_methods import METHODS
from workbench.analyses.map_texts import title_of, trust
from workbench.analyses.numerals import number
from workbench.analyses.verdicts import is_better_than_random
from workbench.types.maps import Agreement, Evidence, HeatMaps

TITLE = "Where it looked"
WHAT = (
    "A map says which parts of a picture make it fit the sentence, by the method you choose. Methods differ, and a map "
    "that looks right can be wrong: test it before you believe it."
)
NO_MAPS = "The maps come when the video has been read for the sentence."
NOT_TESTED = "Not tested yet: how far this map can be trusted is not known."
TAKE_PNG, TAKE_FILM = "Download PNG", "Download film"
METHODS_TITLE, NOT_WITH_THIS = "Methods", "Not with this model"
TEST, COMPARE = "Test these maps", "Compare methods"
TEST_TITLE, COMPARE_TITLE = "Can this map be believed?", "The same picture by every method"
TEST_HELP = (
    "Three questions to each map: does it find the score sooner than chance, does it change with the sentence, and is "
    "it about what the model has learned? The encoder runs for this, so it takes seconds or, for a large model "
    "without a GPU, minutes."
)
COMPARE_HELP = (
    "Where do ten ways to make a map, and Banzhaf's values of the patches, agree on the picture on show? This takes "
    "as long as explaining it patch by patch."
)
CURVES_KEY = (
    "The picture comes into sight cell by cell. A good map puts first what the score needs, so that its curve rises "
    "early; in the reversed order the same cells come last, which read from the right is deletion: they go first."
)
WORDS_TITLE, WORDS_KEY = "Words", "Click a word for the map of that word alone; click it again for the whole sentence."
HEADS_TITLE = "Layers and heads"
HEADS_KEY = (
    "What every head of every layer looks at, or hands on, in the picture on show: layers from the top, the first one "
    "first, heads from the left. All on one scale."
)
NO_HEADS = "This method has no map of single heads: relevance, LeGrad and raw attention do."
BETWEEN_KEY = "How much each frame of the window, a row, looks at the others, a column."
HEAD_LABEL = "Layer and head"
TO_KNOW = "What to know of these methods"
AGREEMENT_KEY = (
    "Rank correlation of every two maps: 1 where both put all cells in the same order, 0 where they have nothing to do "
    "with each other."
)
NOT_WITH_MODEL = {
    "differentiable": "needs a model whose network is opened here",
    "patches": "needs a model that makes something of single patches",
}
NOT_A_METHOD = "That is no method that makes maps; choose one from the list."
NOT_A_WORD = "That word is not in the sentence; choose one that is."
NOT_A_HEAD = "The model has no such layer or head; choose one from the list."
NONE_ON_SHOW = "There are no maps on show yet; wait for them."
FAR_S = 1.5
PNG_NAME, FILM_NAME = "where-it-looked.png", "where-it-looked.mp4"


def of_word(word: str) -> str:
    """Return what a click on a word shows."""
    return f"The map of “{word}” alone"


def heading(maps: HeatMaps, sentence: str) -> str:
    """Return what the maps on show are of."""
    return f"Where it looked for “{maps.query}”{'' if maps.query == sentence else ' alone'}"


def how_sure(maps: HeatMaps, at: int) -> str:
    """Return how far the map on show can be trusted, and how many of those beside it."""
    cosine = f"At {clock(float(maps.times_s[at]))}: cosine {number(float(maps.scores[at]))}."
    if maps.evidence is None:
        return f"{cosine} {NOT_TESTED}"
    evidence = maps.evidence
    told = f"{cosine} Tested: {trust(maps, evidence, row_of(maps, at))}."
    n_rows = len(evidence.p_random)
    if n_rows == 1:
        return told
    n_better = sum(is_better_than_random(evidence, row) for row in range(n_rows))
    return f"{told} Of {n_rows} maps, {n_better} {'is' if n_better == 1 else 'are'} better than random."


def row_of(maps: HeatMaps, at: int) -> int:
    """Return the row of the evidence that a map belongs to: those of a window share one."""
    assert maps.evidence is not None
    return at * len(maps.evidence.p_random) // len(maps.times_s)


def numbers(evidence: Evidence, row: int) -> tuple[tuple[str, str, str], ...]:
    """Return what was measured, as names, what these mean, and sentences."""
    rows = [
        (
            "Areas under the curves",
            "the cosine on average while the picture comes into sight; the higher, the sooner the score is found",
            f"{_three(evidence.insertion_areas[row])} in the map's order, {_three(evidence.reversed_areas[row])} "
            f"reversed, {_three(evidence.random_areas[row].mean())} on average over "
            f"{evidence.random_areas.shape[1]} random orders",
        ),
        (
            "On random masks",
            "whether a picture of which random cells are hidden scores higher the more of the map is in sight",
            f"rank correlation {_two(evidence.rank_correlations[row])} of what the map has in sight with the cosine, "
            f"over {evidence.n_masks} fresh masks of half the cells",
        ),
    ]
    if evidence.randomised.shape[1]:
        each = ", ".join(_two(value) for value in evidence.randomised[row])
        meaning = "a map that stays the same without what was learned says nothing of it"
        said = f"rank correlation {each} with the maps of networks that learned nothing"
        rows.append(("Weights drawn anew", meaning, said))
    rows.append(
        (
            "Another sentence",
            "a map that stays the same for it does not depend on the sentence",
            f"rank correlation {_two(evidence.contrast_correlations[row])} with the map of “{evidence.contrast}”",
        )
    )
    n_fitting = round(evidence.standing[row] * (1 + evidence.n_others)) - 1
    said = f"{n_fitting} of {evidence.n_others} that the model is held against fit this picture at least as well"
    rows.append(("Other sentences", "where many fit as well, there is little for a map to explain", said))
    return tuple(rows)


def where(maps: HeatMaps, from_s: float, to_s: float) -> str:
    """Return when a map lies over the player, and how far those are apart that are too far to follow what moves."""
    told = f"over the player from {clock(from_s)} to {clock(to_s)}"
    gap_s = float(np.diff(maps.times_s).max(initial=0.0))
    return told if gap_s < FAR_S else f"{told}, one every {gap_s:.2g} s; select a shorter span to have them closer"


def choices(capabilities: Collection[str]) -> list[tuple[str, str, bool]]:
    """Return the methods with their names, and whether a model with these capabilities has them."""
    found = [(name, method, _has(method.needs, capabilities)) for name, method in METHODS.items()]
    return [
        (method.title + ("" if has_it else ", not with this model"), name, has_it) for name, method, has_it in found
    ]


def about(method: str, capabilities: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """Return what a method does, and which others the model does not have, with why."""
    missing: dict[str, list[str]] = {}
    for other in METHODS.values():
        if not _has(other.needs, capabilities):
            missing.setdefault(str(other.needs), []).append(other.title)
    lines = tuple(f"{', '.join(titles)}: {NOT_WITH_MODEL[needs]}." for needs, titles in missing.items())
    return METHODS[method].about, lines


def compared(found: Agreement, at: int) -> str:
    """Return which picture and sentence were compared."""
    return f"“{found.maps[0].query}” at {clock(float(found.maps[0].times_s[at]))} by every method"


def about_method(method: str) -> tuple[str, str]:
    """Return the name of a method and what it does, also of the game among the maps."""
    if method in METHODS:
        return METHODS[method].title, METHODS[method].about
    return title_of(method), "What each patch adds to the cosine on average, whichever others are hidden."


def heads(maps: HeatMaps) -> list[tuple[str, str, bool]]:
    """Return every layer and head that there are maps of, as choices, such as ``0.all`` and ``0.3``."""
    if maps.by_head is not None:
        n_layers, n_heads = maps.by_head.shape[1:3]
    elif maps.between_frames is not None:
        n_layers, n_heads = maps.between_frames.shape[:2]
    else:
        return []
    named = [("mean over heads", "all"), *((f"head {head + 1}", str(head)) for head in range(n_heads))]
    return [(f"Layer {at + 1}, {what}", f"{at}.{head}", True) for at in range(n_layers) for what, head in named]


def _has(needs: str | None, capabilities: Collection[str]) -> bool:
    return needs is None or needs in capabilities


def _two(value: float) -> str:
    return "none" if np.isnan(value) else f"{value:.2f}".replace("-", "\N{MINUS SIGN}")


def _three(value: float) -> str:
    return "none" if np.isnan(value) else number(float(value))
