"""Every word of the section that says what can be read from a space, apart from where it stands.

Separate so that the section can be read, and corrected, as text.
"""

from __future__ import annotations

import math

from workbench.analyses.toy_clips import COUNT
from workbench.types.comparison import Examination

TITLE = "What can be read from this space"
WHAT = (
    "What is known of clips, such as a colour or an action, is guessed from the model’s numbers alone: by a vote of "
    "the nearest clips of other videos, and by a linear map learnt on other videos. Sentences are looked for among "
    "clips, and clips among sentences. Every number stands beside what chance gives. Where another model is chosen "
    "above, it is asked the same."
)
CLIPS_LABEL = "Clips"
CLIPS = {
    "toyworld": f"toy world: {COUNT} films of one object doing one thing",
    "moments": "moments known of these videos",
    "file": "a file of mine",
}
ASK = "Examine"
FILE_BUTTON = "Upload a file of labels"
FILE_HELP = "A text file of 5 MB at most, with one row a line for every clip, such as"
FILE_EXAMPLE = (
    '{"vid": "my film", "start_s": 2, "end_s": 5, "labels": {"colour": "red"}, "caption": "a red wall"}',
    '{"vid": "my other film", "labels": {"colour": "blue"}}',
)
FILE_RULES = (
    "“vid” is the title of a video in your list. Without times a row is of the whole video; it has labels, a caption, "
    "or both. Every value of a label must be in two videos."
)
NO_FILE = "Upload a file of labels first, or choose other clips."
NO_MOMENTS = "No true moments are known of these videos; choose other clips."
LABELS_SURE = (
    "A whisker is an interval of 95 %: how much the number varies with the videos that happen to be there. Chance is a "
    "guess of the most frequent value."
)
CAPTIONS_SURE = "For sentences and clips, chance is a random order."
OVERLAP = (
    "Moments of one video may overlap, and then the sentence of one is true of the other, too: a wrong clip that is "
    "found first may be right in part."
)
TABLE_HEAD = ("model", "looked for", "found first", "in first 5", "in first 10", "median rank")
LOOKED_FOR = {"find_clips": "clips, by their sentences", "are_found": "sentences, by their clips"}
ALIGNMENT_TITLE = "Alignment and uniformity"


def brought(name: str, n_clips: int, n_videos: int) -> str:
    """Return what a file of labels holds."""
    clips, videos = ("clip" if n_clips == 1 else "clips"), ("video" if n_videos == 1 else "videos")
    return f"{name}: {n_clips:,} {clips} of {n_videos:,} {videos}."


def by_chance(share: float) -> str:
    """Return what chance gives beside what was found."""
    return f"chance {share:.0%}"


def of_all(n: int) -> str:
    """Return how many there are beside the rank of one."""
    return f"of {n:,}"


def too_many_rows(name: str, n: int, most: int) -> str:
    """Return that a file has more rows than the page examines."""
    return f"{name} has {n:,} rows; the page examines {most:,}, the command line any number."


def too_many_labels(n: int, most: int) -> str:
    """Return that a file has more labels than the page reads."""
    return f"There are {n:,} labels; the page reads {most}, so leave some out."


def too_long_label(most: int) -> str:
    """Return that a label, or a value of one, is longer than the page reads."""
    return f"A label or a value has more than {most} letters; shorten it."


def too_many_values(name: str, n: int, most: int) -> str:
    """Return that a label has more values than the page reads."""
    return f"“{name}” has {n:,} values; the page reads {most}, so leave it out or join some."


def how_clips_lie(found: Examination) -> str:
    """Return how far clips are from their sentences, and how evenly they are spread."""
    spread = f"uniformity {found.uniformity:.2f}".replace("-", "\N{MINUS SIGN}")
    said = f"{spread}: 0 where all clips are alike, lower the farther they are apart"
    if not found.captions:
        return f"{said}."
    if math.isnan(found.captions.alignment):
        return f"{said}; no alignment, as sentences are read against the video."
    apart = f"alignment {found.captions.alignment:.2f}: the mean squared distance of a clip from its sentence"
    return f"{apart}, 0 for the same direction and 4 for the opposite; {said}."
