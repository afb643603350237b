"""Lesson 2: from a curve of cosines to a moment, and to the answer that there is none."""

from __future__ import annotations

import streamlit as st

from workbench.analyses.ground import GroundParams
from workbench.figures.clock import clock_label
from workbench.figures.timeline import timeline_figure
from workbench.ui.lessons.room import FILM_WIDTH_PX, FRAME_MODEL, answer, film, services
from workbench.ui.lessons.steps import Lesson, predicted, take_home

FILM, QUERY, PART_S = 3, "a red ring", 10.0


def show() -> None:
    """Show the lesson."""
    video = film(FILM)
    st.write(
        "The model reads two pictures of each second and compares each with the sentence. Where the curve of cosines "
        "stands out, it proposes a moment. Watch the film first: when is it true that there is "
        f"**{QUERY}**?"
    )
    st.video(str(services().library.path_of(video.id)), width=FILM_WIDTH_PX)
    truth = {
        row["query"]: [tuple(window) for window in row["windows"]] for row in services().library.truth_for(video.id)
    }
    (start_s, end_s), *_ = truth[QUERY]
    parts = [
        f"between {clock_label(at)} and {clock_label(min(at + PART_S, video.duration_s))}"
        for at in _starts(video.duration_s)
    ]
    if not predicted(
        "a-moment",
        f"When does {QUERY} come on stage?",
        parts,
        parts[int(start_s // PART_S)],
        f"It is planted there: whoever drew the film knows that it is seen from {clock_label(start_s, 0.1)} to "
        f"{clock_label(end_s, 0.1)}.",
    ):
        return
    st.subheader("What the model makes of it")
    query = st.selectbox("Sentence", list(truth), index=list(truth).index(QUERY))
    smoothing_s = st.slider("Smoothing (seconds)", 0.0, 5.0, 1.0, 0.5)
    found = answer(GroundParams(video.id, (query,), FRAME_MODEL, smoothing_s=smoothing_s))
    st.plotly_chart(timeline_figure(found, video.duration_s, truth))
    if not found.is_in_video[0]:
        st.write(
            f"“{query}” is **not in this video**: sentences that are known to be absent rise as high as this one with "
            f"a probability of {found.p_absent[0]:.2g}. "
            f"{'Nor was it planted.' if not truth[query] else 'It was planted.'}"
        )
    elif found.moments[0]:
        first = found.moments[0][0]
        planted = ", ".join(f"{clock_label(a, 0.1)} to {clock_label(b, 0.1)}" for a, b in truth[query]) or "nothing"
        st.write(
            f"First moment: {clock_label(first.start_s, 0.1)} to {clock_label(first.end_s, 0.1)}. Planted: {planted}."
        )
    take_home(
        "A peak is always there, also for a sentence that is nowhere true. Whether it means something is a question of "
        "how high absent sentences rise, and that has to be measured."
    )


def _starts(duration_s: float) -> list[float]:
    return [at * PART_S for at in range(int(duration_s // PART_S) + 1)]


LESSON = Lesson(
    2,
    "Finding a moment",
    "A moment",
    "How a sentence finds its place in a film, and how it is told that it has none.",
    show,
)
