"""Clips of the toy world whose truth is known, drawn once and kept: what any model can be examined and probed with.

Separate from the toy world, which knows neither the folder nor the library. The films are opened as files, so that they
can be named by their ids and are on nobody's list.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from workbench.analyses.analysis import Report
from workbench.analyses.cases import Case
from workbench.analyses.clips import Clip, clips_of
from workbench.analyses.services import Services
from workbench.errors import StoreError
from workbench.media.encode import write_video
from workbench.store.keys import cache_key
from workbench.toyworld.clips import LABELS_FILE, SoloClip, make_clips, ordered_clips, solo_clips
from workbench.types.outcome import Progress

SEED, COUNT, COUNT_IN_ORDER = 1, 48, 24
_VERSION = 1
"""To be raised where the same seed draws other films."""


def toy_clips(services: Services, report: Report) -> tuple[Clip, ...]:
    """Return ``COUNT`` clips of one object that does one thing, with its labels.

    Raises ``StoreError`` where they cannot be kept, and whatever ``report`` raises to cancel. Cost: drawing and
    encoding films of a few seconds the first time; later, reading their files.
    """
    return _kept(services, f"clips-{_VERSION}-{SEED}-{COUNT}", solo_clips(SEED, COUNT), COUNT, report)


def toy_clips_in_order(services: Services, report: Report) -> tuple[Clip, ...]:
    """Return ``COUNT_IN_ORDER`` clips of one object that does one thing after another, in the same way."""
    clips = ordered_clips(SEED, COUNT_IN_ORDER)
    return _kept(services, f"in-order-{_VERSION}-{SEED}-{COUNT_IN_ORDER}", clips, COUNT_IN_ORDER, report)


def toy_cases(services: Services, report: Report) -> tuple[Case, ...]:
    """Return all clips of both kinds with their captions, which are true of them: what any model can be probed with."""
    clips = (*toy_clips(services, report), *toy_clips_in_order(services, report))
    return tuple(Case(clip.video, clip.caption) for clip in clips)


def _kept(services: Services, name: str, clips: Iterable[SoloClip], n_clips: int, report: Report) -> tuple[Clip, ...]:
    folder = services.settings.home / "toyworld" / name
    if not (folder / LABELS_FILE).is_file():
        _draw(services, folder, clips, n_clips, report)
    rows = [json.loads(line) for line in (folder / LABELS_FILE).read_text(encoding="utf-8").splitlines()]
    return clips_of(rows, LABELS_FILE, lambda vid: services.library.open_path(folder / f"{vid}.mp4"), services.settings)


def _draw(services: Services, folder: Path, clips: Iterable[SoloClip], n_clips: int, report: Report) -> None:
    """Draw the films under another name, in place of what was left there, and rename the folder when it is whole."""
    unfinished, key = folder.with_name(f".unfinished-{folder.name}"), cache_key(kind="toy-clips", name=folder.name)

    def told(done: int, what: str = "", is_waiting: bool = False) -> None:
        report(Progress(done, n_clips, "Drawing films of the toy world", unit="video", is_waiting=is_waiting))

    try:
        with services.store.lock(key, lambda: told(0, is_waiting=True)):
            if (folder / LABELS_FILE).is_file():  # whoever waited finds what somebody else has drawn
                return
            try:
                shutil.rmtree(unfinished, ignore_errors=True)
                told(0)
                make_clips(unfinished, clips, write_video, told)
                unfinished.rename(folder)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
    except OSError as problem:
        if not (folder / LABELS_FILE).is_file():  # unless another process drew them meanwhile
            raise StoreError(
                f"The films of the toy world cannot be kept ({problem.strerror or 'it failed'}); free some space or "
                "set WORKBENCH_HOME."
            ) from None
