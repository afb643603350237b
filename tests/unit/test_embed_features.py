"""The map of features from elsewhere: planted islands, and what rows of no model cannot answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from workbench.analyses.embed import Embed, EmbedParams
from workbench.analyses.embed_features import embed_features
from workbench.analyses.services import Services
from workbench.errors import InputError
from workbench.figures.embedding import colourings, embedding_figure, with_hover
from workbench.figures.embedding_report import embedding_section
from workbench.figures.palette import query_colour
from workbench.figures.report import page_html
from workbench.store.feature_files import FeatureTable

PARAMS = EmbedParams(videos=(), queries=(), model="")


@pytest.fixture
def services(settings) -> Services:
    return Services.create(settings)


def islands(n: int = 150, n_islands: int = 3) -> tuple[FeatureTable, np.ndarray]:
    rng = np.random.default_rng(0)
    own = rng.integers(0, n_islands, n)
    features = 5 * rng.standard_normal((n_islands, 32))[own] + rng.standard_normal((n, 32))
    columns = {"length": rng.random(n), "word": np.array(["a", "b", "c"])[own]}
    return FeatureTable(tuple(f"item {number}" for number in range(n)), features.astype(np.float32), columns), own


def test_planted_islands_are_the_groups_of_the_map(services: Services):
    table, own = islands()
    outcome = embed_features(services, table, "mine.npz", PARAMS)
    found = outcome.result
    assert adjusted_rand_score(own, found.groups.labels) > 0.95
    middles = np.stack([found.coords[own == island].mean(axis=0) for island in range(3)])
    nearest = np.linalg.norm(found.coords[:, None] - middles, axis=2).argmin(axis=1)
    np.testing.assert_array_equal(nearest, own)
    assert found.items.labels == table.ids
    assert outcome.provenance.model_id == "mine.npz"
    assert found.conclusion.startswith("100% of 150 rows lie in 3 groups. What is near on the map is")


def test_a_column_of_words_pulls_points_together(services: Services):
    table, own = islands()
    blurred = replace(
        table, features=table.features + 8 * np.random.default_rng(1).standard_normal((150, 32), np.float32)
    )

    def spread(**more: str) -> float:
        """Return how far points of a word lie from their middle, in parts of how far all do."""
        coords = embed_features(services, blurred, "mine.npz", replace(PARAMS, **more)).result.coords
        middles = np.stack([coords[own == island].mean(axis=0) for island in range(3)])
        return float(
            np.linalg.norm(coords - middles[own], axis=1).mean()
            / np.linalg.norm(coords - coords.mean(axis=0), axis=1).mean()
        )

    assert spread(supervised="word") < 0.7 * spread()


def test_a_column_called_group_is_told_from_the_groups(services: Services):
    table, _ = islands()
    named = replace(table, columns={"group": table.columns["word"]})
    found = embed_features(services, named, "mine.npz", replace(PARAMS, reducer="pca")).result
    assert colourings(found) == ["group", "group of the file"]


def test_columns_colour_the_map(services: Services):
    found = embed_features(services, islands()[0], "mine.npz", replace(PARAMS, reducer="pca")).result
    assert colourings(found) == ["group", "length", "word"]
    by_word = embedding_figure(found, "word")
    in_legend = [str(trace.name).split("  ") for trace in by_word.data if trace.showlegend]
    assert [number for number, _ in in_legend] == ["1", "2", "3"]
    assert sorted(name for _, name in in_legend) == ["a", "b", "c"]
    assert {trace.name for trace in by_word.data} == {"  ".join(called) for called in in_legend}
    assert len({(trace.name, trace.legendgroup) for trace in by_word.data}) == 3
    by_length = embedding_figure(found, "length")
    for trace in by_length.data:
        np.testing.assert_array_equal(trace.marker.color, found.items.columns["length"][trace.customdata])
    assert sorted(np.concatenate([trace.customdata for trace in by_length.data])) == list(range(len(found.items)))


def test_rows_of_which_nothing_is_known_have_one_colour(services: Services):
    noise = np.random.default_rng(0).standard_normal((60, 16)).astype(np.float32)
    table = FeatureTable(tuple(map(str, range(60))), noise, {})
    for is_sketch in (True, False):
        asked = replace(PARAMS, reducer="pca", is_sketch=is_sketch)
        found = embed_features(services, table, "mine.npz", asked).result
        assert colourings(found) == []
        figure = with_hover(embedding_figure(found), found)
        assert {trace.marker.color for trace in figure.data} == {query_colour(0)}
        assert {said for trace in figure.data for said in trace.hovertext} >= {"7"}


def test_the_answer_is_told_in_lines_in_json_and_as_a_page(services: Services):
    table, _ = islands()
    outcome = embed_features(services, table, "mine.npz", replace(PARAMS, reducer="pca"))
    assert "group 1:" in Embed().as_text(outcome)
    assert "sentence" not in Embed().as_text(outcome)
    point = Embed().as_json(outcome)["points"][0]
    assert point["name"] == "row:item 0"
    assert point["columns"]["word"] in "abc"
    page = page_html([embedding_section(outcome, "")], "[]")
    assert "mine.npz" in page
    assert "Pictures and words" not in page


def test_the_length_of_rows_says_nothing(services: Services):
    table, _ = islands()
    longer = replace(table, features=table.features * np.linspace(0.5, 50, 150, dtype=np.float32)[:, None])
    first, second = (
        embed_features(services, each, "mine.npz", replace(PARAMS, reducer="pca")).result for each in (table, longer)
    )
    np.testing.assert_allclose(first.coords, second.coords, atol=1e-5)


def test_what_rows_cannot_answer_is_refused(services: Services):
    table, _ = islands()
    for more in ({"queries": ("a red circle",)}, {"through": ("red", "blue")}, {"pictures": ("0" * 64,)}):
        with pytest.raises(InputError, match=r"mine\.npz is of no model here"):
            embed_features(services, table, "mine.npz", replace(PARAMS, **more))
    with pytest.raises(InputError, match="“length”; choose one of words: word"):
        embed_features(services, table, "mine.npz", replace(PARAMS, supervised="length"))
    few = FeatureTable(("a", "b"), table.features[:2], {})
    with pytest.raises(InputError, match=r"3 to 1,000,000 points, and mine\.npz has 2 rows"):
        embed_features(services, few, "mine.npz", PARAMS)


def test_identical_rows_are_told_to_be_alike(services: Services):
    alike = FeatureTable(tuple(map(str, range(30))), np.ones((30, 8), np.float32), {})
    for reducer in ("umap", "pca"):
        found = embed_features(services, alike, "mine.npz", replace(PARAMS, reducer=reducer)).result
        assert np.isfinite(found.coords).all()
    assert "All points are alike" in " ".join(found.warnings)
