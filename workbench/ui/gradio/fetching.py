"""Nothing is fetched for a visitor: the toolkit downloads whatever address stands where a file was to be, of any size.

Separate because it changes the toolkit itself: that holds for every part of the page, whatever is sent to it.
"""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.blocks import Block

from workbench.ui.gradio import texts

_ADDRESSES = ("http://", "https://")
_TAKE = Block.async_move_resource_to_block_cache


async def _take_uploads_alone(block: Any, file: Any) -> Any:
    if file is not None and str(file).startswith(_ADDRESSES):
        raise gr.Error(texts.NOTHING_IS_FETCHED, print_exception=False)
    return await _TAKE(block, file)


def fetch_nothing() -> None:
    """Refuse addresses in place of files from now on, in this whole process."""
    Block.async_move_resource_to_block_cache = _take_uploads_alone
