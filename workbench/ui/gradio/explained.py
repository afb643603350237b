"""Who made the score, on the page: which games are played for a session, and every picture and text of them.

Separate from ``shown``, which is about moments: these answers are asked for, and belong to one sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from workbench.analyses.analysis import Report, silent
from workbench.analyses.attribute import Attribute, AttributeParams, picture_of
from workbench.analyses.ground import clock
from workbench.analyses.services import Services
from workbench.figures.interactions import interactions_figure
from workbench.figures.patch_values import patch_values_figure
from workbench.figures.values import level_parts, values_figure
from workbench.types.attribution import Attribution
from workbench.ui.gradio import attribution_texts as texts
from workbench.ui.gradio import panels
from workbench.ui.gradio.session import Session
from workbench.ui.gradio.word_tree import word_tree

Update = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Explanation:
    """The games of one sentence: ``levels`` are those of the film's tree, as far as it was opened."""

    words: Attribution
    phrases: Attribution
    frames: Attribution
    levels: tuple[Attribution, ...]
    both: Attribution


class Explained:
    """Explanations of sessions, and those as updates of the page's parts, by name."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def explain(self, session: Session, report: Report) -> Explanation:
        """Play the games of the current sentence; raises what ``Attribute.run`` does."""
        play = self._player(session, report)
        words, both, phrases, frames = map(play, ("words", "frames+words", "phrases", "frames"))
        return Explanation(words, phrases, frames, self.levels(session, report), both)

    def games(self, session: Session) -> list[AttributeParams]:
        """Return the questions of all games of the current sentence, as ``explain`` plays them."""
        paths = [".".join(map(str, session.opened[:depth])) for depth in range(len(session.opened) + 1)]
        asked = [self.game(session, players) for players in ("words", "phrases", "frames", "frames+words")]
        if self._has_tree(session):
            asked += [self.game(session, "events", opened=path) for path in paths]
        return asked

    def game(self, session: Session, players: str, **more: Any) -> AttributeParams:
        """Return the question; frames of a model of single frames leave the mean, whatever is chosen for patches."""
        params = session.game(players, **more)
        is_pooled = players.startswith("frames") and self.services.models.load(session.model).spec.frame_independent
        return replace(params, absent=AttributeParams.absent) if is_pooled else params

    def _has_tree(self, session: Session) -> bool:
        spec = self.services.models.load(session.model).spec
        return spec.frame_independent and spec.separable

    def levels(self, session: Session, report: Report) -> tuple[Attribution, ...]:
        """Play the games of the film's tree, from all of it to the part that was opened last; none for windows."""
        if not self._has_tree(session):
            return ()
        play = self._player(session, report)
        paths = [session.opened[:depth] for depth in range(len(session.opened) + 1)]
        return tuple(play("events", opened=".".join(map(str, path))) for path in paths)

    def opened_at(self, session: Session, level: int, at_s: float) -> tuple[int, ...]:
        """Return the path to the part at an instant of a level of the tree; of an open one, to the one above it."""
        levels = self.levels(session, silent)
        if level >= len(levels):
            return session.opened
        above = levels[level - 1] if level else None
        players, _ = level_parts(levels[level], above)
        for number, player in enumerate(players, 1):
            if player.span[0] <= at_s < player.span[1]:
                path = (*session.opened[:level], number)
                if player.kind == "frame" or session.opened[: level + 1] == path:
                    return session.opened[:level]
                return path
        return session.opened

    def shown(self, session: Session, found: Explanation) -> Update:
        """Return the pictures and sentences of an explanation."""
        return self.frames(session, found.frames, found.levels) | {
            "words_text": _evidence(texts.WORDS_TITLE, found.words),
            "words": word_tree(found.words, found.phrases),
            "cells_text": _evidence(texts.CELLS_TITLE, found.both),
            "cells": interactions_figure(found.both),
            "cells_key": f'<p class="note">{texts.CELLS_KEY}</p>',
        }

    def frames(self, session: Session, frames: Attribution, levels: tuple[Attribution, ...]) -> Update:
        """Return the values on the film's clock."""
        duration_s = self.services.library.get(session.video).duration_s
        key = f'<p class="note">{texts.PARTS_KEY}</p>' if levels else ""
        heading = _evidence(texts.FRAMES_TITLE, frames)
        return {"values": values_figure(frames, levels, duration_s), "values_text": key + heading}

    def explain_patches(self, session: Session, at_s: float, report: Report) -> Attribution:
        """Play the game of the patches of the picture at an instant."""
        return self._player(session, report)("patches", at_s=at_s)

    def patches(self, session: Session, found: Attribution) -> Update:
        """Return the picture under its patches."""
        video = self.services.library.get(session.video)
        jpeg = picture_of(self.services, video.id, found)
        return {
            "patches": patch_values_figure(found, jpeg, video.width_px / video.height_px),
            "patches_text": _evidence(f"{texts.PATCHES_TITLE} at {clock(found.at_s or 0.0)}", found),
        }

    def patches_said(self, said: str) -> str:
        """Return the heading of the patches with what is said of work on them, as HTML."""
        return panels.evidence(texts.PATCHES_TITLE, texts.NO_PATCHES, "") + said

    def nothing(self) -> Update:
        """Return the parts without an explanation."""
        empty = dict.fromkeys(("values_text", "words_text", "words", "cells_text", "cells_key"), "")
        asking = {"patches_text": self.patches_said("")}
        return empty | asking | {"values": None, "cells": None, "patches": None}

    def _player(self, session: Session, report: Report) -> Callable[..., Attribution]:
        def play(players: str, **more: Any) -> Attribution:
            found = Attribute().run(self.services, self.game(session, players, **more), report).result
            assert isinstance(found, Attribution)
            return found

        return play


def _evidence(title: str, found: Attribution) -> str:
    """Return the heading of a picture: its sentence, how sure that is, what to know, and what is counted."""
    return panels.evidence(f"{title}: “{found.query}”", found.conclusion, texts.how_sure(found)) + panels.counted(
        texts.COUNTED, texts.counted(found), found.warnings
    )
