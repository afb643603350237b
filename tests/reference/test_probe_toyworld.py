"""Planted truth of probes: what ``validate`` claims of them, and what reports say of it in words."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from tests.readme import assert_told
from workbench.settings import Settings
from workbench.toyworld.clips import ordered_clips
from workbench.types.probe import ProbeReport
from workbench.validation.exams import examined
from workbench.validation.whatif import (
    FRAME,
    SEED,
    SHUFFLED,
    drawn_cases,
    noticed_of_one_action,
    noticed_of_two_actions,
    of_one_action,
    of_two_actions,
    pair_of,
    probed,
    row_of,
)

Noticed = tuple[ProbeReport, ProbeReport]
"""What single frames notice, and what windows do."""


@pytest.fixture(scope="module")
def of_one() -> Noticed:
    with examined(Settings(device="cpu")) as place:
        return noticed_of_one_action(*place)


@pytest.fixture(scope="module")
def of_two() -> Noticed:
    with examined(Settings(device="cpu")) as place:
        return noticed_of_two_actions(*place)


@pytest.fixture(scope="module")
def moved_about() -> Iterator[ProbeReport]:
    """Return what single frames tell of frames in another order, of films of two actions."""
    with examined(Settings(device="cpu")) as (services, folder):
        cases = drawn_cases(services, folder / "clips", ordered_clips(SEED, 4), 4)
        asked = {"text_kinds": ("colour", "direction", "order"), "film_kinds": SHUFFLED}
        yield probed(services, cases, FRAME, **asked)


def test_what_is_claimed_holds_and_is_what_the_readme_says(of_one: Noticed, of_two: Noticed) -> None:
    assert_told([*of_one_action(*of_one), *of_two_actions(*of_two)])


def test_single_frames_are_said_to_tell_attributes_and_not_to_know_directions(of_one: Noticed) -> None:
    blind, _ = of_one
    assert [row_of(blind, kind).verdict for kind in ("colour", "object", "direction")] == ["told", "told", "cannot"]
    told = row_of(blind, "direction").told
    assert told.low < 0.5 < told.high
    for kind in SHUFFLED:
        moved = row_of(blind, kind, "video")
        assert (moved.margin.value, moved.margin.low, moved.margin.high) == (0.0, 0.0, 0.0)
        assert (moved.told.value, moved.changed.value, moved.verdict) == (0.0, 0.0, "cannot")
    assert "cannot know whether the video is played backwards" in blind.conclusion
    assert "So it cannot know the opposite direction" in blind.conclusion


@pytest.mark.parametrize("kind", SHUFFLED)
def test_frames_in_another_order_have_every_score_of_the_film_to_the_last_bit(moved_about: ProbeReport, kind: str):
    for case in moved_about.cases:
        assert np.array_equal(case.scores[case.film_row(kind)], case.scores[0]), case.query
    shuffled = row_of(moved_about, kind, "video")
    assert shuffled.margin.value == 0.0
    assert (shuffled.told.value, shuffled.changed.value, shuffled.verdict) == (0.0, 0.0, "cannot")


def test_windows_are_said_to_tell_both(of_one: Noticed) -> None:
    _, seeing = of_one
    assert {row_of(seeing, kind).verdict for kind in ("colour", "object", "direction", "verb")} == {"told"}
    assert "cannot know" not in seeing.conclusion
    assert {pair_of(seeing, kind).verdict for kind in ("reverse", "mirror")} == {"told"}


def test_windows_are_said_to_tell_what_comes_first_and_single_frames_not_to_know(of_two: Noticed) -> None:
    blind, seeing = of_two
    assert row_of(seeing, "order").verdict == "told"
    order = row_of(blind, "order")
    assert (order.verdict, order.told.low < 0.5 < order.told.high) == ("cannot", True)


def test_a_caption_of_another_film_is_the_ceiling(of_one: Noticed) -> None:
    assert all(row_of(report, "random").told.value >= 0.95 for report in of_one)
