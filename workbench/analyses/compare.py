"""Do two models see the same films alike? The same items in both spaces, and where they lie among different others.

Separate from maps of one space: of two, nothing may be compared but how the items lie to one another.
"""

from __future__ import annotations

import hashlib
import itertools
import time
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float32

from workbench.analyses.analysis import Report, check_ranges, controls, parameter, silent
from workbench.analyses.compare_texts import (
    about_comparison,
    comparison_as_json,
    comparison_as_text,
    comparison_warnings,
)
from workbench.analyses.embed import EmbedParams
from workbench.analyses.ground import MomentParams
from workbench.analyses.layouts import Laid, Layout
from workbench.analyses.matched import matched, rows_within
from workbench.analyses.provenance import provenance_of
from workbench.analyses.services import Services
from workbench.analyses.spaces import Space, space_of
from workbench.core.spaces import chance_overlap, debiased_cka, linear_cka, shared_neighbours
from workbench.errors import InputError
from workbench.store.keys import cache_key
from workbench.types.comparison import SpaceComparison
from workbench.types.embedding import Items
from workbench.types.outcome import Outcome
from workbench.types.video import SamplingSpec

FEWEST_ITEMS = 4
_FEWEST_PER_NEIGHBOUR = 4
_AXES = 2
_OFFERED, _SAMPLED = controls(EmbedParams), controls(MomentParams)


@dataclass(frozen=True)
class CompareParams:
    """Which films are compared as which points, and by which two models: ``model`` and the ``other``."""

    videos: tuple[str, ...]
    model: str
    other: str
    fps: float = parameter(MomentParams.fps, _SAMPLED["fps"])
    max_frames: int = parameter(MomentParams.max_frames, _SAMPLED["max_frames"])
    reuse_below: float = parameter(MomentParams.reuse_below, _SAMPLED["reuse_below"])
    points: str = parameter(EmbedParams.points, replace(_OFFERED["points"], help="What is compared"))
    n_neighbours: int = parameter(
        EmbedParams.n_neighbours,
        replace(
            _OFFERED["n_neighbours"], help="How many of the nearest points are compared, counting the point itself"
        ),
    )
    seed: int = parameter(EmbedParams.seed, _OFFERED["seed"])
    reducer: str = parameter(EmbedParams.reducer, _OFFERED["reducer"])


class Compare:
    """How far two spaces agree, in all distances and in the neighbours of each item, with a map of each."""

    id: ClassVar[str] = "compare"
    title: ClassVar[str] = "Two models"
    question: ClassVar[str] = "Which frames, moments or videos lie among the same others for two models, and which not?"
    Params: ClassVar[type] = CompareParams

    def run(self, services: Services, params: CompareParams, report: Report = silent) -> Outcome[SpaceComparison]:
        """Return how far both agree.

        Raises ``InputError``, ``VideoError`` or ``ModelError``, each one sentence with what to do, and whatever
        ``report`` raises to cancel.
        Cost: features once for each model, as for ``ground``; then every two points' cosine, and two maps. All is kept.
        """
        started = time.monotonic()
        check_ranges(params)
        params = replace(params, videos=tuple(dict.fromkeys(services.library.get(each).id for each in params.videos)))
        if params.points == "video":
            _check_enough(len(params.videos))
        sampling = SamplingSpec(params.fps, params.max_frames)
        # Both before the work: one that is not there is told at once.
        models = [services.models.load(model_id) for model_id in (params.model, params.other)]
        # Of the other model rows are needed, not its own segments.
        kinds = (params.points, "frame" if params.points == "frame" else "video")
        first, second = (
            space_of(services, params.videos, model, sampling, kind, report, params.reuse_below)  # type: ignore[arg-type]
            for model, kind in zip(models, kinds, strict=True)
        )
        found = _compared(first, second, params, report)
        is_from_cache = first.is_from_cache and second.is_from_cache
        made = provenance_of(
            self.id, params, first.films[0].video, first.model, sampling, started, is_from_cache, params.seed
        )
        spec = second.model.spec
        named = {**made.parameters, "other": spec.id, "other_revision": spec.revision}
        return Outcome(found, replace(made, parameters=named))

    def as_json(self, outcome: Outcome[SpaceComparison]) -> dict[str, Any]:
        """Return the answer in plain JSON types; the keys are the command line's contract."""
        return comparison_as_json(outcome)

    def as_text(self, outcome: Outcome[SpaceComparison]) -> str:
        """Return the answer as a few lines for a terminal."""
        return comparison_as_text(outcome.result)


def _check_enough(n_items: int) -> None:
    if n_items < FEWEST_ITEMS:
        raise InputError(
            f"A comparison needs {FEWEST_ITEMS} points or more, and here there are {n_items}; name more or longer "
            "videos, or compare frames."
        )


def _compared(first: Space, second: Space, params: CompareParams, report: Report) -> SpaceComparison:
    is_finer = params.points == "frame" and len(second.items) < len(first.items)
    held, other = (second, first) if is_finer else (first, second)
    items, n_items = held.items, len(held.items)
    _check_enough(n_items)
    brought, n_without = _brought(held, other)
    features = (brought, held.features) if is_finer else (held.features, brought)
    layout = Layout(params.reducer, _AXES, params.n_neighbours - 1, EmbedParams.min_dist, params.seed)  # type: ignore[arg-type]
    fitted = [
        _laid(space, items, rows, report).fit(layout) for space, rows in zip((first, second), features, strict=True)
    ]
    # Of so many of all items unrelated spaces agree on as large a share: with more, agreement tells little.
    k = min(layout.n_neighbours, n_items // _FEWEST_PER_NEIGHBOUR)
    overlap = shared_neighbours(*(each.neighbours.indices[:, :k] for each in fitted))
    found = SpaceComparison(
        items=items,
        titles=(first.model.spec.title, second.model.spec.title),
        cka=linear_cka(*features),
        debiased_cka=debiased_cka(*features),
        n_neighbours=k,
        overlap=overlap,
        chance_overlap=chance_overlap(n_items, k),
        neighbours=(fitted[0].neighbours, fitted[1].neighbours),
        coords=(fitted[0].coords, fitted[1].coords),
        reducer="pca" if fitted[0].axes else "umap",
        order=np.argsort(overlap, kind="stable"),
    )
    told = comparison_warnings(
        found, params.n_neighbours - 1, params.reducer, (first, second), held.model.spec, n_without
    )
    return replace(found, warnings=told, conclusion=about_comparison(found))


def _brought(held: Space, other: Space) -> tuple[Float32[np.ndarray, "item dim"], int]:
    """Return the items of one space as the model of the other sees them, and in how many that has no row."""
    bounds = np.cumsum([0, *(len(film.starts) for film in held.films)])
    found, n_without = [], 0
    for film, (first, past) in zip(other.films, itertools.pairwise(bounds.tolist()), strict=True):
        rows, holds_any = rows_within(film.features.times_s, held.items.spans_s[first:past])
        found.append(matched(film.features.frames, rows))
        n_without += int((~holds_any).sum())
    return np.concatenate(found), n_without


def _laid(space: Space, items: Items, features: Float32[np.ndarray, "item dim"], report: Report) -> Laid:
    """Return the features with a key of all that they are made of: the rows of the model, and the items' spans."""
    films = [film.keys for film in space.films]
    spans = hashlib.sha256(np.ascontiguousarray(items.spans_s).tobytes()).hexdigest()
    return Laid(
        space.services, features, cache_key(kind="compared", films=films, spans=spans, kinds=items.kinds[0]), report
    )
