"""What clips and cases are asked about at a person's own machine: those of a file of annotations, or what is known.

Separate from the verbs, as Python asks the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from workbench.analyses.analysis import Report
from workbench.analyses.cases import Case
from workbench.analyses.clips import Clip, FindVideo, clips_of
from workbench.analyses.services import Services
from workbench.analyses.toy_clips import toy_clips
from workbench.analyses.true_moments import true_moments
from workbench.errors import InputError
from workbench.types.video import VideoInfo
from workbench.ui.cases import cases_of
from workbench.ui.cli.output import read_rows, read_text
from workbench.ui.cli.video_folder import videos_in
from workbench.ui.reproduction import MOMENTS, TOYWORLD


def chosen_clips(
    services: Services, annotations: str, videos: str, moments_of: Sequence[str], report: Report
) -> tuple[tuple[Clip, ...], str]:
    """Return the clips that are asked for, and what they are of.

    They are those of a file of ``annotations``, labels or captions, whose films are in the folder ``videos``; or the
    moments known of films by their ids; and of the toy world where neither is given. Raises ``InputError``.
    """
    if annotations and moments_of:
        raise InputError("Clips are those of annotations, or moments that are known of films; give one of the two.")
    if bool(annotations) != bool(videos):
        raise InputError("Annotations and videos, the folder of their films, go together; give both, or neither.")
    if annotations:
        source = Path(annotations).name
        return clips_of(read_rows(annotations), source, _finder(services, videos), services.settings), source
    if not moments_of:
        return toy_clips(services, report), TOYWORLD
    clips = true_moments(services, moments_of)
    if not clips:
        raise InputError("No true moments are known of these videos; name an example, or give annotations.")
    return clips, MOMENTS


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
