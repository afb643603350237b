"""A file of labels that a visitor brought: every row a clip of a video of theirs.

Separate from other files that are brought: a regression cannot be stopped, so that what it would take too long for is
refused here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.analyses.clips import Clip, clips_of
from workbench.errors import InputError
from workbench.settings import Settings
from workbench.types.video import VideoInfo
from workbench.ui.annotations import rows_in
from workbench.ui.gradio import examine_texts as texts
from workbench.ui.gradio.brought_files import MOST_CHARS, finder, text_of

MOST_ROWS, MOST_LABELS, MOST_VALUES = 2_000, 12, 50


@dataclass(frozen=True)
class LabelFile:
    """A file by the name its visitor gave it, and its clips."""

    name: str
    clips: tuple[Clip, ...]

    @property
    def said(self) -> str:
        """What the file holds, in a sentence."""
        return texts.brought(self.name, len(self.clips), len({clip.video for clip in self.clips}))


def read_labels(path: Path, name: str, films: Sequence[VideoInfo], settings: Settings) -> LabelFile:
    """Return the clips of a file, whose videos are ``films``, named as their visitor names them.

    Raises ``InputError``, one sentence with what to do.
    """
    rows = rows_in(text_of(path), name)
    if len(rows) > MOST_ROWS:
        raise InputError(texts.too_many_rows(name, len(rows), MOST_ROWS))
    clips = clips_of(rows, name, finder(films), settings)
    _check_labels(clips)
    return LabelFile(name, clips)


def _check_labels(clips: Sequence[Clip]) -> None:
    names = dict.fromkeys(name for clip in clips for name in clip.labels)
    if len(names) > MOST_LABELS:
        raise InputError(texts.too_many_labels(len(names), MOST_LABELS))
    for name in names:
        values = {clip.labels[name] for clip in clips if name in clip.labels}
        if max(map(len, (name, *values))) > MOST_CHARS:
            raise InputError(texts.too_long_label(MOST_CHARS))
        if len(values) > MOST_VALUES:
            raise InputError(texts.too_many_values(name, len(values), MOST_VALUES))
