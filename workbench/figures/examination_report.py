"""What can be read from spaces for a page that stands on its own: the figure, the numbers, and each value by itself.

Separate from the report of two spaces that were compared, as one space alone can be examined.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from workbench.figures.examination import DIRECTIONS, PROBES, examination_figure
from workbench.figures.figure_html import figure_html
from workbench.figures.report import Section
from workbench.types.comparison import Examination
from workbench.types.outcome import Outcome

_NAMED_APART = ("n_clips", "clips_sha256")


def examination_section(outcomes: Sequence[Outcome[Examination]]) -> Section:
    """Return examinations of the same clips as a part of a page."""
    found, first = [outcome.result for outcome in outcomes], outcomes[0].provenance
    picture = examination_figure(found).update_xaxes(gridcolor="#dddddd")
    said = "".join(f"<p>{escape(each.conclusion)}</p>" for each in found)
    sha256 = str(first.parameters["clips_sha256"])
    made = [outcome.provenance for outcome in outcomes]
    facts = {
        "clips": f"{found[0].n_clips:,} of {found[0].n_videos:,} videos, sha256 {sha256[:12]}",
        **{
            f"model{'' if at == 1 else f' {at}'}": f"{each.model_id}, revision {each.model_revision[:12]}"
            for at, each in enumerate(made, 1)
        },
        **{
            name: value
            for name, value in first.parameters.items()
            if value not in (None, "", ()) and name not in (*_NAMED_APART, "model")
        },
        **first.versions,
    }
    return Section(
        "What can be read from it",
        figure_html(picture),
        list(dict.fromkeys(warning for each in found for warning in each.warnings)),
        f"{said}{_ranks(found)}{_values(found)}",
        facts,
        [each.command for each in made],
    )


def _ranks(found: Sequence[Examination]) -> str:
    rows = [row for each in found for row in _ranks_of(each)]
    if not rows:
        return ""
    head = _row(["", "model", "found first", "in first 5", "in first 10", "median rank"], "th")
    return f"<h2>Sentences and clips</h2>{_table(head + ''.join(map(_row, rows)))}"


def _ranks_of(found: Examination) -> Iterator[list[str]]:
    for direction, name in DIRECTIONS.items() if found.captions else ():
        ranks = getattr(found.captions, direction)
        shares = [
            f"{share:.0%} (chance {chance:.0%})" for share, chance in zip(ranks.shares, ranks.chance, strict=True)
        ]
        yield [name, found.title, *shares, f"{ranks.median_rank:g}"]


def _values(found: Sequence[Examination]) -> str:
    """Return how often each value of each label is read rightly, a column for every model and probe."""
    if not found[0].readings:
        return ""
    columns = [(each, probe) for each in found for probe in PROBES]
    known = [
        {(reading.label, value): share for reading in each.readings if reading.probe == probe
         for value, share in reading.per_value.items()}
        for each, probe in columns
    ]  # fmt: skip
    head = _row(["label", "value", *(f"{each.title}, {PROBES[probe]}" for each, probe in columns)], "th")
    rows = "".join(
        _row([*key, *(f"{own[key]:.0%}" if key in own else "" for own in known)])
        for key in dict.fromkeys(key for own in known for key in own)
    )
    return f"<h2>Each value by itself: how often it is read rightly</h2>{_table(head + rows)}"


def _table(rows: str) -> str:
    return f'<div style="overflow-x: auto"><table>{rows}</table></div>'


def _row(cells: Sequence[str], kind: str = "td") -> str:
    return f"<tr>{''.join(f'<{kind}>{escape(cell)}</{kind}>' for cell in cells)}</tr>"
