"""Two models on the page: which comparison is made for a session, and every picture and text of it.

Separate from ``spaced``, which is about the space of one model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from workbench.analyses.analysis import Report
from workbench.analyses.compare import Compare, CompareParams
from workbench.analyses.compare_texts import about_comparison, shared
from workbench.errors import InputError
from workbench.figures.comparison import comparison_figure
from workbench.models.entry import ModelEntry
from workbench.types.comparison import SpaceComparison
from workbench.types.outcome import Outcome
from workbench.ui.gradio import pair_panels, panels
from workbench.ui.gradio import pair_texts as texts
from workbench.ui.gradio.session import Session
from workbench.ui.gradio.space_points import Said, titled, with_points
from workbench.ui.gradio.spaced import Spaced

Update = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Paired:
    """Comparisons of sessions, and those as updates of the page's parts, by name."""

    spaced: Spaced

    def params(self, session: Session) -> CompareParams:
        """Return the question of the comparison that the session asks for: of the points that are mapped."""
        asked = self.spaced.params(session)
        names = ("videos", "model", "fps", "max_frames", "reuse_below", "points", "n_neighbours", "seed", "reducer")
        common: dict[str, Any] = {name: getattr(asked, name) for name in names}
        return CompareParams(other=session.space.other, **common)

    def compare(self, session: Session, report: Report) -> Outcome[SpaceComparison]:
        """Compare both models; raises what ``Compare.run`` does, and ``InputError`` where no other was chosen."""
        params = self.params(session)
        if session.space.films == "file":
            raise InputError(texts.OF_A_FILE)
        if not params.other or params.other == params.model:
            raise InputError(texts.NO_OTHER)
        outcome = Compare().run(self.spaced.services, params, report)
        called = replace(outcome.result, items=titled(outcome.result.items, dict(session.uploads)))
        return replace(outcome, result=replace(called, conclusion=about_comparison(called)))

    def shown(self, session: Session, found: SpaceComparison) -> Update:
        """Return both maps with all that is said of them; no point is picked yet."""
        notes = "".join(panels.notice(warning, "warning") for warning in found.warnings)
        names = [shared(found, row) for row in range(len(found.items))]
        said = Said(texts.SHARED_COLUMN, *_numbered(names))
        figure = comparison_figure(found)
        return {
            "pair_text": panels.evidence(texts.AGREEMENT_TITLE, found.conclusion, texts.how_sure(found)) + notes,
            "pair_map": with_points(figure, found.items, session.video, said, np.zeros(len(found.items), bool)),
            "pair_key": f'<p class="note">{texts.KEY}</p>',
            "pair_most": pair_panels.most(found),
        } | self.near(found, None)

    def near(self, found: SpaceComparison, row: int | None) -> Update:
        """Return what is nearest to a point for each model."""
        return {"pair_near": pair_panels.near(found, row)}

    def others(self, session: Session, entries: Sequence[ModelEntry]) -> Update:
        """Return the choice of the other model."""
        offered = [(entry.title, entry.id, entry.is_available) for entry in entries if entry.id != session.model]
        return {"pair_other": {"choices": [(texts.NONE, "", True), *offered], "value": other_of(session, entries)}}

    def nothing(self) -> Update:
        """Return the parts without a comparison."""
        return {"pair_map": None} | dict.fromkeys(("pair_said", "pair_text", "pair_key", "pair_near", "pair_most"), "")


def other_of(session: Session, entries: Sequence[ModelEntry]) -> str:
    """Return the model that the one on show is held against, empty where none is chosen, or it is no other."""
    others = {entry.id for entry in entries if entry.is_available and entry.id != session.model}
    return session.space.other if session.space.other in others else ""


def _numbered(names: Sequence[str]) -> tuple[list[str], np.ndarray]:
    """Return the different names, and the number of each in them."""
    different = list(dict.fromkeys(names))
    numbers = {name: number for number, name in enumerate(different)}
    return different, np.array([numbers[name] for name in names], np.int64)
