"""The steps that every lesson has: what it is about, a prediction, the answer beside it, and what to take home.

Separate so that a lesson tells its story alone, and no answer is ever shown before somebody has said what they expect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from workbench.errors import WorkbenchError
from workbench.ui.shortage import plainly

MINUTES = 5
NO_SENTENCE = "Type a sentence to see what comes of it."


@dataclass(frozen=True)
class Lesson:
    """One lesson: its number, its title and a shorter one, what it is about, and what shows it."""

    number: int
    title: str
    short: str
    about: str
    show: Callable[[], None]

    def page(self) -> None:
        """Show the lesson; what goes wrong is one sentence in its place."""
        st.title(f"{self.number}. {self.title}")
        st.caption(f"{MINUTES} minutes. {self.about}")
        try:
            self.show()
        except Exception as problem:
            if not isinstance(plain := plainly(problem), WorkbenchError):
                raise
            st.error(str(plain))


def predicted(name: str, question: str, choices: Sequence[str], truth: str, why: str = "") -> bool:
    """Ask a question; once a choice was made and the answer asked for, say what is true, and return True.

    ``name`` tells the questions of a visit apart, ``why`` follows the truth.
    """
    st.subheader("What do you expect?")
    said = st.session_state.get(name)
    if said is None:
        choice = st.radio(question, list(choices), index=None, key=f"{name} choice")
        if st.button("Show the answer", key=f"{name} show", type="primary", disabled=choice is None):
            st.session_state[name] = choice
            st.rerun()
        st.caption("Choose first: whoever has said what they expect sees more.")
        return False
    st.write(question)
    (st.success if said == truth else st.warning)(
        f"You said “{said}”, and so it is." if said == truth else f"You said “{said}”. It is “{truth}”."
    )
    if why:
        st.write(why)
    if st.button("Ask me again", key=f"{name} again"):
        del st.session_state[name]
        st.rerun()
    return True


def table(columns: Mapping[str, Sequence[object]]) -> None:
    """Show a table, numbers with three digits."""
    numbers = {
        name: st.column_config.NumberColumn(format="%.3f")
        for name, values in columns.items()
        if not isinstance(values[0], str)
    }
    st.dataframe(dict(columns), hide_index=True, column_config=numbers)


def take_home(text: str) -> None:
    """Say what is to be remembered."""
    st.divider()
    st.markdown(f"**To take home.** {text}")
