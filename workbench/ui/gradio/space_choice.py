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
from workbench.ui.gradio import space_texts as texts

FILMS = ("this", "all", "file")
POINTS = ("frame", "segment")
MAPS = {"umap": ("umap", 2), "umap3": ("umap", 3), "pca": ("pca", 2), "pca3": ("pca", 3)}
"""Ways to lay a map out: what does it, and along how many axes."""
MOST_LETTERS = 600
NUMBERS: dict[str, type] = {"n_neighbours": int, "min_dist": float, "seed": int, "smallest": int}
"""Parameters of the map that a visitor sets as numbers, and what each is."""
MOST_THROUGH = 12
MOST_FITTED, MOST_PICTURES = 200, 8
_SHORT = 12
_START_OF_ID, _ID = re.compile(r"[0-9a-f]{12}"), re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class SpaceChoice:
    """Which films are mapped, as which points, laid out how, and by what they are coloured.

    ``fitted_on`` are the films that the map is made of, where that is more than the one on show: those that come later
    are placed on it; an address names them by how their ids begin. ``through`` are the words that the space is seen
    through, ``numbers`` what differs from the usual, ``supervised`` the column that pulls points together. ``pictures``
    are still ones that are looked for, and ``file`` features that the visitor brought, each by its id with its title.
    ``other`` is the model that the one on show is compared with.
    """

    films: str = FILMS[0]
    points: str = POINTS[0]
    map: str = "umap"
    colour: str = ""
    is_path: bool = False
    through: tuple[str, ...] = ()
    numbers: tuple[tuple[str, float], ...] = ()
    fitted_on: tuple[str, ...] = ()
    supervised: str = ""
    pictures: tuple[tuple[str, str], ...] = ()
    file: tuple[str, str] | None = None
    other: str = ""

    def params(self, video: str, films: Sequence[str], common: Mapping[str, Any], **more: Any) -> EmbedParams:
        """Return the question in the form the analysis takes it; ``films`` are all that the visitor has."""
        reducer, axes = MAPS[self.map]
        laid_out: dict[str, Any] = {"reducer": reducer, "axes": axes, "supervised": self.supervised}
        laid_out |= dict(self.numbers)
        if self.films == "file":
            return EmbedParams((), (), "", **laid_out | more)
        is_all = self.films == "all"
        # In an order that does not hang on who brought what when: the same films make the same map.
        known = tuple(sorted(film for film in films if film.startswith(self.fitted_on))) if self.fitted_on else ()
        asked: dict[str, Any] = {
            "videos": tuple(films) if is_all else (video,),
            "fitted_on": known if is_all else (),
            "points": self.points,
            "through": self.through,
            "pictures": tuple(picture for picture, _ in self.pictures),
        }
        return EmbedParams(**common, **laid_out | asked | more)

    def with_numbers(self, values: Mapping[str, float | None]) -> SpaceChoice:
        """Return the choice with these numbers; None, and the usual value, are not kept.

        Raises ``InputError`` for what is no number.
        """
        if any(value is not None and not math.isfinite(value) for value in values.values()):
            raise InputError(texts.NOT_A_NUMBER)
        numbers = {name: NUMBERS[name](value) for name, value in values.items() if value is not None}
        kept = {name: old for name, old in self.numbers if name not in values}
        kept |= {name: value for name, value in numbers.items() if value != getattr(EmbedParams, name)}
        return replace(self, numbers=tuple(sorted(kept.items())))

    def with_picture(self, picture: str, title: str) -> SpaceChoice:
        """Return the choice with one more picture; ``InputError`` for too many."""
        others = tuple(pair for pair in self.pictures if pair[0] != picture)
        if len(others) == MOST_PICTURES:
            raise InputError(texts.too_many_pictures(MOST_PICTURES))
        return replace(self, pictures=(*others, (picture, title)))

    def with_through(self, text: str, settings: Settings) -> SpaceChoice:
        """Return the choice with the words that a visitor typed, separated by commas; ``InputError`` for too many."""
        words = tuple(dict.fromkeys(checked_query(part, settings) for part in text.split(",") if part.strip()))
        if len(words) > MOST_THROUGH:
            raise InputError(texts.too_many_words(len(words), MOST_THROUGH))
        if len(words) == 1:
            raise InputError(texts.ONE_WORD)
        return replace(self, through=words)

    def address(self) -> list[tuple[str, str]]:
        """Return the pairs of the address that restore this choice."""
        usual = SpaceChoice()
        pairs = [(name, getattr(self, name)) for name in _CHECKS if getattr(self, name) != getattr(usual, name)]
        pairs += [("path", "1")] if self.is_path else []
        pairs += [("features", self.file[0])] if self.file else []
        pairs += [("picture", picture) for picture, _ in self.pictures]
        pairs += [("through", word) for word in self.through]
        pairs += [("fitted", film[:_SHORT]) for film in self.fitted_on]
        pairs += [(f"map_{name}", repr(value)) for name, value in self.numbers]
        return pairs


_CHECKS: dict[str, Callable[[str], bool]] = {
    "films": FILMS.__contains__,
    "points": POINTS.__contains__,
    "map": MAPS.__contains__,
    "colour": lambda text: len(text) <= MOST_LETTERS,
    "supervised": lambda text: len(text) <= MOST_LETTERS,
    "other": lambda text: len(text) <= MOST_LETTERS,
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
            chosen = chosen.with_numbers({name: kind((asked.get(f"map_{name}") or [""])[0])})
    through = asked.get("through") or ()
    chosen = chosen.with_through(", ".join(through), settings) if through else chosen
    fitted = tuple(start for start in asked.get("fitted", ())[:MOST_FITTED] if _START_OF_ID.fullmatch(start))
    pictures = [(picture, "") for picture in asked.get("picture", ())[:MOST_PICTURES] if _ID.fullmatch(picture)]
    file = (asked.get("features") or [""])[0]
    chosen = replace(chosen, file=(file, f"features {file[:8]}") if _ID.fullmatch(file) else None)
    # Without its file there is nothing to show of it.
    films = FILMS[0] if chosen.films == "file" and chosen.file is None else chosen.films
    return replace(chosen, films=films, is_path=asked.get("path") == ["1"], fitted_on=fitted, pictures=tuple(pictures))
