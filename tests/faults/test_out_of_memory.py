"""Memory that runs out: fewer are encoded at once, or one sentence says what to do; the next question is answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gradio.exceptions import Error

from tests.faults.conftest import Run, Visit
from tests.films import Film
from tests.tiny_checkpoints import save_tiny_clip
from workbench.media.library import VideoLibrary
from workbench.models.adapter_template import ENTRY
from workbench.settings import Settings
from workbench.ui.gradio.api import make_ground
from workbench.ui.shortage import NO_MEMORY


@dataclass
class Device:
    """A device that has room for so many pictures at once."""

    room: int
    most: int = 0

    def look(self, network: Any, args: Any, named: dict[str, Any]) -> None:
        """Raise what PyTorch does on a GPU where more pictures than there is room for come at once."""
        n_pictures = len(named["pixel_values"] if "pixel_values" in named else args[0])
        if n_pictures > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity")
        self.most = max(self.most, n_pictures)


@pytest.fixture
def visit(settings: Settings, film: Film, tmp_path: Path) -> Visit:
    model = str(save_tiny_clip(tmp_path / "tiny-clip"))
    return Visit(replace(settings, models=model, device="cpu"), film.path, model)


@pytest.fixture
def device(visit: Visit) -> Device:
    """Return the device of the visit's model."""
    device = Device(room=1000)
    model: Any = visit.events.services.models.load(visit.session.model)
    model._model.vision_model.register_forward_pre_hook(device.look, with_kwargs=True)
    return device


def test_with_room_for_few_the_page_says_so_and_the_answer_is_the_same(
    visit: Visit, device: Device, film: Film, settings: Settings
) -> None:
    other = Visit(replace(visit.events.services.settings, home=settings.home / "other"), film.path, visit.session.model)
    expected = other.ask()
    device.room = 1
    answer = visit.ask()
    assert device.most == 1
    assert "Memory ran out with 2 at once, so 1 are encoded at once." in answer["answers"]
    rows = [
        np.asarray(next(t for t in each["timeline"].data if t.type == "heatmap").z)[::2] for each in (answer, expected)
    ]
    np.testing.assert_allclose(*rows, atol=1e-5)


def test_without_room_for_one_the_page_says_what_to_do_and_goes_on(visit: Visit, device: Device) -> None:
    device.room = 0
    assert "Memory ran out even one at a time; close other programs, choose a smaller model" in visit.ask()["notice"]
    assert visit.ask(ENTRY.id)["timeline"] is not None
    device.room = 1000
    assert "timeline" in visit.ask()


@pytest.fixture
def crowded(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Yield a machine on which no frame finds room."""

    def frames(*_: object, **__: object) -> Iterator[Any]:
        yield np.empty(2**60, np.uint8)  # what NumPy raises, not what somebody thinks that it does

    with monkeypatch.context() as patch:
        patch.setattr(VideoLibrary, "frames", frames)
        yield patch


def test_no_memory_anywhere_else_is_one_sentence_on_the_page(visit: Visit, crowded: pytest.MonkeyPatch) -> None:
    assert NO_MEMORY in visit.ask(ENTRY.id)["notice"]
    crowded.undo()
    assert "timeline" in visit.ask(ENTRY.id)


def test_no_memory_anywhere_else_is_one_sentence_for_programs(visit: Visit, crowded: pytest.MonkeyPatch) -> None:
    ground = make_ground(visit.events.services, visit.events.lines)
    with pytest.raises(Error, match=NO_MEMORY):
        ground(visit.session.video, ["red"], ENTRY.id)
    crowded.undo()
    assert ground(visit.session.video, ["red"], ENTRY.id)["moments"]


def test_no_memory_anywhere_else_is_one_sentence_at_the_command_line(run: Run, crowded: pytest.MonkeyPatch) -> None:
    status, answer, said = run()
    assert (status, answer) == (1, {})
    assert said.endswith(f"\rError: {NO_MEMORY}\n")
    crowded.undo()
    assert run()[0] == 0
