"""What models make of films and sentences with one thing changed.

Separate from the edits themselves, which know no model, and from comparison, where spaces are held against each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float64

from workbench.types.edits import Edit, FilmEdit, Unedited

Of = Literal["sentence", "video"]
_NO_ANSWERS = ("negation", "shuffle")
TIE = 1e-6
"""Scores no further apart are the same: those of one text or film may differ so by what is encoded beside it."""
Verdict = Literal["told", "blind", "chance", "wrong", "cannot", "control", "undecided"]


@dataclass(frozen=True)
class Estimate:
    """A mean over edits, and what 95 % of draws of as many videos, with replacement, have it between.

    Shares are never said to be surer than Wilson's interval for so many videos. NaN where there are too few to say.
    """

    value: float
    low: float
    high: float
    n_edits: int
    n_videos: int


@dataclass(frozen=True, eq=False)
class Among:
    """The other films and sentences that a case is ranked among, and all scores with them.

    Columns of ``of_other_films`` are the sentence and its edits, rows of ``of_other_texts`` the film and its edits.
    """

    other_films: tuple[str, ...]
    other_ids: tuple[str, ...]
    other_texts: tuple[str, ...]
    of_other_films: Float64[np.ndarray, "other_film text"]
    of_other_texts: Float64[np.ndarray, "film other_text"]


@dataclass(frozen=True)
class Standing:
    """Where a case stands among the others, 1 being first: all that is counted of their scores over many cases.

    ``ranks_by_text`` are those of the film among others by the sentence and by each of its edits, ``ranks_of_film``
    those of the film and of each of its edits by the sentence, ``ranks_of_sentence`` those of the sentence among others
    for the film and for each of its edits. ``blind_scores`` are the mean scores of the sentence and of each of its
    edits with the other films, none without those.
    """

    n_other_films: int
    n_other_texts: int
    ranks_by_text: tuple[int, ...]
    ranks_of_film: tuple[int, ...]
    ranks_of_sentence: tuple[int, ...]
    blind_scores: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Probed:
    """What a model makes of one film and one sentence, of either with one thing changed, and of others beside them.

    Rows of ``scores`` are the film as it is and its edits, columns the sentence and its edits. ``among`` is None where
    cases are many: of thousands, each among thousands, it would fill the memory. ``spliced_with`` is the film whose
    frames stand in some edits. ``unknowable`` are the kinds of edits of sentences that only the order of frames tells,
    where a model cannot see it. ``missing_texts`` and ``missing_films`` say of every kind of edit why it was not made.
    """

    video_id: str
    title: str
    query: str
    span_s: tuple[float, float] | None
    texts: tuple[Edit, ...]
    films: tuple[FilmEdit, ...]
    spliced_with: str
    scores: Float64[np.ndarray, "film text"]
    standing: Standing
    among: Among | None = None
    unknowable: tuple[str, ...] = ()
    missing_texts: tuple[Unedited, ...] = ()
    missing_films: tuple[Unedited, ...] = ()

    def film_row(self, kind: str) -> int | None:
        """Return the row of the film edited so, None where it was not made: what one model reads another may not."""
        return next((row for row, edit in enumerate(self.films, 1) if edit.kind == kind), None)

    @property
    def rivals(self) -> tuple[int, ...]:
        """Return the columns of the edits that say what happens instead, which a denial and a jumble do not.

        What the model cannot know by its architecture is none.
        """
        no_rivals = (*_NO_ANSWERS, *self.unknowable)
        return tuple(
            at for at, edit in enumerate(self.texts, 1) if edit.role == "meaning" and edit.kind not in no_rivals
        )

    def answer(self, row: int, rivals: Sequence[int]) -> int:
        """Return the column that comes first for a film: 0 where it is strictly the sentence itself."""
        if not rivals:
            return 0
        best = max(rivals, key=lambda column: float(self.scores[row, column]))
        return 0 if self.scores[row, 0] - self.scores[row, best] > TIE else best


@dataclass(frozen=True)
class KindRow:
    """What is made of one kind of edit, over all videos.

    ``margin`` is by how much the score of the true sentence, or of the film as it is, is above that of the edit;
    ``told`` how often it is strictly above, where a coin is right in ``chance`` of the cases, and ``beyond`` how often
    it is further above than the control is away. ``changed`` is how often another sentence comes first after the edit:
    of the true one and of what happens instead, as far as the true one is above that before. ``rank_change`` is by how
    many places the film falls among other films, on average; ``blind`` how often the true sentence wins where other
    films are looked at instead.
    """

    of: Of
    kind: str
    title: str
    role: str
    margin: Estimate
    told: Estimate
    beyond: Estimate | None
    changed: Estimate | None
    rank_change: float
    control: str
    blind: Estimate | None
    chance: float
    verdict: Verdict


@dataclass(frozen=True)
class PairRow:
    """Films and sentences changed together, so that the edited sentence is true of the edited film, and neither else.

    How often a model picks the true sentence for both films (``text``), the true film for both sentences (``film``), or
    all of it (``group``); a coin does in a quarter, a quarter and a sixth of the cases.
    """

    film_kind: str
    text_kind: str
    text: Estimate
    film: Estimate
    group: Estimate
    verdict: Verdict


PAIR_CHANCE = (1 / 4, 1 / 4, 1 / 6)
"""What a coin reaches of text, film and group. Source: Thrush et al., Winoground, CVPR 2022, arXiv:2204.03162."""


@dataclass(frozen=True)
class FewestChanges:
    """The fewest words or frames without which another sentence, or another film, comes first; none where none do.

    ``parts`` are the words, or the instants of the frames or windows in seconds; up to ``most_out`` were left out,
    0 where there are too many to try.
    """

    what: Literal["words", "frames", "windows"]
    winner: str
    parts: tuple[str, ...] | tuple[float, ...] | None
    n_all: int
    most_out: int


@dataclass(frozen=True, eq=False)
class ProbeReport:
    """What one model notices of what was changed, over all films: by kind of edit, in pairs, and each film by itself.

    ``meaning_less_paraphrase`` is by how much edits of the meaning lower the score beyond what other words for the same
    move it.
    """

    title: str
    n_videos: int
    n_cases: int
    rows: tuple[KindRow, ...]
    pairs: tuple[PairRow, ...]
    meaning_less_paraphrase: Estimate | None
    cases: tuple[Probed, ...]
    fewest: tuple[FewestChanges, ...] = ()
    n_encoded: int = 0
    warnings: tuple[str, ...] = ()
    conclusion: str = ""
