"""What is said of two spaces that were compared: in a sentence or two, in a few lines, and in plain JSON types.

Separate from how they are compared; every sentence is written from the numbers.
"""

from __future__ import annotations

import math
from typing import Any

from workbench.analyses.embedding_texts import UNITS
from workbench.analyses.plain import plain
from workbench.analyses.spaces import Space
from workbench.models.protocol import ModelSpec
from workbench.types.comparison import SpaceComparison
from workbench.types.outcome import Outcome

_MOST_SHOWN = 5
_NEAR = 3


def about_comparison(found: SpaceComparison) -> str:
    """Return how far two models agree, and where they do not."""
    return f"{_about_agreement(found)} {_about_disagreement(found)}"


def _about_agreement(found: SpaceComparison) -> str:
    neighbours = f"the {found.n_neighbours} nearest neighbours" if found.n_neighbours > 1 else "the nearest neighbour"
    agreed = (
        f"The two models agree on {found.mean_overlap:.0%} of {neighbours} of {len(found.items):,} "
        f"{UNITS[found.items.kinds[0]]}, where chance gives {found.chance_overlap:.0%}"
    )
    if math.isnan(found.cka):
        return f"{agreed}; how alike their spaces are cannot be said, as one of them sees all of these alike."
    less = "" if math.isnan(found.debiased_cka) else f"; {found.debiased_cka:.2f} less what chance gives"
    return f"{agreed}; their spaces are alike to {found.cka:.2f} (CKA, 1 is the same{less})."


def _about_disagreement(found: SpaceComparison) -> str:
    worst = int(found.order[0])
    if found.overlap[worst] == 1:
        return "They disagree about none."
    described = found.items.described(worst)
    return f"They disagree most about {described}, of whose neighbours they share {shared(found, worst)}."


def shared(found: SpaceComparison, row: int) -> str:
    """Return how many of the neighbours of an item both models agree on, such as ``3 of 14``."""
    count = round(float(found.overlap[row]) * found.n_neighbours)
    return f"{count or 'none'} of {found.n_neighbours}"


def comparison_warnings(
    found: SpaceComparison,
    n_wanted: int,
    reducer: str,
    spaces: tuple[Space, Space],
    items_of: ModelSpec,
    n_without: int,
) -> tuple[str, ...]:
    """Return what a person should know before believing the comparison, one sentence each.

    ``items_of`` is the model whose rows the items are, and ``n_without`` those in which the other has no row.
    """
    said = list(dict.fromkeys(problem for space in spaces for problem in space.problems))
    n_items, specs = len(found.items), [space.model.spec for space in spaces]
    if found.n_neighbours < n_wanted:
        said.append(f"Of {n_items} points, {found.n_neighbours} neighbours are compared instead of {n_wanted}.")
    if found.reducer != reducer:
        said.append(f"UMAP has nothing to lay out in {n_items} points, so their principal components are shown.")
    windows = [spec for spec in specs if spec.window_frames > 1]
    if found.items.kinds[0] == "frame" and len({(spec.window_frames, spec.window_step) for spec in specs}) > 1:
        other = next(spec for spec in specs if spec is not items_of)
        said.append(
            f"Each point is a window of {items_of.title}; of {other.title} it is the mean of what lies in its span."
        )
    elif windows and found.items.kinds[0] == "frame":
        said.append(f"{windows[0].title} reads {windows[0].window_frames} frames at once, so each point is a window.")
    if n_without:
        said.append(f"In {n_without:,} of {n_items:,} points one model has no row, so its nearest stands there.")
    return tuple(said)


def comparison_as_text(found: SpaceComparison) -> str:
    """Return the comparison as a few lines for a terminal: what both disagree about most, and what is near it."""
    lines = [found.conclusion]
    for row in found.order[:_MOST_SHOWN].tolist():
        if found.overlap[row] == 1:
            break
        lines.append(f"  {found.items.described(row)}: {shared(found, row)} shared")
        for title, neighbours in zip(found.titles, found.neighbours, strict=True):
            near = "; ".join(found.items.described(at) for at in neighbours.indices[row, :_NEAR].tolist())
            lines.append(f"    {title}: {near}")
    return "\n".join(lines)


def comparison_as_json(outcome: Outcome[SpaceComparison]) -> dict[str, Any]:
    """Return a comparison in plain JSON types; the keys are the command line's contract."""
    found = outcome.result
    items, names = found.items, found.items.names
    k = found.n_neighbours
    return {
        "provenance": plain(outcome.provenance),
        "conclusion": found.conclusion,
        "models": list(found.titles),
        "reducer": found.reducer,
        "cka": plain(found.cka),
        "debiased_cka": plain(found.debiased_cka),
        "n_neighbours": k,
        "overlap": found.mean_overlap,
        "chance_overlap": found.chance_overlap,
        "points": [
            {
                "name": name,
                "kind": items.kinds[row],
                "label": items.labels[row],
                "video": items.videos[row],
                "span_s": items.spans_s[row].tolist(),
                "overlap": float(found.overlap[row]),
                "at": [coords[row].tolist() for coords in found.coords],
                "neighbours": [[names[at] for at in near.indices[row, :k].tolist()] for near in found.neighbours],
            }
            for row, name in enumerate(names)
        ],
        "order": [names[row] for row in found.order.tolist()],
        "warnings": list(found.warnings),
    }
