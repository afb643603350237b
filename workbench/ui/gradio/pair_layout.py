"""Where everything stands in the part of the page that compares two models.

Separate from the map of one space, below which it stands.
"""

from __future__ import annotations

import gradio as gr

from workbench.ui.gradio import pair_texts as texts
from workbench.ui.gradio.texts import STOP
from workbench.ui.gradio.view import Choice, Panel, Picks, SpaceView, Told


def lay_out_pair() -> dict:
    """Create the components and return them by name."""
    made: dict = {}
    Panel(f'<h3>{texts.TITLE}</h3><p class="note">{texts.WHAT}</p>')
    with gr.Row(elem_classes="asking"):
        made["pair_other"] = Choice(title=texts.OTHER_LABEL, elem_id="pair-other")
        made["ask_pair"] = gr.Button(texts.COMPARE, size="sm", elem_id="ask-pair", min_width=0)
        made["stop_pair"] = gr.Button(STOP, visible=False, size="sm", elem_id="stop-pair", min_width=0)
    made["pair_said"] = Told(elem_id="pair-said")
    made["pair_text"] = Told(elem_id="pair-text")
    with gr.Row(elem_id="pair"):
        with gr.Column(min_width=280, scale=3):
            made["pair_map"] = SpaceView(elem_id="pair-map", told_by="pair-text", near="pair-near")
            made["pair_key"] = Panel()
        with gr.Column(min_width=280, scale=2):
            made["pair_near"] = Picks(elem_id="pair-near")
            made["pair_most"] = Picks(elem_id="pair-most")
    return made
