"""The page's own components: figure, player, maps, sentences and upload, each a thin skin over one script.

Separate because they are the only places where Python and our scripts in ``assets/static`` meet. The
events a component has are the quoted names in its ``js_on_load``; what they carry was made by the
visitor's browser and is checked where it is received.
"""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from workbench.ui.gradio import view_texts as texts

_ICONS = {
    "play": '<path class="i-play" d="M8 5v14l11-7z"/><path class="i-pause" d="M7 5h3.5v14H7zM13.5 5H17v14h-3.5z"/>',
    "back": '<path d="M17 6v12l-8-6zM6 6h2v12H6z"/>',
    "forward": '<path d="M7 6v12l8-6zM16 6h2v12h-2z"/>',
    "sound": '<path d="M4 9v6h4l5 4V5L8 9z"/><path class="i-waves" d="M15.5 8.5a5 5 0 0 1 0 7M18 6a8.5 8.5 0 0 1 0 12"'
    ' fill="none" stroke="currentColor" stroke-width="1.6"/>',
    "full": '<path d="M5 5h5v2H7v3H5zM14 5h5v5h-2V7h-3zM5 14h2v3h3v2H5zM17 14h2v5h-5v-2h3z"/>',
}


def _button(act: str, label: str) -> str:
    icon = f'<svg viewBox="0 0 24 24" aria-hidden="true">{_ICONS[act]}</svg>'
    return f'<button type="button" data-act="{act}" aria-label="{label}" title="{label}">{icon}</button>'


def _plot(elem_id: str, told_by: str) -> str:
    return f'<div class="plot" role="img" aria-label="{texts.FIGURES[elem_id]}" aria-describedby="{told_by}"></div>'


class Panel(gr.HTML):
    """Plain HTML made by ``panels``, without the toolkit's typography and without events of its own."""

    def __init__(self, value: str = "", *, js_on_load: str | None = None, **kwargs: Any) -> None:
        super().__init__(value, js_on_load=js_on_load, apply_default_css=False, **kwargs)

    def get_block_name(self) -> str:
        return "html"


class Told(Panel):
    """A panel whose news is read out by screen readers: work and how far it is, what was refused or answered."""

    def __init__(self, value: str = "", **kwargs: Any) -> None:
        super().__init__(value, js_on_load="workbench.told({ element, watch })", **kwargs)


class PlotlyView(gr.HTML):
    """A plotly figure in the colours of the page.

    To who does not see it, it is one picture, with a name, and described by the sentence in the element ``told_by``.
    With ``clock``, it lies on the film's time axis: click to seek (event ``select`` with the row in
    ``query``), drag to select a span (event ``brush`` with ``start_s`` and ``end_s``, or without them
    when the selection is cleared), and a playhead.
    """

    def __init__(self, *, elem_id: str, told_by: str, clock: bool = False, **kwargs: Any) -> None:
        overlay = '<div class="cursor" hidden></div><div class="span" hidden></div><div class="playhead" hidden></div>'
        buttons = "".join(
            f'<button type="button" data-span="{act}">{label}</button>' for act, label in texts.SPAN_BUTTONS.items()
        )
        span_bar = f'<div class="span-bar" hidden><span class="span-text"></span>{buttons}</div>'
        super().__init__(
            html_template=(
                f'<div class="figure"><div class="canvas">{_plot(elem_id, told_by)}{overlay if clock else ""}</div>'
                f"{span_bar if clock else ''}</div>"
            ),
            js_on_load="""workbench.figure({
                element: element.querySelector('.figure'), props, trigger, watch, events: ['select', 'brush'] })""",
            apply_default_css=False,
            elem_id=elem_id,
            **kwargs,
        )

    def postprocess(self, value: Any) -> Any:
        """Return a figure as JSON; None stands for an empty picture.

        As one text, since the toolkit's page copies a value part by part whenever anything on it changes.
        """
        return None if value is None else value.to_json(validate=False)

    def get_block_name(self) -> str:
        return "html"


class Choice(gr.HTML):
    """One of several, by the browser's own list: value ``{choices: [[label, id, is_available]], value}``.

    Event ``input`` with the id in ``value``.
    """

    def __init__(self, *, title: str = "", **kwargs: Any) -> None:
        super().__init__(
            html_template=f"<label><span>{title}</span><select></select></label>",
            js_on_load="workbench.choice({ element, props, trigger, watch, events: ['input'] })",
            apply_default_css=False,
            elem_classes="choice",
            **kwargs,
        )

    def postprocess(self, value: Any) -> Any:
        return value

    def get_block_name(self) -> str:
        return "html"


class PlayerView(gr.HTML):
    """The film: value ``{src, title, fps, aspect, start_s}``, or None."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            html_template=f"""
            <div class="screen"><video playsinline preload="auto" tabindex="-1"></video>
            <canvas class="map-over" aria-hidden="true"></canvas>
            <p class="film-problem" hidden>{texts.UNPLAYABLE}</p></div>
            <div class="transport">{_button("play", texts.PLAY)}{_button("back", texts.FRAME_BACK)}
            {_button("forward", texts.FRAME_ON)}<span class="time" role="timer">0:00.0 / 0:00.0</span>
            <button type="button" data-act="speed" title="{texts.SPEED}" aria-label="{texts.SPEED} 1×">1×</button>
            {_button("sound", texts.SOUND)}{_button("full", texts.FULL_SCREEN)}</div>""",
            js_on_load="workbench.player({ element, props, watch })",
            apply_default_css=False,
            **kwargs,
        )

    def postprocess(self, value: Any) -> Any:
        return value

    def get_block_name(self) -> str:
        return "html"


class MapsView(gr.HTML):
    """Maps over the player and in a strip: value ``{maps, at, aspect, where, method}``, or None.

    ``maps`` are ``{layer, frame, time_s, from_s, to_s, cosine, trust}``, pictures as addresses; ``at`` is the number
    of the one that the page tells of. Event ``select`` where the player has come to rest at another.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            html_template=f"""
            <div class="maps" hidden><div class="maps-bar">
            <label><input type="checkbox" name="map-on" checked>{texts.MAP} <span class="maps-where"></span></label>
            <label>{texts.OPACITY}
            <input type="range" name="map-opacity" min="0" max="100" step="5"><output></output></label>
            </div><div class="maps-strip" role="group" aria-label="{texts.MAPS_STRIP}"></div></div>""",
            js_on_load="workbench.maps({ element, props, trigger, watch, events: ['select'] })",
            apply_default_css=False,
            **kwargs,
        )

    def postprocess(self, value: Any) -> Any:
        return value

    def get_block_name(self) -> str:
        return "html"


class Picks(gr.HTML):
    """HTML with things to pick: event ``select`` with what one has in ``data-pick``.

    Of what has ``data-open``, a film's id, it is ``input`` with that as ``value`` and its ``data-at`` as ``at_s``; what
    ``data-focus`` selects is then where the visitor writes.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            "",
            js_on_load="workbench.picks({ element, trigger, events: ['select', 'input'] })",
            apply_default_css=False,
            **kwargs,
        )

    def get_block_name(self) -> str:
        return "html"


class SpaceView(gr.HTML):
    """A map of the space, or two of the same items: a ``Pointed`` figure, or None; to a screen reader as a figure is.

    Event ``select`` with the ``row`` of a point that was clicked. A loop or a box around points lists them, and lights
    their spans on the timeline; over a point stands its picture. What is nearest to a point that was picked, and has
    ``data-rows``, is in the element ``near``.
    """

    def __init__(self, *, elem_id: str, told_by: str, near: str, **kwargs: Any) -> None:
        dragging = "".join(
            f'<button type="button" data-drag="{act}" aria-pressed="{str(act == "pan").lower()}">{label}</button>'
            for act, label in texts.DRAG_BUTTONS.items()
        )
        columns = "".join(f"<th>{name}</th>" for name in texts.CHOSEN_COLUMNS)
        super().__init__(
            html_template=f"""
            <div class="space" data-near="{near}" hidden>
            <div class="space-bar" role="group" aria-label="{texts.DRAGGING}">{dragging}
            <button type="button" data-drag="whole">{texts.WHOLE_MAP}</button>
            <button type="button" data-drag="here">{texts.HERE}</button></div>
            <div class="figure"><div class="canvas">{_plot(elem_id, told_by)}
            <div class="space-lit"></div><div class="space-over"></div><div class="space-now"></div>
            <div class="space-tip" hidden><img alt=""><span></span></div></div></div>
            <div class="space-chosen" hidden><p></p><div class="space-strip"></div>
            <div class="scroll" tabindex="0" role="group" aria-label="{texts.POINTS_CHOSEN}">
            <table><thead><tr>{columns}<th class="said"></th></tr></thead>
            <tbody></tbody></table></div></div></div>""",
            js_on_load="workbench.space({ element, props, trigger, watch, events: ['select'] })",
            apply_default_css=False,
            elem_id=elem_id,
            **kwargs,
        )

    def postprocess(self, value: Any) -> Any:
        """Return a map, and what its rows are, as one text like any figure; None stands for no map."""
        return None if value is None else value.text

    def get_block_name(self) -> str:
        return "html"


class QueryEditor(gr.HTML):
    """The sentences: value ``{queries, suggestions, colours}``.

    Events: ``submit`` with ``text`` adds, ``input`` with ``index`` and ``text`` rewords, ``delete``
    with ``index`` takes away.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            html_template=f"""
            <h2>{texts.SENTENCES}</h2><ul></ul>
            <form><input name="new-query" autocomplete="off" enterkeyhint="go"
             placeholder="{texts.SENTENCE_HINT}" aria-label="{texts.NEW_SENTENCE}"><button>{texts.ADD}</button></form>
            <p class="ideas-title" hidden>{texts.IDEAS}</p><div class="ideas"></div>""",
            js_on_load="""workbench.queries({
                element, props, trigger, watch, events: ['submit', 'input', 'delete'] })""",
            apply_default_css=False,
            **kwargs,
        )

    def postprocess(self, value: Any) -> Any:
        return value

    def get_block_name(self) -> str:
        return "html"


class FileUpload(gr.HTML):
    """One file from the visitor: event ``upload``; its value reaches Python as a path in the upload folder.

    ``data_model`` makes Gradio refuse, before any of our code runs, a value that it did not itself
    receive as an upload: a path can be sent by hand, but not used.
    """

    data_model = FileData

    def __init__(self, *, label: str, accept: str, **kwargs: Any) -> None:
        super().__init__(
            html_template=f"""
            <label class="upload-button"><input type="file" accept="{accept}">{label}</label>
            <div class="upload-running" hidden><progress max="1" value="0" hidden></progress>
            <span class="upload-text"></span>
            <button type="button" data-act="stop" hidden>{texts.CANCEL}</button></div>""",
            js_on_load="workbench.upload({ element, props, trigger, watch, events: ['upload'] })",
            apply_default_css=False,
            **kwargs,
        )

    def preprocess(self, payload: FileData | None) -> FileData | None:
        return payload

    def postprocess(self, value: Any) -> None:
        return None

    def get_block_name(self) -> str:
        return "html"
