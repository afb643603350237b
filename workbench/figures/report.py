"""Answers as one page that stands on its own: pictures, numbers, and how they were made.

Separate because it is read without the workbench: plotly.js is inside, and nothing is fetched.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from workbench.figures.absence import ABSENT_SENTENCES, absence_figure
from workbench.figures.agreement import agreement_figure
from workbench.figures.attribution import attribution_figure
from workbench.figures.clock import clock_label
from workbench.figures.figure_html import figure_html
from workbench.figures.heat_maps import heat_figure
from workbench.figures.map_report import agreement_said, maps_said
from workbench.figures.timeline import timeline_figure
from workbench.types.attribution import Attribution
from workbench.types.grounding import Grounding
from workbench.types.maps import Agreement, HeatMaps
from workbench.types.outcome import Outcome
from workbench.types.video import VideoInfo

_OPACITY = 0.7

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1e24; margin: 32px auto; max-width: 960px; padding: 0 16px }
h1 { font-size: 24px; font-weight: 600 } h2 { font-size: 18px; font-weight: 600; margin-top: 32px }
pre { white-space: pre-wrap; overflow-wrap: anywhere } hr { margin: 48px 0; border: 0; border-top: 1px solid #d5dae0 }
table { border-collapse: collapse } td, th { padding: 4px 16px 4px 0; text-align: left; font-weight: 400 }
th, .quiet { color: #5a6470 } td { font-variant-numeric: tabular-nums }
"""


def outcome_figure(
    outcome: Outcome[Grounding] | Outcome[Attribution | HeatMaps | Agreement],
    video: VideoInfo,
    truth: Mapping[str, Sequence[tuple[float, float]]] | None = None,
    jpeg: bytes = b"",
) -> go.Figure:
    """Return the picture of an outcome on a plain background, for a notebook or a page of its own.

    ``truth`` are the true moments of sentences, for a timeline; ``jpeg`` is the picture whose patches play, or that
    has a map. Of several maps it is that of the picture which fits the sentence best.
    """
    found, plain = outcome.result, {"paper_bgcolor": "white", "plot_bgcolor": "white"}
    if isinstance(found, Attribution):
        return attribution_figure(found, video, jpeg).update_layout(plain)
    if isinstance(found, HeatMaps):
        aspect = video.width_px / video.height_px
        return heat_figure(found, found.best, jpeg, aspect, _OPACITY).update_layout(plain)
    if isinstance(found, Agreement):
        return agreement_figure(found).update_layout(plain)
    figure = timeline_figure(found, video.duration_s, truth)
    return figure.update_layout(plain, margin={"l": 8, "r": 8})


@dataclass(frozen=True)
class Section:
    """One answer of a page: its picture and what is ``said`` of it, both as HTML, and how it was made.

    ``commands`` are the command lines that make it again, where they are known.
    """

    title: str
    picture: str
    warnings: Sequence[str]
    said: str
    facts: Mapping[str, object]
    commands: Sequence[str] = ()


def outcome_section(
    outcome: Outcome[Grounding] | Outcome[Attribution | HeatMaps | Agreement], video: VideoInfo, jpeg: bytes = b""
) -> Section:
    """Return an answer about one film; ``jpeg`` is the picture whose patches play, or that has a map."""
    found, made = outcome.result, outcome.provenance
    left_out = {"queries"} | (set() if isinstance(found, Grounding | Attribution) else {"players", "budget", "opened"})
    facts = {
        "video": f"{video.title} ({clock_label(video.duration_s)}, sha256 {video.id[:12]})",
        "credit": " ".join(part for part in (video.credit, video.licence) if part) or "none given",
        "model": f"{made.model_id}, revision {made.model_revision[:12]}",
        **{name: value for name, value in made.parameters.items() if name not in left_out and value not in (None, "")},
        **made.versions,
    }
    picture = figure_html(outcome_figure(outcome, video, jpeg=jpeg))
    return Section(video.title, picture, found.warnings, _said(found), facts, (made.command,))


def page_html(sections: Sequence[Section], provenance: str) -> str:
    """Return answers as one HTML page that needs no network: about 5 MB, nearly all of it plotly.js.

    ``provenance`` says as JSON how all of them were made; programs find it in the script of that id.
    """
    title = escape(sections[0].title)
    for_programs = provenance.replace("<", "\\u003c")
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>
<script>{get_plotlyjs()}</script></head>
<body>{"<hr>".join(map(_section, sections))}
<script type="application/json" id="provenance">{for_programs}</script></body></html>
"""


def _section(section: Section) -> str:
    told = "".join(f"<p>{escape(warning)}</p>" for warning in section.warnings)
    commands = "\n".join(dict.fromkeys(filter(None, section.commands)))
    again = f"<h2>To make it again</h2><pre>{escape(commands)}</pre>" if commands else ""
    return f"""<h1>{escape(section.title)}</h1>{section.picture}{told}
{section.said}
<h2>How this was made</h2>{_table(section.facts)}{again}"""


def _said(found: Grounding | Attribution | HeatMaps | Agreement) -> str:
    if isinstance(found, Attribution):
        return _attribution_said(found)
    if isinstance(found, HeatMaps):
        return maps_said(found)
    return agreement_said(found) if isinstance(found, Agreement) else _grounding_said(found)


def _table(rows: Mapping[str, object]) -> str:
    lines = "".join(f"<tr><th>{escape(str(k))}</th><td>{escape(str(v))}</td></tr>" for k, v in rows.items())
    return f"<table>{lines}</table>"


def _grounding_said(found: Grounding) -> str:
    first_of_kind = {id(absent): at for at, absent in reversed([*enumerate(found.absent)])}
    nulls = "".join(map(functools.partial(_evidence, found), sorted(first_of_kind.values())))
    rows = "".join(_moment_rows(found, at) for at in range(len(found.queries)))
    return (
        f"<h2>Moments</h2><table><tr><th>start</th><th>end</th><th>score</th></tr>{rows}</table>"
        f"<h2>Is the sentence in the video at all?</h2>{nulls}"
    )


def _attribution_said(found: Attribution) -> str:
    counted = {
        "sentence": found.query,
        "score": found.score,
        "left out": found.absent,
        "without anybody": f"{found.empty_value:.4f}: {found.empty}",
        "with everybody": f"{found.full_value:.4f}",
        "sum of the values": f"{found.values.sum():.4f}, a gap of {found.gap:+.4f}",
        "evaluations": f"{'exact over all' if found.is_exact else 'estimated from'} {found.n_evaluations:,}",
    }
    errors = np.zeros_like(found.values) if found.value_errors is None else 1.96 * found.value_errors
    rows = "".join(
        f"<tr><td>{escape(player.label)}</td><td>{value:+.4f}</td>"
        f"{'' if found.is_exact else f'<td>± {error:.2g}</td>'}</tr>"
        for player, value, error in zip(found.players, found.values, errors, strict=True)
    )
    head = f"<tr><th>player</th><th>adds</th>{'' if found.is_exact else '<th>95 % interval</th>'}</tr>"
    said = f"<h2>“{escape(found.query)}”</h2><p>{escape(found.conclusion)}</p>"
    return f"{said}<h2>What is counted</h2>{_table(counted)}<h2>Values</h2><table>{head}{rows}</table>"


def _evidence(found: Grounding, first: int) -> str:
    """Return the peaks that query ``first``, and those of its kind, are held against."""
    absent = found.absent[first]
    asked = ", ".join(f"“{q}”" for q, own in zip(found.queries, found.absent, strict=True) if own is absent)
    is_open = np.isnan(found.p_absent[first])
    decided = "nothing is decided by them" if is_open else f"decided at an error rate of {found.error_rate:g}"
    return (
        f'<p class="quiet">{escape(asked)} among {ABSENT_SENTENCES[absent.kind]}; {decided}.</p>'
        f"{figure_html(absence_figure(found, first))}"
    )


def _moment_rows(found: Grounding, at: int) -> str:
    if np.isnan(found.p_absent[at]):
        verdict = "whether it is in this video cannot be decided"
    else:
        verdict = "in this video" if found.is_in_video[at] else "not found in this video"
    rows = f'<tr><td colspan="3"><b>{escape(found.queries[at])}</b>: {verdict}</td></tr>'
    for moment in found.moments[at]:
        start, end = clock_label(moment.start_s, 0.1), clock_label(moment.end_s, 0.1)
        rows += f"<tr><td>{start}</td><td>{end}</td><td>{moment.score:.3f}</td></tr>"
    return rows
