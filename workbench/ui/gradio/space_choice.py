"""What a visitor chose of the map of the space: a part of the session, and of the address.

Separate because the map has choices of its own, a dozen of them; everything read from an address is checked here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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


@dataclass(frozen=True)
class SpaceChoice:
    """Which films are mapped, as which points, laid out how, and by what they are coloured.

    ``fitted_on`` are the films that the map is made of, where that is more than the one on show: those that come later
    are placed on it. ``through`` are the words that the space is seen through, ``numbers`` what differs from the usual.
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
        known = tuple(film for film in self.fitted_on if film in films)
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
        """Return the choice with one number set; None, and the usual value, are not kept."""
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
        try:
            value = kind((asked.get(f"map_{name}") or [""])[0])
        except ValueError:
            continue
        chosen = chosen.with_number(name, value)
    through = asked.get("through") or ()
    chosen = chosen.with_through(", ".join(through), settings) if through else chosen
    return replace(chosen, is_path=asked.get("path") == ["1"])
