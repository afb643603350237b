"""The films and sentences that a case is ranked among, read once for all cases.

Separate from the edits, which they never see: here is what else there is to be found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float64

from workbench.analyses.analysis import Report
from workbench.analyses.cases import Case
from workbench.analyses.edited_films import Weighted, whole
from workbench.analyses.extraction import extract
from workbench.analyses.film_scores import film_scores, pooled_films, product
from workbench.analyses.prompts import Asked, ask
from workbench.analyses.services import Services
from workbench.core.text_edits.rewriting import folded
from workbench.models.protocol import VideoTextModel
from workbench.types.outcome import Progress
from workbench.types.video import SamplingSpec, VideoInfo

_MOST_READ_AGAINST = 16
"""Other films, and other sentences, where each sentence has to be read against each film."""


class Beside:
    """Films by their ids, ``among`` those of the cases, and sentences beside the cases' own."""

    def __init__(
        self,
        services: Services,
        model: VideoTextModel,
        cases: Sequence[Case],
        among: Sequence[str],
        sentences: Sequence[str],
        sampling: SamplingSpec,
        reuse_below: float,
        seed: int,
        report: Report,
    ) -> None:
        self.services, self.model, self.seed = services, model, seed
        self.texts = tuple(dict.fromkeys([*(case.query for case in cases), *sentences]))
        self.said: dict[str, set[str]] = {}
        for case in cases:
            self.said.setdefault(case.video, set()).add(folded(case.query))
        ids = dict.fromkeys([*(case.video for case in cases), *among])
        self.videos = {video_id: services.library.get(video_id) for video_id in ids}
        self.warnings: list[str] = []
        self.rows: dict[str, Weighted] = {}
        self.pooled: dict[str, Float64[np.ndarray, "dim"]] = {}
        self.is_from_cache = True
        for number, (video_id, video) in enumerate(self.videos.items()):
            told = (
                report
                if len(ids) == 1
                else by_case(report, number, len(ids), f"Reading videos with {model.spec.title}")
            )
            extracted = extract(services, video, model, sampling, told, reuse_below=reuse_below)
            self.is_from_cache &= extracted.from_cache
            row = whole(extracted.features)
            self.pooled[video_id] = pooled_films([row])[0]
            if len(cases) == 1 or not model.spec.separable:  # else a thousand films would stand in memory
                self.rows[video_id] = row
        self.asked = ask(services, model, self.texts)
        n_most = max(len(self.videos), len(self.texts)) - 1
        if not model.spec.separable and n_most > _MOST_READ_AGAINST:
            self.warnings.append(
                f"{model.spec.title} reads each sentence against each video, so that a case is ranked among "
                f"{_MOST_READ_AGAINST} others that were drawn, and not among all {n_most:,}."
            )

    def films(self, case: Case) -> tuple[str, ...]:
        """Return the other films, by their ids, of which the sentence is not known to be true."""
        own = folded(case.query)
        return self._drawn([i for i in self.videos if i != case.video and own not in self.said.get(i, ())], case)

    def rows_of(self, case: Case) -> tuple[Weighted, ...]:
        """Return what the model makes of those films."""
        return tuple(self.rows[film] for film in self.films(case))

    def sentences(self, case: Case) -> tuple[int, ...]:
        """Return the other sentences, by their places, that are not known to be true of the film."""
        true = self.said[case.video]
        return self._drawn([at for at, text in enumerate(self.texts) if folded(text) not in true], case)

    def pool(self, case: Case) -> tuple[str, ...]:
        """Return the captions that have nothing to do with a film."""
        return tuple(self.texts[at] for at in self.sentences(case))

    def first_other(self, case: Case) -> VideoInfo | None:
        """Return the film that is spliced in: the next one that the sentence is not known to be true of."""
        ids, others = list(self.videos), set(self.films(case))
        at = ids.index(case.video)
        return next((self.videos[i] for i in [*ids[at + 1 :], *ids[:at]] if i in others), None)

    def _drawn(self, options: list, case: Case) -> tuple:
        if self.model.spec.separable or len(options) <= _MOST_READ_AGAINST:
            return tuple(options)
        rng = np.random.default_rng([self.seed, list(self.videos).index(case.video)])
        return tuple(options[at] for at in sorted(rng.permutation(len(options))[:_MOST_READ_AGAINST]))

    def asked_of(self, places: Sequence[int]) -> Asked:
        """Return some of the sentences as they were asked; where they are read against films, again and few."""
        texts = tuple(self.texts[at] for at in places)
        if not self.model.spec.separable:
            return ask(self.services, self.model, texts)
        said = replace(self.asked.said, texts=texts, embeddings=self.asked.said.embeddings[list(places)])
        nothing: tuple[tuple[str, ...], ...] = ((),) * len(texts)
        return Asked(texts, nothing, (False,) * len(texts), said)

    def scores_of(self, films: Sequence[str], asked: Asked, report: Report) -> Float64[np.ndarray, "other_film text"]:
        """Return the score of every sentence with some of the films."""
        if not films:
            return np.zeros((0, len(asked.texts)))
        if self.model.spec.separable:
            return product(np.stack([self.pooled[film] for film in films]), asked)
        return film_scores(self.model, [self.rows[film] for film in films], asked, report)


def by_case(report: Report, number: int, n_cases: int, what: str) -> Report:
    """Return a report that tells how many of the films are done: they are many, and each is soon done."""
    step = Progress(number, n_cases, what, unit="video")
    report(step)
    return lambda within: report(step)
