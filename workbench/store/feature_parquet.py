"""Features in Parquet files: a column of lists of numbers, and what the other columns say of each row.

Separate because it alone needs pyarrow, which takes a second to import. Of what pyarrow tells of a file only the schema
and the number of rows are asked for: to ask a damaged file for the size of a column can end the whole process.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import BinaryIO

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int, Num, Shaped
from pyarrow import compute, parquet, types

from workbench.errors import InputError
from workbench.store.feature_parts import FEATURE_NAMES, MAX_NAME, Asked, Found, listed

_BATCH_ROWS = 4096
# Read in such pieces, so that the first list is known before all of its row group is read.
_BUFFER_BYTES = 2**20


def read_parquet(file: BinaryIO, asked: Asked) -> Found:
    """Return the column of features, that of the ids, and every other column of numbers, text, times or yes and no.

    Limits are checked against the number of rows and the length of the first list; from then on no list may be of
    another length. Raises ``InputError`` for columns that cannot be told apart, more than was asked for, no ids, and
    lists of several lengths; what pyarrow raises for a damaged file is passed on.
    """
    schema = parquet.read_schema(file)
    if twice := [name for name, count in Counter(schema.names).items() if count > 1]:
        raise InputError(f"{asked.name} has several columns called {listed(twice)}; give each a name of its own.")
    kinds = {field.name: field.type for field in schema}
    name = _name_of_features(kinds, asked)
    _check_ids(kinds, asked)

    texts = [other for other, kind in kinds.items() if _is_text(kind)]
    opened = parquet.ParquetFile(
        file, read_dictionary=texts, pre_buffer=False, buffer_size=_BUFFER_BYTES, page_checksum_verification=True
    )
    n_rows = opened.metadata.num_rows
    asked.check_features(n_rows, n_rows)
    n_dims = next((int(lengths[0]) for lengths, _ in _lists(opened, name, 1)), 0)
    asked.check_features(n_rows, n_rows * n_dims)
    columns = _columns(opened, kinds, asked)
    ids = columns.pop(asked.id_column)
    # Of a type that holds every number of the file, and NaN where one is missing.
    features = np.empty((n_rows, n_dims), np.result_type(kinds[name].value_type.to_pandas_dtype(), np.float32))
    _fill(features, _lists(opened, name, _BATCH_ROWS), ids, asked)
    return Found(features, ids, columns)


def _is_number(kind: pa.DataType) -> bool:
    return types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)


def _is_text(kind: pa.DataType) -> bool:
    if types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)


def _is_column(kind: pa.DataType) -> bool:
    return _is_number(kind) or _is_text(kind) or types.is_boolean(kind) or types.is_temporal(kind)


def _is_features(kind: pa.DataType) -> bool:
    is_list = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
    return is_list and (types.is_integer(kind.value_type) or types.is_floating(kind.value_type))


def _name_of_features(kinds: Mapping[str, pa.DataType], asked: Asked) -> str:
    lists = [name for name, kind in kinds.items() if _is_features(kind)]
    named = [name for name in FEATURE_NAMES if name in lists]
    if not lists:
        raise InputError(
            f"{asked.name} has the columns {listed(kinds)} and none of lists of numbers; save one, called “features”."
        )
    if not named and len(lists) > 1:
        raise InputError(
            f"{asked.name} has several columns of lists of numbers, {listed(lists)}; "
            "call that of the features “features”."
        )
    return (named or lists)[0]


def _check_ids(kinds: Mapping[str, pa.DataType], asked: Asked) -> None:
    kind = kinds.get(asked.id_column)
    if kind is None:
        raise InputError(
            f"{asked.name} has no column “{asked.id_column}” that names its rows, but {listed(kinds)}; "
            f"rename the one that does to “{asked.id_column}”, or name it with --id-column on the command line."
        )
    if not (types.is_integer(kind) or _is_text(kind)):
        raise InputError(f"“{asked.id_column}” in {asked.name} holds {kind}; name the rows by strings or integers.")


def _columns(opened: parquet.ParquetFile, kinds: Mapping[str, pa.DataType], asked: Asked) -> dict[str, np.ndarray]:
    """Return all columns that can be, among them the ids as text.

    Text is read as a number for each different one, so that a long text in every row takes little memory until it is
    known how much it would take.
    """
    names = [name for name, kind in kinds.items() if _is_column(kind)]
    try:
        table = opened.read(columns=names)
    except OSError as problem:
        if "Not yet implemented" not in str(problem):
            raise
        raise InputError(
            f"{asked.name} keeps text in a way that cannot be read here; write it again with pandas or pyarrow."
        ) from None
    table.validate(full=True)
    if table.num_rows != opened.metadata.num_rows:
        raise ValueError("it has not as many rows as it says")
    numbers = {name for name in names if _is_number(kinds[name]) and name != asked.id_column}
    texts = {name: _coded(table.column(name)) for name in names if name not in numbers}
    asked.check_columns(
        8 * len(numbers) * table.num_rows
        + sum(4 * max(map(len, words)) * max(len(words), table.num_rows) for words, _ in texts.values())
    )
    columns = {}
    for name in names:
        if name in numbers:
            columns[name] = table.column(name).cast(pa.float64(), safe=False).to_numpy()
        else:
            words, codes = texts[name]
            columns[name] = np.array(words)[codes]
    return columns


def _coded(column: pa.ChunkedArray) -> tuple[list[str], Int[np.ndarray, "row"]]:
    """Return the different texts of a column, last an empty one for what is missing, and which of them each row has."""
    if types.is_boolean(column.type):
        column = compute.if_else(column, "yes", "no")
    if not types.is_dictionary(column.type):
        column = column.cast(pa.string()).dictionary_encode()
    coded = column.combine_chunks()
    words = [word or "" for word in coded.dictionary.to_pylist()]
    return [*words, ""], coded.indices.fill_null(-1).to_numpy()


def _lists(
    opened: parquet.ParquetFile, name: str, n_rows: int
) -> Iterator[tuple[Int[np.ndarray, "row"], Num[np.ndarray, "number"]]]:
    """Yield the lengths of ``n_rows`` lists at a time, and the numbers of all of them in a row."""
    for batch in opened.iter_batches(n_rows, columns=[name]):
        batch.validate(full=True)
        lengths = compute.fill_null(compute.list_value_length(batch.column(0)), 0)
        yield lengths.to_numpy(), compute.list_flatten(batch.column(0)).to_numpy(zero_copy_only=False)


def _fill(
    features: Float[np.ndarray, "all dim"],
    batches: Iterator[tuple[Int[np.ndarray, "row"], Num[np.ndarray, "number"]]],
    ids: Shaped[np.ndarray, "all"],
    asked: Asked,
) -> None:
    at, n_dims = 0, features.shape[1]
    for lengths, numbers in batches:
        if len(other := np.flatnonzero(lengths != n_dims)):
            raise InputError(
                f"The features of {asked.name} are of several lengths, first {n_dims:,} and then "
                f"{lengths[other[0]]:,} in “{ids[at + other[0]][:MAX_NAME]}”; give every row as many dimensions."
            )
        features[at : at + len(lengths)] = numbers.reshape(len(lengths), n_dims)
        at += len(lengths)
    if at != len(features):
        raise ValueError("it has not as many rows as it says")
