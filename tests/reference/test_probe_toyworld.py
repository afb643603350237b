"""Planted truth of probes: what a single picture tells, what only motion does, and what changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest

from workbench.analyses.cases import Case
from workbench.analyses.clips import clips_of
from workbench.analyses.probe import Probe, ProbeParams
from workbench.analyses.services import Services
from workbench.media.encode import write_video
from workbench.settings import Settings
from workbench.toyworld.clips import LABELS_FILE, SoloClip, make_clips, ordered_clips, solo_clips
from workbench.types.probe import KindRow, PairRow, ProbeReport

SEED, COUNT = 7_701, 32
FILMS = ("reverse", "mirror", "drop", "blur")
CONTROLS = ("stutter", "shift", "subsample", "brighten")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ProbeReport]:
    """Return what each toy model notices in films of a seed that it was not made with."""
    return probed(tmp_path_factory, solo_clips(SEED, COUNT), film_kinds=FILMS)


@pytest.fixture(scope="module")
def in_order(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ProbeReport]:
    """Return the same of films in which one thing is done after another."""
    return probed(tmp_path_factory, ordered_clips(SEED, COUNT), text_kinds=("order",), film_kinds=())


def probed(factory: pytest.TempPathFactory, clips: Iterable[SoloClip], **asked: tuple[str, ...]) -> dict:
    services = Services.create(Settings(home=factory.mktemp("probe"), offline=True, device="cpu"))
    folder = factory.mktemp("clips")
    make_clips(folder, clips, write_video)
    rows = [json.loads(line) for line in (folder / LABELS_FILE).read_text().splitlines()]
    clips = clips_of(
        rows, LABELS_FILE, lambda vid: services.library.open_path(folder / f"{vid}.mp4"), services.settings
    )
    cases = tuple(Case(clip.video, clip.caption) for clip in clips)
    return {
        name: Probe().run(services, ProbeParams(cases, name, **asked)).result
        for name in ("toyworld-frame", "toyworld-video")
    }


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


@pytest.mark.parametrize("name", ["toyworld-frame", "toyworld-video"])
def test_controls_change_no_answer(found, name):
    report = found[name]
    assert row(report, "paraphrase").changed.value <= 0.05
    for kind in CONTROLS:
        assert row(report, kind, "video").changed.value <= 0.05


def test_a_caption_of_another_film_is_the_ceiling(found):
    assert all(row(report, "random").told.value >= 0.95 for report in found.values())
