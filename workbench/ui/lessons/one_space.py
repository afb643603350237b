"""Lesson 1: pictures and sentences as directions of one space."""

from __future__ import annotations

import numpy as np
import streamlit as st

from workbench.analyses.ground import GroundParams
from workbench.ui.lessons.room import FRAME_MODEL, answer, film, stills
from workbench.ui.lessons.steps import NO_SENTENCE, Lesson, predicted, table, take_home

FILM = 2
SHOWN = {"a green circle": 5.5, "a purple triangle": 17.5, "a blue star": 22.5, "a cyan ring": 25.5}
"""What is alone in the picture, by what was planted, and when."""
ASKED, NEAR = "a purple triangle", ("a purple star", "a blue triangle")


def show() -> None:
    """Show the lesson."""
    video = film(FILM)
    st.write(
        "A model of pictures and text turns every picture, and every sentence, into an arrow of the same length in one "
        "space. How alike two of them are is the cosine of the angle between their arrows: 1 for the same direction, 0 "
        "for none in common."
    )
    times_s = tuple(SHOWN.values())
    for column, picture, query in zip(st.columns(len(SHOWN)), stills(video.id, times_s), SHOWN, strict=True):
        column.image(picture, caption=query)
    second = _nearer(video.id)
    if not predicted(
        "one-space",
        f"Nearest to the picture of {ASKED} is “{ASKED}”. Which of two sentences that are not true comes next?",
        NEAR,
        second,
        "Neither is true: below every picture stands what was planted in it. Against this one the model holds a wrong "
        f"{_graver(second)} more.",
    ):
        return
    st.subheader("Every picture with every sentence")
    queries = (*SHOWN, *NEAR)
    table({"sentence": queries} | {query: _cosines(video.id, queries, at_s).tolist() for query, at_s in SHOWN.items()})
    st.caption("A column is a picture. Compare cosines within it: how high is high differs from model to model.")
    st.subheader("Your own sentence")
    own = st.text_input("A sentence about coloured shapes", "a purple circle", max_chars=100)
    if not own.strip():
        st.write(NO_SENTENCE)
    else:
        values = _columns(video.id, (own.strip(),))
        best = max(values, key=lambda query: values[query])
        st.bar_chart(values, horizontal=True, x_label="", y_label="cosine")
        st.write(f"“{own.strip()}” lies nearest to the picture of {best}.")
        for warning in answer(GroundParams(video.id, (own.strip(),), FRAME_MODEL)).warnings:
            st.warning(warning)
    take_home(
        "A joint embedding makes pictures and sentences comparable. It has no notion of true and false, only of "
        "nearer and farther: something is always nearest."
    )


def _nearer(video_id: str) -> str:
    cosines = _cosines(video_id, NEAR, SHOWN[ASKED])
    return NEAR[int(cosines.argmax())]


def _graver(nearer: str) -> str:
    """Return what is wrong with the one of the two sentences that is not the nearer one."""
    return {NEAR[0]: "colour", NEAR[1]: "form"}[nearer]


def _cosines(video_id: str, queries: tuple[str, ...], at_s: float) -> np.ndarray:
    found = answer(GroundParams(video_id, queries, FRAME_MODEL))
    return found.similarity[:, int(np.abs(found.times_s - at_s).argmin())]


def _columns(video_id: str, queries: tuple[str, ...]) -> dict[str, float]:
    return {query: float(_cosines(video_id, queries, at_s)[0]) for query, at_s in SHOWN.items()}


LESSON = Lesson(
    1, "One space for pictures and words", "One space", "What it means that a model can compare them at all.", show
)
