"""The map of features that somebody brings from elsewhere: the same map, of a space that no model here can speak of.

Separate from the map of films, as there is nothing to read, no sentence to place and nothing to name groups by.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from workbench.analyses.analysis import Report, check_ranges, silent
from workbench.analyses.embed import FEWEST_POINTS, Embed, EmbedParams
from workbench.analyses.embedding_texts import about_embedding, layout_warnings
from workbench.analyses.layouts import Laid, Layout, classes_in
from workbench.analyses.provenance import provenance_of_file
from workbench.analyses.services import Services
from workbench.analyses.spaces import MOST_ITEMS
from workbench.core.neighbours import unit_rows
from workbench.errors import InputError
from workbench.store.feature_files import FeatureTable
from workbench.store.keys import cache_key
from workbench.types.embedding import GROUP, EmbeddingMap, Groups, Items
from workbench.types.outcome import Outcome


def embed_features(
    services: Services, table: FeatureTable, title: str, params: EmbedParams, report: Report = silent
) -> Outcome[EmbeddingMap]:
    """Return the map of the rows of a file called ``title``; ``params`` are asked for how it is laid out alone.

    Raises ``InputError`` for too few rows or too many, or a question that rows cannot answer, and whatever ``report``
    raises to cancel.
    """
    started = time.monotonic()
    check_ranges(params)
    n_rows = len(table.ids)
    if not FEWEST_POINTS <= n_rows <= MOST_ITEMS:
        raise InputError(f"A map holds {FEWEST_POINTS} to {MOST_ITEMS:,} points, and {title} has {n_rows:,} rows.")
    if params.queries or params.through or params.pictures:
        raise InputError(
            f"{title} is of no model here, so sentences, words and pictures say nothing of it; leave them."
        )
    features = unit_rows(table.features)
    laid = Laid(services, features, cache_key(kind="features", digest=table.digest), report)
    layout = Layout(params.reducer, params.axes, params.n_neighbours - 1, params.min_dist, params.seed)  # type: ignore[arg-type]
    columns = _told_from_groups(table.columns)
    classes = classes_in(columns, params.supervised)
    fitted = laid.sketch(layout) if params.is_sketch else laid.fit(layout, classes)
    quality = None if params.is_sketch else laid.quality(fitted, layout)
    clusters = None if params.is_sketch else laid.clusters(params.smallest or None)
    groups = None
    if clusters is not None and clusters.n_clusters:
        nameless = ("",) * clusters.n_clusters
        groups = Groups(clusters.labels, nameless, np.zeros(clusters.n_clusters), clusters.exemplars)
    found = EmbeddingMap(
        items=Items(
            names=tuple(f"row:{row_id}" for row_id in table.ids),
            kinds=["row"] * n_rows,
            labels=table.ids,
            videos=("",) * n_rows,
            spans_s=np.full((n_rows, 2), np.nan),
            columns=columns,
        ),
        coords=fitted.coords,
        is_fitted=np.ones(n_rows, bool),
        is_torn=np.zeros(n_rows, bool) if quality is None else quality.is_torn,
        neighbours=fitted.neighbours,
        reducer="pca" if fitted.axes else "umap",
        quality=quality,
        groups=groups,
        shares=tuple(fitted.axes.shares.tolist()) if fitted.axes else (),
    )
    found = replace(found, warnings=layout_warnings(found, params))
    found = replace(found, conclusion=about_embedding(found))
    return Outcome(found, provenance_of_file(Embed.id, params, title, table.digest, started))


def _told_from_groups(columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the columns, one that is called as the map calls its groups by another name."""
    return {f"{name} of the file" if name == GROUP else name: column for name, column in columns.items()}
