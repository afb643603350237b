"""What an attribution says, in one sentence written from its numbers.

Separate from the games, which do not know how their numbers read. Sentences are plain text.
"""

from __future__ import annotations

from workbench.analyses.ground import clock
from workbench.core.crossing import crossing, strongest_cell
from workbench.types import Attribution, Player


def conclusion(found: Attribution) -> str:
    """Return who made the score, and what becomes of it without them."""
    seen, said = crossing(found)
    if seen and said:
        return _about_cells(found)
    if said:
        return _about_words(found)
    return _about_patches(found) if found.players[0].kind == "patch" else _about_frames(found)


def signed(value: float) -> str:
    """Return a value with its sign and three digits, four where it is small."""
    shown = f"{value:+.3f}" if abs(value) >= 0.0095 or abs(value) < 0.00005 else f"{value:+.4f}"
    return shown.replace("-", "\N{MINUS SIGN}")


def _about_words(found: Attribution) -> str:
    """Return which word carries the sentence, or weighs it down, and what becomes of the score without it."""
    score = "the moment's lead over the video" if "less that of" in found.score else "the mean cosine"
    if len(found.players) == 1:
        return f"With the one {found.players[0].kind} {score} {_moves(found.empty_value, found.full_value)}."
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


def _about_frames(found: Attribution) -> str:
    """Return which stretch of the video carries the score, and what becomes of the score without it."""
    if len(found.players) == 1:
        return f"There is one frame: with it the score {_moves(found.empty_value, found.full_value)}."
    first, last = (found.players[at] for at in (found.leaders[0], found.leaders[-1]))
    if found.values[found.leaders[0]] <= 0:
        return "No frame adds to the score on average over all ways to leave frames out."
    where = f"from {clock(first.span[0])} to {clock(last.span[1])}"
    moved = _moves(found.full_value, found.without_leaders)
    return f"Without the frames {where}, those that add most, the score {moved}."


def _about_cells(found: Attribution) -> str:
    """Return which frame adds most with which word, and how much of that is due to the word."""
    strongest = strongest_cell(found)
    kind = "patch" if found.players[0].kind == "patch" else "frame"
    if strongest is None:
        return f"No {kind} adds to the score, whatever word is in the sentence."
    frame, word = strongest
    assert found.pairs is not None
    together = float(found.pairs[frame, word])
    if abs(together) < 0.0005:
        return f"No {kind} adds more with a word than without it."
    most = float(found.values[frame]) + together / 2
    if found.pair_errors is not None and most <= _interval(found, frame):
        return f"No {kind} can be told from one that adds nothing; a larger budget may tell."
    return (
        f"Where “{found.players[word].label}” is in the sentence, the {_named(found.players[frame])} "
        f"{'add' if found.players[frame].kind == 'segment' else 'adds'} {signed(most)} to the score on average; where "
        f"it is not, {signed(most - together)}. No {kind} adds more with any word."
    )


def _about_patches(found: Attribution) -> str:
    """Return where in the picture the patches are that add most."""
    top = int(found.values.argmax())
    if found.values[top] <= _interval(found, top):
        return "No patch can be told from one that adds nothing; a larger budget may tell."
    where = found.players[top].label
    moved = _moves(found.full_value, found.without_leaders)
    stand_in = "" if found.without_leaders < found.full_value else ", as others stand in for it"
    adds = f"The patch in {where} adds most on average, {signed(float(found.values[top]))}"
    return f"{adds}; without it alone the score {moved}{stand_in}."


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
    if player.kind == "patch":
        return f"patch in {player.label}"
    return f"frames from {player.label.replace(' – ', ' to ')}"


def small(value: float) -> str:
    """Return a small number to two digits, never in powers of ten."""
    return f"{value:.6f}".rstrip("0").rstrip(".") if value < 1e-4 else f"{value:.2g}"


def _number(value: float) -> str:
    return f"{value:.3f}".replace("-", "\N{MINUS SIGN}")
