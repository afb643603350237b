"""What the page answers where the toolkit cannot make anything of what was sent, without a server."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
from collections.abc import Callable
from pathlib import Path

import gradio as gr
import numpy as np
import pytest

from workbench.ui.gradio import door_texts
from workbench.ui.gradio.restraints import CheckedBlocks
from workbench.ui.shortage import NO_MEMORY, NO_ROOM


@pytest.fixture
def answer_to(monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], gr.Error]:
    """Return what tells the answer where a part fails with a problem while it takes what was sent."""

    def answer(problem: Exception) -> gr.Error:
        def fail(*_: object) -> None:
            raise problem

        with CheckedBlocks() as page:
            part = gr.Textbox()
            part.submit(lambda text: None, part, None, api_name="ground")
        monkeypatch.setattr(gr.Textbox, "preprocess", fail)
        with pytest.raises(gr.Error) as told:
            asyncio.run(page.preprocess_data(next(iter(page.fns.values())), ["red"], None))
        return told.value

    return answer


def crowded() -> Exception:
    """Return what NumPy raises where there is no memory."""
    try:
        np.empty(2**60, np.uint8)
    except MemoryError as problem:
        return problem
    raise AssertionError("there is memory without end")


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (crowded(), NO_MEMORY),
        (OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)), NO_MEMORY),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), NO_ROOM),
    ],
    ids=["no array", "no memory", "no disk"],
)
def test_what_the_machine_lacks_is_not_laid_on_what_was_sent(
    problem: Exception, said: str, answer_to: Callable[[Exception], gr.Error]
) -> None:
    answer = answer_to(problem)
    assert answer.message == said
    assert not answer.print_exception


def test_what_is_not_understood_can_be_found_in_the_log_by_whoever_asks_for_it(
    caplog: pytest.LogCaptureFixture, answer_to: Callable[[Exception], gr.Error]
) -> None:
    with caplog.at_level(logging.INFO):
        assert answer_to(KeyError("part")).message == door_texts.NOT_UNDERSTOOD
    (told,) = (record for record in caplog.records if record.name.endswith("restraints"))
    assert told.levelno == logging.INFO  # the log's usual level is higher: no stranger fills it
    assert "ground" in told.getMessage()
    assert "KeyError: 'part'" in caplog.text


def test_uploads_that_are_gone_are_not_remembered(tmp_path: Path) -> None:
    page = CheckedBlocks()
    for number in range(3):
        path = tmp_path / str(number)
        path.touch()
        page.upload_file_set.update([str(path)])
        path.unlink()
    assert page.upload_file_set == {str(path)}
    assert page.temp_file_sets[0] is page.upload_file_set  # of which the old ones are removed
