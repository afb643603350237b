"""The sentences about who made the score, each written from the numbers of its picture.

Separate from the other texts because they are about games; like those, they return plain text.
"""

from __future__ import annotations

import numpy as np

from workbench.analyses.attribute import how_exact
from workbench.analyses.ground import clock
from workbench.figures.interactions import strongest_cell
from workbench.types import Attribution, Player

WORDS_TITLE, FRAMES_TITLE = "Words: what each adds", "Frames: what each adds"
CELLS_KEY = (
    "A cell is what the frame adds more where the word is in the sentence than where it is not; in blue, less. A frame "
    "that only harms less with the word is orange, too: the outlined cell is the frame that adds most with its word. "
    "A click goes to the frame."
)
CELLS_TITLE, PATCHES_TITLE = "Frames and words together", "Patches of the picture"
COUNTED = "What is counted"
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
    """Return a value with its sign and three digits, more where it is small."""
    shown = f"{value:+.3f}" if abs(value) >= 0.0095 or value == 0 else f"{value:+.2g}"
    return shown.replace("-", "\N{MINUS SIGN}")


def about_words(found: Attribution) -> str:
    """Return which word carries the sentence, and what becomes of the score without it."""
    if len(found.players) == 1:
        return f"With the one word the score {_moves(found.empty_value, found.full_value)}."
    top = int(found.values.argmax())
    if found.values[top] <= 0:
        return "No word adds to the score on average over all ways to leave words out."
    told = (
        f"Without “{found.players[top].label}” the score {_moves(found.full_value, found.without_leaders)}; "
        f"on average over all ways to leave words out it adds {signed(float(found.values[top]))}"
    )
    low = int(found.values.argmin())
    if abs(found.values[low]) > 0.1 * found.values[top] and found.values[low] < -_interval(found, low):
        told += f", and “{found.players[low].label}” takes {_number(-float(found.values[low]))} away"
    return f"{told}."


def about_frames(found: Attribution) -> str:
    """Return which stretch of the video carries the score, and what becomes of the score without it."""
    if len(found.players) == 1:
        return f"There is one frame: with it the score {_moves(found.empty_value, found.full_value)}."
    first, last = (found.players[at] for at in (found.leaders[0], found.leaders[-1]))
    if found.values[found.leaders[0]] <= 0:
        return "No frame adds to the score on average over all ways to leave frames out."
    where = f"from {clock(first.span[0])} to {clock(last.span[1])}"
    return f"Without the frames {where}, which add most, the score {_moves(found.full_value, found.without_leaders)}."


def about_cells(found: Attribution) -> str:
    """Return which frame adds most with which word, and how much of that is due to the word."""
    strongest = strongest_cell(found)
    if strongest is None:
        return "No frame adds to the score, whatever word is in the sentence."
    frame, word = strongest
    assert found.pairs is not None
    together = float(found.pairs[frame, word])
    most = float(found.values[frame]) + together / 2
    return (
        f"Where “{found.players[word].label}” is in the sentence, the {_named(found.players[frame])} "
        f"{'adds' if found.players[frame].kind == 'frame' else 'add'} {signed(most)} to the score on average; where it "
        f"is not, {signed(most - together)}. No frame adds more with any word."
    )


def about_patches(found: Attribution) -> str:
    """Return where in the picture the patches are that add most."""
    top = int(found.values.argmax())
    if found.values[top] <= _interval(found, top):
        return "No patch can be told from one that adds nothing; a larger budget may tell."
    where = found.players[top].label
    return (
        f"The patch in {where} adds most, {signed(float(found.values[top]))}; without it the score "
        f"{_moves(found.full_value, found.without_leaders)}."
    )


def how_sure(found: Attribution) -> str:
    """Return whether the values are exact or estimated, and how far they are from summing to the score."""
    told = how_exact(found)
    if found.value_errors is not None and len(found.value_errors):
        told += f" of about ± {1.96 * float(np.median(found.value_errors)):.2g}"
    ends = f"from {_number(found.empty_value)} to {_number(found.full_value)}"
    return (
        f"{_sentence(told)}. The values sum to {_number(float(found.values.sum()))}; the score changes by "
        f"{signed(found.full_value - found.empty_value)} ({ends}), so the gap is {signed(found.gap)}."
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


def _number(value: float) -> str:
    return f"{value:.3f}".replace("-", "\N{MINUS SIGN}")
