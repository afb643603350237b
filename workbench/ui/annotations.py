"""Rows of annotation files: one JSON object a line, or one JSON list of them.

Separate from both front ends, which are given such files in different ways and say the same of what is wrong.
"""

from __future__ import annotations

import json
from typing import Any

from workbench.errors import InputError

_AS_ROWS = "write one object a line, or one list of all objects"


def rows_in(text: str, source: str) -> list[dict[str, Any]]:
    """Return the objects of a file, called ``source`` in what is said; ``InputError`` for the first that is none."""
    if text.lstrip().startswith("["):
        return _listed(text, source)
    rows = []
    for number, line in enumerate(text.split("\n"), 1):  # other marks that end a line may stand in a JSON text
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, list):
            raise InputError(f"{source}, line {number} is a list; {_AS_ROWS}.")
        if not isinstance(row, dict):
            raise InputError(f"{source}, line {number} is not a JSON object; correct it.")
        rows.append(row)
    return rows


def _listed(text: str, source: str) -> list[dict[str, Any]]:
    try:
        rows = json.loads(text)
    except json.JSONDecodeError as problem:
        if problem.msg == "Extra data":
            raise InputError(f"{source} goes on in line {problem.lineno} after a JSON list; {_AS_ROWS}.") from None
        raise InputError(f"{source} is not readable JSON ({problem.msg}, line {problem.lineno}); correct it.") from None
    except (ValueError, RecursionError):
        raise InputError(f"{source} is not readable JSON; correct it.") from None
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise InputError(f"Item {number} of {source} is not a JSON object; correct it.")
    return rows
