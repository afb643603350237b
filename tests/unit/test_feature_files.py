import io
import json
import os
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from jaxtyping import TypeCheckError
from pyarrow import parquet
from safetensors import safe_open
from safetensors.numpy import save_file

from workbench.errors import InputError
from workbench.store import feature_arrays, feature_files, feature_parquet
from workbench.store.feature_files import FeatureTable, read_features
from workbench.store.feature_parts import Asked

FEATURES = np.array([[1.0, 2.0], [3.0, -4.0], [0.5, 0.0]], dtype=np.float32)
IDS = ["a", "b", "ü"]
# What the workbench itself would raise if it were wrong, and not the file.
DEFECTS = (TypeError, AttributeError, NameError, AssertionError, TypeCheckError)
BFLOAT16 = b'{"features":{"dtype":"BF16","shape":[1,2],"data_offsets":[0,4]}}'


def npz(folder: Path, **arrays) -> Path:
    np.savez_compressed(folder / "f.npz", **arrays)
    return folder / "f.npz"


def tensors(folder: Path, metadata=None, **arrays) -> Path:
    save_file(arrays, folder / "f.safetensors", metadata and {key: json.dumps(metadata[key]) for key in metadata})
    return folder / "f.safetensors"


def table(folder: Path, columns=None, *, row_group_size=None, **more) -> Path:
    parquet.write_table(pa.table((columns or {}) | more), folder / "f.parquet", row_group_size=row_group_size)
    return folder / "f.parquet"


WRITERS = {
    ".npz": lambda folder, features, ids: npz(folder, features=features, ids=np.array(ids)),
    ".safetensors": lambda folder, features, ids: tensors(folder, {"ids": ids}, features=features),
    ".parquet": lambda folder, features, ids: table(folder, features=list(features), id=ids),
}
every_format = pytest.mark.parametrize("suffix", WRITERS)


def refusal(path: Path, **options) -> str:
    with pytest.raises(InputError) as caught:
        read_features(path, **options)
    said = str(caught.value)
    assert said.endswith(".")
    assert "; " in said  # what to do
    assert not isinstance(caught.value.__cause__, DEFECTS), caught.value.__cause__
    return said


def assert_is(found: FeatureTable, ids=IDS, columns=None) -> None:
    assert found.ids == tuple(ids)
    assert found.features.dtype == np.float32
    assert found.features.flags.c_contiguous
    np.testing.assert_array_equal(found.features, FEATURES)
    assert {name: column.tolist() for name, column in found.columns.items()} == (columns or {})
    assert {column.dtype.kind for column in found.columns.values()} <= {"f", "U"}
    assert {column.dtype.itemsize for column in found.columns.values() if column.dtype.kind == "f"} <= {8}


@every_format
def test_features_come_back_as_they_were(tmp_path, suffix):
    assert_is(read_features(WRITERS[suffix](tmp_path, FEATURES, IDS)))


@every_format
def test_a_suffix_may_be_in_capitals(tmp_path, suffix):
    path = WRITERS[suffix](tmp_path, FEATURES, IDS)
    assert_is(read_features(path.rename(tmp_path / f"F{suffix.upper()}")))


@every_format
@pytest.mark.parametrize("dtype", ["float16", "float64", "int8", "int64"])
def test_features_of_any_numbers_become_float32(tmp_path, suffix, dtype):
    whole = np.array([[1, 2], [3, -4]])
    found = read_features(WRITERS[suffix](tmp_path, whole.astype(dtype), ["a", "b"]))
    assert found.features.dtype == np.float32
    np.testing.assert_array_equal(found.features, whole)


@pytest.mark.parametrize("layout", [np.asfortranarray, lambda features: features.astype(">f4")])
def test_features_in_another_order_in_memory_are_the_same(tmp_path, layout):
    assert_is(read_features(npz(tmp_path, features=layout(FEATURES), ids=np.array(IDS))))


@pytest.mark.parametrize("name", ["features", "embedding", "embeddings"])
def test_features_are_known_by_their_name(tmp_path, name):
    other = np.zeros((3, 5), np.float32)
    assert_is(read_features(npz(tmp_path, **{"a": other, name: FEATURES})), "012")
    assert_is(read_features(tensors(tmp_path, **{"a": other, name: FEATURES})), "012")
    assert_is(read_features(table(tmp_path, id=IDS, **{"a": list(other), name: list(FEATURES)})))


def test_the_only_table_is_the_features_whatever_its_name(tmp_path):
    n = {"n": [0.0, 1.0, 2.0]}
    assert_is(read_features(npz(tmp_path, clip=FEATURES, n=np.arange(3))), "012", n)
    assert_is(read_features(tensors(tmp_path, clip=FEATURES, n=np.arange(3))), "012", n)
    assert_is(read_features(table(tmp_path, id=IDS, clip=list(FEATURES))))


@pytest.mark.parametrize(
    ("arrays", "options", "ids", "columns"),
    [
        ({}, {}, ["0", "1", "2"], {}),
        ({"ids": np.array(IDS)}, {}, IDS, {}),
        ({"id": np.array([9, -1, 2**63 - 1])}, {}, ["9", "-1", "9223372036854775807"], {}),
        ({"id": np.array([name.encode() for name in IDS])}, {}, IDS, {}),
        ({"id": np.array(IDS), "ids": np.arange(3)}, {}, IDS, {"ids": [0.0, 1.0, 2.0]}),
        ({"clip": np.array(IDS), "ids": np.arange(3)}, {"id_column": "clip"}, IDS, {"ids": [0.0, 1.0, 2.0]}),
    ],
)
def test_rows_of_an_npz_are_named_by_ids_or_numbers(tmp_path, arrays, options, ids, columns):
    assert_is(read_features(npz(tmp_path, features=FEATURES, **arrays), **options), ids, columns)


def test_columns_of_an_npz_are_numbers_and_texts_of_one_entry_a_row(tmp_path):
    path = npz(
        tmp_path,
        features=FEATURES,
        duration_s=np.array([1, 2, 3], dtype=np.int16),
        score=np.array([0.5, np.nan, 2], dtype=np.float32),
        is_long=np.array([True, False, True]),
        label=np.array(["cat", "", "ü"]),
        raw=np.array([b"cat", b"", "ü".encode()]),
        day=np.array(["2024-02-29"] * 3, dtype="datetime64[D]"),
        wide=np.array([IDS] * 3),
        one=np.array(3),
        complex=np.ones(3, dtype=complex),
        record=np.zeros(3, dtype=[("x", "f4")]),
    )
    found = read_features(path)
    np.testing.assert_array_equal(found.columns.pop("score"), [0.5, np.nan, 2])
    assert_is(
        found,
        "012",
        {
            "duration_s": [1.0, 2.0, 3.0],
            "is_long": ["yes", "no", "yes"],
            "label": ["cat", "", "ü"],
            "raw": ["cat", "", "ü"],
            "day": ["2024-02-29"] * 3,
        },
    )


def test_columns_of_safetensors_are_tensors_and_lists_of_the_metadata(tmp_path):
    metadata = {"ids": [3, "b", 2**70], "columns": {"label": ["cat", "", "ü"]}}
    other = {"n": np.arange(3, dtype=np.uint8), "is_long": np.array([True, False, True]), "wide": np.ones((2, 3), bool)}
    columns = {"n": [0.0, 1.0, 2.0], "is_long": ["yes", "no", "yes"], "label": ["cat", "", "ü"]}
    path = tensors(tmp_path, metadata, features=FEATURES, **other)
    assert_is(read_features(path), ["3", "b", str(2**70)], columns)
    del columns["n"]
    assert_is(read_features(path, id_column="n"), "012", {"ids": ["3", "b", str(2**70)], **columns})
    path = tensors(tmp_path, {"columns": {"label": IDS}}, features=FEATURES)
    assert_is(read_features(path, id_column="label"))


@pytest.mark.parametrize("kind", [pa.list_(pa.float32()), pa.list_(pa.float64(), 2), pa.large_list(pa.float16())])
def test_lists_of_every_kind_are_features(tmp_path, kind):
    assert_is(read_features(table(tmp_path, id=IDS, features=pa.array(FEATURES.tolist(), kind))))


def test_columns_of_parquet_are_numbers_texts_times_and_yes_and_no(tmp_path):
    path = table(
        tmp_path,
        id=[7, 8, 9],
        features=list(FEATURES),
        n=[1, 2**60, 3],
        price=pa.array([1, 2, 3], pa.decimal128(5, 2)),
        half=pa.array([0.5, 1, 2], pa.float16()),
        label=["cat", None, "ü"],
        large=pa.array(["cat", "", "ü"], pa.large_string()),
        category=pa.array(["x", "y", "x"]).dictionary_encode(),
        is_long=[True, None, False],
        day=pa.array([0, 1, None], pa.date32()),
        **{"with.dot": ["x", "y", "z"]},
        raw=[b"1", b"2", b"3"],
        record=[{"x": 1}] * 3,
        nested=[[[1.0]]] * 3,
    )
    columns = {
        "n": [1.0, 2.0**60, 3.0],
        "price": [1.0, 2.0, 3.0],
        "half": [0.5, 1.0, 2.0],
        "label": ["cat", "", "ü"],
        "large": ["cat", "", "ü"],
        "category": ["x", "y", "x"],
        "is_long": ["yes", "", "no"],
        "day": ["1970-01-01", "1970-01-02", ""],
        "with.dot": ["x", "y", "z"],
    }
    assert_is(read_features(path), "789", columns)
    assert read_features(path, id_column="n").ids == ("1", str(2**60), "3")


def test_a_missing_number_in_a_column_is_nan(tmp_path):
    found = read_features(table(tmp_path, id=IDS, features=list(FEATURES), n=[1, None, 3]))
    np.testing.assert_array_equal(found.columns["n"], [1, np.nan, 3])


def test_parquet_is_read_in_pieces_and_row_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(feature_parquet, "_BATCH_ROWS", 3)
    features = np.random.default_rng(0).normal(size=(23, 4)).astype(np.float32)
    names = [f"clip {row % 23}" for row in range(5, 28)]
    labels = ["xyz"[row % 3] for row in range(23)]
    path = table(tmp_path, id=names, features=list(features), label=labels, row_group_size=7)
    found = read_features(path)
    assert found.ids == tuple(names)
    np.testing.assert_array_equal(found.features, features)
    assert found.columns["label"].tolist() == labels


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({}, "f.npz holds nothing and no table of numbers; save one, called “features”."),
        (
            {"a": np.arange(3), "b": np.array([IDS])},
            "f.npz holds “a”, “b” and no table of numbers; save one, called “features”.",
        ),
        (
            {"a": FEATURES, "b": FEATURES},
            "f.npz holds several tables, “a”, “b”; call that of the features “features”.",
        ),
        (
            {"features": np.zeros((2, 3, 4)), "a": FEATURES},
            "“features” in f.npz is 2 × 3 × 4 float64; "
            "give a table of numbers, one row for each item and one column for each dimension.",
        ),
        (
            {"features": FEATURES, "ids": np.array(["a", "b"])},
            "The ids of f.npz, “ids”, are 2 strings; give 3 strings or integers, one for each row of the features.",
        ),
        (
            {"features": FEATURES, "id": np.arange(3.0), "ids": np.array(IDS)},
            "The ids of f.npz, “id”, are 3 float64; give 3 strings or integers, one for each row of the features.",
        ),
        (
            {"features": FEATURES, "shorter": np.arange(2)},
            "“shorter” in f.npz has the length 2, and the features 3; "
            "give it one entry for each row of the features, or leave it out.",
        ),
        (
            {"features": FEATURES, "n": np.arange(3), "longer": np.array([*IDS, "d"])},
            "“longer” in f.npz has the length 4, and the features 3; "
            "give it one entry for each row of the features, or leave it out.",
        ),
        (
            {"features": FEATURES, "label": np.array([b"\xff", b"b", b"c"])},
            "“label” in f.npz holds text that is not Unicode; save it as UTF-8.",
        ),
        (
            {"features": FEATURES, "ids": np.array(["\ud800", "b", "c"])},
            "“ids” in f.npz holds text that is not Unicode; save it as UTF-8.",
        ),
        (
            {"features": FEATURES, "label": np.array([0x110000, 1, 1], dtype="<u4").view("<U1")},
            "“label” in f.npz holds text that is not Unicode; save it as UTF-8.",
        ),
        (
            {f"array {number}": np.arange(3) for number in range(14)},
            "f.npz holds " + ", ".join(f"“array {number}”" for number in range(12)) + " and 2 more "
            "and no table of numbers; save one, called “features”.",
        ),
    ],
)
def test_an_npz_that_does_not_fit_is_refused(tmp_path, arrays, said):
    assert refusal(npz(tmp_path, **arrays)) == said


UNCLEAR = (
    "The metadata of f.safetensors cannot be understood; "
    "write its ids as a JSON list of strings, and its columns as a JSON object of such lists."
)


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"ids": '["a", "b"'}, UNCLEAR),
        ({"ids": '"abü"'}, UNCLEAR),
        ({"ids": '{"a": 1, "b": 2, "c": 3}'}, UNCLEAR),
        ({"ids": '["a", "b", true]'}, UNCLEAR),
        ({"ids": "[" * 100_000}, UNCLEAR),
        ({"columns": '["a", "b", "c"]'}, UNCLEAR),
        ({"columns": "null"}, UNCLEAR),
        ({"columns": '{"label": "abc"}'}, UNCLEAR),
        ({"columns": '{"label": [1, 2, 3]}'}, UNCLEAR),
        (
            {"ids": '["a", "b"]'},
            "The ids of f.safetensors, “ids”, are 2 strings; "
            "give 3 strings or integers, one for each row of the features.",
        ),
        (
            {"columns": '{"label": ["a", "b"]}'},
            "“label” in f.safetensors has the length 2, and the features 3; "
            "give it one entry for each row of the features, or leave it out.",
        ),
        (
            {"columns": '{"n": ["a", "b", "c"]}'},
            "f.safetensors has “n” both as tensor and in metadata; keep one.",
        ),
        (
            {"ids": '["\\ud800", "b", "c"]'},
            "“ids” in f.safetensors holds text that is not Unicode; save it as UTF-8.",
        ),
    ],
)
def test_metadata_that_does_not_fit_are_refused(tmp_path, metadata, said):
    save_file({"features": FEATURES, "n": np.arange(3)}, tmp_path / "f.safetensors", metadata)
    assert refusal(tmp_path / "f.safetensors") == said


def test_bfloat16_is_refused_in_words(tmp_path):
    (tmp_path / "f.safetensors").write_bytes(len(BFLOAT16).to_bytes(8, "little") + BFLOAT16 + b"\0" * 4)
    assert refusal(tmp_path / "f.safetensors") == (
        "f.safetensors holds bfloat16, which cannot be read here, in “features”; save float32 instead."
    )


@pytest.mark.parametrize(
    ("columns", "options", "said"),
    [
        (
            {"clip": IDS, "features": list(FEATURES), "n": [1, 2, 3]},
            {},
            "f.parquet has no column “id” that names its rows, but “clip”, “features”, “n”; "
            "rename the one that does to “id”, or name it with --id-column on the command line.",
        ),
        (
            {"id": [1.0, 2.0, 3.0], "features": list(FEATURES)},
            {},
            "“id” in f.parquet holds double; name the rows by strings or integers.",
        ),
        (
            {"features": list(FEATURES)},
            {"id_column": "features"},
            "“features” in f.parquet holds list<element: float>; name the rows by strings or integers.",
        ),
        (
            {"id": ["a", None, "c"], "features": list(FEATURES)},
            {},
            "Row 2 of f.parquet has no id; give every row one.",
        ),
        (
            {"id": [1, 2, None], "features": list(FEATURES)},
            {},
            "Row 3 of f.parquet has no id; give every row one.",
        ),
        (
            {"id": IDS, "n": [1, 2, 3], "nested": [[[1.0]]] * 3},
            {},
            "f.parquet has the columns “id”, “n”, “nested” and none of lists of numbers; save one, called “features”.",
        ),
        (
            {"id": IDS, "a": list(FEATURES), "b": list(FEATURES)},
            {},
            "f.parquet has several columns of lists of numbers, “a”, “b”; call that of the features “features”.",
        ),
        (
            {"id": IDS, "features": [[1.0, 2.0], [1.0, 2.0, 3.0], [1.0]]},
            {},
            "The features of f.parquet are of several lengths, first 2 and then 3 in “b”; "
            "give every row as many dimensions.",
        ),
        (
            {"id": IDS, "features": pa.array([[1, 2], [3, 4], None], pa.list_(pa.float32(), 2))},
            {},
            "The features of f.parquet are of several lengths, first 2 and then 0 in “ü”; "
            "give every row as many dimensions.",
        ),
        (
            {"id": IDS, "features": [[1, 2], [3, None], [5, 6]]},
            {},
            "f.parquet has NaN or infinity in 1 row, first in “b”; compute them again or leave them out.",
        ),
    ],
)
def test_a_parquet_file_that_does_not_fit_is_refused(tmp_path, columns, options, said):
    assert refusal(table(tmp_path, columns), **options) == said


def test_lists_of_other_lengths_far_into_a_file_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(feature_parquet, "_BATCH_ROWS", 2)
    path = table(tmp_path, id=list("abcdef"), features=[[1.0, 2.0]] * 5 + [[1.0]])
    assert "first 2 and then 1 in “f”" in refusal(path)


def test_columns_of_one_name_are_refused(tmp_path):
    twice = pa.table([IDS, IDS, list(FEATURES)], names=["id", "id", "features"])
    parquet.write_table(twice, tmp_path / "f.parquet")
    said = "f.parquet has several columns called “id”; give each a name of its own."
    assert refusal(tmp_path / "f.parquet") == said


@every_format
@pytest.mark.parametrize(
    ("features", "ids", "said"),
    [
        (
            [[1, 2], [np.nan, 1], [1, np.inf], [1, -np.inf]],
            "abcd",
            "has NaN or infinity in 3 rows, first in “b”; compute them again or leave them out.",
        ),
        (
            [[1, 2], [3, 4], [1e39, 1]],
            "abc",
            "has numbers too large for float32 in 1 row, first in “c”; scale all features down.",
        ),
        (
            [[1, 2], [0, 0], [1e-50, 1e-60]],
            "abc",
            "has only zeros, which have no direction, in 2 rows, first in “b”; leave them out.",
        ),
    ],
)
def test_rows_that_are_no_features_are_counted_and_the_first_named(tmp_path, suffix, features, ids, said):
    path = WRITERS[suffix](tmp_path, np.array(features, dtype=np.float64), list(ids))
    assert refusal(path) == f"f{suffix} {said}"


@every_format
def test_ids_that_repeat_or_are_empty_are_refused(tmp_path, suffix):
    features = np.ones((4, 2), np.float32)
    said = refusal(WRITERS[suffix](tmp_path, features, ["a", "b", "c", "b"]))
    assert said == f"“b” names several rows of f{suffix}; give each an id of its own."
    said = refusal(WRITERS[suffix](tmp_path, features, ["a", "b", "", "d"]))
    assert said == f"Row 3 of f{suffix} has no id; give every row one."


def test_a_long_id_is_told_by_its_beginning(tmp_path):
    assert f"“{'x' * 60}” names" in refusal(WRITERS[".npz"](tmp_path, FEATURES, ["x" * 5000] * 3))


@pytest.mark.parametrize("shape", [(0, 4), (4, 0)])
def test_no_rows_and_no_dimensions_are_refused(tmp_path, shape):
    nothing = np.zeros(shape, dtype=np.float32)
    said = f"are {shape[0]} × {shape[1]}; give at least one row and dimension."
    assert refusal(npz(tmp_path, features=nothing)) == f"The features of f.npz {said}"
    assert refusal(tensors(tmp_path, features=nothing)) == f"The features of f.safetensors {said}"


@pytest.mark.parametrize(("n_rows", "shape"), [(0, "0 × 0"), (3, "3 × 0")])
def test_parquet_without_rows_or_dimensions_is_refused(tmp_path, n_rows, shape):
    columns = {"id": pa.array(IDS[:n_rows], pa.string()), "features": pa.array([[]] * n_rows, pa.list_(pa.float32()))}
    assert f"are {shape}; give at least one" in refusal(table(tmp_path, columns))


class Trap:
    """An object that makes a folder when it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("name", ["features", "ids", "label", "settings"])
def test_nothing_is_unpickled(tmp_path, name):
    trap = np.empty(1, dtype=object)
    trap[0] = Trap(tmp_path / "sprung")
    path = npz(tmp_path, **{"features": np.ones((1, 2)), name: trap})
    assert refusal(path) == (
        f"f.npz holds Python objects, which are never loaded, in “{name}”; "
        "save numbers or strings instead, such as np.asarray(names, dtype=str)."
    )
    assert not (tmp_path / "sprung").exists()
    np.load(path, allow_pickle=True)[name]  # and the trap is one
    assert (tmp_path / "sprung").exists()


@pytest.mark.parametrize("name", ["f.npy", "f.pkl", "f.pickle", "f.pt", "f.PTH", "f.joblib"])
def test_pickles_are_told_what_to_export_instead(tmp_path, name):
    (tmp_path / name).write_bytes(b"anything")
    assert refusal(tmp_path / name) == (
        f"{name} may hold a pickle, which can run code and is never loaded; export the features as "
        ".npz, .safetensors or .parquet, such as with np.savez(…, ids=…, features=…)."
    )


@pytest.mark.parametrize("name", ["f.csv", "f", "npz"])
def test_another_suffix_is_refused_naming_the_three(tmp_path, name):
    (tmp_path / name).write_bytes(b"anything")
    assert refusal(tmp_path / name) == (
        f"{name} is not a file of features that can be read; export them as .npz, .safetensors or .parquet."
    )


@every_format
def test_no_file_is_told_in_a_sentence(tmp_path, suffix, monkeypatch):
    path = tmp_path / f"f{suffix}"
    assert refusal(path) == f"There is no file f{suffix}; check its name and its folder."
    path.mkdir()
    said = f"f{suffix} is a folder; give a file of features (.npz, .safetensors or .parquet)."
    assert refusal(path) == said
    path.rmdir()
    path.write_bytes(b"")
    assert refusal(path) == f"f{suffix} is empty; export it again."

    def forbid(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(io, "open", forbid)  # root may read anything
    assert refusal(path) == f"f{suffix} may not be read; change its permissions."


@every_format
@pytest.mark.parametrize("content", [b"\0" * 4096, b"\xff" * 4096, b"no features", b"PK\x03\x04", b"PAR1PAR1PAR1"])
def test_garbage_is_refused(tmp_path, suffix, content):
    (tmp_path / f"f{suffix}").write_bytes(content)
    said = refusal(tmp_path / f"f{suffix}")
    assert said.startswith(f"f{suffix} cannot be read (")
    assert said.endswith("); it may be damaged or cut short, so export it again.")


@every_format
@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.9, 0.99])
def test_a_file_cut_short_is_refused(tmp_path, suffix, share):
    path = WRITERS[suffix](tmp_path, FEATURES, IDS)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    assert "cut short" in refusal(path)


@every_format
def test_a_flipped_bit_raises_nothing_else_and_ends_no_process(tmp_path, suffix):
    path = WRITERS[suffix](tmp_path, FEATURES, IDS)
    whole = path.read_bytes()
    causes = []
    for at in range(5, len(whole), 7):  # of Parquet, three of them end a process that asks for the size of a column
        damaged = bytearray(whole)
        damaged[at] ^= 4
        path.write_bytes(damaged)
        try:
            assert np.isfinite(read_features(path).features).all()
        except InputError as problem:
            causes.append(problem.__cause__)
    assert len(causes) > 10
    assert [cause for cause in causes if isinstance(cause, DEFECTS)] == []


def test_a_flipped_bit_in_the_numbers_of_an_npz_is_noticed(tmp_path):
    np.savez(tmp_path / "f.npz", features=FEATURES)
    damaged = bytearray((tmp_path / "f.npz").read_bytes())
    damaged[damaged.index(FEATURES.tobytes())] ^= 1
    (tmp_path / "f.npz").write_bytes(damaged)
    assert "CRC" in refusal(tmp_path / "f.npz")


def test_an_array_longer_than_it_says_is_refused(tmp_path):
    array = io.BytesIO()
    np.save(array, FEATURES)
    with zipfile.ZipFile(tmp_path / "f.npz", "w") as archive:
        archive.writestr("features.npy", array.getvalue() + b"\0")
    assert "features is longer than it says" in refusal(tmp_path / "f.npz")


def declared(path: Path, shape, dtype="<f4", n_header=None) -> Path:
    """Write an ``.npz`` that declares an array and holds none of it."""
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}}}".encode()
    header += b" " * ((n_header or len(header)) - len(header))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("features.npy", b"\x93NUMPY\x02\x00" + len(header).to_bytes(4, "little") + header)
    return path


TOO_MANY_ROWS = "has 1,000,001 rows, more than 1,000,000; export fewer of them."
TOO_MANY_NUMBERS = "would take 8,000.0 MB, more than 4,295.0 MB; export fewer rows or fewer dimensions."


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ((10**6 + 1, 1), f"f.npz {TOO_MANY_ROWS}"),
        ((10**6, 2000), f"The features of f.npz {TOO_MANY_NUMBERS}"),
        ((1, 2 * 10**9), f"The features of f.npz {TOO_MANY_NUMBERS}"),
    ],
)
@pytest.mark.parametrize("dtype", ["<f4", "|i1", "<f8"])
def test_an_npz_that_declares_too_much_is_refused_unread(tmp_path, monkeypatch, shape, said, dtype):
    monkeypatch.setattr(feature_arrays.npy, "read_array", lambda *_, **__: pytest.fail("read"))
    assert refusal(declared(tmp_path / "f.npz", shape, dtype)) == said


def test_an_npz_that_declares_as_much_as_there_may_be_is_read(tmp_path):
    assert "cut short" in refusal(declared(tmp_path / "f.npz", (10**6, 2)), max_bytes=8 * 10**6)
    assert "more than" in refusal(declared(tmp_path / "f.npz", (10**6, 2)), max_bytes=8 * 10**6 - 1)


@pytest.mark.parametrize("shape", [(-3, 2), (3, -2), (-3, -2)])
def test_an_npz_of_negative_size_is_refused(tmp_path, shape):
    assert "cut short" in refusal(declared(tmp_path / "f.npz", shape))


def test_a_header_that_claims_to_be_huge_is_not_read(tmp_path):
    path = declared(tmp_path / "f.npz", (3, 2), n_header=40_000_000)
    assert path.stat().st_size < 100_000
    tracemalloc.start()
    try:
        assert "cut short" in refusal(path)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_safetensors_that_declare_too_much_are_refused_unread(tmp_path, monkeypatch):
    class Unread:
        def __init__(self, *args, **options):
            self.opened = safe_open(*args, **options)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def __getattr__(self, name):
            return getattr(self.opened, name) if name != "get_tensor" else pytest.fail("read")

    path = tensors(tmp_path, features=np.ones((30, 100), dtype=np.int8))  # 12,000 bytes as float32
    assert path.stat().st_size < 5000
    assert read_features(path, max_bytes=12_000, max_rows=30).features.shape == (30, 100)
    monkeypatch.setattr(feature_arrays, "safe_open", Unread)
    assert refusal(path, max_bytes=11_999) == (
        "The features of f.safetensors would take 0.0 MB, more than 0.0 MB; export fewer rows or fewer dimensions."
    )
    assert refusal(path, max_rows=29) == "f.safetensors has 30 rows, more than 29; export fewer of them."


@pytest.mark.parametrize("kind", [pa.list_(pa.float64()), pa.list_(pa.float64(), 100)])
def test_parquet_that_declares_too_much_is_refused_after_one_row(tmp_path, monkeypatch, kind):
    path = table(tmp_path, id=range(3000), features=pa.array(np.ones((3000, 100)).tolist(), kind))
    assert path.stat().st_size < 100_000
    assert read_features(path, max_bytes=1_200_000, max_rows=3000).features.shape == (3000, 100)
    monkeypatch.setattr(parquet.ParquetFile, "read", lambda *_, **__: pytest.fail("read"))
    n_rows = []
    read = parquet.ParquetFile.iter_batches
    monkeypatch.setattr(
        parquet.ParquetFile, "iter_batches", lambda file, n, **options: n_rows.append(n) or read(file, n, **options)
    )
    assert refusal(path, max_rows=2999) == "f.parquet has 3,000 rows, more than 2,999; export fewer of them."
    assert n_rows == []
    assert refusal(path, max_bytes=1_199_999) == (
        "The features of f.parquet would take 1.2 MB, more than 1.2 MB; export fewer rows or fewer dimensions."
    )
    assert n_rows == [1]


def test_the_first_list_of_a_large_parquet_file_is_read_alone(tmp_path):
    features = np.random.default_rng(0).normal(size=(50_000, 50)).astype(np.float32)  # 10 MB in one row group
    path = table(tmp_path, id=range(50_000), features=list(features))

    class Counting(io.FileIO):
        n_bytes = 0

        def read(self, size=-1):
            blob = super().read(size)
            self.n_bytes += len(blob)
            return blob

    with Counting(path) as file:
        asked = Asked(path, "id", 10**7 - 1, 10**6)
        with pytest.raises(InputError, match="fewer dimensions"):
            feature_parquet.read_parquet(file, asked)
        assert file.n_bytes < 5_000_000


@every_format
def test_a_file_above_the_limit_is_refused_unopened(tmp_path, suffix, monkeypatch):
    path = WRITERS[suffix](tmp_path, FEATURES, IDS)
    n_bytes = path.stat().st_size
    for name in ("read_npz", "read_safetensors"):
        monkeypatch.setattr(feature_files, name, lambda *_: pytest.fail("read"))
    monkeypatch.setattr(feature_parquet, "read_parquet", lambda *_: pytest.fail("read"))
    assert refusal(path, max_bytes=n_bytes - 1) == (
        f"f{suffix} has 0.0 MB, more than 0.0 MB; export fewer rows or fewer columns."
    )


LONG = ["x" * 50_000] + [""] * 99  # 20 MB where every text takes as much as the longest


@pytest.mark.parametrize(
    "write",
    [
        lambda folder: npz(folder, features=np.ones((100, 2)), label=np.array(LONG)),
        lambda folder: npz(folder, features=np.ones((100, 2)), label=np.array([text.encode() for text in LONG])),
        lambda folder: tensors(folder, {"columns": {"label": LONG}}, features=np.ones((100, 2))),
        lambda folder: table(folder, features=[[1.0]] * 100, id=range(100), label=LONG),
        lambda folder: table(folder, features=[[1.0]] * 100, id=range(100), label=["x" * 50_000] * 100),
    ],
)
def test_texts_that_would_take_too_much_are_refused(tmp_path, write):
    path = write(tmp_path)
    assert read_features(path, max_bytes=20_020_000).columns["label"][0] == LONG[0]
    tracemalloc.start()
    try:
        said = refusal(path, max_bytes=19_999_999)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
    assert said.startswith(f"The ids and columns of {path.name} would take 20.0 MB")
    assert said.endswith(" MB, more than 20.0 MB; leave out the longest texts.")


def test_a_long_text_in_every_row_is_kept_once_until_its_size_is_known(tmp_path, monkeypatch):
    path = table(tmp_path, features=[[1.0]] * 100, id=range(100), label=["x" * 50_000] * 100)
    n_bytes = []
    read = parquet.ParquetFile.read

    def weigh(file, **options):
        found = read(file, **options)
        n_bytes.append(found.nbytes)
        return found

    monkeypatch.setattr(parquet.ParquetFile, "read", weigh)
    refusal(path, max_bytes=10**6)
    assert max(n_bytes) < 100_000


@pytest.mark.parametrize("encoding", ["PLAIN", "DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"])
def test_text_is_read_where_it_can_be_told_how_long_it_is(tmp_path, encoding):
    columns = pa.table({"id": IDS, "features": list(FEATURES)})
    parquet.write_table(columns, tmp_path / "f.parquet", use_dictionary=False, column_encoding={"id": encoding})
    if encoding == "PLAIN":
        assert_is(read_features(tmp_path / "f.parquet"))
    else:
        assert refusal(tmp_path / "f.parquet") == (
            "f.parquet keeps text in a way that cannot be read here; write it again with pandas or pyarrow."
        )


def test_texts_that_point_nowhere_are_refused(tmp_path, monkeypatch):
    path = table(tmp_path, id=IDS, features=list(FEATURES), label=["x", "y", "x"])
    astray = pa.DictionaryArray.from_arrays(pa.array([0, -1, 1]), pa.array(["x", "y"]), safe=False)
    monkeypatch.setattr(parquet.ParquetFile, "read", lambda *_, **__: pa.table({"id": IDS, "label": astray}))
    assert "cut short" in refusal(path)


@pytest.mark.parametrize("n_rows", [2, 4])
def test_a_parquet_file_of_more_or_fewer_rows_than_it_says_is_refused(tmp_path, monkeypatch, n_rows):
    path = table(tmp_path, id=IDS, features=list(FEATURES))
    other = pa.table({"id": list("abcd")[:n_rows], "features": [[1.0, 2.0]] * n_rows})
    with monkeypatch.context() as patch:
        patch.setattr(parquet.ParquetFile, "read", lambda *_, **__: other.select(["id"]))
        assert "not as many rows as it says" in refusal(path)
    monkeypatch.setattr(parquet.ParquetFile, "iter_batches", lambda *_, **__: other.select(["features"]).to_batches())
    assert "cut short" in refusal(path)


def test_pyarrow_is_imported_for_parquet_alone():
    code = "import sys, workbench.store.feature_files; sys.exit('pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
