"""What models notice of what was changed, on films and sentences whose scores are known beforehand."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from tests.colour_models import ReadAgainst
from tests.films import BLUE, GRAY, GREEN, RED, write_film
from workbench.analyses.cases import Case
from workbench.analyses.edited_films import MOST_FRAMES, edit_film, edited_pixels, part_of
from workbench.analyses.probe import Probe, ProbeParams
from workbench.analyses.probe_texts import probes_as_text
from workbench.analyses.services import Services
from workbench.core.text_edits.making import edit_by_hand
from workbench.core.video_edits.kinds import FILM_KINDS, IN_TIME, film_kinds
from workbench.errors import Cancelled, InputError, QueryError
from workbench.media.encode import write_video
from workbench.models.adapter_template import COLOURS, ENTRY, FAMILY, ColourHistogram
from workbench.models.entry import Family
from workbench.models.rows import unit_rows
from workbench.types.video import SamplingSpec

PAINTED = tuple(kind.name for kind in FILM_KINDS if kind.paint)


class Pairs(ColourHistogram):
    """Reads two frames at once, of which the first counts three times as much: it sees which comes first."""

    def __init__(self, entry, settings):
        super().__init__(entry, settings)
        self.spec = replace(self.spec, frame_independent=False, window_frames=2, window_step=1)

    def encode_frames(self, frames):
        """Return a row for every two frames."""
        single = super().encode_frames(frames)
        pairs = single.frames.reshape(-1, 2, self.spec.dim)
        rows = unit_rows(3 * pairs[:, 0] + pairs[:, 1])
        return replace(single, frames=rows, times_s=single.times_s.reshape(-1, 2).mean(axis=1))


@pytest.fixture
def services(settings):
    services = Services.create(settings)
    services.models.register_family(FAMILY)
    services.models.register(ENTRY)
    for name, load in (("read-against", ReadAgainst), ("pairs", Pairs)):
        services.models.register_family(Family(name=name, load=load))
        services.models.register(replace(ENTRY, id=name, title=name, family=name))
    return services


@pytest.fixture
def films(services, tmp_path):
    """Return three films: red then blue, green, gray then green; by name."""
    scenes = {
        "red-blue": [(3.0, RED), (1.0, BLUE)],
        "green": [(4.0, GREEN)],
        "gray-green": [(2.0, GRAY), (1.0, GREEN)],
    }
    return {
        name: services.library.open_path(write_film(tmp_path / f"{name}.mp4", own).path) for name, own in scenes.items()
    }


@pytest.fixture
def halves(services, tmp_path):
    """Return four seconds in which the left half is red and the right half grows darker blue below."""
    frame = np.zeros((64, 96, 3), np.uint8)
    frame[:, :48] = RED
    frame[:, 48:] = np.linspace(1, 0.3, 64)[:, None, None] * np.array(BLUE)
    path = tmp_path / "halves.mp4"
    write_video(path, [np.roll(frame, at, axis=1) for at in range(8)], 2.0)
    return services.library.open_path(path)


def probe(services, films, query="a red ball", model=ENTRY.id, case=None, among=(), report=None, **more):
    case = case or Case(films["red-blue"].id, query)
    params = ProbeParams((case,), model, tuple(films[name].id for name in among), **more)
    return Probe().run(services, params, *([report] if report else [])).result


def unit(*weights):
    """Return what the colour model makes of shares of colours, by name."""
    row = np.zeros(len(COLOURS) + 1)
    for name, share in weights:
        row[COLOURS.index(name)] = share
    return row / np.linalg.norm(row)


def test_scores_are_cosines_with_the_mean_of_the_frames(services, films):
    found = probe(services, films, text_kinds=("colour",), film_kinds=("drop", "freeze"), fps=2.0)
    [case] = found.cases
    film = unit(("red", 3), ("blue", 1))
    assert case.scores[0, 0] == pytest.approx(film[COLOURS.index("red")])
    assert [edit.kind for edit in case.texts] == ["colour", "colour"]
    for at, edit in enumerate(case.texts, 1):
        assert case.scores[0, at] == pytest.approx(film[COLOURS.index(edit.after)] if edit.after in COLOURS else 0)
    kinds = [edit.kind for edit in case.films]
    assert kinds == ["freeze", "drop", "stutter", "subsample"]
    assert case.scores[1 + kinds.index("freeze"), 0] == pytest.approx(1)
    # eight frames, six of them red: without the middle two, four are
    dropped = unit(("red", 4), ("blue", 2))
    assert case.scores[1 + kinds.index("drop"), 0] == pytest.approx(dropped[COLOURS.index("red")])


def test_a_mean_of_frames_ties_exactly_and_says_that_it_cannot_know(services, films):
    found = probe(services, films, text_kinds=("colour",), film_kinds=IN_TIME, among=("green",), fps=7.0)
    [case] = found.cases
    rows = {edit.kind: case.scores[at] for at, edit in enumerate(case.films, 1)}
    for kind in ("reverse", "shuffle", "shuffle-chunks", "roll", "slow"):
        assert np.array_equal(rows[kind], case.scores[0]), kind
    by_kind = {row.kind: row for row in found.rows if row.of == "video"}
    assert {kind for kind, row in by_kind.items() if row.verdict == "cannot"} == {
        "reverse", "shuffle", "shuffle-chunks", "roll", "slow",
    }  # fmt: skip
    assert by_kind["reverse"].told.value == 0, "a tie is a failure"
    assert by_kind["reverse"].margin.value == 0.0
    assert "cannot know whether the video is played backwards, shuffled by frames" in found.conclusion
    assert "says nothing about what it learned" in found.conclusion


def test_edits_in_time_of_a_model_of_single_frames_cost_no_encoder_call(services, films, monkeypatch):
    probe(services, films, text_kinds=(), film_kinds=(), among=("green",))
    encoded = []
    monkeypatch.setattr(ColourHistogram, "encode_frames", lambda self, frames: encoded.append(frames))
    found = probe(services, films, text_kinds=(), film_kinds=IN_TIME, among=("green",))
    assert len(found.cases[0].films) == len(IN_TIME) == 13
    assert not encoded
    assert found.n_encoded == 0


def test_painted_pictures_are_encoded_and_kept(services, films, halves, monkeypatch):
    kinds, asked = film_kinds(PAINTED), Case(halves.id, "a red ball")
    found = probe(services, films, case=asked, text_kinds=("colour",), film_kinds=PAINTED)
    [case] = found.cases
    model = services.models.load(ENTRY.id)
    part = part_of(halves, SamplingSpec(), None, None, 0)
    batch = next(iter(services.library.frames(halves.id, SamplingSpec())))
    assert [edit.kind for edit in case.films] == list(PAINTED)
    for at, (edit, kind) in enumerate(zip(case.films, kinds, strict=True), 1):
        pixels = edited_pixels(services, part, kind)
        rows = model.encode_frames(replace(batch, pixels=pixels, times_s=np.arange(len(pixels), dtype=float))).frames
        pooled = rows.astype(float).mean(axis=0)
        said = model.encode_texts(["a red ball", "something a red ball"]).embeddings.mean(axis=0)
        expected = pooled @ said / np.linalg.norm(pooled) / np.linalg.norm(said)
        assert case.scores[at, 0] == pytest.approx(expected, abs=1e-6), edit.kind
    assert found.n_encoded == 8 * len(kinds)
    encoded = []
    monkeypatch.setattr(ColourHistogram, "encode_frames", lambda self, frames: encoded.append(frames))
    again = probe(services, films, case=asked, text_kinds=("colour",), film_kinds=PAINTED)
    assert not encoded
    assert np.array_equal(again.cases[0].scores, case.scores)


def test_a_model_of_windows_is_encoded_again_and_sees_order(services, films):
    found = probe(services, films, model="pairs", text_kinds=("colour",), film_kinds=("reverse", "slow"))
    [case] = found.cases
    assert [edit.kind for edit in case.films] == ["reverse", "slow", "stutter"]
    assert found.n_encoded == 7 + 15 + 7
    pairs = [("red", "red")] * 5 + [("red", "blue"), ("blue", "blue")]
    rows = {False: pairs, True: [pair[::-1] for pair in pairs[::-1]]}
    for at, is_reversed in ((0, False), (1, True)):
        pooled = np.mean([unit((a, 3), (b, 1)) if a != b else unit((a, 1)) for a, b in rows[is_reversed]], axis=0)
        expected = (pooled / np.linalg.norm(pooled))[COLOURS.index("red")]
        assert case.scores[at, 0] == pytest.approx(expected, abs=1e-6)
    assert case.scores[1, 0] < case.scores[0, 0]
    assert not any(row.verdict == "cannot" for row in found.rows)


def test_sentences_that_are_read_against_the_film_are(services, films):
    plain = probe(services, films, text_kinds=("colour",), film_kinds=("drop", "blur"), among=("green",))
    against = probe(
        services, films, model="read-against", text_kinds=("colour",), film_kinds=("drop", "blur"), among=("green",)
    )
    # the mean of cosines of plain colours: six of eight frames are red, and a colour has length one
    assert against.cases[0].scores[0, 0] == pytest.approx(6 / 8, abs=1e-6)
    assert against.cases[0].among.of_other_films[0, 0] == pytest.approx(
        plain.cases[0].among.of_other_films[0, 0], abs=1e-6
    )


def test_another_film_is_spliced_in_and_ranked_beside(services, films):
    found = probe(
        services, films, text_kinds=("colour",), film_kinds=("splice", "exchange"), among=("green", "gray-green")
    )
    [case] = found.cases
    assert case.among.other_films == ("green.mp4", "gray-green.mp4")
    spliced = unit(("red", 4), ("green", 4))  # four frames of red, and four of the film that follows
    assert case.scores[case.film_row("splice"), 0] == pytest.approx(spliced[COLOURS.index("red")], abs=1e-6)
    assert case.among.of_other_films[:, 0] == pytest.approx(0)
    rows = {row.kind: row for row in found.rows}
    assert rows["splice"].rank_change == 0
    assert rows["colour"].blind is not None
    missing = probe(services, films, text_kinds=("colour",), film_kinds=("splice",)).cases[0].missing_films
    assert [(each.kind, each.why) for each in missing] == [
        ("splice", "There is no other video to take a part of; add one.")
    ]


def test_a_splice_of_an_encoded_film_takes_the_size_of_the_first(services, films, tmp_path):
    small = services.library.open_path(write_film(tmp_path / "small.mp4", [(1.0, GREEN)], size_px=(32, 48)).path)
    part = part_of(films["red-blue"], SamplingSpec(), None, small, 0)
    [splice] = [kind for kind in FILM_KINDS if kind.name == "splice"]
    pixels = edited_pixels(services, part, splice)
    assert pixels.shape == (8, 64, 96, 3)
    assert np.abs(pixels[4:].astype(int) - GREEN).max() < 12, "it begins anew where it ends"


def test_how_closely_the_other_film_is_sampled_is_part_of_what_is_kept(services, films, tmp_path):
    """A long film beside a short one is thinned by itself: what is spliced in changes, and nothing else does."""
    mixed = services.library.open_path(write_film(tmp_path / "mixed.mp4", [(1.5, GREEN), (6.5, GRAY)]).path)
    short = services.library.open_path(write_film(tmp_path / "short.mp4", [(4.0, RED)]).path)
    for order in ((8, 1000), (1000, 8)):
        scores = []
        for most in order:
            params = ProbeParams((Case(short.id, "a gray ball"),), "pairs", (mixed.id,), text_kinds=("colour",),
                                 film_kinds=("splice",), max_frames=most)  # fmt: skip
            [case] = Probe().run(services, params).result.cases
            scores.append(case.scores[case.film_row("splice"), 0])
        thinned = dict(zip(order, scores, strict=True))
        assert thinned[8] > thinned[1000] + 0.1, "of every second two frames are gray, of every half one"


def test_an_edit_of_pictures_that_changes_none_is_not_made(services, films, tmp_path):
    plain = services.library.open_path(write_film(tmp_path / "gray.mp4", [(2.0, GRAY)]).path)
    found = probe(services, films, case=Case(plain.id, "a gray ball"), text_kinds=("colour",), film_kinds=("mirror",))
    assert not found.cases[0].films
    assert [each.why for each in found.cases[0].missing_films] == [
        "It leaves every picture as it is; nothing would be changed."
    ] * 2


def test_a_long_part_that_has_to_be_read_anew_is_refused(services, films, tmp_path):
    long = services.library.open_path(write_film(tmp_path / "long.mp4", [(80.0, RED)], fps=2).path)
    case = Case(long.id, "a red ball", start_s=1.0, end_s=79.0)
    with pytest.raises(InputError, match=r"^pairs reads several frames at once.* choose a part of 64 s or less\.$"):
        probe(services, films, case=case, model="pairs", film_kinds=())
    assert probe(services, films, case=case, film_kinds=()).cases[0].scores[0, 0] == pytest.approx(1)


def test_sentences_that_are_the_same_to_a_model_tie(services, films, monkeypatch):
    """Rows of one batch may differ in their last bit: that is no difference."""
    encode = ColourHistogram.encode_texts

    def shaken(self, texts, absent=None):
        found = encode(self, texts, absent)
        noise = np.random.default_rng(0).normal(0, 1e-8, found.embeddings.shape).astype(np.float32)
        return replace(found, embeddings=found.embeddings + noise)

    monkeypatch.setattr(ColourHistogram, "encode_texts", shaken)
    case = Case(films["red-blue"].id, "a red ball", own=tuple(f"a red thing {at}" for at in range(8)))
    found = probe(services, films, case=case, text_kinds=(), film_kinds=())
    [row] = found.rows
    assert row.told.value == 0
    assert row.margin.value != 0


def test_a_part_is_probed_by_itself(services, films):
    case = Case(films["red-blue"].id, "a blue ball", start_s=3.0, end_s=4.0)
    for model in (ENTRY.id, "pairs"):
        found = probe(services, films, case=case, model=model, text_kinds=("colour",), film_kinds=("reverse",))
        assert found.cases[0].scores[0, 0] == pytest.approx(1, abs=1e-6)
    with pytest.raises(InputError, match=r"A part from 3 s to 9 s is none of “red-blue.mp4”, which is 4.0 s long"):
        probe(services, films, case=replace(case, end_s=9.0))


def test_edits_can_be_written_and_taken_away(services, films):
    made = [edit.text for edit in probe(services, films, text_kinds=("colour",), film_kinds=()).cases[0].texts]
    case = Case(films["red-blue"].id, "a red ball", own=("a green ball", made[1]), without=(made[0].upper(),))
    found = probe(services, films, case=case, text_kinds=("colour",), film_kinds=()).cases[0]
    assert [(edit.kind, edit.text) for edit in found.texts] == [("colour", made[1]), ("own", "a green ball")]
    with pytest.raises(QueryError, match="says what the sentence says; change something in it"):
        probe(services, films, case=replace(case, own=("A red  ball",)))


def test_what_cannot_be_edited_is_told_and_the_rest_is_done(services, films):
    found = probe(services, films, query="a red ball", text_kinds=("order", "colour"), film_kinds=()).cases[0]
    assert [each.kind for each in found.missing_texts] == ["order"]
    foreign = probe(services, films, query="ein roter Ball rollt nach links", film_kinds=("freeze",)).cases[0]
    assert not foreign.texts
    assert [each.kind for each in foreign.missing_texts] == ["all"]
    assert "English" in foreign.missing_texts[0].why
    assert [edit.kind for edit in foreign.films] == ["freeze", "stutter"]


def test_a_film_of_one_frame_and_a_film_too_long_to_encode_say_so(services, films, tmp_path):
    single = services.library.open_path(write_film(tmp_path / "one.mp4", [(0.1, RED)]).path)
    found = probe(services, films, case=Case(single.id, "a red ball"), text_kinds=("colour",)).cases[0]
    assert {each.kind for each in found.missing_films} >= {"reverse", "freeze", "scene-alone", "splice"}
    assert "one frame" in found.missing_films[0].why
    assert "noise" in [edit.kind for edit in found.films]
    assert not probe(services, films, case=Case(single.id, "a red ball"), text_kinds=("colour",)).fewest
    long = services.library.open_path(write_film(tmp_path / "long.mp4", [(MOST_FRAMES / 2 + 1, RED)], fps=2).path)
    found = probe(services, films, case=Case(long.id, "a red ball"), text_kinds=("colour",)).cases[0]
    told = {each.kind: each.why for each in found.missing_films}
    assert told["blur"] == "Its 130 frames would have to be encoded again; choose a part of 64 s or less."
    assert "reverse" in [edit.kind for edit in found.films]


def test_the_fewest_frames_are_those_that_no_smaller_set_beats(services, films):
    found = probe(services, films, text_kinds=("colour",), film_kinds=(), case=Case(
        films["red-blue"].id, "a red ball", own=("a blue ball",)))  # fmt: skip
    [frames] = [each for each in found.fewest if each.what == "frames"]
    assert frames.winner == "a blue ball"
    assert len(frames.parts) == 4, "of six red and two blue frames, four red ones have to go"
    assert "Without 4 of its 8 frames “a blue ball” comes first; fewer do not do." in found.conclusion


def test_of_several_rivals_the_one_that_needs_the_fewest_frames_counts(services, films, tmp_path):
    """The closest rival shares every frame a little; another has one frame that decides."""
    path = write_film(tmp_path / "two.mp4", [(3.5, RED), (0.5, BLUE)]).path
    film = services.library.open_path(path)
    case = Case(film.id, "a red ball", own=("a red and red and red and green ball", "a blue ball"))
    found = probe(services, films, case=case, text_kinds=(), film_kinds=())
    [frames] = [each for each in found.fewest if each.what == "frames"]
    assert frames.winner == "a blue ball"
    assert len(frames.parts) == 6, "of seven red frames and a blue one"


def test_the_fewest_words_are_those_that_no_smaller_set_beats(services, films):
    found = probe(services, films, query="a red and blue ball", film_kinds=(), among=("green", "gray-green"))
    [words] = [each for each in found.fewest if each.what == "words"]
    model = services.models.load(ENTRY.id)
    pooled = {name: unit(*shares) for name, shares in (
        ("red-blue", [("red", 3), ("blue", 1)]), ("green", [("green", 1)]),
        ("gray-green", [("gray", 2), ("green", 1)]))}  # fmt: skip
    tokens = ["a", "red", "and", "blue", "ball"]
    sizes = []
    for n_out in range(1, 4):
        for gone in combinations(range(5), n_out):
            absent = np.array([[at in gone for at in range(5)]])
            said = model.encode_texts([" ".join(tokens)], absent).embeddings[0]
            if max(pooled["green"] @ said, pooled["gray-green"] @ said) >= pooled["red-blue"] @ said:
                sizes.append((n_out, {tokens[at] for at in gone}))
    assert len(words.parts) == min(size for size, _ in sizes) == 2
    assert set(words.parts) == {"red", "blue"}


def test_a_sentence_of_many_words_says_that_none_was_left_out(services, films):
    def about_words(n_words, model=ENTRY.id):
        query = " ".join(["a red ball", *["and a red ball"] * 9]).split()[:n_words]
        found = probe(
            services, films, query=" ".join(query), model=model, film_kinds=(), text_kinds=(), among=("green",)
        )
        [words] = [each for each in found.fewest if each.what == "words"]
        return words.most_out, found.conclusion

    asked, conclusion = about_words(16)
    assert (asked, "not asked" in conclusion) == (3, False)
    asked, conclusion = about_words(17)
    assert asked == 0
    assert (
        "Which of the sentence's 17 words make the difference is not asked; that is done with 16 words or fewer."
        in conclusion
    )
    one, conclusion = about_words(8, "read-against")
    assert one == 1
    assert "No word of the sentence's 8 can be left out so that another video fits better." in conclusion


def test_of_many_films_each_is_ranked_among_the_others_of_which_its_sentence_is_not_said(services, films):
    cases = (
        Case(films["red-blue"].id, "a red ball"),
        Case(films["green"].id, "a green ball"),
        Case(films["gray-green"].id, "a green ball"),
    )
    found = Probe().run(services, ProbeParams(cases, ENTRY.id, text_kinds=("colour",), film_kinds=("drop",))).result
    assert [case.standing.n_other_films for case in found.cases] == [2, 1, 1]
    assert [case.standing.n_other_texts for case in found.cases] == [1, 1, 1]
    assert [case.standing.ranks_by_text[0] for case in found.cases] == [1, 1, 1]
    assert all(case.among is None for case in found.cases), "of many cases the memory holds no scores with others"
    assert (found.n_cases, found.n_videos) == (3, 3)
    assert found.conclusion.startswith("Colour histogram: 3 sentences of 3 videos.")
    assert "sentence: another colour" in probes_as_text([found])


def test_edits_of_a_file_are_taken_as_they_are(services, films):
    edits = (
        edit_by_hand("a red ball", "a blue ball", "verb"),
        edit_by_hand("a red ball", "a red sphere", "p", "control"),
    )
    case = Case(films["red-blue"].id, "a red ball", edits)
    found = probe(services, films, case=case, text_kinds=(), film_kinds=()).cases[0]
    assert found.texts == edits
    assert found.answer(0, found.rivals) == 0
    more = probe(services, films, case=case, text_kinds=("colour",), film_kinds=(), most=20).cases[0].texts
    assert more[:2] == edits
    assert {edit.kind for edit in more[2:]} == {"colour"}
    assert [edit.text for edit in more].count("a blue ball") == 1


def test_a_film_is_cancelled_between_two_encodings_and_goes_on_from_there(services, films, halves):
    steps = []

    def stop(progress):
        steps.append(progress)
        if sum(step.what.startswith("Encoding") and step.done == step.total for step in steps) == 3:
            raise Cancelled()

    asked = Case(halves.id, "a red ball")
    with pytest.raises(Cancelled):
        probe(services, films, case=asked, text_kinds=(), film_kinds=PAINTED, report=stop)
    found = probe(services, films, case=asked, text_kinds=(), film_kinds=PAINTED)
    assert found.n_encoded == 8 * (len(PAINTED) - 2), "the third was stopped before it was kept"


def test_an_answer_is_plain_json_and_says_how_it_was_made(services, films):
    params = ProbeParams((Case(films["red-blue"].id, "a red ball"),), ENTRY.id, text_kinds=("colour",))
    outcome = Probe().run(services, params)
    written = json.loads(json.dumps(Probe().as_json(outcome), allow_nan=False))
    assert written["provenance"]["parameters"]["n_cases"] == 1
    assert len(written["provenance"]["parameters"]["cases_sha256"]) == 64
    assert written["cases"][0]["scores"][0][0] == pytest.approx(3 / math.sqrt(10))
    assert Probe().as_text(outcome).startswith("Colour histogram: “a red ball” scores 0.949")


@pytest.mark.parametrize(
    ("change", "problem", "told"),
    [
        ({"cases": ()}, InputError, "There is nothing to probe; give a video and a sentence"),
        ({"film_kinds": ("rewind",)}, InputError, "There is no edit 'rewind' of a video"),
        ({"text_kinds": ("tense",)}, InputError, "There is no edit of kind 'tense'"),
        ({"most": 0}, InputError, "Edits of a kind is 0; choose a value from 1 to 20"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_sentence(services, films, change, problem, told):
    params = ProbeParams((Case(films["red-blue"].id, "a red ball"),), ENTRY.id)
    with pytest.raises(problem, match=told):
        Probe().run(services, replace(params, **change))
    with pytest.raises(QueryError, match="The sentence is empty"):
        Probe().run(services, replace(params, cases=(replace(params.cases[0], query=" "),)))


def test_the_film_itself_comes_first(services, films):
    part = part_of(films["red-blue"], SamplingSpec(), None, None, 0)
    made = edit_film(services, services.models.load(ENTRY.id), part, film_kinds(["reverse"]), lambda progress: None)
    assert made.rows[0].counts.tolist() == [1] * 8
    assert len(made.rows) == 3
