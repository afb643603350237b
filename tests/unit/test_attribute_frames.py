"""Single frames, segments and the tree of events as players: every coalition is scored here as the model would."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.attribution import N_SCENES, QUERY, World, assert_is, assert_tiles, ensemble, subsets
from workbench.errors import InputError

# Frames


@pytest.mark.parametrize("name", ["clip", "toyworld-frame"])
def test_frames_are_the_models_own_score_of_every_coalition(world: World, name: str):
    name = getattr(world, name, name)
    found = world.ask("frames", name, start_s=2.0, end_s=6.0).result
    model = world.services.models.load(name)
    features = world.encode(name, world.pixels())
    said = world.said(name, QUERY, [set()])
    text = replace(said[0], embeddings=ensemble(said).astype(np.float32))
    worth = {frozenset(): 0.0}
    for coalition in subsets(8)[1:]:
        rows = [4 + frame for frame in sorted(coalition)]  # two frames a second
        part = replace(features, frames=features.frames[rows], times_s=features.times_s[rows])
        worth[coalition] = float(model.score(part, text)[0])
    assert_is(found, worth, 1e-5)
    assert [player.kind for player in found.players] == ["frame"] * 8
    assert [player.label for player in found.players] == [f"0:0{t:.1f}" for t in np.arange(2, 6, 0.5)]
    spans_s = [(t - 0.25, t + 0.25) for t in np.arange(2, 6, 0.5)]
    np.testing.assert_allclose([player.span for player in found.players], spans_s, atol=1e-9)
    assert "from 0:02.0 to 0:06.0" in found.score


def test_absent_frames_are_frames_that_were_never_read(world: World):
    """A real masked forward pass: a film of the frames that are left is decoded, encoded and scored."""
    found = world.ask("frames", start_s=1.0, end_s=3.0).result
    model = world.services.models.load(world.clip)
    said = world.said(world.clip, QUERY, [set()])
    text = replace(said[0], embeddings=ensemble(said).astype(np.float32))
    pixels = world.pixels()[2:6]
    worth = {frozenset(): 0.0}
    for coalition in subsets(4)[1:]:
        worth[coalition] = float(model.score(world.encode(world.clip, pixels[sorted(coalition)]), text)[0])
    assert_is(found, worth, 1e-5)


def test_all_frames_play_where_no_span_is_chosen(world: World):
    found = world.ask("frames").result
    assert len(found.players) == N_SCENES
    assert_tiles(found, world.film.duration_s)
    assert found.n_evaluations == 2**N_SCENES
    assert "the whole video" in found.score
    curve = world.cosines(world.clip, world.encode(world.clip, world.pixels()), QUERY, [set()])[0]
    length = np.linalg.norm(world.encode(world.clip, world.pixels()).frames.astype(float).mean(axis=0))
    assert found.full_value == pytest.approx(curve.mean() / length, abs=1e-5)


def sampled_values(sums: np.ndarray, text: np.ndarray, player: int, n: int = 4000) -> tuple[float, float]:
    """Return what a run of frames adds to the pooled cosine, over coalitions drawn here, and the error of that."""
    drawn = np.random.default_rng(11).random((n, len(sums))) < 0.5

    def scores(has: bool) -> np.ndarray:
        coalitions = drawn.copy()
        coalitions[:, player] = has
        pooled = coalitions @ sums
        lengths = np.linalg.norm(pooled, axis=1)
        return np.where(lengths > 0, pooled @ text / np.where(lengths > 0, lengths, 1), 0)

    added = scores(True) - scores(False)
    return added.mean(), added.std() / np.sqrt(n)


@pytest.mark.parametrize(("fps", "n_players"), [(4.0, 32), (10.0, 20)])
def test_many_frames_are_estimated_and_very_many_play_as_segments(world: World, fps: float, n_players: int):
    found = world.ask("frames", fps=fps).result
    features = world.encode(world.clip, world.pixels(fps=fps)).frames.astype(float)
    text = ensemble(world.said(world.clip, QUERY, [set()]))[0]
    assert len(found.players) == n_players
    assert_tiles(found, world.film.duration_s)
    sums = features.reshape(n_players, -1, features.shape[1]).sum(axis=1)
    if fps == 4:
        assert not found.is_exact
        assert (found.pairs, found.seed, found.warnings) == (None, 0, ())
        assert 0 < found.value_errors.min() <= found.value_errors.max() < 0.01
        assert found.empty_value == 0
    else:
        assert {player.kind for player in found.players} == {"segment"}
        assert (found.is_exact, found.n_evaluations, found.seed) == (True, 2**20, None)
        (why,) = found.warnings
        assert why.startswith("80 frames are too many to play one by one, so 20 segments of about 4 frames play")
        assert why.endswith("choose a span for single frames.")
    for player in (0, n_players // 2, n_players - 1):
        mean, error = sampled_values(sums, text, player)
        own = 0 if found.is_exact else found.value_errors[player]
        assert abs(found.values[player] - mean) < 4 * np.hypot(error, own)
    assert found.full_value == pytest.approx(sums.sum(axis=0) @ text / np.linalg.norm(sums.sum(axis=0)), abs=1e-5)


# Events


def test_events_open_one_into_its_parts_and_leave_the_others(world: World):
    ask = lambda opened: world.ask("events", fps=10.0, opened=opened).result  # noqa: E731
    whole, first, second = ask(""), ask("1"), ask("1.1")
    edges = []
    for found in (whole, first, second):
        assert_tiles(found, world.film.duration_s)
        edges.append({0.0, *(player.span[1] for player in found.players)})
        assert found.n_evaluations == 2 ** len(found.players)
    assert len(whole.players) == 5
    assert edges[0] < edges[1] < edges[2]
    opened_s = [whole.players[0].span[1], first.players[0].span[1]]
    for coarse, fine, end_s in zip(edges, edges[1:], opened_s, strict=False):
        assert max(fine - coarse) < end_s, "nothing but the part that was opened is divided"
    assert [found.full_value for found in (first, second)] == pytest.approx([whole.full_value] * 2, abs=1e-9)


def test_events_are_the_models_own_score_of_the_parts_that_are_there(world: World):
    found = world.ask("events").result
    features = world.encode(world.clip, world.pixels()).frames.astype(float)
    text = ensemble(world.said(world.clip, QUERY, [set()]))[0]
    times_s = np.arange(N_SCENES) / 2
    rows = [(times_s >= player.span[0]) & (times_s < player.span[1]) for player in found.players]
    assert np.sum(rows, axis=0).tolist() == [1] * N_SCENES
    worth = {frozenset(): 0.0}
    for coalition in subsets(len(rows))[1:]:
        mean = features[np.any([rows[part] for part in coalition], axis=0)].mean(axis=0)
        worth[coalition] = mean @ text / np.linalg.norm(mean)
    assert_is(found, worth, 1e-5)


def test_no_part_of_a_long_film_opens_into_too_many(world: World):
    n_before, paths = 1, ["", "1", "1.1"]
    for opened in paths:
        found = world.ask("events", fps=30.0, opened=opened).result
        assert 1 < len(found.players) - n_before + 1 <= 10
        assert_tiles(found, world.film.duration_s)
        n_before = len(found.players)


def test_events_of_a_span_cover_it(world: World):
    found = world.ask("events", start_s=2.0, end_s=6.0, opened="1").result
    assert_tiles(found, 5.75, 1.75)


@pytest.mark.parametrize("opened", ["9", "0", "-1", "a", "1..1", "1.", "1.9", "1.1.1.1.1.1.1", "2.0"])
def test_a_path_that_leads_nowhere_is_refused_in_one_sentence(world: World, opened: str):
    with pytest.raises(
        InputError, match=r"^(The part [\d.-]+ |There is no part |“.+” leads to no part)[^.].*\.$"
    ) as refused:
        world.ask("events", opened=opened)
    assert "\n" not in str(refused.value)


def test_a_film_of_one_frame_has_nothing_to_open_and_says_so(world: World):
    assert len(world.ask("events", video=world.short).result.players) == 1
    with pytest.raises(InputError) as refused:
        world.ask("events", video=world.short, opened="1")
    assert "single frame" in str(refused.value)
    assert "  " not in str(refused.value), "which part is left out"
