"""Lesson 5: the space laid out flat, and what a flat map cannot keep."""

from __future__ import annotations

import streamlit as st

from workbench.analyses.embed import EmbedParams
from workbench.analyses.spaces import KNOWN
from workbench.figures.embedding import colourings, embedding_figure, with_hover
from workbench.ui.lessons.room import FRAME_MODEL, answer, film
from workbench.ui.lessons.steps import Lesson, predicted, take_home

FILMS = (1, 2, 3)

TOLD_APART = {
    "everything": (),
    "colours": (
        "a red object",
        "a purple object",
        "a blue object",
        "a cyan object",
        "a green object",
        "a white object",
    ),
    "shapes": ("a circle", "a ring", "a star", "a triangle", "a cross"),
}


def show() -> None:
    """Show the lesson."""
    st.write(
        "Three films, one point a picture. What is near in the space, of hundreds of dimensions, is to be near on "
        "the map, of two. UMAP tries; it cannot keep everything, and says nothing of what it lost. So how far to "
        "trust it is measured."
    )
    videos = tuple(film(number).id for number in FILMS)
    whole = answer(EmbedParams(videos, (), FRAME_MODEL))
    kept = float(whole.quality.kept.mean())
    choices = ("fewer than half", "between half and nine tenths", "more than nine tenths")
    truth = choices[0] if kept < 0.5 else choices[1] if kept <= 0.9 else choices[2]
    if not predicted(
        "the-map",
        f"Of the {whole.quality.n_neighbours} nearest neighbours that a picture has in the space, how many are among "
        "its nearest on the map?",
        choices,
        truth,
        f"On average {kept:.0%}. Hollow points are those whose neighbours are elsewhere.",
    ):
        return
    st.subheader("The map")
    told_apart = st.radio("What counts", list(TOLD_APART), horizontal=True)
    found = answer(EmbedParams(videos, (), FRAME_MODEL, through=TOLD_APART[told_apart]))
    offered = colourings(found)
    colour_by = st.selectbox("Colour", offered, index=offered.index(KNOWN))
    st.caption(f"“{KNOWN}” is what was planted: the sentences that are true of a picture.")
    st.plotly_chart(with_hover(embedding_figure(found, colour_by), found))
    st.write(found.conclusion)
    st.caption(f"Of the nearest neighbours, {found.quality.kept.mean():.0%} are near on the map.")
    take_home(
        "Distances between islands of such a map mean nothing, and a gap may be none. Ask for the neighbours in the "
        "space itself, and for what share of them the map has kept."
    )


LESSON = Lesson(5, "The map of the space", "The map", "What a flat map keeps, and what it cannot.", show)
