"""Every family, from a checkpoint in a folder to an answer: the second time nothing is decoded or encoded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.unit.test_model_contract import TINY
from workbench.analyses.ground import Ground, GroundParams
from workbench.analyses.services import Services
from workbench.settings import Settings


@pytest.mark.parametrize("family", TINY)
def test_the_second_answer_comes_from_the_cache(family: str, film, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = str(TINY[family](tmp_path / "model"))
    settings = Settings(home=tmp_path / "home", offline=True, device="cpu")

    def ask(services: Services):
        video = services.library.open_path(film.path)
        return Ground().run(services, GroundParams(video.id, ("a red circle", "the cat"), folder, fps=4.0))

    first = ask(Services.create(settings))
    assert not first.provenance.from_cache
    assert np.isfinite(first.result.saliency).all()
    later = Services.create(settings)
    model = later.models.load(folder)

    def refuse(*args, **more):
        raise AssertionError("encoded or decoded again")

    for method in ("encode_frames", "encode_texts", "prepare", "look", "say"):
        monkeypatch.setattr(model, method, refuse)
    if not model.spec.separable:
        monkeypatch.setattr(model, "similarity", refuse)
    monkeypatch.setattr(later.library, "frames", refuse)
    second = ask(later)
    assert second.provenance.from_cache
    np.testing.assert_array_equal(second.result.saliency, first.result.saliency)
