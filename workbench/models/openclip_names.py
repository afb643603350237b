"""The ways to name a model of open_clip, and where the files are that a name stands for.

Separate because a name is judged, and its files are looked for, long before the library builds anything:

- a folder, or ``hf-hub:org/name``, that holds ``open_clip_config.json`` and weights in safetensors;
- ``ViT-B-32:laion2b_s34b_b79k``: an architecture and one of the library's tags;
- ``ViT-B-32:/path/epoch_10.pt``: an architecture and a checkpoint of one's own training.
"""

from __future__ import annotations

import difflib
import functools
import hashlib
import importlib.util
import os
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from workbench.errors import ModelError
from workbench.models import checkpoint, hub
from workbench.models.entry import ModelEntry, State
from workbench.models.runtime import require_torch
from workbench.settings import Settings


@dataclass(frozen=True)
class Source:
    """Where a model is: how open_clip names it, its weights and their revision, its folder if it has one."""

    name: str
    weights: str | None
    revision: str
    folder: Path | None = None


def locate(entry: ModelEntry, settings: Settings) -> Source:
    """Return where the model of ``entry`` is, fetched if need be. Raises ``ModelError``."""
    if (named := named_file(entry)) is None:
        folder = hub.obtain(published(entry), settings)
        return Source(f"local-dir:{folder}", None, checkpoint.revision(folder, checkpoint.OPEN_CLIP), folder)
    architecture, path = named
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Source(architecture, str(path), f"{architecture}-sha256-{digest}")


def state(entry: ModelEntry, settings: Settings) -> tuple[State, str]:
    """Return the state of a model of open_clip and a sentence about it, without asking the network."""
    try:
        if named_file(entry):
            return "ready", "on this machine"
        return hub.checkpoint_state(published(entry), settings)
    except ModelError as problem:
        return "missing", str(problem)


def named_file(entry: ModelEntry) -> tuple[str, Path] | None:
    """Return architecture and checkpoint where ``entry`` names a file, else None.

    Raises ``ModelError``: no such architecture.
    """
    architecture, weights = _parts(entry)
    path = os.path.expanduser(weights)
    if os.path.isdir(entry.where) or not os.path.isfile(path):
        return None
    config_of(architecture)
    return architecture, Path(path)


def published(entry: ModelEntry) -> ModelEntry:
    """Return ``entry`` with the folder or the hub id that holds config and weights in place of a tag.

    Raises ``ModelError``: no such architecture or tag, no weights named, or nothing but a pickle.
    """
    architecture, weights = _parts(entry)
    if os.path.isdir(entry.where):
        return entry
    if weights:
        return replace(entry, where=_repository(architecture, weights))
    if known_as(architecture):
        raise ModelError(_advice(architecture))
    return entry


def _parts(entry: ModelEntry) -> tuple[str, str]:
    """Return the architecture, as the library spells it, and the tag or file; nothing where none is named."""
    name, _, weights = entry.where.partition(":")
    return known_as(name) or name, weights


@functools.cache
def _architectures() -> dict[str, str]:
    """Return the names of the library's architectures by their lower case, without importing it."""
    found = importlib.util.find_spec("open_clip")
    configs = Path(found.origin).parent.glob("model_configs/*.json") if found and found.origin else ()
    return {path.stem.lower(): path.stem for path in configs}


def known_as(name: str) -> str | None:
    """Return the architecture that ``name`` means, which may be “ViT-B/32” or all in lower case, or None."""
    return _architectures().get(name.lower().replace("/", "-"))


def config_of(architecture: str) -> dict[str, Any]:
    """Return the library's config of an architecture, or raise ``ModelError``: it has none of that name."""
    require_torch()
    import open_clip

    if (config := open_clip.get_model_config(known_as(architecture) or architecture)) is None:
        near = difflib.get_close_matches(architecture, open_clip.list_models(), n=3)
        offer = f"did you mean {' or '.join(near)}?" if near else "open_clip.list_models() names them."
        raise ModelError(f"open_clip has no architecture “{architecture}”; {offer}")
    return config


def _repository(architecture: str, weights: str) -> str:
    """Return the hub id under which the library's weights of that tag are published, or raise ``ModelError``."""
    config_of(architecture)
    import open_clip

    path, tag = Path(weights), weights.lower().replace("-", "_")  # as the library takes tags
    tags = open_clip.list_pretrained_tags_by_model(architecture)
    if tag not in tags and (path.suffix or len(path.parts) > 1):
        raise ModelError(f"There is no file “{weights}” with weights for {architecture}; check the path.")
    if tag not in tags:
        near = difflib.get_close_matches(tag, tags, n=3, cutoff=0)
        known = f"it has {len(tags)}, the closest {', '.join(near)}" if tags else "give the path of a checkpoint"
        raise ModelError(f"open_clip has no weights “{weights}” for {architecture}; {known}.")
    if not (hub_id := _hub_id(architecture, tag)):
        raise ModelError(
            f"The weights “{weights}” of {architecture} are published as a pickle only; fetch the file yourself and "
            f"name it as {architecture}:FILE, and it is read without running its code."
        )
    return hub_id


def _hub_id(architecture: str, tag: str) -> str:
    """Return where the weights of a tag are published in safetensors, as org/name, or nothing."""
    import open_clip

    hub_id, _, file = open_clip.get_pretrained_cfg(architecture, tag).get("hf_hub", "").rpartition("/")
    return "" if file else hub_id


def _advice(architecture: str) -> str:
    """Return what to write in place of an architecture without weights."""
    require_torch()
    import open_clip

    tags = (tag for tag in open_clip.list_pretrained_tags_by_model(architecture) if _hub_id(architecture, tag))
    published = [f"{architecture}:{tag}" for tag in islice(tags, 3)]
    ways = f"{', '.join(published)} or {architecture}:FILE" if published else f"{architecture}:FILE"
    return f"“{architecture}” is an architecture of open_clip; name its weights too, as {ways}."
