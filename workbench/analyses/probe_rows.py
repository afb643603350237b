"""What scores of many films say of each kind of edit: how often it is noticed, beyond what controls and chance give.

Separate from fetching the scores: this is arithmetic on them, the same for one film and for a thousand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from workbench.core.sensitivity import is_above, mean_over_videos, pair_scores, share_over_videos
from workbench.core.text_edits.kinds import KINDS
from workbench.core.video_edits.kinds import FILM_KINDS
from workbench.core.video_edits.partners import true_of
from workbench.types.edits import FilmEdit
from workbench.types.probe import PAIR_CHANCE, TIE, Estimate, KindRow, PairRow, Probed, Verdict

CHANCE, CHANCE_BEYOND = 1 / 2, 1 / 4
ENOUGH_VIDEOS = 20
"""Videos after which what is not told apart is said to be at chance; of fewer, that nothing can be said yet."""
OF_ORDER = ("direction", "order", "sequence")
"""Kinds of edits of a sentence that only the order of frames tells from the truth; the last is VITATECS' name."""
_TITLES = {kind.name: kind.title for kind in KINDS} | {"random": "another caption", "own": "by hand"}


def kind_rows(cases: Sequence[Probed], seed: int) -> tuple[KindRow, ...]:
    """Return a row for every kind of edit of a sentence, then of a film, in the order in which kinds are listed.

    Whether another sentence comes first is asked of kinds that are told from the truth: others change by a hair's
    breadth, whatever is done.
    """
    named = list(dict.fromkeys(edit.kind for case in cases for edit in case.texts))
    texts = [kind for kind in (*_TITLES, *named) if kind in named]
    made = {edit.kind for case in cases for edit in case.films}
    films = [kind.name for kind in FILM_KINDS if kind.name in made]
    meanings = [kind for kind in dict.fromkeys(texts) if not _is_control(cases, kind)]
    rows = [_meaning_row(cases, kind, seed) for kind in meanings]
    told = {row.kind for row in rows if row.verdict == "told"}
    told = told or {row.kind for row in rows if row.verdict == "undecided"}  # of few films nothing is told yet
    rivals = [tuple(at for at in case.rivals if case.texts[at - 1].kind in told) for case in cases]
    rows += [_control_row(cases, rivals, kind, seed) for kind in dict.fromkeys(texts) if kind not in meanings]
    return (*rows, *(_film_row(cases, rivals, kind, seed) for kind in films))


def _is_control(cases: Sequence[Probed], kind: str) -> bool:
    return next(edit.role for case in cases for edit in case.texts if edit.kind == kind) == "control"


def _meaning_row(cases: Sequence[Probed], kind: str, seed: int) -> KindRow:
    found = _counted(cases, kind, seed)
    beyond = _Shares(seed)
    for case in cases:
        scores = case.scores[0]
        moved = [abs(scores[0] - scores[at]) for at, edit in enumerate(case.texts, 1) if edit.role == "control"]
        for at, edit in enumerate(case.texts, 1):
            if edit.kind == kind and moved:
                beyond.add(is_above(scores[0] - scores[at], float(np.mean(moved))), case.video_id)
    role = next(edit.role for case in cases for edit in case.texts if edit.kind == kind)
    is_unknown = any(kind in case.unknowable for case in cases)
    return replace(
        found,
        role=role,
        beyond=beyond.estimate,
        control="paraphrase" if beyond.estimate else "",
        verdict="cannot" if is_unknown else _verdict(found.told, CHANCE, found.blind),
    )


def _control_row(cases: Sequence[Probed], rivals: Sequence[tuple[int, ...]], kind: str, seed: int) -> KindRow:
    changed = _Shares(seed)
    for case, own in zip(cases, rivals, strict=True):
        scores, beaten = case.scores[0], _beaten(case, own)
        for at, edit in enumerate(case.texts, 1):
            if edit.kind == kind and beaten:
                changed.add(not all(is_above(scores[at], scores[rival]) for rival in beaten), case.video_id)
    return replace(_counted(cases, kind, seed), changed=changed.estimate)


def _beaten(case: Probed, rivals: Sequence[int]) -> list[int]:
    """Return the rivals that the sentence is above: of what comes before it as it is, no edit can be the reason."""
    return [rival for rival in rivals if is_above(case.scores[0, 0], case.scores[0, rival])]


def _counted(cases: Sequence[Probed], kind: str, seed: int) -> KindRow:
    """Return what is counted of every kind of edit of sentences, as the row of a control."""
    margins: list[float] = []
    videos: list[str] = []
    falls: list[int] = []
    blind = _Shares(seed)
    for case in cases:
        scores, standing = case.scores[0], case.standing
        for at, edit in enumerate(case.texts, 1):
            if edit.kind != kind:
                continue
            margins.append(float(scores[0] - scores[at]))
            videos.append(case.video_id)
            if standing.n_other_films:
                blind.add(is_above(standing.blind_scores[0], standing.blind_scores[at]), case.video_id)
                falls.append(standing.ranks_by_text[at] - standing.ranks_by_text[0])
    return KindRow(
        of="sentence",
        kind=kind,
        title=_TITLES.get(kind, kind),
        role="control",
        margin=mean_over_videos(margins, videos, seed),
        told=share_over_videos([margin > TIE for margin in margins], videos, seed),
        beyond=None,
        changed=None,
        rank_change=float(np.mean(falls)) if falls else float("nan"),
        control="",
        blind=blind.estimate,
        chance=CHANCE,
        verdict="control",
    )


def _film_row(cases: Sequence[Probed], rivals: Sequence[tuple[int, ...]], kind: str, seed: int) -> KindRow:
    margins: list[float] = []
    videos: list[str] = []
    falls: list[int] = []
    beyond, changed = _Shares(seed), _Shares(seed)
    entry = next(item for item in FILM_KINDS if item.name == kind)
    ties = []
    for case, own, row, edit in _of_kind(cases, rivals, kind):
        scores, standing = case.scores, case.standing
        margins.append(float(scores[0, 0] - scores[row, 0]))
        videos.append(case.video_id)
        ties.append(edit.same_mean)
        control = next((at for at, other in enumerate(case.films, 1) if other.kind == edit.control), None)
        if control is not None:
            beyond.add(is_above(margins[-1], abs(scores[0, 0] - scores[control, 0])), case.video_id)
        if beaten := _beaten(case, own):
            changed.add(case.answer(row, beaten) != 0, case.video_id)
        if standing.n_other_films:
            falls.append(standing.ranks_of_film[row] - standing.ranks_of_film[0])
    told = share_over_videos([margin > TIE for margin in margins], videos, seed)
    return KindRow(
        of="video",
        kind=kind,
        title=entry.title,
        role=entry.role,
        margin=mean_over_videos(margins, videos, seed),
        told=told,
        beyond=beyond.estimate,
        changed=changed.estimate,
        rank_change=float(np.mean(falls)) if falls else float("nan"),
        control=entry.control if beyond.estimate else "",
        blind=None,
        chance=CHANCE,
        verdict="cannot"
        if all(ties)
        else "control"
        if entry.role == "control"
        else _verdict_beyond(told, beyond.estimate),
    )


def pair_rows(cases: Sequence[Probed], seed: int) -> tuple[PairRow, ...]:
    """Return a row for every two kinds of edits of which one is true of the other."""
    found: dict[tuple[str, str], list[tuple[tuple[bool, bool, bool], str, bool]]] = {}
    for case in cases:
        for row, film in enumerate(case.films, 1):
            for at in true_of(film.kind, case.texts):
                both = case.scores[np.ix_([0, row], [0, at + 1])]
                kinds = (film.kind, case.texts[at].kind)
                found.setdefault(kinds, []).append((pair_scores(both), case.video_id, film.same_mean))
    rows = []
    for (film_kind, text_kind), answers in found.items():
        videos = [video for _, video, _ in answers]
        text, film_found, group = (
            share_over_videos([right[at] for right, _, _ in answers], videos, seed) for at in range(3)
        )
        is_blind = all(same for _, _, same in answers)
        verdict: Verdict = "cannot" if is_blind else _verdict(group, PAIR_CHANCE[2], None)
        rows.append(PairRow(film_kind, text_kind, text, film_found, group, verdict))
    return tuple(rows)


def meaning_less_paraphrase(cases: Sequence[Probed], seed: int) -> Estimate | None:
    """Return by how much edits of the meaning lower the score beyond what a paraphrase moves it; None without both."""
    found, videos = [], []
    for case in cases:
        scores = case.scores[0]
        by_role = {
            role: [
                float(scores[0] - scores[at])
                for at, edit in enumerate(case.texts, 1)
                if edit.role == role and edit.kind not in case.unknowable
            ]
            for role in ("meaning", "control")
        }
        if by_role["meaning"] and by_role["control"]:
            found.append(float(np.mean(by_role["meaning"]) - np.mean(np.abs(by_role["control"]))))
            videos.append(case.video_id)
    return mean_over_videos(found, videos, seed) if found else None


def _of_kind(
    cases: Sequence[Probed], rivals: Sequence[tuple[int, ...]], kind: str
) -> Iterator[tuple[Probed, tuple[int, ...], int, FilmEdit]]:
    for case, own in zip(cases, rivals, strict=True):
        for row, edit in enumerate(case.films, 1):
            if edit.kind == kind:
                yield case, own, row, edit


def _verdict(share: Estimate, chance: float, blind: Estimate | None) -> Verdict:
    """Return what a share of right answers says, of a coin's and of what is guessed without seeing the film."""
    if share.low > chance:
        return "blind" if blind is not None and share.value <= blind.value else "told"
    if share.high < chance:
        return "wrong"
    return "chance" if share.n_videos >= ENOUGH_VIDEOS else "undecided"


def _verdict_beyond(told: Estimate, beyond: Estimate | None) -> Verdict:
    """Return what falling scores say beside their control: of noise one in four falls further than that moves."""
    found = _verdict(told, CHANCE, None)
    return "chance" if found == "told" and beyond is not None and beyond.low <= CHANCE_BEYOND else found


class _Shares:
    """Answers, and the films they are about, as they are found."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._is_so: list[bool] = []
        self._videos: list[str] = []

    def add(self, is_so: bool | np.bool_, video: str) -> None:
        """Take one answer."""
        self._is_so.append(bool(is_so))
        self._videos.append(video)

    @property
    def estimate(self) -> Estimate | None:
        """Return their share, None of none."""
        return share_over_videos(self._is_so, self._videos, self._seed) if self._is_so else None
