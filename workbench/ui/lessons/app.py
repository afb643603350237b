"""The lessons, one page each: ``make lessons``."""

from __future__ import annotations

import streamlit as st

from workbench.ui.lessons import a_moment, left_from_right, one_space, the_map, three_frames, where_it_looked

LESSONS = [module.LESSON for module in (one_space, a_moment, three_frames, where_it_looked, the_map, left_from_right)]


def main() -> None:
    """Show the lesson that is chosen at the side."""
    st.set_page_config("Video-text lessons", layout="centered")
    pages = [
        st.Page(lesson.page, title=f"{lesson.number}. {lesson.short}", url_path=f"lesson-{lesson.number}")
        for lesson in LESSONS
    ]
    st.navigation(pages).run()


main()
