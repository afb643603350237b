"""What if one thing is changed: planted changes that must be found, controls that must change nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from workbench.analyses.analysis import Report, silent
from workbench.analyses.cases import Case
from workbench.analyses.clips import clips_of
from workbench.analyses.probe import Probe, ProbeParams
from workbench.analyses.services import Services
from workbench.core.sensitivity import is_above
from workbench.media.encode import write_video
from workbench.toyworld.clips import LABELS_FILE, SoloClip, make_clips, ordered_clips, solo_clips
from workbench.types.outcome import Progress
from workbench.types.probe import KindRow, PairRow, Probed, ProbeReport
from workbench.validation.claim import PLANTED, Claim

TITLE = "What if"
FRAME, WINDOW = MODELS = ("toyworld-frame", "toyworld-video")
SEED, N_FILMS = 7_701, 32
FILMS = ("reverse", "mirror", "drop", "blur")
CONTROLS = ("stutter", "shift", "subsample", "brighten")
"""What stands in for the edits in ``FILMS`` and changes nothing."""
SHUFFLED = ("reverse", "shuffle", "shuffle-chunks")
TOLD_IN_ORDER = ("order", "direction", "verb", "colour", "object")
POWER, FALSE_FLIPS = 0.95, 0.05


def claims(services: Services, folder: Path, report: Report = silent) -> Iterator[Claim]:
    """Yield what is claimed of probes."""
    yield from of_one_action(*noticed_of_one_action(services, folder, report))
    yield from of_two_actions(*noticed_of_two_actions(services, folder, report))


def noticed_of_one_action(services: Services, folder: Path, report: Report = silent) -> tuple[ProbeReport, ProbeReport]:
    """Return what single frames, and windows of them, notice in films in which one thing is done."""
    cases = drawn_cases(services, folder / "clips-of-one-action", solo_clips(SEED, N_FILMS), N_FILMS, report)
    blind = probed(services, cases, FRAME, report, film_kinds=(*FILMS, *SHUFFLED[1:]))
    return blind, probed(services, cases, WINDOW, report, film_kinds=FILMS)


def noticed_of_two_actions(
    services: Services, folder: Path, report: Report = silent
) -> tuple[ProbeReport, ProbeReport]:
    """Return the same of films in which one thing is done after another."""
    cases = drawn_cases(services, folder / "clips-of-two-actions", ordered_clips(SEED, N_FILMS), N_FILMS, report)
    kinds = (*TOLD_IN_ORDER, "paraphrase")
    blind = probed(services, cases, FRAME, report, text_kinds=kinds, film_kinds=())
    return blind, probed(services, cases, WINDOW, report, text_kinds=kinds, film_kinds=("stutter", "subsample"))


def of_one_action(blind: ProbeReport, seeing: ProbeReport) -> Iterator[Claim]:
    """Yield what is claimed of films of one action."""
    apart = max(_apart(case, kind) for case in blind.cases for kind in SHUFFLED)
    n_shuffled = len(SHUFFLED) * len(blind.cases)
    says = "of films played backwards or shuffled, scores of single frames differ by"
    yield Claim(TITLE, says, "the film as it is", apart, 0.0, "at most", n_shuffled)
    group = pair_of(blind, "reverse").group
    says = "both films and both sentences right when played backwards, by single frames"
    yield Claim(TITLE, says, PLANTED, group.value, 0.0, "at most", group.n_edits)
    direction = row_of(blind, "direction").told
    says, chance = (
        "the opposite direction told by single frames, which cannot know it: off a guess by",
        1 / direction.n_edits**0.5,
    )
    apart = abs(direction.value - 0.5)
    yield Claim(TITLE, says, "one half, and two deviations", apart, round(chance, 3), "at most", direction.n_edits)
    for model, report_of, kinds in (
        (FRAME, blind, ("colour", "object")),
        (WINDOW, seeing, ("direction", "verb", "colour", "object")),
    ):
        for kind in kinds:
            told = row_of(report_of, kind).told
            says = f"{row_of(report_of, kind).title.lower()} told from the truth, `{model}`"
            yield Claim(TITLE, says, PLANTED, told.value, POWER, n_asked=told.n_edits)
        yield from _controls(model, report_of)
    flips = row_of(seeing, "reverse", "video").changed
    assert flips is not None
    says = f"played backwards, another sentence comes first, `{WINDOW}`"
    yield Claim(TITLE, says, PLANTED, flips.value, POWER, n_asked=flips.n_edits)
    for kind, how in (("reverse", "backwards"), ("mirror", "mirrored")):
        group = pair_of(seeing, kind).group
        says = f"both films and both sentences right, {how}, `{WINDOW}`"
        yield Claim(TITLE, says, PLANTED, group.value, POWER, n_asked=group.n_edits)


def _controls(model: str, found: ProbeReport) -> Iterator[Claim]:
    paraphrase = row_of(found, "paraphrase").changed
    assert paraphrase is not None
    says = f"a paraphrase changes the answer, `{model}`"
    yield Claim(TITLE, says, PLANTED, paraphrase.value, FALSE_FLIPS, "at most", paraphrase.n_edits)
    changed = [row_of(found, kind, "video").changed for kind in CONTROLS]
    worst = max(estimate.value for estimate in changed if estimate)
    n_asked = sum(estimate.n_edits for estimate in changed if estimate)
    says = f"a control of the film changes the answer, the worst of {len(CONTROLS)}, `{model}`"
    yield Claim(TITLE, says, PLANTED, worst, FALSE_FLIPS, "at most", n_asked)


def of_two_actions(blind: ProbeReport, seeing: ProbeReport) -> Iterator[Claim]:
    """Yield what is claimed of films of two actions, what is known to be missed among it."""
    order = row_of(blind, "order").told
    says, chance = (
        "which of two actions came first, by single frames, which cannot know it: off a guess by",
        1 / order.n_edits**0.5,
    )
    yield Claim(
        TITLE, says, "one half, and two deviations", abs(order.value - 0.5), round(chance, 3), "at most", order.n_edits
    )
    for kind in TOLD_IN_ORDER:
        told = row_of(seeing, kind).told
        says = f"of two actions: {row_of(seeing, kind).title.lower()} told from the truth, `{WINDOW}`"
        yield Claim(TITLE, says, PLANTED, told.value, POWER, n_asked=told.n_edits)
    for is_second, where, known_miss in ((False, "named first", None), (True, "named again", 0.66)):
        right = told_where(blind.cases, ("colour", "object"), is_second)
        says = f"of two actions: another colour or thing told from the truth where it is {where}, `{FRAME}`"
        share = float(np.mean(right))
        yield Claim(TITLE, says, PLANTED, share, POWER, n_asked=len(right), known_miss=known_miss)
    for name, model, row, known_miss in (
        ("a paraphrase", FRAME, row_of(blind, "paraphrase"), 0.21),
        ("a paraphrase", WINDOW, row_of(seeing, "paraphrase"), 0.17),
        ("holding every other frame", WINDOW, row_of(seeing, "stutter", "video"), 0.40),
        ("keeping two frames of three", WINDOW, row_of(seeing, "subsample", "video"), 0.37),
    ):
        assert row.changed is not None
        says, changed = f"of two actions: {name} changes the answer, `{model}`", row.changed
        yield Claim(TITLE, says, PLANTED, changed.value, FALSE_FLIPS, "at most", changed.n_edits, known_miss=known_miss)


def drawn_cases(
    services: Services, folder: Path, clips: Iterable[SoloClip], n_clips: int, report: Report = silent
) -> tuple[Case, ...]:
    """Return a case for each of ``clips``, drawn into ``folder`` and opened through the library."""

    def tell(done: int, what: str) -> None:
        report(Progress(done, n_clips, "Drawing clips", unit="video"))

    make_clips(folder, clips, write_video, tell)
    rows = [json.loads(line) for line in (folder / LABELS_FILE).read_text(encoding="utf-8").splitlines()]
    found = clips_of(
        rows, LABELS_FILE, lambda vid: services.library.open_path(folder / f"{vid}.mp4"), services.settings
    )
    return tuple(Case(clip.video, clip.caption) for clip in found)


def probed(
    services: Services, cases: tuple[Case, ...], model: str, report: Report = silent, **asked: Any
) -> ProbeReport:
    """Return what a model notices."""
    return Probe().run(services, ProbeParams(cases, model, **asked), report).result


def row_of(report: ProbeReport, kind: str, of: str = "sentence") -> KindRow:
    """Return the row of one kind of edit of sentences, or of videos."""
    [only] = [each for each in report.rows if (each.kind, each.of) == (kind, of)]
    return only


def pair_of(report: ProbeReport, film_kind: str) -> PairRow:
    """Return the row of films and sentences changed together."""
    [only] = [each for each in report.pairs if each.film_kind == film_kind]
    return only


def told_where(cases: Sequence[Probed], kinds: Sequence[str], is_second: bool) -> list[bool]:
    """Return which edits of what is named twice are told from the truth, where it is named first, or again."""
    return [
        is_above(case.scores[0, 0], case.scores[0, at])
        for case in cases
        for at, edit in enumerate(case.texts, 1)
        if edit.kind in kinds and (edit.changes[-1].span[0] > case.query.index(" then ")) == is_second
    ]


def _apart(case: Probed, kind: str) -> float:
    """Return how far the scores of an edited film are from those of the film as it is, at most."""
    row = case.film_row(kind)
    assert row is not None
    return float(np.abs(case.scores[row] - case.scores[0]).max())
