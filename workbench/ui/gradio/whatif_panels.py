"""Edits and what models make of them, as HTML. What came from outside is escaped here.

Separate from the figures, which show ranks and shares: here every edit is read, watched and asked about.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

from workbench.analyses.numerals import number, signed
from workbench.analyses.probe_texts import tables_of
from workbench.figures.palette import query_colour
from workbench.types.edits import Edit, FilmEdit, Unedited
from workbench.types.probe import TIE, Probed, ProbeReport
from workbench.ui.gradio import panels
from workbench.ui.gradio import whatif_texts as texts

_FOCUS = ' data-focus="#whatif-own :is(textarea, input)"'


def sentences(found: Sequence[ProbeReport], origin: str) -> str:
    """Return the sentence and its edits with the scores of every model: the changed words marked, each to be picked.

    ``origin`` is the sentence that it was an edit of, when it was asked why, or nothing.
    """
    cases = [each.cases[0] for each in found]
    first = cases[0]
    lines = [(edit.role, _sentence(cases, at, edit)) for at, edit in enumerate(first.texts, 1)]
    none = "" if first.texts else f'<p class="note">{texts.NONE_OF_SENTENCE}</p>'
    back = f'<button type=button class=plain data-open="back:{escape(origin)}">{texts.BACK}</button>'
    listed = f"{_heads(found)}{_listed(cases, first.query, lines)}{none}{_missing(first.missing_texts)}"
    return f"<h3>{texts.SENTENCES_TITLE}</h3>{back if origin else ''}{listed}"


def _listed(cases: Sequence[Probed], own: str, lines: Sequence[tuple[str, str]]) -> str:
    """Return what is true with its score, then edits under what their role is, in the order of the roles."""
    groups = "".join(
        f'<li class="group">{title}</li>{"".join(shown)}'
        for role, title in texts.ROLES.items()
        if (shown := [line for each, line in lines if each == role])
    )
    return f'<ol class="edits"><li class="own"><span>{escape(own)}</span>{_scores(cases, "", 0)}</li>{groups}</ol>'


def _sentence(cases: Sequence[Probed], at: int, edit: Edit) -> str:
    is_missed = edit.role == "meaning" and any(case.scores[0, 0] - case.scores[0, at] <= TIE for case in cases)
    doing = "".join(
        f'<button type="button" class="plain" data-open="{name}:{escape(_sent(name, edit))}" title="{told}" '
        f'aria-label="{told}"{_FOCUS if name == "correct" else ""}>{shown}</button>'
        for name, (shown, told) in texts.DOING.items()
    )
    return (
        f'<li class="{edit.role}{" missed" if is_missed else ""}"><small>{escape(edit.kind)}</small>'
        f'<button type="button" data-pick="text:{at}">{_marked(cases[0].query, edit)}</button>'
        f"{_scores(cases, '', at)}<span class=doing>{doing}</span></li>"
    )


def _sent(doing: str, edit: Edit) -> str:
    """Return the edit as it is sent; one to be corrected stays of its kind."""
    return f"{edit.kind}:{edit.text}" if doing == "correct" else edit.text


def _marked(sentence: str, edit: Edit) -> str:
    """Return an edit with what was there before struck out, and what stands there now marked."""
    shown, at = "", 0
    for change in edit.changes:
        shown += escape(sentence[at : change.span[0]])
        shown += f"<del>{escape(change.before)}</del>" if change.before else ""
        shown += f"<ins>{escape(change.after)}</ins>" if change.after else ""
        at = change.span[1]
    return shown + escape(sentence[at:])


def films(found: Sequence[ProbeReport]) -> str:
    """Return the edits of the video with the scores of every model, each to be picked and watched."""
    cases = [each.cases[0] for each in found]
    first = cases[0]
    lines = [(film.role, _film(cases, row, film)) for row, film in enumerate(first.films, 1)]
    listed = _listed(cases, texts.AS_IS, lines)
    return f"<h3>{texts.VIDEOS_TITLE}</h3>{_heads(found)}{listed}{_missing(first.missing_films)}"


def _film(cases: Sequence[Probed], row: int, film: FilmEdit) -> str:
    watch = f'<button type="button" class="plain" data-pick="watch:{row}">{texts.WATCH}</button>'
    return (
        f'<li class="{film.role}"><small>{escape(film.kind)}</small>'
        f'<button type="button" data-pick="film:{row}">{escape(film.title)}</button>'
        f"{_scores(cases, film.kind, 0)}<span class=doing>{watch}</span></li>"
    )


def _heads(found: Sequence[ProbeReport]) -> str:
    if len(found) == 1:
        return ""
    names = "".join(
        f'<span style="--query:{query_colour(at)}">{escape(each.title)}</span>' for at, each in enumerate(found)
    )
    return f'<p class="edit-models">{names}</p>'


def _scores(cases: Sequence[Probed], film: str, column: int) -> str:
    """Return the score of each model with a kind of film, empty for that as it is, and how far the true pair is off."""
    cells = []
    for at, case in enumerate(cases):
        row = case.film_row(film) if film else 0
        if row is None:
            cells.append(f'<span class="score">{texts.NO_SCORE}</span>')
            continue
        score, margin = float(case.scores[row, column]), float(case.scores[0, 0] - case.scores[row, column])
        is_own = row == column == 0
        sign = "" if is_own else " tie" if abs(margin) <= TIE else " less" if margin > 0 else " more"
        told = "" if is_own else f"<small>{signed(-margin) if margin else '0'}</small>"
        cells.append(f'<span class="score{sign}" style="--query:{query_colour(at)}">{number(score)}{told}</span>')
    return "".join(cells)


def _missing(missing: Sequence[Unedited]) -> str:
    if not missing:
        return ""
    lines = "".join(f"<dt>{escape(each.kind)}</dt><dd>{escape(each.why)}</dd>" for each in missing)
    return f'<details class="note"><summary>{texts.not_made(len(missing))}</summary><dl>{lines}</dl></details>'


def said(found: Sequence[ProbeReport], how_sure: str) -> str:
    """Return what is said by every model, how sure that is, and what to know."""
    lines = "".join(
        f'<li style="--query:{query_colour(at)}">{_paragraphs(each.conclusion)}</li>' for at, each in enumerate(found)
    )
    notes = dict.fromkeys(warning for each in found for warning in each.warnings)
    return (
        f'<ul class="examined">{lines}</ul><p class="how-sure">{how_sure}</p>'
        f"{''.join(panels.notice(note, 'warning') for note in notes)}"
    )


def _paragraphs(told: str) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in told.splitlines())


def ranks_head(said: str, n_films: int, n_sentences: int) -> str:
    """Return the head of the ranks, and what is missing where there is nothing to rank among."""
    told = texts.ranks_among(n_films, n_sentences)
    return f'<h3>{texts.RANKS_TITLE}: {escape(said)}</h3><p class="note">{told}</p>'


def watched(title: str, mp4: bytes, rate: float) -> str:
    """Return an edited film that plays by itself, and begins anew."""
    source = f"data:video/mp4;base64,{base64.b64encode(mp4).decode('ascii')}"
    told = texts.WATCHED.format(rate=rate)
    video = f'<video src="{source}" autoplay loop muted playsinline controls aria-label="{escape(title)}"></video>'
    return f"<details open><summary>{escape(title[:1].upper() + title[1:])}: {told}</summary>{video}</details>"


def numbers(found: Sequence[ProbeReport]) -> str:
    """Return every number of every model as a table behind a fold."""
    tables = "".join(
        f"<h4>{escape(each.title)}</h4>{''.join(_table(rows, each.title) for rows in tables_of(each))}"
        for each in found
    )
    return f'<details class="note"><summary>{texts.ALL_NUMBERS}</summary>{tables}</details>'


def _table(rows: Sequence[Sequence[str]], name: str) -> str:
    head, *lines = rows
    columns = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in line)}</tr>" for line in lines)
    return panels.scrolled(f'<table class="probed"><tr>{columns}</tr>{body}</table>', name)
