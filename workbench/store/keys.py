"""The name of a cache entry: a digest of everything its content depends on, and of nothing else.

Separate from the store so that ``index`` can say which entries a film needs without opening a store.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping

import numpy as np

SCHEMA_VERSION = 1


def cache_key(**parts: object) -> str:
    """Return the sha256, in hex, of the canonical JSON of the schema version and ``parts``.

    Parts are content hashes, model ids and revisions, sampling, dtypes: strings, numbers, booleans,
    None, and lists, mappings and dataclasses of them. Numbers that are equal give the same key
    (``2`` and ``2.0``); the order in which parts are named does not matter; the result is the same in
    every process and on every machine. A path is refused: where a file lies says nothing about what
    is in it.

    Raises ``TypeError`` or ``ValueError`` for a part that has no canonical form.
    """
    text = json.dumps(
        _canonical({"schema": SCHEMA_VERSION, "parts": parts}),
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=True,
        allow_nan=False,
    )
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _canonical(value: object) -> object:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} cannot be part of a cache key")
        return int(value) if value.is_integer() else value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _canonical({item.name: getattr(value, item.name) for item in dataclasses.fields(value)})
    if isinstance(value, Mapping):
        if not all(isinstance(name, str) for name in value):
            raise TypeError("the names in a cache key must be strings")
        return {name: _canonical(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(item) for item in value]
    raise TypeError(f"a {type(value).__name__} cannot be part of a cache key")
