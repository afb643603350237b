"""The lessons as a class sees them: nothing is told before it was predicted, and what is told is true."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from workbench.analyses.numerals import signed

NAMES = ("one_space", "a_moment", "three_frames", "where_it_looked", "the_map", "left_from_right")

Open = Callable[[str], AppTest]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lessons")


@pytest.fixture
def open_lesson(home: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Return what opens a lesson as a new visitor; answers are kept among them."""
    monkeypatch.setenv("WORKBENCH_HOME", str(home))

    def script(name: str) -> None:
        import importlib

        importlib.import_module(f"workbench.ui.lessons.{name}").LESSON.page()

    return lambda name: AppTest.from_function(script, args=(name,), default_timeout=300).run()


def asked(lesson: AppTest) -> Any:
    [radio] = [radio for radio in lesson.radio if radio.key.endswith(" choice")]
    return radio


def press(lesson: AppTest, name: str) -> AppTest:
    [button] = [button for button in lesson.button if button.label == name]
    return button.click().run()


def answered(lesson: AppTest, choice: int = 0) -> AppTest:
    radio = asked(lesson)
    return press(radio.set_value(radio.options[choice]).run(), "Show the answer")


def told(lesson: AppTest) -> str:
    shown = (*lesson.markdown, *lesson.success, *lesson.warning, *lesson.caption)
    return "\n".join(element.value for element in shown)


@pytest.mark.parametrize("name", NAMES)
def test_no_answer_is_shown_before_a_prediction(open_lesson: Open, name: str) -> None:
    lesson = open_lesson(name)
    assert not lesson.exception
    assert not lesson.error
    assert [button.disabled for button in lesson.button] == [True]
    for kind in ("dataframe", "success", "warning", "plotly_chart"):
        assert not lesson.get(kind)
    assert "To take home" not in told(lesson)
    radio = asked(lesson)
    lesson = radio.set_value(radio.options[0]).run()
    assert [button.disabled for button in lesson.button] == [False]
    assert "To take home" not in told(lesson)


@pytest.mark.parametrize("name", NAMES)
def test_a_prediction_is_judged_and_can_be_made_again(open_lesson: Open, name: str) -> None:
    lesson = open_lesson(name)
    options = list(asked(lesson).options)
    judged = [answered(open_lesson(name), choice) for choice in range(len(options))]
    assert sum(bool(each.success) for each in judged) == 1
    assert sum(bool(each.warning) for each in judged) == len(options) - 1
    [right] = [each for each in judged if each.success]
    assert "and so it is" in told(right)
    assert "To take home" in told(right)
    assert all(not each.exception and not each.error for each in judged)
    again = press(right, "Ask me again")
    assert "To take home" not in told(again)
    assert list(asked(again).options) == options


def test_pictures_are_nearest_to_what_was_planted_in_them(open_lesson: Open) -> None:
    lesson = answered(open_lesson("one_space"))
    table = lesson.dataframe[0].value.set_index("sentence")
    for planted in table.columns:
        assert table[planted].idxmax() == planted
    lesson = lesson.text_input[0].set_value("a cyan ring").run()
    assert "“a cyan ring” lies nearest to the picture of a cyan ring." in told(lesson)


@pytest.mark.parametrize("sentence", ["   ", "?!", "\u202e\x07"])
def test_a_sentence_that_is_none_is_answered_in_words(open_lesson: Open, sentence: str) -> None:
    lesson = answered(open_lesson("one_space")).text_input[0].set_value(sentence).run()
    assert not lesson.exception
    assert all("Traceback" not in error.value for error in lesson.error)


def test_moments_are_where_they_were_planted_and_absent_sentences_have_none(open_lesson: Open) -> None:
    lesson = answered(open_lesson("a_moment"), 3)
    assert lesson.success
    assert "seen from 0:31.1 to 0:40.2" in told(lesson)
    assert "First moment: 0:3" in told(lesson)
    lesson = lesson.selectbox[0].set_value("a white cross").run()
    assert "“a white cross” is **not in this video**" in told(lesson)
    assert "Nor was it planted." in told(lesson)
    assert "It was planted." not in told(lesson)


def test_values_worked_out_by_hand_are_the_means_of_the_gains(open_lesson: Open) -> None:
    lesson = open_lesson("three_frames")
    everybody = float(lesson.metric[0].value)
    for box in lesson.checkbox:
        lesson = box.set_value(False).run()
    assert float(lesson.metric[0].value) == 0.0
    lesson = answered(open_lesson("three_frames"))
    said = told(lesson)
    for whom in ("the first", "the second", "the third"):
        lesson = lesson.radio(key="three-frames whom").set_value(whom).run()
        rows = lesson.dataframe[0].value
        gains = rows[f"score with {whom}"] - rows["score without"]
        assert rows["gain"].to_numpy() == pytest.approx(gains.to_numpy())
        assert f"**{signed(float(gains.mean()))}**: the Banzhaf value of {whom}" in told(lesson)
        assert f"{whom} {signed(float(gains.mean()))}" in said
        assert rows[f"score with {whom}"].iloc[-1] == pytest.approx(everybody, abs=5e-4)


def test_words_that_the_model_has_never_seen_are_told(open_lesson: Open) -> None:
    for name in ("one_space", "three_frames"):
        lesson = answered(open_lesson(name)).text_input[0].set_value("ein red ring").run()
        assert "has never seen “ein”" in "\n".join(warning.value for warning in lesson.warning)


def test_evidence_is_of_the_map_that_is_shown(open_lesson: Open) -> None:
    lesson = open_lesson("where_it_looked")
    [picture] = lesson.get("image")
    assert picture.proto.imgs[0].caption == "Planted: a cyan star on the right, and a white ring on the left."
    lesson = answered(lesson, 1)
    assert lesson.success
    assert len(lesson.get("plotly_chart")) == 5
    assert "Better than random on this picture: yes" in told(lesson)
    lesson = lesson.selectbox[1].set_value("raw").run()
    assert "Depends on the sentence: no, the sentence does not enter this method." in told(lesson)


def test_what_the_map_keeps_is_what_was_measured(open_lesson: Open) -> None:
    lesson = answered(open_lesson("the_map"))
    assert "Of the nearest neighbours, " in told(lesson)
    before = told(lesson)
    lesson = lesson.radio[0].set_value("colours").run()
    assert not lesson.exception
    assert told(lesson) != before


def test_only_the_model_of_motion_sees_a_film_played_backwards(open_lesson: Open) -> None:
    lesson = answered(open_lesson("left_from_right"), 1)
    assert lesson.success
    frames, motion = (table.value["score of the sentence"].to_numpy() for table in lesson.dataframe)
    assert frames[0] == frames[1]
    assert motion[0] - motion[1] > 0.2
    assert motion[0] - motion[2] < 0.2, "a control is no change of what is told"
    assert told(lesson).count("Backwards, the difference is exactly 0.") == 1
    assert "(control)" in lesson.dataframe[1].value["the film"].iloc[2]
