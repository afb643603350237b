"""The one list of models: what there is, whether it can be used here, and the loaded ones, shared.

Separate from the families so that listing what comes with the workbench costs no import of torch, and listing
anything no word to a network: an entry is data, and a family's code is imported when one of its models is loaded.
"""

from __future__ import annotations

import difflib
import os
import re
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from workbench.errors import ModelError
from workbench.models import builtin, checkpoint, hub
from workbench.models.compute import is_out_of_memory
from workbench.models.entry import FROM_CHECKPOINT, Family, ModelEntry
from workbench.models.loaded import LoadedModels
from workbench.models.protocol import Placement, VideoTextModel
from workbench.settings import ASSETS, Settings

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
# An architecture of open_clip with a tag or a file, or a hub id that is to be taken for one of its models.
OPEN_CLIP_ID = re.compile(r"hf-hub:(?P<hub_id>[^:]+)|(?P<architecture>[A-Za-z0-9][\w.-]*):(?P<weights>.+)")


class ModelRegistry:
    """All models of one process; a model is loaded once, shared by all threads, and kept while used."""

    def __init__(self, settings: Settings, bundled_dir: Path = ASSETS / "models") -> None:
        self.settings = settings
        self._families: dict[str, Family] = {}
        self._entries: dict[str, ModelEntry] = {}
        self._loaded = LoadedModels(settings.max_model_bytes)
        self._loading: dict[str, threading.Lock] = {}
        self._stamps: dict[str, checkpoint.Stamp] = {}
        self._lock = threading.Lock()
        for family in builtin.FAMILIES:
            self.register_family(family)
        for entry in builtin.entries(bundled_dir):
            self.register(entry)
        for text in settings.models.split(","):
            if text.strip() and (entry := self._entry_of_checkpoint(text.strip())).id not in self._entries:
                self.register(entry)

    def register_family(self, family: Family) -> None:
        """Make a family's models loadable; a name may be registered once."""
        if family.name in self._families:
            raise ModelError(f"A model family named “{family.name}” is registered already; choose another name.")
        self._families[family.name] = family

    def register(self, entry: ModelEntry) -> None:
        """Put a model on the list; an id may be registered once."""
        if entry.id in self._entries:
            raise ModelError(f"A model “{entry.id}” is on the list already; give the new one another id.")
        if entry.family not in self._families and entry.family != FROM_CHECKPOINT:
            raise ModelError(
                f"The model “{entry.id}” belongs to the family “{entry.family}”, which is not registered; "
                f"register the family first."
            )
        self._entries[entry.id] = entry

    def list(self) -> list[ModelEntry]:
        """Return every entry with its state, availability and capabilities. Cost: a few file look-ups."""
        return [self._with_state(entry) for entry in self._entries.values()]

    def load(self, model_id: str) -> VideoTextModel:
        """Return the model, loading it first if need be; concurrent callers get the same object.

        ``model_id`` is an id on the list or, unless ``settings.public``, a hub id or a folder.
        Raises ``ModelError`` saying what is missing and what to do.
        Cost: seconds to minutes the first time, nothing afterwards.
        """
        entry = self._entry(model_id)
        with self._lock:
            loading = self._loading.setdefault(entry.id, threading.Lock())
        with loading:
            self._forget_if_changed(entry)
            if (model := self._loaded.get(entry.id)) is None:
                model = self._load_with_room(entry)
                if checkpoint.stamp(entry.where) != self._stamps[entry.id]:
                    raise ModelError(
                        f"The files of “{entry.id}” changed while they were read; try again once they are written."
                    )
                self._loaded.keep(entry.id, model)
            return model

    def placements(self) -> dict[str, Placement]:
        """Return the models in memory by id, with where they are and what they cost."""
        return self._loaded.placements()

    def _forget_if_changed(self, entry: ModelEntry) -> None:
        """Let go of a model whose files are no longer those that it was loaded from: somebody trained on."""
        stamp = checkpoint.stamp(entry.where)
        if self._stamps.get(entry.id, stamp) != stamp:
            self._loaded.forget(entry.id)
        self._stamps[entry.id] = stamp

    def _load_with_room(self, entry: ModelEntry) -> VideoTextModel:
        self._loaded.make_room(entry.n_bytes)
        try:
            return self._load(entry)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
        self._loaded.let_go_of_all()
        try:
            return self._load(entry)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            raise ModelError(
                f"“{entry.id}” does not fit into the memory of this device; choose a smaller model, or set "
                f"WORKBENCH_DEVICE=cpu."
            ) from error

    def _load(self, entry: ModelEntry) -> VideoTextModel:
        try:
            if entry.family == FROM_CHECKPOINT:
                folder = hub.obtain(entry, self.settings, self._family_of)
                entry = replace(entry, family=self._family_of(checkpoint.model_type(folder, entry.id)).name)
            return self._families[entry.family].load(entry, self.settings)
        except hub.HubUnreachable as error:
            ready = [other.id for other in self.list() if other.state == "ready"]
            offer = f"choose {' or '.join(ready)}, on this machine already" if ready else "no other model is here"
            raise ModelError(f"{error}; connect to a network, or {offer}.") from error

    def _family_of(self, model_type: str) -> Family:
        for family in self._families.values():
            if model_type in family.model_types:
                return family
        known = sorted(t for family in self._families.values() for t in family.model_types)
        raise ModelError(
            f"A checkpoint of type “{model_type}” cannot be used: a model must embed pictures and text in "
            f"one space; choose one of type {', '.join(known)}."
        )

    def _with_state(self, entry: ModelEntry) -> ModelEntry:
        if entry.family == FROM_CHECKPOINT:
            state, availability = hub.checkpoint_state(entry, self.settings, self._family_of)
            entry = self._looked_into(entry) if state == "ready" else entry
        else:
            state, availability = self._families[entry.family].state(entry, self.settings)
        family = self._families.get(entry.family)
        capabilities = family.capabilities if family else frozenset()
        return replace(entry, state=state, availability=availability, capabilities=capabilities)

    def _looked_into(self, entry: ModelEntry) -> ModelEntry:
        """Return the entry of a checkpoint that is here with its family, or as it is where none can read it."""
        with suppress(ModelError):
            folder = hub.obtain(entry, self.settings)
            model_type = checkpoint.model_type(folder, entry.id)
            return replace(
                entry,
                family=self._family_of(model_type).name,
                n_bytes=checkpoint.weights_bytes(folder, model_type),
                licence=checkpoint.card(folder).licence,
            )
        return entry

    def _entry(self, model_id: str) -> ModelEntry:
        if model_id in self._entries:
            return self._entries[model_id]
        is_place = _is_folder(model_id) or HUB_ID.fullmatch(model_id) or OPEN_CLIP_ID.fullmatch(model_id)
        if is_place and not self.settings.public:
            return self._entry_of_checkpoint(model_id)
        raise ModelError(self._unknown(model_id))

    def _unknown(self, model_id: str) -> str:
        near = difflib.get_close_matches(model_id, self._entries, n=3, cutoff=0.4)
        shown = model_id if len(model_id) <= 80 else model_id[:79] + "…"
        if near:
            return f"There is no model “{shown}”; did you mean {' or '.join(near)}?"
        return f"There is no model “{shown}”; choose one of {', '.join(self._entries)}."

    @staticmethod
    def _entry_of_checkpoint(where: str) -> ModelEntry:
        folder = Path(where).expanduser().resolve() if _is_folder(where) else None
        if folder is None and (named := OPEN_CLIP_ID.fullmatch(where)):
            return ModelEntry(
                id=where,
                title=where,
                family=checkpoint.OPEN_CLIP,
                where=named["hub_id"] or where,
                description="A model of the open_clip library.",
            )
        return ModelEntry(
            id=str(folder) if folder else where,
            title=folder.name if folder else where,
            family=FROM_CHECKPOINT,
            where=str(folder) if folder else where,
            n_bytes=checkpoint.weights_bytes(folder) if folder else 0,
            description="A folder on this machine." if folder else "A model of the Hugging Face hub.",
        )


def _is_folder(text: str) -> bool:
    """Return whether ``text`` names a folder: it looks like a path, or a folder of that name is there."""
    looks_like_one = text.startswith(("/", "./", "../", "~")) or re.match(r"\.{0,2}\\|[A-Za-z]:[\\/]", text)
    return bool(looks_like_one) or os.path.isdir(text)
