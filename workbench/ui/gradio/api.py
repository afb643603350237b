"""The page's verbs for programs: the same answers as on the screen, as JSON.

Separate because it takes what any program sends: ids and sentences, never a path.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import gradio as gr

from workbench.analyses.attribute import Attribute
from workbench.analyses.ground import Ground
from workbench.analyses.services import Services
from workbench.errors import InputError, WorkbenchError
from workbench.ui.gradio import texts
from workbench.ui.gradio.session import Session

LOG = logging.getLogger(__name__)


def checked_sentences(sent: object) -> tuple[str, ...]:
    """Return the sentences that a program sent, or raise ``InputError``: one text is not a list of letters."""
    if not isinstance(sent, list) or not all(isinstance(query, str) for query in sent):
        raise InputError("The queries are not a list of sentences; send one, such as [“a red circle”].")
    return tuple(sent)


def checked_rate(sent: object) -> float:
    """Return the frames a second that a program sent, or raise ``InputError``."""
    if isinstance(sent, bool) or not isinstance(sent, int | float):
        raise InputError("The fps is not a number; send the frames to read from each second, such as 2.")
    return float(sent)


def checked_sentence(sent: object) -> str:
    """Return the one sentence that a program sent, or raise ``InputError``."""
    if not isinstance(sent, str):
        raise InputError("The query is not a sentence; send one, such as “a red circle”.")
    return sent


def make_ground(services: Services) -> Callable[[str, list[str], str, float], dict]:
    """Return the verb on ``services``."""

    def ground(video_id: str, queries: list[str], model: str, fps: float = 2.0) -> dict:
        """Find when each sentence is true of a video of the library.

        Args:
            video_id: id of a video, as the address of the page shows it
            queries: sentences, such as "a red circle"
            model: id of a model
            fps: frames read from each second of the video
        """

        def answer() -> dict:
            session = Session(video=str(video_id), model=str(model), queries=checked_sentences(queries))
            return Ground().as_json(Ground().run(services, session.with_parameter("fps", checked_rate(fps)).params()))

        return _answered(answer)

    return ground


def make_attribute(services: Services) -> Callable[[str, str, str, str, float], dict]:
    """Return the verb on ``services``."""

    def attribute(video_id: str, query: str, model: str, players: str = "words", fps: float = 2.0) -> dict:
        """Say who in the video and who in the sentence made the score.

        Args:
            video_id: id of a video, as the address of the page shows it
            query: a sentence, such as "a red circle"
            model: id of a model
            players: frames, words, frames+words, patches, patches+words, events or phrases
            fps: frames read from each second of the video
        """

        def answer() -> dict:
            session = Session(video=str(video_id), model=str(model), queries=(checked_sentence(query),))
            asked = session.with_parameter("fps", checked_rate(fps)).game(str(players))
            return Attribute().as_json(Attribute().run(services, asked))

        return _answered(answer)

    return attribute


def _answered(answer: Callable[[], dict]) -> dict:
    """Return the answer; what went wrong is told in one sentence, and what nobody foresaw is logged."""
    try:
        return answer()
    except WorkbenchError as problem:
        raise gr.Error(str(problem), print_exception=False) from None
    except Exception:
        LOG.exception("a verb failed")
        raise gr.Error(texts.UNEXPECTED, print_exception=False) from None
