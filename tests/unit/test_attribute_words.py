"""Words and phrases as players, alone and with frames: every coalition is a sentence that is masked here."""

from __future__ import annotations

import numpy as np
import pytest

from tests.attribution import LONG, N_SCENES, QUERY, World, assert_is, assert_tiles, ensemble, lacking, subsets
from workbench.analyses import word_games
from workbench.analyses.ground import Ground, GroundParams

# Words


@pytest.mark.parametrize("span_s", [(2.0, 6.0), None])
def test_words_are_read_with_the_others_masked(world: World, span_s):
    chosen = {} if span_s is None else {"start_s": span_s[0], "end_s": span_s[1]}
    found = world.ask("words", **chosen).result
    if span_s is None:
        moments = Ground().run(world.services, GroundParams(world.film.id, (QUERY,), world.clip)).result.moments
        span_s = (moments[0][0].start_s, moments[0][0].end_s)
    curves = world.cosines(world.clip, world.encode(world.clip, world.pixels()), QUERY, lacking(6))
    times_s = np.arange(N_SCENES) / 2
    inside = (times_s >= span_s[0]) & (times_s < span_s[1])
    assert 0 < inside.sum() < N_SCENES
    lead = curves[:, inside].mean(axis=1) - curves.mean(axis=1)
    assert_is(found, dict(zip(subsets(6), lead, strict=True)), 1e-5)
    assert [player.label for player in found.players] == QUERY.split()
    assert [QUERY[slice(*player.span)] for player in found.players] == QUERY.split()
    assert found.score.endswith("less that of the whole video")
    assert found.warnings == ()


def test_words_of_the_whole_film_are_not_held_against_themselves(world: World):
    found = world.ask("words", start_s=0.0, end_s=world.film.duration_s).result
    curves = world.cosines(world.clip, world.encode(world.clip, world.pixels()), QUERY, lacking(6))
    assert_is(found, dict(zip(subsets(6), curves.mean(axis=1), strict=True)), 1e-5)
    assert found.score == "mean cosine over the whole video"


def test_words_are_read_against_the_windows_of_a_film(world: World):
    query = "a red cat"
    found = world.ask("words", world.xclip, query, start_s=2.0, end_s=5.0).result
    pixels = world.pixels()
    windows = np.concatenate([pixels[at : at + 4] for at in range(13)])
    curves = world.cosines(world.xclip, world.encode(world.xclip, windows), query, lacking(3)).astype(float)
    middles_s = np.arange(13) / 2 + 0.75
    inside = (middles_s >= 2) & (middles_s < 5)
    worth = curves[:, inside].mean(axis=1) - curves.mean(axis=1)
    assert_is(found, dict(zip(subsets(3), worth, strict=True)), 1e-5)


def test_phrases_are_words_that_come_and_go_together(world: World):
    found = world.ask("phrases", start_s=2.0, end_s=6.0).result
    labels = [player.label for player in found.players]
    assert " ".join(labels) == QUERY
    assert len(labels) == 3
    assert {p.kind for p in found.players} <= {"word", "phrase"}
    starts = [0, *np.cumsum([len(label.split()) for label in labels])]
    absent = [
        {word for phrase in phrases for word in range(starts[phrase], starts[phrase + 1])} for phrases in lacking(3)
    ]
    curves = world.cosines(world.clip, world.encode(world.clip, world.pixels()), QUERY, absent)
    worth = curves[:, 4:12].mean(axis=1) - curves.mean(axis=1)
    assert_is(found, dict(zip(subsets(3), worth, strict=True)), 1e-5)


def test_many_words_are_estimated_within_the_budget(world: World):
    found = world.ask("words", "toyworld-frame", LONG, budget=400, seed=3, start_s=2.0, end_s=6.0).result
    assert len(found.players) == 13
    assert not found.is_exact
    assert 390 <= found.n_evaluations <= 400
    assert found.seed == 3
    assert found.value_errors.min() > 0
    assert np.isfinite(found.pairs).all()
    np.testing.assert_array_equal(found.pair_errors, found.pair_errors.T)
    assert found.pair_errors[np.triu_indices(13, 1)].min() > 0
    features = world.encode("toyworld-frame", world.pixels())
    drawn = np.random.default_rng(5).random((60, 13)) < 0.5
    for word in (1, 5):
        with_it, without = drawn.copy(), drawn.copy()
        with_it[:, word], without[:, word] = True, False
        absent = [set(np.flatnonzero(~row)) for row in (*with_it, *without)]
        curves = world.cosines("toyworld-frame", features, LONG, absent)
        worth = curves[:, 4:12].mean(axis=1) - curves.mean(axis=1)
        added = worth[:60] - worth[60:]
        error = np.hypot(added.std() / np.sqrt(60), found.value_errors[word])
        assert abs(added.mean() - found.values[word]) < 4 * error
    again = world.ask("words", "toyworld-frame", LONG, budget=400, seed=3, start_s=2.0, end_s=6.0).result
    np.testing.assert_array_equal(again.values, found.values)


def test_one_word_is_all_that_the_sentence_adds(world: World):
    found = world.ask("words", query="dog", start_s=2.0, end_s=6.0).result
    curves = world.cosines(world.clip, world.encode(world.clip, world.pixels()), "dog", [{0}, set()])
    empty, full = curves[:, 4:12].mean(axis=1) - curves.mean(axis=1)
    assert found.values.tolist() == pytest.approx([full - empty], abs=1e-6)
    assert found.gap == pytest.approx(0, abs=1e-9)
    assert any("one word" in warning for warning in found.warnings)


def test_an_unknown_word_is_told_of(world: World):
    for players in ("words", "frames+words"):
        found = world.ask(players, query="flibber").result
        assert any("has never seen “flibber”" in warning for warning in found.warnings)
        assert [player.label for player in found.players if player.kind == "word"] == ["flibber"]


def test_a_sentence_that_is_cut_off_is_told_of(world: World):
    found = world.ask("phrases", query=" ".join(["red cat"] * 6)).result
    assert any("longer than" in warning and "exactly 0" in warning for warning in found.warnings)


# Frames and words


def test_frames_and_words_are_the_table_of_both(world: World):
    query = "a red circle dog"
    found = world.ask("frames+words", query=query, start_s=1.0, end_s=3.0).result
    features = world.encode(world.clip, world.pixels()).frames.astype(float)[2:6]
    texts = ensemble(world.said(world.clip, query, lacking(4)))
    worth = {}
    for frames in subsets(4):
        mean = features[sorted(frames)].mean(axis=0) if frames else np.zeros(features.shape[1])
        for words, text in zip(subsets(4), texts, strict=True):
            worth[frames | {4 + word for word in words}] = mean @ text / (np.linalg.norm(mean) or 1)
    assert_is(found, worth, 1e-6)
    assert [player.kind for player in found.players] == ["frame"] * 4 + ["word"] * 4
    assert "absent frame leaves the mean" in found.absent
    assert "absent word is masked" in found.absent


def test_without_a_span_the_moment_plays_with_as_much_on_either_side(world: World):
    found = world.ask("frames+words", query="a red dog").result
    moments = Ground().run(world.services, GroundParams(world.film.id, ("a red dog",), world.clip)).result.moments
    start_s, end_s = moments[0][0].start_s, moments[0][0].end_s
    length = max(end_s - start_s, 1.0)
    times_s = np.arange(N_SCENES) / 2
    expected = times_s[(times_s >= start_s - length - 1e-6) & (times_s < end_s + length - 1e-6)]
    frames = [player for player in found.players if player.kind == "frame"]
    assert [np.mean(player.span) for player in frames[1:-1]] == pytest.approx(expected[1:-1])
    assert len(frames) == len(expected)


def test_too_many_frames_and_words_play_as_segments_and_phrases(world: World, monkeypatch):
    monkeypatch.setattr(word_games, "MOST_EXACT", 3)
    found = world.ask("frames+words", fps=4.0, start_s=0.0, end_s=8.0).result
    kinds = [player.kind for player in found.players]
    assert len(kinds) == 16 + 3
    assert set(kinds[:16]) == {"segment"}
    assert {"phrase"} <= set(kinds[16:]) <= {"word", "phrase"}
    assert " ".join(player.label for player in found.players[16:]) == QUERY
    assert_tiles(found, world.film.duration_s)
    assert found.n_evaluations == 2**19
    assert found.is_exact
    said = " ".join(found.warnings)
    assert "6 words have too many coalitions, so they play as 3 phrases." in said
    assert "32 frames are too many to play one by one, so 16 segments" in said
    features = world.encode(world.clip, world.pixels(fps=4.0)).frames.astype(float)
    pooled = features.sum(axis=0) / np.linalg.norm(features.sum(axis=0))
    text = ensemble(world.said(world.clip, QUERY, [set()]))[0]
    assert found.full_value == pytest.approx(pooled @ text, abs=1e-5)
    assert found.empty_value == 0


def test_of_a_very_long_sentence_neighbours_play_together(world: World, monkeypatch):
    monkeypatch.setattr(word_games, "MOST_ESTIMATED", 13)
    query = " ".join(["red", "dog"] * 9)
    found = world.ask("words", query=query).result
    assert len(found.players) <= 13
    assert {player.kind for player in found.players} <= {"word", "phrase"}
    assert " ".join(player.label for player in found.players) == query
    assert any("18 words have too many coalitions, so they play as" in warning for warning in found.warnings)
    assert not found.is_exact
