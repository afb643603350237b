"""The door to torch: one sentence where libraries do not fit, and whole libraries for all threads."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from workbench.errors import ModelError
from workbench.models import runtime
from workbench.settings import Settings


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("operator torchvision::nms does not exist"),
        ImportError("libcudart.so.13: cannot open shared object file"),
        OSError("libtorch.so: undefined symbol:\n_ZN3c10"),
        AttributeError("partially initialized module 'torchvision' has no attribute 'extension'"),
        ModuleNotFoundError("No module named 'torchvision'"),
    ],
)
def test_a_misfit_is_one_sentence(monkeypatch: pytest.MonkeyPatch, error: Exception):
    real = importlib.import_module

    def import_module(name, *args):
        if name == "torchvision":
            raise error
        return real(name, *args)

    monkeypatch.setattr(importlib, "import_module", import_module)
    with pytest.raises(ModelError) as caught:
        runtime.require_torch()
    message = str(caught.value)
    assert "\n" not in message
    assert "torch 2." in message
    assert "torchvision 0." in message
    assert message.endswith(
        "install versions that match, as “pip install -r requirements.txt” does in a fresh environment."
    )


def test_a_pair_that_fits_gives_torch():
    assert runtime.require_torch().__name__ == "torch"


TWO_THREADS = """
import importlib.abc, sys, threading, time
from workbench.models.runtime import require_torch

class Slow(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.startswith("transformers."):
            has_begun.set()
            time.sleep(0.05)

has_begun, failed = threading.Event(), []

def use():
    try:
        require_torch()
        import transformers
        transformers.AutoModel
    except Exception as error:
        failed.append(error)

sys.meta_path.insert(0, Slow())
threads = [threading.Thread(target=use) for _ in range(2)]
threads[0].start()
has_begun.wait()
threads[1].start()
for thread in threads:
    thread.join()
sys.exit(str(failed[0]) if failed else 0)
"""


def test_two_threads_that_load_their_first_models_at_once_both_get_the_whole_library():
    done = subprocess.run([sys.executable, "-c", TWO_THREADS], capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_device_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch):
    torch = runtime.require_torch()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert runtime.device_for(Settings(device="auto")) == "cpu"
    with pytest.raises(ModelError, match="no device “cuda” on this machine; set WORKBENCH_DEVICE to cpu or auto"):
        runtime.device_for(Settings(device="cuda"))
    with pytest.raises(ModelError, match="no device “tpu”"):
        runtime.device_for(Settings(device="tpu"))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert runtime.device_for(Settings(device="auto")) == "cuda"
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert runtime.device_for(Settings(device="cuda:1")) == "cuda:1"
    for other in ("cuda:2", "cuda:x", "cpu:foo"):
        with pytest.raises(ModelError, match=f"no device “{other}”"):
            runtime.device_for(Settings(device=other))


def test_missing_packages_are_found_without_importing():
    assert runtime.missing_packages(["json", "no_such_package_at_all"]) == ["no_such_package_at_all"]
