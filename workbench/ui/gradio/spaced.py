"""The space of a model, on the page: which map is made for a session, and every picture and text of it.

Separate from ``looked``, which is about single pictures: here a picture is a point among others.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr
import numpy as np

from workbench.analyses.analysis import Report
from workbench.analyses.embed import Embed, EmbedParams
from workbench.analyses.embedding_texts import about_gap
from workbench.analyses.services import Services
from workbench.figures.embedding import colourings, embedding_figure
from workbench.types.embedding import EmbeddingMap, Items
from workbench.types.outcome import Outcome, Progress
from workbench.ui.gradio import panels, space_panels
from workbench.ui.gradio import space_texts as texts
from workbench.ui.gradio.session import Session
from workbench.ui.gradio.space_choice import NUMBERS

Update = dict[str, Any]
_WHOLE_ID = 64


@dataclass(frozen=True, eq=False)
class Spaced:
    """Maps of sessions, and those as updates of the page's parts, by name."""

    services: Services

    def films(self, session: Session) -> tuple[str, ...]:
        """Return the films of this visitor: the examples, their own, the one on show, and those that made the map."""
        examples = [video.id for video in self.services.library.examples()]
        fitted = [film for film in session.space.fitted_on if len(film) == _WHOLE_ID]
        return tuple(dict.fromkeys([*examples, *session.uploads, *fitted, session.video]))

    def params(self, session: Session, **more: Any) -> EmbedParams:
        """Return the question of the map that the session asks for."""
        common = {name: getattr(session.params(), name) for name in ("queries", "model", "fps", "max_frames")}
        common["reuse_below"] = session.params().reuse_below
        return session.space.params(session.video, self.films(session), common, **more)

    def map(self, session: Session, report: Report, **more: Any) -> Outcome[EmbeddingMap]:
        """Make the map; raises what ``Embed.run`` does."""
        outcome = Embed().run(self.services, self.params(session, **more), report)
        titles = {video: session.uploads[video] for video in set(outcome.result.items.videos) & set(session.uploads)}
        return replace(
            outcome,
            result=replace(outcome.result, items=_called(outcome.result.items, titles)),
            provenance=replace(
                outcome.provenance,
                video_title=titles.get(outcome.provenance.video_id, outcome.provenance.video_title),
            ),
        )

    def kept(self, session: Session, report: Report) -> Outcome[EmbeddingMap] | None:
        """Return the map where all that takes time was done before, else nothing; raises as ``map`` does."""

        def tell(progress: Progress) -> None:
            if progress.unit in ("point", "epoch"):
                raise _NotKept(progress.what)
            report(progress)

        with suppress(_NotKept):
            return self.map(session, tell)
        return None

    def as_json(self, session: Session, report: Report) -> dict[str, Any]:
        """Return the map on show in plain JSON types; it is kept, as somebody looks at it."""
        return Embed().as_json(self.map(session, report))

    def shown(self, session: Session, found: EmbeddingMap) -> Update:
        """Return the map with all that is said of it; no point is picked yet."""
        notes = "".join(panels.notice(warning, "warning") for warning in found.warnings)
        said = panels.evidence(texts.MAP_TITLE, found.conclusion, texts.how_sure(found))
        n_films = len(set(found.items.videos) - {""})
        n_fitted = len({video for video, own in zip(found.items.videos, found.is_fitted, strict=True) if own})
        if n_fitted < n_films:
            notes += panels.notice(texts.MADE_OF.format(n=n_fitted, all=n_films), "hint")
        return {
            "space_text": said + notes,
            "space_map": self._figure(session, found),
            "space_near": "" if found.is_sketch else space_panels.near(found, None),
            "space_groups": "" if found.is_sketch else space_panels.groups(found),
            "space_gap": "" if found.is_sketch else f"<h3>{texts.GAP_TITLE}</h3><p>{about_gap(found.gap)}</p>",
            "refit": gr.update(visible=n_fitted < n_films),
            "space_colour": self._colours(session, found),
        }

    def near(self, found: EmbeddingMap, row: int) -> Update:
        """Return what is nearest to a point."""
        return {"space_near": space_panels.near(found, row)}

    def choices(self, session: Session) -> Update:
        """Return the choices of the map, as the session has them."""
        space = session.space
        return {
            "space_films": _choice(texts.FILMS, space.films),
            "space_points": _choice(texts.POINTS, space.points),
            "space_map_kind": _choice(texts.MAPS, space.map),
            "space_path": _choice(texts.PATHS, "1" if space.is_path else ""),
            "space_through": ", ".join(space.through),
            **{f"space_{name}": dict(space.numbers).get(name, getattr(EmbedParams, name)) for name in NUMBERS},
        }

    def nothing(self) -> Update:
        """Return the parts without a map."""
        return {
            "space_text": panels.evidence(texts.MAP_TITLE, texts.NO_MAP, ""),
            "space_map": None,
            "space_near": "",
            "space_groups": "",
            "space_gap": "",
            "refit": gr.update(visible=False),
        }

    def _colours(self, session: Session, found: EmbeddingMap) -> dict[str, Any]:
        names = colourings(found)
        chosen = session.space.colour if session.space.colour in names else names[0]
        return {"choices": [(texts.colour_name(name), name, True) for name in names], "value": chosen}

    def _figure(self, session: Session, found: EmbeddingMap) -> Any:
        path_of = session.video if session.space.is_path else ""
        figure = embedding_figure(found, session.space.colour, path_of)
        items, films = found.items, list(dict.fromkeys(found.items.videos))
        number = {film: at for at, film in enumerate(films)}
        groups = [-1] * len(items) if found.groups is None else found.groups.labels.tolist()
        figure.layout.meta = {
            "space": True,
            "here": session.video,
            "films": [[film, _title(found, film)] for film in films],
            "film": [number[video] for video in items.videos],
            "spans": [[None, None] if a != a else [round(a, 3), round(b, 3)] for a, b in items.spans_s.tolist()],
            "labels": {row: label for row, label in enumerate(items.labels) if items.kinds[row] == "sentence"},
            "frames": items.kinds[0] == "frame",
            "groups": groups,
            "names": [] if found.groups is None else list(found.groups.names),
            "torn": [row for row, torn in enumerate(found.is_torn.tolist()) if torn],
        }
        for trace in figure.data:  # what a point is, the page says with its picture
            trace.hovertext, trace.hovertemplate = None, None
            trace.hoverinfo = "none" if trace.hoverinfo != "skip" else "skip"
        return figure


class _NotKept(Exception):
    """There is work to be done before the map is there."""


def _called(items: Items, titles: dict[str, str]) -> Items:
    """Return the items with films called as their visitor calls them, not as somebody else may who has them, too."""
    own = [titles.get(video, "") for video in items.videos]
    column = np.array([title or str(old) for title, old in zip(own, items.columns["video"], strict=True)])
    labels = [
        title if title and kind == "video" else label
        for title, kind, label in zip(own, items.kinds, items.labels, strict=True)
    ]
    return replace(items, labels=tuple(labels), columns={**items.columns, "video": column})


def _title(found: EmbeddingMap, film: str) -> str:
    titles = found.items.columns["video"]
    return str(titles[found.items.videos.index(film)]) if film else ""


def _choice(labels: dict[str, str], value: str) -> dict[str, Any]:
    return {"choices": [(label, name, True) for name, label in labels.items()], "value": value}
