"""Lesson 4: maps of a picture, what was planted there, and why a map can lie."""

from __future__ import annotations

import streamlit as st

from workbench.analyses.attribute import AttributeParams
from workbench.analyses.map_methods import METHODS
from workbench.analyses.map_texts import title_of
from workbench.figures.heat_maps import heat_figure
from workbench.toyworld.story import random_story
from workbench.toyworld.truth import noun_of
from workbench.types.maps import HeatMaps
from workbench.ui.lessons.room import FRAME_MODEL, answer, film, stills
from workbench.ui.lessons.steps import Lesson, predicted, take_home

SEED, FILM, AT_S = 72, 1, 10.0
QUERY, OTHER = "a cyan star", "a white ring"
"""Both are in the picture."""
OPACITY = 0.7


def show() -> None:
    """Show the lesson."""
    video = film(FILM)
    [picture] = stills(video.id, (AT_S,))
    st.image(picture, width=280, caption=f"Planted: {_planted(QUERY)}, and {_planted(OTHER)}.")
    st.write(
        f"Where does the model look for “{QUERY}”, and where for “{OTHER}”? Many pictures of a model's *attention* "
        "are shown as an answer. Attention tells which parts of the picture the model read most to come to its arrow."
    )
    yes, no = "Yes: it goes where the ring is", "No: it stays as it is"
    if not predicted(
        "where-it-looked",
        f"The map of raw attention was made for “{QUERY}”. Does it change when the sentence is “{OTHER}”?",
        (yes, no),
        no,
        "The model reads the picture before it knows of any sentence. A map of its attention cannot tell where it "
        "looked *for* something, however much it looks like it.",
    ):
        return
    st.subheader("Two methods, two sentences")
    for method in ("raw", "relevance"):
        for column, query in zip(st.columns(2), (QUERY, OTHER), strict=True):
            with column:
                _shown(_map(video.id, query, method), picture, 200, f"{method} {query}")
                st.caption(f"{title_of(method)}, “{query}”")
    st.subheader("Ask for the evidence")
    query = st.selectbox("Sentence", (QUERY, OTHER, "a white star"))
    method = st.selectbox("Method", METHODS, format_func=title_of)
    found = answer(AttributeParams(video.id, (query,), FRAME_MODEL, method=method, at_s=AT_S, evidence=True))
    _shown(found, picture, 360, "tested")
    for verdict in found.evidence.verdicts[0]:
        st.markdown(f"- {verdict}")
    take_home(
        "A map is a claim. It can be tested: hide what it calls important first, and see whether the score falls "
        "faster than by chance; draw the weights anew, and see whether it changes; change the sentence, and see "
        "whether it follows."
    )


def _planted(query: str) -> str:
    """Return where an object was drawn, in words."""
    story = random_story(SEED, FILM - 1, "test")
    [actor] = [
        actor
        for at, actor in enumerate(story.actors)
        if (noun := noun_of(story, at, AT_S)) and query == f"a {noun.colour} {noun.shape}"
    ]
    return f"{query} on the {'left' if actor.x[round(AT_S * story.fps)] < 0.5 else 'right'}"


def _map(video_id: str, query: str, method: str) -> HeatMaps:
    return answer(AttributeParams(video_id, (query,), FRAME_MODEL, method=method, at_s=AT_S))


def _shown(found: HeatMaps, picture: bytes, height_px: int, name: str) -> None:
    st.plotly_chart(heat_figure(found, 0, picture, 1.0, OPACITY).update_layout(height=height_px), key=name)


LESSON = Lesson(
    4, "Where it looked, and why maps can lie", "Where it looked", "Attention is not an answer to a sentence.", show
)
