"""Planted groups of the toy world: colours and forms in the space of the frame model, actions in that of windows.

Each is looked for in the space as the words see it, which tell it apart; seeds that nothing was trained on.
"""

from __future__ import annotations

import pytest
from sklearn.metrics import adjusted_rand_score

from tests.benchmarks.bench_space_toyworld import Objects, actions_seen, agreement, objects_of, windows_of
from workbench.analyses.services import Services
from workbench.core.clusters import clustered
from workbench.settings import Settings
from workbench.toyworld.vocabulary import SHAPES


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return Services.create(Settings(home=tmp_path_factory.mktemp("planted"), offline=True, device="cpu"))


@pytest.fixture(scope="module")
def objects(services: Services) -> Objects:
    return objects_of(services)


def test_colours_and_shapes_are_the_groups_that_their_words_see(objects: Objects):
    assert objects.agreement("colour", "colour") >= 0.95
    assert objects.agreement("colour", "shape") < 0.1
    assert objects.agreement("shape", "shape") >= 0.8
    assert objects.agreement("shape", "colour") < 0.1


def test_the_groups_of_the_whole_space_are_colour_and_shape_together(objects: Objects):
    found = clustered(objects.features.frames)
    inside = found.labels >= 0
    both = objects.truth["colour"] * len(SHAPES) + objects.truth["shape"]
    assert inside.mean() > 0.5
    assert adjusted_rand_score(both[inside], found.labels[inside]) >= 0.7


def test_a_linear_probe_reads_colour_and_shape(objects: Objects):
    assert objects.read("colour") >= 0.95
    assert objects.read("shape") >= 0.9


def test_actions_are_groups_for_the_model_of_windows_and_not_for_that_of_frames(services: Services):
    windows = windows_of()
    by_windows, _ = actions_seen(services.models.load("toyworld-video"), windows.pixels)
    by_frames, pooled = actions_seen(services.models.load("toyworld-frame"), windows.pixels)
    assert agreement(by_windows, windows.truth) >= 0.8
    assert agreement(by_frames, windows.truth) < 0.1
    # Of what the words see, and of the mean of the frames: a probe says the same.
    assert windows.read(by_windows) >= 0.9
    assert windows.read(by_frames) < windows.chance + 0.15
    assert windows.read(pooled) < 0.5
