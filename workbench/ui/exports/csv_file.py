"""An answer as one long table in a text file, ``.csv``, below comments that say how it was made.

Separate from its rows. A spreadsheet takes some texts for formulas: here none begins like one, wherever it came from.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from workbench.analyses.plain import plain
from workbench.types.outcome import Outcome
from workbench.ui.exports.labels import labels
from workbench.ui.exports.rows import rows_of

_FORMULA = re.compile(r"(^|[;\t])(?=[=+\-@\t\r])")
"""Where a text begins that a spreadsheet would work out, also one that takes a semicolon for the end of a cell.

Source: OWASP, CSV Injection.
"""
_NEW_CELL = re.compile(r"([,;\t])(?=[=+\-@])")
"""Where a comment, split into cells, would begin one like a formula: in JSON inside a text alone, for items have a
space before them.
"""


def answer_csv(outcomes: Sequence[Outcome[Any]]) -> str:
    """Return the rows of all outcomes as one table, each with the name of its ``answer``.

    Lines that begin with ``#`` come first, ``# key: value``, those of every answer after its name: read it with
    ``pandas.read_csv(..., comment="#")``. Texts are quoted, numbers have all their digits, and what is not known, or is
    no number, is empty. A text that begins like a formula has an apostrophe before it.
    """
    names = labels(outcomes)
    tables = [(name, list(rows_of(outcome.result))) for name, outcome in zip(names, outcomes, strict=True)]
    columns = ["answer", *dict.fromkeys(column for _, rows in tables for row in rows for column in row)]
    file = io.StringIO()
    for name, outcome in zip(names, outcomes, strict=True):
        file.writelines(f"# {key}: {value}\n" for key, value in _comments(name, outcome))
    table = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    table.writerow([_cell(column) for column in columns])
    for name, rows in tables:
        table.writerows([_cell(name), *(_cell(row.get(column)) for column in columns[1:])] for row in rows)
    return file.getvalue()


def _comments(name: str, outcome: Outcome[Any]) -> Iterator[tuple[str, str]]:
    yield "answer", _comment(name)
    for key, value in plain(outcome.provenance).items():
        yield key, _comment(value)


def _comment(value: Any) -> str:
    """Return a value on one line: a text as it is where it can stand so, everything else as JSON."""
    if isinstance(value, str) and value.isprintable() and not value.startswith('"') and not _NEW_CELL.search(value):
        return value
    text = json.dumps(value, ensure_ascii=False)
    # JSON leaves a few marks that end a line as they are.
    text = "".join(mark if mark.isprintable() else json.dumps(mark)[1:-1] for mark in text)
    return _NEW_CELL.sub(lambda found: f"\\u{ord(found[1]):04x}", text)


def _cell(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else ""
    if isinstance(value, str):
        return _FORMULA.sub(r"\1'", value if value.isprintable() else " ".join(value.splitlines()))
    return "" if value is None else value
