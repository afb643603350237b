"""The one list of models: what there is, whether it can be used here, and the loaded ones, shared.

Separate from the families so that listing what comes with the workbench costs no import of torch, and listing
anything no word to a network: an entry is data, and a family's code is imported when one of its models is loaded.
"""

from __future__ import annotations

import difflib
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from workbench.errors import ModelError
from workbench.models import builtin, checkpoint, hub, naming
from workbench.models.compute import is_out_of_memory
from workbench.models.entry import FROM_CHECKPOINT, Family, ModelEntry
from workbench.models.loaded import LoadedModels
from workbench.models.protocol import Placement, VideoTextModel
from workbench.settings import ASSETS, Settings


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
        for text in naming.several(settings.models):
            if (entry := naming.entry_of(text)).id not in self._entries:
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
        """Return every entry with its state and what is known of it. Cost: a few file look-ups."""
        return [self._with_state(entry) for entry in self._entries.values()]

    def load(self, model_id: str) -> VideoTextModel:
        """Return the model, loading it first if need be; concurrent callers get the same object.

        ``model_id`` is an id on the list or, unless ``settings.public``, what ``naming`` takes for a model.
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

    def in_memory(self, model_id: str) -> VideoTextModel | None:
        """Return the model as it is if it is in memory, without that counting as a use of it, or None."""
        return self._loaded.peek(model_id)

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
                f"“{entry.id}” does not fit into the memory of this device; choose a smaller model or, on a GPU, "
                f"set WORKBENCH_DEVICE=cpu."
            ) from error

    def _load(self, entry: ModelEntry) -> VideoTextModel:
        try:
            if entry.family == FROM_CHECKPOINT:
                folder = hub.obtain(entry, self.settings, self._family_of)
                entry = replace(entry, family=self._family_of(checkpoint.model_type(folder, entry.id)).name)
            self._loaded.make_room(self._looked_into(entry).n_bytes)
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
        else:
            state, availability = self._families[entry.family].state(entry, self.settings)
        entry = replace(self._looked_into(entry), state=state, availability=availability)
        model = self._loaded.peek(entry.id)
        return replace(entry, capabilities=model.spec.capabilities) if model else entry

    def _looked_into(self, entry: ModelEntry) -> ModelEntry:
        """Return the entry with what is known of it without loading it, as far as its files are here and whole."""
        with suppress(ModelError):
            if entry.family == FROM_CHECKPOINT and (folder := hub.on_this_machine(entry)):
                entry = replace(entry, family=self._family_of(checkpoint.model_type(folder, entry.id)).name)
            if (family := self._families.get(entry.family)) is not None:
                return family.look(replace(entry, capabilities=family.capabilities), self.settings)
        return entry

    def _entry(self, model_id: str) -> ModelEntry:
        model_id = naming.without_address(model_id.strip())
        if model_id in self._entries:
            return self._entries[model_id]
        if not self.settings.public and naming.is_one(model_id):
            return naming.entry_of(model_id)
        raise ModelError(self._unknown(model_id))

    def _unknown(self, model_id: str) -> str:
        near = difflib.get_close_matches(model_id, self._entries, n=3, cutoff=0.4)
        shown = " ".join(model_id.split())
        shown = shown if len(shown) <= 80 else shown[:79] + "…"
        choice = f"did you mean {' or '.join(near)}?" if near else f"choose one of {', '.join(self._entries)}."
        if self.settings.public:
            return f"This server offers only the models on its list, and “{shown}” is none of them; {choice}"
        if "://" in model_id:
            return f"“{shown}” is an address that is not taken for a model; write its id on the hub, as org/name."
        return f"There is no model “{shown}”; {choice}"
