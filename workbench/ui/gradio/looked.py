"""Where the model looked, on the page: which maps are made for a session, and every picture and text of them.

Separate from ``explained``, which is about what players add: here a picture has a value in every place.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr
import numpy as np

from workbench.analyses.analysis import Report
from workbench.analyses.attribute import Attribute, AttributeParams
from workbench.analyses.map_texts import title_of, trust
from workbench.analyses.numerals import number
from workbench.analyses.services import Services
from workbench.analyses.word_coalitions import words_in
from workbench.figures.agreement import agreement_figure
from workbench.figures.evidence import curves_figure
from workbench.figures.heads import between_frames_figure, heads_figure
from workbench.figures.heat_maps import heat_figure, layer_uri
from workbench.figures.on_picture import jpeg_uri
from workbench.types.maps import Agreement, HeatMaps
from workbench.ui.gradio import look_texts as texts
from workbench.ui.gradio import map_panels, panels
from workbench.ui.gradio.session import Session
from workbench.ui.gradio.strip import pictures
from workbench.ui.overlay import map_at, stretches

Update = dict[str, Any]
PICTURE_PX, SMALL_PX = 360, 120
"""How tall pictures are under a map: the one on show, and the small ones."""


@dataclass(frozen=True, eq=False)
class Look:
    """The maps on show, with how they are asked for, and the ``sentence``'s own, which bring its words.

    Both are the same but where one word has the map by itself.
    """

    asked: AttributeParams
    maps: HeatMaps
    sentence: HeatMaps


class Looked:
    """Maps of sessions, and those as updates of the page's parts, by name."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def method(self, session: Session) -> str:
        """Return the method that makes the maps: the chosen one, else what the model is best asked with."""
        if session.method:
            return session.method
        return "relevance" if "differentiable" in self._capabilities(session) else "occlusion"

    def picked(self, session: Session) -> int | None:
        """Return the number of the word that has the map by itself, None for the whole sentence."""
        return session.picked[1] if session.picked and session.picked[0] == session.query else None

    def look(self, session: Session, is_tested: bool, report: Report) -> Look:
        """Make the maps that are on show, with their evidence where they are tested; raises what ``Attribute`` does."""
        number_ = self.picked(session)
        tested: dict[str, Any] = {"evidence": True, "contrast": self._other(session)} if is_tested else {}
        asked = session.maps(self.method(session))
        if number_ is None:
            asked = replace(asked, **tested)
            maps = self._maps(asked, report)
            return Look(asked, maps, maps)
        sentence = self._maps(asked, report)
        alone = self._alone(session, sentence, words_in(session.query)[number_].label)
        asked = replace(asked, **alone, **tested)
        return Look(asked, self._maps(asked, report), sentence)

    def compare(self, session: Session, at_s: float, report: Report) -> Agreement:
        """Make the maps of the picture at an instant by all methods."""
        found = Attribute().run(self.services, self.comparison(session, at_s), report).result
        assert isinstance(found, Agreement)
        return found

    def comparison(self, session: Session, at_s: float) -> AttributeParams:
        """Return the question of the maps of a picture by all methods."""
        return session.maps("all", **_at(at_s))

    def at(self, session: Session, look: Look, at_s: float | None) -> int:
        """Return the number of the map that is on show at an instant; outside the mapped stretch, of the best one."""
        duration_s = self.services.library.get(session.video).duration_s
        found = None if at_s is None else map_at(look.maps, duration_s, at_s)
        return look.maps.best if found is None else found

    def shown(self, session: Session, look: Look, at: int) -> Update:
        """Return the maps, their words and their tests, with picture ``at`` as the one on show."""
        shown = self.picture(session, look, at) | self.methods(session)
        return shown | {
            "look_maps": self._strip(session, look, at),
            "look_words": map_panels.words(look.sentence, self.picked(session)),
            "ask_test": gr.update(visible=look.maps.evidence is None),
            "between_text": "" if look.maps.between_frames is None else f'<p class="note">{texts.BETWEEN_KEY}</p>',
        }

    def picture(self, session: Session, look: Look, at: int) -> Update:
        """Return what belongs to one picture: its map, the tests of that, and what single heads look at."""
        maps = look.maps
        (jpeg,) = self._jpegs(session, [float(maps.times_s[at])], PICTURE_PX)
        evidence = maps.evidence
        return {
            "look_text": map_panels.heading(maps, session.query, at),
            "look_picture": heat_figure(maps, at, jpeg, self._aspect(session), 1.0),
            "test_text": map_panels.verdicts(maps, at),
            "curves": None if evidence is None else curves_figure(evidence, texts.row_of(maps, at)),
            "test_numbers": map_panels.numbers(maps, at),
            "heads": None if maps.by_head is None else heads_figure(maps, at),
            "heads_text": f'<p class="note">{texts.NO_HEADS if maps.by_head is None else texts.HEADS_KEY}</p>',
        } | self.head(session, look, at)

    def head(self, session: Session, look: Look, at: int) -> Update:
        """Return what one layer and head gives to the cells of picture ``at``, and how it looks between frames."""
        maps, choices = look.maps, texts.heads(look.maps)
        chosen = session.head if session.head in {value for _, value, _ in choices} else "0.all"
        layer, head = int(chosen.split(".")[0]), None if chosen.endswith("all") else int(chosen.split(".")[1])
        picture = None
        if maps.by_head is not None:
            of_layer = maps.by_head[:, layer].astype(np.float64)
            values = of_layer.mean(axis=1) if head is None else of_layer[:, head]
            one = replace(maps, values=values, is_signed=bool((values < 0).any()))
            (jpeg,) = self._jpegs(session, [float(maps.times_s[at])], PICTURE_PX)
            picture = heat_figure(one, at, jpeg, self._aspect(session), 1.0)
        has_layer = maps.between_frames is not None and layer < len(maps.between_frames)
        return {
            "head_choice": {"choices": choices, "value": chosen},
            "head_picture": picture,
            "between": between_frames_figure(maps, layer, head) if has_layer else None,
        }

    def compared(self, session: Session, found: Agreement, at_s: float) -> Update:
        """Return the methods side by side, and how far they agree."""
        at = int(np.abs(found.maps[0].times_s - at_s).argmin())
        aspect = self._aspect(session)
        (jpeg,) = self._jpegs(session, [float(found.maps[0].times_s[at])], PICTURE_PX)
        layers = [(maps.method, layer_uri(maps, at, aspect, longer_px=160)) for maps in found.maps]
        return {
            "compare_text": map_panels.compared(found, at),
            "methods": map_panels.methods(layers, jpeg_uri(jpeg), aspect, self.method(session)),
            "agreement": agreement_figure(replace(found, methods=tuple(map(title_of, found.methods)))),
        }

    def methods(self, session: Session) -> Update:
        """Return the choice of methods, and what the chosen one does."""
        method, capabilities = self.method(session), self._capabilities(session)
        return {
            "look_method": {"choices": texts.choices(capabilities), "value": method},
            "look_about": map_panels.method(*texts.about(method, capabilities)),
        }

    def nothing(self) -> Update:
        """Return the parts without maps."""
        empty = dict.fromkeys(("look_words", "heads_text", "between_text", "test_numbers", "methods"), "")
        said = {
            "look_text": panels.evidence(texts.TITLE, texts.NO_MAPS, ""),
            "test_text": map_panels.untested(),
            "compare_text": panels.evidence(texts.COMPARE_TITLE, texts.COMPARE_HELP, ""),
        }
        figures = (
            "look_maps",
            "look_picture",
            "curves",
            "heads",
            "head_choice",
            "head_picture",
            "between",
            "agreement",
        )
        return empty | said | dict.fromkeys(figures) | {"ask_test": gr.update(visible=False)}

    def _strip(self, session: Session, look: Look, at: int) -> dict[str, Any]:
        """Return what lies over the player and in the strip."""
        maps, aspect = look.maps, self._aspect(session)
        spans = stretches(maps, self.services.library.get(session.video).duration_s)
        jpegs = self._jpegs(session, maps.times_s.tolist(), SMALL_PX)
        shown = [
            {
                "layer": layer_uri(maps, number_, aspect),
                "frame": jpeg_uri(jpeg),
                "time_s": time_s,
                "from_s": start_s,
                "to_s": end_s,
                "cosine": number(score),
                "trust": "" if maps.evidence is None else trust(maps, maps.evidence, texts.row_of(maps, number_)),
            }
            for number_, (jpeg, time_s, (start_s, end_s), score) in enumerate(
                zip(jpegs, maps.times_s.tolist(), spans.tolist(), maps.scores.tolist(), strict=True)
            )
        ]
        where = texts.where(maps, float(spans[0, 0]), float(spans[-1, 1]))
        # Of the same value again the page learns nothing, though the picture beside it may be another by now.
        news = {"sent_s": time.time()}
        return {"maps": shown, "at": at, "aspect": aspect, "where": where, "method": self.method(session)} | news

    def _alone(self, session: Session, sentence: HeatMaps, word: str) -> dict[str, Any]:
        """Return the question of one word about the very pictures that the sentence's maps are of."""
        times_s = sentence.times_s
        is_single = self.services.models.load(session.model).spec.frame_independent
        if not is_single or len(times_s) == 1:
            return {"queries": (word,), **_at(float(times_s.mean()))}
        return {"queries": (word,), "start_s": float(times_s[0]), "end_s": float(times_s[-1]) + 1e-3}

    def _other(self, session: Session) -> str:
        """Return another sentence of the visitor's own to hold maps against, empty where there is none."""
        number_ = self.picked(session)
        asked = session.query if number_ is None else words_in(session.query)[number_].label
        return next((query for query in session.queries if query not in (session.query, asked)), "")

    def _maps(self, asked: AttributeParams, report: Report) -> HeatMaps:
        found = Attribute().run(self.services, asked, report).result
        assert isinstance(found, HeatMaps)
        return found

    def _jpegs(self, session: Session, times_s: Sequence[float], height_px: int) -> list[bytes]:
        return pictures(self.services, self.services.library.get(session.video), times_s, height_px)

    def _aspect(self, session: Session) -> float:
        video = self.services.library.get(session.video)
        return video.width_px / video.height_px

    def _capabilities(self, session: Session) -> frozenset[str]:
        return self.services.models.load(session.model).spec.capabilities


def _at(at_s: float) -> dict[str, Any]:
    return {"at_s": at_s, "start_s": None, "end_s": None}
