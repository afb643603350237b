"""The cells of a picture as players: where they are, and what a model makes of the picture with some of them hidden.

Separate because games of patches, maps by occlusion and the evidence for any map all hide the same cells: what was
encoded for one of them is there for the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64

from workbench.analyses.ground import clock
from workbench.analyses.hidden import Hide, MadeOf, cells_of, encode_hidden, hide_cells
from workbench.analyses.patches import patch_maps
from workbench.analyses.prompts import Asked
from workbench.analyses.question import Question
from workbench.models.protocol import PatchFeatures, VideoTextModel
from workbench.types.attribution import Player
from workbench.types.features import VideoFeatures
from workbench.types.outcome import Progress
from workbench.types.video import FrameBatch

_N_CELLS = (4, 8)
"""Fewest and most cells along a side of a picture."""
BUDGET_A_PLAYER = 12
"""Encoder calls an unknown, where a person set no budget."""


@dataclass(frozen=True)
class Placed:
    """Where the players are that are cells: of a ``grid`` over ``seen``, those with these ``numbers``."""

    grid: tuple[int, int]
    seen: tuple[float, float, float, float]
    numbers: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Hidden:
    """A window and the players in it, with how it is encoded with some of them hidden, and how that begins."""

    players: tuple[Player, ...]
    encode: Callable[[Bool[np.ndarray, "coalition player"], int], Iterator[VideoFeatures]]
    at_s: float
    what: str
    empty: str
    warnings: tuple[str, ...] = ()
    place: Placed | None = None


def hidden_patches(question: Question, row: int) -> Hidden:
    """Return the cells of the picture, or of all pictures of the window, that a row of the features is made of."""
    window = question.windows([row])[0]
    grid, seen = _layout(question, row)
    _, height, width, _ = window.pixels.shape
    # Where the model sees filling beside the picture, whole cells may lie in it: nobody is there.
    placed = [
        (number, cell)
        for number, cell in enumerate(cells_of(height, width, seen, grid))
        if cell[0] < cell[1] and cell[2] < cell[3]
    ]
    cells = tuple(cell for _, cell in placed)
    players = tuple(
        Player(
            "patch",
            f"row {number // grid[1] + 1}, column {number % grid[1] + 1}",
            (top / height, left / width, bottom / height, right / width),
        )
        for number, (top, bottom, left, right) in placed
    )
    at_s = float(question.features.times_s[row])
    n_frames = len(window.times_s)
    what = f"the frame at {clock(at_s)}" if n_frames == 1 else f"the window of {n_frames} frames at {clock(at_s)}"
    why: tuple[str, ...] = ()
    if n_frames > 1:
        why = (f"{question.model.spec.title} reads {n_frames} frames at once: a patch is hidden in all of them.",)
    budget = 1 + (question.budget or BUDGET_A_PLAYER * (1 + len(players)))  # the leaders are left out once more
    how = {"patches": question.absent, "cells": cells}
    hide = hide_cells(question.absent, window.pixels, cells)
    return Hidden(
        players=players,
        encode=encoder(question, window, row, hide, how, budget),
        at_s=at_s,
        what=what,
        empty="every patch hidden",
        warnings=why,
        place=Placed(grid, seen, tuple(number for number, _ in placed)),
    )


def _layout(question: Question, row: int) -> tuple[tuple[int, int], tuple[float, float, float, float]]:
    """Return the grid of cells, which follow the model's own patches where they can, and the part that it sees."""
    if not isinstance(question.model, PatchFeatures):
        return (_N_CELLS[1] - 1,) * 2, (0.0, 0.0, 1.0, 1.0)
    maps = patch_maps(question.services, question.video, question.model, question.sampling, [row])
    fewest, most = _N_CELLS
    rows, columns = (next((n for n in range(most, fewest - 1, -1) if side % n == 0), most - 1) for side in maps.grid)
    return (rows, columns), maps.seen


def encoder(
    question: Question, window: FrameBatch, row: int, hide: Hide, how: dict[str, Any], total: int
) -> Callable[[Bool[np.ndarray, "coalition player"], int], Iterator[VideoFeatures]]:
    """Return what encodes a window with some of its players hidden; ``how`` names what is hidden, and in which way.

    It is told how many of ``total`` encoder calls were done before it was asked.
    """
    made_of = MadeOf(question.video, question.sampling, row, how)

    def encode(coalitions: Bool[np.ndarray, "coalition player"], done: int) -> Iterator[VideoFeatures]:
        def report(progress: Progress) -> None:
            question.report(replace(progress, done=done + progress.done, total=max(total, done + progress.total)))

        return encode_hidden(question.services, question.model, window, coalitions, hide, made_of, report)

    return encode


def cosines(
    said: Asked, model: VideoTextModel, parts: Iterable[VideoFeatures]
) -> Float64[np.ndarray, "text coalition"]:
    """Return the cosines of sentences with what a model made of coalitions."""
    curves = [said.curves(model, part) for part in parts]
    return np.concatenate(curves, axis=1).astype(np.float64)
