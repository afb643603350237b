"""An answer as a page that stands on its own, with every figure in it alive.

Separate from the pages' parts, which are made of one kind of result each.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from workbench.analyses.attribute import picture_of
from workbench.analyses.embedding_texts import about_gap
from workbench.analyses.plain import plain
from workbench.analyses.probe_texts import tables_of
from workbench.analyses.services import Services
from workbench.figures.comparison_report import comparison_section
from workbench.figures.embedding_report import embedding_section
from workbench.figures.examination_report import examination_section
from workbench.figures.probe_report import probe_section
from workbench.figures.report import Section, outcome_section, page_html
from workbench.types.comparison import Examination, SpaceComparison
from workbench.types.embedding import EmbeddingMap
from workbench.types.outcome import Outcome
from workbench.types.probe import ProbeReport


def answer_html(services: Services, outcomes: Sequence[Outcome[Any]]) -> str:
    """Return all outcomes as one HTML page, those of several models to one question side by side.

    Films are called as in how each outcome was made. Raises ``VideoError`` where one is gone.
    """
    made = json.dumps([plain(outcome.provenance) for outcome in outcomes], ensure_ascii=False)
    return page_html(list(_sections(services, outcomes)), made)


def _sections(services: Services, outcomes: Sequence[Outcome[Any]]) -> Iterator[Section]:
    for outcome in outcomes:
        found = outcome.result
        if isinstance(found, EmbeddingMap):
            yield embedding_section(outcome, about_gap(found.gap))
        elif isinstance(found, SpaceComparison):
            yield comparison_section(outcome)
        elif not isinstance(found, Examination | ProbeReport):
            made = outcome.provenance
            video = replace(services.library.get(made.video_id), title=made.video_title)
            yield outcome_section(outcome, video, picture_of(services, video.id, found))
    if examined := [outcome for outcome in outcomes if isinstance(outcome.result, Examination)]:
        yield examination_section(examined)
    probes = [outcome for outcome in outcomes if isinstance(outcome.result, ProbeReport)]
    for is_many in (False, True):
        if probed := [outcome for outcome in probes if (outcome.result.n_cases > 1) == is_many]:
            yield probe_section(probed, [tables_of(outcome.result) for outcome in probed])
