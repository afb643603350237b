"""How networks are run: the batch size that is measured, memory that runs out, 16 bits that are checked."""

from __future__ import annotations

import errno
import gc
import os
import time
import weakref

import numpy as np
import pytest
import torch

from tests.tiny_checkpoints import save_tiny_pe_video, save_tiny_xclip
from workbench.errors import ModelError, OutOfMemoryError
from workbench.models import captum_gradients
from workbench.models.compute import BatchSize, Compute, is_out_of_memory
from workbench.models.registry import ModelRegistry
from workbench.models.resident import Resident
from workbench.settings import Settings
from workbench.types.video import FrameBatch, SamplingSpec


def slices_of(batch: BatchSize, n_rows: int, seconds=lambda size: 0.0, room: int = 10**9) -> list[slice]:
    """Return the slices that an encoder is given whose time and memory depend on the number of rows."""
    given = []

    def encode(part: slice) -> slice:
        size = part.stop - part.start
        if size > room:
            raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB")
        given.append(part)
        time.sleep(seconds(size))
        return part

    assert batch.over(n_rows, encode) == given
    return given


@pytest.mark.parametrize("n_rows", [0, 1, 7, 100])
@pytest.mark.parametrize("room", [1, 5, 1000])
def test_every_row_is_encoded_once_and_in_order(n_rows: int, room: int):
    given = slices_of(BatchSize(4, 64), n_rows, room=room)
    assert [row for part in given for row in range(part.start, part.stop)] == list(range(n_rows))


def test_a_fixed_cost_a_batch_makes_batches_large():
    batch = BatchSize(2, 64)
    slices_of(batch, 600, lambda size: 0.008 + 0.0001 * size)
    assert batch.size >= 32


def test_windows_are_encoded_as_many_at_once_as_have_the_frames_that_memory_is_meant_for(tmp_path):
    model = ModelRegistry(Settings(offline=True, device="cpu")).load(str(save_tiny_xclip(tmp_path / "xclip")))
    n_at_once, look = [], model.look
    model.look = lambda prepared: n_at_once.append(len(prepared["pixel_values"].flatten(0, -4))) or look(prepared)
    window = model.spec.window_frames
    pixels = np.zeros((200 * window, 8, 8, 3), np.uint8)
    model.encode_frames(FrameBatch("film", SamplingSpec(2.0), pixels, np.arange(len(pixels)) / 2))
    assert sum(n_at_once) == 200 * window
    assert 2 * window < max(n_at_once) <= 64


@pytest.mark.parametrize("save", [save_tiny_xclip, save_tiny_pe_video])
def test_a_frame_of_several_windows_is_prepared_once(tmp_path, save):
    model = ModelRegistry(Settings(offline=True, device="cpu")).load(str(save(tmp_path / "model")))
    window = model.spec.window_frames
    pixels = np.random.default_rng(0).integers(0, 256, (window + 2, 24, 40, 3), np.uint8)
    places = np.arange(3)[:, None] + np.arange(window)
    apart = [model.encode_frames(FrameBatch("f", SamplingSpec(), pixels[row], row / 2)).frames for row in places]
    n_prepared, prepare = [], model.prepare
    model.prepare = lambda pixels: n_prepared.append(len(pixels)) or prepare(pixels)
    together = model.encode_frames(FrameBatch("f", SamplingSpec(), pixels[places.ravel()], places.ravel() / 2))
    np.testing.assert_allclose(together.frames, np.concatenate(apart), atol=1e-6)
    assert sum(n_prepared) < 3 * window
    assert n_prepared[0] == window + 1, "two windows at once, to begin with"


def test_memory_that_runs_out_for_sentences_is_a_sentence():
    compute = Compute(Settings(device="cpu"))

    def fail(said: str) -> np.ndarray:
        raise RuntimeError(said)

    with pytest.raises(OutOfMemoryError, match="ask fewer at once"):
        compute.comparing(lambda: fail("CUDA out of memory. Tried to allocate 2.90 GiB"))
    with pytest.raises(RuntimeError, match="shapes"):
        compute.comparing(lambda: fail("shapes do not fit"))


def test_idle_models_make_room_for_sentences(monkeypatch):
    compute, could_let_go, tried = Compute(Settings(device="cpu")), [True, True, False], []
    monkeypatch.setattr("workbench.models.compute.make_room", lambda: could_let_go.pop(0))

    def compare() -> np.ndarray:
        tried.append(1)
        if len(tried) < 3:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.90 GiB")
        return np.ones(2)

    np.testing.assert_array_equal(compute.comparing(compare), np.ones(2))
    assert could_let_go == [False]


def test_where_large_batches_are_slower_they_stay_small():
    batch = BatchSize(2, 64)
    slices_of(batch, 200, lambda size: 0.004 * size if size <= 4 else 0.012 * size)
    assert batch.size <= 4


def test_memory_that_runs_out_halves_the_batch_and_says_so():
    batch = BatchSize(32, 64)
    given = slices_of(batch, 70, room=10)
    assert max(part.stop - part.start for part in given) == 8
    assert batch.notice == "Memory ran out with 16 at once, so 8 are encoded at once."
    assert batch.size == 8


def test_no_memory_for_a_single_row_is_a_sentence():
    with pytest.raises(ModelError, match="even one at a time; close other programs"):
        slices_of(BatchSize(8, 64), 8, room=0)


def test_other_failures_are_not_taken_for_a_lack_of_memory():
    def encode(part: slice) -> None:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="mat1"):
        BatchSize(8, 64).over(8, encode)


def test_16_bits_are_kept_only_where_they_say_the_same():
    compute = Compute(Settings(device="cpu", precision="bfloat16"))
    torch = compute.torch
    left, right = torch.randn(4, 256), torch.randn(256, 64)

    def product() -> np.ndarray:
        with compute.running():
            return (left @ right).float().numpy()

    assert not np.array_equal(product(), (left @ right).numpy())
    compute.settle_precision(product)
    assert compute.precision == "bfloat16"

    def cancelling() -> np.ndarray:
        with compute.running():
            return ((left + 1000) @ right - 1000 * right.sum(0)).float().numpy()

    compute.settle_precision(cancelling)
    assert compute.precision == "float32"


def test_16_bits_that_overflow_are_not_kept():
    compute = Compute(Settings(device="cpu", precision="float16"))
    compute.settle_precision(lambda: np.full((1, 3), np.nan if compute.precision == "float16" else 1.0))
    assert compute.precision == "float32"


def test_an_unknown_precision_is_a_sentence():
    with pytest.raises(ModelError, match="There is no precision “int3”; choose float32, bfloat16, float16 or auto"):
        Compute(Settings(device="cpu", precision="int3"))


def test_features_go_to_the_device_once_and_leave_with_their_array():
    compute = Compute(Settings(device="cpu"))
    compute.device = "cuda"  # what is sent is counted, wherever it goes
    sent = []
    compute.send = lambda array: sent.append(array.shape) or compute.torch.from_numpy(array.copy())
    resident = Resident(compute)
    first, second = np.ones((3, 2), np.float32), np.zeros((5, 2), np.float32)
    for array in (first, second, first, second):
        np.testing.assert_array_equal(resident(array).numpy(), array)
    assert sent == [(3, 2), (5, 2)]
    del first, array
    gc.collect()
    assert len(resident._copies) == 1


def test_rows_of_features_are_rows_of_the_copy_that_is_there():
    compute = Compute(Settings(device="cpu"))
    compute.device = "cuda"
    sent = []
    compute.send = lambda array: sent.append(array.shape) or compute.torch.from_numpy(array.copy())
    resident = Resident(compute)
    whole = np.arange(24, dtype=np.float32).reshape(6, 2, 2).copy()
    for rows in (slice(2, 5), slice(5, 9), slice(0, 6), slice(4, 4)):
        np.testing.assert_array_equal(resident(whole[rows]).numpy(), whole[rows])
    assert sent == [(6, 2, 2)]
    for other in (whole[::2], whole[:, 1:], whole.reshape(12, 2), whole.transpose(1, 0, 2)):
        np.testing.assert_array_equal(resident(other).numpy(), other)
    assert len(sent) == 5


def test_copies_go_with_their_model_though_somebody_holds_the_array():
    array = np.ones((3, 2), np.float32)
    compute = Compute(Settings(device="cpu"))
    compute.device = "cuda"
    copies = []
    compute.send = lambda sent: copies.append(weakref.ref(made := Copy(sent))) or made
    resident = Resident(compute)
    resident(array)
    del resident
    gc.collect()
    assert copies[0]() is None


class Copy:
    def __init__(self, array):
        self.array = array.copy()

    def __getitem__(self, rows):
        return self.array[rows]


def test_a_late_thread_does_not_raise_the_size_again():
    batch = BatchSize(32, 64)
    batch._halve(8)
    batch._halve(32)
    assert batch.size == 4


def test_no_memory_while_trying_a_model_is_told_from_parts_that_do_not_fit():
    assert is_out_of_memory(OutOfMemoryError("Memory ran out even one at a time."))
    assert is_out_of_memory(RuntimeError("CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"))
    assert is_out_of_memory(OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)))
    assert not is_out_of_memory(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert not is_out_of_memory(ModelError("Its parts do not fit."))


def test_integrated_gradients_take_fewer_rows_at_once_where_memory_runs_out():
    inputs = torch.randn(2, 5, generator=torch.Generator().manual_seed(0))
    tried = []

    def scores(rows: torch.Tensor) -> torch.Tensor:
        tried.append(len(rows))
        if len(rows) > room:
            raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB")
        return (rows**3).sum(dim=1)

    room = 1000
    expected, _ = captum_gradients.attributions("ig", scores, inputs, (), 64)
    room, tried = 10, []
    found, _ = captum_gradients.attributions("ig", scores, inputs, (), 64)
    np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-5)
    assert tried[0] > room >= max(tried[-3:])
    room = 1
    with pytest.raises(RuntimeError, match="out of memory"):
        captum_gradients.attributions("ig", scores, inputs, (), 64)
