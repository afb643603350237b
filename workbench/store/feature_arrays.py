"""Features in files of named arrays, ``.npz`` and ``.safetensors``: which array is what, told by names and shapes.

Separate because both formats declare every array before its data, so one set of rules serves them: all is decided by
what is declared, and only what will be kept is read. Nothing is ever unpickled.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BufferedReader, BytesIO, FileIO
from typing import BinaryIO
from zipfile import ZipFile

import numpy as np
from numpy.lib import format as npy
from safetensors import safe_open

from workbench.errors import InputError
from workbench.store.feature_parts import FEATURE_NAMES, MAX_NAME, Asked, Found, listed

_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
# More than NumPy takes for a header; one that claims to be longer is not read to its end.
_HEADER_BYTES = 16_384
# A list of all arrays is read at once, whole, and takes ten times as much when it is understood.
_MOST_AT_ONCE_BYTES = 4 * 2**20
_TENSOR_TYPES = {
    **{f"F{8 * size}": np.dtype(f"f{size}") for size in (2, 4, 8)},
    **{f"{sign}{8 * size}": np.dtype(f"{sign.lower()}{size}") for sign in "IU" for size in (1, 2, 4, 8)},
    "BOOL": np.dtype(bool),
    "C64": np.dtype(np.complex64),
}


@dataclass(frozen=True)
class _Declared:
    shape: tuple[int, ...]
    dtype: np.dtype

    @property
    def is_table(self) -> bool:
        return len(self.shape) == 2 and self.dtype.kind in "fiu" and self.dtype.itemsize <= 8

    def is_column(self, kinds: str = "fiubUSM") -> bool:
        return len(self.shape) == 1 and self.dtype.kind in kinds

    @property
    def bytes_an_entry(self) -> int:
        """As float64, or as text of four bytes a character; no time is longer than 32 of them."""
        return {"S": 4 * self.dtype.itemsize, "M": 128}.get(self.dtype.kind, max(8, self.dtype.itemsize))

    def __str__(self) -> str:
        kind = "strings" if self.dtype.kind in "US" else self.dtype
        return f"{' × '.join(map(str, self.shape)) or 'one'} {kind}"


class _InPieces(BufferedReader):
    """A file of which no more than ``_MOST_AT_ONCE_BYTES`` are read at once: arrays are asked for in less."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _MOST_AT_ONCE_BYTES:
            raise ValueError("it holds too many arrays")
        return super().read(size)


def read_npz(file: BinaryIO, asked: Asked) -> Found:
    """Return what the arrays of an ``.npz`` file are, read one by one and only if they are kept.

    Raises ``InputError`` for features that cannot be told from other arrays, columns of another length, more than was
    asked for, and arrays of Python objects; what NumPy and the zip raise for a damaged file is passed on.
    """
    # What was opened is closed by whoever opened it.
    with FileIO(file.fileno(), closefd=False) as raw, ZipFile(_InPieces(raw)) as archive:
        members = {name.removesuffix(".npy"): name for name in archive.namelist() if name.endswith(".npy")}
        declared = {}
        for name, member in members.items():
            with archive.open(member) as opened:
                declared[name] = _declared(opened.read(_HEADER_BYTES))
        if objects := [name for name, array in declared.items() if array.dtype.hasobject]:
            raise InputError(
                f"{asked.name} holds Python objects, which are never loaded, in {listed(objects)}; "
                "save numbers or strings instead, such as np.asarray(names, dtype=str)."
            )

        def read(name: str) -> np.ndarray:
            with archive.open(members[name]) as opened:
                array = npy.read_array(opened, allow_pickle=False)
                if opened.read(1):  # reading on to the end has the checksum compared, too
                    raise ValueError(f"{name} is longer than it says")
                return array

        return _found(declared, read, asked)


def read_safetensors(_: BinaryIO, asked: Asked) -> Found:
    """Return what the tensors of a ``.safetensors`` file are, and the lists of its metadata.

    ``ids`` there is a JSON list of strings or integers, ``columns`` a JSON object of lists of strings. Raises
    ``InputError`` as ``read_npz`` does, and for lists that cannot be understood; what safetensors raises for a damaged
    file is passed on.
    """
    with safe_open(asked.path, framework="numpy") as opened:
        texts = _texts(opened.metadata() or {}, asked)
        tensors = {name: opened.get_slice(name) for name in opened.keys()}  # noqa: SIM118
        if unknown := {name: kind for name, of in tensors.items() if (kind := of.get_dtype()) not in _TENSOR_TYPES}:
            kinds = ", ".join(sorted({"bfloat16" if kind == "BF16" else kind for kind in unknown.values()}))
            raise InputError(
                f"{asked.name} holds {kinds}, which cannot be read here, in {listed(unknown)}; save float32 instead."
            )
        if twice := texts.keys() & tensors.keys():
            raise InputError(f"{asked.name} has {listed(sorted(twice))} both as tensor and in metadata; keep one.")
        declared = {
            name: _Declared(tuple(of.get_shape()), _TENSOR_TYPES[of.get_dtype()]) for name, of in tensors.items()
        } | {name: _Declared(text.shape, text.dtype) for name, text in texts.items()}
        return _found(declared, lambda name: texts[name] if name in texts else opened.get_tensor(name), asked)


def _declared(beginning: bytes) -> _Declared:
    opened = BytesIO(beginning)
    read_header = _HEADERS.get(npy.read_magic(opened))
    if read_header is None:  # a later version: only for records with names beyond Latin letters, which are not read
        return _Declared((), np.dtype("V"))
    shape, _, dtype = read_header(opened)
    return _Declared(shape, dtype)


def _texts(metadata: Mapping[str, str], asked: Asked) -> dict[str, np.ndarray]:
    try:
        lists = dict(json.loads(metadata.get("columns", "{}")))
        if "ids" in metadata:
            lists["ids"] = json.loads(metadata["ids"])
        is_sound = all(isinstance(entries, list) for entries in lists.values()) and all(
            type(entry) is str or (type(entry) is int and name == "ids")
            for name, entries in lists.items()
            for entry in entries
        )
    except (ValueError, TypeError, RecursionError):
        is_sound = False
    if not is_sound:
        raise InputError(
            f"The metadata of {asked.name} cannot be understood; "
            "write its ids as a JSON list of strings, and its columns as a JSON object of such lists."
        )
    lists = {name: list(map(str, entries)) for name, entries in lists.items()}
    asked.check_columns(sum(4 * len(entries) * max(map(len, entries), default=0) for entries in lists.values()))
    return {name: np.array(entries, dtype=str) for name, entries in lists.items()}


def _found(declared: Mapping[str, _Declared], read: Callable[[str], np.ndarray], asked: Asked) -> Found:
    name = _name_of_features(declared, asked)
    n_rows, n_dims = declared[name].shape
    asked.check_features(n_rows, n_rows * n_dims)
    others = {other: array for other, array in declared.items() if other != name}
    id_name = next((known for known in (asked.id_column, "ids") if known in others), None)
    if id_name is not None and not (others[id_name].is_column("USiu") and others[id_name].shape == (n_rows,)):
        raise InputError(
            f"The ids of {asked.name}, “{id_name}”, are {others[id_name]}; "
            f"give {n_rows:,} strings or integers, one for each row of the features."
        )
    kept = {other: array for other, array in others.items() if array.is_column()}
    if wrong := [(other, array.shape[0]) for other, array in kept.items() if array.shape != (n_rows,)]:
        other, length = wrong[0]
        raise InputError(
            f"“{other[:MAX_NAME]}” in {asked.name} has the length {length:,}, and the features {n_rows:,}; "
            "give it one entry for each row of the features, or leave it out."
        )
    asked.check_columns(n_rows * sum(array.bytes_an_entry for array in kept.values()))
    ids = None if id_name is None else _text(id_name, read(id_name), asked)
    return Found(read(name), ids, {other: _column(other, read(other), asked) for other in kept if other != id_name})


def _name_of_features(declared: Mapping[str, _Declared], asked: Asked) -> str:
    named = [name for name in FEATURE_NAMES if name in declared]
    tables = [name for name, array in declared.items() if array.is_table]
    if not named and len(tables) == 1:
        return tables[0]
    if named and named[0] in tables:
        return named[0]
    if named:
        raise InputError(
            f"“{named[0]}” in {asked.name} is {declared[named[0]]}; "
            "give a table of numbers, one row for each item and one column for each dimension."
        )
    if tables:
        raise InputError(f"{asked.name} holds several tables, {listed(tables)}; call that of the features “features”.")
    raise InputError(f"{asked.name} holds {listed(declared)} and no table of numbers; save one, called “features”.")


def _column(name: str, values: np.ndarray, asked: Asked) -> np.ndarray:
    match values.dtype.kind:
        case "b":
            return np.where(values, "yes", "no")
        case "f" | "i" | "u":
            return values.astype(np.float64)
    return _text(name, values, asked)


def _text(name: str, values: np.ndarray, asked: Asked) -> np.ndarray:
    try:
        text = np.strings.decode(values, "utf-8") if values.dtype.kind == "S" else values.astype(str, copy=False)
        text.astype("<U", copy=False).tobytes().decode("utf-32-le")  # NumPy lets through what is no character
    except ValueError:
        raise InputError(f"“{name}” in {asked.name} holds text that is not Unicode; save it as UTF-8.") from None
    return text
