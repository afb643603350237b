"""The environment, read once into one frozen object: the only place that names a variable."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from workbench.errors import InputError

PREFIX = "WORKBENCH_"
LENT = "lent"
"""The device whose GPU is lent call by call."""
ASSETS = Path(__file__).resolve().parent.parent / "assets"


def _default_home() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "video-text-workbench"


def setting(default: Any, about: str) -> Any:
    """Declare one setting: its default (a value, or a function that makes one) and one line about it."""
    if callable(default):
        return field(default_factory=default, metadata={"about": about})
    return field(default=default, metadata={"about": about})


@dataclass(frozen=True)
class Settings:
    """Every knob of the workbench; field ``x`` is read from the variable ``WORKBENCH_X``."""

    home: Path = setting(_default_home, "folder for cached features, uploads, and what is known of films")
    max_video_bytes: int = setting(2 * 2**30, "largest video file accepted, in bytes")
    max_duration_s: float = setting(4 * 3600.0, "longest video accepted, in seconds")
    max_pixels: int = setting(7680 * 4320, "largest frame accepted, width times height")
    max_store_bytes: int = setting(20 * 2**30, "size the feature cache is kept under, in bytes")
    max_upload_bytes: int = setting(10 * 2**30, "size all uploads together are kept under, in bytes")
    upload_days: float = setting(7.0, "age after which an unused upload may be removed, in days")
    max_query_chars: int = setting(500, "longest sentence accepted, in characters")
    max_queries: int = setting(16, "most sentences grounded at once")
    max_asked: int = setting(16, "most questions of one visitor that wait or are worked on, each kind by itself")
    max_brought_bytes: int = setting(4 * 2**30, "size all files that one visitor brings are kept under, in bytes")
    default_model: str = setting("toyworld-frame", "model the page opens with")
    device: str = setting("auto", "cuda, mps, cpu, lent for ZeroGPU of Hugging Face, or auto for the best one present")
    precision: str = setting("auto", "float32, bfloat16, float16, or auto: 16 bits on a GPU where the model stands it")
    max_model_bytes: int = setting(0, "size all loaded models together are kept under, in bytes; 0 for half the memory")
    models: str = setting("", "further models offered, as hub ids or folders, separated by commas")
    public: bool = setting(False, "true to load no model that is not listed; the page never does")
    hosts: str = setting("", "names that the page may be asked for by, separated by commas; none: see “Serve it”")
    mcp: bool = setting(False, "true to offer the verbs of the page to language models, too, as tools (MCP)")
    offline: bool = setting(False, "true to never ask the hub, also when it can be reached")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Return the settings of ``environ`` (default: the process's), or raise ``InputError``."""
        environ = os.environ if environ is None else environ
        values: dict[str, Any] = {}
        for item in fields(cls):
            name = PREFIX + item.name.upper()
            if (text := environ.get(name)) is not None:
                values[item.name] = _parse(name, text, str(item.type))
        # What this platform says of itself: CUDA seems to be there, and is not.
        if values.get("device", "auto") == "auto" and environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true"):
            values["device"] = LENT
        return cls(**values)


def _parse(name: str, text: str, kind: str) -> object:
    value: object = None
    with suppress(ValueError, KeyError):
        value = _READERS[kind](text)
    # No knob is below 0, and a number that is none (nan) is not above it either.
    if value is None or (isinstance(value, int | float) and not value >= 0):
        raise InputError(f"{name}={text!r} is not {_NAMES[kind]}; correct or unset it.")
    return value


_TRUTH = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
_READERS: dict[str, Callable[[str], Any]] = {
    "bool": lambda text: _TRUTH[text.lower()],
    "int": int,
    "float": float,
    "Path": lambda text: Path(text).expanduser(),
    "str": str,
}
_NAMES = {"bool": "true or false", "int": "a whole number from 0 on", "float": "a number from 0 on"}
