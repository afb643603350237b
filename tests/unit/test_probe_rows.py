"""What scores say of kinds of edits, on scores that are written by hand."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.analyses.probe_rows import kind_rows, meaning_less_paraphrase, pair_rows
from workbench.analyses.probe_texts import about_probe, tables_of
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
    assert (
        "above 1 of 1 edits that say what happens instead; the highest of them is “a red ball moves left”"
        in about_probe(one)
    )


def test_few_films_say_nothing_yet():
    rows = rows_of(many(lambda name, rng: case(name, [[0.9, 0.2, 0.5, 0.88], [0.3, 0.8, 0.4, 0.3]]), 2))
    assert rows["sentence", "direction"].verdict == "undecided"


def test_an_answer_that_was_wrong_is_changed_by_no_control():
    """In 4 of 40 films a colour comes before the sentence from the beginning, and no longer where frames are held."""
    held = FilmEdit("stutter", "control", "held at every other frame", "", False)

    def rows_where(opposite_after):
        def made(name, rng):
            before, after, opposite = (0.51, 0.49, opposite_after) if int(name) < 4 else (0.3, 0.3, 0.2)
            return case(name, [[0.5, 0.2, before, 0.5], [0.5, opposite, after, 0.5]], films=(held,))

        rows = rows_of(many(made))
        assert rows["sentence", "colour"].verdict == rows["sentence", "direction"].verdict == "told"
        assert rows["sentence", "paraphrase"].changed.value == 0
        return rows["video", "stutter"].changed

    assert (rows_where(0.2).value, rows_where(0.2).n_edits) == (0, 40)
    assert rows_where(0.6).value == 0.1, "what was below the sentence is above it"


def test_places_lost_are_counted_among_other_films():
    """By the sentence the film is first of three; by the opposite second, and played backwards, last."""
    others = [[0.5, 0.3, 0.1, 0.1], [0.4, 0.1, 0.4, 0.1]]
    rows = rows_of([case(name, [[0.9, 0.2, 0.5, 0.88], [0.3, 0.8, 0.4, 0.3]], others=others) for name in "abc"])
    assert [rows["sentence", kind].rank_change for kind in ("direction", "colour", "paraphrase")] == [1, 0, 0]
    assert rows["video", "reverse"].rank_change == 2
    raised = case("d", [[0.45, 0.2, 0.5, 0.88], [0.9, 0.8, 0.4, 0.3]], others=others)
    assert rows_of([raised])["sentence", "colour"].rank_change == -1, "the edit brings it to the front"
    assert rows_of([raised])["video", "reverse"].rank_change == -1


def test_every_verdict_of_many_films_has_its_sentence():
    def told_apart(name, rng):
        coin = 0.9 + rng.choice([-1, 1]) * 0.1
        return case(name, [[0.9, 0.2, coin, 0.88], [0.3, 0.8, 0.4, 0.3]])

    cases = many(told_apart)
    n_right = sum(each.scores[0, 2] < 0.9 for each in cases)
    report = ProbeReport(
        "Model", 40, 40, kind_rows(cases, 0), pair_rows(cases, 0), meaning_less_paraphrase(cases, 0), tuple(cases)
    )
    least = report.meaning_less_paraphrase
    lines = about_probe(report).splitlines()
    assert lines[:4] == [
        "Model: 40 sentences of 40 videos.",
        "It tells the sentence from the edit: the opposite direction (100%).",
        f"Not beyond chance: another colour ({n_right / 40:.0%}).",
        "Where nothing that is told was changed, another sentence comes first in: the same in other words 0%.",
    ]
    assert lines[4].startswith(f"Edits of the meaning lower the score by +{least.value:.3f} (+{least.low:.3f} to +")
    assert lines[4].endswith(" more than a paraphrase moves it.")
    assert "all is right in 100%, where a coin is in 17%" in lines[5]


def test_a_row_of_the_table_has_its_numbers_in_the_order_of_its_head():
    others = [[0.35, 0.8, 0.1, 0.1], [0.4, 0.1, 0.4, 0.1]]
    cases = many(lambda name, rng: case(name, [[0.9, 0.2, 0.5, 0.88], [0.3, 0.8, 0.4, 0.3]], others=others))
    kinds, pairs = tables_of(ProbeReport("Model", 40, 40, kind_rows(cases, 0), pair_rows(cases, 0), None, ()))
    rows = {row[0]: dict(zip(kinds[0], row, strict=True)) for row in kinds[1:]}
    always, never = "1.00 (0.91 to 1.00)", "0.00 (0.00 to 0.09)"
    assert rows["sentence: the opposite direction"] == {
        "edit": "sentence: the opposite direction",
        "said": "told apart",
        "n": "40",
        "margin": "+0.700 (+0.700 to +0.700)",
        "higher": always,
        "chance": "0.50",
        "control": "paraphrase",
        "beyond it": always,
        "answer changes": "-",
        "places lost": "+1.0",
        "blind": never,
    }
    backwards = rows["video: played backwards"]
    assert [backwards[name] for name in ("said", "margin", "answer changes", "places lost", "blind")] == [
        *("the score falls", "+0.600 (+0.600 to +0.600)", always, "+2.0", "-")
    ]
    assert rows["sentence: the same in other words"]["answer changes"] == never
    assert pairs[1:] == (
        ("reverse, direction", "told apart", "40", always, always, always),
        ("by a coin", "", "", "0.25", "0.25", "0.17"),
    )
