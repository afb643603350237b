"""What a visitor chose of the map of the space: a part of the session, and of the address.

Separate because the map has choices of its own, a dozen of them; everything read from an address is checked here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from workbench.analyses.embed import EmbedParams
from workbench.analyses.queries import checked_query
from workbench.errors import InputError
from workbench.settings import Settings

FILMS = ("this", "all")
POINTS = ("frame", "segment")
MAPS = {"umap": ("umap", 2), "umap3": ("umap", 3), "pca": ("pca", 2), "pca3": ("pca", 3)}
"""Ways to lay a map out: what does it, and along how many axes."""
NUMBERS: dict[str, type] = {"n_neighbours": int, "min_dist": float, "seed": int, "smallest": int}
"""Parameters of the map that a visitor sets as numbers, and what each is."""
MOST_THROUGH = 12
MOST_FITTED = 200
_SHORT = 12
_START_OF_ID = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True)
class SpaceChoice:
    """Which films are mapped, as which points, laid out how, and by what they are coloured.

    ``fitted_on`` are the films that the map is made of, where that is more than the one on show: those that come later
    are placed on it; an address names them by how their ids begin. ``through`` are the words that the space is seen
    through, ``numbers`` what differs from the usual.
    """

    films: str = FILMS[0]
    points: str = POINTS[0]
    map: str = "umap"
    colour: str = ""
    is_path: bool = False
    through: tuple[str, ...] = ()
    numbers: tuple[tuple[str, float], ...] = ()
    fitted_on: tuple[str, ...] = ()

    def params(self, video: str, films: Sequence[str], common: Mapping[str, Any], **more: Any) -> EmbedParams:
        """Return the question in the form the analysis takes it; ``films`` are all that the visitor has."""
        reducer, axes = MAPS[self.map]
        is_all = self.films == "all"
        # In an order that does not hang on who brought what when: the same films make the same map.
        known = tuple(sorted(film for film in films if film.startswith(self.fitted_on))) if self.fitted_on else ()
        asked: dict[str, Any] = {
            "videos": tuple(films) if is_all else (video,),
            "fitted_on": known if is_all else (),
            "points": self.points,
            "reducer": reducer,
            "axes": axes,
            "through": self.through,
        }
        numbers: dict[str, Any] = dict(self.numbers)
        return EmbedParams(**common, **numbers, **(asked | more))

    def with_number(self, name: str, value: float | None) -> SpaceChoice:
        """Return the choice with one number set; None, and the usual value, are not kept.

        Raises ``InputError`` for what is no number.
        """
        if value is not None and not math.isfinite(value):
            raise InputError("That is not a number; type one such as 15.")
        kept = {key: old for key, old in self.numbers if key != name}
        if value is not None and value != getattr(EmbedParams, name):
            kept[name] = NUMBERS[name](value)
        return replace(self, numbers=tuple(sorted(kept.items())))

    def with_through(self, text: str, settings: Settings) -> SpaceChoice:
        """Return the choice with the words that a visitor typed, separated by commas; ``InputError`` for too many."""
        words = tuple(dict.fromkeys(checked_query(part, settings) for part in text.split(",") if part.strip()))
        if len(words) > MOST_THROUGH:
            raise InputError(f"These are {len(words)} words; give {MOST_THROUGH} or fewer.")
        if len(words) == 1:
            raise InputError("One word tells nothing apart; give two or more, separated by commas.")
        return replace(self, through=words)

    def address(self) -> list[tuple[str, str]]:
        """Return the pairs of the address that restore this choice."""
        usual = SpaceChoice()
        pairs = [(name, getattr(self, name)) for name in _CHECKS if getattr(self, name) != getattr(usual, name)]
        pairs += [("path", "1")] if self.is_path else []
        pairs += [("through", word) for word in self.through]
        pairs += [("fitted", film[:_SHORT]) for film in self.fitted_on]
        pairs += [(f"map_{name}", repr(value)) for name, value in self.numbers]
        return pairs


_CHECKS: dict[str, Callable[[str], bool]] = {
    "films": FILMS.__contains__,
    "points": POINTS.__contains__,
    "map": MAPS.__contains__,
    "colour": lambda text: len(text) <= 600,
}


def choice_from_address(asked: Mapping[str, Sequence[str]], settings: Settings) -> SpaceChoice:
    """Return what an address asks for; what it says that cannot be meant is left out.

    Raises ``InputError`` or ``QueryError`` for words that the space cannot be seen through.
    """
    chosen = SpaceChoice()
    for name, is_one in _CHECKS.items():
        if (text := (asked.get(name) or [""])[0]) and is_one(text):
            wanted: dict[str, Any] = {name: text}
            chosen = replace(chosen, **wanted)
    for name, kind in NUMBERS.items():
        with suppress(ValueError, OverflowError, InputError):
            chosen = chosen.with_number(name, kind((asked.get(f"map_{name}") or [""])[0]))
    through = asked.get("through") or ()
    chosen = chosen.with_through(", ".join(through), settings) if through else chosen
    fitted = tuple(start for start in asked.get("fitted", ())[:MOST_FITTED] if _START_OF_ID.fullmatch(start))
    return replace(chosen, is_path=asked.get("path") == ["1"], fitted_on=fitted)
