"""The menu of what an answer is taken away as, and the panel that says how it is made again.

Separate from the other components, as these are of the whole page and of no instrument.
"""

from __future__ import annotations

from typing import Any

import gradio as gr

from workbench.ui.gradio import takeaway_texts as texts


class TakeAwayMenu(gr.HTML):
    """A button that opens a list of formats: event ``select`` with ``{format, figure}`` as its value.

    ``figure`` is the id of a figure's element, of formats that are pictures. Figures that are not in sight are not on
    the list.
    """

    def __init__(self, **kwargs: Any) -> None:
        formats = "".join(
            f'<button type="button" data-take="{name}"><b>{title}</b><span>{about}</span></button>'
            for name, (title, about) in texts.FORMATS.items()
        )
        pictures = "".join(
            f'<button type="button" data-take="{name}"><b>{title}</b></button>'
            for name, title in texts.PICTURES.items()
        )
        figures = "".join(f'<option value="{name}">{title}</option>' for name, title in texts.FIGURES.items())
        super().__init__(
            html_template=f"""
            <div class="take-away"><button type="button" class="take-open" aria-expanded="false"
             aria-controls="take-menu">{texts.DOWNLOAD}</button>
            <div id="take-menu" class="take-menu" role="group" aria-label="{texts.DOWNLOAD}" hidden>{formats}
            <div class="take-figure"><label><span>{texts.FIGURE_LABEL}</span><select>{figures}</select></label>
            <div>{pictures}</div></div></div>
            <span class="take-said" role="status" data-making="{texts.MAKING}"></span></div>""",
            js_on_load="workbench.takeAway({ element, props, trigger, events: ['select'] })",
            apply_default_css=False,
            **kwargs,
        )

    def preprocess(self, payload: Any) -> Any:
        return payload

    def get_block_name(self) -> str:
        return "html"


class ReproductionPanel(gr.HTML):
    """A panel that opens over the page with every value: ``{command, python, notes, at}``."""

    def __init__(self, **kwargs: Any) -> None:
        blocks = "".join(
            f'<section><h3>{title}</h3><button type="button" data-copy aria-label="{texts.COPY}: {title}">'
            f'{texts.COPY}</button><pre tabindex="0" aria-label="{title}"><code data-of="{name}"></code></pre>'
            "</section>"
            for name, title in (("command", texts.COMMAND), ("python", texts.PYTHON))
        )
        super().__init__(
            html_template=f"""
            <dialog class="reproduction" aria-label="{texts.AGAIN_TITLE}"><header><h2>{texts.AGAIN_TITLE}</h2>
            <button type="button" data-close>{texts.CLOSE}</button></header>
            <p class="note">{texts.WHERE}</p><ul class="note"></ul>{blocks}</dialog>""",
            js_on_load="workbench.reproduction({ element, props, watch })",
            apply_default_css=False,
            **kwargs,
        )

    def postprocess(self, value: Any) -> Any:
        return value

    def get_block_name(self) -> str:
        return "html"


def lay_out_take_away() -> dict:
    """Create the buttons and return them by name; the panel that they open stands nowhere."""
    return {
        "reproduce": gr.Button(texts.REPRODUCE, size="sm", elem_id="reproduce", min_width=0),
        "export": TakeAwayMenu(elem_id="export"),
        "reproduction": ReproductionPanel(elem_id="reproduction"),
    }
