"""What one visitor has asked for: ids and parameters only, never a result.

Separate because it is the single thing kept between two events, and because the address of the page
is nothing but this, written out. Everything read from an address is checked before it is used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from workbench.analyses.analysis import check_ranges, controls
from workbench.analyses.attribute import AttributeParams
from workbench.analyses.ground import GroundParams
from workbench.analyses.hidden import ways_to_hide
from workbench.analyses.map_methods import METHODS
from workbench.analyses.queries import checked_query
from workbench.errors import InputError, QueryError
from workbench.settings import Settings
from workbench.ui.gradio import texts
from workbench.ui.gradio.edit_choice import EditChoice
from workbench.ui.gradio.examine_texts import CLIPS
from workbench.ui.gradio.space_choice import SpaceChoice, choice_from_address

TABS = ("moments", "who", "look", "space", "whatif", "about")
"""The instruments, as addresses name them; the first is the one that a visit begins with."""

MOST_MODEL_CHARS = 200
SPAN = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)-(\d{1,6}(?:\.\d{1,6})?)")
VIDEO_ID = re.compile(r"[0-9a-f]{64}|[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


@dataclass(frozen=True)
class Session:
    """A film, a model, sentences, and the parameters that differ from their defaults.

    ``current`` is the sentence that the evidence below the timeline belongs to, ``span_s`` the span
    selected on the timeline, ``at_s`` where the film is to stand at first, ``uploads`` the films this visitor has
    brought, with the titles they gave them, and ``files`` what files of theirs are called, of films and pictures by id.
    ``tab`` is the instrument on show, ``opened`` the path to the part of the film's tree that was opened last;
    ``budget`` and ``absent`` are how games are played that run the encoder. ``method`` makes the maps, empty for the
    usual one of the model; ``picked`` is the number of a word that has the map by itself, with the sentence it is of.
    ``head`` is the layer and head whose map is shown large, ``space`` what was chosen of the map of the space,
    ``clips`` what it is examined with, ``edited`` what was made of the edits of a sentence.
    """

    video: str = ""
    model: str = ""
    queries: tuple[str, ...] = ()
    parameters: Mapping[str, float] = field(default_factory=dict)
    current: int = 0
    span_s: tuple[float, float] | None = None
    at_s: float | None = None
    uploads: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    tab: str = TABS[0]
    opened: tuple[int, ...] = ()
    budget: int = 0
    absent: str = "mean"
    method: str = ""
    picked: tuple[str, int] | None = None
    head: str = "0.all"
    space: SpaceChoice = field(default_factory=SpaceChoice)
    clips: str = "toyworld"
    edited: EditChoice = field(default_factory=EditChoice)

    @property
    def query(self) -> str:
        """The current sentence; there is one."""
        return self.queries[min(self.current, len(self.queries) - 1)]

    @property
    def readers(self) -> tuple[Any, ...]:
        """What an answer about many films depends on, whichever film is on show: the models, and how they read."""
        return self.model, self.space.other, tuple(sorted(self.parameters.items()))

    def params(self) -> GroundParams:
        """Return the question in the form the analysis takes it."""
        values: dict[str, Any] = dict(self.parameters)
        return GroundParams(video=self.video, queries=self.queries, model=self.model, **values)

    def game(self, players: str, at_s: float | None = None, opened: str = "") -> AttributeParams:
        """Return the question who made the score of the current sentence, among ``players``."""
        start_s, end_s = (self.span_s if at_s is None else None) or (None, None)
        return AttributeParams(
            **self.params().shared() | {"queries": (self.query,)},
            players=players,
            start_s=start_s,
            end_s=end_s,
            at_s=at_s,
            opened=opened,
            budget=self.budget,
            # One choice for frames of windows and for patches, and not every way is one for both.
            absent=self.absent if self.absent in ways_to_hide(players) else "mean",
        )

    def maps(self, method: str, **more: Any) -> AttributeParams:
        """Return the question where the model looked for the current sentence, by a method; ``more`` says otherwise."""
        start_s, end_s = self.span_s or (None, None)
        asked = {"queries": (self.query,), "method": method, "start_s": start_s, "end_s": end_s}
        absent = self.absent if self.absent in ways_to_hide("patches") else "mean"
        return AttributeParams(**self.params().shared() | asked | {"absent": absent} | more)

    def address(self) -> str:
        """Return the query string that restores this session, starting with ``?``."""
        pairs = [("video", self.video), ("model", self.model)]
        pairs += [("q", query) for query in self.queries]
        pairs += [("current", str(self.current + 1))] if self.current else []
        pairs += [(name, repr(value).removesuffix(".0")) for name, value in self.parameters.items()]
        pairs += [("span", "-".join(repr(round(s, 3)).removesuffix(".0") for s in self.span_s))] if self.span_s else []
        pairs += [("tab", self.tab)] if self.tab != TABS[0] else []
        pairs += [("method", self.method)] if self.method else []
        pairs += [("clips", self.clips)] if self.clips != Session.clips else []
        pairs += self.space.address()
        return "?" + urlencode(pairs)

    def with_film(self, video: str, at_s: float | None = None) -> Session:
        """Return the session with another film, which stands at ``at_s`` at first, else where the answer is."""
        # What is known of one film is a column that another may lack.
        space = replace(self.space, supervised="" if self.space.supervised != "video" else "video")
        return replace(self, video=video, current=0, span_s=None, at_s=at_s, opened=(), space=space)

    def with_query(self, text: str, settings: Settings) -> Session:
        """Return the session with one more sentence; ``QueryError`` if it cannot be used."""
        query = checked_query(text, settings)
        if query in self.queries:
            return replace(self, current=self.queries.index(query))
        if len(self.queries) >= settings.max_queries:
            raise QueryError(texts.too_many_sentences(settings.max_queries))
        return replace(self, queries=(*self.queries, query), current=len(self.queries))

    def with_changed_query(self, index: int, text: str, settings: Settings) -> Session:
        """Return the session with sentence ``index`` reworded; an empty text takes it away."""
        if not text.strip():
            return self.without_query(index)
        queries = list(self.queries)
        queries[index] = checked_query(text, settings)
        kept = tuple(dict.fromkeys(queries))
        return replace(self, queries=kept, current=kept.index(queries[index]))

    def without_query(self, index: int) -> Session:
        """Return the session without sentence ``index``."""
        queries = self.queries[:index] + self.queries[index + 1 :]
        return replace(self, queries=queries, current=max(0, min(self.current, len(queries) - 1)))

    def with_parameter(self, name: str, value: float) -> Session:
        """Return the session with one parameter set; a default is not kept, so addresses stay short."""
        parameters = {key: old for key, old in self.parameters.items() if key != name}
        if value != default_of(name):
            parameters[name] = value
        return replace(self, parameters=parameters)


def default_of(name: str) -> float:
    """Return the default of one of the analysis's parameters."""
    return getattr(GroundParams(video="", queries=(), model=""), name)


def session_from_address(asked: Mapping[str, Sequence[str]], first: Session, settings: Settings) -> Session:
    """Return what an address asks for, with ``first`` for all that it leaves out.

    Raises ``InputError`` or ``QueryError`` for what cannot be meant, in words for the visitor.
    """
    session = first
    if video := _one(asked, "video"):
        if not VIDEO_ID.fullmatch(video):
            raise InputError(texts.LINK_VIDEO)
        session = replace(session, video=video, queries=())
    if model := _one(asked, "model"):
        session = replace(session, model=model[:MOST_MODEL_CHARS])
    if queries := asked.get("q"):
        session = replace(session, queries=())
        for text in queries[: settings.max_queries]:
            session = session.with_query(text, settings)
    for name in controls(GroundParams):
        if text := _one(asked, name):
            session = session.with_parameter(name, _number(name, text))
    check_ranges(session.params())
    if text := _one(asked, "span"):
        session = replace(session, span_s=_span(text))
    if (tab := _one(asked, "tab")) in TABS:
        session = replace(session, tab=tab)
    if (method := _one(asked, "method")) in METHODS:
        session = replace(session, method=method)
    if (clips := _one(asked, "clips")) in CLIPS:
        session = replace(session, clips=clips)
    numbered = {str(at + 1): at for at in range(len(session.queries))}
    current = numbered.get(_one(asked, "current"), 0)
    return replace(session, current=current, space=choice_from_address(asked, settings))


def _number(name: str, text: str) -> float:
    try:
        return type(default_of(name))(float(text))
    except (ValueError, OverflowError):
        raise InputError(texts.link_no_number(name, text)) from None


def _span(text: str) -> tuple[float, float]:
    if (found := SPAN.fullmatch(text)) and float(found[1]) < float(found[2]):
        return float(found[1]), float(found[2])
    raise InputError(texts.link_no_span(text))


def _one(asked: Mapping[str, Sequence[str]], name: str) -> str:
    values = asked.get(name) or [""]
    return values[0].strip()
