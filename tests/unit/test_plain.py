"""Results as JSON: what is no number becomes null, and nothing of numpy is left."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from workbench.analyses.plain import plain


@dataclass(frozen=True)
class Measured:
    values: np.ndarray
    of: tuple[str, ...]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.array([[0.5, 1.5], [2.0, -1.0]], np.float32), [[0.5, 1.5], [2.0, -1.0]]),
        (np.array([[0.5, np.nan], [np.inf, -np.inf]]), [[0.5, None], [None, None]]),
        (np.array([1, 2], np.uint8), [1, 2]),
        (np.array([True, False]), [True, False]),
        (np.array(["a", "b"]), ["a", "b"]),
        (np.array([0.5, None, float("nan")], object), [0.5, None, None]),
        (np.zeros((0, 3)), []),
        (np.float32(0.25), 0.25),
        (np.float64("nan"), None),
        (float("inf"), None),
        ({1: (2.0, {"b", "a"})}, {"1": [2.0, ["a", "b"]]}),
        (Measured(np.array([np.nan]), ("x",)), {"values": [None], "of": ["x"]}),
        (Path("a/b"), "a/b"),
    ],
)
def test_plain(value: object, expected: object) -> None:
    found = plain(value)
    assert found == expected
    assert json.loads(json.dumps(found, allow_nan=False)) == expected
