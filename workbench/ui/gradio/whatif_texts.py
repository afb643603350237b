"""What is said around the probes of the page."""

from __future__ import annotations

from workbench.analyses.toy_clips import COUNT, COUNT_IN_ORDER
from workbench.figures.probe_report import KEY

TITLE = "What if"
WHAT = (
    "One thing is changed in the sentence or in the video, and all else is left as it is. A model that understands "
    "what happens gives the true sentence the higher score; other words for the same, and as much left out of the "
    "video, are the controls, which should change nothing. Ties count as failures."
)
NO_QUERY = "Add a sentence that is true of this video; its edits are made from it."
SENTENCES_TITLE, VIDEOS_TITLE = "The sentence, changed", "The video, changed"
ROLES = {
    "meaning": "less true of this video; a denial and shuffled words are no answer to what it shows, and no rivals",
    "time": "frames moved about",
    "picture": "pictures changed",
    "control": "controls: nothing that is told is changed",
    "ceiling": "nothing to do with it",
}
NONE_OF_SENTENCE = "No edit of this sentence was made."
OWN_LABEL, OWN_ADD = "Edits of your own", "Add"
OWN_HINT = "the sentence with one thing changed; several, a line each"
PAINT = "Change the pictures, too"
PAINTED = (
    "Crops, blurs, what moves alone and the like are encoded again; of a model that reads several frames at once, "
    "everything is. What was encoded once is kept."
)
WATCH, BACK = "Watch", "Back to the sentence that this is an edit of"
DOING = {
    "who": ("Who", "Who made this score: which words and frames"),
    "where": ("Where", "Where in the picture it looked"),
    "correct": ("✎", "Correct"),
    "drop": ("×", "Take away"),
}
RANKS_TITLE = "Who overtakes whom"
RANKS_AMONG = "Ranks are among the other videos of the list above, and your other sentences; all of them are read once."
NO_OTHER_VIDEOS, NO_OTHER_SENTENCES = "other videos: upload some", "other sentences: add some"
ALL_NUMBERS, NO_SCORE, AS_IS = "All numbers", "not made", "as it is"
BY_SENTENCE, BY_EDIT, AS_IT_IS, EDITED = "by the sentence", "by the edit", "the video as it is", "the video edited"
NOT_ON_SHOW = "These edits are of an earlier question; wait for the new ones."
NOT_A_PICK = "That edit is no longer there; the page may be out of date, reload it."
WATCHED = "as the model is shown it, {rate:.2g} frames a second"
MANY_TITLE = "Many films"
MANY_WHAT = (
    "What one video says may be luck. Every film of the toy world shows one thing of one colour that does one thing, "
    f"or, in {COUNT_IN_ORDER} of them, two, one after the other: its sentence is true, its edits are false, and where "
    "one thing is done the sentence with the opposite direction is true of the film played backwards. Or probe videos "
    "of yours, by a file of what is true of them."
)
TOY_ASK, FILE_ASK = f"Probe {COUNT + COUNT_IN_ORDER} films of the toy world", "Upload captions of your videos"
FILE_HELP_TITLE = "How the file is written"
FILE_HELP = (
    "A text file of 5 MB and 200 captions at most: a JSON object a line, whose “vid” is the title of a video in your "
    "list and whose “caption” is true of it, or of a part of it with “start_s” and “end_s”. Edits are made of it; a "
    "file with edits of its own is one of VITATECS (JSON of “video_name”, “caption”, “counterfactual”, “aspect”) or "
    "of Feint6K (CSV of “video_id” and “sentence”, the first of a video true)."
)
NO_FILE = "Upload a file of captions first."
MANY_SURE = KEY
ONE_VIDEO = (
    "A score is the cosine of the sentence with the mean of the video, or of the selected part. These are exact, and "
    "of one video; how often such an edit is noticed takes many, see below. Beside every score stands by how much it "
    "is above or below that of the true pair."
)


def is_there(edit: str) -> str:
    """Return that an edit is made already."""
    return f"“{edit}” is among the edits already."


def too_many_own(most: int) -> str:
    """Return that no edit more can be written."""
    return f"{most} edits of one's own are the most; take one away first."


def too_many_without(most: int) -> str:
    """Return that no edit more can be taken away."""
    return f"{most} edits are the most that can be taken away; change the sentence."


def ranks_among(n_films: int, n_sentences: int) -> str:
    """Return what ranks are among, and what is missing where there is nothing to rank among."""
    lacking = [what for what, n in ((NO_OTHER_VIDEOS, n_films), (NO_OTHER_SENTENCES, n_sentences)) if n == 1]
    return f"There are no {' and no '.join(lacking)}, to see ranks among them." if lacking else RANKS_AMONG


def not_made(n: int) -> str:
    """Return how many kinds of edits were not made."""
    return f"Not made: {n}"


def corrects(edit: str) -> str:
    """Return that what is added takes the place of an edit."""
    return f"What is added takes the place of “{edit}”; add nothing to leave it as it is."


def too_many_cases(name: str, n_cases: int, most: int) -> str:
    """Return that a file has more captions than the page probes."""
    return f"{name} has {n_cases:,} captions; the page probes {most:,}, the command line 2,000."
