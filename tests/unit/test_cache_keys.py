import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.store.keys import cache_key
from workbench.types.video import SamplingSpec

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()


def test_the_key_of_known_parts_never_changes():
    # A change here makes every cache in the world useless: raise SCHEMA_VERSION when it is meant.
    text = b'{"parts":{"fps":2,"rest":[0.1,"x",null,true],"video":"abc"},"schema":1}'
    assert cache_key(video="abc", fps=2.0, rest=[0.1, "x", None, True]) == hashlib.sha256(text).hexdigest()


@given(st.dictionaries(st.text(min_size=1).filter(str.isidentifier), SCALARS, max_size=5))
def test_order_of_naming_does_not_matter(parts):
    assert cache_key(**parts) == cache_key(**dict(reversed(parts.items())))


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.int64(2)])
def test_equal_numbers_give_one_key(value):
    assert cache_key(fps=value) == cache_key(fps=2)


def test_close_numbers_types_and_nesting_are_told_apart():
    parts = [2, 2.0000000001, "2", True, 1, [2], [[2]], None, {"a": 2}, {"b": 2}, 0.1, 0.1 + 1e-17 * 20]
    assert len({cache_key(x=part) for part in parts}) == len(parts)


def test_a_dataclass_is_its_fields():
    assert cache_key(s=SamplingSpec(2.0, 10)) == cache_key(s={"fps": 2, "max_frames": 10})


@pytest.mark.parametrize("part", [Path("/film.mp4"), {1, 2}, b"bytes", object(), {1: "x"}])
def test_what_has_no_canonical_form_is_refused(part):
    with pytest.raises(TypeError):
        cache_key(x=part)


@pytest.mark.parametrize("part", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_are_refused(part):
    with pytest.raises(ValueError, match="cache key"):
        cache_key(x=part)


def test_another_process_makes_the_same_key():
    code = "from workbench.store.keys import cache_key; print(cache_key(a=['x', 0.1], b={'c': None}))"
    keys = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert keys == {cache_key(b={"c": None}, a=["x", 0.1])}
