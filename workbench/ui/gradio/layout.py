"""Where everything stands on the page, and nothing of what it does.

Separate from the events so that the page can be read top to bottom. Controls for the parameters are
made from what the analysis declares.
"""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from workbench.analyses.analysis import Control, controls
from workbench.analyses.attribute import Attribute
from workbench.analyses.embed import Embed
from workbench.analyses.ground import Ground
from workbench.ui.gradio import attribution_texts, look_texts, panels, texts, whatif_texts
from workbench.ui.gradio.examine_layout import lay_out_examine
from workbench.ui.gradio.help_panels import masthead
from workbench.ui.gradio.map_layout import lay_out_maps
from workbench.ui.gradio.pair_layout import lay_out_pair
from workbench.ui.gradio.session import Session, default_of
from workbench.ui.gradio.space_layout import lay_out_space
from workbench.ui.gradio.takeaway_layout import ReproductionPanel, TakeAwayMenu, lay_out_take_away
from workbench.ui.gradio.view import (
    Choice,
    FileUpload,
    MapsView,
    Panel,
    Picks,
    PlayerView,
    PlotlyView,
    QueryEditor,
    SpaceView,
    Told,
)
from workbench.ui.gradio.whatif_layout import lay_out_whatif

FIRST_CONTROL = "fps"
"""The one parameter that is always in sight; the others are folded away."""


@dataclass(frozen=True)
class Parts:
    """The page's components, by what they are for."""

    session: gr.State
    arrived: gr.State
    picture_arrived: gr.State
    features_arrived: gr.State
    address: gr.HTML
    brought: gr.HTML
    download: gr.HTML
    video: Choice
    upload: FileUpload
    film_note: Panel
    model: Choice
    model_note: Panel
    queries: QueryEditor
    parameters: dict[str, gr.Number]
    facts: Panel
    player: PlayerView
    notice: Panel
    status: Panel
    cancel: gr.Button
    resume: gr.Button
    timeline: PlotlyView
    caption: Panel
    span: Panel
    values_text: Panel
    values: PlotlyView
    answers: Panel
    reproduce: gr.Button
    export: TakeAwayMenu
    reproduction: ReproductionPanel
    moments: Panel
    map_text: Panel
    map: PlotlyView
    null_text: Panel
    null: PlotlyView
    tabs: gr.Tabs
    clock: gr.HTML
    words_text: Panel
    words: Panel
    cells_text: Panel
    cells: PlotlyView
    cells_key: Panel
    patches_text: Panel
    patches: PlotlyView
    ask_patches: gr.Button
    stop_patches: gr.Button
    budget: gr.Number
    absent: Choice
    look_text: Panel
    look_method: Choice
    look_about: Panel
    look_said: Panel
    stop_look: gr.Button
    look_again: gr.Button
    look_maps: MapsView
    look_picture: PlotlyView
    look_words: Picks
    take_png: gr.Button
    take_film: gr.Button
    test_text: Panel
    ask_test: gr.Button
    test_said: Panel
    stop_test: gr.Button
    curves: PlotlyView
    test_numbers: Panel
    compare_text: Panel
    ask_compare: gr.Button
    compare_said: Panel
    stop_compare: gr.Button
    methods: Picks
    agreement: PlotlyView
    heads_text: Panel
    heads: PlotlyView
    head_choice: Choice
    head_picture: PlotlyView
    between_text: Panel
    between: PlotlyView
    space_films: Choice
    space_points: Choice
    space_map_kind: Choice
    space_colour: Choice
    space_path: Choice
    space_notice: Panel
    space_said: Panel
    stop_space: gr.Button
    refit: gr.Button
    space_text: Panel
    space_map: SpaceView
    space_near: Picks
    space_groups: Picks
    space_gap: Panel
    space_gap_view: Choice
    space_gap_picture: PlotlyView
    space_picture: FileUpload
    space_file: FileUpload
    space_forget: gr.Button
    space_supervised: Choice
    space_apply: gr.Button
    space_through: gr.Textbox
    space_n_neighbours: gr.Number
    space_min_dist: gr.Number
    space_seed: gr.Number
    space_smallest: gr.Number
    space_reset: gr.Button
    pair_other: Choice
    ask_pair: gr.Button
    stop_pair: gr.Button
    pair_said: Panel
    pair_text: Panel
    pair_map: SpaceView
    pair_key: Panel
    pair_near: Picks
    pair_most: Picks
    examine_clips: Choice
    examine_file: FileUpload
    examine_file_text: Panel
    ask_examine: gr.Button
    stop_examine: gr.Button
    examine_said: Panel
    examine_text: Panel
    examine_figure: PlotlyView
    examine_numbers: Panel
    whatif_said: Panel
    stop_whatif: gr.Button
    whatif_text: Panel
    whatif_sentences: Picks
    whatif_own: gr.Textbox
    add_edit: gr.Button
    whatif_own_said: Panel
    whatif_films: Picks
    paint_films: gr.Button
    paint_text: Panel
    whatif_watch: Panel
    whatif_ranks_text: Panel
    whatif_film_ranks: PlotlyView
    whatif_text_ranks: PlotlyView
    ask_toy: gr.Button
    many_file: FileUpload
    stop_many: gr.Button
    many_said: Panel
    many_text: Panel
    many_figure: PlotlyView
    many_numbers: Panel
    about: Panel


def lay_out() -> Parts:
    """Create the components inside the current ``gr.Blocks`` and return them."""
    made: dict = {"session": gr.State(Session())}
    made |= {name: gr.State() for name in ("arrived", "picture_arrived", "features_arrived")}
    Panel(masthead(), js_on_load="workbench.welcome()", elem_id="masthead")
    with gr.Row(elem_id="bench"):
        with gr.Column(elem_id="setup", min_width=0):
            made |= _setup()
        with gr.Column(elem_id="stage", min_width=0):
            made |= _stage()
        with gr.Column(elem_id="result", min_width=0):
            made |= _result()
    with gr.Tabs(elem_id="instruments") as made["tabs"]:
        with _tab(texts.MOMENTS_TITLE, "moments"):
            made |= _moments()
        with _tab(Attribute.title, "who"):
            made |= _who()
        with _tab(look_texts.TITLE, "look"):
            made |= lay_out_maps()
        with _tab(Embed.title, "space"):
            made |= lay_out_space() | lay_out_pair() | lay_out_examine()
        with _tab(whatif_texts.TITLE, "whatif"):
            made |= lay_out_whatif()
        with _tab(texts.ABOUT_TITLE, "about"):
            made["about"] = Panel(panels.about(None))
    made["clock"] = gr.HTML(html_template="<span></span>", js_on_load=None)
    made["address"] = gr.HTML(
        html_template="<span></span>",
        js_on_load="workbench.restoreTheme(); watch('value', () => workbench.address(props.value))",
    )
    made["brought"] = gr.HTML(
        html_template="<span></span>",
        js_on_load="watch('value', () => workbench.keepBrought(props.value))",
    )
    made["download"] = gr.HTML(
        html_template="<span></span>",
        js_on_load="watch('value', () => workbench.handOver(props.value))",
    )
    return Parts(**made)


def _tab(title: str, name: str) -> gr.Tab:
    """Return a tab that says which part of the page it opens."""
    return gr.Tab(title, id=name, elem_id=f"tab-{name}")


def _setup() -> dict:
    made: dict = {}
    with gr.Group(elem_id="film-choice", elem_classes="plain"):
        made["video"] = Choice(title=texts.VIDEO, elem_id="video-picker")
        made["film_note"] = Panel()
        made["upload"] = FileUpload(label=texts.UPLOAD, accept="video/*,.mkv,.avi", elem_id="upload")
    made["queries"] = QueryEditor(elem_id="queries")
    with gr.Group(elem_id="method", elem_classes="plain"):
        made["model"] = Choice(title=texts.MODEL, elem_id="model-picker")
        made["model_note"] = Panel()
        declared = controls(Ground.Params)
        numbers = {FIRST_CONTROL: _number(FIRST_CONTROL, declared[FIRST_CONTROL])}
        with gr.Accordion(texts.METHOD, open=False):
            for name, control in declared.items():
                if name != FIRST_CONTROL:
                    numbers[name] = _number(name, control)
        made["parameters"] = numbers
        made["facts"] = Panel(panels.facts(texts.UNREAD, texts.NOT_KNOWN))
    return made


def _number(name: str, control: Control) -> gr.Number:
    unit = f" ({control.unit})" if control.unit else ""
    # Without bounds of its own: a value outside them is answered in our words, not the toolkit's.
    return gr.Number(
        default_of(name),
        label=control.label + unit,
        info=control.help,
        step=control.step or 1,
        elem_id=f"parameter-{name.replace('_', '-')}",
        elem_classes="parameter",
        interactive=True,
    )


def _stage() -> dict:
    made: dict = {}
    made["player"] = PlayerView(elem_id="film")
    with gr.Group(elem_id="when", elem_classes="plain"):
        with gr.Row(elem_id="work"):
            made["status"] = Told(elem_id="status")
            made["cancel"] = gr.Button(texts.STOP, visible=False, size="sm", elem_id="cancel", min_width=0)
            made["resume"] = gr.Button(texts.GO_ON, visible=False, size="sm", elem_id="resume", min_width=0)
        made["notice"] = Told(elem_id="notice")
        made["timeline"] = PlotlyView(elem_id="timeline", told_by="caption", clock=True)
        made["caption"] = Panel(elem_id="caption")
        made["span"] = Panel(elem_id="span")
        made["values"] = PlotlyView(elem_id="values", told_by="values-text", clock=True)
        made["values_text"] = Panel(elem_id="values-text")
    return made


def _result() -> dict:
    made: dict = {"answers": Told(elem_id="answers")}
    with gr.Row(elem_id="take-away"):
        Panel(f'<button type="button" data-page="copy">{texts.COPY_LINK}</button>')
        made |= lay_out_take_away()
    return made


def _moments() -> dict:
    made: dict = {"moments": Panel(elem_id="moments")}
    with gr.Row(elem_id="evidence"):
        with gr.Column(min_width=280):
            made["map_text"] = Panel(elem_id="map-text")
            made["map"] = PlotlyView(elem_id="map", told_by="map-text")
        with gr.Column(min_width=280):
            made["null_text"] = Panel(elem_id="null-text")
            made["null"] = PlotlyView(elem_id="null", told_by="null-text")
    return made


def _who() -> dict:
    made: dict = {}
    Panel(f'<p class="note">{attribution_texts.WHAT}</p>')
    with gr.Row(elem_id="who"):
        with gr.Column(min_width=280):
            made["words_text"] = Told(elem_id="words-text")
            made["words"] = Panel(elem_id="words")
        with gr.Column(min_width=280):
            made["cells_text"] = Panel(elem_id="cells-text")
            made["cells"] = PlotlyView(elem_id="cells", told_by="cells-text")
            made["cells_key"] = Panel()
    with gr.Row(elem_id="picture"):
        with gr.Column(min_width=280):
            made["patches_text"] = Told(elem_id="patches-text")
            with gr.Row(elem_id="asking-patches"):
                made["ask_patches"] = gr.Button(
                    attribution_texts.ASK_PATCHES, size="sm", elem_id="ask-patches", min_width=0
                )
                made["stop_patches"] = gr.Button(
                    texts.STOP, visible=False, size="sm", elem_id="stop-patches", min_width=0
                )
            with gr.Accordion(attribution_texts.LEFT_OUT, open=False, elem_id="left-out"):
                made["absent"] = Choice(title=attribution_texts.ABSENT, elem_id="absent")
                made["budget"] = gr.Number(
                    0, label=attribution_texts.BUDGET, info=attribution_texts.BUDGET_HELP, step=1, elem_id="budget"
                )
        with gr.Column(min_width=280):
            made["patches"] = PlotlyView(elem_id="patches", told_by="patches-text")
    return made
