"""The space of a model, on the page: which map is made for a session, and every picture and text of it.

Separate from ``looked``, which is about single pictures: here a picture is a point among others.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import gradio as gr
import numpy as np

from workbench.analyses import imported
from workbench.analyses.analysis import Report, silent
from workbench.analyses.embed import Embed, EmbedParams
from workbench.analyses.embed_features import embed_features
from workbench.analyses.services import Services
from workbench.errors import VideoError
from workbench.figures.embedding import colourings, embedding_figure
from workbench.figures.gap import gap_figure
from workbench.store.feature_files import FeatureTable
from workbench.store.keys import cache_key
from workbench.store.recent import Recent
from workbench.types.embedding import EmbeddingMap
from workbench.types.outcome import Outcome, Progress
from workbench.ui.gradio import panels, space_panels
from workbench.ui.gradio import space_texts as texts
from workbench.ui.gradio.session import Session
from workbench.ui.gradio.space_choice import NUMBERS
from workbench.ui.gradio.space_points import Pointed, Said, titled, with_points

Update = dict[str, Any]
R = TypeVar("R")
_WHOLE_ID = 64
MOST_BYTES = 256 * 2**20
"""The most that is held of each, over all visitors: of maps seen last, of how they were drawn, of features brought."""
_POINT_BYTES = 1_000
"""What a point of a map takes, about, without its columns."""


def _seen_last() -> Recent[Outcome[EmbeddingMap]]:
    def size(outcome: Outcome[EmbeddingMap]) -> int:
        items = outcome.result.items
        return _POINT_BYTES * len(items) + sum(column.nbytes for column in items.columns.values())

    return Recent(size, MOST_BYTES)


def _drawn_last() -> Recent[Pointed]:
    return Recent(lambda drawn: len(drawn.text), MOST_BYTES // 4)  # the figure and its rows take three times as much


def _brought_last() -> Recent[FeatureTable]:
    def size(table: FeatureTable) -> int:
        columns = sum(column.nbytes for column in table.columns.values())
        return table.features.nbytes + columns + sum(map(len, table.ids))

    return Recent(size, MOST_BYTES)


@dataclass(frozen=True, eq=False)
class Spaced:
    """Maps of sessions, and those as updates of the page's parts, by name.

    Those that were seen last are held by what they are of, whoever looked at them, without anybody's titles; so are
    features that were brought last, and, titles and all, how maps were drawn.
    """

    services: Services
    _held: Recent[Outcome[EmbeddingMap]] = field(default_factory=_seen_last, init=False)
    _drawn: Recent[Pointed] = field(default_factory=_drawn_last, init=False)
    _tables: Recent[FeatureTable] = field(default_factory=_brought_last, init=False)

    def keep(self, table: FeatureTable) -> str:
        """Keep features that were brought and return the id by which they are mapped; raises what ``keep`` does."""
        table_id = imported.keep(self.services, table)
        self._tables.keep(table_id, table)
        return table_id

    def films(self, session: Session) -> tuple[str, ...]:
        """Return the films of this visitor: the examples, their own, the one on show, and those that made the map."""
        examples = [video.id for video in self.services.library.examples()]
        fitted = [film for film in session.space.fitted_on if len(film) == _WHOLE_ID]
        return tuple(dict.fromkeys([*examples, *session.uploads, *fitted, session.video]))

    def params(self, session: Session, **more: Any) -> EmbedParams:
        """Return the question of the map that the session asks for."""
        common = {name: getattr(session.params(), name) for name in ("queries", "model", "fps", "max_frames")}
        common["reuse_below"] = session.params().reuse_below
        there = tuple(pair for pair in session.space.pictures if self._is_there(pair[0]))
        space = replace(session.space, pictures=there)
        return space.params(session.video, self.films(session), common, **more)

    def map(self, session: Session, report: Report, **more: Any) -> Outcome[EmbeddingMap]:
        """Make the map; raises what ``Embed.run`` does, or ``embed_features`` where it is of a file."""
        params = self.params(session, **more)
        file = _file_of(session)
        key = cache_key(params=params, file=file)
        outcome = self._held.get(key)
        if outcome is None:
            outcome = self._made(params, file, report)
            if not outcome.result.is_sketch:
                self._held.keep(key, outcome)
        if file:
            return outcome
        titles = self._titles(session)
        return replace(
            outcome,
            result=replace(outcome.result, items=titled(outcome.result.items, titles)),
            provenance=replace(
                outcome.provenance,
                video_title=titles.get(outcome.provenance.video_id, outcome.provenance.video_title),
            ),
        )

    def _made(self, params: EmbedParams, file: tuple[str, str] | None, report: Report) -> Outcome[EmbeddingMap]:
        if file is None:
            return Embed().run(self.services, params, report)
        table_id, title = file
        table = self._tables.get(table_id)
        if table is None:
            table = imported.kept(self.services, table_id)
            self._tables.keep(table_id, table)
        return embed_features(self.services, table, title, params, report)

    def shown(self, session: Session, found: EmbeddingMap) -> Update:
        """Return the map with all that is said of it, and what is nearest to what was looked for last."""
        notes = "".join(panels.notice(warning, "warning") for warning in found.warnings)
        said = panels.evidence(texts.MAP_TITLE, found.conclusion, texts.how_sure(found))
        n_films, n_fitted = len(_films(found, of_all=True)), len(_films(found, of_all=False))
        if n_fitted < n_films:
            notes += panels.notice(texts.MADE_OF.format(n=n_fitted, all=n_films), "hint")
        return (
            {
                "space_text": said + notes,
                "space_map": self._figure(session, found),
                "space_near": ""
                if found.is_sketch
                else space_panels.near(found, _asked(session, found), session.video),
                "space_groups": "" if found.is_sketch else space_panels.groups(found),
                "space_gap": "" if found.is_sketch else space_panels.gap(found),
                "refit": gr.update(visible=n_fitted < n_films),
                "space_forget": gr.update(visible=bool(session.space.pictures) and session.space.films != "file"),
            }
            | self.gap_picture(found, False)
            | self._columns(session, found)
        )

    def near(self, session: Session, found: EmbeddingMap, row: int) -> Update:
        """Return what is nearest to a point."""
        return {"space_near": space_panels.near(found, row, session.video)}

    def gap_picture(self, found: EmbeddingMap, is_centred: bool) -> Update:
        """Return pictures and sentences apart, or each kind centred; nothing where no gap is known."""
        if found.gap is None:
            return {"space_gap_view": None, "space_gap_picture": None}
        return {
            "space_gap_view": _choice(texts.GAP_VIEWS, "1" if is_centred else ""),
            "space_gap_picture": gap_figure(found.gap, found.items, is_centred),
        }

    def choices(self, session: Session) -> Update:
        """Return the choices of the map, as the session has them."""
        space = session.space
        return {
            "space_films": _choice(texts.films(space.file), space.films),
            "space_map_kind": _choice(texts.MAPS, space.map),
            "space_supervised": _choice(texts.pulled_together(filter(None, [space.supervised])), space.supervised),
            **{f"space_{name}": dict(space.numbers).get(name, getattr(EmbedParams, name)) for name in NUMBERS},
            **self.of_films(session),
        }

    def of_films(self, session: Session) -> Update:
        """Return the choices that a map of films alone has: rows of a file have no time, and no model knows of them."""
        space, has_films = session.space, session.space.films != "file"
        return {
            "space_points": _choice(texts.POINTS, space.points) if has_films else None,
            "space_path": _choice(texts.PATHS, "1" if space.is_path else "") if has_films else None,
            "space_through": gr.update(value=", ".join(space.through), visible=has_films),
            "space_picture": gr.update(visible=has_films),
        }

    def nothing(self) -> Update:
        """Return the parts without a map."""
        return {
            "space_text": panels.evidence(texts.MAP_TITLE, texts.NO_MAP, ""),
            "space_map": None,
            "space_near": "",
            "space_groups": "",
            "space_gap": "",
            "space_gap_view": None,
            "space_gap_picture": None,
            "refit": gr.update(visible=False),
        }

    def _is_there(self, film: str) -> bool:
        """Return whether a film was not removed to make room."""
        with suppress(VideoError):
            return bool(self.services.library.get(film))
        return False

    def _columns(self, session: Session, found: EmbeddingMap) -> Update:
        names = colourings(found)
        of_words = [name for name, column in found.items.columns.items() if column.dtype.kind != "f"]
        colour = session.space.colour if session.space.colour in names else (names or [""])[0]
        offered = {name: texts.colour_name(name) for name in names} or {"": texts.ONE_COLOUR}
        return {
            "space_colour": _choice(offered, colour),
            "space_supervised": _choice(texts.pulled_together(of_words), session.space.supervised),
        }

    def _figure(self, session: Session, found: EmbeddingMap) -> Pointed:
        key = cache_key(
            of=self.params(session),
            file=_file_of(session),
            n_items=len(found.items),
            titles=self._titles(session),
            colour=session.space.colour,
            is_path=session.space.is_path,
            here=session.video,
        )
        drawn = None if found.is_sketch else self._drawn.get(key)
        if drawn is None:
            path_of = session.video if session.space.is_path else ""
            figure = embedding_figure(found, session.space.colour, path_of)
            labels, names = np.full(len(found.items), -1), []
            if found.groups is not None:
                labels[found.is_fitted] = found.groups.labels
                names = [f"{number} {name}".rstrip() for number, name in enumerate(found.groups.names, 1)]
            drawn = with_points(figure, found.items, session.video, Said("group", names, labels), found.is_torn)
            if not found.is_sketch:
                self._drawn.keep(key, drawn)
        return drawn

    def _titles(self, session: Session) -> dict[str, str]:
        return {**session.uploads, **dict(session.space.pictures)}


def _file_of(session: Session) -> tuple[str, str] | None:
    """Return the features that are mapped, by their id with their title; nothing where films are."""
    return session.space.file if session.space.films == "file" else None


class _NotKept(Exception):
    """There is work to be done before the answer is there."""


def kept(work: Callable[[Report], R], report: Report = silent) -> R | None:
    """Return what ``work`` does where all that takes time was done before, else nothing; raises what it raises."""

    def tell(progress: Progress) -> None:
        if progress.unit in ("point", "epoch"):
            raise _NotKept(progress.what)
        report(progress)

    with suppress(_NotKept):
        return work(tell)
    return None


def _films(found: EmbeddingMap, of_all: bool) -> set[str]:
    """Return the films on a map, or only those that it was made of."""
    rows = zip(found.items.videos, found.items.kinds, found.is_fitted, strict=True)
    return {video for video, kind, is_fitted in rows if video and kind != "picture" and (of_all or is_fitted)}


def _asked(session: Session, found: EmbeddingMap) -> int | None:
    """Return the row of what was looked for last: a picture, else the current sentence."""
    if session.space.pictures and found.items.kinds[-1] == "picture":
        return len(found.items) - 1
    name = f"sentence:{session.query}" if session.queries else ""
    return found.items.names.index(name) if name in found.items.names else None


def _choice(labels: dict[str, str], value: str) -> dict[str, Any]:
    return {"choices": [(label, name, True) for name, label in labels.items()], "value": value}
