"""Lesson 3: Banzhaf values, played by hand on three frames before anything computes them."""

from __future__ import annotations

import streamlit as st

from workbench.analyses.attribute import AttributeParams
from workbench.analyses.numerals import number, signed
from workbench.figures.attribution import players_figure
from workbench.figures.clock import clock_label
from workbench.ui.lessons.room import FRAME_MODEL, answer, by_hand, film, stills
from workbench.ui.lessons.steps import NO_SENTENCE, Lesson, predicted, table, take_home

FILM, QUERY, TIMES_S = 3, "a red ring", (30.0, 34.0, 38.0)
NAMES = ("first", "second", "third")


def show() -> None:
    """Show the lesson."""
    video = film(FILM)
    game = by_hand(video.id, QUERY, TIMES_S)
    st.write(
        f"Three pictures of a film, and the sentence “{QUERY}”. The score of some of them is the cosine of the "
        "sentence with their mean; nobody scores 0. Who made the score? Play it: choose who is in."
    )
    columns, present = st.columns(len(TIMES_S)), []
    for at, (column, picture, at_s) in enumerate(zip(columns, stills(video.id, TIMES_S), TIMES_S, strict=True)):
        column.image(picture, caption=f"{NAMES[at]}, at {clock_label(at_s)}")
        present.append(column.checkbox(f"The {NAMES[at]} is in", value=True, key=f"three-frames {at}"))
    coalition = sum(1 << at for at, is_in in enumerate(present) if is_in)
    st.metric("Score of those who are in", number(float(game.worth[coalition])))
    names = [f"the {name}" for name in NAMES]
    least = names[int(game.values.argmin())]
    if not predicted(
        "three-frames",
        "On average over all ways to choose the others, who lowers the score?",
        (*names, "none of them"),
        least if game.values.min() < 0 else "none of them",
        f"{QUERY[0].upper()}{QUERY[1:]} was planted in the second and the third picture, not in the first. Below is "
        "how the values are worked out.",
    ):
        return
    st.subheader("By hand")
    whom = st.radio("Work it out for", names, horizontal=True, key="three-frames whom")
    player = names.index(whom)
    others = [k for k in range(len(game.worth)) if not k >> player & 1]
    gains = [game.worth[k | 1 << player] - game.worth[k] for k in others]
    table(
        {
            "of the others are in": [_named(k) for k in others],
            "score without": [float(game.worth[k]) for k in others],
            f"score with {whom}": [float(game.worth[k | 1 << player]) for k in others],
            "gain": [float(gain) for gain in gains],
        }
    )
    st.write(
        f"The mean of the {len(gains)} gains is **{signed(sum(gains) / len(gains))}**: the Banzhaf value of {whom}. "
        f"All three: {', '.join(map(' '.join, zip(names, map(signed, game.values.tolist()), strict=True)))}."
    )
    st.subheader("The same for words")
    query = st.text_input("A sentence about coloured shapes", QUERY, max_chars=100)
    if not query.strip():
        st.write(NO_SENTENCE)
    else:
        found = answer(AttributeParams(video.id, (query.strip(),), FRAME_MODEL, players="words"))
        st.plotly_chart(players_figure(found))
        st.write(found.conclusion)
        for warning in found.warnings:
            st.warning(warning)
    take_home(
        "A Banzhaf value is what somebody adds on average, whoever else is there. With three players that is four "
        "subtractions; with twenty it is a million, which a computer does in a few thousandths of a second: there is "
        "no need to guess."
    )


def _named(coalition: int) -> str:
    return " and ".join(f"the {name}" for at, name in enumerate(NAMES) if coalition >> at & 1) or "nobody"


LESSON = Lesson(3, "Who made the score", "Three frames", "Banzhaf values, first by hand.", show)
