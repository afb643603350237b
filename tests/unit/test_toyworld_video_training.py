"""The training of the toy model that sees motion: it runs, goes on where it stopped, and its folder loads."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from workbench.errors import InputError
from workbench.models.registry import ModelRegistry
from workbench.settings import ASSETS, Settings
from workbench.toyworld import learning
from workbench.toyworld.geometry import geometry_batch
from workbench.toyworld.grammar import Clause, Noun, Sentence
from workbench.toyworld.motions import CHANGES, ChangeHeads, backwards, motion_batch
from workbench.toyworld.phases import PHASES
from workbench.toyworld.shipping import ship_video_model
from workbench.toyworld.tokens import OF_WINDOWS
from workbench.toyworld.video_model import (
    embed_texts,
    embed_windows,
    frame_facts,
    load_frame_model,
    new_video_model,
)
from workbench.toyworld.video_recipe import VideoRecipe
from workbench.toyworld.video_training import train_video
from workbench.toyworld.vocabulary import COLOURS, SHAPES
from workbench.toyworld.window_exam import examine_windows, scores_of_frame_model, scores_of_video_model
from workbench.toyworld.window_loss import WindowLoss
from workbench.toyworld.wording import asked, lines, meanings

RECIPE = replace(
    VideoRecipe().shortened(10),
    look_batch=8,
    motion_batch=8,
    n_motions=8,
    window_batch=4,
    n_windows=8,
    n_in_order=2,
    n_beside=4,
    order_batch=1,
    checkpoint_every=3,
)


def quiet(step: int, line: str) -> None:
    pass


@pytest.fixture(scope="module")
def frame_model():
    return load_frame_model(ASSETS / "models" / "toyworld-frame")


@pytest.fixture(scope="module")
def work_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def model(frame_model, work_dir: Path):
    return train_video(RECIPE, frame_model, work_dir, quiet, "abc1234")


def test_a_training_that_was_stopped_ends_as_one_that_was_not(frame_model, model, tmp_path, monkeypatch):
    kept = learning.save

    def killed(work_dir, recipe, step, parts):
        kept(work_dir, recipe, step, parts)
        if step == 6:
            raise KeyboardInterrupt

    monkeypatch.setattr(learning, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        train_video(RECIPE, frame_model, tmp_path, quiet, "abc1234")
    monkeypatch.setattr(learning, "save", kept)
    again = train_video(RECIPE, frame_model, tmp_path, quiet, "def5678").state_dict()
    assert learning.trained_at(tmp_path) == "at commit `abc1234`, from step 6 on at `def5678`"
    for name, value in model.state_dict().items():
        torch.testing.assert_close(again[name], value, rtol=0, atol=1e-4, msg=name)


def test_a_training_that_was_stopped_on_windows_of_stories_ends_as_one_that_was_not(frame_model, tmp_path, monkeypatch):
    """Once in each lesson on kept features, once in the one that looks at the pixels; fast, so that a step shows."""
    few = {"n_look_steps": 0, "n_move_steps": 0, "n_word_steps": 0}
    few |= {"n_tell_steps": 2, "n_joint_steps": 2, "n_order_steps": 2, "n_in_order": 2, "n_beside": 2, "order_batch": 1}
    fast = {"tell_rate": 1e-2, "time_rate": 1e-2, "joint_rate": 1e-2, "order_rate": 1e-2}
    recipe = replace(RECIPE, **few, **fast, window_batch=2, n_windows=4, checkpoint_every=1)
    monkeypatch.setattr("workbench.toyworld.video_lessons._PART_MOTIONS", recipe.n_motions)
    model = train_video(recipe, frame_model, tmp_path / "whole", quiet, "abc1234")
    kept = learning.save

    def killed(work_dir, recipe, step, parts):
        kept(work_dir, recipe, step, parts)
        if step in (1, 3, 5):
            raise KeyboardInterrupt

    monkeypatch.setattr(learning, "save", killed)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            train_video(recipe, frame_model, tmp_path / "stopped", quiet, "abc1234")
    monkeypatch.setattr(learning, "save", kept)
    again = train_video(recipe, frame_model, tmp_path / "stopped", quiet, "abc1234").state_dict()
    for name, value in model.state_dict().items():
        torch.testing.assert_close(again[name], value, rtol=0, atol=1e-3, msg=name)


def test_another_recipe_is_refused(frame_model, model, work_dir):
    with pytest.raises(InputError, match="another recipe"):
        train_video(replace(RECIPE, seed=1), frame_model, work_dir, quiet, "abc1234")


def test_its_folder_loads_through_the_registry_and_tells_its_figures(frame_model, model, work_dir, tmp_path):
    marks = examine_windows(scores_of_video_model(model), 16)
    frame_marks = examine_windows(scores_of_frame_model(frame_model), 16)
    ship_video_model(model, tmp_path / "model", RECIPE, marks, frame_marks, work_dir)
    loaded = ModelRegistry(Settings(offline=True, device="cpu")).load(str(tmp_path / "model"))
    assert (loaded.spec.family, loaded.spec.window_frames, loaded.spec.separable) == ("xclip", 8, False)
    card = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert f"| direction | {marks['direction'].share:.3f} | {frame_marks['direction'].share:.3f} |" in card
    assert "at commit `abc1234`; the log" in card
    assert json.loads((tmp_path / "model" / "workbench.json").read_text())["prompts"] == ["{}"]
    assert sum(path.stat().st_size for path in (tmp_path / "model").iterdir()) <= 16_000_000


def test_a_model_of_single_frames_is_right_about_half_of_the_directions_at_most(frame_model):
    marks = examine_windows(scores_of_frame_model(frame_model), 32)
    assert marks["direction"].n_asked >= 20
    assert 0.4 <= marks["direction"].share <= 0.5


def test_before_anything_is_learned_frames_are_those_of_the_frame_model_to_a_part_and_order_shows(frame_model):
    new = new_video_model(frame_model, 0).eval()
    pixels = torch.rand(1, 8, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.inference_mode():
        facts = frame_facts(new, pixels)
        alone = frame_model.vision_model(pixel_values=pixels[0]).pooler_output
        # An empty message is one more token to attend to, so the two are close and not equal.
        assert torch.nn.functional.cosine_similarity(facts.frames[0], alone).min() > 0.9
        forwards, context = embed_windows(new, facts)
        backwards, same_context = embed_windows(new, frame_facts(new, pixels.flip(1)))
    assert (forwards - backwards).abs().max() > 1e-3
    torch.testing.assert_close(context, same_context, rtol=0, atol=1e-4)


def test_before_anything_is_learned_every_frame_looks_at_the_one_before_it(frame_model):
    new = new_video_model(frame_model, 0, position_gain=4.0).eval()
    pixels = geometry_batch(np.random.default_rng(0), 16, crowding=1.0).frames.unflatten(0, (2, 8))
    new.mit.encoder.config._attn_implementation = "eager"
    with torch.inference_mode():
        frames = new.visual_projection(frame_facts(new, pixels).frames)
        first = new.mit.encoder.layers[0]
        _, weights = first.self_attn(first.layer_norm1(frames + new.mit.position_embedding))
    before = weights.diagonal(-1, -2, -1)
    assert weights.shape[-2:] == (8, 8)
    assert before.mean() > 0.9


def test_what_is_unclear_costs_nothing():
    loss_of = WindowLoss(pair_weight=1.0)
    cosine = torch.tensor([[0.9, 0.1, 0.3, 0.9, 0.2], [0.2, 0.8, -0.5, 0.1, 0.8]])
    truth = torch.tensor([[1, 0, -1, 1, 0], [0, 1, -1, 0, 1]])
    changed = cosine.clone()
    changed[:, 2] = 0.99
    scale = torch.tensor(10.0)
    assert loss_of(cosine, scale, truth, 3) == loss_of(changed, scale, truth, 3)
    worse = cosine.clone()
    worse[0, 1] = 0.95
    assert loss_of(worse, scale, truth, 3) > loss_of(cosine, scale, truth, 3)


def test_geometry_of_a_batch_is_that_of_its_pictures():
    """A noun that is there is at the middle of the patches that show it; one that is not is in none."""
    batch = geometry_batch(np.random.default_rng(0), 64, crowding=1.0)
    at = (torch.arange(8) + 0.5) / 8
    x, y = at.repeat(8), at.repeat_interleave(8)
    n_seen = 0
    for frame in range(64):
        for noun, is_there, geometry in zip(
            batch.nouns[frame], batch.is_there[frame], batch.geometry[frame], strict=True
        ):
            shown = batch.patch_nouns[frame] == noun
            if not is_there:
                assert not shown.any()
            elif shown.sum() >= 9 and batch.geometry_known[frame][batch.nouns[frame] == noun][0, 0]:
                cosines, sines = geometry.chunk(2)
                middle = torch.atan2(sines, cosines) / (2 * torch.pi) % 1
                assert abs(x[shown].mean() - middle[PHASES.index("x")]) < 0.075
                assert abs(y[shown].mean() - middle[PHASES.index("y")]) < 0.075
                n_seen += 1
    assert n_seen >= 10
    round_ones = batch.nouns % len(SHAPES) == SHAPES.index("circle")
    assert not batch.geometry_known[round_ones].chunk(2, -1)[0][:, PHASES.index("angle")].any()


def test_what_is_said_asks_for_what_it_means():
    """The unit text of an event is where its window is read, and the opposite event asks for the opposite."""
    noun, other = Noun("red", "circle"), Noun("blue", "square")
    code = [list(COLOURS).index(n.colour) * len(SHAPES) + SHAPES.index(n.shape) for n in (noun, other)]
    right, left = (asked(Sentence("event", clauses=(Clause(noun, verb),))) for verb in ("moves_right", "moves_left"))
    x, there = CHANGES.index("x"), CHANGES.index("there")
    assert right[code[0], x] == -left[code[0], x] > 0
    assert right[code[0], there] == left[code[0], there] > 0
    assert not np.delete(right, code[0], axis=0).any()
    either = asked(Sentence("presence", (Noun("red"),)))
    assert either[:, there].sum() == pytest.approx(1)
    assert np.count_nonzero(either[:, there]) == len(SHAPES)
    both = asked(Sentence("both", (noun, other)))
    assert (both[code, there] == 1).all()
    recoloured = asked(Sentence("event", clauses=(Clause(noun, "changes_colour", new_colour="blue"),)))
    assert recoloured[code[0], CHANGES.index("leaves")] > 0
    assert recoloured[list(COLOURS).index("blue") * len(SHAPES) + SHAPES.index("circle"), CHANGES.index("enters")] > 0


def test_every_sentence_that_is_taught_has_a_meaning():
    heads = ChangeHeads(32)
    said = lines(np.random.default_rng(0), 256)
    meant = meanings(heads, said.asked)
    torch.testing.assert_close(meant.norm(dim=-1), torch.ones(256))
    assert {word for text in said.texts for word in text.split()} <= set(OF_WINDOWS.ids)


def test_the_library_reads_a_text_at_its_end(frame_model):
    model = new_video_model(frame_model, 0).eval()
    ids, mask = map(torch.from_numpy, OF_WINDOWS.encode(["a red circle moves left", "a red circle moves right"]))
    with torch.inference_mode():
        left, right = embed_texts(model, ids, mask)
    assert not torch.allclose(left, right, atol=1e-4)


def test_what_changes_in_a_window_is_what_its_pictures_show():
    """Held against the pictures: who moves right is found further right, who enters is not there at first."""
    batch = motion_batch(np.random.default_rng(0), 96, crowding=0.0)
    moves, comes_or_goes = ([CHANGES.index(name) for name in names] for names in (("x", "y"), ("enters", "leaves")))
    at = (torch.arange(64) + 0.5) / 64
    n_moves = 0
    for frames, changes, is_known in zip(batch.frames, batch.changes, batch.is_known, strict=True):
        is_there = is_known & (changes[:, CHANGES.index("there")] == 1)
        if is_there.sum() != 1:
            continue
        change = changes[is_there][0]
        # Objects are brighter than any background.
        shows = frames.amax(1) > 0.24
        is_seen = not change[comes_or_goes].any() and (shows[[0, -1]].flatten(1).sum(1) > 40).all()
        if change[moves].abs().max() > 2 and is_seen:
            first, last = (torch.stack([(m * at).sum(), (m.T * at).sum()]) / m.sum() for m in shows[[0, -1]].float())
            turned = change[moves] * 0.12 * 8
            # The sines of small turns are together no more than the way itself.
            assert ((2 * torch.pi * (last - first) - turned) * turned.sign() > -0.3).all()
            assert (turned.abs() > 2 * torch.pi * (last - first).abs() * 0.5 - 0.3).all()
            n_moves += 1
    assert n_moves >= 5


def test_names_of_nothing_change_nothing_and_who_comes_nearer_has_a_smaller_gap():
    batch = motion_batch(np.random.default_rng(2), 768, crowding=1.0)
    there = CHANGES.index("there")
    is_there = batch.is_known & (batch.changes[..., there] == 1)
    assert not batch.changes[batch.is_known & ~is_there].any()
    assert (batch.is_known & ~is_there).sum() > 100
    gap, rests = (batch.changes[..., CHANGES.index(name)] for name in ("gap", "rests"))
    known = is_there[:, :3].all(1)
    assert ((gap[known, :3] < -0.8).any(1) & (rests[known, :3] < 1).any(1)).sum() >= 10
    stays = (batch.changes[:, :3, [CHANGES.index("enters"), CHANGES.index("leaves")]] == 0).all((1, 2))
    everyone_rests = (rests[:, :3] == 1).all(1) & known & stays
    assert everyone_rests.any()
    assert not gap[everyone_rests, :3].any()


def test_a_window_shown_backwards_changes_the_other_way():
    batch = motion_batch(np.random.default_rng(1), 16, crowding=1.0)
    turned = backwards(batch)
    torch.testing.assert_close(turned.frames, batch.frames.flip(1))
    known = batch.is_known
    for name, sign in (("x", -1), ("y", -1), ("radius", -1), ("gap", -1), ("angle", -1), ("taken_back", 1)):
        at = CHANGES.index(name)
        torch.testing.assert_close(turned.changes[known][:, at], sign * batch.changes[known][:, at])
    enters, leaves = CHANGES.index("enters"), CHANGES.index("leaves")
    torch.testing.assert_close(turned.changes[known][:, enters], batch.changes[known][:, leaves])
    for shown in (batch, turned):
        assert not shown.steps[:, 0].any()
        of_window = shown.changes[..., : len(PHASES)]
        torch.testing.assert_close(shown.steps.mean(1)[known], of_window[known], rtol=0, atol=1e-5)
    torch.testing.assert_close(turned.steps[:, 1], -batch.steps[:, -1])
