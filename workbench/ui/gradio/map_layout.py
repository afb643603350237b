"""Where everything stands on the tab that shows where the model looked.

Separate from the rest of the layout, as that tab is a page of its own.
"""

from __future__ import annotations

import gradio as gr

from workbench.ui.gradio import look_texts
from workbench.ui.gradio.texts import GO_ON, METHOD, STOP
from workbench.ui.gradio.view import Choice, MapsView, Panel, Picks, PlotlyView, Told


def lay_out_maps() -> dict:
    """Create the tab's components and return them by name."""
    made: dict = {}
    Panel(f'<p class="note">{look_texts.WHAT}</p>')
    with gr.Row(elem_id="look"):
        with gr.Column(min_width=280):
            made |= _maps()
        with gr.Column(min_width=280):
            made |= _tests()
    made |= _methods()
    with gr.Accordion(look_texts.HEADS_TITLE, open=False, elem_id="heads-fold"):
        made["heads_text"] = Panel(elem_id="heads-text")
        with gr.Row(elem_id="all-heads"):
            with gr.Column(min_width=280):
                made["heads"] = PlotlyView(elem_id="heads", told_by="heads-text")
            with gr.Column(min_width=280):
                made["head_choice"] = Choice(title=look_texts.HEAD_LABEL, elem_id="head-choice")
                made["head_picture"] = PlotlyView(elem_id="head-picture", told_by="heads-text")
                made["between_text"] = Panel(elem_id="between-text")
                made["between"] = PlotlyView(elem_id="between", told_by="between-text")
    return made


def _maps() -> dict:
    made: dict = {"look_method": Choice(title=METHOD, elem_id="look-method"), "look_about": Panel()}
    made |= _working("look", {})
    made["look_text"] = Told(elem_id="look-text")
    made["look_maps"] = MapsView(elem_id="look-maps")
    made["look_picture"] = PlotlyView(elem_id="look-picture", told_by="look-text")
    made["look_words"] = Picks(elem_id="look-words")
    with gr.Row(elem_classes="asking"):
        made["take_png"] = gr.Button(look_texts.TAKE_PNG, size="sm", elem_id="take-png", min_width=0)
        made["take_film"] = gr.Button(look_texts.TAKE_FILM, size="sm", elem_id="take-film", min_width=0)
    return made


def _tests() -> dict:
    made: dict = {"test_text": Told(elem_id="test-text")}
    made |= _working("test", {"ask_test": look_texts.TEST})
    made["curves"] = PlotlyView(elem_id="curves", told_by="test-text")
    made["test_numbers"] = Panel(elem_id="test-numbers")
    return made


def _methods() -> dict:
    made: dict = {"compare_text": Told(elem_id="compare-text")}
    made |= _working("compare", {"ask_compare": look_texts.COMPARE})
    with gr.Row(elem_id="compare"):
        with gr.Column(min_width=280):
            made["methods"] = Picks(elem_id="methods")
        with gr.Column(min_width=280):
            made["agreement"] = PlotlyView(elem_id="agreement", told_by="compare-text")
    return made


def _working(name: str, buttons: dict[str, str]) -> dict:
    """Create a line of buttons with one to stop, and under it what is said of the work."""
    made: dict = {}
    with gr.Row(elem_classes="asking"):
        for part, label in buttons.items():
            made[part] = gr.Button(label, size="sm", elem_id=part.replace("_", "-"), min_width=0)
        if name == "look":
            made["look_again"] = gr.Button(GO_ON, visible=False, size="sm", elem_id="look-again", min_width=0)
        made[f"stop_{name}"] = gr.Button(STOP, visible=False, size="sm", elem_id=f"stop-{name}", min_width=0)
    made[f"{name}_said"] = Told(elem_id=f"{name}-said")
    return made
