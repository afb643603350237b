"""Where everything stands in the section that says what can be read from a space.

Separate from the rest of its tab, which shows where things lie.
"""

from __future__ import annotations

import gradio as gr

from workbench.ui.gradio import examine_panels
from workbench.ui.gradio import examine_texts as texts
from workbench.ui.gradio.texts import STOP
from workbench.ui.gradio.view import Choice, FileUpload, Panel, PlotlyView, Told


def lay_out_examine() -> dict:
    """Create the section's components and return them by name."""
    made: dict = {}
    with gr.Column(elem_id="examine", min_width=0):
        Panel(examine_panels.head(texts.WHAT))
        with gr.Row(elem_id="examine-choices"):
            made["examine_clips"] = Choice(title=texts.CLIPS_LABEL, elem_id="examine-clips")
        made["examine_file"] = FileUpload(
            label=texts.FILE_BUTTON, accept=".jsonl,.json,.txt", visible=False, elem_id="examine-file"
        )
        made["examine_file_text"] = Panel(examine_panels.file_help(None), visible=False, elem_id="examine-file-text")
        with gr.Row(elem_classes="asking"):
            made["ask_examine"] = gr.Button(texts.ASK, size="sm", elem_id="ask-examine", min_width=0)
            made["stop_examine"] = gr.Button(STOP, visible=False, size="sm", elem_id="stop-examine", min_width=0)
        made["examine_said"] = Told(elem_id="examine-said")
        made["examine_text"] = Told(elem_id="examine-text")
        made["examine_figure"] = PlotlyView(elem_id="examine-figure", told_by="examine-text")
        made["examine_numbers"] = Panel(elem_id="examine-numbers")
    return made
