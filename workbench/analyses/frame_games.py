"""Frames of a film as players, from cached features: no coalition costs an encoder call.

Separate because it holds where a frame's feature depends on no other frame, and the score of a film is that of the
mean of its frames: an absent frame leaves the mean. Where there are too many frames, runs of them play together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float64

from workbench.analyses.attributed import attribution
from workbench.analyses.ground import clock
from workbench.analyses.question import Question, between
from workbench.core.coalitions import Game
from workbench.core.estimation import paired_least_squares
from workbench.core.hierarchy import Node, hierarchy
from workbench.core.indices import Indices
from workbench.core.pooled import PooledFrames, pooled_rows
from workbench.errors import InputError, ModelError
from workbench.types.attribution import Attribution, Player

MOST_EXACT = 22
"""Frames whose coalitions are all visited: four million, in a twentieth of a second."""
MOST_ESTIMATED = 64
"""Frames that play one by one; of more, runs of them play together."""
N_SEGMENTS = 20
_CHEAP = 2**15
"""Evaluations of a game that needs no encoder, where not all coalitions can be visited."""
_BRANCHES, _LEAVES = 5, 8
"""Parts of every node of the tree of a film, and about how many frames its last ones hold."""

ABSENT = "an absent frame leaves the mean"
EMPTY = "no frame: 0, as nothing is like any sentence"


@dataclass(frozen=True, eq=False)
class Parts:
    """Frames as players: ``sums`` are the sums of the features of what plays together."""

    players: tuple[Player, ...]
    sums: Float64[np.ndarray, "player dim"]
    warnings: tuple[str, ...] = ()


def require_frames(question: Question) -> None:
    """Raise ``ModelError`` unless frames can be left out of cached features."""
    spec = question.model.spec
    if not (spec.frame_independent and spec.separable):
        raise ModelError(
            f"Frames of {spec.title} cannot be taken from the cache one by one: it reads frames together, or sentences "
            f"against them; choose the players frames, which are then those of one window, or a model of single frames."
        )


def explain_frames(question: Question) -> Attribution:
    """Return what each frame of the film, or of the chosen span, adds to the score of the sentence."""
    require_frames(question)
    rows = _rows(question)
    if len(rows) <= MOST_ESTIMATED:
        parts = _parts(question, [(row, row + 1) for row in rows])
    else:
        parts = segments(question, rows, N_SEGMENTS)
    return _explained(question, parts, play(question, parts))


def explain_events(question: Question, opened: Sequence[int]) -> Attribution:
    """Return the same of the parts of the film's tree that ``opened`` leads to, all other parts playing as wholes.

    ``opened`` names a part of the film, then a part of that, and so on, each counted from 1.
    Raises ``InputError`` where there is no such part.
    """
    require_frames(question)
    rows = _rows(question)
    root = _narrowed(hierarchy(question.features.frames[rows], _sizes(len(rows))))
    node, closed = root, []
    for depth, number in enumerate(opened, 1):
        if not node.children:
            here = ".".join(map(str, opened[: depth - 1]))
            what = f"The part {here} is" if here else "The video has"
            raise InputError(f"{what} a single frame; there is nothing to open.")
        if not 1 <= number <= len(node.children):
            raise InputError(
                f"There is no part {'.'.join(map(str, opened[:depth]))}; choose one of the {len(node.children)} there."
            )
        closed += [child for child in node.children if child is not node.children[number - 1]]
        node = node.children[number - 1]
    nodes = sorted([*closed, *(node.children or (node,))], key=lambda item: item.start)
    parts = _parts(question, [(rows[item.start], rows[item.stop - 1] + 1) for item in nodes])
    return _explained(question, parts, play(question, parts))


def _rows(question: Question) -> list[int]:
    n_rows = len(question.features.times_s)
    if question.span_s is None:
        return list(range(n_rows))
    return np.flatnonzero(question.rows_in(question.span_s)).tolist()


def segments(question: Question, rows: Sequence[int], n_segments: int) -> Parts:
    """Return runs of frames, as even as can be, as players, and why."""
    bounds = np.linspace(0, len(rows), n_segments + 1).round().astype(int)
    runs = [(rows[a], rows[b - 1] + 1) for a, b in pairwise(bounds)]
    why = (
        f"{len(rows)} frames are too many to play one by one, so {n_segments} segments of about "
        f"{len(rows) / n_segments:.2g} frames play, and all their coalitions are visited; choose a "
        f"span for single frames."
    )
    return _parts(question, runs, (why,))


def frames_or_segments(question: Question, rows: Sequence[int], most: int) -> Parts:
    """Return frames as players, or ``most`` segments of more frames than that."""
    if len(rows) > most:
        return segments(question, rows, most)
    return _parts(question, [(row, row + 1) for row in rows])


def play(question: Question, parts: Parts) -> Indices:
    """Return the indices of the game of ``parts``: exact, or estimated where there are too many coalitions."""
    if len(parts.players) <= MOST_EXACT:
        found = PooledFrames(parts.sums).scored(_text(question))
        return Indices.exact(found, 0.0, float(PooledFrames(parts.sums).pooled @ _text(question)))
    budget = question.budget or _CHEAP
    # These evaluations are cheaper than thinking about them: many and a plain fit tell more a second.
    rng = np.random.default_rng(question.seed)
    return paired_least_squares(_game(question, parts), len(parts.players), budget, rng, order=1)


def _game(question: Question, parts: Parts) -> Game:
    return lambda coalitions: pooled_rows(parts.sums, coalitions) @ _text(question)


def _text(question: Question) -> Float64[np.ndarray, "dim"]:
    return question.asked.said.embeddings[0].astype(np.float64)


def _parts(question: Question, runs: Sequence[tuple[int, int]], warnings: tuple[str, ...] = ()) -> Parts:
    features = question.features.frames.astype(np.float64)
    sums = np.stack([features[start:stop].sum(axis=0) for start, stop in runs])
    edges_s = question.edges_s
    players = tuple(
        Player("frame", clock(float(question.features.times_s[start])), (edges_s[start], edges_s[stop]))
        if stop - start == 1
        else Player(
            "segment",
            f"{clock(edges_s[start])} – {clock(edges_s[stop])}",
            (float(edges_s[start]), float(edges_s[stop])),
        )
        for start, stop in runs
    )
    return Parts(players, sums, warnings)


def _explained(question: Question, parts: Parts, found: Indices) -> Attribution:
    where = "the whole video" if question.span_s is None else f"the video {between(question.span_s)}"
    return attribution(
        question,
        parts.players,
        found,
        _game(question, parts),
        score=f"cosine of the sentence with the mean of the frames of {where}",
        absent=ABSENT,
        empty=EMPTY,
        warnings=parts.warnings,
    )


def _sizes(n_frames: int) -> tuple[int, ...]:
    """Return the numbers of parts of a film, from coarse to fine, until the last ones are a few frames each."""
    sizes, n_parts = [], _BRANCHES
    while n_parts * 2 <= n_frames:
        sizes.append(n_parts)
        if n_frames <= n_parts * _LEAVES:
            break
        n_parts *= _BRANCHES
    return tuple(sizes)


def _narrowed(node: Node) -> Node:
    """Return the tree with no node of more than ``2 * _BRANCHES`` parts: more of them are grouped evenly."""
    children = tuple(map(_narrowed, node.children))
    while len(children) > 2 * _BRANCHES:
        bounds = np.linspace(0, len(children), -(-len(children) // _BRANCHES) + 1).round().astype(int)
        groups = [children[a:b] for a, b in pairwise(bounds)]
        children = tuple(Node(group[0].start, group[-1].stop, group) for group in groups)
    return Node(node.start, node.stop, children)
