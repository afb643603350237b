"""Results as HTML: answer, evidence, provenance, notices. Whatever came from outside is escaped here.

Separate from the wording (``texts``) and from the events (``page``), so that neither holds markup.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from workbench.figures.palette import query_colour
from workbench.models.entry import ModelEntry
from workbench.models.protocol import Placement
from workbench.types.grounding import Grounding
from workbench.types.outcome import Provenance
from workbench.types.video import VideoInfo
from workbench.ui.gradio import texts


def notice(message: str, kind: str = "error") -> str:
    """Return one sentence for the visitor, or nothing.

    ``kind`` is ``error``, ``warning``, ``hint``, or ``error stale`` where the result on show, if any, is of an earlier
    question, which is then said; ``hint so-far`` where the timeline shows what there is of an answer.
    """
    if not message:
        return ""
    role = ' role="alert"' if kind.startswith("error") else ""
    of_before = f' <span class="of-before">{texts.OF_BEFORE}</span>' if "stale" in kind else ""
    return f'<p class="notice {kind}"{role}>{escape(message)}{of_before}</p>'


def working(message: str, done: int, total: int, has_begun: bool = False) -> str:
    """Return the line and the bar of work that is going on; ``has_begun``: the timeline shows what it has so far."""
    kind = "working so-far" if has_begun else "working"
    share = f' value="{done / total:.4f}"' if total else ""
    bar = f'<progress max="1"{share} aria-label="{texts.HOW_FAR}"></progress>'
    return f'<div class="{kind}"><span>{escape(message)}</span>{bar}</div>'


def answers(grounding: Grounding, current: int, source: str) -> str:
    """Return the answer for every query: verdict, moments to click, and a sentence, headed by who answers."""
    blocks = [_answer(grounding, index, index == current) for index in range(len(grounding.queries))]
    warnings = "".join(notice(text, "warning") for text in grounding.warnings)
    head = f'<h2 class="unseen">{texts.ANSWERS_TITLE}</h2>'
    return f'{head}<p class="note source">{escape(source)}</p>{warnings}{"".join(blocks)}'


def _answer(grounding: Grounding, index: int, is_current: bool) -> str:
    verdict = texts.verdict(grounding, index)
    moments = "".join(
        f'<li><button type="button" class="moment" data-seek="{moment.start_s:.3f}" data-rank="{rank}">'
        f"<span>{texts.span(moment)}</span><span>{moment.score:.3f}</span></button></li>"
        for rank, moment in enumerate(grounding.moments[index], 1)
    )
    titles = f'<div class="moment-head"><span>{texts.MOMENT}</span>{_explained("score")}</div>' if moments else ""
    return (
        f'<section class="answer {verdict}{" is-current" if is_current else ""}" data-query="{index}" '
        f'style="--query:{query_colour(index)}"{" aria-current=true" if is_current else ""}>'
        f'<h3><button type="button" class="which"><span>{escape(grounding.queries[index])}</span></button></h3>'
        f'<p class="verdict">{texts.IN_THIS_VIDEO} <strong>{texts.VERDICTS[verdict]}</strong> '
        f'<span title="{escape(texts.how_sure(grounding, index))}">{texts.evidence(grounding, index)}</span></p>'
        f"{titles}<ol>{moments}</ol><p>{escape(texts.answer(grounding, index))}</p></section>"
    )


def colour_key(quantity: str, low: float, high: float, caption: str) -> str:
    """Return the key of the heat rows: what dark and bright stand for, and how to use the timeline."""
    return (
        f'<p class="caption"><span class="key">{_explained(quantity)} {texts.number(low)}'
        f'<i role="img" aria-label="{texts.COLOUR_KEY}"></i>{texts.number(high)}</span>'
        f"<span>{escape(caption)}</span></p>"
    )


def span_lines(lines: Sequence[tuple[str, str]], start_s: float, end_s: float) -> str:
    """Return what the selected span says of every query."""
    if not lines:
        return ""
    rows = "".join(
        f'<li style="--query:{query_colour(index)}"><b>{escape(query)}</b> {_explained("cosine")} {escape(what)}</li>'
        for index, (query, what) in enumerate(lines)
    )
    return f'<div class="span-lines"><h3>{texts.clock(start_s)} – {texts.clock(end_s)}</h3><ul>{rows}</ul></div>'


def moment_table(grounding: Grounding) -> str:
    """Return all moments of all queries as a table whose rows go to their place in the film, or that there are none."""
    if not any(grounding.moments):
        return f'<p class="note">{texts.NO_MOMENTS}</p>'
    rows = "".join(
        f'<tr data-seek="{moment.start_s:.3f}" style="--query:{query_colour(index)}"><td>{escape(query)}</td>'
        f'<td>{rank}</td><td><button type="button">{texts.clock(moment.start_s)}</button></td>'
        f"<td>{texts.clock(moment.end_s)}</td><td>{moment.end_s - moment.start_s:.1f} s</td>"
        f"<td>{moment.score:.3f}</td></tr>"
        for index, query in enumerate(grounding.queries)
        for rank, moment in enumerate(grounding.moments[index], 1)
    )
    head = "".join(f"<th>{name}</th>" for name in texts.MOMENT_COLUMNS) + f"<th>{_explained('score')}</th>"
    return scrolled(
        f'<table class="moments"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>', texts.MOMENTS_TITLE
    )


def scrolled(table: str, name: str) -> str:
    """Return a table that is scrolled where it is too wide, also by keys."""
    return f'<div class="scroll" tabindex="0" role="group" aria-label="{escape(name)}">{table}</div>'


def evidence(title: str, sentence: str, how_sure: str) -> str:
    """Return the heading of a picture with the sentence and the line on how sure it is."""
    return f'<h3>{escape(title)}</h3><p>{escape(sentence)}</p><p class="how-sure">{escape(how_sure)}</p>'


def counted(title: str, rows: Sequence[tuple[str, str]], warnings: Sequence[str]) -> str:
    """Return what a person should know first, and behind a fold what is counted."""
    notes = "".join(f'<p class="note">{escape(warning)}</p>' for warning in warnings)
    lines = "".join(f"<dt>{escape(name)}</dt><dd>{escape(what)}</dd>" for name, what in rows)
    return f'{notes}<details class="note"><summary>{escape(title)}</summary><dl>{lines}</dl></details>'


def facts(source: str, device: str) -> str:
    """Return the two lines at the foot of the sidebar: where the features are from, and the device."""
    rows = ((texts.FEATURES, source), (texts.DEVICE, device))
    lines = "".join(f"<dt>{name}</dt><dd>{escape(what)}</dd>" for name, what in rows)
    return f'<dl class="facts">{lines}</dl>'


def film(video: VideoInfo) -> str:
    """Return the line under the film picker, with credit and licence where there are any."""
    credit = ". ".join(part for part in (video.credit, video.licence) if part)
    return f'<p class="note">{escape(texts.video_line(video))}{f"<br>{escape(credit)}" if credit else ""}</p>'


def models(entries: Sequence[ModelEntry], chosen: str, in_memory: Mapping[str, Placement]) -> str:
    """Return what is known of the chosen model, every model with what it needs, and those in memory with their cost."""
    by_id = {entry.id: entry for entry in entries}
    lines = "".join(f"<dt>{escape(entry.title)}</dt><dd>{escape(texts.about_model(entry))}</dd>" for entry in entries)
    note = ""
    if entry := by_id.get(chosen):
        note = ". ".join(part for part in (entry.description.rstrip("."), entry.licence) if part)
    return (
        f'<p class="note">{escape(note)}</p>'
        f'<details class="note"><summary>{texts.ALL_MODELS.format(len(entries))}</summary><dl>{lines}</dl></details>'
        f"{_in_memory(by_id, in_memory)}"
    )


def _in_memory(by_id: Mapping[str, ModelEntry], in_memory: Mapping[str, Placement]) -> str:
    if not in_memory:
        return ""
    titles = {model_id: by_id[model_id].title if model_id in by_id else model_id for model_id in in_memory}
    lines = "".join(
        f"<dt>{escape(titles[model_id])}</dt><dd>{escape(texts.placement(placement))}</dd>"
        for model_id, placement in in_memory.items()
    )
    summary = texts.in_memory(list(in_memory.values()))
    return f'<details class="note"><summary>{summary}</summary><dl>{lines}</dl></details>'


def about(provenance: Provenance | None) -> str:
    """Return how the shown result was made, and the words that the page uses."""
    rows = texts.provenance_rows(provenance) if provenance else ()
    made = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in rows)
    words = "".join(f"<dt>{escape(word)}</dt><dd>{escape(meaning)}</dd>" for word, meaning in texts.GLOSSARY)
    return (
        f'<div class="about"><section><h3>{texts.HOW_MADE}</h3><dl>{made or texts.NO_RESULT}</dl></section>'
        f"<section><h3>{texts.WORDS}</h3><dl>{words}</dl></section></div>"
    )


def _explained(word: str) -> str:
    return f'<abbr title="{escape(texts.EXPLAINED[word])}">{word}</abbr>'
