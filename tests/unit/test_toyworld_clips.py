"""Short films of one object that does one thing: labels that are balanced, independent, and true of what is drawn."""

from __future__ import annotations

import json
import re
from collections import Counter

import numpy as np
import pytest

from tests.unit.test_toyworld_truth import frames_are_skipped
from workbench.errors import InputError
from workbench.toyworld.clips import ACTIONS, DURATION_S, FEWEST, LABELS_FILE, make_clips, ordered_clips, solo_clips
from workbench.toyworld.seeds import generator
from workbench.toyworld.story import FPS, draw_frames, solo_story
from workbench.toyworld.truth import mask
from workbench.toyworld.vocabulary import COLOURS, SHAPES, VERBS

COUNT = 30


@pytest.fixture(scope="module")
def clips():
    return list(solo_clips(3, COUNT))


def test_every_value_of_every_label_is_in_several_films(clips):
    for name, values in (("colour", COLOURS), ("shape", SHAPES), ("action", [VERBS[verb][0] for verb in ACTIONS])):
        counts = Counter(clip.labels[name] for clip in clips)
        assert set(counts) == set(values)
        assert max(counts.values()) - min(counts.values()) <= 1
        assert min(counts.values()) >= 2


def test_the_motion_of_the_drawn_pixels_is_the_label(clips):
    """Where the object is, and how large, is measured in the picture: what differs from the mean of the clip's edge."""
    for clip in clips:
        story = clip.story
        first, last = (mask(story, 0, frame) for frame in (0, story.n_frames - 1))
        drawn = draw_frames(story, np.array([0, story.n_frames - 1])).astype(float)
        for picture, covered in zip(drawn, (first, last), strict=True):
            seen = picture[covered].mean(axis=0)
            beside = picture[~covered].mean(axis=0)
            assert np.abs(seen - beside).max() > 30  # the mask is where something is painted
            named = min(COLOURS, key=lambda name: np.abs(seen / story.gain[0] - COLOURS[name]).sum())
            assert named == clip.labels["colour"]
        (y0, x0), (y1, x1) = (np.argwhere(covered).mean(axis=0) / story.size_px for covered in (first, last))
        grown = np.sqrt(last.sum() / first.sum())
        found = {
            "moves left": x0 - x1 > 0.2,
            "moves right": x1 - x0 > 0.2,
            "moves up": y0 - y1 > 0.2,
            "moves down": y1 - y0 > 0.2,
            "grows": grown > 1.25,
            "shrinks": grown < 0.8,
        }
        assert [action for action, is_so in found.items() if is_so] == [clip.labels["action"]]


def test_one_object_is_there_all_the_time_and_does_one_thing(clips):
    for clip in clips:
        [actor], [event] = clip.story.actors, clip.story.events
        assert actor.is_visible.all()
        assert actor.shape == clip.labels["shape"]
        assert 0 < event.start_s < event.end_s < clip.story.duration_s == DURATION_S
        assert (clip.story.fps, clip.story.size_px) == (FPS, 256)
        article = "an" if clip.labels["colour"] == "orange" else "a"
        assert clip.caption == f"{article} {' '.join(clip.labels.values())}"


def test_two_things_are_done_and_told_in_their_order():
    for clip in ordered_clips(3, 12):
        [actor], [first, second] = clip.story.actors, clip.story.events
        assert actor.is_visible.all()
        assert first.end_s <= second.start_s
        said = [f"{VERBS[event.verb][0]}" for event in (first, second)]
        assert re.fullmatch(rf"(an? .+) {said[0]} then \1 {said[1]}", clip.caption)
    assert clip.story.id == "toy-order-3-011"
    assert clip.story.events == list(ordered_clips(3, 12))[-1].story.events


def test_files_are_as_examine_reads_them_and_the_same_every_time(tmp_path):
    for name in ("a", "b"):
        paths = make_clips(tmp_path / name, solo_clips(5, FEWEST), frames_are_skipped)
    assert len(paths) == FEWEST
    text = (tmp_path / "a" / LABELS_FILE).read_text()
    assert text == (tmp_path / "b" / LABELS_FILE).read_text()
    rows = [json.loads(line) for line in text.splitlines()]
    assert [row["vid"] for row in rows] == [path.stem for path in paths]
    assert set(rows[0]) == {"vid", "labels", "caption"}


def test_too_few_films_and_what_does_not_fit_are_refused(tmp_path):
    with pytest.raises(InputError, match="too few"):
        make_clips(tmp_path / "none", solo_clips(1, FEWEST - 1), frames_are_skipped)
    assert not (tmp_path / "none").exists()
    with pytest.raises(ValueError, match="changes colour"):
        solo_story(generator("test", 1, 1), "x", "red", "circle", ["changes_colour"], 4.0)
