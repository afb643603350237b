"""What is every coalition of a few frames worth? The table of a game small enough to work its values out by hand.

Separate from the games, which visit their coalitions and never list them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from workbench.analyses.analysis import Report, silent
from workbench.analyses.extraction import extract
from workbench.analyses.prompts import ask
from workbench.analyses.services import Services
from workbench.core.banzhaf import exact_indices
from workbench.core.coalitions import coalition_table
from workbench.core.pooled import pooled_rows
from workbench.errors import InputError
from workbench.types.video import SamplingSpec

MOST_FRAMES = 6


@dataclass(frozen=True, eq=False)
class ByHand:
    """A game of frames at ``times_s``: what each coalition is worth, and the Banzhaf values that follow.

    Coalition ``k`` holds frame ``i`` iff bit ``i`` of ``k`` is set.
    """

    times_s: Float64[np.ndarray, "time"]
    worth: Float64[np.ndarray, "coalition"]
    values: Float64[np.ndarray, "time"]


def by_hand(
    services: Services, video_id: str, query: str, model_id: str, times_s: Sequence[float], report: Report = silent
) -> ByHand:
    """Return the game of the sampled frames nearest to ``times_s``: the cosine of the sentence with their mean.

    Raises ``InputError`` for no frames or more than ``MOST_FRAMES``, else as ``extract`` does.
    """
    if not 1 <= len(times_s) <= MOST_FRAMES:
        raise InputError(f"A game of {len(times_s)} frames is none to work out by hand; take 1 to {MOST_FRAMES}.")
    model, video = services.models.load(model_id), services.library.get(video_id)
    features = extract(services, video, model, SamplingSpec(), report).features
    rows = [int(np.abs(features.times_s - at_s).argmin()) for at_s in times_s]
    said = ask(services, model, (query,)).said.embeddings[0].astype(np.float64)
    worth = pooled_rows(features.frames[rows].astype(np.float64), coalition_table(len(rows))) @ said
    return ByHand(features.times_s[rows], worth, exact_indices(worth).values)
