"""The table of a small game of frames, against loops over what is in each coalition."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.attribution import by_definition, subsets
from tests.films import write_film
from workbench.analyses.attribute import Attribute, AttributeParams
from workbench.analyses.by_hand import MOST_FRAMES, by_hand
from workbench.analyses.extraction import extract
from workbench.analyses.services import Services
from workbench.errors import InputError
from workbench.settings import Settings
from workbench.types.video import SamplingSpec

MODEL, QUERY = "toyworld-frame", "a red circle"


@pytest.fixture
def services(settings: Settings) -> Services:
    return Services.create(settings)


def test_every_coalition_is_worth_the_cosine_of_its_mean(services: Services, tmp_path: Path) -> None:
    colours = [(200, 30, 30), (30, 30, 200), (30, 200, 30), (200, 200, 30)]
    video = services.library.open_path(write_film(tmp_path / "film.mp4", [(1.0, colour) for colour in colours]).path)
    game = by_hand(services, video.id, QUERY, MODEL, (0.5, 1.5, 3.4))
    assert game.times_s == pytest.approx([0.5, 1.5, 3.5])
    model = services.models.load(MODEL)
    frames = extract(services, video, model, SamplingSpec(), lambda progress: None).features.frames[[1, 3, 7]]
    said = np.mean(
        [model.encode_texts([prompt.replace("{}", QUERY)]).embeddings[0] for prompt in model.spec.prompts], 0
    )
    worth = {}
    for coalition in subsets(3):
        mean = sum((frames[at].astype(float) for at in coalition), np.zeros(frames.shape[1]))
        length = np.linalg.norm(mean) * np.linalg.norm(said)
        worth[coalition] = float(mean @ said / length) if coalition else 0.0
        assert game.worth[sum(1 << at for at in coalition)] == pytest.approx(worth[coalition], abs=1e-6)
    assert game.values == pytest.approx(by_definition(3, worth)[0], abs=1e-6)


def test_they_are_the_values_that_the_analysis_gives(services: Services) -> None:
    video = services.library.examples()[2]
    game = by_hand(services, video.id, "a red ring", MODEL, (30.0, 30.5, 31.0))
    params = AttributeParams(video.id, ("a red ring",), MODEL, players="frames", start_s=29.9, end_s=31.2)
    found = Attribute().run(services, params).result
    assert found.values == pytest.approx(game.values, abs=1e-12)


@pytest.mark.parametrize("n_frames", [0, MOST_FRAMES + 1])
def test_a_game_that_is_none_to_work_out_is_refused(services: Services, n_frames: int) -> None:
    with pytest.raises(InputError, match="none to work out by hand"):
        by_hand(services, services.library.examples()[0].id, QUERY, MODEL, [1.0] * n_frames)
