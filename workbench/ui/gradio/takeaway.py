"""What happens when an answer is made again elsewhere, or taken away: in words to type, or as a file.

Separate from the instruments, each of which says what it has on show: here all of them end alike.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import gradio as gr

from workbench.analyses.plain import plain
from workbench.errors import InputError
from workbench.types.embedding import EmbeddingMap
from workbench.types.outcome import Outcome
from workbench.ui.answered import Answered, with_commands
from workbench.ui.exports.csv_file import answer_csv
from workbench.ui.exports.file_names import file_name
from workbench.ui.exports.html_file import answer_html
from workbench.ui.exports.json_file import answer_json
from workbench.ui.exports.npz_file import answer_npz
from workbench.ui.gradio import takeaway_texts as texts
from workbench.ui.gradio.files import files_of
from workbench.ui.gradio.offers import OFFERS
from workbench.ui.gradio.routes import handed
from workbench.ui.gradio.session import Session
from workbench.ui.gradio.shown import Shown, Update
from workbench.ui.gradio.working import in_words
from workbench.ui.known_names import known_names
from workbench.ui.reproduction import ids_in, reproduction

_CALLED = {"moments": "ground", "who": "attribute", "look": "maps", "space": "embed", "whatif": "probe"}
"""What files are called by the instrument that they are of."""


class TakeAway:
    """The two events; ``answers`` are those on show to a visitor, and raise ``InputError`` where there are none."""

    def __init__(self, page: Shown, answers: Callable[[Session, str], list[Answered]]) -> None:
        self._page, self._answers = page, answers

    @in_words
    def reproduce(self, session: Session, request: gr.Request) -> Update:
        """Say how what is on show is made again."""
        library = self._page.services.library
        asked = [answer.asked for answer in self._answers(session, request.session_hash or "")]
        ids = dict.fromkeys(video for each in asked for video in ids_in(each))
        made = reproduction(asked, known_names(library, ids, files_of(library, session)))
        return {"reproduction": plain(made) | {"at": time.time()}}

    @in_words
    def take(self, session: Session, wanted: object, request: gr.Request) -> Update:
        """Hand what is on show to the browser, in a format that was ``wanted``; nothing is written on the server.

        Of a figure the browser has the picture itself, and is told how it was made.
        """
        sent = wanted if isinstance(wanted, dict) else {}
        ending, figure = str(sent.get("format", "")), str(sent.get("figure", ""))
        visitor = request.session_hash or ""
        if ending in texts.PICTURES:
            return {"download": self._picture(session, visitor, ending, figure)}
        if ending not in texts.FORMATS:
            raise InputError(texts.NOT_A_FORMAT)
        outcomes = self._outcomes(session, visitor)
        name = self._name(session, _CALLED.get(session.tab, "ground"), ending)
        if ending == "json":
            text = json.dumps(answer_json(outcomes), ensure_ascii=False, indent=1)
            return {"download": {"name": name, "text": text, "at": time.time()}}
        if ending == "csv":
            return self._handed(visitor, name, "text/csv", answer_csv(outcomes).encode())
        if ending == "npz":
            return self._handed(visitor, name, "application/octet-stream", answer_npz(outcomes))
        page = answer_html(self._page.services, outcomes)
        return self._handed(visitor, name, "text/html", page.encode())

    def _picture(self, session: Session, visitor: str, ending: str, figure: str) -> dict[str, object]:
        if figure not in texts.FIGURES:
            raise InputError(texts.NOT_A_FIGURE)
        of = replace(session, tab=texts.OF_TAB.get(figure, session.tab))
        outcomes = self._outcomes(of, visitor)
        if figure in texts.OF_THE_MAP and not any(isinstance(outcome.result, EmbeddingMap) for outcome in outcomes):
            raise InputError(texts.NOT_A_FIGURE)  # a sketch of a map that was stopped
        made = [plain(outcome.provenance) for outcome in outcomes]
        told = json.dumps(made, ensure_ascii=False)
        name = self._name(session, figure, ending)
        sentence = of.query if figure in texts.OF_A_SENTENCE and of.queries else ""
        title = texts.of_figure(sentence, *([each[name] for each in made] for name in ("video_title", "model_id")))
        sent = {"name": name, "figure": figure, "format": ending, "title": title}
        return sent | {"provenance": told, "at": time.time()}

    def _outcomes(self, session: Session, visitor: str) -> list[Outcome[Any]]:
        """Return the answers on show with their command lines, films called as their visitor calls them."""
        library = self._page.services.library
        found = with_commands(library, self._answers(session, visitor), files_of(library, session))
        return [
            replace(each, provenance=replace(made, video_title=session.uploads.get(made.video_id, made.video_title)))
            for each in found
            for made in [each.provenance]
        ]

    def _name(self, session: Session, what: str, ending: str) -> str:
        return file_name(what, self._page.video(session, session.video).title, session.model, ending)

    def _handed(self, visitor: str, name: str, media_type: str, content: bytes) -> Update:
        return {"download": handed(OFFERS.make(visitor, name, media_type, content))}
