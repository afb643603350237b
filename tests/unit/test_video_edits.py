"""Edits of films: which frames are shown when, and what is done to pictures, on answers known beforehand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.text_edits.making import edit_by_hand
from workbench.core.video_edits import pictures, timeline
from workbench.core.video_edits.kinds import FILM_KINDS, FILM_NAMES, IDENTITY, film_kinds
from workbench.core.video_edits.partners import true_of
from workbench.errors import InputError

TEN = {
    "reverse": [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
    "freeze": [5] * 10,
    "fast": [0, 2, 4, 6, 8],
    "slow": [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9],
    "drop": [0, 1, 2, 6, 7, 8, 9],
    "loop": [0, 1, 2, 3, 4, 0, 1, 2, 3, 4],
    "roll": [5, 6, 7, 8, 9, 0, 1, 2, 3, 4],
    "splice": [0, 1, 2, 3, 4, 10, 11, 12, 13, 14],
    "exchange": [0, 1, 2, 10, 11, 12, 6, 7, 8, 9],
    "stutter": [0, 0, 2, 2, 4, 4, 6, 6, 8, 8],
    "subsample": [0, 1, 3, 4, 6, 7, 9],
}
KINDS = {kind.name: kind for kind in FILM_KINDS}


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.mark.parametrize("name", TEN)
def test_ten_frames_are_shown_as_said(name):
    assert KINDS[name].arrange(10, 2, rng()).tolist() == TEN[name]


def test_every_edit_in_time_has_its_answer_here_or_is_drawn():
    drawn = {"shuffle", "shuffle-chunks"}
    assert {kind.name for kind in FILM_KINDS if kind.paint is None} == TEN.keys() | drawn
    assert IDENTITY.arrange(4, 2, rng()).tolist() == [0, 1, 2, 3]


@given(n_frames=st.integers(2, 200), in_chunk=st.integers(1, 9), seed=st.integers(0, 99))
def test_shuffles_keep_every_frame_and_change_the_order(n_frames, in_chunk, seed):
    for shuffle in (timeline.shuffle, timeline.shuffle_chunks):
        shown = shuffle(n_frames, in_chunk, np.random.default_rng(seed))
        assert sorted(shown.tolist()) == list(range(n_frames))
        assert shown.tolist() != list(range(n_frames))


def test_chunks_stay_whole_when_seconds_are_shuffled():
    shown = timeline.shuffle_chunks(12, 3, rng()).reshape(-1, 3)
    assert (np.diff(shown, axis=1) == 1).all()


@given(n_frames=st.integers(1, 60), seed=st.integers(0, 20))
def test_what_is_shown_is_of_the_film_or_as_much_of_another_as_is_missing(n_frames, seed):
    for kind in FILM_KINDS:
        if kind.paint is not None or n_frames < kind.fewest:
            continue
        shown = kind.arrange(n_frames, 2, np.random.default_rng(seed))
        assert len(shown)
        assert shown.min() >= 0
        assert kind.needs_other or shown.max() < n_frames
        if kind.needs_other:
            assert len(shown) == n_frames
            assert set(shown[shown >= n_frames]) == set(range(n_frames, n_frames + int((shown >= n_frames).sum())))


@pytest.fixture
def film() -> np.ndarray:
    """Return twelve frames, a white square going right on a red ground that is lighter at the bottom."""
    pixels = np.zeros((12, 40, 60, 3), np.uint8)
    pixels[..., 0] = np.linspace(60, 200, 40, dtype=np.uint8)[None, :, None]
    for at in range(12):
        pixels[at, 16:24, 4 * at : 4 * at + 8] = 255
    return pixels


def test_grey_is_the_brightness_that_is_seen():
    pixels = np.array([[[[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9]]]], np.uint8)
    assert pictures.greyscale(pixels, rng())[0, 0].tolist() == [[76] * 3, [150] * 3, [29] * 3, [9] * 3]


def test_a_mirrored_film_mirrored_is_the_film(film):
    mirrored = pictures.mirror(film, rng())
    assert mirrored[0, 20, -1].tolist() == [255] * 3
    assert np.array_equal(pictures.mirror(mirrored, rng()), film)


def test_half_of_the_area_is_kept_with_even_sides(film):
    middle, anywhere = pictures.crop(film, rng()), pictures.crop_anywhere(film, rng())
    assert middle.shape == anywhere.shape == (12, 28, 42, 3)
    assert np.array_equal(middle, film[:, 6:34, 9:51])


def test_what_is_covered_is_a_quarter_in_the_mean_colour_of_its_frame(film):
    covered = pictures.occlude(film, rng())
    changed = (covered != film).any(axis=-1)
    assert not changed[:, :10].any()
    assert not changed[:, :, :15].any()
    assert changed[:, 10:30, 15:45].mean() > 0.9
    for at in range(12):
        assert covered[at, 20, 30].tolist() == film[at].mean(axis=(0, 1)).round().tolist()
    elsewhere = pictures.occlude_anywhere(film, rng())
    corner = (elsewhere != film).any(axis=(0, 3))
    assert corner[[0, -1]].any()
    assert corner[:, [0, -1]].any()


def test_without_what_moves_only_the_ground_is_left_and_the_other_way_round(film):
    scene = pictures.scene_alone(film, rng())
    assert (scene == scene[:1]).all()
    assert np.array_equal(scene[0, 0], film[0, 0])
    assert scene[0, 20].max() < 200  # the square passes every place in two frames of twelve
    motion = pictures.motion_alone(film, rng())
    assert (motion[:, :10] == 128).all()
    assert (motion[0, 20, 2] > 200).all()


def test_low_frequencies_pass_and_high_ones_do_not():
    waves = np.arange(128)
    slow, fast = (128 + 100 * np.cos(2 * np.pi * k * waves / 128) for k in (2, 30))
    for row, kept in ((slow, True), (fast, False)):
        pixels = np.repeat(np.tile(row, (1, 128, 1))[..., None], 3, axis=-1).round().astype(np.uint8)
        found = pictures.low_pass(pixels, rng())
        assert np.abs(found.astype(int) - (pixels if kept else 128)).max() <= 2


def test_grain_is_another_in_every_frame_and_the_same_for_the_same_seed(film):
    grey = np.full_like(film, 128)
    noisy = pictures.noise(grey, rng())
    assert noisy.std() == pytest.approx(20, rel=0.02)
    assert not np.array_equal(noisy[0], noisy[1])
    assert np.array_equal(noisy, pictures.noise(grey, rng()))


def test_a_blur_is_that_of_scipy(film):
    from scipy.ndimage import gaussian_filter

    assert np.array_equal(pictures.blur(film, rng())[3, ..., 1], gaussian_filter(film[3, ..., 1], 0.03 * 40))


def test_a_brighter_film_is_so_by_its_part_and_a_shifted_one_shows_the_same_beside_its_edge(film):
    assert np.array_equal(pictures.brighten(film, rng()), (film * 1.15).round().clip(0, 255).astype(np.uint8))
    aside = pictures.shift(film, rng())
    assert np.array_equal(aside[:, :, :-6], film[:, :, 6:]) != np.array_equal(aside[:, :, 6:], film[:, :, :-6])
    assert np.array_equal(aside[:, :, :6], film[:, :, :1].repeat(6, 2)) or np.array_equal(
        aside[:, :, -6:], film[:, :, -1:].repeat(6, 2)
    )


@given(n_frames=st.integers(4, 120))
def test_the_control_of_frames_moved_about_hides_as_much_and_lasts_as_long(n_frames):
    for name in ("reverse", "shuffle", "shuffle-chunks", "fast", "slow", "drop", "loop", "roll", "splice", "exchange"):
        kind = KINDS[name]
        control = KINDS[kind.control]
        (edited, held) = (each.arrange(n_frames, 2, rng()) for each in (kind, control))
        own = set(edited[edited < n_frames].tolist())
        assert len(set(held.tolist())) <= len(own) + 1, "no frame more is hidden by the edit than by its control"
        if name not in ("fast", "slow", "exchange"):
            assert abs(len(held) - len(edited)) <= 1


def test_pictures_are_changed_about_as_much_as_by_their_control():
    down, across = np.mgrid[0:90, 0:160]
    rings = 128 + 60 * np.sin(np.hypot(down - 30, across - 100) / 3) + 40 * np.sin(across / 25)
    pixels = np.stack([np.roll(rings, 4 * at, 1) for at in range(4)])[..., None] + np.array([-50, 0, 50])
    pixels = pixels.clip(0, 255).astype(np.uint8)

    def moved(kind):
        return np.sqrt(((kind.paint(pixels, rng()).astype(float) - pixels) ** 2).mean())

    for name in ("blur", "low-pass", "occlude", "grey", "mirror", "noise"):
        assert 1 / 3 < moved(KINDS[name]) / moved(KINDS[KINDS[name].control]) < 3, name


@pytest.mark.parametrize("name", [kind.name for kind in FILM_KINDS if kind.paint])
@pytest.mark.parametrize("shape", [(1, 2, 2, 3), (3, 37, 51, 3)])
def test_films_of_any_size_are_painted_and_the_film_itself_is_left(name, shape):
    pixels = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    before = pixels.copy()
    found = KINDS[name].paint(pixels, rng())
    assert found.dtype == np.uint8
    assert len(found) == shape[0]
    assert np.array_equal(pixels, before)


def test_a_kind_comes_with_its_control_once_and_an_unknown_one_is_refused():
    assert [kind.name for kind in film_kinds(["drop", "fast"])] == ["fast", "drop", "stutter", "subsample"]
    assert [kind.name for kind in film_kinds(["exchange"])] == ["drop", "exchange", "subsample"]
    assert {kind.control for kind in FILM_KINDS} <= {"", *FILM_NAMES}
    with pytest.raises(InputError, match="There is no edit 'rewind' of a video; ask for any of reverse"):
        film_kinds(["rewind"])


@pytest.mark.parametrize(
    ("query", "edit", "kind", "film", "is_true"),
    [
        ("a ball moves left", "a ball moves right", "direction", "reverse", True),
        ("a ball moves left", "a ball moves right", "direction", "mirror", True),
        ("a ball moves up", "a ball moves down", "direction", "reverse", True),
        ("a ball moves up", "a ball moves down", "direction", "mirror", False),
        ("a ball moves left", "a bird moves down", "direction", "reverse", False),
        ("a ball moves towards a cup", "a ball moves away from a cup", "direction", "reverse", True),
        ("a ball moves left then grows", "a ball moves right then grows", "direction", "reverse", False),
        ("a ball grows and moves left", "a ball grows and moves right", "direction", "reverse", False),
        ("a ball moves left then grows", "a ball moves right then grows", "direction", "mirror", True),
        ("a red ball moves", "a blue ball moves", "colour", "reverse", False),
        ("a cup left of a jug", "a cup right of a jug", "place", "mirror", True),
        ("she sits then stands", "she stands then sits", "order", "roll", True),
        ("she sits then stands", "she stands then sits", "order", "reverse", False),
    ],
)
def test_which_sentence_is_true_of_which_film(query, edit, kind, film, is_true):
    assert bool(true_of(film, [edit_by_hand(query, edit, kind)])) == is_true


def test_of_two_directions_one_alone_is_no_film_backwards():
    query = "a ball moves left and a cup moves up"
    edits = [
        edit_by_hand(query, "a ball moves right and a cup moves up", "direction"),
        edit_by_hand(query, "a ball moves left and a cup moves down", "direction"),
    ]
    assert true_of("reverse", edits) == ()
