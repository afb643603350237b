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
    """A kind of edit; ``control`` is the kind that it is held against, or nothing.

    A control touches as much and changes nothing that is told; what another film is put into is held against as much
    taken out alone. ``arrange`` moves frames about, ``paint`` changes pictures, and none does both. ``fewest`` frames
    are needed.
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
    FilmKind("reverse", "time", "played backwards", timeline.reverse, control="stutter", fewest=2),
    FilmKind("shuffle", "time", "shuffled by frames", timeline.shuffle, control="stutter", fewest=2),
    FilmKind("shuffle-chunks", "time", "shuffled by seconds", timeline.shuffle_chunks, control="stutter", fewest=2),
    FilmKind("freeze", "time", "frozen at its middle", timeline.freeze, control="stutter", fewest=2),
    FilmKind("fast", "time", "played twice as fast", timeline.speed_up, control="stutter", fewest=2),
    FilmKind("slow", "time", "played half as fast", timeline.slow_down, control="stutter", fewest=2),
    FilmKind("drop", "time", "without its middle third", timeline.drop, control="subsample", fewest=3),
    FilmKind("loop", "time", "looped over its first half", timeline.loop, control="stutter", fewest=2),
    FilmKind("roll", "time", "played second half first", timeline.roll, control="stutter", fewest=2),
    FilmKind("splice", "time", "cut off by another video", timeline.splice, control="loop", needs_other=True, fewest=2),
    FilmKind(
        "exchange",
        "time",
        "interrupted by another video",
        timeline.exchange,
        control="drop",
        needs_other=True,
        fewest=3,
    ),
    FilmKind("crop", "picture", "cut to its middle", paint=pictures.crop, control="crop-anywhere"),
    FilmKind("blur", "picture", "blurred", paint=pictures.blur, control="brighten"),
    FilmKind("low-pass", "picture", "reduced to coarse shapes", paint=pictures.low_pass, control="brighten"),
    FilmKind("occlude", "picture", "covered in its middle", paint=pictures.occlude, control="occlude-anywhere"),
    FilmKind("grey", "picture", "without colours", paint=pictures.greyscale, control="brighten"),
    FilmKind("mirror", "picture", "mirrored left for right", paint=pictures.mirror, control="shift"),
    FilmKind("noise", "picture", "under grain", paint=pictures.noise, control="brighten"),
    FilmKind("motion-alone", "picture", "reduced to what moves", paint=pictures.motion_alone, fewest=3),
    FilmKind("scene-alone", "picture", "without what moves", paint=pictures.scene_alone, fewest=3),
    FilmKind("stutter", "control", "held at every other frame", timeline.stutter, fewest=4),
    FilmKind("subsample", "control", "thinned to two frames of three", timeline.subsample, fewest=4),
    FilmKind("brighten", "control", "somewhat brighter", paint=pictures.brighten),
    FilmKind("shift", "control", "moved a little aside", paint=pictures.shift),
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
    needed: set[str] = set()
    missing = {*names}
    while missing:
        needed |= missing
        missing = {control for name in missing if (control := _BY_NAME[name].control)} - needed
    return tuple(kind for kind in FILM_KINDS if kind.name in needed)
