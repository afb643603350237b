"""What a person writes to name a model that is not on the list: a folder, a hub id or its address, or open_clip's way.

Separate because it is a grammar: nothing here asks a network, looks into a file or imports a library of models.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from workbench.models import checkpoint, openclip_names
from workbench.models.entry import FROM_CHECKPOINT, ModelEntry

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
# An architecture of open_clip with a tag or a file, or a hub id that is to be taken for one of its models.
OPEN_CLIP_ID = re.compile(r"hf-hub:(?P<hub_id>[^:]+)|(?P<architecture>[A-Za-z0-9][\w./-]*):(?!//)(?P<weights>.+)")
# A page of a model as a browser shows it: of the model, or of files on its main branch.
_HUB_ADDRESS = re.compile(
    r"(?i:(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co))/(?!(?:datasets|spaces)/)"
    rf"(?P<hub_id>{HUB_ID.pattern})(?:/(?:tree|blob|resolve)/main(?:/[^?#]*)?)?/?(?:[?#].*)?"
)


_LONGEST_PATH = 4096


def without_address(text: str) -> str:
    """Return the hub id where ``text`` is the address of a model's page on the hub, else ``text``."""
    found = _HUB_ADDRESS.fullmatch(text)
    return found["hub_id"] if found else text


def several(text: str) -> list[str]:
    """Return the names in a list with commas; a comma within a path that is there separates nothing."""
    parts, names = text.split(","), []
    while parts:
        n_parts = next((n for n in range(len(parts), 1, -1) if _is_here(",".join(parts[:n]).strip())), 1)
        names.append(",".join(parts[:n_parts]).strip())
        del parts[:n_parts]
    return [name for name in names if name]


def _is_here(name: str) -> bool:
    named = OPEN_CLIP_ID.fullmatch(name)
    return os.path.exists(os.path.expanduser((named and named["weights"]) or name))


def is_one(text: str) -> bool:
    """Return whether ``text`` is such a name."""
    is_named = HUB_ID.fullmatch(text) or OPEN_CLIP_ID.fullmatch(text) or openclip_names.known_as(text)
    return len(text) <= _LONGEST_PATH and "\0" not in text and (_is_place(text) or bool(is_named))


def entry_of(text: str) -> ModelEntry:
    """Return an entry for what ``text`` names; whether there is such a model shows when its state is asked for."""
    if _is_place(text):
        path = Path(os.path.expanduser(text)).resolve()
        return ModelEntry(
            id=str(path),
            title=path.name,
            family=FROM_CHECKPOINT,
            where=str(path),
            description="A folder on this machine.",
        )
    text = without_address(text)
    named = OPEN_CLIP_ID.fullmatch(text)
    if named or openclip_names.known_as(text):
        return ModelEntry(
            id=text,
            title=text,
            family=checkpoint.OPEN_CLIP,
            where=(named and named["hub_id"]) or text,
            description="A model of the open_clip library.",
        )
    return ModelEntry(
        id=text, title=text, family=FROM_CHECKPOINT, where=text, description="A model of the Hugging Face hub."
    )


def _is_place(text: str) -> bool:
    """Return whether ``text`` names a folder or a file: it looks like a path, or one of that name is there."""
    looks_like_one = text.startswith(("/", "./", "../", "~")) or re.match(r"\.{0,2}\\|[A-Za-z]:[\\/]", text)
    return bool(looks_like_one) or os.path.exists(text)
