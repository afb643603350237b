"""Frames of a window and patches as players: the coalitions are pictures that are painted over here by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.attribution import QUERY, World, assert_is, lacking, refuse, subsets
from tests.tiny_checkpoints import save_tiny_pe_video
from workbench.analyses.services import Services
from workbench.errors import InputError, ModelError
from workbench.types.outcome import Progress

WIDTH, HEIGHT = 96, 64

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


def test_a_picture_is_encoded_once_for_all_coalitions_of_the_words(world: World, tmp_path: Path, monkeypatch):
    services = Services.create(replace(world.settings, home=tmp_path))
    ask = {"query": "a red dog", "video": world.toy, "fps": 1.0, "services": services}
    world.ask("words", **ask)  # all of the film is encoded
    model = services.models.load(world.clip)
    given, encode = [], model.encode_frames

    def watched(frames):
        given.extend(picture.tobytes() for picture in frames.pixels)
        return encode(frames)

    monkeypatch.setattr(model, "encode_frames", watched)
    found = world.ask("patches+words", at_s=10.0, budget=200, **ask).result
    assert [found.players[at].kind for at in found.leaders] == ["patch"]
    assert len(given) == len(set(given)) == 201, "200 coalitions of patches, and all but who leads"
    world.ask("patches+words", at_s=10.0, budget=200, **ask | {"query": "the blue cat dog"})
    assert len(given) <= 202, "but who leads there, the same pictures"


def test_a_patch_has_no_nearest_one_in_time(world: World):
    with pytest.raises(InputError, match=r"choose mean, grey or blur\.$"):
        world.ask("patches", absent="held")
