"""Evidence for maps: curves painted by hand, verdicts from numbers, and weights that have learned nothing."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from tests.attribution import QUERY, World, refuse
from tests.unit.test_maps import AT_S, maps_of, painted_over, picture
from workbench.analyses.evidence import N_MASKS, N_REDRAWN
from workbench.analyses.map_methods import METHODS
from workbench.analyses.verdicts import is_about_model, is_about_sentence, is_better_than_random, verdicts
from workbench.core.faithfulness import N_ORDERS, N_STEPS
from workbench.models import adapter_template
from workbench.types.maps import Agreement, Evidence, HeatMaps


def in_sight(world: World, cells: set[int], grid: tuple[int, int] = (4, 4)) -> np.ndarray:
    """Return the picture of which only some cells can be seen."""
    frame = picture(world).pixels[0]
    shown = frame.copy()
    for cell in set(range(grid[0] * grid[1])) - cells:
        row, column = divmod(cell, grid[1])
        covered = painted_over(frame, row, column, *grid)
        changed = (covered != frame).any(axis=-1)
        shown[changed] = covered[changed]
    return shown


def cosines(world: World, pictures: list[np.ndarray], query: str = QUERY) -> np.ndarray:
    return world.cosines(world.clip, world.encode(world.clip, np.stack(pictures)), query, [set()])[0].astype(float)


def test_the_curves_are_those_of_pictures_painted_by_hand(world: World):
    maps = maps_of(world, "ig", evidence=True)
    found, order = maps.evidence, np.argsort(-maps.values[0])
    counts = (found.shares * 16).round().astype(int)
    assert counts.tolist() == np.round(np.linspace(0, 16, N_STEPS + 1)).astype(int).tolist()
    rising = cosines(world, [in_sight(world, set(order[:count].tolist())) for count in counts])
    np.testing.assert_allclose(found.insertion[0], rising, atol=1e-5)
    falling = cosines(world, [in_sight(world, set(order[16 - count :].tolist())) for count in counts])
    np.testing.assert_allclose(found.reversed[0], falling, atol=1e-5)
    area = sum((a + b) / 2 * (t - s) for (s, a), (t, b) in itertools.pairwise(zip(found.shares, rising, strict=True)))
    assert found.insertion_areas[0] == pytest.approx(area, abs=1e-5)
    assert found.random.shape == (1, N_ORDERS, len(counts))
    as_good = (found.random_areas[0] >= found.insertion_areas[0]).sum()
    assert found.p_random[0] == pytest.approx((1 + as_good) / (1 + N_ORDERS))


def test_the_other_sentence_and_new_weights_are_those_that_are_named(world: World):
    maps = maps_of(world, "relevance", evidence=True, contrast="a green square")
    other = maps_of(world, "relevance", query="a green square")
    assert maps.evidence.contrast == "a green square"
    expected = spearmanr(maps.values[0], other.values[0]).statistic
    assert maps.evidence.contrast_correlations[0] == pytest.approx(expected, abs=1e-9)
    assert maps.evidence.randomised.shape == maps.evidence.randomised_areas.shape == (1, N_REDRAWN)
    model = world.services.models.load(world.clip)
    drawn = model.redrawn(1)
    said = drawn.encode_texts([prompt.replace("{}", QUERY) for prompt in drawn.spec.prompts])
    mean = said.embeddings.mean(axis=0, keepdims=True)
    said = replace(said, embeddings=(mean / np.linalg.norm(mean)).astype(np.float32), texts=(QUERY,))
    trace = drawn.trace_frames(picture(world), said)
    raised = np.maximum(trace.weights[0] * trace.gradients[0], 0).mean(axis=1)
    whole = trace.reader[0] + trace.reader[0] @ raised[1]
    whole = whole + whole @ raised[0]
    assert maps.evidence.randomised[0, 0] == pytest.approx(spearmanr(maps.values[0], whole[1:]).statistic, abs=1e-3)


def test_the_default_other_sentence_is_the_distractor_least_like_it(world: World):
    model = world.services.models.load(world.clip)
    others = [text for text in model.spec.distractors if text != QUERY]
    embedded = model.encode_texts([QUERY, *others]).embeddings
    assert maps_of(world, "raw", evidence=True).evidence.contrast == others[int((embedded[1:] @ embedded[0]).argmin())]


def test_what_is_read_with_a_video_is_held_against_the_first_distractor(world: World):
    """Sentences by themselves say nothing of how like they are to such a model."""
    first, second, *_ = world.services.models.load(world.xclip).spec.distractors
    assert maps_of(world, "raw", world.xclip, evidence=True).evidence.contrast == first
    assert maps_of(world, "raw", world.xclip, query=first, evidence=True).evidence.contrast == second


def test_how_many_other_sentences_fit_as_well_is_counted(world: World):
    model = world.services.models.load(world.clip)
    features = model.encode_frames(picture(world))
    others = [text for text in model.spec.distractors if text != QUERY]
    own = world.cosines(world.clip, features, QUERY, [set()])[0, 0]
    better = sum(world.cosines(world.clip, features, text, [set()])[0, 0] >= own for text in others)
    found = maps_of(world, "raw", evidence=True).evidence
    assert found.standing[0] == pytest.approx((1 + better) / (1 + len(others)))


def test_evidence_is_gathered_once_and_pictures_serve_all_methods(world: World, monkeypatch: pytest.MonkeyPatch):
    for method in METHODS:
        maps_of(world, method, evidence=True)
    model, counted = world.services.models.load(world.clip), []
    encode = model.encode_frames
    monkeypatch.setattr(model, "encode_frames", lambda frames: counted.append(len(frames.times_s)) or encode(frames))
    monkeypatch.setattr(model, "redrawn", refuse)
    for method in METHODS:
        maps_of(world, method, evidence=True)
    assert not counted
    monkeypatch.undo()
    monkeypatch.setattr(model, "encode_frames", lambda frames: counted.append(len(frames.times_s)) or encode(frames))
    maps_of(world, "relevance", query="a green cat", evidence=True)
    n_steps = N_STEPS - 1
    own = [2 * n_steps + 2, N_REDRAWN * n_steps + 2]
    assert sorted(counted) == own, "random orders and masks were encoded for another sentence already"


def test_a_window_is_one_picture_to_the_evidence(world: World):
    found = maps_of(world, "relevance", world.xclip, evidence=True)
    assert found.values.shape[0] == 4
    assert found.evidence.insertion.shape[0] == len(found.evidence.verdicts) == 1


def test_a_model_whose_weights_cannot_be_drawn_anew_says_so(world: World, unopened: str):
    found = maps_of(world, "occlusion", unopened, evidence=True).evidence
    assert found.randomised.shape == found.randomised_areas.shape == (1, 0)
    assert is_about_model(found, 0) is None, "it brings 12 other sentences"
    evidence = some_evidence(randomised=np.zeros((1, 0)), randomised_areas=np.zeros((1, 0)))
    assert is_about_model(evidence, 0) is None
    told = verdicts(some_maps(world), evidence)[0][1]
    assert told == "About what the model has learned: cannot be told, its weights cannot be drawn anew here."


def test_a_map_that_is_hardly_beyond_random_orders_is_not_called_better(world: World):
    """Better than 19 orders, and yet less than two of their standard deviations from their mean."""
    areas = np.linspace(0.2, 0.39, 19)[None]
    hardly = some_evidence(random_areas=areas, insertion_areas=np.array([0.40]))
    assert areas.mean() + 2 * areas.std(ddof=1) > 0.40
    assert not is_better_than_random(hardly, 0)
    assert is_better_than_random(some_evidence(random_areas=areas, insertion_areas=np.array([0.42])), 0)
    assert "Better than random on this picture: not shown" in verdicts(some_maps(world), hardly)[0][0]


def test_a_model_that_has_learned_nothing_has_no_map_about_what_it_learned(world: World, monkeypatch):
    """The trained toy model, its weights in random order, in its own place."""
    name = "toyworld-frame"
    drawn = world.services.models.load(name).redrawn(7)
    monkeypatch.setattr(world.services.models, "load", lambda model_id: drawn)
    for method, at_s in itertools.product(("relevance", "occlusion"), (5.0, 18.0)):
        found = maps_of(world, method, name, query="a white cross", at_s=at_s, evidence=True)
        assert is_about_model(found.evidence, 0) is False
        assert found.evidence.verdicts[0][1].startswith("About what the model has learned: no, ")


@pytest.fixture(scope="module")
def unopened(world: World) -> str:
    """Return a model that cannot be opened, and is fast."""
    world.services.models.register_family(adapter_template.FAMILY)
    world.services.models.register(adapter_template.ENTRY)
    return adapter_template.ENTRY.id


def some_evidence(**more) -> Evidence:
    numbers = {
        "shares": np.linspace(0, 1, 3),
        "insertion": np.array([[0.1, 0.5, 0.5]]),
        "reversed": np.array([[0.1, 0.1, 0.5]]),
        "random": np.tile([0.1, 0.3, 0.5], (1, 19, 1)),
        "insertion_areas": np.array([0.4]),
        "reversed_areas": np.array([0.2]),
        "random_areas": np.full((1, 19), 0.3),
        "p_random": np.array([0.05]),
        "rank_correlations": np.array([0.8]),
        "n_masks": N_MASKS,
        "randomised": np.array([[0.1, -0.2, 0.3]]),
        "randomised_areas": np.array([[0.3, 0.31, 0.29]]),
        "contrast": "a green square",
        "contrast_correlations": np.array([0.2]),
        "standing": np.array([1 / 49]),
        "n_others": 48,
    }
    return Evidence(**numbers | more)


def some_maps(world: World, **more) -> HeatMaps:
    return replace(maps_of(world, "relevance"), **more)


def test_verdicts_are_written_from_the_numbers(world: World):
    evidence = some_evidence()
    ((random, model, sentence, measured),) = verdicts(some_maps(world), evidence)
    # From 0.1 to 0.5: an area of 0.4 is three quarters of the way, and 0.3 half of it.
    assert random == (
        "Better than random on this picture: yes, 0.75 against 0.50 of the rise from nothing to all in sight, on "
        "average; 0 of 19 random orders do as well."
    )
    assert model == (
        "About what the model has learned: yes, 0 of 48 other sentences fit this picture as well, and weights drawn "
        "anew give other maps, which find less of the score (rank correlations with it −0.20 to 0.30)."
    )
    assert measured == (
        "Mean cosine while cells come into sight: 0.400 the highest first (insertion), 0.200 the lowest first (which "
        "is deletion read backwards), 0.300 in random order. On 32 random halves of the picture, the map in sight and "
        "the cosine have a rank correlation of 0.80."
    )
    assert sentence == (
        "Depends on the sentence: yes, the map of “a green square” has a rank correlation of 0.20 with it (0.90 and "
        "more is called the same)."
    )


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"p_random": np.array([0.1])}, "not shown, as it is not shown to be better than random"),
        ({"randomised": np.array([[0.95, 0.1, 0.1]])}, "no, weights drawn anew give the same map"),
        (
            {"randomised_areas": np.array([[0.1, 0.4, 0.1]])},
            "weights drawn anew give a map that finds the score as well",
        ),
        (
            {"standing": np.array([20 / 49])},
            "no, 19 of 48 other sentences fit this picture as well, so the score itself",
        ),
    ],
)
def test_a_map_that_is_not_about_the_model_is_told(world: World, more: dict, why: str):
    evidence = some_evidence(**more)
    assert is_about_model(evidence, 0) is False
    assert why in verdicts(some_maps(world), evidence)[0][1]


def test_a_map_that_does_not_change_with_the_sentence_is_told(world: World):
    same = some_evidence(contrast_correlations=np.array([0.95]))
    assert not is_about_sentence(some_maps(world), same, 0)
    assert "Depends on the sentence: no, the map of “a green square”" in verdicts(some_maps(world), same)[0][2]
    whatever = some_maps(world, is_about_sentence=False)
    assert verdicts(whatever, some_evidence())[0][2] == (
        "Depends on the sentence: no, the sentence does not enter this method."
    )


def test_a_picture_that_fits_no_better_than_nothing_is_told_in_cosines(world: World):
    flat = some_evidence(insertion=np.array([[0.5, 0.5, 0.51]]))
    assert "a cosine of 0.400 against 0.300 on average" in verdicts(some_maps(world), flat)[0][0]


def test_a_constant_map_is_never_good(world: World):
    evidence = some_evidence(
        p_random=np.array([0.5]), rank_correlations=np.array([np.nan]), contrast_correlations=np.array([np.nan])
    )
    assert not is_better_than_random(evidence, 0)
    told = verdicts(some_maps(world), evidence)[0]
    assert told[2] == "Depends on the sentence: cannot be told, this map or that of “a green square” is flat."
    assert is_about_sentence(some_maps(world), evidence, 0) is None
    assert told[3].endswith("a rank correlation of none.")


def test_a_model_with_few_other_sentences_cannot_say_what_a_score_is_worth(world: World):
    evidence = some_evidence(n_others=5, standing=np.array([1 / 6]))
    assert is_about_model(evidence, 0) is None
    assert "brings too few other sentences" in verdicts(some_maps(world), evidence)[0][1]


def test_new_weights_whose_maps_are_flat_are_told_so(world: World):
    evidence = some_evidence(randomised=np.array([[np.nan, np.nan, np.nan]]))
    assert "(rank correlations with it none, as they are flat)" in verdicts(some_maps(world), evidence)[0][1]


def test_a_window_is_called_one(world: World):
    maps = some_maps(world, times_s=np.arange(4.0), values=np.ones((4, 16)), scores=np.ones(4), by_head=None)
    assert verdicts(maps, some_evidence())[0][0].startswith("Better than random on this window: yes")


def test_all_methods_agree_by_the_rank_correlation_of_their_maps(world: World):
    found = world.ask("words", method="all", video=world.toy, fps=1.0, at_s=AT_S).result
    assert isinstance(found, Agreement)
    assert found.methods == (*METHODS, "banzhaf")
    assert not found.missing
    game = world.ask("patches", video=world.toy, fps=1.0, at_s=AT_S).result
    np.testing.assert_allclose(found.maps[-1].values[0], game.values, atol=1e-9)
    for (a, one), (b, other) in itertools.combinations(enumerate(found.maps), 2):
        assert one.grid == other.grid == (4, 4)
        expected = spearmanr(one.values[0], other.values[0]).statistic
        assert found.correlations[a, b] == pytest.approx(expected, abs=1e-9)
    assert "agree most" in found.conclusion


def test_a_model_that_cannot_be_opened_agrees_with_itself_on_what_it_can(world: World, unopened: str):
    found = world.ask("words", unopened, method="all", video=world.toy, fps=1.0, at_s=AT_S).result
    assert found.methods == ("occlusion", "banzhaf")
    assert [name for name, _ in found.missing] == [name for name in METHODS if name != "occlusion"]
    assert all("cannot be made with Colour histogram" in why for _, why in found.missing)
