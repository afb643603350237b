"""The kinds of edits of a film, one entry each: what is done, what it is held against, and what it should change.

Separate so that a kind is added by one line here and one function elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.core.video_edits import pictures, timeline
from workbench.core.video_edits.pictures import Paint
from workbench.core.video_edits.timeline import Arrange
from workbench.errors import InputError
from workbench.types.edits import FilmRole


@dataclass(frozen=True)
class FilmKind:
    """A kind of edit; ``control`` is the kind that does as much and changes nothing that is told, or nothing.

    ``arrange`` moves frames about, ``paint`` changes pictures, and none does both. ``fewest`` frames are needed.
    """

    name: str
    role: FilmRole
    title: str
    arrange: Arrange = timeline.identity
    paint: Paint | None = None
    control: str = ""
    needs_other: bool = False
    fewest: int = 1


IDENTITY = FilmKind("as it is", "control", "as it is")
"""The film itself: what every edit is held against."""

FILM_KINDS = (
    FilmKind("reverse", "time", "played backwards", timeline.reverse, fewest=2),
    FilmKind("shuffle", "time", "shuffled by frames", timeline.shuffle, fewest=2),
    FilmKind("shuffle-chunks", "time", "shuffled by seconds", timeline.shuffle_chunks, fewest=2),
    FilmKind("freeze", "time", "frozen at its middle", timeline.freeze, fewest=2),
    FilmKind("fast", "time", "played twice as fast", timeline.speed_up, control="subsample", fewest=2),
    FilmKind("slow", "time", "played half as fast", timeline.slow_down, fewest=2),
    FilmKind("drop", "time", "without its middle third", timeline.drop, control="subsample", fewest=3),
    FilmKind("loop", "time", "looped over its first half", timeline.loop, control="subsample", fewest=2),
    FilmKind("roll", "time", "played second half first", timeline.roll, fewest=2),
    FilmKind("splice", "time", "cut off by another video", timeline.splice, needs_other=True, fewest=2),
    FilmKind("exchange", "time", "interrupted by another video", timeline.exchange, needs_other=True, fewest=3),
    FilmKind("crop", "picture", "cut to its middle", paint=pictures.crop, control="crop-anywhere"),
    FilmKind("blur", "picture", "blurred", paint=pictures.blur, control="brighten"),
    FilmKind("low-pass", "picture", "reduced to coarse shapes", paint=pictures.low_pass, control="brighten"),
    FilmKind("occlude", "picture", "covered in its middle", paint=pictures.occlude, control="occlude-anywhere"),
    FilmKind("grey", "picture", "without colours", paint=pictures.greyscale, control="brighten"),
    FilmKind("mirror", "picture", "mirrored left for right", paint=pictures.mirror, control="brighten"),
    FilmKind("noise", "picture", "under grain", paint=pictures.noise, control="brighten"),
    FilmKind(
        "motion-alone", "picture", "reduced to what moves", paint=pictures.motion_alone, control="brighten", fewest=3
    ),
    FilmKind("scene-alone", "picture", "without what moves", paint=pictures.scene_alone, control="brighten", fewest=3),
    FilmKind("subsample", "control", "thinned to three frames of four", timeline.subsample, fewest=4),
    FilmKind("brighten", "control", "a trace brighter", paint=pictures.brighten),
    FilmKind("crop-anywhere", "control", "cut to as much elsewhere", paint=pictures.crop_anywhere),
    FilmKind("occlude-anywhere", "control", "covered as much elsewhere", paint=pictures.occlude_anywhere),
)
FILM_NAMES = tuple(kind.name for kind in FILM_KINDS)
IN_TIME = tuple(kind.name for kind in FILM_KINDS if kind.paint is None)
_BY_NAME = {kind.name: kind for kind in FILM_KINDS}


def film_kinds(names: Sequence[str]) -> tuple[FilmKind, ...]:
    """Return the kinds of these names, with the controls they need, each once, in the order of ``FILM_KINDS``.

    Raises ``InputError`` for a name that is unknown.
    """
    for name in names:
        if name not in _BY_NAME:
            raise InputError(f"There is no edit {name!r} of a video; ask for any of {', '.join(FILM_NAMES)}.")
    needed = {*names, *(_BY_NAME[name].control for name in names)}
    return tuple(kind for kind in FILM_KINDS if kind.name in needed)
