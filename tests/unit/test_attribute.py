"""Who made the score: what can be asked, what is refused, what is said of an answer, and that nothing is done twice."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import numpy as np
import pytest

from tests.attribution import LONG, World, refuse
from workbench.analyses.attribute import PLAYERS, Attribute, AttributeParams, how_exact, strongest_pairs
from workbench.analyses.services import Services
from workbench.errors import InputError, QueryError
from workbench.types.attribution import Attribution, Player

# What is refused


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"players": "letters"}, "choose frames, words, frames+words, patches, patches+words, events or phrases."),
        ({"absent": "burnt"}, "choose mean, grey, blur or held."),
        ({"method": "shapley"}, "choose banzhaf, relevance, grad-eclip, legrad, raw"),
        ({"start_s": 1.0}, "give both, or neither."),
        ({"end_s": 1.0}, "give both, or neither."),
        ({"start_s": 9.0, "end_s": 12.0}, "within the 8.0 s of the video."),
        ({"start_s": -3.0, "end_s": -1.0}, "within the 8.0 s of the video."),
        ({"start_s": 5.0, "end_s": 5.0}, "choose a start before the end"),
        ({"start_s": 5.0, "end_s": 2.0}, "choose a start before the end"),
        ({"start_s": float("nan"), "end_s": 2.0}, "choose a start before the end"),
        ({"players": "patches", "at_s": 8.5}, "choose an instant within the 8.0 s of the video."),
        ({"players": "patches", "at_s": -1.0}, "choose an instant within the 8.0 s of the video."),
        ({"players": "patches", "at_s": float("nan")}, "choose an instant within the 8.0 s of the video."),
        ({"budget": -1}, "choose a value from 0 to 50,000"),
        ({"seed": -1}, "choose a value from 0"),
        ({"fps": 99.0}, "choose a value from 0.1 to 30 fps."),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(world: World, asked, said):
    players = asked.pop("players", "words")
    with pytest.raises(InputError) as refused:
        world.ask(players, **asked)
    message = str(refused.value)
    assert said in message
    assert message.endswith(".")
    assert "\n" not in message
    assert "  " not in message


@pytest.mark.parametrize("players", ["frames", "frames+words", "words", "events"])
@pytest.mark.parametrize("span_s", [(2.0, float("inf")), (float("-inf"), 6.0)])
def test_a_span_without_an_end_is_refused(world: World, players: str, span_s):
    with pytest.raises(InputError, match=r"^Nothing lies from .*; choose a start before the end"):
        world.ask(players, query="a dog", start_s=span_s[0], end_s=span_s[1])


@pytest.mark.parametrize(
    ("players", "wish", "said"),
    [
        ("frames", {"opened": "1"}, r"^Opened means nothing to the players frames, only to events; leave it out\.$"),
        ("words", {"at_s": 1.0}, r"^Instant means nothing to the players words, only to .*; leave it out\.$"),
        ("phrases", {"absent": "grey"}, r"^Absent means nothing to the players phrases, only to .*; leave it out\.$"),
        ("frames", {"absent": "grey"}, r"that is absent leaves the mean; choose no other way\.$"),
        ("patches", {"at_s": 1.0, "start_s": 2.0, "end_s": 3.0}, r"two things of where to look; give one of them\.$"),
        ("frames", {"at_s": 1.0}, r"there is no instant to choose; leave it out, or give a span\.$"),
    ],
)
def test_a_wish_that_would_change_nothing_is_refused(world: World, players: str, wish, said: str):
    with pytest.raises(InputError, match=said):
        world.ask(players, **wish)


def test_a_span_ends_with_the_video(world: World):
    within, beyond = (world.ask("words", query="a red dog", start_s=6.0, end_s=end_s).result for end_s in (8.0, 99.0))
    assert beyond.score == within.score
    assert beyond.values.tolist() == within.values.tolist()


def test_a_budget_that_is_too_small_is_refused_with_the_least_that_will_do(world: World):
    with pytest.raises(InputError, match=r"^13 players need at least 368 evaluations, and the budget is 50; .*\.$"):
        world.ask("words", "toyworld-frame", LONG, budget=50)
    with pytest.raises(InputError, match=r"^16 players need at least 68 evaluations, and the budget is 60; .*\.$"):
        world.ask("patches", budget=60)


def test_one_sentence_is_explained_at_a_time(world: World):
    params = AttributeParams(world.film.id, ("a cat", "a dog"), world.clip)
    with pytest.raises(InputError, match=r"there are 2; choose one\.$"):
        Attribute().run(world.services, params)
    twice = replace(params, queries=("a  cat", "a cat"))
    assert Attribute().run(world.services, twice).result.query == "a cat"
    with pytest.raises(QueryError):
        Attribute().run(world.services, replace(params, queries=(" ",)))


# One frame


@pytest.mark.parametrize("players", ["frames", "words", "frames+words", "events", "phrases", "patches"])
def test_a_film_of_one_frame_is_explained(world: World, players: str):
    found = world.ask(players, query="a red dog", video=world.short).result
    frame = world.encode(world.clip, world.pixels(world.short))
    full = world.cosines(world.clip, frame, "a red dog", [set()])[0, 0]
    assert found.full_value == pytest.approx(full, abs=1e-5)
    assert np.isfinite(found.values).all()
    if players in ("frames", "events"):
        assert found.values.tolist() == pytest.approx([full], abs=1e-5)
        assert found.players[0].span == pytest.approx((0, world.short.duration_s))


# What is said of it

KEYS = {
    "provenance", "method", "query", "conclusion", "score", "absent", "empty", "players", "values", "value_errors",
    "pairs", "pair_errors", "empty_value", "full_value", "gap", "leaders", "without_leaders", "exact",
    "n_evaluations", "at_s", "warnings",
}  # fmt: skip


@pytest.mark.parametrize("players", PLAYERS)
def test_every_answer_is_plain_json_with_the_keys_of_the_contract(world: World, players: str):
    outcome = world.ask(players, query="a red dog", start_s=2.0, end_s=5.0, seed=7)
    found, answer = outcome.result, Attribute().as_json(outcome)
    assert set(answer) == KEYS
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer
    assert len(answer["players"]) == len(answer["values"]) == len(found.players)
    assert set(answer["players"][0]) == {"kind", "label", "span"}
    assert answer["values"] == found.values.tolist()
    assert answer["gap"] == pytest.approx(sum(answer["values"]) - answer["full_value"] + answer["empty_value"])
    assert answer["exact"] == (answer["value_errors"] is None)
    assert (answer["method"], answer["query"]) == ("banzhaf", "a red dog")
    if players == "patches+words":
        assert answer["pairs"][0][1] is None
        assert answer["pairs"][0][16] == found.pairs[0, 16]
        assert answer["pair_errors"][17][18] is None
    elif players == "patches":
        assert answer["pairs"] is None
    else:
        assert np.array(answer["pairs"]).shape == (len(found.players),) * 2
    assert (answer["at_s"] is not None) == players.startswith("patches")
    provenance = answer["provenance"]
    asked = {item.name for item in fields(AttributeParams)} - {"video", "model"}
    assert set(provenance["parameters"]) == asked
    assert provenance["parameters"]["players"] == players
    assert (provenance["parameters"]["start_s"], provenance["parameters"]["seed"]) == (2.0, 7)
    assert provenance["seed"] == (None if found.is_exact else 7)
    assert (provenance["analysis"], provenance["video_id"]) == ("attribute", world.film.id)
    text = Attribute().as_text(outcome)
    assert text.startswith("a red dog: ")
    assert all(player.label in text for player in found.players)
    assert found.absent in text
    assert f"a gap of {found.gap:+.4f}" in text
    assert ("exact over all" in text) == found.is_exact
    assert ("estimated from" in text) == ("±" in text) == (not found.is_exact)
    assert f"{found.n_evaluations:,}" in how_exact(found)
    assert "nan" not in text


def small(pairs: list[list[float]] | None, errors=None) -> Attribution:
    players = tuple(Player("word", label, (at, at + 1)) for at, label in enumerate("abc"))
    return Attribution(
        method="banzhaf",
        query="a b c",
        players=players,
        values=np.array([0.5, -0.25, 1.0]),
        value_errors=errors,
        pairs=None if pairs is None else np.array(pairs, float),
        pair_errors=None,
        empty_value=0.25,
        full_value=1.0,
        n_evaluations=8,
        score="cosine",
        absent="gone",
        empty="nobody",
    )


def test_the_gap_is_what_the_values_sum_to_beyond_the_score():
    assert small(None).gap == 0.5
    assert small(None).is_exact
    assert not small(None, np.ones(3)).is_exact


def test_strongest_pairs_are_sorted_by_size_and_none_is_made_up():
    nan = np.nan
    found = strongest_pairs(small([[0, 1, -3], [1, 0, 2], [-3, 2, 0]]))
    assert found == [(0, 2, -3.0), (1, 2, 2.0), (0, 1, 1.0)]
    assert strongest_pairs(small([[0, 1, -3], [1, 0, 2], [-3, 2, 0]]), most=1) == [(0, 2, -3.0)]
    assert strongest_pairs(small(None)) == []
    assert strongest_pairs(small([[0, 0, 0], [0, 0, 2], [0, 2, 0]])) == [(1, 2, 2.0)]
    # Pairs that were not asked about are no pairs.
    assert strongest_pairs(small([[0, nan, 1], [nan, 0, 0], [1, 0, 0]])) == [(0, 2, 1.0)]


# Nothing twice


@pytest.mark.parametrize(
    ("players", "kind"),
    [
        *((players, "clip") for players in PLAYERS),
        *((players, "xclip") for players in PLAYERS if players != "events"),
    ],
)
def test_the_second_time_no_encoder_runs(world: World, players: str, kind: str, monkeypatch):
    name = getattr(world, kind)
    ask = {"model": name, "query": "the blue dog", "start_s": 2.0, "end_s": 6.0, "budget": 80}
    first = world.ask(players, **ask)
    later = Services.create(world.settings)
    model = later.models.load(name)
    later.library.open_path(world.folder / "film.mp4")
    for method in ("encode_frames", "encode_texts", "encode_patches", "prepare", "look", "say"):
        monkeypatch.setattr(model, method, refuse)
    if kind == "clip" and not players.startswith("patches"):
        monkeypatch.setattr(later.library, "frames", refuse)
    second = world.ask(players, services=later, **ask)
    assert second.provenance.from_cache
    np.testing.assert_array_equal(second.result.values, first.result.values)
    np.testing.assert_array_equal(np.array(second.result.pairs), np.array(first.result.pairs))
