"""Maps of a space, comparisons and examinations as rows of a long table.

Separate from answers about one film: here a row is of a point, or of what is known of clips.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from workbench.types.comparison import Examination, SpaceComparison
from workbench.types.embedding import EmbeddingMap, Items

_AXES = ("x", "y", "z")


def map_rows(found: EmbeddingMap) -> Iterator[dict[str, Any]]:
    """Yield how far the map can be trusted, its groups, and every point with its place and what is known of it."""
    if found.quality is not None:
        names = ("n_neighbours", "trustworthiness", "continuity", "preservation", "n_tested")
        yield {"table": "quality", **{name: getattr(found.quality, name) for name in names}}
    groups = found.groups
    if groups is not None:
        for number, (name, margin) in enumerate(zip(groups.names, groups.margins, strict=True)):
            size = int((groups.labels == number).sum())
            yield {"table": "group", "group": number, "name": name, "margin": margin, "n_points": size}
    own = [-1] * len(found.items) if groups is None else [*groups.labels.tolist()]
    own += [-1] * (len(found.items) - len(own))  # what was placed on the map is of no group
    columns = {f"column {name}": column.tolist() for name, column in found.items.columns.items()}
    points = zip(
        _items(found.items), found.coords.tolist(), found.is_fitted.tolist(), found.is_torn.tolist(), own, strict=True
    )
    for row, (item, at, is_fitted, is_torn, group) in enumerate(points):
        yield {
            "table": "point",
            **item,
            **dict(zip(_AXES, at, strict=False)),
            "is_fitted": is_fitted,
            "is_torn": is_torn,
            "group": group if group >= 0 else None,
            **{name: column[row] for name, column in columns.items()},
        }


def comparison_rows(found: SpaceComparison) -> Iterator[dict[str, Any]]:
    """Yield how far two spaces agree, and every point with the neighbours that both share and its place on each map."""
    yield {
        "table": "agreement",
        "model": found.titles[0],
        "other_model": found.titles[1],
        "cka": found.cka,
        "debiased_cka": found.debiased_cka,
        "n_neighbours": found.n_neighbours,
        "overlap": found.mean_overlap,
        "chance_overlap": found.chance_overlap,
    }
    places = zip(*(coords.tolist() for coords in found.coords), strict=True)
    for item, overlap, (here, there) in zip(_items(found.items), found.overlap.tolist(), places, strict=True):
        at = dict(zip(("x", "y", "other_x", "other_y"), (*here, *there), strict=True))
        yield {"table": "shared", **item, "overlap": overlap, **at}


def examination_rows(found: Examination) -> Iterator[dict[str, Any]]:
    """Yield how rightly every label and each of its values is read, and how sentences and clips find each other."""
    own = {"model": found.title, "n_clips": found.n_clips, "n_videos": found.n_videos}
    for reading in found.readings:
        told = {**own, "label": reading.label, "probe": reading.probe}
        low, high = reading.interval
        share = {"accuracy": reading.accuracy, "low": low, "high": high, "chance": reading.chance}
        counts = {"n_clips": reading.n_clips, "n_videos": reading.n_videos, "n_neighbours": reading.n_neighbours}
        yield {"table": "reading", **told, **counts, **share}
        for value, accuracy in reading.per_value.items():
            yield {"table": "value", **told, "name": value, "accuracy": accuracy}
    if found.captions:
        for name in ("find_clips", "are_found"):
            ranks = asdict(getattr(found.captions, name))
            chance = dict(zip(("chance_at_1", "chance_at_5", "chance_at_10"), ranks.pop("chance"), strict=True))
            yield {"table": "captions", **own, "name": name, **ranks, **chance}
    alignment = found.captions.alignment if found.captions else math.nan
    yield {"table": "spread", **own, "uniformity": found.uniformity, "alignment": alignment}


def _items(items: Items) -> Iterator[dict[str, Any]]:
    spans = items.spans_s.tolist()
    for name, kind, label, video, (start_s, end_s) in zip(
        items.names, items.kinds, items.labels, items.videos, spans, strict=True
    ):
        known = {"item": name, "kind": kind, "label": label, "video": video or None}
        yield {**known, "start_s": start_s, "end_s": end_s}
