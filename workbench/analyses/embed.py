"""Where do frames, moments, films and sentences lie in the space of a model? A map whose points do not move.

Separate from how items are laid out, which is kept, and from what is said of a map; here is what can be asked.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from workbench.analyses.analysis import Control, Report, check_ranges, parameter, silent
from workbench.analyses.embedding_texts import about_embedding, embedding_as_json, embedding_as_text, embedding_warnings
from workbench.analyses.gaps import gap_of
from workbench.analyses.ground import MomentParams
from workbench.analyses.layouts import Fitted, Laid, Layout, classes_in
from workbench.analyses.provenance import provenance_of
from workbench.analyses.queries import checked_query
from workbench.analyses.services import Services
from workbench.analyses.spaces import Space, joined, space_of
from workbench.core.clusters import Clusters, namings
from workbench.core.facets import through_words, usual_fit
from workbench.core.map_quality import torn_from
from workbench.core.neighbours import nearest, unit_rows
from workbench.core.projection import among_neighbours
from workbench.errors import InputError
from workbench.store.keys import cache_key
from workbench.types.embedding import EmbeddingMap, Groups, Items, Neighbours
from workbench.types.outcome import Outcome
from workbench.types.video import SamplingSpec

POINTS = ("frame", "segment", "video")
REDUCERS = ("umap", "pca")
FEWEST_POINTS = 3
_NO_LENGTH = 1e-6


@dataclass(frozen=True)
class EmbedParams:
    """Which films and sentences are mapped, as which points, and how the map is made.

    ``fitted_on`` are the films that the map is made of, where that are not all: the others are placed on it.
    ``through`` are words that the space is seen through, ``pictures`` the ids of still ones to look for in it.
    ``is_sketch``: principal components alone, at once, and nothing that takes every two points' cosine: no neighbours,
    groups or tests.
    """

    videos: tuple[str, ...]
    queries: tuple[str, ...]
    model: str
    fitted_on: tuple[str, ...] = ()
    through: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    fps: float = MomentParams.fps
    max_frames: int = MomentParams.max_frames
    reuse_below: float = MomentParams.reuse_below
    points: str = parameter("frame", Control("Points", "What the map is made of", choices=POINTS))
    reducer: str = parameter(
        "umap", Control("Reducer", "What lays the points out: UMAP, or principal components", choices=REDUCERS)
    )
    axes: int = parameter(2, Control("Axes", "How many directions the map has", 2, 3, 1))
    n_neighbours: int = parameter(
        15, Control("Neighbours", "How many of the nearest points hold one in its place", 2, 200, 1, flag="neighbours")
    )
    min_dist: float = parameter(0.1, Control("Least distance", "How close UMAP puts what is alike", 0.0, 0.99, 0.05))
    seed: int = parameter(0, Control("Seed", "Which of many maps as good UMAP comes to", 0, 2**32 - 1, 1))
    supervised: str = parameter(
        "", Control("Pulled together", "Pull together what is alike in a column, such as video", unit="column")
    )
    smallest: int = parameter(
        0, Control("Smallest group", "The fewest points of a group; 0: one in a hundred, and 5 at least", 0, 100_000, 1)
    )
    is_sketch: bool = False


class Embed:
    """A map of the embedding space, how far it can be trusted, its groups, and the gap between pictures and words."""

    id: ClassVar[str] = "embed"
    title: ClassVar[str] = "Space"
    question: ClassVar[str] = "Where do frames, moments, videos and sentences lie in the space of a model?"
    Params: ClassVar[type] = EmbedParams

    def run(self, services: Services, params: EmbedParams, report: Report = silent) -> Outcome[EmbeddingMap]:
        """Return the map.

        Raises ``QueryError``, ``InputError``, ``VideoError`` or ``ModelError``, each one sentence with what to do, and
        whatever ``report`` raises to cancel.
        Cost: features once, as for ``ground``; then every two points' cosine, and what UMAP takes. Both are kept.
        """
        started = time.monotonic()
        params = _checked(services, params)
        model, sampling = services.models.load(params.model), SamplingSpec(params.fps, params.max_frames)
        ids = (*params.fitted_on, *params.videos)
        space = space_of(services, ids, model, sampling, params.points, report, params.reuse_below)  # type: ignore[arg-type]
        pictures = space_of(services, params.pictures, model, sampling, "picture", report) if params.pictures else None
        found = _Mapping(space, pictures, params, report).whole()
        provenance = provenance_of(
            self.id, params, space.films[0].video, model, sampling, started, space.is_from_cache, params.seed
        )
        return Outcome(found, provenance)

    def as_json(self, outcome: Outcome[EmbeddingMap]) -> dict[str, Any]:
        """Return the answer in plain JSON types; the keys are the command line's contract."""
        return embedding_as_json(outcome)

    def as_text(self, outcome: Outcome[EmbeddingMap]) -> str:
        """Return the answer as a few lines for a terminal."""
        return embedding_as_text(outcome.result)


def _checked(services: Services, params: EmbedParams) -> EmbedParams:
    """Return the question with films by their ids, those that the map is made of named, and sentences cleaned."""
    check_ranges(params)
    check_ranges(MomentParams("", (), params.model, params.fps, params.max_frames, reuse_below=params.reuse_below))

    def cleaned(texts: Sequence[str]) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(checked_query(text, services.settings) for text in texts))
        if len(found) > services.settings.max_queries:
            raise InputError(f"There are {len(found)} sentences; give {services.settings.max_queries} or fewer.")
        return found

    def ids(videos: Sequence[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(services.library.get(video).id for video in videos))

    videos = ids(params.videos)
    return replace(
        params,
        videos=videos,
        fitted_on=ids(params.fitted_on) or videos,
        pictures=ids(params.pictures),
        queries=cleaned(params.queries),
        through=cleaned(params.through),
    )


@dataclass(frozen=True, eq=False)
class _Part:
    """Some items of a map, with their places and their nearest fitted ones."""

    items: Items
    coords: Float64[np.ndarray, "item axis"]
    neighbours: Neighbours
    is_torn: Bool[np.ndarray, "item"]


class _Mapping:
    """One map in the making. Items of the films that it is made of come first; everything else is placed on it."""

    def __init__(self, space: Space, pictures: Space | None, params: EmbedParams, report: Report) -> None:
        self._space, self._pictures, self._params, self._report = space, pictures, params, report
        own = set(params.fitted_on)
        self._n_fitted = sum(video in own for video in space.items.videos)
        if self._n_fitted < FEWEST_POINTS:
            raise InputError(
                f"A map needs {FEWEST_POINTS} points or more, and here there are {self._n_fitted}; name more or longer "
                "videos, or map frames."
            )
        words = space.cosines(params.through, report)
        self._fit = usual_fit(words[: self._n_fitted]) if params.through else None
        self._features = self._seen_through(space, words)
        laid = Laid(space.services, self._features[: self._n_fitted], self._key(), report)
        layout = Layout(params.reducer, params.axes, params.n_neighbours - 1, params.min_dist, params.seed)  # type: ignore[arg-type]
        self._n_neighbours = min(layout.n_neighbours, self._n_fitted - 1)
        self._fitted: Fitted = laid.sketch(layout) if params.is_sketch else laid.fit(layout, self._classes())
        self._quality = None if params.is_sketch else laid.quality(self._fitted, layout)
        self._clusters: Clusters | None = None if params.is_sketch else laid.clusters(params.smallest or None)

    def whole(self) -> EmbeddingMap:
        """Return the map with all that lies on it, and what is said of it."""
        space, params, fitted = self._space, self._params, self._fitted
        names = params.through or space.model.spec.distractors  # what the space is seen through is what names groups
        vocabulary = tuple(dict.fromkeys((*params.queries, *names)))
        cosines = space.cosines(vocabulary, self._report)
        parts = [self._own(), self._later(), self._films(), self._sentences(cosines[: self._n_fitted])]
        parts += [self._looked_for(self._pictures)] if self._pictures else []
        items = joined([part.items for part in parts])
        for number, query in enumerate(params.queries):
            fits = np.full(len(items), np.nan)
            fits[: len(space.items)] = cosines[:, number]
            items = replace(items, columns={**items.columns, f"fits “{query}”": fits})
        found = EmbeddingMap(
            items=items,
            coords=np.concatenate([part.coords for part in parts]),
            is_fitted=np.arange(len(items)) < self._n_fitted,
            is_torn=np.concatenate([part.is_torn for part in parts]),
            neighbours=self._near(parts),
            reducer="pca" if fitted.axes else "umap",
            quality=self._quality,
            groups=self._groups(vocabulary, cosines[: self._n_fitted]),
            gap=None if params.is_sketch else gap_of(space, vocabulary),
            shares=tuple(fitted.axes.shares.tolist()) if fitted.axes else (),
            through=params.through,
        )
        found = replace(found, warnings=embedding_warnings(found, params, space))
        return replace(found, conclusion=about_embedding(found))

    def _near(self, parts: Sequence[_Part]) -> Neighbours:
        """Return the nearest fitted items of all items; of a sketch none, as of its own they are not known."""
        k = self._fitted.neighbours.indices.shape[1]
        return Neighbours(
            np.concatenate([part.neighbours.indices[:, :k] for part in parts]),
            np.concatenate([part.neighbours.distances[:, :k] for part in parts]),
            self._fitted.neighbours.is_exact,
        )

    def _seen_through(self, space: Space, cosines: Float32[np.ndarray, "item word"]) -> Float32[np.ndarray, "item dim"]:
        return through_words(cosines, self._fit) if self._params.through else space.features

    def _key(self) -> str:
        """Return what the features that are fitted are made of."""
        own = set(self._params.fitted_on)
        films = [[*film.keys, film.starts.tolist()] for film in self._space.films if film.video.id in own]
        spec = self._space.model.spec
        return cache_key(films=films, through=self._params.through, prompts=spec.prompts, texts=spec.revision)

    def _classes(self) -> Int64[np.ndarray, "item"] | None:
        return classes_in(_rows(self._space.items, slice(0, self._n_fitted)).columns, self._params.supervised)

    def _own(self) -> _Part:
        torn = np.zeros(self._n_fitted, bool) if self._quality is None else self._quality.is_torn
        rows = slice(0, self._n_fitted)
        return _Part(_rows(self._space.items, rows), self._fitted.coords, self._fitted.neighbours, torn)

    def _later(self) -> _Part:
        rows = slice(self._n_fitted, len(self._space.items))
        return self._placed(_rows(self._space.items, rows), self._features[rows])

    def _films(self) -> _Part:
        """Return every film as a point of its own, the mean of its items; none where films are the items.

        Nor has one a point whose items cancel out, as they do where two words see it half and half.
        """
        films = self._space.films if self._params.points != "video" else ()
        bounds = np.cumsum([0, *(len(film.starts) for film in films)])
        means = [self._features[a:b].mean(axis=0, dtype=np.float64) for a, b in itertools.pairwise(bounds)]
        is_somewhere = [bool(np.linalg.norm(mean) > _NO_LENGTH) for mean in means]
        films, means = tuple(itertools.compress(films, is_somewhere)), list(itertools.compress(means, is_somewhere))
        n_films, titles = len(films), np.array([film.video.title for film in films])
        items = Items(
            names=tuple(f"video:{film.video.id}" for film in films),
            kinds=["video"] * n_films,
            labels=tuple(film.video.title for film in films),
            videos=tuple(film.video.id for film in films),
            spans_s=np.array([[0.0, film.video.duration_s] for film in films]).reshape(n_films, 2),
            columns={"video": titles if n_films else np.array([], str)},
        )
        features = np.array(means, np.float32).reshape(n_films, self._features.shape[1])
        return self._placed(items, unit_rows(features))

    def _sentences(self, cosines: Float32[np.ndarray, "item text"]) -> _Part:
        """Return the sentences among the items that fit them best: of vectors that both had, nothing is asked."""
        queries = self._params.queries
        distances = 1 - cosines[:, : len(queries)].T.astype(np.float64)
        order = np.argsort(distances, axis=1, kind="stable")[:, : self._n_neighbours]
        found = Neighbours(order.astype(np.int64), np.take_along_axis(distances, order, axis=1))
        n_queries = len(queries)
        items = Items(
            names=tuple(f"sentence:{query}" for query in queries),
            kinds=["sentence"] * n_queries,
            labels=queries,
            videos=("",) * n_queries,
            spans_s=np.full((n_queries, 2), np.nan),
        )
        return self._part(items, among_neighbours(found, self._fitted.coords), found)

    def _looked_for(self, pictures: Space) -> _Part:
        cosines = pictures.cosines(self._params.through, self._report)
        return self._placed(pictures.items, self._seen_through(pictures, cosines))

    def _placed(self, items: Items, features: Float32[np.ndarray, "item dim"]) -> _Part:
        found = nearest(features, self._fitted.features, self._n_neighbours)
        axes = self._fitted.axes
        return self._part(items, axes.place(features) if axes else among_neighbours(found, self._fitted.coords), found)

    def _part(self, items: Items, coords: Float64[np.ndarray, "item axis"], found: Neighbours) -> _Part:
        return _Part(items, coords, found, torn_from(coords, self._fitted.coords, found))

    def _groups(self, vocabulary: tuple[str, ...], cosines: Float32[np.ndarray, "item text"]) -> Groups | None:
        found = self._clusters
        if found is None or not found.n_clusters:
            return None
        margins, names = np.zeros(found.n_clusters), ("",) * found.n_clusters
        if vocabulary:
            fits = namings(cosines, found.labels)
            margins, best = fits.max(axis=1), fits.argmax(axis=1).tolist()
            # A sentence that fits the others as well names nothing.
            names = tuple(vocabulary[at] if margin > 0 else "" for at, margin in zip(best, margins, strict=True))
        return Groups(found.labels, names, margins, found.exemplars)


def _rows(items: Items, rows: slice) -> Items:
    return replace(
        items,
        names=items.names[rows],
        kinds=items.kinds[rows],
        labels=items.labels[rows],
        videos=items.videos[rows],
        spans_s=items.spans_s[rows],
        columns={name: column[rows] for name, column in items.columns.items()},
    )
