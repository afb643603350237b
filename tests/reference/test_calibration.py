"""The nulls that the toy models bring: measured on these weights, with sentences that are known to be absent."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from workbench.models.registry import ModelRegistry
from workbench.settings import ASSETS, Settings
from workbench.toyworld import truth
from workbench.toyworld.calibration import SAMPLE_FPS, absent_events, absent_objects, calibrate
from workbench.toyworld.story import random_story
from workbench.toyworld.vocabulary import MANNERS, VERBS

N_VIDEOS = 2
SETTINGS = ("fps", "step_s", "longest_s", "smoothing_s")
ROUNDED = 1.5e-4
"""Peaks stand in the card with four digits: two kinds or rates of them have few in common."""


@pytest.mark.parametrize(("name", "n_kinds"), [("toyworld-frame", 1), ("toyworld-video", 2)])
def test_the_shipped_nulls_are_those_of_the_weights_beside_them(name, n_kinds, tmp_path):
    folder = shutil.copytree(ASSETS / "models" / name, tmp_path / name)
    shipped = json.loads((folder / "workbench.json").read_text(encoding="utf-8"))
    calibrate(folder, N_VIDEOS)
    again = json.loads((folder / "workbench.json").read_text(encoding="utf-8"))
    assert again | {"measured_nulls": []} == shipped | {"measured_nulls": []}
    assert len(again["measured_nulls"]) == len(shipped["measured_nulls"]) == n_kinds * len(SAMPLE_FPS)
    for few, all_ in zip(again["measured_nulls"], shipped["measured_nulls"], strict=True):
        assert [few[name] for name in SETTINGS] == [all_[name] for name in SETTINGS]
        assert set(few["words"]) <= set(all_["words"])
        np.testing.assert_allclose(few["levels"], all_["levels"][:N_VIDEOS], atol=ROUNDED)
        assert np.abs(np.subtract.outer(few["peaks"], all_["peaks"])).min(axis=1).max() < ROUNDED
        assert len(all_["peaks"]) >= 300


def test_the_workbench_takes_them_from_the_card():
    spec = ModelRegistry(Settings(offline=True, device="cpu")).load("toyworld-video").spec
    objects, events = (spec.measured_nulls[at] for at in (0, len(SAMPLE_FPS)))
    assert "moves" not in objects.words
    assert {word for words, _ in VERBS.values() for word in words.split()} - set(events.words) == set()
    assert not set(MANNERS) & set(events.words)


@pytest.mark.parametrize("index", range(4))
def test_what_is_called_absent_is_not_in_the_story(index):
    story = random_story(0, index, "validation")
    nouns = {f"{colour} {actor.shape}" for actor in story.actors for colour in _colours(actor)}
    synonyms = {"disc": "circle", "plus": "cross", "hoop": "ring"}
    for text in absent_objects(story, index):
        plain = " ".join(synonyms.get(word, word) for word in text.split())
        assert not any(noun in plain for noun in nouns), text
    told = {
        truth.sentence_of(story, event).text.removesuffix(" slowly").removesuffix(" quickly") for event in story.events
    }
    absent = absent_events(story, index)
    assert len(absent) == 8
    assert not told & set(absent)
    assert not any(word in text.split() for text in absent for word in (*MANNERS, "not"))


def _colours(actor) -> set[str]:
    from workbench.toyworld.vocabulary import COLOURS

    return {list(COLOURS)[code] for code in np.unique(actor.colour[actor.is_visible])}
