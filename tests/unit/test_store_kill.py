"""Writers killed at random moments leave nothing corrupt behind, and work goes on."""

import random
import subprocess
import sys
import time

import numpy as np

from workbench.store.keys import cache_key
from workbench.store.tensors import TensorStore

N_KILLS, N_KEYS, N_VALUES = 20, 6, 100_000

WRITER = """
import itertools, pathlib, sys, numpy as np
from workbench.store.keys import cache_key
from workbench.store.tensors import TensorStore
store = TensorStore(pathlib.Path(sys.argv[1]), 10**9)
print("ready", flush=True)
for turn in itertools.count():
    number = turn % int(sys.argv[2])
    with store.lock(cache_key(n=number)):
        store.put(cache_key(n=number), {"x": np.full(int(sys.argv[3]), number, dtype=np.float64)})
"""


def test_twenty_kills(tmp_path):
    store = TensorStore(tmp_path, 10**9)
    chance = random.Random(7)
    n_found = 0
    command = [sys.executable, "-c", WRITER, str(tmp_path), str(N_KEYS), str(N_VALUES)]
    for _ in range(N_KILLS):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout.readline() == "ready\n"
            time.sleep(chance.uniform(0, 0.05))
            writer.kill()
        for number in range(N_KEYS):
            found = store.get(cache_key(n=number))
            if found is not None:
                n_found += 1
                np.testing.assert_array_equal(found["x"], np.full(N_VALUES, number, dtype=np.float64))
    assert n_found > 0
    calls = []
    for number in range(N_KEYS + 1):
        expected = {"x": np.full(N_VALUES, number, dtype=np.float64)}
        arrays = store.get_or_compute(cache_key(n=number), lambda expected=expected: calls.append(1) or expected)
        np.testing.assert_array_equal(arrays["x"], expected["x"])
    assert 1 <= len(calls) <= N_KEYS + 1
