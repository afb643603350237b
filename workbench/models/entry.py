"""What the list of models is made of: an entry is data, a family is how its models are loaded.

Separate from the registry so that a family's file can describe itself without importing the list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from workbench.models.protocol import Capability, VideoTextModel
from workbench.settings import Settings

FROM_CHECKPOINT = "from its config"
"""The family of an entry that is a checkpoint nobody has looked into yet."""

State = Literal["ready", "download", "missing"]


@dataclass(frozen=True)
class ModelEntry:
    """One model on the list.

    ``where`` is a hub id, a folder, or the package that holds the weights; ``revision`` a branch, tag
    or commit of the hub; ``made_by`` the command that makes the folder where it is not there.
    ``state``, ``availability`` and ``capabilities`` are filled in by ``ModelRegistry.list``: ``ready`` loads without a
    network, ``download`` must be fetched first, ``missing`` cannot be used here until the person has
    done what ``availability`` says. So are ``licence`` and ``n_bytes``, the size of the weights, where they are left
    out and the files are on this machine.
    """

    id: str
    title: str
    family: str
    where: str
    licence: str = ""
    n_bytes: int = 0
    description: str = ""
    needs: tuple[str, ...] = ()
    revision: str = "main"
    made_by: str = ""
    state: State = "ready"
    availability: str = ""
    capabilities: frozenset[Capability] = frozenset()

    @property
    def is_available(self) -> bool:
        """Return whether loading may be tried: it is here, or the hub may have it."""
        return self.state != "missing"


@dataclass(frozen=True)
class Family:
    """How the models of one family are recognised, checked and loaded.

    ``model_types`` are the values of ``model_type`` in a ``config.json`` that the family can read.
    ``state`` says whether an entry can be loaded here, quickly: nothing heavy is imported for the models that come
    with the workbench.
    ``capabilities`` are those that its models may have; a loaded one says in its ``spec`` what it has.
    ``look`` adds to an entry what its files say of it, where they are on this machine, and takes those of the
    ``capabilities`` away that it is not known to have; it asks no network.
    """

    name: str
    load: Callable[[ModelEntry, Settings], VideoTextModel]
    state: Callable[[ModelEntry, Settings], tuple[State, str]] = lambda entry, settings: ("ready", "built in")
    look: Callable[[ModelEntry, Settings], ModelEntry] = lambda entry, settings: entry
    model_types: frozenset[str] = frozenset()
    capabilities: frozenset[Capability] = frozenset()
