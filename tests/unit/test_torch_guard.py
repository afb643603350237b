"""A machine whose torch and torchvision do not fit: one sentence, whatever they raise."""

from __future__ import annotations

import importlib

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
        "install a matching pair, as “pip install -r requirements.txt” does in a fresh environment."
    )


def test_a_pair_that_fits_gives_torch():
    assert runtime.require_torch().__name__ == "torch"


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
