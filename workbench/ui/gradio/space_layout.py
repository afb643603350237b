"""Where everything stands on the tab that shows the space of a model.

Separate from the rest of the layout, as that tab is a page of its own.
"""

from __future__ import annotations

import gradio as gr

from workbench.analyses.analysis import controls
from workbench.analyses.embed import EmbedParams
from workbench.ui.gradio import space_texts as texts
from workbench.ui.gradio.space_choice import NUMBERS
from workbench.ui.gradio.texts import STOP
from workbench.ui.gradio.view import Choice, FileUpload, Panel, Picks, PlotlyView, SpaceView, Told


def lay_out_space() -> dict:
    """Create the tab's components and return them by name."""
    made: dict = {}
    Panel(f'<p class="note">{texts.WHAT}</p>')
    with gr.Row(elem_id="space-choices"):
        for name, label in texts.LABELS.items():
            made[f"space_{name}"] = Choice(title=label, elem_id=f"space-{name}")
    made["space_notice"] = Told(elem_id="space-notice")
    with gr.Row(elem_id="space"):
        with gr.Column(min_width=280, scale=3):
            with gr.Row(elem_classes="asking"):
                made["stop_space"] = gr.Button(STOP, visible=False, size="sm", elem_id="stop-space", min_width=0)
                made["refit"] = gr.Button(texts.REFIT, visible=False, size="sm", elem_id="refit", min_width=0)
                made["space_forget"] = gr.Button(
                    texts.FORGET, visible=False, size="sm", elem_id="space-forget", min_width=0
                )
                made["space_picture"] = FileUpload(label=texts.PICTURE, accept="image/*", elem_id="space-picture")
                made["space_file"] = FileUpload(
                    label=texts.FILE, accept=".npz,.safetensors,.parquet", elem_id="space-file"
                )
            made["space_said"] = Told(elem_id="space-said")
            made["space_text"] = Told(elem_id="space-text")
            made["space_map"] = SpaceView(elem_id="space-map", told_by="space-text", near="space-near")
            Panel(f'<p class="note">{texts.KEY}</p>')
        with gr.Column(min_width=280, scale=2):
            made["space_near"] = Picks(elem_id="space-near")
            made["space_gap"] = Panel(elem_id="space-gap")
            made["space_gap_view"] = Choice(title=texts.GAP_VIEW_LABEL, elem_id="space-gap-view")
            made["space_gap_picture"] = PlotlyView(elem_id="space-gap-picture", told_by="space-gap")
    made["space_groups"] = Picks(elem_id="space-groups")
    with gr.Accordion(texts.HOW_MADE, open=False, elem_id="space-how"):
        made["space_through"] = gr.Textbox(
            "", label=texts.THROUGH_LABEL, info=texts.THROUGH_HELP, elem_id="space-through", max_lines=1
        )
        declared = controls(EmbedParams)
        with gr.Row():
            for name in NUMBERS:
                control = declared[name]
                made[f"space_{name}"] = gr.Number(
                    getattr(EmbedParams, name),
                    label=control.label,
                    info=control.help,
                    step=control.step or 1,
                    elem_id=f"space-{name.replace('_', '-')}",
                    elem_classes="parameter",
                    min_width=160,
                )
        made["space_supervised"] = Choice(title=texts.SUPERVISED_LABEL, elem_id="space-supervised")
        with gr.Row(elem_classes="asking"):
            made["space_apply"] = gr.Button(texts.APPLY, size="sm", elem_id="space-apply", min_width=0)
            made["space_reset"] = gr.Button(texts.RESET, size="sm", elem_id="space-reset", min_width=0)
    return made
