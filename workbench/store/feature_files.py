"""Features that a person brings from elsewhere, from a file: checked, and never unpickled.

Separate from the cache of tensors.py, which holds what the workbench itself wrote and can compute again: here a file is
wrong until it has been looked at, and whoever brought it is told in a sentence what to mend.
"""

from __future__ import annotations

import functools
import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from jaxtyping import Float32, Int64, Shaped

from workbench.errors import InputError, said_by
from workbench.store.feature_arrays import read_npz, read_safetensors
from workbench.store.feature_parts import MAX_NAME, Asked, Found

MAX_BYTES = 4 * 2**30
"""The most that the features may take as float32 in memory, and the file on disk."""
MAX_ROWS = 1_000_000
FORMATS = ".npz, .safetensors or .parquet"
PICKLES = {".npy", ".pkl", ".pickle", ".pt", ".pth", ".bin", ".ckpt", ".joblib"}


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """Features from a file, one row an item: ``ids`` name the rows, ``columns`` is what else is known of each of them.

    Each column is a ``float64`` or ``str`` array, one entry a row.
    """

    ids: tuple[str, ...]
    features: Float32[np.ndarray, "row dim"]
    columns: Mapping[str, np.ndarray]

    @functools.cached_property
    def digest(self) -> str:
        """What the features are, whatever is known of them, as 64 hexadecimal digits. Cost: 2.5 ms per MB, once."""
        digest = hashlib.sha256(f"{self.features.shape}".encode())
        digest.update(self.features.tobytes())
        return digest.hexdigest()


def read_features(
    path: Path, *, id_column: str = "id", max_bytes: int = MAX_BYTES, max_rows: int = MAX_ROWS
) -> FeatureTable:
    """Return the features of an ``.npz``, ``.safetensors`` or ``.parquet`` file as they are, not normalised.

    They are called ``features``, ``embedding`` or ``embeddings``, or are the only table of numbers; in Parquet, the
    only column of lists of numbers. ``id_column`` names the rows; in the first two formats else ``ids`` does, else
    their numbers from 0. Every list of numbers, texts, times or yes and no is a column, one entry a row: a missing
    number is NaN, a missing text empty.

    Raises ``InputError`` for anything but sound features: damage, sizes above the limits, which are noticed before
    the features are read, columns of another length, ids that are missing or repeated, and rows of NaN, infinity, only
    zeros or numbers too large.
    """
    asked = Asked(Path(path), id_column, max_bytes, max_rows)
    try:
        read = _reader(asked)
        with asked.path.open("rb") as file:
            asked.check_file(asked.path.stat().st_size)
            found = read(file, asked)
    except InputError:
        raise
    except PermissionError:
        raise InputError(f"{asked.name} may not be read; change its permissions.") from None
    except Exception as problem:  # there is no end of what a damaged file makes libraries raise
        reason = said_by(problem).split(". ")[0].rstrip(".")
        raise InputError(
            f"{asked.name} cannot be read ({reason}); it may be damaged or cut short, so export it again."
        ) from problem
    return _checked(found, asked.name)


def _reader(asked: Asked) -> Callable[[BinaryIO, Asked], Found]:
    if asked.path.is_dir():
        raise InputError(f"{asked.name} is a folder; give a file of features ({FORMATS}).")
    if not asked.path.is_file():
        raise InputError(f"There is no file {asked.name}; check its name and its folder.")
    match asked.path.suffix.lower():
        case ".npz":
            return read_npz
        case ".safetensors":
            return read_safetensors
        case ".parquet":
            from workbench.store.feature_parquet import read_parquet

            return read_parquet
        case suffix if suffix in PICKLES:
            raise InputError(
                f"{asked.name} may hold a pickle, which can run code and is never loaded; "
                f"export the features as {FORMATS}, such as with np.savez(…, ids=…, features=…)."
            )
    raise InputError(f"{asked.name} is not a file of features that can be read; export them as {FORMATS}.")


def _checked(found: Found, name: str) -> FeatureTable:
    n_rows, n_dims = found.features.shape
    if min(n_rows, n_dims) < 1:
        raise InputError(f"The features of {name} are {n_rows:,} × {n_dims:,}; give at least one row and dimension.")
    ids = tuple(map(str, range(n_rows)) if found.ids is None else found.ids.tolist())
    if "" in ids:
        raise InputError(f"Row {ids.index('') + 1:,} of {name} has no id; give every row one.")
    if repeated := next((known for known, count in Counter(ids).items() if count > 1), None):
        raise InputError(f"“{repeated[:MAX_NAME]}” names several rows of {name}; give each an id of its own.")

    def refuse(rows: Int64[np.ndarray, "wrong"], what: str, mend: str) -> None:
        if len(rows):
            count = "1 row" if len(rows) == 1 else f"{len(rows):,} rows"
            raise InputError(f"{name} has {what} in {count}, first in “{ids[rows[0]][:MAX_NAME]}”; {mend}.")

    refuse(_rows_not_finite(found.features), "NaN or infinity", "compute them again or leave them out")
    with np.errstate(over="ignore"):
        features = found.features.astype(np.float32, order="C", copy=False)
    refuse(_rows_not_finite(features), "numbers too large for float32", "scale all features down")
    refuse(np.flatnonzero(~features.any(axis=1)), "only zeros, which have no direction,", "leave them out")
    return FeatureTable(ids, features, found.columns)


def _rows_not_finite(features: Shaped[np.ndarray, "row dim"]) -> Int64[np.ndarray, "wrong"]:
    return np.flatnonzero(~np.isfinite(features).all(axis=1))
