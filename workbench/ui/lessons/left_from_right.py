"""Lesson 6: the model that cannot tell left from right, and how one finds out."""

from __future__ import annotations

import streamlit as st

from workbench.analyses.cases import Case
from workbench.analyses.numerals import signed
from workbench.analyses.probe import ProbeParams
from workbench.types.probe import Probed, ProbeReport
from workbench.ui.lessons.room import FILM_WIDTH_PX, FRAME_MODEL, VIDEO_MODEL, answer, clips, services
from workbench.ui.lessons.steps import Lesson, predicted, table, take_home

MODELS = {FRAME_MODEL: "the model of single pictures", VIDEO_MODEL: "the model of motion"}


def show() -> None:
    """Show the lesson."""
    sideways = [clip for clip in clips() if clip.labels["action"] in ("moves left", "moves right")]
    captions = {clip.caption: clip for clip in sideways}
    query = st.selectbox("A film in which one thing happens", list(captions))
    clip = captions[query]
    st.video(str(services().library.path_of(clip.video)), width=FILM_WIDTH_PX)
    st.write(
        f"“{query}” is what was drawn, and nothing else happens. Two models say how well that fits the film. Now "
        "think of it played backwards: what went one way goes the other, and every single picture is still there."
    )
    both, one, neither = "It falls for both models", "It falls for one of them", "It stays as it is for both"
    if not predicted(
        "left-from-right",
        "What becomes of the score of the sentence?",
        (both, one, neither),
        one,
        f"For {MODELS[FRAME_MODEL]}, a film is a heap of pictures: their mean is the same in any order. No training "
        "would help, as it cannot see what is to be learned. What was planted is true of the film as it is, and "
        "false of it backwards.",
    ):
        return
    for model, named in MODELS.items():
        found = _probed(clip.video, query, model)
        [case] = found.cases
        st.markdown(f"**{named[0].upper()}{named[1:]}** (`{model}`)")
        controls = [edit.title for edit in case.films if edit.role == "control"]
        backwards, *held = (case.film_row(kind) for kind in ("reverse", *_kinds(case, "control")))
        scores = [float(case.scores[row, 0]) for row in (0, backwards, *held)]
        films = ["as it is", "played backwards", *(f"{title} (control)" for title in controls)]
        table({"the film": films, "score of the sentence": scores})
        gap = scores[0] - scores[1]
        st.write(
            "Backwards, the difference is exactly 0." if gap == 0 else f"Backwards, the difference is {signed(gap)}."
        )
    take_home(
        "A model that knows the right answer on an ordinary film may know it for the wrong reason. Change the one "
        "thing that matters, leave all else, and look whether the answer changes; and change something that does not "
        "matter, as a control."
    )


def _kinds(case: Probed, role: str) -> list[str]:
    return [edit.kind for edit in case.films if edit.role == role]


def _probed(video: str, query: str, model: str) -> ProbeReport:
    return answer(ProbeParams((Case(video, query),), model, text_kinds=("direction",), film_kinds=("reverse",)))


LESSON = Lesson(6, "The model that cannot tell left from right", "Left from right", "A probe with a control.", show)
