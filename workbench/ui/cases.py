"""What a file asks to be probed: captions with edits that somebody made, or captions alone, whose edits are to be made.

Separate from both front ends, which are given such files in different ways, and from both forms of files, which know
nothing of films: here the film of each row is found.
"""

from __future__ import annotations

from workbench.analyses.cases import Case
from workbench.analyses.clips import FindVideo, clips_of
from workbench.core.edit_files import has_edits, read_edits
from workbench.errors import InputError
from workbench.settings import Settings
from workbench.types.video import VideoInfo
from workbench.ui.annotations import rows_in

MOST_CASES = 2_000


def cases_of(text: str, source: str, find_video: FindVideo, settings: Settings) -> tuple[Case, ...]:
    """Return a case for every caption of a file; ``source`` is what it is called in what is said.

    Edits come as Feint6K or VITATECS write them; captions alone as JSON Lines of vid, caption and, of a part of a film,
    start_s and end_s. Raises ``InputError`` for a row that is none of these, and what ``find_video`` raises.
    """
    films: dict[str, VideoInfo] = {}

    def find(vid: str) -> VideoInfo:
        if vid not in films:
            films[vid] = find_video(vid)
        return films[vid]

    if not text.strip():
        raise InputError(f"{source} is empty; write a video and a sentence that is true of it in each row.")
    if has_edits(text):
        found = []
        for each in read_edits(text):
            if not each.video:
                raise InputError(f"{source} names no video of “{each.caption}”; add its name as 'vid'.")
            found.append(Case(find(each.video).id, each.caption, each.edits))
    else:
        found = []
        for number, clip in enumerate(clips_of(rows_in(text, source), source, find, settings), 1):
            if not clip.caption:
                raise InputError(f"Row {number} of {source} has no caption; write what is true of its video.")
            video = next(film for film in films.values() if film.id == clip.video)
            is_whole = clip.start_s <= 0 and clip.end_s >= video.duration_s
            span = (None, None) if is_whole else (clip.start_s, clip.end_s)
            found.append(Case(clip.video, clip.caption, (), *span))
    if len(found) > MOST_CASES:
        raise InputError(f"{source} has {len(found):,} captions; probe {MOST_CASES:,} or fewer at once.")
    return tuple(found)
