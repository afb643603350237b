"""Planted truth of probes: what a single picture tells, what only motion does, and what changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable

import numpy as np
import pytest

from workbench.analyses.cases import Case
from workbench.analyses.clips import clips_of
from workbench.analyses.probe import Probe, ProbeParams
from workbench.analyses.services import Services
from workbench.core.sensitivity import is_above
from workbench.media.encode import write_video
from workbench.settings import Settings
from workbench.toyworld.clips import FEWEST, LABELS_FILE, SoloClip, make_clips, ordered_clips, solo_clips
from workbench.types.probe import KindRow, PairRow, ProbeReport

SEED, COUNT = 7_701, 32
FILMS = ("reverse", "mirror", "drop", "blur")
TOLD_IN_ORDER = ("order", "direction", "verb", "colour", "object")
SHUFFLED = ("reverse", "shuffle", "shuffle-chunks")
MODELS = ("toyworld-frame", "toyworld-video")
CONTROLS = ("stutter", "shift", "subsample", "brighten")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ProbeReport]:
    """Return what each toy model notices in films of a seed that it was not made with."""
    return probed(tmp_path_factory, solo_clips(SEED, COUNT), film_kinds=FILMS)


@pytest.fixture(scope="module")
def in_order(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ProbeReport]:
    """Return the same of films in which one thing is done after another."""
    return probed(tmp_path_factory, ordered_clips(SEED, COUNT), text_kinds=TOLD_IN_ORDER, film_kinds=())


@pytest.fixture(scope="module")
def moved_about(tmp_path_factory: pytest.TempPathFactory) -> ProbeReport:
    """Return what single frames tell of frames in another order, films of two actions among them."""
    clips = (*solo_clips(SEED, FEWEST), *ordered_clips(SEED, 4))
    asked = {"text_kinds": ("colour", "direction", "order"), "film_kinds": SHUFFLED}
    return probed(tmp_path_factory, clips, names=("toyworld-frame",), **asked)["toyworld-frame"]


def probed(
    factory: pytest.TempPathFactory, clips: Iterable[SoloClip], names: tuple[str, ...] = MODELS, **asked: tuple
) -> dict:
    services = Services.create(Settings(home=factory.mktemp("probe"), offline=True, device="cpu"))
    folder = factory.mktemp("clips")
    make_clips(folder, clips, write_video)
    rows = [json.loads(line) for line in (folder / LABELS_FILE).read_text().splitlines()]
    clips = clips_of(
        rows, LABELS_FILE, lambda vid: services.library.open_path(folder / f"{vid}.mp4"), services.settings
    )
    cases = tuple(Case(clip.video, clip.caption) for clip in clips)
    return {name: Probe().run(services, ProbeParams(cases, name, **asked)).result for name in names}


def row(report: ProbeReport, kind: str, of: str = "sentence") -> KindRow:
    [only] = [each for each in report.rows if (each.kind, each.of) == (kind, of)]
    return only


def pair(report: ProbeReport, film_kind: str) -> PairRow:
    [only] = [each for each in report.pairs if each.film_kind == film_kind]
    return only


def test_single_frames_tell_attributes_and_cannot_know_directions(found):
    report = found["toyworld-frame"]
    for kind in ("colour", "object"):
        assert row(report, kind).told.value >= 0.95
        assert row(report, kind).verdict == "told"
    direction = row(report, "direction")
    assert direction.verdict == "cannot"
    assert direction.told.low < 0.5 < direction.told.high
    backwards = row(report, "reverse", "video")
    assert (backwards.margin.value, backwards.told.value, backwards.verdict) == (0.0, 0.0, "cannot")
    assert pair(report, "reverse").group.value == 0
    assert "cannot know whether the video is played backwards" in report.conclusion
    assert "So it cannot know the opposite direction" in report.conclusion


@pytest.mark.parametrize("kind", SHUFFLED)
def test_frames_in_another_order_have_every_score_of_the_film_to_the_last_bit(moved_about, kind):
    for case in moved_about.cases:
        assert np.array_equal(case.scores[case.film_row(kind)], case.scores[0]), case.query
    shuffled = row(moved_about, kind, "video")
    assert (shuffled.margin.value, shuffled.margin.low, shuffled.margin.high) == (0.0, 0.0, 0.0)
    assert (shuffled.told.value, shuffled.changed.value, shuffled.verdict) == (0.0, 0.0, "cannot")


def test_windows_tell_both_and_find_what_was_planted(found):
    report = found["toyworld-video"]
    for kind in ("colour", "object", "direction", "verb"):
        assert row(report, kind).told.value >= 0.95
        assert row(report, kind).verdict == "told"
    assert row(report, "reverse", "video").changed.value >= 0.95
    assert min(pair(report, kind).group.value for kind in ("reverse", "mirror")) >= 0.9
    assert "cannot know" not in report.conclusion


def test_windows_tell_what_comes_first_and_single_frames_cannot(in_order):
    assert row(in_order["toyworld-video"], "order").told.value >= 0.9
    assert row(in_order["toyworld-video"], "order").verdict == "told"
    blind = row(in_order["toyworld-frame"], "order")
    assert (blind.verdict, blind.told.low < 0.5 < blind.told.high) == ("cannot", True)


def test_windows_tell_all_else_of_two_actions_and_single_frames_what_the_first_is_of(in_order):
    for kind in TOLD_IN_ORDER[1:]:
        assert row(in_order["toyworld-video"], kind).told.value >= 0.95
    first = [
        is_above(case.scores[0, 0], case.scores[0, at])
        for case in in_order["toyworld-frame"].cases
        for at, edit in enumerate(case.texts, 1)
        if edit.kind in ("colour", "object") and edit.changes[-1].span[0] < case.query.index(" then ")
    ]
    assert len(first) == 2 * COUNT
    assert np.mean(first) >= 0.95


@pytest.mark.parametrize("name", MODELS)
def test_controls_change_no_answer(found, name):
    report = found[name]
    assert row(report, "paraphrase").changed.value <= 0.05
    for kind in CONTROLS:
        assert row(report, kind, "video").changed.value <= 0.05


def test_a_caption_of_another_film_is_the_ceiling(found):
    assert all(row(report, "random").told.value >= 0.95 for report in found.values())
