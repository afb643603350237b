"""A result as arrays by name: every field of it, named by where it stands, and nothing that needs a pickle.

Separate from the file that they are written to: names are those of ``workbench.types``, so that whoever reads an array
finds what it means there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

_SCALARS = (str, bool, int, float, np.generic)


def arrays_of(result: Any) -> dict[str, np.ndarray]:
    """Return the fields of a result as arrays, those of its parts after a dot, such as ``evidence.p_random``.

    Rows of equal parts become columns: ``players.label``. Where there are several lists of such rows, ``moments.of``
    is the number of the list. Of other parts each is numbered: ``cases.0.scores``. What is not there has no array; in a
    column it is NaN, or an empty text.
    """
    return dict(_named(result, ""))


def _named(value: Any, name: str) -> Iterator[tuple[str, np.ndarray]]:
    if isinstance(value, np.ndarray):
        yield name, value
    elif isinstance(value, _SCALARS):
        yield name, np.array(value)
    elif is_dataclass(value):
        for item in fields(value):
            yield from _named(getattr(value, item.name), _below(name, item.name))
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _named(part, _below(name, str(key)))
    elif isinstance(value, Sequence) and len(value):
        yield from _listed(value, name)


def _listed(values: Sequence[Any], name: str) -> Iterator[tuple[str, np.ndarray]]:
    if all(isinstance(value, _SCALARS) for value in values):
        yield name, np.array(values)
    elif all(isinstance(value, tuple | list) for value in values) and all(_are_rows(value) for value in values):
        rows = [row for value in values for row in value]
        if rows:
            of = np.repeat(np.arange(len(values)), [len(value) for value in values])
            yield _below(name, "of"), of
            yield from _columns(rows, name)
    elif _are_rows(values):
        yield from _columns(values, name)
    elif _are_numbers(values):
        yield name, _padded(values)
    else:
        for number, value in enumerate(values):
            yield from _named(value, _below(name, str(number)))


def _are_rows(values: Sequence[Any]) -> bool:
    """Return whether these are parts of one kind whose fields are single values, or a few numbers."""
    if not all(is_dataclass(value) for value in values) or len({type(value) for value in values}) > 1:
        return False
    cells = [getattr(value, item.name) for value in values for item in fields(value)]
    return all(cell is None or isinstance(cell, _SCALARS) or _are_numbers([cell]) for cell in cells)


def _are_numbers(values: Sequence[Any]) -> bool:
    return all(
        isinstance(value, tuple | list) and value and all(isinstance(part, int | float) for part in value)
        for value in values
    )


def _columns(rows: Sequence[Any], name: str) -> Iterator[tuple[str, np.ndarray]]:
    for item in fields(rows[0]):
        cells = [getattr(row, item.name) for row in rows]
        known = [cell for cell in cells if cell is not None]
        if not known:
            continue
        if isinstance(known[0], tuple | list):
            column = _padded([() if cell is None else cell for cell in cells])
        else:
            nothing = "" if isinstance(known[0], str) else np.nan
            column = np.array([nothing if cell is None else cell for cell in cells])
        yield _below(name, item.name), column


def _padded(rows: Sequence[Sequence[float]]) -> np.ndarray:
    """Return rows of numbers as one array, NaN after those that are shorter."""
    padded = np.full((len(rows), max(map(len, rows))), np.nan)
    for at, row in enumerate(rows):
        padded[at, : len(row)] = row
    return padded


def _below(name: str, part: str) -> str:
    return f"{name}.{part}" if name else part
