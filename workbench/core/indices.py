"""What a solver answers: Banzhaf values and interactions, with how far they can be trusted.

Separate because exact solvers and estimators answer alike. Values do not sum to the score: how far they are from it is
the ``gap``, which belongs beside every picture of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from workbench.core.walsh import LowOrder
from workbench.types.attribution import PlayerValues


@dataclass(frozen=True, eq=False)
class Indices(PlayerValues):
    """What each player adds on average, and what each pair adds together beyond what both do alone.

    ``empty_value`` and ``full_value`` are v(none) and v(all), ``mean`` that of all coalitions. Standard errors are one
    sigma of an estimate, None where the answer is exact; ``pairs`` is None where they were not asked for.
    ``n_evaluations`` counts every coalition asked for, nobody and everybody among them.
    """

    values: Float64[np.ndarray, "player"]
    pairs: Float64[np.ndarray, "player player"] | None
    empty_value: float
    full_value: float
    n_evaluations: int
    mean: float
    value_errors: Float64[np.ndarray, "player"] | None = None
    pair_errors: Float64[np.ndarray, "player player"] | None = None
    mean_error: float = 0.0

    @classmethod
    def exact(cls, found: LowOrder, empty_value: float, full_value: float) -> Indices:
        """Return those of a game whose transform is known, all of whose coalitions were visited."""
        return cls(found.values, found.pairs, empty_value, full_value, 2 ** len(found.values), found.mean)
