"""The page's own components: figure, player, maps, sentences and upload, each a thin skin over one script.

Separate because they are the only places where Python and our scripts in ``assets/static`` meet. The
events a component has are the quoted names in its ``js_on_load``; what they carry was made by the
visitor's browser and is checked where it is received.
"""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from workbench.ui.gradio.space_texts import HERE

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


class Panel(gr.HTML):
    """Plain HTML made by ``panels``, without the toolkit's typography and without events of its own."""

    def __init__(self, value: str = "", **kwargs: Any) -> None:
        super().__init__(value, js_on_load=None, apply_default_css=False, **kwargs)

    def get_block_name(self) -> str:
        return "html"


class PlotlyView(gr.HTML):
    """A plotly figure in the colours of the page.

    With ``clock``, it lies on the film's time axis: click to seek (event ``select`` with the row in
    ``query``), drag to select a span (event ``brush`` with ``start_s`` and ``end_s``, or without them
    when the selection is cleared), and a playhead.
    """

    def __init__(self, clock: bool = False, **kwargs: Any) -> None:
        overlay = '<div class="cursor" hidden></div><div class="span" hidden></div><div class="playhead" hidden></div>'
        span_bar = (
            '<div class="span-bar" hidden><span class="span-text"></span>'
            '<button type="button" data-span="play">Play</button>'
            '<button type="button" data-span="zoom">Zoom in</button>'
            '<button type="button" data-span="whole">Whole video</button>'
            '<button type="button" data-span="clear">Clear</button></div>'
        )
        super().__init__(
            html_template=(
                f'<div class="figure"><div class="canvas"><div class="plot"></div>{overlay if clock else ""}</div>'
                f"{span_bar if clock else ''}</div>"
            ),
            js_on_load="""workbench.figure({
                element: element.querySelector('.figure'), props, trigger, watch, events: ['select', 'brush'] })""",
            apply_default_css=False,
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
            <p class="film-problem" hidden>This browser cannot play the video's codec. The timeline below was
            read by the server and is right; convert the video to H.264 to watch it here.</p></div>
            <div class="transport">{_button("play", "Play")}{_button("back", "One frame back")}
            {_button("forward", "One frame on")}<span class="time" role="timer">0:00.0 / 0:00.0</span>
            <button type="button" data-act="speed" title="Speed" aria-label="Speed">1×</button>
            {_button("sound", "Sound")}{_button("full", "Full screen")}</div>""",
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
            html_template="""
            <div class="maps" hidden><div class="maps-bar">
            <label><input type="checkbox" name="map-on" checked>Map <span class="maps-where"></span></label>
            <label>Opacity <input type="range" name="map-opacity" min="0" max="100" step="5"><output></output></label>
            </div><div class="maps-strip" role="group" aria-label="Pictures with a map"></div></div>""",
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
    """A map of the space, or two of the same items: a ``Pointed`` figure, or None.

    Event ``select`` with the ``row`` of a point that was clicked. A loop or a box around points lists them, and lights
    their spans on the timeline; over a point stands its picture. What is nearest to a point that was picked, and has
    ``data-rows``, is in the element ``near``.
    """

    def __init__(self, *, near: str, **kwargs: Any) -> None:
        super().__init__(
            html_template=f"""
            <div class="space" data-near="{near}" hidden>
            <div class="space-bar" role="group" aria-label="What dragging does">
            <button type="button" data-drag="pan" aria-pressed="true">Move</button>
            <button type="button" data-drag="lasso" aria-pressed="false">Loop</button>
            <button type="button" data-drag="select" aria-pressed="false">Box</button>
            <button type="button" data-drag="whole">Whole map</button>
            <button type="button" data-drag="here">{HERE}</button></div>
            <div class="figure"><div class="canvas"><div class="plot"></div>
            <div class="space-lit"></div><div class="space-over"></div><div class="space-now"></div>
            <div class="space-tip" hidden><img alt=""><span></span></div></div></div>
            <div class="space-chosen" hidden><p></p><div class="space-strip"></div>
            <div class="scroll"><table><thead><tr><th>video</th><th>time</th><th class="said"></th></tr></thead>
            <tbody></tbody></table></div></div></div>""",
            js_on_load="workbench.space({ element, props, trigger, watch, events: ['select'] })",
            apply_default_css=False,
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
            html_template="""
            <h2>Sentences</h2><ul></ul>
            <form><input name="new-query" autocomplete="off" enterkeyhint="go"
             placeholder="Type what should be seen" aria-label="New sentence"><button>Add</button></form>
            <p class="ideas-title" hidden>Try on this video</p><div class="ideas"></div>""",
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
            <div class="upload-running" hidden aria-live="polite"><progress max="1" value="0" hidden></progress>
            <span class="upload-text"></span><button type="button" data-act="stop" hidden>Cancel</button></div>""",
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
