"""What is said of a map of an embedding space: in one sentence, in a few lines, and in plain JSON types.

Separate from how maps are made; every sentence is written from the numbers.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from workbench.analyses.plain import plain
from workbench.analyses.spaces import Space
from workbench.types.embedding import ASKED, EmbeddingMap, ModalityGap
from workbench.types.outcome import Outcome

UNITS = {"frame": "frames", "segment": "segments", "video": "videos", "row": "rows"}
GOOD, POOR = 0.95, 0.85
"""Trustworthiness from which near points may be taken as near, and below which they may not."""
_MOST_SHOWN = 8


def about_embedding(found: EmbeddingMap) -> str:
    """Return in one or two sentences what the map shows, and how far it can be trusted."""
    n_fitted = int(found.is_fitted.sum())
    unit, groups = UNITS[found.items.kinds[0]], found.groups
    if found.is_sketch:
        return f"A first look at {n_fitted:,} {unit}; their groups, and how far a map of them can be trusted, follow."
    if groups is None:
        shown = f"{n_fitted:,} {unit} lie in no clear groups."
    else:
        share = float((groups.labels >= 0).mean())
        n_groups = len(groups.names)
        plural = "group" if n_groups == 1 else "groups"
        shown = f"{share:.0%} of {n_fitted:,} {unit} lie in {n_groups} {plural}"
        named = next(((at, name) for at, name in enumerate(groups.names) if name), None)
        if named and n_groups > 1:
            which = "the largest" if named[0] == 0 else f"the largest that a sentence names, group {named[0] + 1},"
            shown += f"; {which} is told from the rest by “{named[1]}”"
        shown += "."
    return f"{shown} {about_quality(found)}"


def about_quality(found: EmbeddingMap) -> str:
    """Return how far the map can be trusted."""
    quality = found.quality
    if quality is None:
        return "How far the map can be trusted was not measured."
    if quality.trustworthiness >= GOOD:
        word = "What is near on the map is near in the space"
    elif quality.trustworthiness >= POOR:
        word = "What is near on the map is mostly near in the space"
    else:
        word = "Among what is near on the map there is much that is far in the space"
    torn = float(quality.is_torn.mean())
    apart = f", and {torn:.0%} of the points are torn from their neighbours" if torn >= 0.005 else ""
    if not apart and quality.trustworthiness < POOR:
        apart = ", though hardly a point is torn, with four in five of its own neighbours elsewhere"
    return (
        f"{word} (trustworthiness {quality.trustworthiness:.2f}, continuity {quality.continuity:.2f}, where chance "
        f"gives 0.5){apart}."
    )


def about_gap(gap: ModalityGap | None) -> str:
    """Return what the gap between pictures and sentences is, and what closing it does."""
    if gap is None:
        return (
            "No gap between pictures and sentences is told: the model reads a sentence against the video, so that it "
            "is no point of the space, or the pictures are all alike."
        )
    said = (
        f"Pictures and sentences are {gap.distance:.2f} apart, of 2 at most: a picture's mean cosine with another is "
        f"{_cosine(gap.within_pictures)}, with a sentence {_cosine(gap.across)}."
    )
    if not gap.n_known:
        return said
    return (
        f"{said} Of {gap.n_known} sentences known to be true somewhere, {gap.recall:.0%} find a right picture first; "
        f"{gap.centred_recall:.0%} once each kind is centred."
    )


def _cosine(value: float) -> str:
    """Return a cosine to two digits; none that is nothing has a sign."""
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "\N{MINUS SIGN}")


def embedding_warnings(found: EmbeddingMap, params: Any, space: Space) -> tuple[str, ...]:
    """Return what a person should know before believing the map of a space, one sentence each."""
    spec, said = space.model.spec, list(space.problems)
    if spec.window_frames > 1:
        said.append(f"{spec.title} reads {spec.window_frames} frames at once, so each point is a window of them.")
    names = set(found.items.names)
    if params.points != "video":
        for film in space.films:
            if f"video:{film.video.id}" not in names:
                said.append(f"What {film.video.title} holds cancels out in this space, so it has no point as a whole.")
    return (*said, *layout_warnings(found, params))


def layout_warnings(found: EmbeddingMap, params: Any) -> tuple[str, ...]:
    """Return what a person should know of how the map was laid out, which may be otherwise than ``params`` ask for."""
    n_fitted = int(found.is_fitted.sum())
    said: list[str] = []
    if found.reducer == "pca" and params.supervised and not found.is_sketch:
        said.append(f"Nothing is pulled together by “{params.supervised}”: only UMAP can do that.")
    if found.reducer != params.reducer and not found.is_sketch:
        said.append(f"UMAP has nothing to lay out in {n_fitted} points, so their principal components are shown.")
    if found.shares and sum(found.shares) < 0.5:
        said.append(f"These axes hold {sum(found.shares):.0%} of what tells points apart; the rest is not seen here.")
    if not found.neighbours.is_exact:
        said.append("So many points are searched through an index, which misses a few neighbours.")
    if found.quality is not None and found.quality.n_tested < n_fitted:
        said.append(f"Trust is estimated from {found.quality.n_tested:,} of the points.")
    if len({tuple(row) for row in np.round(found.coords[: min(n_fitted, 2_000)], 6).tolist()}) == 1 and n_fitted > 1:
        said.append("All points are alike, so they lie at one place.")
    return tuple(said)


def embedding_as_text(found: EmbeddingMap) -> str:
    """Return the map as a few lines for a terminal: groups, the gap, and where sentences lie."""
    lines = [found.conclusion]
    if found.groups is not None:
        for number, (name, margin) in enumerate(zip(found.groups.names, found.groups.margins.tolist(), strict=True)):
            if number == _MOST_SHOWN:
                lines.append(f"  and {len(found.groups.names) - _MOST_SHOWN} more groups")
                break
            members = int((found.groups.labels == number).sum())
            first = found.items.described(int(found.groups.exemplars[number, 0]))
            called = f"“{name}” ({margin:+.3f} over the others)" if name else "without a name"
            lines.append(f"  group {number + 1}: {members:,} points, {called}, such as {first}")
    for row, kind in enumerate(found.items.kinds):
        if kind in ASKED:
            near = [found.items.described(at) for at in found.neighbours.indices[row, :3].tolist()]
            lines.append(f"  “{found.items.labels[row]}” lies nearest to {'; '.join(near)}")
    if found.items.kinds[0] != "row":
        lines.append(about_gap(found.gap))
    return "\n".join(lines)


def embedding_as_json(outcome: Outcome[EmbeddingMap]) -> dict[str, Any]:
    """Return a map in plain JSON types; the keys are the command line's contract."""
    found = outcome.result
    items, quality, groups = found.items, found.quality, found.groups
    return {
        "provenance": plain(outcome.provenance),
        "conclusion": found.conclusion,
        "reducer": found.reducer,
        "through": list(found.through),
        "points": [
            {
                "name": name,
                "kind": kind,
                "label": label,
                "video": video or None,
                "span_s": None if math.isnan(span[0]) else span,
                "at": at,
                "fitted": fitted,
                "torn": torn,
                "neighbours": [items.names[row] for row in near],
                "distances": plain(distances),
                "group": None if groups is None or not fitted or groups.labels[row] < 0 else int(groups.labels[row]),
                **{"columns": {column: plain(values[row]) for column, values in items.columns.items()}},
            }
            for row, (name, kind, label, video, span, at, fitted, torn, near, distances) in enumerate(
                zip(
                    items.names,
                    items.kinds,
                    items.labels,
                    items.videos,
                    items.spans_s.tolist(),
                    found.coords.tolist(),
                    found.is_fitted.tolist(),
                    found.is_torn.tolist(),
                    found.neighbours.indices.tolist(),
                    found.neighbours.distances,
                    strict=True,
                )
            )
        ],
        "shares": list(found.shares),
        "quality": None
        if quality is None
        else {
            "n_neighbours": quality.n_neighbours,
            "trustworthiness": quality.trustworthiness,
            "continuity": quality.continuity,
            "preservation": quality.preservation,
            "torn": float(quality.is_torn.mean()),
            "n_tested": quality.n_tested,
        },
        "groups": []
        if groups is None
        else [
            {
                "name": name or None,
                "margin": plain(margin),
                "n_points": int((groups.labels == number).sum()),
                "exemplars": [items.names[row] for row in exemplars if row >= 0],
            }
            for number, (name, margin, exemplars) in enumerate(
                zip(groups.names, groups.margins, groups.exemplars.tolist(), strict=True)
            )
        ],
        "gap": plain(found.gap),
        "warnings": list(found.warnings),
    }
