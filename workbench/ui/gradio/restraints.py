"""What the toolkit is kept from, whatever is sent to it: fetching addresses, holding forms in memory, mixing uploads.

Separate because it changes the toolkit itself: that holds for every part of every page of the process.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from typing import Any

import gradio as gr
import gradio.routes
from gradio import processing_utils
from gradio.blocks import Block
from gradio.route_utils import GradioMultiPartParser
from starlette.formparsers import MultiPartException

from workbench.errors import WorkbenchError
from workbench.ui.gradio import door_texts, texts
from workbench.ui.gradio.received import place
from workbench.ui.shortage import plainly

LOG = logging.getLogger(__name__)

MOST = 2**53
_ADDRESSES = ("http://", "https://")
_TAKE, _TAKE_PART = Block.async_move_resource_to_block_cache, GradioMultiPartParser.on_part_data
_RECEIVE, _RECEIVE_OF_TOOL = gradio.routes.upload_fn, processing_utils.save_base64_to_cache


async def _take_uploads_alone(block: Any, file: Any) -> Any:
    if file is not None and str(file).startswith(_ADDRESSES):
        raise gr.Error(texts.NOTHING_IS_FETCHED, print_exception=False)
    taken = await _TAKE(block, file)
    block.temp_files.discard(taken)  # it is among the page's uploads
    return taken


def _take_files_alone(parser: Any, data: bytes, start: int, end: int) -> None:
    if parser._current_part.file is None:  # a field, which would be held in memory, of any size
        raise MultiPartException(door_texts.NO_FIELDS)
    _TAKE_PART(parser, data, start, end)


async def _receive_apart(request: Any, upload_dir: Any, *args: Any, **kwargs: Any) -> Any:
    return await _RECEIVE(request, place(), *args, **kwargs)


def _receive_of_tool_apart(sent: str, cache_dir: Any, file_name: str | None = None) -> str:
    return _RECEIVE_OF_TOOL(sent, place(), file_name)


def restrain_toolkit() -> None:
    """Refuse addresses in place of files, and fields in forms of files, from now on, in this whole process.

    Every upload is received into a folder of its own, those of tools, too: the toolkit has one for all that are alike.
    """
    gradio.routes.upload_fn = _receive_apart
    processing_utils.save_base64_to_cache = _receive_of_tool_apart
    Block.async_move_resource_to_block_cache = _take_uploads_alone
    GradioMultiPartParser.on_part_data = _take_files_alone


class _StillThere(set[str]):
    """The uploads that the toolkit removes when they are old; those that are gone it would remember for ever."""

    def update(self, *others: Iterable[str]) -> None:
        """Add the paths of new ones."""
        self.intersection_update([path for path in self if os.path.lexists(path)])
        super().update(*others)


class CheckedBlocks(gr.Blocks):
    """A page that answers in words what is sent to an event and is not what the event takes.

    That is refused by the toolkit before any of our code runs, without a word and with a page of its log.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.upload_file_set: set[str] = _StillThere()
        self.temp_file_sets = [self.upload_file_set]

    async def preprocess_data(self, block_fn: Any, *args: Any, **kwargs: Any) -> list[Any]:
        """Return what the event's function is given; raises ``gr.Error``."""
        try:
            given = await super().preprocess_data(block_fn, *args, **kwargs)
        except gr.Error:
            raise
        except Exception as problem:
            short = plainly(problem.__cause__ if isinstance(problem.__cause__, Exception) else problem)
            if isinstance(short, WorkbenchError):
                raise gr.Error(str(short), print_exception=False) from None
            LOG.info("what was sent to %s is not understood", block_fn.api_name, exc_info=problem)
            raise gr.Error(door_texts.NOT_UNDERSTOOD, print_exception=False) from None
        numbers = [value for block, value in zip(block_fn.inputs, given, strict=True) if isinstance(block, gr.Number)]
        if not all(value is None or _is_number(value) for value in numbers):
            raise gr.Error(door_texts.NOT_UNDERSTOOD, print_exception=False)
        return given


def _is_number(value: object) -> bool:
    """Return whether a value is a number that a browser can count to, which NaN and infinity are not."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MOST
