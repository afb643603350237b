"""The one door to torch: imports it, or says in one sentence why this machine cannot; picks the device.

Separate because torch and libraries that do not fit it fail in many places and in many words; whoever needs them
comes through here, and the failure has one wording.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import importlib.util
import io
import os
import sys
import threading
import weakref
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout, suppress
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

from workbench.errors import ModelError
from workbench.settings import LENT, Settings

PRECISIONS = ("float32", "bfloat16", "float16")
_LOADING = threading.Lock()
# A process that is forked while another thread of this one loads a model would wait for it for ever.
os.register_at_fork(after_in_child=lambda: globals().update(_LOADING=threading.Lock()))
_HOLDERS: list[weakref.WeakMethod] = []
_CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")


def require_torch() -> ModuleType:
    """Return torch, after making sure that torchvision and transformers fit it.

    Raises ``ModelError`` where it does not. Cost: seconds, once.
    """
    # Read once, when torch starts its threads: those that wait must not spin on the cores that decode.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        torch = importlib.import_module("torch")
        importlib.import_module("torchvision")
        # A bare import statement, while another thread has begun one, binds a module that has no classes yet.
        importlib.import_module("transformers")
    # A mismatch shows as RuntimeError, ImportError, OSError or AttributeError, depending on the versions.
    except Exception as error:
        found = ", ".join(f"{name} {_version(name)}" for name in ("torch", "torchvision", "transformers"))
        reason = " ".join(str(error).split())[:120]
        raise ModelError(
            f"Models cannot run: the installed {found} do not work together ({reason}); install versions "
            f"that match, as “pip install -r requirements.txt” does in a fresh environment."
        ) from error
    return torch


def from_folder(kind: Any, folder: Path, **options: Any) -> Any:
    """Return what ``kind.from_pretrained`` makes of a folder, running none of its code, asking no network.

    What the library would print is left out: whoever loads says in a sentence what does not fit.
    One at a time, since the library sets process-wide defaults while it builds a network.
    """
    import transformers

    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    with _LOADING, redirect_stdout(io.StringIO()):  # a model's class prints while it is made
        return kind.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False, **options)


def missing_packages(names: Sequence[str]) -> list[str]:
    """Return which of the importable ``names`` are not installed; imports none of them."""
    return [name for name in names if importlib.util.find_spec(name) is None]


def device_for(settings: Settings) -> str:
    """Return the device to compute on: the one asked for, or the best present. Raises ``ModelError``.

    Where a GPU is lent call by call, all but those calls compute on the processor.
    """
    if settings.device == LENT:
        return "cpu"
    torch = require_torch()
    present = [
        *(["cuda"] if torch.cuda.is_available() else []),
        *(["mps"] if torch.backends.mps.is_available() else []),
        "cpu",
    ]
    if settings.device == "auto":
        return present[0]
    kind, _, index = settings.device.partition(":")
    is_there = not index or (kind == "cuda" and index.isdigit() and int(index) < torch.cuda.device_count())
    if kind not in present or not is_there:
        raise ModelError(
            f"There is no device “{settings.device}” on this machine; set WORKBENCH_DEVICE to "
            f"{', '.join(present)} or auto."
        )
    return settings.device


def precision_for(settings: Settings) -> str:
    """Return the type of products to try first: the one asked for, or 16 bits on a GPU. Raises ``ModelError``."""
    if settings.precision not in (*PRECISIONS, "auto"):
        raise ModelError(f"There is no precision “{settings.precision}”; choose {', '.join(PRECISIONS)} or auto.")
    if settings.precision != "auto":
        return settings.precision
    kind = device_for(settings).split(":")[0]
    if kind == "cuda":
        return "bfloat16" if require_torch().cuda.is_bf16_supported(including_emulation=False) else "float16"
    return "float16" if kind == "mps" else "float32"


def memory_bytes(device: str) -> int:
    """Return the memory of a device in all, in bytes; of a processor, what this process may use of the machine's."""
    if device.startswith("cuda"):
        return require_torch().cuda.get_device_properties(device).total_memory
    of_machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 8 * 2**30
    try:
        return min(of_machine, int(_CONTAINER_LIMIT.read_text()))
    except (OSError, ValueError):
        return of_machine


def when_short(let_go: Callable[[], bool]) -> None:
    """Have ``let_go``, a method that says whether it let go of something, called where memory runs out.

    The list is the process's, as the memory is; who is on it leaves it when its object goes.
    """
    _HOLDERS[:] = [held for held in _HOLDERS if held() is not None] + [weakref.WeakMethod(let_go)]


def make_room() -> bool:
    """Ask those who hold memory that they can spare to let go of it, until one does; return whether any did."""
    return any(let_go() for held in list(_HOLDERS) if (let_go := held()) is not None)


def give_memory_back() -> None:
    """Return memory that nobody uses to the device and to the system: libraries like to keep it for later."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch is not None and torch.backends.mps.is_available():
        torch.mps.empty_cache()
    with suppress(OSError, AttributeError, TypeError):  # of the GNU library alone
        ctypes.CDLL(None).malloc_trim(0)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "(missing)"
