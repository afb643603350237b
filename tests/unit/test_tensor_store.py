import errno
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from workbench.errors import StoreError
from workbench.store import tensors
from workbench.store.keys import cache_key
from workbench.store.tensors import TensorStore

KEY = cache_key(test=1)
ARRAYS = {
    "frames": np.arange(12, dtype=np.float32).reshape(3, 4) / 7,
    "times_s": np.array([0.0, 0.5, 1.0]),
    "half": np.array([[1.5]], dtype=np.float16),
    "flags": np.array([True, False]),
    "none": np.zeros((0, 4), dtype=np.float32),
    "scalar": np.array(3, dtype=np.int64),
}


@pytest.fixture
def store(tmp_path):
    return TensorStore(tmp_path / "features", max_bytes=10**9)


def path_of(store, key=KEY):
    (path,) = store.root.rglob(f"{key}.safetensors")
    return path


def assert_same(left, right):
    assert left.keys() == right.keys()
    for name in left:
        assert left[name].dtype == right[name].dtype
        assert left[name].shape == right[name].shape
        np.testing.assert_array_equal(left[name], right[name])


def test_what_was_put_is_got_bit_for_bit(store):
    assert store.get(KEY) is None
    assert KEY not in store
    store.put(KEY, ARRAYS)
    assert KEY in store
    assert_same(store.get(KEY), ARRAYS)


def test_arrays_that_are_not_contiguous_are_kept_by_value(store):
    strided = np.arange(24.0).reshape(4, 6)[::2, ::-1].T
    store.put(KEY, {"x": strided})
    np.testing.assert_array_equal(store.get(KEY)["x"], strided)


def test_a_second_put_replaces(store):
    store.put(KEY, ARRAYS)
    store.put(KEY, {"x": np.ones(2)})
    assert_same(store.get(KEY), {"x": np.ones(2)})


def test_a_key_that_is_a_path_is_refused(store):
    for key in ("../../etc/passwd", "A" * 64, KEY[:-1], KEY + "\n"):
        with pytest.raises(ValueError, match="cache_key"):
            store.get(key)


def test_compute_is_called_once_and_not_again_after_a_restart(store):
    calls = []

    def compute():
        calls.append(1)
        return ARRAYS

    assert_same(store.get_or_compute(KEY, compute), ARRAYS)
    assert_same(store.get_or_compute(KEY, compute), ARRAYS)
    assert_same(TensorStore(store.root, 10**9).get_or_compute(KEY, compute), ARRAYS)
    assert len(calls) == 1


def test_a_failed_compute_is_passed_on_and_leaves_nothing(store):
    with pytest.raises(ZeroDivisionError):
        store.get_or_compute(KEY, lambda: {"x": np.array(1 // 0)})
    assert KEY not in store
    assert store.size_bytes() == 0
    assert not list(store.root.rglob("*.tmp"))
    assert_same(store.get_or_compute(KEY, lambda: ARRAYS), ARRAYS)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.99])
def test_a_file_cut_short_is_a_miss_and_is_replaced(store, share):
    store.put(KEY, ARRAYS)
    blob = path_of(store).read_bytes()
    path_of(store).write_bytes(blob[: int(share * len(blob))])
    assert store.get(KEY) is None
    assert_same(store.get_or_compute(KEY, lambda: ARRAYS), ARRAYS)
    assert_same(store.get(KEY), ARRAYS)


def test_no_flipped_bit_is_ever_served(store):
    store.put(KEY, ARRAYS)
    sound = path_of(store).read_bytes()
    for bit in range(0, 8 * len(sound), 3):
        damaged = bytearray(sound)
        damaged[bit // 8] ^= 1 << bit % 8
        path_of(store).write_bytes(damaged)
        found = store.get(KEY)
        if found is not None:  # a bit that means nothing, such as the padding of the header
            assert_same(found, ARRAYS)


@pytest.mark.parametrize("content", [b"\0" * 4096, b"\xff" * 4096, b"not tensors", b"\x02\0\0\0\0\0\0\0{}"])
def test_garbage_is_a_miss(store, content):
    store.put(KEY, ARRAYS)
    path_of(store).write_bytes(content)
    assert store.get(KEY) is None


def test_a_sound_file_of_somebody_else_without_checksum_is_a_miss(store):
    from safetensors.numpy import save

    store.put(KEY, ARRAYS)
    path_of(store).write_bytes(save(ARRAYS, {"model": "toy"}))
    assert store.get(KEY) is None


def test_a_folder_copied_elsewhere_works(store, tmp_path):
    store.put(KEY, ARRAYS)
    shutil.copytree(store.root, tmp_path / "copy")
    assert_same(TensorStore(tmp_path / "copy", 10**9).get(KEY), ARRAYS)


def test_the_least_recently_used_goes_first(tmp_path):
    one = {"x": np.zeros(25_000, dtype=np.float32)}  # 100 kB
    store = TensorStore(tmp_path, max_bytes=520_000)
    keys = [cache_key(entry=number) for number in range(6)]
    for age, key in enumerate(keys[:5]):
        store.put(key, one)
        os.utime(path_of(store, key), (1e9 + age, 1e9))
    store.get(keys[0])  # used just now, though the oldest
    store.put(keys[5], one)
    assert [key in store for key in keys] == [True, False, False, True, True, True]
    assert store.size_bytes() <= 520_000


def test_the_bound_holds_after_every_write(tmp_path):
    store = TensorStore(tmp_path, max_bytes=300_000)
    for number in range(30):
        store.put(cache_key(n=number), {"x": np.zeros(1000 * (number % 7 + 1))})
        assert store.size_bytes() <= 300_000
    assert cache_key(n=29) in store


def test_an_entry_larger_than_the_cache_is_refused_and_evicts_nothing(tmp_path):
    store = TensorStore(tmp_path, max_bytes=10_000)
    store.put(KEY, {"x": np.zeros(100)})
    big = {"x": np.zeros(10_000)}
    with pytest.raises(StoreError, match="WORKBENCH_MAX_STORE_BYTES"):
        store.put(cache_key(test=2), big)
    assert_same(store.get_or_compute(cache_key(test=2), lambda: big), big)
    assert KEY in store


def test_only_old_leftovers_of_killed_writers_are_removed(store):
    store.put(KEY, ARRAYS)
    folder = path_of(store).parent
    old, young = folder / "a.tmp", folder / "b.tmp"
    old.write_bytes(b"x")
    young.write_bytes(b"x")
    os.utime(old, (time.time() - 7200, time.time() - 7200))
    store.evict()
    assert not old.exists()
    assert young.exists()
    assert KEY in store


def test_only_old_locks_that_nobody_holds_are_removed(store):
    free, held, young = (cache_key(lock=number) for number in range(3))
    for key in (free, held, young):
        with store.lock(key):
            pass
    paths = {key: next(store.root.rglob(f"{key}.lock")) for key in (free, held, young)}
    with store.lock(held):
        for key in (free, held):
            os.utime(paths[key], (time.time() - 2 * 86_400,) * 2)
        store.evict()
    assert [paths[key].exists() for key in (free, held, young)] == [False, True, True]


def test_what_other_processes_wrote_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(tensors, "LOOK_AFTER_WRITES", 5)
    one, other = (TensorStore(tmp_path, max_bytes=100_000) for _ in range(2))
    array = {"x": np.zeros(1000)}  # 8 kB
    for number in range(10):
        one.put(cache_key(one=number), array)
        other.put(cache_key(other=number), array)
    assert one.size_bytes() <= 100_000


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.ENOSPC, "disk is full"), (errno.EROFS, "read-only"), (errno.EIO, "another folder")],
)
def test_a_disk_that_cannot_be_written_costs_no_answer(store, monkeypatch, number, said):
    def fail(_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(tensors.os, "fsync", fail)
    with pytest.raises(StoreError, match=said) as caught:
        store.put(KEY, ARRAYS)
    assert str(caught.value).count(".") == 1
    assert "WORKBENCH_HOME" in str(caught.value)
    assert_same(store.get_or_compute(KEY, lambda: ARRAYS), ARRAYS)
    assert KEY not in store
    assert not list(store.root.rglob("*.tmp"))
    monkeypatch.undo()
    store.put(KEY, ARRAYS)
    assert KEY in store


def test_a_home_that_is_a_file_costs_no_answer(tmp_path):
    (tmp_path / "features").write_text("in the way")
    store = TensorStore(tmp_path / "features", 10**9)
    assert_same(store.get_or_compute(KEY, lambda: ARRAYS), ARRAYS)
    with pytest.raises(StoreError, match="WORKBENCH_HOME"):
        store.put(KEY, ARRAYS)
    with store.lock(KEY):
        pass


def test_threads_compute_once(store):
    calls = []

    def compute():
        calls.append(threading.get_ident())
        time.sleep(0.2)
        return ARRAYS

    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda _: store.get_or_compute(KEY, compute), range(8)):
            assert_same(found, ARRAYS)
    assert len(calls) == 1


def test_processes_compute_once(store, tmp_path):
    code = """
import sys, os, time, pathlib, numpy as np
from workbench.store.tensors import TensorStore
root, key, log = sys.argv[1:]
def compute():
    with open(log, "a") as file:
        file.write(f"{os.getpid()}\\n")
    time.sleep(0.5)
    return {"x": np.arange(5)}
print(TensorStore(pathlib.Path(root), 10**9).get_or_compute(key, compute)["x"].sum())
"""
    log = tmp_path / "log"
    command = [sys.executable, "-c", code, str(store.root), KEY, str(log)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert [process.communicate(timeout=60)[0].strip() for process in running] == ["10"] * 4
    assert len(log.read_text().splitlines()) == 1


def test_a_killed_holder_frees_its_lock(store):
    code = """
import sys, time, pathlib
from workbench.store.tensors import TensorStore
with TensorStore(pathlib.Path(sys.argv[1]), 10**9).lock(sys.argv[2]):
    print("held", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen(
        [sys.executable, "-c", code, str(store.root), KEY], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        holder.kill()
        holder.wait()
        begun = time.monotonic()
        with store.lock(KEY):
            assert time.monotonic() - begun < 5


def test_whoever_waits_for_a_lock_is_told_and_may_give_up(store, monkeypatch):
    monkeypatch.setattr(tensors, "WAITING_S", 0.02)
    told = []

    def waiting():
        told.append(1)
        if len(told) == 3:
            raise KeyboardInterrupt

    other = TensorStore(store.root, 10**9)
    with store.lock(KEY), pytest.raises(KeyboardInterrupt), other.lock(KEY, waiting):
        pytest.fail("two hold one lock")
    assert len(told) == 3
    with other.lock(KEY, waiting):
        assert len(told) == 3


def test_an_entry_is_readable_by_any_safetensors_reader(store):
    from safetensors import safe_open

    store.put(KEY, ARRAYS)
    with safe_open(path_of(store), framework="np") as file:
        np.testing.assert_array_equal(file.get_tensor("frames"), ARRAYS["frames"])
    header = path_of(store).read_bytes()
    assert json.loads(header[8 : 8 + int.from_bytes(header[:8], "little")])["frames"]["shape"] == [3, 4]
