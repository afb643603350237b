"""The pictures of who made the score: what stands where, in which colour, and what a click is told."""

import base64
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from workbench.analyses.conclusions import conclusion
from workbench.core.crossing import strongest_cell, with_word
from workbench.figures.attribution import attribution_figure, players_figure
from workbench.figures.interactions import interactions_figure
from workbench.figures.palette import LESS, MORE, signed_colour
from workbench.figures.patch_values import patch_values_figure
from workbench.figures.report import outcome_section, page_html
from workbench.figures.values import level_parts, values_figure
from workbench.types.attribution import Attribution, Player
from workbench.types.outcome import Outcome, Provenance
from workbench.types.video import SamplingSpec, VideoInfo
from workbench.ui.gradio import attribution_texts as texts
from workbench.ui.gradio.word_tree import word_tree

VIDEO = VideoInfo("f" * 64, "A <film>", 8.0, 10.0, 64, 32, "h264", 1000)
FRAMES = tuple(Player("frame", f"0:0{s}.0", (s, s + 1.0)) for s in range(4))
WORDS = (Player("word", "red", (0, 3)), Player("word", "<b>", (4, 7)))


def made(players, values, errors=None, pairs=None, leaders=(0,), without=0.1, empty=0.0, full=0.5):
    values = np.array(values, dtype=float)
    return Attribution(
        method="banzhaf",
        query="red <b>",
        players=tuple(players),
        values=values,
        value_errors=None if errors is None else np.array(errors, dtype=float),
        pairs=None if pairs is None else np.array(pairs, dtype=float),
        pair_errors=None,
        empty_value=empty,
        full_value=full,
        n_evaluations=2 ** len(values),
        score="cosine of the sentence with the mean of the frames",
        absent="an absent frame leaves the mean",
        empty="no frame: 0",
        leaders=leaders,
        without_leaders=without,
        seed=None if errors is None else 3,
    )


def test_bars_stand_at_their_spans_and_are_as_tall_as_their_values():
    figure = values_figure(made(FRAMES, [0.2, -0.1, 0.0, 0.1]), (), 8.0)
    bars = figure.data[0]
    assert list(bars.x) == [0.5, 1.5, 2.5, 3.5]
    assert list(bars.width) == [1.0] * 4
    heights = np.array(bars.y)
    assert heights / heights[0] == pytest.approx(np.array([0.2, -0.1, 0.0, 0.1]) / 0.2)
    assert heights[0] < 0  # up: pixels count from the top
    assert figure.layout.meta["clock"] is True
    assert figure.layout.meta["duration_s"] == 8.0
    top, bottom = figure.layout.meta["rows"][0]
    assert top < bars.base + heights[0] < bars.base + heights[1] <= bottom + 0.01
    assert bars.marker.color[0] != bars.marker.color[1]
    assert bars.error_y.array is None


def test_estimates_have_intervals_of_95_percent_in_the_scale_of_the_bars():
    figure = values_figure(made(FRAMES, [0.2, -0.1, 0.0, 0.1], errors=[0.01] * 4), (), 8.0)
    bars = figure.data[0]
    assert bars.error_y.array[0] / abs(bars.y[0]) == pytest.approx(1.96 * 0.01 / 0.2, rel=1e-2)
    assert "± 0.02" in bars.customdata[0][1]


def test_values_that_are_all_nothing_are_drawn():
    assert list(values_figure(made(FRAMES, [0.0] * 4), (), 8.0).data[0].y) == [0.0] * 4


def test_a_level_shows_the_parts_that_it_opened():
    events = made([Player("segment", "a", (0, 4)), Player("segment", "b", (4, 8))], [0.3, -0.2])
    opened = made(
        [Player("segment", "a", (0, 4)), Player("frame", "b1", (4, 6)), Player("frame", "b2", (6, 8))], [0.1, 0.2, -0.3]
    )
    players, values = level_parts(opened, events)
    assert ([player.label for player in players], values) == (["b1", "b2"], [0.2, -0.3])
    figure = values_figure(made(FRAMES, [0.1] * 4), (events, opened), 8.0)
    assert [list(trace.x) for trace in figure.data[1:]] == [[2, 6], [5, 7]]
    rows = figure.layout.meta["rows"]
    assert len(rows) == 3
    assert all(above[1] <= below[0] for above, below in pairwise(rows))
    assert figure.data[1].marker.color[0] == signed_colour(0.6 * 0.3, 0.3)
    assert figure.data[1].text[1] == "\N{MINUS SIGN}0.200"


def crossed():
    pairs = np.zeros((6, 6))
    pairs[1, 4] = pairs[4, 1] = 0.4
    pairs[2, 5] = pairs[5, 2] = -0.8
    return made((*FRAMES, *WORDS), [0.1] * 6, pairs=pairs)


def test_a_cell_knows_its_frame_and_its_word():
    figure = interactions_figure(crossed())
    cells = figure.data[0]
    assert np.array(cells.z)[0, 1] == 0.4
    assert np.array(cells.z)[1, 2] == -0.8
    assert list(cells.customdata[1][2]) == [2.5, 1.0]
    assert (cells.zmin, cells.zmax) == (-0.8, 0.8)
    assert cells.meta == "cell"
    assert strongest_cell(crossed()) == (1, 4)


def test_the_strongest_cell_is_the_frame_that_adds_most_with_a_word():
    """Not the strongest interaction: a frame that harms less with a word than without has one, too."""
    pairs = np.zeros((6, 6))
    pairs[0, 4] = pairs[4, 0] = 0.3
    pairs[3, 5] = pairs[5, 3] = 0.2
    found = made((*FRAMES, *WORDS), [-0.4, 0.0, 0.0, 0.1, 0.5, 0.5], pairs=pairs)
    assert strongest_cell(found) == (3, 5)
    assert with_word(found)[3].tolist() == [pytest.approx(0.1), pytest.approx(0.2)]
    outline = interactions_figure(found).layout.shapes[0]
    assert (outline.x0, outline.y0) == (2.5, 0.5)
    assert "add +0.200 to the score on average; where it is not, +0.000" in conclusion(found).replace("adds", "add")


def test_no_cell_is_strongest_where_no_frame_adds():
    nothing = made((*FRAMES, *WORDS), [-0.1] * 4 + [0.2, 0.2], pairs=np.zeros((6, 6)))
    assert strongest_cell(nothing) is None
    assert strongest_cell(made(FRAMES, [0.1] * 4, pairs=np.zeros((4, 4)))) is None
    assert "No frame adds" in conclusion(nothing)


def test_a_patch_that_may_add_nothing_is_left_uncoloured():
    patches = [Player("patch", f"p{i}", (0.0, i / 2, 1.0, i / 2 + 0.5)) for i in range(2)]
    figure = patch_values_figure(made(patches, [0.3, 0.01], errors=[0.02, 0.02]), b"", 2.0)
    assert figure.layout.shapes[0].fillcolor != "rgba(0,0,0,0)"
    assert figure.layout.shapes[1].fillcolor == "rgba(0,0,0,0)"
    assert (figure.layout.shapes[1].x0, figure.layout.shapes[1].y1) == (0.5, 1.0)


def test_zero_has_no_colour():
    assert signed_colour(0.0, 1.0).endswith(",0.000)")
    assert signed_colour(0.5, 1.0).split(",")[:3] != signed_colour(-0.5, 1.0).split(",")[:3]
    assert signed_colour(9.0, 1.0) == signed_colour(1.0, 1.0)
    assert signed_colour(0.0, 0.0).endswith(",0.000)")


def test_every_kind_of_players_has_a_picture():
    patches = [Player("patch", "p", (0.0, 0.0, 1.0, 1.0))]
    for found, kind in (
        (made(FRAMES, [0.1] * 4), "bar"),
        (made(WORDS, [0.1, -0.2]), "bar"),
        (crossed(), "heatmap"),
        (made(patches, [0.1]), "scatter"),
    ):
        assert attribution_figure(found, VIDEO).data[0].type == kind
    assert list(players_figure(made(WORDS, [0.1, -0.2])).data[0].x) == [0.1, -0.2]


def test_the_report_escapes_what_was_typed_and_tells_all_numbers():
    provenance = Provenance(
        "attribute", VIDEO.id, VIDEO.title, "m", "r", {"players": "words"}, SamplingSpec(), {"numpy": "2"}, 0.1, True
    )
    outcome = Outcome(made(WORDS, [0.123456, -0.2], errors=[0.01, 0.02]), provenance)
    html = page_html([outcome_section(outcome, VIDEO)], "[]")
    said = html[html.rindex("What is counted") :]
    assert "<td>&lt;b&gt;</td><td>-0.2000</td><td>± 0.039</td>" in said
    assert "red &lt;b&gt;" in said
    assert "+0.1235" in said
    assert "estimated from 4" in said
    assert "<b>" not in re.sub(r"<b>[^<]*</b>", "", said)


def test_sentences_are_written_from_the_numbers():
    words = made(WORDS, [0.3, -0.1], leaders=(0,), without=0.2)
    told = conclusion(words)
    assert "Without “red” the mean cosine falls by 0.300, from 0.500 to 0.200" in told
    assert "“red” adds most on average, +0.300, and “<b>” takes 0.100 away on average" in told
    burdened = conclusion(made(WORDS, [0.1, -0.3]))
    assert burdened.startswith("Over all ways to leave words out, “<b>” takes 0.300 away on average; “red” adds most")
    assert "no word adds anything on average" in conclusion(made(WORDS, [-0.3, -0.1]))
    uncertain = conclusion(made(WORDS, [0.3, -0.1], errors=[0.1, 0.1]))
    assert "takes" not in uncertain
    assert "With the one word the mean cosine rises by 0.500, from 0.000 to 0.500" in conclusion(made(WORDS[:1], [0.5]))
    frames = conclusion(made(FRAMES, [0.1, 0.3, 0.2, -0.1], leaders=(1, 2), without=0.6))
    assert "Without the frames from 0:01.0 to 0:03.0, those that add most, the score rises by 0.100" in frames
    assert "one frame: with it the score rises by 0.500" in conclusion(made(FRAMES[:1], [0.5]))
    assert "No frame adds" in conclusion(made(FRAMES, [-0.1, -0.2, -0.1, -0.1]))
    sure = texts.how_sure(words)
    assert "a gap of \N{MINUS SIGN}0.300; players that say the same stand in for one another" in sure
    assert "Exact over all 4 coalitions" in sure
    assert "± 0.02" in texts.how_sure(made(WORDS, [0.3, 0.1], errors=[0.01, 0.01]))
    assert "e-05" not in texts.how_sure(made(WORDS, [0.3, 0.1], errors=[0.00001, 0.00002]))
    patches = [Player("patch", f"p{i}", (0.0, i / 2, 1.0, i / 2 + 0.5)) for i in range(2)]
    assert "No patch can be told" in conclusion(made(patches, [0.01, 0.0], errors=[0.02, 0.02]))
    told = conclusion(made(patches, [0.3, 0.0], errors=[0.02, 0.02], without=0.6))
    assert "p0 adds most on average, +0.300; without it alone the score rises by 0.100" in told
    assert "as others stand in for it" in told


def test_sentences_call_players_by_their_kind():
    patches = tuple(Player("patch", f"row {i}", (0.0, i / 2, 1.0, i / 2 + 0.5)) for i in (1, 2))
    pairs = np.zeros((4, 4))
    pairs[1, 2] = pairs[2, 1] = 0.2
    both = made((*patches, *WORDS), [0.0, 0.1, 0.3, 0.0], pairs=pairs)
    assert conclusion(both) == (
        "Where “red” is in the sentence, the patch in row 2 adds +0.200 to the score on average; where it is not, "
        "+0.000. No patch adds more with any word."
    )
    unsure = replace(both, value_errors=np.full(4, 0.2), pair_errors=np.full((4, 4), 0.2))
    assert conclusion(unsure) == "No patch can be told from one that adds nothing; a larger budget may tell."
    alike = made(FRAMES, [0.1, 0.2, 0.2, 0.1], leaders=(0, 1, 2, 3), without=0.0)
    assert conclusion(alike).startswith("Each frame adds at least half of what the best one adds; with all of them the")
    weighed_down = conclusion(made(WORDS, [0.001, -0.3]))
    assert weighed_down.endswith("“<b>” takes 0.300 away on average; no word adds nearly as much.")
    phrase = made([Player("phrase", "red <b>", (0, 7))], [0.5])
    assert conclusion(phrase) == "With the one phrase the mean cosine rises by 0.500, from 0.000 to 0.500."


def test_the_report_shows_the_conclusion_and_the_picture_whose_patches_play():
    provenance = Provenance("attribute", VIDEO.id, VIDEO.title, "m", "r", {}, SamplingSpec(), {}, 0.1, True)
    found = replace(made([Player("patch", "p", (0.0, 0.0, 1.0, 1.0))], [0.1]), conclusion="It was <the> patch.")
    html = page_html([outcome_section(Outcome(found, provenance), VIDEO, b"a jpeg")], "[]")
    assert "It was &lt;the&gt; patch." in html
    assert base64.b64encode(b"a jpeg").decode() in html


def test_the_sentence_as_a_tree_escapes_and_numbers_its_words():
    phrase = made([Player("phrase", "red <b>", (0, 7))], [0.2])
    whole = word_tree(made(WORDS, [0.3, -0.1], errors=[0.01, 0.01]), phrase)
    assert 'data-word="1"' in whole
    assert "&lt;b&gt;" in whole
    assert "<b>&lt;" in whole
    assert "± 0.02" in whole
    assert "phrase-box" not in whole  # one phrase is the sentence itself
    two = made([Player("word", "red", (0, 3)), Player("phrase", "<b> x", (4, 9))], [0.2, 0.1])
    assert "phrase-box" in word_tree(made(WORDS, [0.3, -0.1]), two)


def test_words_are_as_deep_as_their_values_in_the_colour_of_their_sign():
    """The strongest of its row has 0.57, three fifths of the scale; phrases are a row of their own."""
    words = [Player("word", name, (at, at + 1)) for at, name in enumerate("abcd")]
    phrases = [Player("phrase", "ab", (0, 2)), Player("phrase", "cd", (2, 4))]
    html = word_tree(made(words, [0.1, -0.4, 0.2, 0.0]), made(phrases, [-0.05, 0.1]))
    boxes = re.findall(r'style="--value:rgba\((\d+),(\d+),(\d+),([\d.]+)\)"><b>(\w+)<', html)
    assert {name: (tuple(map(int, colour)), float(alpha)) for *colour, alpha, name in boxes} == {
        "ab": (LESS, 0.285),
        "a": (MORE, pytest.approx(0.57 / 4, abs=1e-3)),
        "b": (LESS, 0.57),
        "cd": (MORE, 0.57),
        "c": (MORE, 0.285),
        "d": (LESS, 0.0),
    }
    assert MORE != LESS
