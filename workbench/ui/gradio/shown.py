"""What the page shows of a session: its film and sentences, and of an answer every picture, text and number.

Separate from the events, which decide when; here nothing is computed for the first time and nothing is changed.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import gradio as gr

from workbench.analyses.analysis import controls
from workbench.analyses.ground import Ground
from workbench.analyses.services import Services
from workbench.errors import ModelError, VideoError
from workbench.figures.absence import absence_figure
from workbench.figures.glimpse import glimpse_figure
from workbench.figures.palette import QUERY_COLOURS
from workbench.figures.proposals import proposals_figure
from workbench.figures.rows import colour_range
from workbench.figures.timeline import StripFrame, timeline_figure
from workbench.models.entry import ModelEntry
from workbench.models.runtime import device_for
from workbench.settings import LENT
from workbench.types.grounding import Grounding
from workbench.types.outcome import Glimpse, Outcome
from workbench.types.video import VideoInfo
from workbench.ui.gradio import attribution_texts, panels, texts
from workbench.ui.gradio.examined import Examined
from workbench.ui.gradio.explained import Explained
from workbench.ui.gradio.looked import Looked
from workbench.ui.gradio.paired import Paired
from workbench.ui.gradio.probed import ProbedSessions
from workbench.ui.gradio.routes import film_url
from workbench.ui.gradio.session import Session, default_of
from workbench.ui.gradio.spaced import Spaced

Update = dict[str, Any]
WORK_BUTTONS = (
    *("cancel", "resume", "stop_patches", "stop_look", "look_again", "stop_test", "stop_compare"),
    *("stop_space", "stop_pair", "stop_examine", "stop_whatif", "stop_many"),
)
WORK_SAID = (
    *("status", "look_said", "test_said", "compare_said", "space_said", "pair_said", "examine_said"),
    *("whatif_said", "many_said"),
)
"""Parts of the page in which work that goes on is told and stopped, wherever it was asked for."""


class Shown:
    """Sessions and answers as updates of the page's parts, by name."""

    def __init__(
        self,
        services: Services,
        explained: Explained,
        looked: Looked,
        spaced: Spaced,
        paired: Paired,
        examined: Examined,
        probed: ProbedSessions,
    ) -> None:
        self.services = services
        self._explained, self._looked, self._spaced = explained, looked, spaced
        self._paired, self._examined, self._probed = paired, examined, probed

    def glimpse(self, session: Session, glimpse: Glimpse) -> Update:
        """Return the timeline as far as the video was read."""
        return {
            "timeline": glimpse_figure(glimpse, self.services.library.get(session.video).duration_s),
            "caption": panels.colour_key("cosine", *colour_range(glimpse.similarity), texts.SO_FAR),
            "span": "",
        }

    def result(self, session: Session, outcome: Outcome[Grounding], strip: list[StripFrame]) -> Update:
        video = self.video(session, session.video)
        grounding, provenance = outcome.result, replace(outcome.provenance, video_title=video.title)
        spec = self.services.models.load(session.model).spec
        caption = texts.timeline_caption(grounding, spec.window_frames, video.duration_s)
        truth = self.truth(session.video)
        return {
            "timeline": timeline_figure(grounding, video.duration_s, truth, strip, session.span_s),
            "caption": panels.colour_key("saliency", *colour_range(grounding.saliency), caption),
            "player": self.player(video, _first_look(grounding) if session.at_s is None else session.at_s),
            "moments": panels.moment_table(grounding),
            "about": panels.about(provenance),
            "facts": panels.facts(texts.source(provenance), f"{device_for(self.services.settings)}, {spec.precision}"),
            "model_note": self.model_note(session),
        } | self.evidence(session, outcome)

    def span(self, session: Session, grounding: Grounding) -> str:
        """Return what the selected span says of every sentence, if one is selected."""
        if session.span_s is None:
            return ""
        return panels.span_lines(texts.about_span(grounding, *session.span_s), *session.span_s)

    def evidence(self, session: Session, outcome: Outcome[Grounding]) -> Update:
        """Return what belongs to the current sentence: the verdicts, its map of spans, its place among absent ones."""
        grounding = outcome.result
        chosen = {entry.id: entry.title for entry in self.entries()}  # by the title that the choice shows
        source = texts.answered_by(outcome.provenance, chosen.get(session.model, session.model))
        index = min(session.current, len(grounding.queries) - 1)
        query = grounding.queries[index]
        return {
            "answers": panels.answers(grounding, index, source),
            "map": proposals_figure(grounding, index, self.services.library.get(session.video).duration_s),
            "map_text": panels.evidence(
                texts.SPANS_TITLE.format(query), texts.about_map(grounding, index), texts.MAP_KEY
            ),
            "null": absence_figure(grounding, index),
            "null_text": panels.evidence(
                texts.NULL_TITLE, texts.about_null(grounding, index), texts.how_sure(grounding, index)
            ),
        }

    def idle(self) -> Update:
        """Return the page without work going on."""
        return dict.fromkeys(WORK_BUTTONS, gr.update(visible=False)) | dict.fromkeys(WORK_SAID, "")

    def unexplained(self) -> Update:
        """Return the instruments without anything of an earlier question."""
        return self.unpointed() | self._spaced.nothing()

    def unpointed(self) -> Update:
        """Return the instruments that are of one sentence and span without anything of another."""
        return self._explained.nothing() | self._looked.nothing() | self._probed.nothing()

    def nothing(self) -> Update:
        """Return the page without a result: no picture of an earlier question may stay."""
        empty = dict.fromkeys(("caption", "span", "moments", "map_text", "null_text"), "")
        return (
            empty
            | self.unexplained()
            | {
                "timeline": None,
                "map": None,
                "null": None,
                "answers": panels.notice(texts.NO_QUERIES, "hint"),
                "about": panels.about(None),
            }
        )

    def changed(self, session: Session) -> Update:
        """Return what follows of any change: the address, and no notice of before."""
        said = {"session": session, "address": session.address(), "notice": "", "space_notice": ""}
        return said | self.unexplained()

    def queries_changed(self, session: Session) -> Update:
        """Return what follows of other sentences."""
        return self.changed(session) | self.queries(session)

    def film_changed(self, session: Session) -> Update:
        """Return what follows of another film."""
        video = self.video(session, session.video)
        return (
            self.changed(session)
            | self.nothing()
            | self._paired.nothing()
            | self.queries(session)
            | {
                "video": {"choices": self.films(session), "value": session.video},
                "film_note": panels.film(video),
                "player": self.player(video, session.at_s or 0.0),
                "answers": "",
                "facts": panels.facts(texts.UNREAD, texts.NOT_KNOWN),
            }
        )

    def queries(self, session: Session) -> Update:
        """Return the sentences, and those that the film suggests beside them; no edit of another is being corrected."""
        suggested = [query for query in self.suggested(session.video) if query not in session.queries]
        shown: Update = {
            "queries": {"queries": session.queries, "suggestions": suggested[:6], "colours": QUERY_COLOURS}
        }
        is_of_another = session.edited.corrects and not (session.queries and session.query == session.edited.query)
        return shown | ({"whatif_own": "", "whatif_own_said": ""} if is_of_another else {})

    def method(self, session: Session) -> Update:
        """Return the fields of the method, and the models."""
        shown = {
            f"parameter {name}": session.parameters.get(name, default_of(name)) for name in controls(Ground.Params)
        }
        return (
            shown
            | self.models(session)
            | self._spaced.choices(session)
            | {
                "tabs": gr.update(selected=session.tab),
                "budget": session.budget,
                "absent": {
                    "choices": [(label, name, True) for label, name in attribution_texts.HIDING],
                    "value": session.absent,
                },
            }
        )

    def models(self, session: Session) -> Update:
        """Return the choice of models, and nothing that was examined with another one."""
        entries = self.entries()
        choices = [
            (
                entry.title if entry.is_available else texts.NOT_AVAILABLE.format(entry.title),
                entry.id,
                entry.is_available,
            )
            for entry in entries
        ]
        return {
            "model": {"choices": choices, "value": session.model},
            "model_note": self.model_note(session),
            **self._paired.others(session, entries),
            **self._examined.choices(session),
            **self.unexamined(),
        }

    def unexamined(self) -> Update:
        """Return the page without an examination or comparison: they hang on models and method, not on sentences."""
        return self._examined.nothing() | self._paired.nothing() | self._probed.no_many()

    def model_note(self, session: Session) -> str:
        """Return what is known of the models, as of now."""
        return panels.models(self.entries(), session.model, self.services.models.placements())

    def entries(self) -> list[ModelEntry]:
        """Return the models on the list, each with a title that no other has."""
        entries = self.services.models.list()
        titles = texts.model_titles(entries)
        return [replace(entry, title=titles[entry.id]) for entry in entries]

    def device(self) -> str:
        """Return the device that models run on; the one asked for where there is none such, as the answer will say.

        Cost: seconds where torch is not imported yet.
        """
        try:
            device = device_for(self.services.settings)
            return texts.with_lent_gpu(device) if self.services.settings.device == LENT else device
        except ModelError:
            return self.services.settings.device

    def player(self, video: VideoInfo, start_s: float = 0.0) -> dict[str, Any]:
        """Return what the player needs of a film."""
        return {
            "start_s": start_s,
            "src": film_url(video.id),
            "title": video.title,
            "fps": video.fps,
            "aspect": f"{video.width_px} / {video.height_px}",
        }

    def first(self) -> Session:
        """Return the session that nobody has changed: the first example and its sentences."""
        video = self.services.library.examples()[0]
        model = self.services.settings.default_model
        return Session(video=video.id, model=model, queries=self.suggested(video.id)[:2])

    def films(self, session: Session) -> list[tuple[str, str, bool]]:
        """Return the films this visitor may choose: the examples, their own uploads, and the one shown."""
        films = {video.id: video for video in self.services.library.examples()}
        for video_id in (*session.uploads, session.video):
            with suppress(VideoError):  # one that was removed to make room
                films[video_id] = self.video(session, video_id)
        return [(video.title, video.id, True) for video in films.values()]

    def video(self, session: Session, video_id: str) -> VideoInfo:
        """Return a film, under this visitor's own title if they have brought it."""
        video = self.services.library.get(video_id)
        return replace(video, title=session.uploads.get(video_id, video.title))

    def in_their_words(self, session: Session, text: str) -> str:
        """Return ``text`` with the film named as its visitor named it, not as the library does."""
        with suppress(VideoError):  # of one that was removed to make room, the library knows no name
            if title := session.uploads.get(session.video):
                return text.replace(self.services.library.get(session.video).title, title)
        return text

    def problem(self, session: Session, text: str) -> str:
        """Return what went wrong, with film and models named as the visitor knows them."""
        return texts.with_titles(self.in_their_words(session, text), self.entries())

    def suggested(self, video_id: str) -> tuple[str, ...]:
        """Return the sentences that came with a film; none of one that was removed to make room."""
        with suppress(VideoError):
            return tuple(self.services.library.queries_for(video_id))
        return ()

    def truth(self, video_id: str) -> dict[str, list[tuple[float, float]]]:
        """Return the true moments of the sentences for which they are known."""
        rows = self.services.library.truth_for(video_id)
        return {row["query"]: [tuple(window) for window in row["windows"]] for row in rows if row["windows"]}


def _first_look(grounding: Grounding) -> float:
    """Return the middle of the best moment of the first query that is in the video, or its start."""
    rows = zip(grounding.moments, grounding.is_in_video, strict=True)
    found = [moments[0] for moments, is_in_video in rows if is_in_video and moments]
    return (found[0].start_s + found[0].end_s) / 2 if found else 0.0
