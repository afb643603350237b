"""The head of the page, its help and its tour, as HTML.

Separate from what is shown of videos and answers: this part is made once and never changes.
"""

from __future__ import annotations

from html import escape

from workbench.ui.gradio import help_texts, texts

PLACES = ("#film-choice", "#queries, #method", "#when", "#instruments [role=tablist]", "#answers")
"""Where the steps of the tour lead, as selectors: the first that is there is brought into sight, all are marked."""


def masthead() -> str:
    """Return the head of the page, with what opens from it, and the one voice of all news for screen readers."""
    return (
        f'<a class="skip" href="#answers" data-page="skip">{texts.SKIP}</a>'
        f"<header><h1>{texts.TITLE}</h1><p>{texts.SUBTITLE}</p><nav>"
        f'<button type="button" data-tour="start" id="tour-hint" hidden>{help_texts.NEW_HERE}</button>'
        f'<button type="button" data-page="help">{help_texts.HELP}</button>'
        f'<button type="button" data-page="theme" title="{texts.THEME_HELP}">{texts.THEME}</button></nav></header>'
        f'{_help()}{_tour()}<div id="spoken" class="unseen" role="status" aria-live="polite"></div>'
    )


def _help() -> str:
    keys = "".join(f"<dt><kbd>{escape(key)}</kbd></dt><dd>{escape(what)}</dd>" for key, what in help_texts.KEYS)
    return (
        f'<div id="help"><dialog aria-labelledby="help-title"><h2 id="help-title">{help_texts.HELP}</h2>'
        f'<button type="button" data-tour="start">{help_texts.TAKE_TOUR}</button>'
        f'<div class="keys"><h3>{help_texts.KEYS_TITLE}</h3><dl>{keys}</dl>'
        f'<label><input type="checkbox" name="single-keys" checked> {help_texts.SINGLE_KEYS}</label></div>'
        f'<button type="button" data-page="help-close">{help_texts.CLOSE}</button></dialog></div>'
    )


def _tour() -> str:
    n_steps = len(help_texts.TOUR)
    steps = "".join(
        f'<section data-place="{place}" hidden><h2>{escape(title)}</h2><p>{escape(text)}</p>'
        f"<small>{help_texts.step_of(number, n_steps)}</small></section>"
        for number, ((title, text), place) in enumerate(zip(help_texts.TOUR, PLACES, strict=True), 1)
    )
    return (
        f'<aside id="tour" aria-label="{help_texts.TAKE_TOUR}" hidden>{steps}<div class="tour-bar">'
        f'<button type="button" data-tour="end" class="remove" aria-label="{help_texts.END}"></button>'
        f'<button type="button" data-tour="back">{help_texts.BACK}</button>'
        f'<button type="button" data-tour="next" data-done="{help_texts.DONE}">{help_texts.NEXT}</button>'
        "</div></aside>"
    )
