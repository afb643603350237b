"""The indices of a game as the answer to a question: who adds most, and what becomes of the score without them.

Separate because it is the same whoever plays.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from workbench.analyses.question import Question
from workbench.core.coalitions import Game
from workbench.core.indices import Indices
from workbench.types.attribution import Attribution, Player


def attribution(
    question: Question,
    players: tuple[Player, ...],
    found: Indices,
    game: Game,
    *,
    score: str,
    absent: str,
    empty: str,
    warnings: tuple[str, ...] = (),
    at_s: float | None = None,
) -> Attribution:
    """Return the indices of a game of ``players`` as the answer to a question; the game is asked once more.

    Who adds most is told with the neighbours in time that add at least half as much.
    """
    leaders = _leaders(players, found.values)
    rest = np.ones((1, len(players)), bool)
    rest[0, leaders] = False
    return Attribution(
        method="banzhaf",
        query=question.query,
        players=players,
        values=found.values,
        value_errors=found.value_errors,
        pairs=found.pairs,
        pair_errors=found.pair_errors,
        empty_value=found.empty_value,
        full_value=found.full_value,
        n_evaluations=found.n_evaluations,
        score=score,
        absent=absent,
        empty=empty,
        leaders=tuple(leaders),
        without_leaders=float(game(rest)[0]),
        seed=None if found.is_exact else question.seed,
        at_s=at_s,
        warnings=warnings,
    )


def _leaders(players: Sequence[Player], values: Float64[np.ndarray, "player"]) -> list[int]:
    first = past = int(values.argmax())

    def follows(at: int) -> bool:
        is_beside = 0 <= at < len(players) and players[at].kind in ("frame", "segment")
        return is_beside and bool(values[at] >= values.max() / 2 > 0)

    if players[first].kind in ("frame", "segment"):
        while follows(first - 1):
            first -= 1
        while follows(past + 1):
            past += 1
    return list(range(first, past + 1))
