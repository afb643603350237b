"""What an attribution says, in one sentence written from its numbers.

Separate from the games, which do not know how their numbers read. Sentences are plain text.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from workbench.analyses.ground import clock
from workbench.analyses.numerals import number, signed
from workbench.core.crossing import crossing, strongest_cell
from workbench.types.attribution import Attribution, Player


def conclusion(found: Attribution) -> str:
    """Return who made the score, and what becomes of it without them."""
    seen, said = crossing(found)
    if seen and said:
        return _about_cells(found)
    if said:
        return _about_words(found)
    return _about_patches(found) if found.players[0].kind == "patch" else _about_frames(found)


def _about_words(found: Attribution) -> str:
    """Return which word carries the sentence, or weighs it down, and what becomes of the score without it."""
    score = "the span's lead over the video" if "less that of" in found.score else "the mean cosine"
    if len(found.players) == 1:
        return f"With the one {found.players[0].kind} {score} {_rise(found)}."
    top, low = int(found.values.argmax()), int(found.values.argmin())
    chance = _chance(found)
    has_load = found.values[low] < -max(chance, 0.1 * float(found.values[top]))
    if chance and found.values[top] <= chance and not has_load:
        return "No word can be told from one that adds nothing; a larger budget may tell."
    adds = f"“{found.players[top].label}” adds most on average, {signed(float(found.values[top]))}"
    if found.values[top] <= chance:
        adds = "no word adds anything on average"
    takes = f"“{found.players[low].label}” takes {number(-float(found.values[low]))} away on average"
    if has_load and -found.values[low] > found.values[top]:
        if 0 < found.values[top] < -0.1 * found.values[low]:
            adds = "no word adds nearly as much"
        return f"Over all ways to leave words out, {takes}; {adds}."
    told = (
        f"Without “{found.players[top].label}” {score} {_moves(found.full_value, found.without_leaders)}. Over all "
        f"ways to leave words out, {adds}"
    )
    return f"{told}, and {takes}." if has_load else f"{told}."


def _about_frames(found: Attribution) -> str:
    """Return which stretch of the video carries the score, and what becomes of the score without it."""
    if len(found.players) == 1:
        return f"There is one frame: with it the score {_rise(found)}."
    first, last = (found.players[at] for at in (found.leaders[0], found.leaders[-1]))
    chance = _chance(found)
    if chance and found.values.max() <= chance:
        return "No frame can be told from one that adds nothing; a larger budget may tell."
    if found.values.max() <= 0:
        return "No frame adds to the score on average over all ways to leave frames out."
    if len(found.leaders) == len(found.players):
        return f"Each frame adds at least half of what the best one adds; with all of them the score {_rise(found)}."
    where = f"from {clock(first.span[0])} to {clock(last.span[1])}"
    moved = _moves(found.full_value, found.without_leaders)
    return f"Without the frames {where}, those that add most, the score {moved}."


def _about_cells(found: Attribution) -> str:
    """Return which frame adds most with which word, and how much of that is due to the word."""
    strongest = strongest_cell(found)
    kind = "patch" if found.players[0].kind == "patch" else "frame"
    if strongest is None:
        return f"No {kind} adds to the score, whatever word is in the sentence."
    seen, said = crossing(found)
    assert found.pairs is not None
    if np.abs(found.pairs[np.ix_(seen, said)]).max() < 0.0005:
        return f"No {kind} adds more with a word than without it."
    at, word = strongest
    together = float(found.pairs[at, word])
    most = float(found.values[at]) + together / 2
    if found.value_errors is not None and found.pair_errors is not None:
        error = np.hypot(found.value_errors[at], found.pair_errors[at, word] / 2)
        if most <= _sigmas(len(seen) * len(said)) * error:
            return f"No {kind} can be told from one that adds nothing; a larger budget may tell."
    return (
        f"Where “{found.players[word].label}” is in the sentence, the {_named(found.players[at])} "
        f"{'add' if found.players[at].kind == 'segment' else 'adds'} {signed(most)} to the score on average; where "
        f"it is not, {signed(most - together)}. No {kind} adds more with any word."
    )


def _about_patches(found: Attribution) -> str:
    """Return where in the picture the patches are that add most."""
    top = int(found.values.argmax())
    if found.values[top] <= _chance(found):
        return "No patch can be told from one that adds nothing; a larger budget may tell."
    where = found.players[top].label
    moved = _moves(found.full_value, found.without_leaders)
    stand_in = "" if found.without_leaders < found.full_value else ", as others stand in for it"
    adds = f"The patch in {where} adds most on average, {signed(float(found.values[top]))}"
    return f"{adds}; without it alone the score {moved}{stand_in}."


def _chance(found: Attribution) -> float:
    """Return what the largest of all values reaches by chance in 2.5 % of cases at most; nothing where it is exact."""
    errors = found.value_errors
    return 0.0 if errors is None else _sigmas(len(errors)) * float(errors.max())


def _sigmas(n_candidates: int) -> float:
    """Return how many standard errors the largest of so many must exceed (Bonferroni)."""
    return NormalDist().inv_cdf(1 - 0.025 / n_candidates)


def _rise(found: Attribution) -> str:
    return _moves(found.empty_value, found.full_value)


def _moves(before: float, after: float) -> str:
    """Return how a score changes, in words."""
    change = after - before
    if number(before) == number(after):
        return f"stays at {number(before)}"
    verb = "falls" if change < 0 else "rises"
    return f"{verb} by {number(abs(change))}, from {number(before)} to {number(after)}"


def _named(player: Player) -> str:
    if player.kind == "frame":
        return f"frame at {player.label}"
    if player.kind == "patch":
        return f"patch in {player.label}"
    return f"frames from {player.label.replace(' – ', ' to ')}"
