"""The words on the page's own components, and those that its scripts write.

Separate from what is said of videos and answers: these are labels of what is pressed, filled in and looked at.
"""

from __future__ import annotations

PLAY, PAUSE, FRAME_BACK, FRAME_ON, SPEED, SOUND, FULL_SCREEN = (
    "Play",
    "Pause",
    "One frame back",
    "One frame on",
    "Speed",
    "Sound",
    "Full screen",
)
UNPLAYABLE = (
    "This browser cannot play the video's codec. The timeline below was read by the server and is right; convert the "
    "video to H.264 to watch it here."
)
SPAN_BUTTONS = {"play": PLAY, "zoom": "Zoom in", "whole": "Whole video", "clear": "Clear"}
MAP, OPACITY, MAPS_STRIP = "Map", "Opacity", "Pictures with a map: time, cosine, how far it can be trusted"
DRAGGING = "What dragging does"
DRAG_BUTTONS = {"pan": "Move", "lasso": "Loop", "select": "Box"}
WHOLE_MAP, HERE = "Whole map", "Nearest to the frame in the player"
POINTS_CHOSEN, CHOSEN_COLUMNS = "Points chosen", ("video", "time")
SENTENCES, NEW_SENTENCE, ADD, IDEAS = "Sentences", "New sentence", "Add", "Try on this video"
SENTENCE_HINT = "Type what should be seen"
CANCEL = "Cancel"
FIGURES = {
    "timeline": "How alike video and sentences are over time, a row for each sentence",
    "values": "What each frame adds, over time",
    "map": "The score of every span",
    "null": "The peak of the sentence among those of absent ones",
    "cells": "What frames and words add together",
    "patches": "What each patch of the picture adds",
    "look-picture": "The map over the picture",
    "curves": "The cosine while the picture comes into sight",
    "agreement": "How far every two methods agree",
    "heads": "The maps of all layers and heads",
    "head-picture": "The map of one head over the picture",
    "between": "How much frames of the window look at each other",
    "space-map": "The points of the space on a map",
    "space-gap-picture": "Where pictures and sentences lie",
    "pair-map": "The same points on the maps of both models",
    "examine-figure": "What is guessed right from the space, beside chance",
    "whatif-film-ranks": "Ranks among videos, before and after",
    "whatif-text-ranks": "Ranks among sentences, before and after",
    "many-figure": "How often the true pair scores higher, beside chance",
}
"""What pictures are called for who does not see them, by their ids; what they show is said beside them."""

SCRIPTED = {
    "play": PLAY,
    "pause": PAUSE,
    "speed": f"{SPEED} {{}}×",
    "copied link": "Link copied",
    "copied text": "Copied",
    "sentence": "Sentence {}",
    "remove": "Remove “{}”",
    "torn": "{}: torn from its neighbours",
    "chosen": "{} points chosen; {} of the video on show are lit on the timeline.",
    "chosen some": "{} points chosen, {} of them listed; {} of the video on show are lit on the timeline.",
    "sent": "{} of {} MB",
    "too large": "The file is larger than this server accepts; make it smaller.",
    "upload failed": "The upload failed; check the connection and try again.",
    "upload lost": "The connection was lost; try again.",
}
"""What the scripts of the page write, by the names they have there; each ``{}`` stands for one value."""
