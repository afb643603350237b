"""Clips of the toy world whose labels are known, drawn once and kept: what any space can be examined with.

Separate from the toy world, which knows neither the folder nor the library. The films are opened as files, so that they
can be named by their ids and are on nobody's list.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from workbench.analyses.analysis import Report
from workbench.analyses.clips import Clip, clips_of
from workbench.analyses.services import Services
from workbench.errors import StoreError
from workbench.media.encode import write_video
from workbench.toyworld.clips import LABELS_FILE, make_clips, solo_clips
from workbench.types.outcome import Progress

SEED, COUNT = 1, 48
_VERSION = 1
"""To be raised where the same seed draws other films."""


def toy_clips(services: Services, report: Report) -> tuple[Clip, ...]:
    """Return the clips; raises ``StoreError`` where they cannot be kept, and whatever ``report`` raises to cancel.

    Cost: drawing and encoding ``COUNT`` films of a few seconds the first time; later, reading their files.
    """
    folder = services.settings.home / "toyworld" / f"clips-{_VERSION}-{SEED}-{COUNT}"
    if not (folder / LABELS_FILE).is_file():
        _draw(folder, report)
    rows = [json.loads(line) for line in (folder / LABELS_FILE).read_text(encoding="utf-8").splitlines()]
    return clips_of(rows, LABELS_FILE, lambda vid: services.library.open_path(folder / f"{vid}.mp4"), services.settings)


def _draw(folder: Path, report: Report) -> None:
    """Draw the films under another name, and rename the folder when it is whole."""

    def told(done: int, what: str = "") -> None:
        report(Progress(done, COUNT, "Drawing films of the toy world", unit="video"))

    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".incoming-", dir=folder.parent) as name:
            told(0)
            make_clips(Path(name) / "whole", solo_clips(SEED, COUNT), write_video, told)
            (Path(name) / "whole").rename(folder)
    except OSError as problem:
        if not (folder / LABELS_FILE).is_file():  # unless another process drew them meanwhile
            raise StoreError(
                f"The films of the toy world cannot be kept ({problem.strerror or 'it failed'}); free some space or "
                "set WORKBENCH_HOME."
            ) from None
