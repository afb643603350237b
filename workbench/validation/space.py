"""Where things lie: maps whose points do not move, neighbours and measures by others, and planted groups."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from workbench.analyses.analysis import Report, silent
from workbench.analyses.embed import Embed, EmbedParams
from workbench.analyses.services import Services
from workbench.core.map_quality import map_quality
from workbench.core.neighbours import neighbours_among, unit_rows
from workbench.core.probing import knn_accuracy
from workbench.core.projection import principal_axes, umap_layout
from workbench.core.spaces import linear_cka
from workbench.types.embedding import EmbeddingMap
from workbench.types.outcome import Progress
from workbench.validation.claim import DEFINITION, PLANTED, Claim
from workbench.validation.planted_groups import Objects, actions_seen, agreement, objects_of, windows_of

TITLE = Embed.title
FRAME, WINDOW = "toyworld-frame", "toyworld-video"
EXAMPLES = ("toy-test-72-000", "toy-test-72-001", "toy-test-72-002")
N_NEIGHBOURS, N_LAID_OUT = 14, 400
BARS = {"colour": (0.95, 0.95), "shape": (0.8, 0.9)}
"""Of groups seen through words, and of a linear probe."""


def claims(services: Services, folder: Path, report: Report = silent) -> Iterator[Claim]:
    """Yield what is claimed of spaces and of their maps."""
    yield from frozen(services, report)
    report(Progress(0, 3, f"{TITLE}: drawing objects", unit="point"))
    objects = objects_of(services)
    yield from references(objects.features.frames, objects.truth["colour"], report)
    yield from groups(services, objects, report)


def frozen(services: Services, report: Report = silent) -> Iterator[Claim]:
    """Yield by how much a film that comes later moves what is there: a restart lies between the two maps."""
    first, second, third = (services.library.find(name).id for name in EXAMPLES)
    fitted = (first, second)
    again = Services.create(services.settings)
    before = _places(services, (first, second), fitted, report)
    after = _places(again, (first, second, third), fitted, report)
    alone = _places(again, (third,), fitted, report)
    moved, later = max(float(np.abs(after[name] - at).max()) for name, at in before.items()), set(after) - set(before)
    says = "a film that comes later moves a point of the map, after a restart, by"
    yield Claim(TITLE, says, "the map before", moved, 0.0, "at most", len(before))
    moved = max(float(np.abs(after[name] - alone[name]).max()) for name in later)
    says = "where a later point lies depends on what comes with it by"
    yield Claim(TITLE, says, "its place alone", moved, 0.0, "at most", len(later))


def _places(
    services: Services, videos: tuple[str, ...], fitted_on: tuple[str, ...], report: Report
) -> dict[str, np.ndarray]:
    """Return where every point lies, by its name."""
    found = Embed().run(services, EmbedParams(videos, (), FRAME, fitted_on=fitted_on, fps=1.0), report).result
    assert isinstance(found, EmbeddingMap)
    return dict(zip(found.items.names, found.coords, strict=True))


def references(features: Float32[np.ndarray, "item dim"], labels: np.ndarray, report: Report) -> Iterator[Claim]:
    """Yield how far neighbours, measures and maps of a space are from what others make of it."""
    from sklearn.decomposition import PCA
    from sklearn.manifold import trustworthiness
    from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

    rows, learn, n_items = unit_rows(features), f"scikit-learn {version('scikit-learn')}", len(features)
    exact = rows.astype(np.float64)
    found = neighbours_among(rows, N_NEIGHBOURS)
    distances, _ = NearestNeighbors(n_neighbors=N_NEIGHBOURS, metric="cosine").fit(exact).kneighbors()
    apart = float(np.abs(found.distances - distances).max())
    yield Claim(
        TITLE, f"distances of {N_NEIGHBOURS} nearest neighbours differ by", learn, apart, 1e-6, "at most", n_items
    )
    axes, reference = principal_axes(rows, 2), PCA(2, svd_solver="full").fit(exact)
    placed, expected = axes.place(rows), reference.transform(exact)
    apart = float(np.abs(placed * np.sign((placed * expected).sum(axis=0)) - expected).max())
    yield Claim(TITLE, "places on principal components differ by", learn, apart, 1e-4, "at most", n_items)
    quality = map_quality(rows, placed, found)
    for name, own, other in (
        ("trustworthiness", quality.trustworthiness, trustworthiness(exact, placed, n_neighbors=14, metric="cosine")),
        ("continuity", quality.continuity, trustworthiness(placed, exact, n_neighbors=14)),
    ):
        yield Claim(TITLE, f"{name} of that map differs by", learn, abs(own - float(other)), 1e-9, "at most", n_items)
    voted = KNeighborsClassifier(5, metric="cosine").fit(exact, labels).predict(None)
    apart = abs(knn_accuracy(exact, labels, np.arange(n_items), 5).accuracy - float((voted == labels).mean()))
    yield Claim(TITLE, "the share of labels read by five neighbours differs by", learn, apart, 1e-9, "at most", n_items)
    apart = abs(linear_cka(exact, placed) - _cka_of_gram_matrices(exact, placed))
    says = "centred kernel alignment of the space with its map differs by"
    yield Claim(TITLE, says, f"{DEFINITION}, by Gram matrices", apart, 1e-9, "at most", n_items)
    yield _like_umap_learn(rows[:N_LAID_OUT], report)


def _cka_of_gram_matrices(first: np.ndarray, second: np.ndarray) -> float:
    middle = np.eye(len(first)) - 1 / len(first)
    one, two = first @ first.T @ middle, second @ second.T @ middle
    # The trace of a product is the sum over all pairs.
    product, own, other = ((k * g.T).sum() for k, g in ((one, two), (one, one), (two, two)))
    return float(product / np.sqrt(own * other))


def _like_umap_learn(rows: Float32[np.ndarray, "item dim"], report: Report) -> Claim:
    from sklearn.manifold import trustworthiness
    from umap import UMAP

    report(Progress(1, 3, f"{TITLE}: laying out", unit="point"))
    ours = umap_layout(rows, neighbours_among(rows, N_NEIGHBOURS))
    theirs = UMAP(n_neighbors=N_NEIGHBOURS + 1, metric="cosine", random_state=0, n_jobs=1).fit_transform(rows)
    trusted = [trustworthiness(rows, coords, n_neighbors=15, metric="cosine") for coords in (ours, theirs)]
    says = "trustworthiness of a UMAP differs by"
    apart, against = abs(float(trusted[0] - trusted[1])), f"umap-learn {version('umap-learn')}"
    return Claim(TITLE, says, against, apart, 0.01, "at most", len(rows))


def groups(services: Services, objects: Objects, report: Report = silent) -> Iterator[Claim]:
    """Yield how far planted groups are those of the space as words see it, and what a linear probe reads."""
    n_objects = len(objects.features.frames)
    for name, other in (("colour", "shape"), ("shape", "colour")):
        least, least_read = BARS[name]
        says = f"groups seen through words for {name}s are the {name}s, adjusted Rand"
        yield Claim(TITLE, says, PLANTED, objects.agreement(name, name), least, n_asked=n_objects)
        says = f"groups seen through words for {other}s are the {name}s"
        yield Claim(TITLE, says, PLANTED, objects.agreement(other, name), 0.1, "at most", n_objects)
        says, right = f"a linear probe reads the {name}", objects.read(name)
        yield Claim(TITLE, says, PLANTED, right, least_read, n_asked=n_objects)
    together, share = objects.both()
    says = "groups of the whole space are colour and shape together, adjusted Rand"
    yield Claim(TITLE, says, PLANTED, together, 0.7, n_asked=round(share * n_objects))
    yield Claim(TITLE, "share of objects that are in one of those", PLANTED, share, 0.5, n_asked=n_objects)
    report(Progress(2, 3, f"{TITLE}: drawing actions", unit="point"))
    windows = windows_of()
    by_windows, _ = actions_seen(services.models.load(WINDOW), windows.pixels)
    by_frames, pooled = actions_seen(services.models.load(FRAME), windows.pixels)
    n_windows = len(windows.truth)
    says = f"groups seen through words for actions are the actions, `{WINDOW}`"
    yield Claim(TITLE, says, PLANTED, agreement(by_windows, windows.truth), 0.8, n_asked=n_windows)
    says = f"the same, `{FRAME}`, which cannot see them"
    yield Claim(TITLE, says, PLANTED, agreement(by_frames, windows.truth), 0.1, "at most", n_windows)
    says = f"a linear probe reads the action, `{WINDOW}`"
    yield Claim(TITLE, says, PLANTED, windows.read(by_windows), 0.9, n_asked=n_windows)
    says = f"the same, `{FRAME}`, whose words see no action"
    yield Claim(TITLE, says, PLANTED, windows.read(by_frames), round(windows.chance + 0.15, 3), "at most", n_windows)
    says = f"the same of the means of its frames, `{FRAME}`"
    yield Claim(TITLE, says, PLANTED, windows.read(pooled), 0.5, "at most", n_windows)
