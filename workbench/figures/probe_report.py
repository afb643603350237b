"""Probes of several models for a page that stands on its own: what is said, the figure, the numbers, every edit.

Separate from other reports, as it is of many films, and of several models side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

import numpy as np

from workbench.figures.figure_html import figure_html
from workbench.figures.probe import probe_figure
from workbench.figures.report import Section
from workbench.figures.slopes import slopes_figure
from workbench.types.outcome import Outcome
from workbench.types.probe import Probed, ProbeReport

Table = Sequence[Sequence[str]]
_NAMED_APART = ("n_cases", "cases_sha256", "text_kinds", "film_kinds", "among", "sentences", "model")
_MOST_CASES = 200
KEY = (
    "Dots are shares, whiskers what 95 % of draws of as many videos hold, never narrower than Wilson's interval. "
    "Hollow dots are what a model cannot know by its architecture. Higher: how often the true sentence, or the video "
    "as it is, scores strictly above the edit. Beyond it: how often an edit moves the score further than its control "
    "does; of noise, one in four. Answer changes: how often another sentence comes first after the edit, of those "
    "that the true one was above. Places lost: among other videos. Blind: how often the true sentence wins where other "
    "videos are looked at."
)
"""What stands in a figure of many films, and in the tables below it."""


def probe_section(outcomes: Sequence[Outcome[ProbeReport]], tables: Sequence[Sequence[Table]]) -> Section:
    """Return probes of the same films and sentences as a part of a page.

    ``tables`` are the numbers of each model in words, the names of the columns first.
    """
    found, first = [outcome.result for outcome in outcomes], outcomes[0].provenance
    if found[0].n_cases == 1:
        shown = _slopes(found[0].cases[0])  # of one video no share can be told
    else:
        shown = figure_html(probe_figure(found).update_xaxes(gridcolor="#dddddd")) + f'<p class="quiet">{KEY}</p>'
    said = "".join(f"<p>{'<br>'.join(map(escape, each.conclusion.splitlines()))}</p>" for each in found)
    made = [outcome.provenance for outcome in outcomes]
    facts = {
        "probed": f"sentences {found[0].n_cases:,}, videos {found[0].n_videos:,}, "
        f"sha256 {str(first.parameters['cases_sha256'])[:12]}",
        **_part(found[0].cases),
        **{
            f"model{'' if at == 1 else f' {at}'}": f"{each.model_id}, revision {each.model_revision[:12]}"
            for at, each in enumerate(made, 1)
        },
        **{
            name: value
            for name, value in first.parameters.items()
            if value not in (None, "", ()) and name not in _NAMED_APART
        },
        **first.versions,
    }
    return Section(
        found[0].cases[0].title if found[0].n_cases == 1 else "What changes when one thing is changed",
        said + shown,
        list(dict.fromkeys(warning for each in found for warning in each.warnings)),
        f"{''.join(map(_numbers, found, tables))}{_cases(found)}",
        facts,
        [each.command for each in made],
    )


def _slopes(case: Probed) -> str:
    """Return how the film ranks among others by the sentence and by its closest edit, where there are others."""
    among = case.among
    if among is None or not among.other_films or not case.rivals:
        return ""
    worst = max(case.rivals, key=lambda at: float(case.scores[0, at]))
    names = [case.title, *among.other_films]
    before, after = ([case.scores[0, at], *among.of_other_films[:, at]] for at in (0, worst))
    heads = ("by the sentence", f"by “{case.texts[worst - 1].text}”")
    figure = slopes_figure(names, np.array(before), np.array(after), 0, heads)
    return f"<h2>Ranks among other videos</h2>{figure_html(figure)}"


def _part(cases: Sequence[Probed]) -> dict[str, str]:
    """Return which part of the one film was probed, where that is not all of it."""
    span_s = cases[0].span_s if len(cases) == 1 else None
    return {"part": f"{span_s[0]:g} s to {span_s[1]:g} s"} if span_s else {}


def _numbers(found: ProbeReport, tables: Sequence[Table]) -> str:
    return f"<h2>{escape(found.title)}</h2>{''.join(map(_table, tables))}" if found.n_cases > 1 else ""


def _cases(found: Sequence[ProbeReport]) -> str:
    """Return the scores of every edit of the first films, a column for each model."""
    parts = []
    for at, case in enumerate(found[0].cases[:_MOST_CASES]):
        rows = [["", "", *(each.title for each in found)], *_scores_of([each.cases[at] for each in found])]
        parts.append(f"<h3>{escape(case.title)}</h3>{_table(rows)}")
    more = found[0].n_cases - _MOST_CASES
    rest = f"<p>{more:,} more are in the JSON.</p>" if more > 0 else ""
    begins = "Every edit" if found[0].n_cases == 1 else "Every video"
    return f"<h2>{begins}</h2><details open>{''.join(parts)}{rest}</details>"


def _scores_of(cases: Sequence[Probed]) -> Iterator[list[str]]:
    first = cases[0]
    yield ["as it is", first.query, *(f"{case.scores[0, 0]:.3f}" for case in cases)]
    for at, edit in enumerate(first.texts, 1):
        yield [edit.kind, edit.text, *(f"{case.scores[0, at]:.3f}" for case in cases)]
    films = {film.kind: film.title for case in cases for film in case.films}
    for kind, title in films.items():
        rows = [case.film_row(kind) for case in cases]
        scores = ["" if row is None else f"{case.scores[row, 0]:.3f}" for case, row in zip(cases, rows, strict=True)]
        yield [kind, f"the video {title}", *scores]


def _table(rows: Table) -> str:
    head, *lines = rows
    return (
        f'<div style="overflow-x: auto"><table>{_row(head, "th")}{"".join(_row(line, "td") for line in lines)}'
        "</table></div>"
    )


def _row(cells: Sequence[str], kind: str) -> str:
    return f"<tr>{''.join(f'<{kind}>{escape(cell)}</{kind}>' for cell in cells)}</tr>"
