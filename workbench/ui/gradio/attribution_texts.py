"""The sentences about who made the score, each written from the numbers of its picture.

Separate from the other texts because they are about games; like those, they return plain text.
"""

from __future__ import annotations

import numpy as np

from workbench.analyses.attribute import how_exact
from workbench.analyses.ground import clock
from workbench.figures.interactions import strongest_cell
from workbench.types import Attribution, Player

WORDS_TITLE, FRAMES_TITLE = "What each word adds", "What each frame adds"
CELLS_KEY = (
    "A cell is what the frame adds more where the word is in the sentence than where it is not; in blue, less. A frame "
    "that only harms less with the word is orange, too: the outlined cell is the frame that adds most with its word. "
    "A click goes to the frame."
)
CELLS_TITLE, PATCHES_TITLE = "Frames and words together", "Patches of the picture"
COUNTED = "What is counted"
STOPPED = "Stopped. What was encoded is kept: ask again, and it goes on from there."
ASK_PATCHES = "Explain this picture"
HIDING = (
    ("Painted in its mean colour", "mean"),
    ("Painted grey", "grey"),
    ("Blurred (patches)", "blur"),
    ("Held from its neighbour (frames)", "held"),
)
BUDGET_HELP = "Most encoder calls for patches, most texts for long sentences; 0: as many as are needed"
NO_PATCHES = (
    "Pause the video where you want to look: which patches of that picture make it like the sentence? The encoder "
    "runs for this, so it takes seconds or, for a large model without a GPU, minutes."
)
WHAT = (
    "A value is what a player adds to the score on average, over all ways to leave others out (Banzhaf). "
    "Values do not sum to the score."
)


def signed(value: float) -> str:
    """Return a value with its sign and three digits, four where it is small."""
    shown = f"{value:+.3f}" if abs(value) >= 0.0095 or abs(value) < 0.00005 else f"{value:+.4f}"
    return shown.replace("-", "\N{MINUS SIGN}")


def about_words(found: Attribution) -> str:
    """Return which word carries the sentence, or weighs it down, and what becomes of the score without it."""
    score = "the moment's lead over the video" if "less that of" in found.score else "the mean cosine"
    if len(found.players) == 1:
        return f"With the one word {score} {_moves(found.empty_value, found.full_value)}."
    top, low = int(found.values.argmax()), int(found.values.argmin())
    adds = f"“{found.players[top].label}” adds most on average, {signed(float(found.values[top]))}"
    if found.values[top] <= 0:
        adds = "no word adds anything on average"
    takes = f"“{found.players[low].label}” takes {_number(-float(found.values[low]))} away on average"
    has_load = found.values[low] < -max(_interval(found, low), 0.1 * float(found.values[top]))
    if has_load and -found.values[low] > found.values[top]:
        return f"Over all ways to leave words out, {takes}; {adds}."
    told = (
        f"Without “{found.players[top].label}” {score} {_moves(found.full_value, found.without_leaders)}. Over all "
        f"ways to leave words out, {adds}"
    )
    return f"{told}, and {takes}." if has_load else f"{told}."


def about_frames(found: Attribution) -> str:
    """Return which stretch of the video carries the score, and what becomes of the score without it."""
    if len(found.players) == 1:
        return f"There is one frame: with it the score {_moves(found.empty_value, found.full_value)}."
    first, last = (found.players[at] for at in (found.leaders[0], found.leaders[-1]))
    if found.values[found.leaders[0]] <= 0:
        return "No frame adds to the score on average over all ways to leave frames out."
    where = f"from {clock(first.span[0])} to {clock(last.span[1])}"
    moved = _moves(found.full_value, found.without_leaders)
    return f"Without the frames {where}, those with the highest bars, the score {moved}."


def about_cells(found: Attribution) -> str:
    """Return which frame adds most with which word, and how much of that is due to the word."""
    strongest = strongest_cell(found)
    if strongest is None:
        return "No frame adds to the score, whatever word is in the sentence."
    frame, word = strongest
    assert found.pairs is not None
    together = float(found.pairs[frame, word])
    if abs(together) < 0.0005:
        return "No frame adds more with a word than without it."
    most = float(found.values[frame]) + together / 2
    return (
        f"Outlined: where “{found.players[word].label}” is in the sentence, the {_named(found.players[frame])} "
        f"{'adds' if found.players[frame].kind == 'frame' else 'add'} {signed(most)} to the score on average; where it "
        f"is not, {signed(most - together)}. No frame adds more with any word."
    )


def about_patches(found: Attribution) -> str:
    """Return where in the picture the patches are that add most."""
    top = int(found.values.argmax())
    if found.values[top] <= _interval(found, top):
        return "No patch can be told from one that adds nothing; a larger budget may tell."
    where = found.players[top].label
    moved = _moves(found.full_value, found.without_leaders)
    stand_in = "" if found.without_leaders < found.full_value else ", as others stand in for it"
    adds = f"The patch in {where} adds most on average, {signed(float(found.values[top]))}"
    return f"{adds}; without it alone the score {moved}{stand_in}."


def how_sure(found: Attribution) -> str:
    """Return whether the values are exact or estimated, and how far they are from summing to the score."""
    told = how_exact(found)
    if found.value_errors is not None and len(found.value_errors):
        told += f" of about ± {_small(1.96 * float(np.median(found.value_errors)))}"
    rise, total = found.full_value - found.empty_value, float(found.values.sum())
    why = "; players that say the same stand in for one another" if found.gap * rise < 0 else ""
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


def _interval(found: Attribution, at: int) -> float:
    """Return half of the interval of 95 % of a value; nothing where it is exact."""
    return 0.0 if found.value_errors is None else 1.96 * float(found.value_errors[at])


def _moves(before: float, after: float) -> str:
    """Return how a score changes, in words."""
    change = after - before
    if abs(change) < 0.0005:
        return f"stays at {_number(before)}"
    verb = "falls" if change < 0 else "rises"
    return f"{verb} by {_number(abs(change))}, from {_number(before)} to {_number(after)}"


def _named(player: Player) -> str:
    if player.kind == "frame":
        return f"frame at {player.label}"
    return f"frames from {player.label.replace(' – ', ' to ')}"


def _small(value: float) -> str:
    """Return a small number to two digits, never in powers of ten."""
    return f"{value:.6f}".rstrip("0").rstrip(".") if value < 1e-4 else f"{value:.2g}"


def _number(value: float) -> str:
    return f"{value:.3f}".replace("-", "\N{MINUS SIGN}")
