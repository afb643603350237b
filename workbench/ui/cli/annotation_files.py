"""What is asked of the films of a folder by a file of annotations, at a person's own machine.

Separate from the verbs, as Python asks the same.
"""

from __future__ import annotations

from pathlib import Path

from workbench.analyses.cases import Case
from workbench.analyses.clips import Clip, FindVideo, clips_of
from workbench.analyses.services import Services
from workbench.errors import InputError
from workbench.types.video import VideoInfo
from workbench.ui.cases import cases_of
from workbench.ui.cli.output import read_rows, read_text
from workbench.ui.cli.video_folder import videos_in


def clips_in(services: Services, path: str, folder: str) -> tuple[Clip, ...]:
    """Return the clips of a file of labels or captions, whose films are in a folder; raises ``InputError``."""
    find_video = _finder(services, folder)
    return clips_of(read_rows(path), Path(path).name, find_video, services.settings)


def cases_in(services: Services, path: str, folder: str) -> tuple[Case, ...]:
    """Return the cases of a file of captions or edits; without a folder its films lie beside it.

    Raises ``InputError``.
    """
    find_video = _finder(services, folder or str(Path(path).parent))
    return cases_of(read_text(path), Path(path).name, find_video, services.settings)


def _finder(services: Services, folder: str) -> FindVideo:
    """Return what finds the film of a row: a file of the folder, with its ending or without, else an example."""
    files = videos_in(folder)
    examples = {film.title: film for film in services.library.examples()}

    def find_video(vid: str) -> VideoInfo:
        name = vid if vid in files else Path(vid).stem
        if name in files:
            return services.library.open_path(files[name])
        if vid in examples:
            return examples[vid]
        raise InputError(f"There is no video {vid}.* in {folder}; name the folder with --videos.")

    return find_video
