"""Features, labels, edits and pictures that were made to do harm, and models that nobody offered."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.security.conftest import Fortress
from workbench.ui.gradio import texts

MOST_MORE_MB = 256
"""What a file may take of the memory, which stays far below what it claims to hold."""


class Trap:
    """An object that makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.path,)


def archive(**members: bytes) -> bytes:
    """Return a zip file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as written:
        for name, content in members.items():
            written.writestr(name.replace("__", "."), content)
    return file.getvalue()


def array(shape: tuple[int, ...], content: bytes) -> bytes:
    """Return the file of an array that claims to be of a shape."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f4", "fortran_order": False, "shape": shape})
    return head.getvalue() + content


def said(message: dict[str, Any]) -> str:
    """Return what the page says of a file, which is no surprise to it."""
    told = json.dumps(message, ensure_ascii=False)
    assert message["success"]
    assert texts.UNEXPECTED not in told
    assert "Traceback" not in told
    return told


@pytest.mark.parametrize(
    "bomb",
    [
        pytest.param(archive(features__npy=array((10**9, 512), bytes(2**20))), id="claims a terabyte"),
        pytest.param(archive(features__npy=array((9, 4), bytes(250 * 2**20))), id="holds more than it claims"),
        pytest.param(archive(**{f"a{k}__npy": array((1,), bytes(4)) for k in range(1_500)}), id="1,500 arrays"),
        pytest.param(archive(features__npy=archive(inner__npy=bytes(50 * 2**20))), id="an archive in an archive"),
    ],
)
def test_an_archive_that_unfolds_without_end_is_refused_and_takes_no_memory(site: Fortress, bomb: bytes) -> None:
    before_mb = site.memory_mb()
    told = said(site.send("space-file", "upload", [site.upload(bomb, "bomb.npz", "application/zip")]))
    assert "bomb.npz" in told
    assert site.memory_mb() < before_mb + MOST_MORE_MB


def test_a_table_that_unfolds_without_end_is_refused_and_takes_no_memory(site: Fortress) -> None:
    rows = pa.array(np.zeros(3_000_000, dtype=np.float32))
    column = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(6_000_000, dtype=np.float32)), 2)
    file = io.BytesIO()
    pq.write_table(pa.table({"features": column, "time_s": rows}), file, compression="zstd")
    assert len(file.getvalue()) < 2**20
    before_mb = site.memory_mb()
    told = said(site.send("space-file", "upload", [site.upload(file.getvalue(), "bomb.parquet", "application/zip")]))
    assert "bomb.parquet" in told
    assert site.memory_mb() < before_mb + MOST_MORE_MB


@pytest.mark.parametrize("element", ["space-file", "space-picture", "examine-file", "many-file", "upload"])
def test_no_pickle_is_loaded_wherever_it_is_brought(site: Fortress, tmp_path: Path, element: str) -> None:
    held = np.empty(1, dtype=object)
    held[0] = Trap(tmp_path / "sprung")
    for name in ("f.npz", "f.npy", "f.pkl", "f.jsonl", "f.jpg", "f.mp4"):
        file = io.BytesIO()
        if name == "f.npz":
            np.savez(file, features=held)
        else:
            np.save(file, held, allow_pickle=True)
        sent = site.upload(file.getvalue(), name, "application/octet-stream")
        listener = site.listener(element, "upload")
        said(site.put(listener["id"], [None] * (len(listener["inputs"]) - 1) + [sent]))
        assert not Path(sent["path"]).exists()  # it is looked at once
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    "model", ["openai/clip-vit-base-patch32", "../../etc", "/etc/passwd", "ViT-B-32:/etc/passwd", "toyworld-frame/.."]
)
def test_no_model_is_loaded_that_is_not_offered(site: Fortress, model: str) -> None:
    for verb, data in (
        ("ground", [site.example, ["a red circle"], model, 2.0]),
        ("attribute", [site.example, "a red circle", model, "words", 2.0]),
        ("embed", [[site.example], model, [], "frame", "pca", 2.0]),
    ):
        message = site.call(verb, data)
        assert not message["success"]
        told = message["output"]["error"]
        assert model in told
        assert told.endswith((".", "?"))
        assert "root:" not in told
    told = said(site.send("model-picker", "input", [None], {"value": model}))
    assert "toyworld-frame" in told
