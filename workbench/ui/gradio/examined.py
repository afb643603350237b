"""What can be read from the space of a model, on the page: which clips are examined, and all that is said of it.

Separate from ``spaced``, which is about maps: here a space is held against what is known of clips.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from workbench.analyses.analysis import Report
from workbench.analyses.clips import Clip
from workbench.analyses.examine import Examine, ExamineParams
from workbench.analyses.examine_texts import about_examination
from workbench.analyses.services import Services
from workbench.analyses.toy_clips import toy_clips
from workbench.analyses.true_moments import true_moments
from workbench.errors import InputError, VideoError
from workbench.figures.examination import examination_figure
from workbench.models.entry import ModelEntry
from workbench.types.outcome import Outcome
from workbench.ui.answered import Answered
from workbench.ui.gradio import examine_panels, panels
from workbench.ui.gradio import examine_texts as texts
from workbench.ui.gradio.label_files import LabelFile
from workbench.ui.gradio.paired import other_of
from workbench.ui.gradio.session import Session
from workbench.ui.gradio.spaced import Spaced
from workbench.ui.reproduction import MOMENTS, TOYWORLD, Asked

Update = dict[str, Any]
Found = list[Answered]


@dataclass(frozen=True, eq=False)
class Examined:
    """Examinations of sessions, and those as updates of the page's parts, by name."""

    services: Services
    spaced: Spaced

    def examine(self, session: Session, brought: LabelFile | None, entries: list[ModelEntry], report: Report) -> Found:
        """Examine the space of the model, and that of the other if one is chosen; raises what ``Examine.run`` does."""
        model_ids = [session.model, *filter(None, [other_of(session, entries)])]
        for model_id in model_ids:
            self.services.models.load(model_id)  # before the work: one that cannot be used is told at once
        clips, source = self._clips(session, brought, report)
        shared = {name: getattr(session.params(), name) for name in ("fps", "max_frames", "reuse_below")}
        titles = {entry.id: entry.title for entry in entries}
        found = []
        for model_id in model_ids:
            params = ExamineParams(clips, model_id, **shared)
            outcome = Examine().run(self.services, params, report)
            result, made = outcome.result, outcome.provenance
            called = replace(result, title=titles.get(model_id, result.title))
            called = replace(called, conclusion=about_examination(called))
            made = replace(made, video_title=session.uploads.get(made.video_id, made.video_title))
            found.append(Answered(Asked(params, source), Outcome(called, made)))
        return found

    def shown(self, session: Session, answers: Found) -> Update:
        """Return examinations of the same clips with all that is said of them."""
        found = [answer.outcome.result for answer in answers]
        notes = dict.fromkeys(warning for each in found for warning in each.warnings)
        return {
            "examine_text": examine_panels.said(found, session.clips == "moments")
            + "".join(panels.notice(note, "warning") for note in notes),
            "examine_figure": examination_figure(found)
            if any(each.readings or each.captions for each in found)
            else None,
            "examine_numbers": examine_panels.numbers(found),
        }

    def choices(self, session: Session) -> Update:
        """Return the choice of clips as the session has it, and the upload where a file is asked for."""
        is_file = session.clips == "file"
        return {
            "examine_clips": {
                "choices": [(label, name, True) for name, label in texts.CLIPS.items()],
                "value": session.clips,
            },
            "examine_file": gr.update(visible=is_file),
            "examine_file_text": gr.update(visible=is_file),
        }

    def nothing(self) -> Update:
        """Return the parts without an examination."""
        return {"examine_text": "", "examine_figure": None, "examine_numbers": ""}

    def _clips(self, session: Session, brought: LabelFile | None, report: Report) -> tuple[tuple[Clip, ...], str]:
        """Return the clips that are chosen, and what they are of."""
        if session.clips == "toyworld":
            return toy_clips(self.services, report), TOYWORLD
        if session.clips == "file":
            if brought is None:
                raise InputError(texts.NO_FILE)
            return brought.clips, brought.name
        found: list[Clip] = []
        for film in self.spaced.films(session):
            with suppress(VideoError):  # one that was removed to make room
                found += true_moments(self.services, [film])
        if not found:
            raise InputError(texts.NO_MOMENTS)
        return tuple(found), MOMENTS
