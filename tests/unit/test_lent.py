"""A GPU that is lent call by call: a stand-in for the platform's package forks a process for each, as it does."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.films import BLUE, RED, write_film
from workbench.analyses.ground import Ground
from workbench.analyses.services import Services
from workbench.errors import ModelError
from workbench.models import lent, runtime
from workbench.models.adapter_template import ENTRY, FAMILY
from workbench.models.registry import ModelRegistry
from workbench.models.runtime import device_for
from workbench.settings import LENT, Settings


class Platform(ModuleType):
    """Stands for the package ``spaces``: what is decorated runs in a forked process, to which bytes alone come."""

    def __init__(self) -> None:
        super().__init__("spaces")
        self.calls: list[tuple[float, bytes]] = []
        self.refusal = ""

    def GPU(self, duration: Callable[..., float]) -> Callable[[Callable], Callable]:  # noqa: N802
        return lambda task: lambda *args: self._run(task, duration(*args), args)

    def _run(self, task: Callable, seconds: float, args: tuple) -> Any:
        if self.refusal:
            raise RuntimeError(self.refusal)
        self.calls.append((seconds, bytes(ForkingPickler.dumps(args))))
        ours, theirs = multiprocessing.get_context("fork").Pipe()
        child = multiprocessing.get_context("fork").Process(target=_there, args=(task, theirs))
        child.start()
        ours.send(args)
        is_well, answer = ours.recv()
        child.join()
        if not is_well:
            raise RuntimeError(answer)
        return answer


def _there(task: Callable, link: Any) -> None:
    try:
        answer = (True, task(*link.recv()))
    except Exception as error:
        answer = (False, type(error).__name__)
    link.send(answer)


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Platform:
    """Return the stand-in, in whose processes the colour model is found on a device that is here."""
    monkeypatch.setitem(sys.modules, "spaces", platform := Platform())

    def models_there(settings: Settings) -> ModelRegistry:
        assert os.getpid() != here
        return _with_colours(Services.create(replace(settings, device="cpu"))).models

    here = os.getpid()
    monkeypatch.setattr(lent, "_models_there", models_there)
    monkeypatch.setattr(lent, "SMALL_BYTES", 0)
    return platform


def _with_colours(services: Services) -> Services:
    services.models.register_family(FAMILY)
    services.models.register(ENTRY)
    return services


def test_films_are_read_there_and_answered_here(platform: Platform, tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4", [(3.0, RED), (3.0, BLUE)]).path
    answers = []
    for device in ("cpu", LENT):
        services = _with_colours(Services.create(Settings(home=tmp_path / device, offline=True, device=device)))
        video = services.library.open_path(film)
        asked = Ground.Params(video.id, ("red",), ENTRY.id)
        answers.append(Ground().run(services, asked))
        assert len(platform.calls) == (device == LENT)
    here, there = answers
    assert there.result.moments == here.result.moments
    np.testing.assert_array_equal(there.result.saliency, here.result.saliency)
    [(seconds, sent)] = platform.calls
    assert 0 < seconds <= 120
    assert b"torch" not in sent
    # Kept by this process, by the very name that features of the processor have.
    kept, also = (
        {path.relative_to(tmp_path / device) for path in (tmp_path / device).rglob("*.safetensors")}
        for device in ("cpu", LENT)
    )
    assert kept == also != set()
    assert Ground().run(services, asked).provenance.from_cache
    assert len(platform.calls) == 1


def test_a_small_model_reads_them_here(platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lent, "SMALL_BYTES", 1_000)
    services = _with_colours(Services.create(Settings(home=tmp_path, offline=True, device=LENT)))
    video = services.library.open_path(write_film(tmp_path / "film.mp4", [(3.0, RED)]).path)
    assert Ground().run(services, Ground.Params(video.id, ("red",), ENTRY.id)).result.saliency.size
    assert not platform.calls


def test_long_films_go_there_in_few_calls(platform: Platform, tmp_path: Path) -> None:
    services = _with_colours(Services.create(Settings(home=tmp_path, offline=True, device=LENT)))
    video = services.library.open_path(write_film(tmp_path / "film.mp4", [(150.0, RED)]).path)
    Ground().run(services, Ground.Params(video.id, ("red",), ENTRY.id, fps=2.0))
    assert len(platform.calls) == -(-300 // lent.FRAMES_A_CALL)


def test_no_gpu_is_said_and_the_next_question_is_answered(platform: Platform, tmp_path: Path) -> None:
    services = _with_colours(Services.create(Settings(home=tmp_path, offline=True, device=LENT)))
    video = services.library.open_path(write_film(tmp_path / "film.mp4", [(3.0, RED)]).path)
    asked = Ground.Params(video.id, ("red",), ENTRY.id)
    platform.refusal = "You have exceeded your quota (60s requested vs. 0s left)."
    with pytest.raises(ModelError, match="quota"):
        Ground().run(services, asked)
    platform.refusal = ""
    assert Ground().run(services, asked).result.saliency.size
    assert len(platform.calls) == 1


def test_the_platform_is_known_by_its_variable_unless_a_device_is_named() -> None:
    assert Settings.from_environment({"SPACES_ZERO_GPU": "true"}).device == LENT
    assert Settings.from_environment({"SPACES_ZERO_GPU": "true", "WORKBENCH_DEVICE": "cpu"}).device == "cpu"
    assert Settings.from_environment({}).device == "auto"
    assert device_for(Settings(device=LENT)) == "cpu"


def test_a_loading_lock_held_elsewhere_does_not_hold_a_forked_process() -> None:
    with runtime._LOADING:
        child = multiprocessing.get_context("fork").Process(target=_acquire)
        child.start()
        child.join(timeout=30)
    assert child.exitcode == 0


def _acquire() -> None:
    assert runtime._LOADING.acquire(timeout=10)
