"""The words of the toy world and what they look like: the one list that drawing and grammar share."""

from __future__ import annotations

SHAPES = ("circle", "square", "triangle", "star", "cross", "ring")

COLOURS = {
    "red": (226, 38, 36),
    "orange": (255, 140, 15),
    "yellow": (250, 228, 40),
    "green": (38, 172, 56),
    "cyan": (40, 214, 222),
    "blue": (44, 84, 240),
    "purple": (162, 58, 214),
    "white": (246, 246, 246),
}

SIZES = ("small", "large")
# Radii in units of the frame's side. Between the two ranges an object is neither small nor large.
SMALL_RADIUS = (0.10, 0.14)
LARGE_RADIUS = (0.19, 0.24)

ROWS = ("top", "middle", "bottom")
COLUMNS = ("left", "middle", "right")

# verb key -> (words, its direction or verb antonym)
VERBS = {
    "appears": ("appears", "disappears"),
    "disappears": ("disappears", "appears"),
    "moves_left": ("moves left", "moves_right"),
    "moves_right": ("moves right", "moves_left"),
    "moves_up": ("moves up", "moves_down"),
    "moves_down": ("moves down", "moves_up"),
    "grows": ("grows", "shrinks"),
    "shrinks": ("shrinks", "grows"),
    "spins_clockwise": ("spins clockwise", "spins_anticlockwise"),
    "spins_anticlockwise": ("spins anticlockwise", "spins_clockwise"),
    "bounces": ("bounces", "stays_still"),
    "stays_still": ("stays still", "bounces"),
    "moves_towards": ("moves towards", "moves_away"),
    "moves_away": ("moves away from", "moves_towards"),
    "changes_colour": ("changes colour to", "changes_colour"),
}
MANNERS = ("slowly", "quickly")
TAKES_MANNER = tuple(verb for verb in VERBS if verb.startswith(("moves", "grows", "shrinks", "spins")))
TAKES_ANOTHER = ("moves_towards", "moves_away")
RELATIONS = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}

# Turning a circle or a ring cannot be seen.
SPINNABLE = ("square", "triangle", "star", "cross")
