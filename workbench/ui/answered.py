"""Questions with their answers, and the command line of each, which every file that is taken away carries.

Separate because both front ends have such, and know by themselves only which files a person has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from workbench.media.library import VideoLibrary
from workbench.types.outcome import Outcome
from workbench.ui.known_names import known_names
from workbench.ui.reproduction import Asked, command_of, ids_in


@dataclass(frozen=True, eq=False)
class Answered:
    """A question and the answer to it."""

    asked: Asked
    outcome: Outcome[Any]


def with_commands(library: VideoLibrary, answers: Sequence[Answered], files: Mapping[str, str]) -> list[Outcome[Any]]:
    """Return the answers, each with the command line that makes it; ``files`` are the person's own, names by ids."""
    asked = [answer.asked for answer in answers]
    names = known_names(library, dict.fromkeys(video for each in asked for video in ids_in(each)), files)
    return [
        replace(each.outcome, provenance=replace(each.outcome.provenance, command=command_of(each.asked, names)))
        for each in answers
    ]
