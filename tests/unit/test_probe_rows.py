"""What scores say of kinds of edits, on scores that are written by hand."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.analyses.probe_rows import kind_rows, meaning_less_paraphrase, pair_rows
from workbench.analyses.probe_texts import about_probe
from workbench.core.sensitivity import standing
from workbench.core.text_edits.making import edit_by_hand
from workbench.types.edits import FilmEdit
from workbench.types.probe import Among, Probed, ProbeReport

QUERY = "a ball moves left"
DIRECTION = edit_by_hand(QUERY, "a ball moves right", "direction")
COLOUR = edit_by_hand(QUERY, "a red ball moves left", "colour")
SAME = edit_by_hand(QUERY, "a ball goes left", "paraphrase", "control")
REVERSE = FilmEdit("reverse", "time", "played backwards", "", False)
DROP = FilmEdit("drop", "time", "without its middle third", "subsample", False)
SUBSAMPLE = FilmEdit("subsample", "control", "thinned", "", False)


def case(name, scores, texts=(DIRECTION, COLOUR, SAME), films=(REVERSE,), others=None, unknowable=()):
    scores = np.array(scores, float)
    of_films = np.zeros((0, scores.shape[1])) if others is None else np.array(others, float)
    beside = standing(scores, Among((), (), (), of_films, np.zeros((len(scores), 0))))
    return Probed(name, name, QUERY, None, texts, films, "", scores, beside, None, unknowable)


def many(make, n=40):
    rng = np.random.default_rng(5)
    return [make(str(at), rng) for at in range(n)]


def rows_of(cases):
    return {(row.of, row.kind): row for row in kind_rows(cases, 0)}


def test_what_is_told_is_and_a_control_that_moves_nothing_changes_no_answer():
    cases = many(lambda name, rng: case(name, [[0.9, 0.2, 0.5, 0.88], [0.3, 0.8, 0.4, 0.3]]))
    rows = rows_of(cases)
    assert [rows["sentence", kind].verdict for kind in ("direction", "colour", "paraphrase")] == [
        "told",
        "told",
        "control",
    ]
    assert rows["sentence", "direction"].margin.value == pytest.approx(0.7)
    assert rows["sentence", "paraphrase"].changed.value == 0
    assert rows["video", "reverse"].changed.value == 1
    [pair] = pair_rows(cases, 0)
    assert (pair.text.value, pair.film.value, pair.group.value, pair.verdict) == (1, 1, 1, "told")
    assert meaning_less_paraphrase(cases, 0).value == pytest.approx((0.7 + 0.4) / 2 - 0.02)


def test_noise_is_at_chance_beside_a_control_of_the_same_noise():
    def noisy(name, rng):
        film, edit, control = rng.normal(size=3)
        return case(name, [[film], [edit], [control]], (), (DROP, SUBSAMPLE))

    rows = rows_of(many(noisy, 400))
    assert rows["video", "drop"].beyond.value == pytest.approx(1 / 4, abs=0.06)
    assert rows["video", "drop"].verdict == "chance"


def test_what_falls_less_than_its_control_moves_is_no_finding_and_not_a_rise():
    rows = rows_of(many(lambda name, rng: case(name, [[0.9], [0.8], [0.7]], (), (DROP, SUBSAMPLE))))
    assert (rows["video", "drop"].told.value, rows["video", "drop"].verdict) == (1, "chance")
    rises = rows_of(many(lambda name, rng: case(name, [[0.7], [0.8], [0.7]], (), (DROP, SUBSAMPLE))))
    assert rises["video", "drop"].verdict == "wrong"


def test_what_other_films_tell_as_well_is_a_guess():
    others = [[0.9, 0.2, 0.1, 0.9]] * 3
    rows = rows_of(many(lambda name, rng: case(name, [[0.9, 0.2, 0.5, 0.88], [0.3, 0.8, 0.4, 0.3]], others=others)))
    assert rows["sentence", "direction"].verdict == "blind"


def test_what_cannot_be_known_is_said_and_counts_nowhere():
    cases = many(
        lambda name, rng: case(
            name, [[0.5, rng.normal(0.5), 0.3, 0.49], [0.5, 0.5, 0.3, 0.49]], unknowable=("direction",)
        )
    )
    rows = rows_of(cases)
    assert rows["sentence", "direction"].verdict == "cannot"
    assert rows["sentence", "paraphrase"].changed.value == 0, "the direction is no rival"
    assert meaning_less_paraphrase(cases, 0).value == pytest.approx(0.2 - 0.01)
    report = ProbeReport("Model", 40, 40, tuple(rows.values()), (), None, tuple(cases))
    assert "Model takes the mean of single frames, where order is not seen, so it cannot know" in about_probe(report)
    one = ProbeReport("Model", 1, 1, tuple(rows.values()), (), None, (cases[0],))
    assert "above 1 of 1 edits that say what happens instead: “a red ball moves left”" in about_probe(one)


def test_few_films_say_nothing_yet():
    rows = rows_of(many(lambda name, rng: case(name, [[0.9, 0.2, 0.5, 0.88], [0.3, 0.8, 0.4, 0.3]]), 2))
    assert rows["sentence", "direction"].verdict == "undecided"
