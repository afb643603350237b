"""Where everything stands on the tab that changes one thing.

Separate from the rest of the page: edits of the sentence on the left, of the video on the right, ranks below.
"""

from __future__ import annotations

import gradio as gr

from workbench.ui.gradio import whatif_texts as texts
from workbench.ui.gradio.texts import STOP
from workbench.ui.gradio.view import FileUpload, Panel, Picks, PlotlyView, Told


def lay_out_whatif() -> dict:
    """Create the tab's components and return them by name."""
    made: dict = {}
    Panel(f'<p class="note">{texts.WHAT}</p>')
    made["whatif_said"] = Told(elem_id="whatif-said")
    with gr.Row(elem_classes="asking"):
        made["stop_whatif"] = gr.Button(STOP, visible=False, size="sm", elem_id="stop-whatif", min_width=0)
    made["whatif_text"] = Told(elem_id="whatif-text")
    with gr.Row(elem_id="whatif"):
        with gr.Column(min_width=280):
            made["whatif_sentences"] = Picks(elem_id="whatif-sentences")
            with gr.Row(elem_classes="asking"):
                made["whatif_own"] = gr.Textbox(
                    label=texts.OWN_LABEL, placeholder=texts.OWN_HINT, elem_id="whatif-own", min_width=0
                )
                made["add_edit"] = gr.Button(texts.OWN_ADD, size="sm", elem_id="add-edit", min_width=0)
            made["whatif_own_said"] = Told(elem_id="whatif-own-said")
        with gr.Column(min_width=280):
            made["whatif_films"] = Picks(elem_id="whatif-films")
            with gr.Row(elem_classes="asking"):
                made["paint_films"] = gr.Button(texts.PAINT, size="sm", elem_id="paint-films", min_width=0)
            made["paint_text"] = Panel(f'<p class="note">{texts.PAINTED}</p>')
            made["whatif_watch"] = Panel(elem_id="whatif-watch")
    made["whatif_ranks_text"] = Told(elem_id="whatif-ranks-text")
    with gr.Row(elem_id="whatif-ranks"):
        made["whatif_film_ranks"] = PlotlyView(elem_id="whatif-film-ranks", told_by="whatif-ranks-text")
        made["whatif_text_ranks"] = PlotlyView(elem_id="whatif-text-ranks", told_by="whatif-ranks-text")
    with gr.Column(elem_id="whatif-many", min_width=0):
        Panel(f'<h3>{texts.MANY_TITLE}</h3><p class="note">{texts.MANY_WHAT}</p>')
        with gr.Row(elem_classes="asking"):
            made["ask_toy"] = gr.Button(texts.TOY_ASK, size="sm", elem_id="ask-toy", min_width=0)
            made["many_file"] = FileUpload(label=texts.FILE_ASK, accept=".jsonl,.json,.csv,.txt", elem_id="many-file")
            made["stop_many"] = gr.Button(STOP, visible=False, size="sm", elem_id="stop-many", min_width=0)
        Panel(f'<details class="note"><summary>{texts.FILE_HELP_TITLE}</summary><p>{texts.FILE_HELP}</p></details>')
        made["many_said"] = Told(elem_id="many-said")
        made["many_text"] = Told(elem_id="many-text")
        made["many_figure"] = PlotlyView(elem_id="many-figure", told_by="many-text")
        made["many_numbers"] = Panel(elem_id="many-numbers")
    return made
