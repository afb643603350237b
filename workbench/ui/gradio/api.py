"""The page's verbs for programs: the same answers as on the screen, as JSON.

Separate because it takes what any program sends: ids and sentences, never a path.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr

from workbench.analyses.analysis import Report
from workbench.analyses.attribute import Attribute
from workbench.analyses.cases import Case
from workbench.analyses.embed import Embed, EmbedParams
from workbench.analyses.ground import Ground
from workbench.analyses.probe import Probe, ProbeParams
from workbench.analyses.services import Services
from workbench.core.text_edits.kinds import NAMES
from workbench.core.video_edits.kinds import FILM_NAMES
from workbench.errors import Cancelled, InputError, WorkbenchError
from workbench.types.outcome import Progress
from workbench.ui.gradio import texts, verb_schemas
from workbench.ui.gradio.asker import asker, is_wanted
from workbench.ui.gradio.edit_choice import MOST_OWN
from workbench.ui.gradio.jobs import NOT_BEGUN
from workbench.ui.gradio.lines import Lines
from workbench.ui.gradio.sent import MAX_BROUGHT
from workbench.ui.gradio.session import Session
from workbench.ui.gradio.turns import Turns
from workbench.ui.shortage import plainly

LOG = logging.getLogger(__name__)


def checked_texts(sent: object, what: str, example: str) -> tuple[str, ...]:
    """Return the texts that a program sent, or raise ``InputError``: one text is not a list of letters."""
    if not isinstance(sent, list) or not all(isinstance(text, str) for text in sent):
        raise InputError(f"The {what} are not a list of texts; send one, such as [“{example}”].")
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


def offer_verbs(
    page: gr.Blocks,
    services: Services,
    lines: Lines,
    session: gr.State,
    asking: dict[str, Any],
    receiving: dict[str, Any],
) -> None:
    """Add the verbs to the page that is being built; each waits its turn among what visitors ask, or upload."""
    words = verb_schemas.words_of(services)
    for make in (make_ground, make_attribute, make_embed, make_probe):
        verb = make(services, lines)
        made = gr.api(verb, api_description=inspect.getdoc(verb), **asking)  # with what each word may be
        parts = page.fns[made["id"]]
        verb_schemas.describe(inspect.signature(verb).parameters, parts.inputs, parts.outputs, words)
    sent, taken = gr.File(visible=False), gr.JSON(visible=False)
    sent.preprocess = _path_of
    verb_schemas.give_example(sent, verb_schemas.FILE)
    sent.upload(
        make_add_video(services, lines),
        sent,
        taken,
        api_name="add_video",
        **receiving,
        show_progress="hidden",
        show_progress_on=session,
    )


def _path_of(sent: gr.FileData | None) -> str | None:
    """Return where an upload lies, without an empty file beside it, as the toolkit makes one that nobody removes."""
    return None if sent is None else sent.path


def make_add_video(services: Services, lines: Lines) -> Callable[[str | None], dict]:
    """Return the verb on ``services``."""

    def add_video(file: str | None) -> dict:
        """Take an uploaded video into the library.

        Args:
            file: the video, uploaded; of a tool (MCP) in base64, as data:video/mp4;base64,…
        """

        with _told():
            if not file:
                raise InputError(texts.UNPLAYABLE_UPLOAD)
            # Gradio has made sure that it was uploaded, and keeps its name as the sender's file had it.
            with lines.received.taking(Path(file)):
                found = services.library.add(Path(file), Path(file).name)
            return {"video_id": found.id, "title": found.title, "duration_s": found.duration_s}

    return add_video


def make_ground(services: Services, lines: Lines) -> Callable[[str, list[str], str, float], dict]:
    """Return the verb on ``services``."""

    def ground(video_id: str, queries: list[str], model: str, fps: float = 2.0) -> dict:
        """Find when each sentence is true of a video of the library.

        Args:
            video_id: id of a video, as the address of the page shows it
            queries: sentences, such as "a red circle"
            model: id of a model
            fps: frames read from each second of the video
        """
        with _told():
            session = Session(video=str(video_id), model=str(model), queries=_sentences(queries))
            asked = session.with_parameter("fps", checked_rate(fps)).params()
            line = lines.for_moments(services, asked)
            return _in_turn(line, lambda report: Ground().as_json(Ground().run(services, asked, report)))

    return ground


def make_attribute(services: Services, lines: Lines) -> Callable[[str, str, str, str, float], dict]:
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
        with _told():
            session = Session(video=str(video_id), model=str(model), queries=(checked_sentence(query),))
            asked = session.with_parameter("fps", checked_rate(fps)).game(str(players))
            return _in_turn(
                lines.computed, lambda report: Attribute().as_json(Attribute().run(services, asked, report))
            )

    return attribute


def make_embed(services: Services, lines: Lines) -> Callable[..., dict]:
    """Return the verb on ``services``."""

    def embed(
        video_ids: list[str],
        model: str,
        queries: list[str] | None = None,
        points: str = "frame",
        reducer: str = "umap",
        fps: float = 2.0,
    ) -> dict:
        """Say where the frames, segments or whole videos, and sentences, lie in the space of a model.

        Args:
            video_ids: ids of videos, as the address of the page shows them
            model: id of a model
            queries: sentences to put on the map, such as "a red circle"
            points: frame, segment or video: what the map is made of
            reducer: umap or pca
            fps: frames read from each second of the videos
        """
        with _told():
            videos = checked_texts(video_ids, "video_ids", services.library.examples()[0].id)
            if not 0 < len(videos) <= MAX_BROUGHT:
                raise InputError(f"There are {len(videos)} videos to map; send the ids of 1 to {MAX_BROUGHT}.")
            asked = EmbedParams(
                videos,
                _sentences([] if queries is None else queries),
                str(model),
                points=str(points),
                reducer=str(reducer),
                fps=checked_rate(fps),
            )
            return _in_turn(lines.computed, lambda report: Embed().as_json(Embed().run(services, asked, report)))

    return embed


def make_probe(services: Services, lines: Lines) -> Callable[..., dict]:
    """Return the verb on ``services``."""

    def probe(
        video_id: str,
        query: str,
        model: str,
        edits: list[str] | None = None,
        video_edits: list[str] | None = None,
        own_edits: list[str] | None = None,
        among: list[str] | None = None,
        fps: float = 2.0,
    ) -> dict:
        """Say what changes when one thing is changed in a sentence that is true of a video, or in the video.

        Args:
            video_id: id of a video, as the address of the page shows it
            query: a sentence that is true of the video, such as "a red circle moves left"
            model: id of a model
            edits: kinds of edits of the sentence, such as "direction" and "colour"; all where left out
            video_edits: kinds of edits of the video, such as "reverse"; all where left out
            own_edits: edits of the sentence written by hand, such as "a red circle moves right"
            among: ids of other videos that it is ranked among
            fps: frames read from each second of the videos
        """
        with _told():
            kinds = {
                name: checked_texts(sent, name, example)
                for name, sent, example in (("edits", edits, "direction"), ("video_edits", video_edits, "reverse"))
                if sent is not None
            }
            own = checked_texts([] if own_edits is None else own_edits, "own_edits", "a red circle moves right")
            others = checked_texts([] if among is None else among, "among", services.library.examples()[0].id)
            if len(own) > MOST_OWN or len(others) > MAX_BROUGHT:
                raise InputError(
                    f"There are {len(own)} own_edits and {len(others)} among; send up to {MOST_OWN} and {MAX_BROUGHT}."
                )
            asked = ProbeParams(
                (Case(str(video_id), checked_sentence(query), own=own),),
                str(model),
                among=others,
                text_kinds=kinds.get("edits", NAMES),
                film_kinds=kinds.get("video_edits", FILM_NAMES),
                fps=checked_rate(fps),
            )
            return _in_turn(lines.computed, lambda report: Probe().as_json(Probe().run(services, asked, report)))

    return probe


def _sentences(sent: object) -> tuple[str, ...]:
    return checked_texts(sent, "queries", "a red circle")


def _in_turn(line: Turns, work: Callable[[Report], dict]) -> dict:
    """Return what ``work`` does once it is its asker's turn; ends it with ``Cancelled`` when nobody waits any more."""
    with line.join(asker()) as turn:

        def check() -> None:
            if not is_wanted():
                raise Cancelled("Nobody waits for the answer any more; ask again.")

        def report(progress: Progress) -> None:
            check()
            turn.keep_place(progress.is_waiting, check)

        report(NOT_BEGUN)
        return work(report)


@contextmanager
def _told() -> Iterator[None]:
    """Tell in one sentence what went wrong; what nobody foresaw is logged."""
    try:
        yield
    except Exception as problem:
        if isinstance(plain := plainly(problem), WorkbenchError):
            raise gr.Error(str(plain), print_exception=False) from None
        LOG.exception("a verb failed")
        raise gr.Error(texts.UNEXPECTED, print_exception=False) from None
