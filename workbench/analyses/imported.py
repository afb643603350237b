"""Features that somebody brought, kept in the store under what they are, so that they can be named and found again.

Separate from reading a file, which is done once: what was sound is kept as arrays like all features.
"""

from __future__ import annotations

import hashlib
import json

import numpy as np

from workbench.analyses.services import Services
from workbench.errors import InputError
from workbench.store.feature_files import FeatureTable
from workbench.store.keys import cache_key

_VERSION = 2
_NUMBERS = "number "


def keep(services: Services, table: FeatureTable) -> str:
    """Keep a table and return its id, which is made of what it holds. Raises ``StoreError`` where there is no room."""
    arrays = _packed(table)
    digest = hashlib.sha256(table.digest.encode())
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(b"" if name == "features" else array.tobytes())
    table_id = digest.hexdigest()
    services.store.put(_key(table_id), arrays)
    return table_id


def kept(services: Services, table_id: str) -> FeatureTable:
    """Return the table of an id. Raises ``InputError`` where it is kept no longer."""
    arrays = services.store.get(_key(table_id))
    if arrays is None:
        raise InputError("These features are no longer kept here; bring the file again.")
    words = json.loads(arrays["words"].tobytes())
    columns = {
        name: np.array(words["columns"][name]) if name in words["columns"] else arrays[_NUMBERS + name]
        for name in words["order"]
    }
    return FeatureTable(tuple(words["ids"]), arrays["features"], columns)


def _packed(table: FeatureTable) -> dict[str, np.ndarray]:
    numbers = {name: column for name, column in table.columns.items() if column.dtype.kind == "f"}
    words = {
        "ids": table.ids,
        "order": list(table.columns),
        "columns": {name: column.tolist() for name, column in table.columns.items() if name not in numbers},
    }
    text = np.frombuffer(json.dumps(words).encode(), np.uint8)
    return {"features": table.features, "words": text, **{_NUMBERS + name: array for name, array in numbers.items()}}


def _key(table_id: str) -> str:
    return cache_key(kind="imported", version=_VERSION, id=table_id)
