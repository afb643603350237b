"""What the films and pictures of a question are called on a command line: examples by their names, files by theirs.

Separate because both front ends know which files a person has, each in its own way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePath

from workbench.media.library import VideoLibrary
from workbench.ui.reproduction import Named


def known_names(library: VideoLibrary, ids: Iterable[str], files: Mapping[str, str]) -> dict[str, Named]:
    """Return what each film or picture is called; ``files`` are the names of the person's own files, by id.

    Names have no folder. Of two files of one name the second is numbered; what is neither file nor example has its id.
    """
    examples = {film.id for film in library.examples()}
    found: dict[str, Named] = {}
    for video in ids:
        if video in examples:
            found[video] = Named(library.name_of(video), "example")
        elif video in files:
            found[video] = Named(_unlike(files[video], {name.text for name in found.values()}), "file")
        else:
            found[video] = Named(video, "library")
    return found


def _unlike(name: str, others: set[str]) -> str:
    """Return a file's name, numbered where another file is called so."""
    path, number, told = PurePath(name), 1, name
    while told in others:
        number += 1
        told = f"{path.stem}-{number}{path.suffix}"
    return told
