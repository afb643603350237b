"""The toy world's truth against answers worked out by other means: pixels, brute force, plain reading."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from workbench.toyworld import dataset, grammar, render, stills, truth
from workbench.toyworld.grammar import Clause, Noun, Sentence
from workbench.toyworld.seeds import SPLITS, generator
from workbench.toyworld.story import draw_frames, objects_at, random_story
from workbench.toyworld.vocabulary import COLOURS, SHAPES


@pytest.fixture(scope="module")
def stories():
    return [random_story(3, index, duration_s=(10, 30)) for index in range(12)]


def frames_are_skipped(path, frames, fps):
    path.write_bytes(b"")


def test_same_seed_same_bytes_of_truth(tmp_path):
    digests = []
    for name in ("a", "b"):
        dataset.make(tmp_path / name, seed=5, count=2, write_video=frames_are_skipped)
        files = [tmp_path / name / file for file in ("moments.jsonl", "truth.jsonl")]
        digests.append([hashlib.sha256(file.read_bytes()).hexdigest() for file in files])
    assert digests[0] == digests[1]
    dataset.make(tmp_path / "c", seed=6, count=2, write_video=frames_are_skipped)
    assert (tmp_path / "c" / "truth.jsonl").read_bytes() != (tmp_path / "a" / "truth.jsonl").read_bytes()


def test_splits_share_no_random_stream():
    first = {split: generator(split, 0, 0).integers(0, 2**62, 8).tolist() for split in SPLITS}
    assert len({tuple(numbers) for numbers in first.values()}) == len(SPLITS)


def test_presence_windows_agree_with_the_pixels(stories):
    """A frame lies in the window of "a red circle" exactly where red-circle pixels are drawn."""
    story = next(s for s in stories if len(s.actors) >= 3)
    for noun in {
        truth.noun_of(story, i, np.flatnonzero(a.is_visible)[0] / story.fps) for i, a in enumerate(story.actors)
    }:
        inside = np.zeros(story.n_frames, bool)
        for start, end in truth.windows(story, Sentence("presence", (noun,))):
            inside[round(start * story.fps) : round(end * story.fps)] = True
        code = list(COLOURS).index(noun.colour)
        for frame in range(0, story.n_frames, 7):
            drawn = any(
                truth.mask(story, i, frame).any() and actor.colour[frame] == code
                for i, actor in enumerate(story.actors)
                if actor.shape == noun.shape
            )
            assert drawn == inside[frame]


def test_boxes_hold_the_mask_tightly(stories):
    story = stories[0]
    for index, actor in enumerate(story.actors):
        boxes = truth.boxes(story, index)
        for frame in np.flatnonzero(actor.is_visible)[::25].tolist():
            rows, columns = np.nonzero(truth.mask(story, index, frame))
            drawn = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
            assert np.abs(drawn - boxes[frame]).max() <= 3.0
        assert np.isnan(boxes[~actor.is_visible]).all()


def test_objects_on_stage_never_touch_and_never_look_alike(stories):
    for story in stories:
        for i, a in enumerate(story.actors):
            for b in story.actors[i + 1 :]:
                both = a.is_visible & b.is_visible
                assert (np.hypot(a.x - b.x, a.y - b.y) > a.radius + b.radius)[both].all()
                if a.shape == b.shape:
                    assert (a.colour != b.colour)[both].all()


@pytest.mark.parametrize(
    ("verb", "attribute", "sign"),
    [
        ("moves_left", "x", -1),
        ("moves_right", "x", 1),
        ("moves_up", "y", -1),
        ("moves_down", "y", 1),
        ("grows", "radius", 1),
        ("shrinks", "radius", -1),
        ("spins_clockwise", "angle", 1),
        ("spins_anticlockwise", "angle", -1),
    ],
)
def test_events_do_what_their_verb_says(stories, verb, attribute, sign):
    seen = [(s, e) for s in stories for e in s.events if e.verb == verb]
    assert seen, f"no story has {verb}"
    for story, event in seen:
        values = getattr(story.actors[event.actor], attribute)
        start, stop = round(event.start_s * story.fps), round(event.end_s * story.fps)
        steps = np.diff(values[start:stop])
        assert (np.sign(steps) == sign).all()


def test_towards_and_away_change_the_distance():
    stories = [random_story(4, index) for index in range(12)]
    for verb, sign in (("moves_towards", -1), ("moves_away", 1)):
        seen = [(s, e) for s in stories for e in s.events if e.verb == verb]
        assert seen
        for story, event in seen:
            me, other = story.actors[event.actor], story.actors[event.other]
            start, stop = round(event.start_s * story.fps), round(event.end_s * story.fps)
            before = np.hypot(me.x[start] - other.x[start], me.y[start] - other.y[start])
            after = np.hypot(me.x[stop - 1] - other.x[start], me.y[stop - 1] - other.y[start])
            assert np.sign(after - before) == sign


def test_every_event_is_true_of_its_film_and_direction_edits_are_judged_by_the_events(stories):
    rng = np.random.default_rng(0)
    for story in stories:
        for event in story.events:
            sentence = truth.sentence_of(story, event)
            assert (event.start_s, event.end_s) in truth.windows(story, sentence)
            for edit in grammar.edits(sentence, rng):
                if edit.kind != "direction":
                    continue
                clause = edit.sentence.clauses[0]
                happened = any(
                    other.verb == clause.verb
                    and other.manner == clause.manner
                    and truth.noun_of(story, other.actor, other.start_s) == clause.noun
                    and (other.other is None or truth.noun_of(story, other.other, other.start_s) == clause.other)
                    for other in story.events
                )
                assert bool(truth.windows(story, edit.sentence)) == happened


def test_discriminating_word_by_hand():
    story = random_story(3, 0, duration_s=(20, 21))
    a = story.actors[0]
    b = type(a)(**{**vars(a), "colour": (a.colour + 1) % len(COLOURS)})
    pair = type(story)(story.id, story.n_frames, [a, b], [], story.background, story.gain)
    noun = Noun(tuple(COLOURS)[a.colour[0]], a.shape)
    assert truth.discriminating_words(pair, noun) == [noun.colour]
    other_shape = next(shape for shape in SHAPES if shape != a.shape)
    c = type(a)(**{**vars(a), "shape": other_shape})
    pair = type(story)(story.id, story.n_frames, [a, c], [], story.background, story.gain)
    assert truth.discriminating_words(pair, noun) == [noun.shape]


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        (Sentence("presence", (Noun("orange", "star", "large"),)), "a large orange star"),
        (Sentence("presence", (Noun("orange", "star"),)), "an orange star"),
        (Sentence("absence", (Noun("red", "ring"),)), "no red ring"),
        (Sentence("count", (Noun(None, "cross"),), count=2), "two crosses"),
        (
            Sentence("relation", (Noun("red", "ring"), Noun("blue", None)), relation="left of"),
            "a red ring left of a blue object",
        ),
        (
            Sentence("event", clauses=(Clause(Noun("cyan", "square"), "moves_left", "slowly"),)),
            "a cyan square moves left slowly",
        ),
        (
            Sentence("presence", (Noun("red", "ring", row="top", column="left"),)),
            "a red ring at the top left",
        ),
    ],
)
def test_sentences_read_as_english(sentence, text):
    assert sentence.text == text


def test_edits_change_exactly_what_they_say():
    sentence = Sentence("event", clauses=(Clause(Noun("red", "star"), "moves_left", "slowly"),))
    found = {edit.kind: edit for edit in grammar.edits(sentence, np.random.default_rng(1))}
    assert set(found) == {"colour", "shape", "direction", "manner"}
    assert found["direction"].text == "a red star moves right slowly"
    assert found["manner"].text == "a red star moves left quickly"
    order = Sentence("order", clauses=(sentence.clauses[0], Clause(Noun("blue", "ring"), "bounces")))
    edit = next(e for e in grammar.edits(order, np.random.default_rng(1)) if e.kind == "order")
    assert edit.text == "a blue ring bounces then a red star moves left slowly"


def test_paraphrases_never_change_the_content_words():
    said = grammar.paraphrases(Sentence("presence", (Noun("red", "square"),)))
    assert len(said) >= 5
    assert all("red" in text.split() and "square" in text.split() for text in said)


def test_every_sentence_uses_known_words_only(stories):
    known = set(grammar.word_list())
    rng = np.random.default_rng(0)
    for story in stories:
        for sentence in [truth.sentence_of(story, e) for e in story.events] + truth.sentences_in_order(story):
            texts = [
                sentence.text,
                *grammar.paraphrases(sentence),
                *(e.text for e in grammar.edits(sentence, rng)),
            ]
            assert not {word for text in texts for word in text.split()} - known


def test_truth_table_of_stills_equals_reading_each_frame():
    rng = np.random.default_rng(2)
    scene = stills.random_stills(rng, 40)
    sentences = stills.captions(scene, rng, n_edits=2)
    table = stills.truth_table(scene, sentences)
    assert table[np.arange(40), np.arange(40)].all()
    for i in range(40):
        for j, sentence in enumerate(sentences):
            assert table[i, j] == _is_true(scene, i, sentence), sentence.text


def _is_true(scene, frame, sentence):
    """Read one sentence against one frame, object by object."""
    names = (
        list(COLOURS),
        list(SHAPES),
        ["small", "large"],
        ["top", "middle", "bottom"],
        ["left", "middle", "right"],
    )

    def fits(at, noun):
        said = (noun.colour, noun.shape, noun.size, noun.row, noun.column)
        codes = scene.attributes[frame, at]
        return all(v is None or (c >= 0 and group[c] == v) for v, c, group in zip(said, codes, names, strict=True))

    seen = np.flatnonzero(scene.objects.is_visible[frame])
    nouns = sentence.nouns or tuple(clause.noun for clause in sentence.clauses)
    if sentence.kind == "empty":
        return len(seen) == 0
    if sentence.kind == "count":
        return sum(fits(at, nouns[0]) for at in seen) >= sentence.count
    if sentence.kind in ("both", "relation"):
        x, y = scene.objects.x[frame], scene.objects.y[frame]
        stands = {
            None: lambda a, b: True,
            "left of": lambda a, b: x[a] < x[b],
            "right of": lambda a, b: x[a] > x[b],
            "above": lambda a, b: y[a] < y[b],
            "below": lambda a, b: y[a] > y[b],
        }[sentence.relation]
        return any(a != b and fits(a, nouns[0]) and fits(b, nouns[1]) and stands(a, b) for a in seen for b in seen)
    return any(fits(at, noun) for noun in nouns for at in seen)


def test_drawing_at_another_size_is_the_same_picture():
    """Training draws at 64 px what a film shows at 256 px: averaging blocks of 4 gives the same frame."""
    story = random_story(3, 1, duration_s=(10, 12))
    frames = np.arange(0, story.n_frames, 20)
    large = draw_frames(story, frames, 256).astype(float).reshape(len(frames), 64, 4, 64, 4, 3).mean((2, 4))
    assert np.abs(large - draw_frames(story, frames, 64)).mean() < 1.0


def test_coverage_has_the_area_of_the_shape():
    """A circle of radius r covers pi r^2; a square of half-side a covers (2a)^2."""
    one = np.ones((1, 1))
    for shape, area in (("circle", np.pi * 0.94**2), ("square", (2 * 0.82) ** 2)):
        objects = render.Objects(
            np.array([[SHAPES.index(shape)]]),
            np.ones((1, 1, 3)),
            one * 0.5,
            one * 0.5,
            one * 0.2,
            one * 0.3,
            one > 0,
        )
        covered = render.coverage(objects, 0, 0, 256).mean()
        assert covered == pytest.approx(area * 0.2**2, rel=0.01)


def test_rows_tell_present_from_absent(tmp_path):
    dataset.make(tmp_path, seed=8, count=3, write_video=frames_are_skipped)
    rows = [json.loads(line) for line in (tmp_path / "moments.jsonl").read_text().splitlines()]
    assert len({row["qid"] for row in rows}) == len(rows)
    stories = {s.id: s for s in (random_story(8, i) for i in range(3))}
    for row in rows:
        words = row["query"].split()
        colour = next(word for word in words if word in COLOURS)
        shape = next(word for word in words if word in SHAPES)
        story = stories[row["vid"]]
        shown = [a.is_visible & (a.colour == list(COLOURS).index(colour)) for a in story.actors if a.shape == shape]
        assert bool(row["relevant_windows"]) == any(mask.any() for mask in shown)
    assert any(not row["relevant_windows"] for row in rows)


def test_empty_stage_draws_background_only():
    story = random_story(3, 2, duration_s=(10, 11))
    empty = type(story)(story.id, story.n_frames, [], [], story.background, story.gain)
    assert objects_at(empty, np.arange(3)).shape.shape == (3, 0)
    assert draw_frames(empty, np.arange(3)).std(axis=(1, 2)).max() < 60
