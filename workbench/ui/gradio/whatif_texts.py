"""What is said around the probes of the page."""

from __future__ import annotations

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
OWN_LABEL, OWN_HINT, OWN_ADD = "An edit of your own", "the sentence with one thing changed", "Add edit"
PAINT = "Change the pictures, too"
PAINTED = (
    "Crops, blurs, what moves alone and the like are encoded again; of a model that reads several frames at once, "
    "everything is. What was encoded once is kept."
)
WATCH, WHY, DROP = "Watch", "Why", "Take away"
RANKS_TITLE = "Who overtakes whom"
BY_SENTENCE, BY_EDIT, AS_IT_IS, EDITED = "by the sentence", "by the edit", "the video as it is", "the video edited"
NOT_ON_SHOW = "These edits are of an earlier question; wait for the new ones."
NOT_A_PICK = "That edit is no longer there; the page may be out of date, reload it."
WATCHED = "as the model is shown it, {rate:.2g} frames a second"
TOY_TITLE = "Films whose truth is known"
TOY_WHAT = (
    "What one video says may be luck. Here every film shows one thing of one colour that does one thing: its sentence "
    "is true, its edits are false, and the sentence with the opposite direction is true of the film played backwards."
)
TOY_ASK = "Probe 48 films of the toy world"
TOY_SURE = (
    "Dots are shares, whiskers what 95 % of draws of as many videos hold, never narrower than Wilson's interval. "
    "Hollow dots are what the model cannot know by its architecture."
)
REPORT, REPORT_NAME = "Download report", "probe.html"
ONE_VIDEO = (
    "A score is the cosine of the sentence with the mean of the video, or of the selected part. These are exact, and "
    "of one video; how often such an edit is noticed takes many, see below. Beside every score stands by how much it "
    "is above or below that of the true pair."
)
