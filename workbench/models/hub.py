"""Where a checkpoint's files are: a folder, the local cache of the Hugging Face hub, or the hub itself.

Separate because it is the only code that may speak to a network, and it does so only to load a model
that is not on this machine yet.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from workbench.errors import ModelError
from workbench.models import checkpoint
from workbench.models.entry import FROM_CHECKPOINT, ModelEntry, State
from workbench.settings import Settings

# Everything a checkpoint needs and nothing else: in particular no pickle, and no code.
_DESCRIPTION = (
    "config.json",
    checkpoint.OPEN_CLIP_CONFIG,
    checkpoint.ADAPTER_CONFIG,  # says that there is no model
    "README.md",  # says the licence
    "*processor_config.json",
    "model.safetensors.index.json",
    "tokenizer*.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "vocab.txt",
    "*.model",
    "workbench.json",
)
WANTED = (*_DESCRIPTION, "model.safetensors", "model-*.safetensors")
WANTED_BY_OPEN_CLIP = (*_DESCRIPTION, checkpoint.OPEN_CLIP_WEIGHTS)
CONNECT_TIMEOUT_S = 5.0
_OUT_OF_REACH = threading.Lock()
_REFUSALS = {
    401: "your login is not valid; log in with “hf auth login” and try again",
    403: "you are not allowed to read them; ask their owner, or choose another model",
    429: "too many were asked for; wait some minutes and try again",
}

CheckType = Callable[[str], object]
"""Called with the ``model_type`` of a checkpoint before anything else of it is asked for; raises to refuse it."""


def any_type(model_type: str) -> None:
    """Refuse no checkpoint for its type."""


class HubUnreachable(ModelError):
    """The hub is needed and cannot be asked; the message is half a sentence, the registry ends it."""


def obtain(entry: ModelEntry, settings: Settings, check_type: CheckType = any_type) -> Path:
    """Return a folder that holds the whole checkpoint of ``entry``, fetching it from the hub if need be.

    What is in the local cache is used as it is, without asking whether the hub has something newer. Of the hub
    the description is fetched first, and the weights once ``check_type`` let its type pass.
    Raises ``ModelError`` if it is incomplete or refused, ``HubUnreachable`` without a network.
    Cost: nothing for a folder or a cached model; else a download.
    """
    folder = _folder(entry)
    if folder is None:
        folder = _cached(entry)
        cached_problem = _problem(folder, entry, check_type) if folder else None
        if folder is None or cached_problem:
            try:
                folder = _fetch_whole(entry, settings, check_type)
            except HubUnreachable as unreachable:
                raise cached_problem or unreachable from None
    if (problem := _problem(folder, entry, check_type)) is not None:
        raise problem
    return folder


def _fetch_whole(entry: ModelEntry, settings: Settings, check_type: CheckType) -> Path:
    described = _fetch(entry, settings, _DESCRIPTION)
    if entry.family == FROM_CHECKPOINT:
        check_type(checkpoint.model_type(described, entry.id))
    return _fetch(entry, settings, WANTED_BY_OPEN_CLIP if _is_open_clip(described, entry) else WANTED)


def checkpoint_state(entry: ModelEntry, settings: Settings, check_type: CheckType = any_type) -> tuple[State, str]:
    """Return the state of a checkpoint and a sentence about it, without asking the network."""
    folder = _folder(entry)
    if folder is not None:
        problem = _problem(folder, entry, check_type)
        return ("missing", str(problem)) if problem else ("ready", "on this machine")
    try:
        cached = _cached(entry)
    except ModelError as error:
        return "missing", str(error)
    problem = _problem(cached, entry, check_type) if cached else None
    if cached and not problem:
        return "ready", "on this machine"
    if is_offline(settings):
        return (
            ("missing", str(problem))
            if problem
            else (
                "missing",
                f"must be fetched from the Hugging Face hub{_size(entry)}, which is switched off here",
            )
        )
    return "download", f"is fetched from the Hugging Face hub on first use{_size(entry)}"


def look(entry: ModelEntry, settings: Settings) -> ModelEntry:
    """Return ``entry`` with the size and the licence that its files say, where they are on this machine.

    Raises ``ModelError`` if they are damaged. Cost: a few file look-ups.
    """
    if (folder := on_this_machine(entry)) is None:
        return entry
    kind = checkpoint.OPEN_CLIP if entry.family == checkpoint.OPEN_CLIP else ""
    return replace(
        entry,
        n_bytes=entry.n_bytes or checkpoint.weights_bytes(folder, kind),
        licence=entry.licence or checkpoint.card(folder).licence,
    )


def on_this_machine(entry: ModelEntry) -> Path | None:
    """Return the folder of a checkpoint, whole or not, without asking the network; None where there is none.

    Raises ``ModelError`` where the entry names neither a folder nor a hub id.
    """
    folder = _folder(entry) or _cached(entry)
    return folder if folder and os.path.isdir(folder) else None


def is_offline(settings: Settings) -> bool:
    """Return whether the hub must not be asked, by ``settings`` or by the variable that its own client obeys."""
    return settings.offline or os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}


@contextmanager
def out_of_reach(settings: Settings) -> Iterator[None]:
    """Keep libraries that look things up by themselves from the hub where ``settings`` say so.

    One thread at a time: the switch that they obey is the process's.
    """
    from huggingface_hub import constants

    with _OUT_OF_REACH:
        before = constants.HF_HUB_OFFLINE
        constants.HF_HUB_OFFLINE = before or settings.offline
        try:
            yield
        finally:
            constants.HF_HUB_OFFLINE = before


def _folder(entry: ModelEntry) -> Path | None:
    """Return the folder that the entry names, or None where it names a hub id."""
    path = Path(entry.where)
    return path if path.is_absolute() or os.path.isdir(path) else None


def _problem(folder: Path, entry: ModelEntry, check_type: CheckType) -> ModelError | None:
    if entry.made_by and not os.path.isdir(folder):
        return ModelError(f"“{entry.id}” is not part of this copy of the workbench; make it with “{entry.made_by}”.")
    try:
        if entry.family == FROM_CHECKPOINT and os.path.isdir(folder):
            check_type(checkpoint.model_type(folder, entry.id))
        checkpoint.check(folder, entry.id, checkpoint.OPEN_CLIP if entry.family == checkpoint.OPEN_CLIP else None)
    except ModelError as error:
        return error
    return None


def _wanted(entry: ModelEntry) -> tuple[str, ...]:
    return WANTED_BY_OPEN_CLIP if entry.family == checkpoint.OPEN_CLIP else WANTED


def _is_open_clip(folder: Path, entry: ModelEntry) -> bool:
    """Return whether a repository is open_clip's: asked for as such, or holding nothing else."""
    if entry.family != FROM_CHECKPOINT:
        return entry.family == checkpoint.OPEN_CLIP
    return checkpoint.model_type(folder, entry.id) == checkpoint.OPEN_CLIP


def _size(entry: ModelEntry) -> str:
    return f" ({entry.n_bytes / 1e6:,.0f} MB)" if entry.n_bytes else ""


def _cached(entry: ModelEntry) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(
            snapshot_download(
                entry.where, revision=entry.revision, local_files_only=True, allow_patterns=list(_wanted(entry))
            )
        )
    except LocalEntryNotFoundError:
        return None
    except HFValidationError:
        raise ModelError(f"“{entry.where}” is not a hub id; write it as org/name.") from None


def _fetch(entry: ModelEntry, settings: Settings, wanted: tuple[str, ...]) -> Path:
    from huggingface_hub import errors, snapshot_download, try_to_load_from_cache

    has_begun = isinstance(try_to_load_from_cache(entry.where, "config.json", revision=entry.revision), str)
    lacking = (
        f"The files of “{entry.id}”{_size(entry)} are not {'all ' * has_begun}on this machine, and the Hugging Face hub"
    )
    if entry.family == FROM_CHECKPOINT and not has_begun:
        lacking = f"There is no folder “{entry.id}” here, and the Hugging Face hub, which may have such a model,"
    if is_offline(settings):
        raise HubUnreachable(f"{lacking} is switched off here")
    try:
        return Path(
            snapshot_download(
                entry.where,
                revision=entry.revision,
                allow_patterns=list(wanted),
                etag_timeout=CONNECT_TIMEOUT_S,
            )
        )
    except errors.GatedRepoError:
        raise ModelError(
            f"“{entry.id}” is given only to those who accepted its terms; accept them on its page at "
            f"huggingface.co, log in with “hf auth login”, and try again."
        ) from None
    except errors.RepositoryNotFoundError:
        raise ModelError(
            f"There is no folder “{entry.id}” here, and the hub has no such model, or it is private; check the "
            f"spelling."
        ) from None
    except errors.RevisionNotFoundError:
        raise ModelError(f"“{entry.id}” has no revision “{entry.revision}” on the hub; name another.") from None
    except errors.HfHubHTTPError as refusal:
        answer = getattr(getattr(refusal, "response", None), "status_code", None)
        if answer in _REFUSALS:
            raise ModelError(f"The hub gives out no files of “{entry.id}”: {_REFUSALS[answer]}.") from None
        raise HubUnreachable(f"{lacking} could not be reached") from refusal
    # The hub's client has changed its HTTP library twice; what a broken connection raises is not one type.
    except Exception as error:
        number = error.errno if isinstance(error, OSError) else None
        if number == errno.ENOSPC:
            raise ModelError(f"The disk is full: make room for “{entry.id}”{_size(entry)} and try again.") from None
        if number in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise ModelError(
                f"The files of “{entry.id}” cannot be written to the hub's cache; let HF_HOME name a folder that can."
            ) from None
        raise HubUnreachable(f"{lacking} could not be reached") from error
