"""Who made the score: every kind of player against games that are played out here, coalition by coalition."""

from __future__ import annotations

import itertools
import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from tests.films import RED, write_film
from tests.tiny_checkpoints import save_tiny_clip, save_tiny_pe_video, save_tiny_xclip
from workbench.analyses import word_games
from workbench.analyses.attribute import PLAYERS, Attribute, AttributeParams, how_exact, strongest_pairs
from workbench.analyses.ground import Ground, GroundParams
from workbench.analyses.services import Services
from workbench.errors import InputError, ModelError, QueryError
from workbench.settings import Settings
from workbench.types import Attribution, FrameBatch, Player, Progress, SamplingSpec

QUERY = "a red circle and the dog"
LONG = "the red cat and the blue dog on a green square with a"  # 13 words
N_SCENES = 16
WIDTH, HEIGHT = 96, 64


class World:
    """Services, films and tiny models, made once, and what is asked of them."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(home=folder / "home", offline=True, device="cpu")
        self.services = Services.create(self.settings)
        rng = np.random.default_rng(0)
        colours = [tuple(map(int, rng.integers(0, 256, 3))) for _ in range(N_SCENES)]
        self.film = self.services.library.open_path(write_film(folder / "film.mp4", [(0.5, c) for c in colours]).path)
        self.short = self.services.library.open_path(write_film(folder / "short.mp4", [(0.1, RED)]).path)
        self.toy = next(v for v in self.services.library.examples() if v.duration_s < 26 and v.width_px == 256)
        self.clip = str(save_tiny_clip(folder / "clip"))
        self.xclip = str(save_tiny_xclip(folder / "xclip"))
        self.folder = folder

    def ask(self, players: str, model: str = "", query: str = QUERY, services=None, video=None, **more):
        """Return the outcome of one question about the film, or ``video``."""
        report = more.pop("report", lambda progress: None)
        params = AttributeParams((video or self.film).id, (query,), model or self.clip, players=players, **more)
        return Attribute().run(services or self.services, params, report)

    def pixels(self, video=None, fps: float = 2.0) -> np.ndarray:
        video = video or self.film
        return np.concatenate([batch.pixels for batch in self.services.library.frames(video.id, SamplingSpec(fps))])

    def encode(self, model: str, pixels: np.ndarray):
        """Return what the model makes of pictures that are all of other times."""
        batch = FrameBatch("f" * 64, SamplingSpec(), pixels, np.arange(len(pixels), dtype=float))
        return self.services.models.load(model).encode_frames(batch)

    def said(self, name: str, query: str, absent_words: list[set[int]]):
        """Return the sentence without each set of its words; every word is one token of a tiny model."""
        model = self.services.models.load(name)
        by_prompt = []
        for prompt in model.spec.prompts:
            text, n_before = prompt.replace("{}", query), len(prompt[: prompt.index("{}")].split())
            n_tokens = len(model.encode_texts([text]).tokens[0])
            absent = np.zeros((len(absent_words), n_tokens), bool)
            for row, words in enumerate(absent_words):
                absent[row, [n_before + word for word in words]] = True
            by_prompt.append(model.encode_texts([text] * len(absent_words), absent))
        return by_prompt

    def cosines(self, name: str, features, query: str, absent_words: list[set[int]]) -> np.ndarray:
        """Return the cosine of the sentence without each set of its words with every row of ``features``."""
        model, by_prompt = self.services.models.load(name), self.said(name, query, absent_words)
        if model.spec.separable:
            return ensemble(by_prompt) @ features.frames.T.astype(float)
        return np.mean([model.similarity(features, said) for said in by_prompt], axis=0)


def ensemble(by_prompt) -> np.ndarray:
    mean = np.mean([said.embeddings.astype(float) for said in by_prompt], axis=0)
    return mean / np.linalg.norm(mean, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world"))


def subsets(n: int) -> list[frozenset[int]]:
    return [frozenset(i for i in range(n) if k >> i & 1) for k in range(2**n)]


def lacking(n: int) -> list[set[int]]:
    """Return the players who are absent from each of ``subsets(n)``."""
    return [set(range(n)) - coalition for coalition in subsets(n)]


def by_definition(n: int, worth: dict[frozenset[int], float]) -> tuple[np.ndarray, np.ndarray]:
    """Return Banzhaf values and pairs as the means that define them."""
    values, pairs = np.zeros(n), np.zeros((n, n))
    for i in range(n):
        others = [c for c in worth if i not in c]
        values[i] = np.mean([worth[c | {i}] - worth[c] for c in others])
        for j in range(n):
            if j != i:
                rest = [c for c in others if j not in c]
                pairs[i, j] = np.mean([worth[c | {i, j}] - worth[c | {i}] - worth[c | {j}] + worth[c] for c in rest])
    return values, pairs


def assert_is(found: Attribution, worth: dict[frozenset[int], float], atol: float) -> None:
    """Hold an exact answer against the game that it is of."""
    n = len(found.players)
    values, pairs = by_definition(n, worth)
    assert np.abs(values).max() > 20 * atol, "a game that tells nothing"
    np.testing.assert_allclose(found.values, values, atol=atol)
    np.testing.assert_allclose(found.pairs, pairs, atol=atol)
    everybody = frozenset(range(n))
    assert (found.empty_value, found.full_value) == pytest.approx((worth[frozenset()], worth[everybody]), abs=atol)
    assert found.gap == pytest.approx(values.sum() - worth[everybody] + worth[frozenset()], abs=n * atol)
    assert (found.is_exact, found.n_evaluations) == (True, 2**n)
    assert found.value_errors is found.pair_errors is found.seed is None
    leaders = leaders_of([player.kind for player in found.players], values)
    assert list(found.leaders) == leaders
    assert found.without_leaders == pytest.approx(worth[everybody - set(leaders)], abs=atol)


def leaders_of(kinds: list[str], values: np.ndarray) -> list[int]:
    """Return who adds most, with the frames in a row about it that add at least half as much."""
    best = int(values.argmax())
    is_strong = [
        kind in ("frame", "segment") and value >= values[best] / 2 > 0
        for kind, value in zip(kinds, values, strict=True)
    ]
    before = next((at for at in range(best - 1, -1, -1) if not is_strong[at]), -1) if is_strong[best] else best - 1
    after = next((at for at in range(best + 1, len(values)) if not is_strong[at]), len(values))
    return list(range(before + 1, after if is_strong[best] else best + 1))


def refuse(*args, **more):
    raise AssertionError("encoded, read or decoded again")


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


def assert_tiles(found: Attribution, end_s: float, start_s: float = 0.0) -> None:
    spans = [player.span for player in found.players if player.kind in ("frame", "segment")]
    assert spans[0][0] == pytest.approx(start_s, abs=1e-6)
    assert spans[-1][1] == pytest.approx(end_s, abs=1e-6)
    assert all(one[1] == other[0] for one, other in itertools.pairwise(spans))
    assert all(start < stop for start, stop in spans)


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


def test_a_budget_that_is_too_small_is_refused_with_the_least_that_will_do(world: World):
    with pytest.raises(InputError, match=r"^13 players need at least 368 evaluations, and the budget is 50; .*\.$"):
        world.ask("words", "toyworld-frame", LONG, budget=50)
    with pytest.raises(InputError, match=r"^16 players need at least 68 evaluations, and the budget is 60; .*\.$"):
        world.ask("patches", budget=60)


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


# Windows


def by_hand(window: np.ndarray, there: frozenset[int], how: str) -> np.ndarray:
    """Return a window with the frames hidden that are not there."""
    shown = window.copy()
    for frame in range(len(window)):
        if frame in there:
            continue
        if how == "held" and there:
            shown[frame] = window[min(there, key=lambda other: (abs(other - frame), other))]
        else:
            shown[frame] = 128 if how == "grey" else window[frame].reshape(-1, 3).mean(axis=0).round()
    return shown


@pytest.mark.parametrize("how", ["mean", "grey", "held"])
def test_frames_of_a_window_are_hidden_before_it_is_encoded(world: World, how: str):
    query = "a red circle dog"
    found = world.ask("frames", world.xclip, query, video=world.toy, fps=1.0, at_s=10.4, absent=how).result
    pixels = world.pixels(world.toy, 1.0)
    window = pixels[9:13]  # its middle, 10.5 s, is the nearest there is
    assert found.at_s == pytest.approx(10.5)
    hidden = np.concatenate([by_hand(window, coalition, how) for coalition in subsets(4)])
    features = world.encode(world.xclip, hidden)
    curve = world.cosines(world.xclip, features, query, [set()])[0]
    assert_is(found, dict(zip(subsets(4), curve.astype(float), strict=True)), 1e-5)
    assert [player.label for player in found.players] == ["0:09.0", "0:10.0", "0:11.0", "0:12.0"]
    (why,) = found.warnings
    assert "cannot be taken from the cache" in why
    both = world.ask("frames+words", world.xclip, query, video=world.toy, fps=1.0, at_s=10.4, absent=how).result
    table = world.cosines(world.xclip, features, query, lacking(4)).astype(float)
    worth = {
        frames | {4 + word for word in words}: table[row, column]
        for row, words in enumerate(subsets(4))
        for column, frames in enumerate(subsets(4))
    }
    assert_is(both, worth, 1e-5)
    assert [player.kind for player in both.players] == ["frame"] * 4 + ["word"] * 4


def test_the_toy_model_of_windows_is_played_out(world: World, monkeypatch):
    """Its 256 coalitions are encoded once: what it was given must be what is hidden by hand here."""
    name, query = "toyworld-video", "a red circle"
    model = world.services.models.load(name)
    given, encode = {}, model.encode_frames

    def watched(frames):
        features = encode(frames)
        if len(frames.times_s) > 8:
            for row, window in enumerate(frames.pixels.reshape(-1, 8, HEIGHT, WIDTH, 3)):
                given[window.tobytes()] = (features.frames[row], features.context[row])
        return features

    with monkeypatch.context() as patch:
        patch.setattr(model, "encode_frames", watched)
        found = world.ask("frames+words", name, query, fps=1.0, at_s=3.5, absent="grey").result
    window = world.pixels(fps=1.0)[:8]
    rows = [given[by_hand(window, coalition, "grey").tobytes()] for coalition in subsets(8)]
    features = world.encode(name, window)
    features = replace(
        features,
        times_s=np.arange(256.0),
        frames=np.stack([row[0] for row in rows]),
        context=np.stack([row[1] for row in rows]),
    )
    table = world.cosines(name, features, query, lacking(3)).astype(float)
    worth = {
        frames | {8 + word for word in words}: table[row, column]
        for row, words in enumerate(subsets(3))
        for column, frames in enumerate(subsets(8))
    }
    assert_is(found, worth, 1e-5)
    monkeypatch.setattr(model, "encode_frames", refuse)  # the same coalitions of the same window
    frames = world.ask("frames", name, query, fps=1.0, at_s=3.5, absent="grey").result
    assert_is(frames, dict(zip(subsets(8), table[-1], strict=True)), 1e-5)


def test_without_an_instant_the_window_that_fits_best_is_explained(world: World):
    pixels = world.pixels(world.toy, 1.0)
    windows = np.concatenate([pixels[at : at + 4] for at in range(len(pixels) - 3)])
    curve = world.cosines(world.xclip, world.encode(world.xclip, windows), "a cat", [set()])[0]
    found = world.ask("frames", world.xclip, "a cat", video=world.toy, fps=1.0).result
    assert found.at_s == pytest.approx(curve.argmax() + 1.5)
    assert found.full_value == pytest.approx(curve.max(), abs=1e-5)
    within = world.ask("frames", world.xclip, "a cat", video=world.toy, fps=1.0, start_s=3.0, end_s=9.0).result
    middles_s = np.arange(len(curve)) + 1.5
    inside = (middles_s >= 3) & (middles_s < 9)
    assert within.at_s == middles_s[inside][curve[inside].argmax()]


def test_what_a_model_of_windows_cannot_do_is_said_with_what_to_do(world: World, tmp_path: Path):
    with pytest.raises(ModelError, match=r"reads frames together.*; choose the players frames.* or a model of single"):
        world.ask("events", world.xclip)
    runs = world.ask("frames", str(save_tiny_pe_video(tmp_path / "model"))).result
    assert len(runs.players) == 8
    assert {player.kind for player in runs.players} == {"segment"}
    assert "8 runs of those" in runs.warnings[0]
    assert runs.n_evaluations == 256
    with pytest.raises(InputError, match=r"cannot be blurred; choose mean, grey or held\.$"):
        world.ask("frames", world.xclip, absent="blur")


def test_a_window_lies_within_its_film(world: World):
    """A film shorter than a window is read with its frames repeated; they stand for no more than there is."""
    found = world.ask("frames", world.xclip, video=world.short).result
    assert all(0 <= start <= stop <= world.short.duration_s + 1e-6 for start, stop in (p.span for p in found.players))


# Patches


def drawn_patches(world: World, window: np.ndarray, name: str, drawn: np.ndarray):
    """Return what a model makes of a picture with the patches of a 4 x 4 grid over its middle square painted over."""
    _, height, width, _ = window.shape
    left = (width - height) // 2
    shown = []
    for present in drawn:
        picture = window.copy()
        for patch in np.flatnonzero(~present):
            (row, column), side = divmod(patch, 4), height // 4
            area = (
                slice(None),
                slice(row * side, (row + 1) * side),
                slice(left + column * side, left + (column + 1) * side),
            )
            picture[area] = window.mean(axis=(1, 2), keepdims=True).round()
        shown.append(picture)
    return world.encode(name, np.concatenate(shown))


@pytest.mark.parametrize("kind", ["clip", "xclip"])
def test_patches_are_hidden_in_the_picture_and_estimated(world: World, kind: str):
    name = getattr(world, kind)
    ask = {"model": name, "video": world.toy, "fps": 1.0, "at_s": 10.5}
    told: list[Progress] = []
    found = world.ask("patches", seed=1, **ask, report=told.append).result
    assert [player.kind for player in found.players] == ["patch"] * 16
    assert found.players[6].label == "row 2, column 3"
    assert np.array([player.span for player in found.players]).min() >= 0
    assert not found.is_exact
    assert found.n_evaluations == 204
    assert (found.seed, found.pairs, found.pair_errors) == (1, None, None)
    assert found.value_errors.min() > 0
    assert (len(found.warnings) > 0) == (kind == "xclip")
    pixels = world.pixels(world.toy, 1.0)
    window = pixels[9:13] if kind == "xclip" else pixels[10:11]
    n_drawn = 20 if kind == "xclip" else 40
    drawn = np.random.default_rng(3).random((n_drawn, 16)) < 0.5
    whole = drawn_patches(world, window, name, np.array([[False] * 16, [True] * 16]))
    ends = world.cosines(name, whole, QUERY, [set()])[0]
    assert (found.empty_value, found.full_value) == pytest.approx(tuple(ends), abs=1e-5)
    for patch in np.argsort(-np.abs(found.values))[:1]:
        with_it, without = drawn.copy(), drawn.copy()
        with_it[:, patch], without[:, patch] = True, False
        rows = drawn_patches(world, window, name, np.concatenate([with_it, without]))
        curve = world.cosines(name, rows, QUERY, [set()])[0]
        added = curve[:n_drawn] - curve[n_drawn:]
        assert abs(added.mean() - found.values[patch]) < 4 * np.hypot(
            added.std() / np.sqrt(n_drawn), found.value_errors[patch]
        )
    steps = [progress for progress in told if progress.unit == "picture"]
    assert [p.done for p in steps] == sorted(p.done for p in steps)
    assert all(p.done <= p.total for p in steps)
    assert 204 <= steps[-1].done == steps[-1].total <= 205, "and who leads is left out once more"
    assert len(found.leaders) == 1
    rest = np.arange(16) != found.leaders[0]
    without = world.cosines(name, drawn_patches(world, window, name, rest[None]), QUERY, [set()])[0, 0]
    assert found.without_leaders == pytest.approx(without, abs=1e-5)
    if kind == "xclip":
        return
    assert world.ask("patches", seed=1, **ask).result.values.tolist() == found.values.tolist()
    other = world.ask("patches", seed=2, **ask).result
    assert other.values.tolist() != found.values.tolist()
    np.testing.assert_allclose(other.values, found.values, atol=8 * found.value_errors.max())


def test_patches_and_words_meet_and_neither_meets_its_own_kind(world: World):
    query = "a red dog"
    found = world.ask("patches+words", query=query, video=world.toy, fps=1.0, at_s=10.0, budget=200).result
    assert [player.kind for player in found.players] == ["patch"] * 16 + ["word"] * 3
    is_cross = np.zeros((19, 19), bool)
    is_cross[:16, 16:] = is_cross[16:, :16] = True
    own = ~is_cross & ~np.eye(19, dtype=bool)
    assert np.isnan(found.pairs[own]).all()
    assert np.isfinite(found.pairs[is_cross]).all()
    np.testing.assert_array_equal(found.pairs[:16, 16:], found.pairs[16:, :16].T)
    assert (found.pair_errors[is_cross] > 0).all()
    assert not found.is_exact
    assert found.n_evaluations == 200  # encoder calls, each held against all 8 coalitions of the words
    window = world.pixels(world.toy, 1.0)[10:11]
    drawn = np.random.default_rng(9).random((120, 16)) < 0.5
    rows = drawn_patches(world, window, world.clip, np.concatenate([drawn, [[False] * 16, [True] * 16]]))
    table = dict(zip(subsets(3), world.cosines(world.clip, rows, query, lacking(3)), strict=True))
    for word in range(3):
        gains = [table[c | {word}][:120] - table[c][:120] for c in subsets(3) if word not in c]
        added = np.mean(gains, axis=0)
        error = np.hypot(added.std() / np.sqrt(120), found.value_errors[16 + word])
        assert abs(added.mean() - found.values[16 + word]) < 4 * error
        assert error < 0.02
        # A patch and a word: by how much the word adds more where the patch is there.
        patch = int(np.abs(found.pairs[:16, 16 + word]).argmax())
        there, gone = added[drawn[:, patch]], added[~drawn[:, patch]]
        spread = np.sqrt(there.var() / len(there) + gone.var() / len(gone))
        assert abs(there.mean() - gone.mean() - found.pairs[patch, 16 + word]) < 4 * np.hypot(
            spread, found.pair_errors[patch, 16 + word]
        )
    ends = (table[frozenset()][120], table[frozenset(range(3))][121])
    assert (found.empty_value, found.full_value) == pytest.approx(ends, abs=1e-5)


def test_a_patch_has_no_nearest_one_in_time(world: World):
    with pytest.raises(InputError, match=r"choose mean, grey or blur\.$"):
        world.ask("patches", absent="held")


# What is refused


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"players": "letters"}, "choose frames, words, frames+words, patches, patches+words, events or phrases."),
        ({"absent": "burnt"}, "choose mean, grey, blur or held."),
        ({"method": "shapley"}, "choose banzhaf."),
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
    "provenance", "method", "query", "score", "absent", "empty", "players", "values", "value_errors", "pairs",
    "pair_errors", "empty_value", "full_value", "gap", "leaders", "without_leaders", "exact", "n_evaluations", "at_s",
    "warnings",
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
