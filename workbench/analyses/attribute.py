"""Who in the video and who in the sentence made the score? One sentence, one method, some kind of players.

Separate from the methods, which say how; here is what can be asked, and what is said of the answer.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeVar

import numpy as np

from workbench.analyses import frame_games, map_methods, map_texts, mapped, maps, window_games, word_games
from workbench.analyses.analysis import Control, Report, check_ranges, controls, parameter, silent
from workbench.analyses.conclusions import conclusion
from workbench.analyses.extraction import extract
from workbench.analyses.ground import GroundParams, MomentParams
from workbench.analyses.hidden import HIDING, check_hiding
from workbench.analyses.plain import plain
from workbench.analyses.provenance import provenance_of
from workbench.analyses.queries import checked_queries
from workbench.analyses.question import Question
from workbench.analyses.services import Services
from workbench.errors import InputError
from workbench.models.protocol import Capability
from workbench.types.attribution import Attribution
from workbench.types.maps import Agreement, HeatMaps
from workbench.types.outcome import Outcome
from workbench.types.video import SamplingSpec

Answer = Attribution | HeatMaps | Agreement

PLAYERS = ("frames", "words", "frames+words", "patches", "patches+words", "events", "phrases")
METHODS = (mapped.BANZHAF, *map_methods.METHODS, "all")
MAX_BUDGET = 50_000
"""Most evaluations that may be asked for: hours, for a large model without a GPU."""
_PICTURE_PX = 360
_SEEN = tuple(players for players in PLAYERS if players.startswith(("frames", "patches")))
_ONLY_FOR = {"opened": ("events",), "at_s": _SEEN, "absent": _SEEN}
"""Parameters that only some players have a use for: a wish that would change nothing is told."""
_LAYERED = ("relevance", "rollout")
_ONLY_FOR_GAMES = ("players", "opened", "budget")
_ONLY_FOR_MAPS = ("pictures", "start_layer", "evidence", "contrast")


@dataclass(frozen=True)
class AttributeParams(MomentParams):
    """What is asked of one sentence: who plays, or where the model looked, and which part of the video is explained."""

    method: str = parameter(
        mapped.BANZHAF,
        Control("Method", "How a score is attributed: a game, a map, or all methods on one picture", choices=METHODS),
    )
    players: str = parameter("words", Control("Players", "Who takes part in the game", choices=PLAYERS))
    start_s: float | None = parameter(
        None, Control("Start", "Where the span that is explained begins", unit="seconds", kind=float, flag="start")
    )
    end_s: float | None = parameter(
        None,
        Control(
            "End", "Where it ends; without both, the best moment or the video", unit="seconds", kind=float, flag="end"
        ),
    )
    at_s: float | None = parameter(
        None,
        Control(
            "Instant",
            "The picture or window that is explained; without, where the sentence fits best",
            unit="seconds",
            kind=float,
            flag="at",
        ),
    )
    opened: str = parameter(
        "",
        Control(
            "Opened",
            "Which part of the tree of events is opened, such as 2.1: the first part of the second",
            flag="open",
            unit="part",
        ),
    )
    budget: int = parameter(
        0,
        Control(
            "Budget",
            "Most encoder calls for patches, and texts for long sentences; 0: as many as are needed",
            0,
            MAX_BUDGET,
            1,
            "evaluations",
        ),
    )
    absent: str = parameter(
        "mean", Control("Absent", "How a frame of a window or a patch is left out", choices=tuple(HIDING))
    )
    pictures: int = parameter(
        8, Control("Pictures", "How many pictures of the span or the best moment are mapped", 1, maps.MOST_PICTURES, 1)
    )
    start_layer: int | None = parameter(
        None,
        Control(
            "First layer",
            "The first layer that relevance and rollout count, from 1; without, all, and of deep encoders the last",
            unit="layer",
            kind=int,
            flag="start-layer",
        ),
    )
    evidence: bool = parameter(False, Control("Evidence", "Test each map: against chance, new weights, other words"))
    contrast: str = parameter(
        "", Control("Other sentence", "The sentence that maps are held against; without, one unlike it", unit="text")
    )
    seed: int = parameter(
        0, Control("Seed", "Which coalitions are drawn where not all can be visited", 0, 2**32 - 1, 1)
    )


class Attribute:
    """Banzhaf values of frames, words and patches, exact wherever all coalitions can be visited; and maps."""

    id: ClassVar[str] = "attribute"
    title: ClassVar[str] = "Who made it"
    question: ClassVar[str] = "Who in the video and who in the sentence made the score?"
    requires: ClassVar[frozenset[Capability]] = frozenset()
    takes_many: ClassVar[bool] = False
    Params: ClassVar[type] = AttributeParams

    def run(self, services: Services, params: AttributeParams, report: Report = silent) -> Outcome[Answer]:
        """Return what every player adds, or the maps of a method, or how all methods agree.

        Raises ``QueryError``, ``InputError``, ``VideoError`` or ``ModelError``, each one sentence with what to do,
        and whatever ``report`` raises to cancel.
        Cost: features once, as for ``ground``; then milliseconds for frames, one text pass a coalition for words, one
        encoder call a coalition for the frames of a window and for patches. What was encoded is kept.
        """
        started = time.monotonic()
        question, from_cache, problem = _ask(services, params, report)
        found: Answer
        if params.method == mapped.BANZHAF:
            found = _GAMES[params.players](question, params)
            found = _told(replace(found, conclusion=conclusion(found)), problem)
        elif params.method == "all":
            found = _told(mapped.agreed(question, _wanted(params)), problem)
        else:
            found = _told(mapped.mapped(question, params.method, _wanted(params)), problem)
        seed = found.seed if isinstance(found, Attribution) else params.seed
        provenance = provenance_of(
            self.id, params, question.video, question.model, question.sampling, started, from_cache, seed
        )
        return Outcome(found, provenance)

    def as_json(self, outcome: Outcome[Answer]) -> dict[str, Any]:
        """Return the answer in plain JSON types; the keys are the command line's contract."""
        found, made = outcome.result, {"provenance": plain(outcome.provenance)}
        if isinstance(found, HeatMaps):
            return made | map_texts.maps_as_json(found)
        if isinstance(found, Agreement):
            return made | map_texts.agreement_as_json(found)
        return made | {
            "method": found.method,
            "query": found.query,
            "conclusion": found.conclusion,
            "score": found.score,
            "absent": found.absent,
            "empty": found.empty,
            "players": plain(found.players),
            "values": plain(found.values),
            "value_errors": plain(found.value_errors),
            "pairs": plain(found.pairs),
            "pair_errors": plain(found.pair_errors),
            "empty_value": found.empty_value,
            "full_value": found.full_value,
            "gap": found.gap,
            "leaders": list(found.leaders),
            "without_leaders": found.without_leaders,
            "exact": found.is_exact,
            "n_evaluations": found.n_evaluations,
            "at_s": found.at_s,
            "warnings": list(found.warnings),
        }

    def as_text(self, outcome: Outcome[Answer]) -> str:
        """Return the players with their values, then the strongest pairs, and how sure that is; or maps."""
        found = outcome.result
        if isinstance(found, HeatMaps):
            return map_texts.maps_as_text(found)
        if isinstance(found, Agreement):
            return map_texts.agreement_as_text(found)
        width = max(len(player.label) for player in found.players)
        lines = [f"{found.query}: {found.score}", found.conclusion]
        for at, player in enumerate(found.players):
            error = "" if found.value_errors is None else f" ± {1.96 * found.value_errors[at]:.2g}"
            lines.append(f"  {player.kind:<7} {player.label:<{width}}  {found.values[at]:+.4f}{error}")
        for first, second, value in strongest_pairs(found):
            lines.append(f"  {found.players[first].label} with {found.players[second].label}: {value:+.4f}")
        lines.append(
            f"from {found.empty_value:.4f} ({found.empty}) to {found.full_value:.4f} (everybody); the values sum to "
            f"{found.values.sum():.4f}, a gap of {found.gap:+.4f}"
        )
        lines.append(f"{how_exact(found)}; {found.absent}")
        return "\n".join(lines)


def _wanted(params: AttributeParams) -> mapped.Wanted:
    start = None if params.start_layer is None else params.start_layer - 1
    return mapped.Wanted(params.pictures, start, params.evidence, " ".join(params.contrast.split()))


Told = TypeVar("Told", Attribution, HeatMaps, Agreement)


def _told(found: Told, problem: str | None) -> Told:
    """Return an answer with what did not go as it should."""
    return replace(found, warnings=(*found.warnings, problem)) if problem else found


def picture_of(services: Services, video_id: str, found: object) -> bytes:
    """Return the picture whose patches play in an answer, or that has its best map, as JPEG; else nothing."""
    if isinstance(found, HeatMaps):
        return services.library.thumbnails(video_id, [float(found.times_s[found.best])], _PICTURE_PX)[0]
    if not isinstance(found, Attribution) or found.at_s is None or found.players[0].kind != "patch":
        return b""
    return services.library.thumbnails(video_id, [found.at_s], _PICTURE_PX)[0]


def strongest_pairs(found: Attribution, most: int = 5) -> list[tuple[int, int, float]]:
    """Return the pairs of players that add most together, or take most away, strongest first."""
    if found.pairs is None:
        return []
    first, second = np.triu_indices(len(found.players), 1)
    values = np.nan_to_num(found.pairs[first, second])
    order = np.argsort(-np.abs(values), kind="stable")[:most]
    return [(int(first[at]), int(second[at]), float(values[at])) for at in order if values[at]]


def how_exact(found: Attribution) -> str:
    """Return whether all coalitions were visited, and how many evaluations that took or stood for."""
    if found.is_exact:
        return f"exact over all {found.n_evaluations:,} coalitions"
    return f"estimated from {found.n_evaluations:,} evaluations, with 95 % intervals"


def _ask(services: Services, params: AttributeParams, report: Report) -> tuple[Question, bool, str | None]:
    """Return the question, whether its features were kept, and what did not go as it should."""
    check_ranges(params)
    queries = checked_queries(params.queries, services.settings)
    if len(queries) > 1:
        raise InputError(f"One sentence is explained at a time, and there are {len(queries)}; choose one.")
    video = services.library.get(params.video)
    _check(params, video.duration_s)
    model = services.models.load(params.model)
    if params.method in map_methods.METHODS:
        maps.check_method(model, params.method)
    if not model.spec.frame_independent and params.method == mapped.BANZHAF:
        check_hiding(params.absent, params.players)
    elif params.players.startswith("frames"):
        if params.at_s is not None:
            raise InputError(
                f"{model.spec.title} sees each frame by itself, so there is no instant to choose; leave it out, or "
                f"give a span."
            )
        if params.absent != AttributeParams.absent:
            raise InputError(f"A frame of {model.spec.title} that is absent leaves the mean; choose no other way.")
    sampling = SamplingSpec(params.fps, params.max_frames)
    extracted = extract(services, video, model, sampling, report, reuse_below=params.reuse_below)
    span_s = None
    if params.start_s is not None and params.end_s is not None:
        span_s = max(0.0, params.start_s), min(params.end_s, video.duration_s)
    question = Question(
        services=services,
        video=video,
        model=model,
        sampling=sampling,
        features=extracted.features,
        query=queries[0],
        grounding=GroundParams(**params.shared() | {"queries": queries}),
        report=report,
        span_s=span_s,
        at_s=params.at_s,
        budget=params.budget,
        absent=params.absent,
        seed=params.seed,
    )
    return question, extracted.from_cache, extracted.problem


def _check(params: AttributeParams, duration_s: float) -> None:
    """Raise ``InputError`` for what cannot be explained, before the video is read."""
    _opened(params.opened)
    _check_method(params)
    for name, players in _ONLY_FOR.items():
        is_chosen = getattr(params, name) != getattr(AttributeParams, name) and params.method == mapped.BANZHAF
        if is_chosen and params.players not in players:
            label = controls(AttributeParams)[name].label
            offered = " and ".join(part for part in (", ".join(players[:-1]), players[-1]) if part)
            raise InputError(f"{label} means nothing to the players {params.players}, only to {offered}; leave it out.")
    if params.players.startswith("patches") or params.method != mapped.BANZHAF:
        check_hiding(params.absent, "patches")
    if (params.start_s is None) != (params.end_s is None):
        raise InputError("A span has a start and an end; give both, or neither.")
    if params.start_s is not None and params.end_s is not None:
        start_s, end_s = params.start_s, params.end_s
        if not (math.isfinite(end_s - start_s) and start_s < end_s and start_s < duration_s and end_s > 0):
            raise InputError(
                f"Nothing lies from {start_s:g} s to {end_s:g} s; choose a start before the end, within the "
                f"{duration_s:.1f} s of the video."
            )
    if params.at_s is not None and params.start_s is not None:
        raise InputError("An instant and a span say two things of where to look; give one of them.")
    if params.at_s is not None and not 0 <= params.at_s <= duration_s:
        raise InputError(
            f"There is no frame at {params.at_s:g} s; choose an instant within the {duration_s:.1f} s of the video."
        )


def _check_method(params: AttributeParams) -> None:
    """Raise ``InputError`` for a wish that the method has no use for."""
    is_game = params.method == mapped.BANZHAF
    for name in _ONLY_FOR_MAPS if is_game else _ONLY_FOR_GAMES:
        if getattr(params, name) != getattr(AttributeParams, name) and (name, params.method) != ("budget", "all"):
            label, use = controls(AttributeParams)[name].label, "methods that make maps" if is_game else "banzhaf"
            raise InputError(f"{label} means nothing to the method {params.method}, only to {use}; leave it out.")
    if params.start_layer is not None and params.method not in (*_LAYERED, "all"):
        raise InputError(f"{params.method} has no first layer to choose, only {' and '.join(_LAYERED)}; leave it out.")
    if params.evidence and params.method == "all":
        raise InputError("Evidence is for the maps of one method at a time; choose one of them, or leave it out.")
    if params.contrast and not params.evidence:
        raise InputError("Another sentence is for the evidence; ask for that, too (--evidence), or leave it out.")
    if params.contrast and " ".join(params.contrast.split()).casefold() in {q.casefold() for q in params.queries}:
        raise InputError("The other sentence is the one that is asked; give another, or none.")


def _opened(path: str) -> tuple[int, ...]:
    """Return a path such as ``2.1`` as numbers, or raise ``InputError``."""
    try:
        return tuple(int(number) for number in path.split(".")) if path else ()
    except ValueError:
        raise InputError(f"“{path}” leads to no part; give numbers with points between them, such as 2.1.") from None


def _frames(question: Question, with_words: bool) -> Attribution:
    if not question.model.spec.frame_independent:
        return window_games.explain_window(question, with_words)
    return word_games.explain_frames_and_words(question) if with_words else frame_games.explain_frames(question)


_GAMES: dict[str, Callable[[Question, AttributeParams], Attribution]] = {
    "frames": lambda question, params: _frames(question, with_words=False),
    "frames+words": lambda question, params: _frames(question, with_words=True),
    "words": lambda question, params: word_games.explain_words(question),
    "phrases": lambda question, params: word_games.explain_phrases(question),
    "events": lambda question, params: frame_games.explain_events(question, _opened(params.opened)),
    "patches": lambda question, params: window_games.explain_patches(question, with_words=False),
    "patches+words": lambda question, params: window_games.explain_patches(question, with_words=True),
}
