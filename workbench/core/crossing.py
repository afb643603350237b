"""Players of the video against players of the sentence: what the first add where the second are there.

Separate because pictures and sentences must speak of the same cell.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from workbench.types.attribution import Attribution


def crossing(found: Attribution) -> tuple[list[int], list[int]]:
    """Return which players are of the video, and which of the sentence."""
    kinds = [player.kind in ("word", "phrase") for player in found.players]
    return [at for at, is_word in enumerate(kinds) if not is_word], [at for at, is_word in enumerate(kinds) if is_word]


def with_word(found: Attribution) -> Float64[np.ndarray, "frame word"]:
    """Return what each frame adds on average where each word is in the sentence, over all other coalitions.

    That is its value plus half of what both add together: the value is the mean of what it adds with and without the
    word, and what they add together the difference.
    """
    frames, words = crossing(found)
    assert found.pairs is not None
    return found.values[frames, None] + found.pairs[np.ix_(frames, words)] / 2


def strongest_cell(found: Attribution) -> tuple[int, int] | None:
    """Return the frame that adds most with some word in the sentence, and that word, or None where none adds."""
    frames, words = crossing(found)
    if found.pairs is None or not frames or not words:
        return None
    cells = with_word(found)
    frame, word = np.unravel_index(int(cells.argmax()), cells.shape)
    return (frames[frame], words[word]) if cells[frame, word] > 0 else None
