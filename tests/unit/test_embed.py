"""The map of a space: points that do not move, sentences among what fits them, and words for it."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.films import BLUE, GREEN, RED, write_film
from tests.serve import ROOT
from workbench.analyses import layouts
from workbench.analyses.embed import Embed, EmbedParams
from workbench.analyses.embed_features import embed_features
from workbench.analyses.embedding_texts import about_gap, about_quality
from workbench.analyses.prompts import ask
from workbench.analyses.services import Services
from workbench.analyses.spaces import Space, known_at, space_of
from workbench.core.neighbours import nearest
from workbench.core.projection import among_neighbours
from workbench.errors import Cancelled, InputError, QueryError, VideoError
from workbench.figures.embedding import embedding_figure
from workbench.figures.gap import gap_figure
from workbench.settings import Settings
from workbench.store.feature_files import read_features
from workbench.types.embedding import EmbeddingMap
from workbench.types.outcome import Progress
from workbench.types.video import SamplingSpec
from workbench.ui.gradio import space_panels

FRAME, WINDOW = "toyworld-frame", "toyworld-video"
FIRST, SECOND, THIRD = "toy-test-72-000", "toy-test-72-001", "toy-test-72-002"
BUNNY = "big-buck-bunny"
RATE = 1.0
MAPPED_AGAIN = """
import json, sys
from pathlib import Path
from workbench.analyses.embed import Embed, EmbedParams
from workbench.analyses.services import Services
from workbench.settings import Settings

home, model, rate, first, second, third = sys.argv[1:]
services = Services.create(Settings(home=Path(home), offline=True, device="cpu"))
asked = EmbedParams((first, second, third), ("a red circle",), model, fitted_on=(first, second), fps=float(rate))
outcome = Embed().run(services, asked)
found = outcome.result
print(json.dumps([found.items.names, found.coords.tolist(), outcome.provenance.from_cache]))
"""
LAID_OUT_AGAIN = """
import json, sys
from pathlib import Path
from workbench.analyses.embed import EmbedParams
from workbench.analyses.embed_features import embed_features
from workbench.analyses.services import Services
from workbench.core.neighbours import nearest
from workbench.core.projection import among_neighbours
from workbench.settings import Settings
from workbench.store.feature_files import read_features

home, path, later = sys.argv[1:]
services = Services.create(Settings(home=Path(home), offline=True))
table = read_features(Path(path))
coords = embed_features(services, table, "mine.npz", EmbedParams((), (), "")).result.coords
found = nearest(read_features(Path(later)).features, table.features, 14)
print(json.dumps([coords.tolist(), among_neighbours(found, coords).tolist()]))
"""


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return Services.create(Settings(home=tmp_path_factory.mktemp("space"), offline=True, device="cpu"))


def mapped(services: Services, *videos: str, **more) -> EmbeddingMap:
    asked = {"queries": (), "model": FRAME, "fps": RATE} | more
    return Embed().run(services, EmbedParams(videos=videos, **asked)).result


def space(services: Services, *videos: str) -> Space:
    model = services.models.load(FRAME)
    return space_of(services, videos, model, SamplingSpec(RATE), "frame", lambda progress: None)


def elsewhere(script: str, *words: object) -> list:
    """Return what a script prints in a process of its own."""
    run = subprocess.run([sys.executable, "-c", script, *map(str, words)], capture_output=True, text=True, cwd=ROOT)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def by_name(found: EmbeddingMap) -> dict[str, tuple[float, ...]]:
    return dict(zip(found.items.names, map(tuple, found.coords.tolist()), strict=True))


@pytest.fixture(scope="module")
def two(services: Services) -> EmbeddingMap:
    return mapped(services, FIRST, SECOND, queries=("a red circle", "a white cross"))


def test_every_frame_every_film_and_every_sentence_is_a_point_of_its_own(services: Services, two: EmbeddingMap):
    n_frames = sum(math.ceil(services.library.get(video).duration_s * RATE) for video in (FIRST, SECOND))
    kinds = two.items.kinds
    assert (kinds.count("frame"), kinds.count("video"), kinds.count("sentence")) == (n_frames, 2, 2)
    assert len(set(two.items.names)) == len(two.items) == len(two.coords)
    assert two.is_fitted.sum() == n_frames
    assert np.isfinite(two.coords).all()
    assert two.items.described(0) == f"{services.library.get(FIRST).title}, 0:00.0"


def test_a_second_look_works_nothing_out(services: Services, two: EmbeddingMap, monkeypatch: pytest.MonkeyPatch):
    for name in ("umap_layout", "neighbours_among", "map_quality", "clustered"):
        monkeypatch.setattr(layouts, name, None)
    again = mapped(services, FIRST, SECOND, queries=("a red circle", "a white cross"))
    np.testing.assert_array_equal(again.coords, two.coords)
    assert again.conclusion == two.conclusion
    assert again.quality.trustworthiness == two.quality.trustworthiness


@pytest.mark.parametrize("reducer", ["umap", "pca"])
def test_a_film_that_comes_later_moves_nothing(services: Services, reducer: str):
    before = by_name(mapped(services, FIRST, SECOND, reducer=reducer))
    asked = {"reducer": reducer, "fitted_on": (FIRST, SECOND)}
    after = by_name(mapped(services, FIRST, SECOND, THIRD, **asked))
    assert {name: after[name] for name in before} == before
    alone = by_name(mapped(services, THIRD, **asked))
    later = {name for name in after if name not in before}
    assert len(later) == math.ceil(services.library.get(THIRD).duration_s * RATE) + 1
    assert {name: alone[name] for name in later} == {name: after[name] for name in later}


def test_a_refit_is_another_map(services: Services, two: EmbeddingMap):
    refitted = by_name(mapped(services, FIRST, SECOND, THIRD))
    moved = [math.dist(refitted[name], at) for name, at in by_name(two).items() if name.startswith("frame")]
    assert np.median(moved) > 0.1


def test_a_lost_map_of_features_that_are_kept_comes_out_the_same(
    services: Services, two: EmbeddingMap, monkeypatch: pytest.MonkeyPatch
):
    made, laid_out = layouts.umap_layout, []

    def counted(*args: object, **how: object) -> object:
        laid_out.append(args)
        return made(*args, **how)

    monkeypatch.setattr(layouts, "umap_layout", counted)
    monkeypatch.setattr(layouts, "_VERSION", -1)  # so that nothing that was laid out is found
    assert by_name(mapped(services, FIRST, SECOND, queries=("a red circle", "a white cross"))) == by_name(two)
    assert len(laid_out) == 1


def test_a_map_is_the_same_point_for_point_after_a_restart(services: Services, two: EmbeddingMap):
    films = (FIRST, SECOND, THIRD)
    here = mapped(services, *films, fitted_on=(FIRST, SECOND), queries=("a red circle",))
    names, coords, is_from_cache = elsewhere(MAPPED_AGAIN, services.settings.home, FRAME, RATE, *films)
    assert is_from_cache
    assert names == list(here.items.names)
    placed = sum(name.startswith("frame:") for name in names) - int(here.is_fitted.sum())
    assert placed == math.ceil(services.library.get(THIRD).duration_s * RATE)
    assert np.abs(np.array(coords) - here.coords).max() == 0.0


def test_the_same_features_are_laid_out_and_placed_the_same_where_nothing_is_kept(services: Services, tmp_path: Path):
    files = tmp_path / "fitted.npz", tmp_path / "later.npz"
    for path, films in zip(files, ((FIRST, SECOND), (THIRD,)), strict=True):
        np.savez(path, features=space(services, *films).features)
    table, later = map(read_features, files)
    here = Services.create(Settings(home=tmp_path / "here", offline=True))
    coords = embed_features(here, table, "mine.npz", EmbedParams((), (), "")).result.coords
    placed = among_neighbours(nearest(later.features, table.features, 14), coords)
    again = elsewhere(LAID_OUT_AGAIN, tmp_path / "elsewhere", *files)
    assert [len(rows) for rows in again] == [len(coords), len(placed)]
    assert np.abs(np.array(again[0]) - coords).max() == 0.0
    assert np.abs(np.array(again[1]) - placed).max() == 0.0
    # Nor does a place depend on what else comes with it.
    for row in (0, len(placed) - 1):
        alone = among_neighbours(nearest(later.features[row : row + 1], table.features, 14), coords)
        np.testing.assert_array_equal(alone, placed[row : row + 1])


def test_what_is_nearest_to_a_frame_is_so_in_the_space_and_not_on_the_map(services: Services, two: EmbeddingMap):
    features = space(services, FIRST, SECOND).features.astype(np.float64)
    cosines = features @ features.T
    np.fill_diagonal(cosines, -np.inf)
    coords = two.coords[: len(features)]
    on_map = np.linalg.norm(coords[:, None] - coords, axis=2)
    np.fill_diagonal(on_map, np.inf)
    n_otherwise = 0
    for row in range(len(features)):
        told = space_panels.near(two, row, "").split('<ol class="near"')[1]
        listed = [int(at) for at in re.findall(r'data-pick="(\d+)"', told)]
        best = np.argsort(-cosines[row], kind="stable")[:8]
        assert len(set(listed)) == 8
        np.testing.assert_allclose(cosines[row, listed], cosines[row, best], atol=1e-6)
        assert [f"cosine {cosine:.3f}" in told for cosine in 1 - two.neighbours.distances[row, :8]] == [True] * 8
        n_otherwise += set(listed) != set(np.argsort(on_map[row])[:8].tolist())
    assert n_otherwise > 0.5 * len(features)


def test_the_order_of_films_says_which_was_first_and_nothing_else(services: Services, two: EmbeddingMap):
    swapped = mapped(services, SECOND, FIRST)
    assert set(swapped.items.names) < set(two.items.names)


def test_sentences_lie_among_the_frames_that_fit_them_best(services: Services, two: EmbeddingMap):
    space = space_of(
        services, [FIRST, SECOND], services.models.load(FRAME), SamplingSpec(RATE), "frame", lambda progress: None
    )
    cosines = space.cosines(["a red circle", "a white cross"], lambda progress: None)
    for number, row in enumerate(np.flatnonzero([kind == "sentence" for kind in two.items.kinds])):
        near = two.neighbours.indices[row]
        assert set(near) == set(np.argsort(-cosines[:, number])[: len(near)])
        low, high = two.coords[near].min(axis=0), two.coords[near].max(axis=0)
        assert (low <= two.coords[row]).all()
        assert (two.coords[row] <= high).all()
        fits = two.items.columns[f"fits “{two.items.labels[row]}”"]
        np.testing.assert_allclose(fits[: len(cosines)], cosines[:, number], atol=1e-6)
        assert np.isnan(fits[len(cosines) :]).all()


def test_groups_are_named_by_what_is_seen_in_their_middle(services: Services, two: EmbeddingMap):
    groups = two.groups
    assert groups is not None
    cosines = space_of(
        services, [FIRST, SECOND], services.models.load(FRAME), SamplingSpec(RATE), "frame", lambda progress: None
    ).cosines([name for name in groups.names if name], lambda progress: None)
    named = [number for number, name in enumerate(groups.names) if name]
    assert len(named) >= 3
    for column, number in enumerate(named):
        inside = cosines[groups.labels == number, column].mean()
        assert inside > cosines[groups.labels != number, column].mean()


def test_segments_lie_end_to_end_and_films_have_one_point(services: Services):
    found = mapped(services, FIRST, SECOND, points="segment")
    first = np.array([of == services.library.get(FIRST).id for of in found.items.videos]) & found.is_fitted
    spans = found.items.spans_s[first]
    np.testing.assert_allclose(spans[1:, 0], spans[:-1, 1])
    assert spans[0, 0] == 0.0
    assert spans[-1, 1] == pytest.approx(services.library.get(FIRST).duration_s)
    films = mapped(services, FIRST, SECOND, THIRD, points="video")
    assert films.items.kinds.count("video") == len(films.items) == 3
    assert films.reducer == "pca"
    assert films.quality is None
    assert "principal components are shown" in films.warnings[0]


def test_a_model_of_windows_maps_windows_and_has_no_gap(services: Services):
    found = mapped(services, FIRST, SECOND, model=WINDOW, fps=2.0, queries=("a red circle moves left",))
    assert found.gap is None
    assert "no point of the space" in about_gap(found.gap)
    assert any("8 frames at once" in warning for warning in found.warnings)
    assert found.items.kinds[-1] == "sentence"


def test_the_gap_is_told_with_what_closing_it_does(two: EmbeddingMap):
    gap = two.gap
    assert gap is not None
    assert 0 < gap.centred_distance < gap.distance < 2
    assert gap.within_pictures > gap.across
    assert gap.n_known > 5
    assert 0.4 < gap.recall <= 1.0
    assert f"Of {gap.n_known} sentences" in about_gap(gap)
    for view, distance in ((gap.apart, gap.distance), (gap.centred, 0.0)):
        assert (len(view.pictures), len(view.sentences)) == (len(gap.shown), len(gap.sentences))
        means = view.pictures[:, 0].mean() - view.sentences[:, 0].mean()
        assert means == pytest.approx(distance, abs=0.15)
    assert gap.apart.pictures[:, 0].mean() - gap.apart.sentences[:, 0].mean() == pytest.approx(gap.distance, abs=1e-6)


def test_what_closing_the_gap_does_to_finding_is_as_told(services: Services):
    # A film of which the model knows next to nothing: of one that it knows every sentence finds its picture, gap or no.
    found = mapped(services, BUNNY, reducer="pca")
    gap, of_bunny = found.gap, space(services, BUNNY)
    assert gap is not None

    def embedded(texts: tuple[str, ...]) -> np.ndarray:
        return ask(services, of_bunny.model, texts).said.embeddings.astype(np.float64)

    def closed(rows: np.ndarray, mean: np.ndarray) -> np.ndarray:
        return (rows - mean) / np.linalg.norm(rows - mean, axis=1, keepdims=True)

    times_s = found.items.columns["time"][: len(of_bunny.items)]
    known = dict(known_at(services.library.truth_for(BUNNY), times_s))
    said, pictures, truth = embedded(tuple(known)), of_bunny.features.astype(np.float64), np.stack(list(known.values()))
    apart = said @ pictures.T
    together = closed(said, embedded(gap.sentences).mean(axis=0)) @ closed(pictures, pictures.mean(axis=0)).T
    rows = np.arange(len(known))
    assert gap.n_known == len(known) == 8
    assert gap.recall == truth[rows, apart.argmax(axis=1)].mean() == 1 / 8
    assert gap.centred_recall == truth[rows, together.argmax(axis=1)].mean() == 2 / 8
    assert about_gap(gap).endswith(
        "8 sentences known to be true somewhere, 12% find a right picture first; 25% once each kind is centred."
    )
    assert "known to be true" not in about_gap(replace(gap, n_known=0))


def test_each_kind_is_drawn_less_its_own_mean(services: Services, two: EmbeddingMap):
    gap = two.gap
    assert gap is not None
    pictures = space(services, FIRST, SECOND).features
    assert len(gap.shown) == len(pictures)
    said = ask(services, services.models.load(FRAME), gap.sentences).said.embeddings
    for kind, trace in zip((pictures, said), gap_figure(gap, two.items, True).data, strict=True):
        # Drawn of unit length again: as long as they were less their mean, they have none.
        lengths = np.linalg.norm(kind - kind.mean(axis=0, dtype=np.float64), axis=1)
        drawn = np.stack([trace.x, trace.y], axis=1)
        np.testing.assert_allclose((lengths[:, None] * drawn).mean(axis=0), 0, atol=1e-6)
        assert np.linalg.norm(drawn.mean(axis=0)) < 0.2 * gap.distance
        assert np.ptp(drawn, axis=0).min() > 0.1


def test_a_space_seen_through_words_is_another_that_they_name(services: Services, two: EmbeddingMap):
    words = ("a red object", "a white object", "a yellow object")
    found = mapped(services, FIRST, SECOND, through=words)
    assert found.through == words
    assert found.groups is not None
    assert set(found.groups.names) <= {*words, ""}
    assert np.abs(found.coords[0] - two.coords[0]).max() > 1e-3
    after = mapped(services, FIRST, SECOND, THIRD, through=words, fitted_on=(FIRST, SECOND))
    assert {name: by_name(after)[name] for name in by_name(found)} == by_name(found)


def test_three_axes_supervision_and_seeds_each_make_another_map(services: Services, two: EmbeddingMap):
    assert mapped(services, FIRST, SECOND, axes=3).coords.shape[1] == 3
    for more in ({"supervised": "video"}, {"seed": 1}, {"n_neighbours": 5}, {"min_dist": 0.9}):
        other = mapped(services, FIRST, SECOND, **more)
        n_fitted = int(two.is_fitted.sum())
        assert np.abs(other.coords[:n_fitted] - two.coords[:n_fitted]).max() > 1e-3, more


def test_a_film_of_one_picture_is_told_to_be_alike(services: Services, tmp_path: Path):
    video = services.library.open_path(write_film(tmp_path / "red.mp4", [(12.0, RED)]).path)
    found = mapped(services, video.id)
    assert np.isfinite(found.coords).all()
    assert found.groups is None or len(found.groups.names) <= 1


def test_few_points_have_an_answer_and_fewer_a_reason(services: Services, tmp_path: Path):
    short = services.library.open_path(write_film(tmp_path / "short.mp4", [(2.0, RED), (2.0, BLUE), (2.0, GREEN)]).path)
    found = mapped(services, short.id)
    assert found.reducer == "pca"
    assert about_quality(found) == "How far the map can be trusted was not measured."
    tiny = services.library.open_path(write_film(tmp_path / "tiny.mp4", [(2.0, RED)]).path)
    with pytest.raises(InputError, match="3 points or more, and here there are 2"):
        mapped(services, tiny.id)


def test_what_cannot_be_mapped_is_refused_in_words(services: Services):
    with pytest.raises(InputError, match="no video to map"):
        mapped(services)
    with pytest.raises(VideoError, match="No video “nothing”"):
        mapped(services, "nothing")
    with pytest.raises(InputError, match="Reducer is 'tsne'; choose umap or pca"):
        mapped(services, FIRST, reducer="tsne")
    with pytest.raises(InputError, match="Neighbours is 1; choose a value from 2 to 200"):
        mapped(services, FIRST, n_neighbours=1)
    with pytest.raises(InputError, match="One word tells nothing apart"):
        mapped(services, FIRST, through=("a red object",))
    with pytest.raises(QueryError, match="empty"):
        mapped(services, FIRST, queries=("  ",))
    with pytest.raises(InputError, match="There are 17 sentences; give 16 or fewer"):
        mapped(services, FIRST, queries=tuple(f"a red circle {number}" for number in range(17)))


def test_stopped_work_goes_on_where_it_was(services: Services, tmp_path: Path):
    fresh = Services.create(replace(services.settings, home=tmp_path))

    def stop(progress: Progress) -> None:
        if progress.unit == "epoch":
            raise Cancelled("Stopped.")

    params = EmbedParams(videos=(FIRST, SECOND), queries=(), model=FRAME, fps=RATE)
    with pytest.raises(Cancelled):
        Embed().run(fresh, params, stop)
    told: list[Progress] = []
    outcome = Embed().run(fresh, params, told.append)
    assert {"epoch", "point"} >= {progress.unit for progress in told}
    assert "Looking for neighbours" not in {progress.what for progress in told}
    assert outcome.provenance.from_cache


def test_the_answer_in_json_and_in_lines(services: Services):
    params = EmbedParams(videos=(FIRST,), queries=("a red circle",), model=FRAME, fps=RATE)
    outcome = Embed().run(services, params)
    answer = json.loads(json.dumps(Embed().as_json(outcome), allow_nan=False))
    assert answer["conclusion"] == outcome.result.conclusion
    assert [point["name"] for point in answer["points"]] == list(outcome.result.items.names)
    assert answer["points"][-1]["span_s"] is None
    assert set(answer["points"][0]["neighbours"]) <= set(outcome.result.items.names)
    assert answer["quality"]["trustworthiness"] == outcome.result.quality.trustworthiness
    assert sum(group["n_points"] for group in answer["groups"]) == (outcome.result.groups.labels >= 0).sum()
    lines = Embed().as_text(outcome)
    assert lines.startswith(outcome.result.conclusion)
    assert "“a red circle” lies nearest to" in lines


def test_what_is_known_of_a_film_is_a_column_that_can_pull_together(services: Services, two: EmbeddingMap):
    truth = services.library.truth_for(FIRST)
    known, kinds = two.items.columns["known moment"], np.array(two.items.kinds)
    assert set(known[kinds != "frame"]) == {""}
    for row in np.flatnonzero((kinds == "frame") & (two.items.columns["video"] == two.items.columns["video"][0])):
        at_s = two.items.columns["time"][row]
        true = {each["query"] for each in truth if any(start <= at_s < end for start, end in each["windows"])}
        assert set(filter(None, known[row].split("; "))) == true
    figure = embedding_figure(two, "known moment")
    called = [(str(trace.name).split("  ")[-1], trace) for trace in figure.data]  # after its number, where it has one
    named = {row: name for name, trace in called for row in trace.customdata if two.items.kinds[row] == "frame"}
    coloured = {name for name, trace in called if trace.showlegend} - {"others"}
    assert len(named) == kinds.tolist().count("frame")
    assert len(coloured) > 3
    for row, name in named.items():
        assert name == (known[row] if known[row] in coloured else "others")
    apart = mapped(services, FIRST, SECOND, supervised="known moment")
    assert not np.array_equal(apart.coords[: apart.is_fitted.sum()], two.coords[: apart.is_fitted.sum()])
    for wrong in ("colour", "time"):
        with pytest.raises(InputError, match="choose one of words: video, known moment"):
            mapped(services, FIRST, SECOND, supervised=wrong)


def test_a_picture_is_found_among_the_frames_it_was_taken_from(services: Services, two: EmbeddingMap, tmp_path: Path):
    frames = next(iter(services.library.frames(FIRST, SamplingSpec(RATE), batch_frames=64))).pixels
    path = tmp_path / "still.png"
    Image.fromarray(frames[11]).save(path)
    picture = services.library.add_picture(path)
    found = mapped(services, FIRST, SECOND, pictures=(picture.id,))
    assert found.items.kinds[-1] == "picture"
    assert found.neighbours.indices[-1, 0] == 11
    assert found.neighbours.distances[-1, 0] < 0.01
    assert by_name(found).items() >= {k: v for k, v in by_name(two).items() if not k.startswith("sentence")}.items()
    words = {"through": ("a white cross", "a white star", "a white ring"), "pictures": (picture.id,)}
    assert mapped(services, FIRST, **words).neighbours.indices[-1, 0] == 11
    windows = mapped(services, FIRST, SECOND, model=WINDOW, pictures=(picture.id,))
    assert windows.items.kinds[-1] == "picture"


def test_two_films_of_one_title_are_told_apart(services: Services, tmp_path: Path):
    films = []
    for folder, colours in (("a", [(3, RED), (3, GREEN)]), ("b", [(3, BLUE), (3, GREEN)])):
        (tmp_path / folder).mkdir()
        films.append(services.library.open_path(write_film(tmp_path / folder / "film.mp4", colours).path).id)
    found = mapped(services, *films, reducer="pca")
    assert set(found.items.columns["video"]) == {f"film.mp4 ({film[:6]})" for film in films}
