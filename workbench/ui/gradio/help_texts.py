"""What the page says of itself: its keys, and the tour of a first visit.

Separate from the other texts, which are about videos and answers.
"""

from __future__ import annotations

HELP, CLOSE, KEYS_TITLE = "Help", "Close", "Keys"
KEYS = (
    ("Space", "play or pause"),
    ("← →", "one frame back or on; on the tabs, to the one beside"),
    ("Shift ← →", "one second back or on"),
    ("1 to 9", "go to a moment of the current sentence"),
    ("I, O", "begin or end the selected span where the player stands"),
    ("Esc", "clear the selected span, or end the tour"),
    ("/", "type a sentence"),
    ("?", "this list"),
)
SINGLE_KEYS = "Keys of one letter, digit or sign"

TAKE_TOUR, NEW_HERE = "Take the tour", "New here?"
BACK, NEXT, DONE, END = "Back", "Next", "Done", "End the tour"
TOUR = (
    ("Choose a video", "Pick an example, or upload a video of your own."),
    (
        "Say what should be seen",
        "Type a sentence and press Enter. The model that answers is chosen here, too: what it knows stands under it; "
        "of all else it can only guess.",
    ),
    (
        "See when it is true",
        "Bright is where the video is like the sentence. Click there, or on a moment with a number, and the player "
        "goes to it.",
    ),
    (
        "A wrong moment? Ask why",
        "“Who made it” tells which words and frames made the score, “Where it looked” shows where in the picture, and "
        "“What if” changes one thing at a time.",
    ),
    (
        "And how sure is it?",
        "Every answer says whether the sentence is in this video at all, compared with sentences that are not. “Not "
        "shown” is an answer, too.",
    ),
)
"""At most five steps, each with what it is called; they lead to the places in ``help_panels``, one by one."""


def step_of(number: int, n_steps: int) -> str:
    """Return how far the tour is."""
    return f"{number} of {n_steps}"
