"""Models of the hub without a network: the local cache serves, and what cannot be had is said plainly."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import huggingface_hub
import numpy as np
import pytest
from huggingface_hub import errors

from tests.tiny_checkpoints import save_tiny_clip, save_tiny_open_clip
from workbench.errors import ModelError
from workbench.models.registry import ModelRegistry
from workbench.settings import Settings

COMMIT = "0123456789abcdef0123456789abcdef01234567"
B32 = "openai/clip-vit-base-patch32"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty cache of the hub's client, with the network allowed and the hub not there."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub._snapshot_download.constants.HF_HUB_OFFLINE", False)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    return tmp_path / "hub"


def put_in_cache(cache: Path, repo_id: str, revision: str, save: Callable[[Path], Path] = save_tiny_clip) -> Path:
    repo = cache / ("models--" + repo_id.replace("/", "--"))
    (repo / "refs" / revision).parent.mkdir(parents=True)
    (repo / "refs" / revision).write_text(COMMIT)
    return save(repo / "snapshots" / COMMIT)


def fail_with(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    real = huggingface_hub.snapshot_download

    def snapshot_download(*args, local_files_only: bool = False, **kwargs):
        if local_files_only:
            return real(*args, local_files_only=True, **kwargs)
        raise error

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)


def response_error(kind: type[Exception], status: int) -> Exception:
    """Return the hub client's error as it raises it, whichever HTTP library it was built on."""
    error = kind.__new__(kind)
    Exception.__init__(error, f"{status} Client Error")
    error.response = SimpleNamespace(status_code=status)
    return error


def refusal(settings: Settings, model_id: str = B32) -> str:
    with pytest.raises(ModelError) as caught:
        ModelRegistry(settings).load(model_id)
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    return message


def test_a_cached_model_loads_without_a_network(cache: Path, monkeypatch: pytest.MonkeyPatch):
    put_in_cache(cache, B32, "refs/pr/15")
    fail_with(monkeypatch, AssertionError("the network was asked"))
    registry = ModelRegistry(Settings(offline=True, device="cpu"))
    assert {entry.id: entry.state for entry in registry.list()}[B32] == "ready"
    spec = registry.load(B32).spec
    assert spec.revision == COMMIT
    assert spec.licence == "MIT"


def test_a_model_anybody_names_is_recognised_by_its_config(cache: Path, monkeypatch: pytest.MonkeyPatch):
    put_in_cache(cache, "somebody/their-clip", "main")
    fail_with(monkeypatch, AssertionError("the network was asked"))
    spec = ModelRegistry(Settings(offline=True, device="cpu")).load("somebody/their-clip").spec
    assert (spec.family, spec.licence) == ("clip", "not stated")


@pytest.mark.parametrize(
    ("model_id", "repo_id"),
    [
        ("hf-hub:somebody/their-open-clip", "somebody/their-open-clip"),
        ("somebody/their-open-clip", "somebody/their-open-clip"),
        ("ViT-B-32:laion2b-s34b-b79k", "laion/CLIP-ViT-B-32-laion2B-s34B-b79K"),
        ("ViT-B-32:laion2b_s34b_b79k", "laion/CLIP-ViT-B-32-laion2B-s34B-b79K"),
    ],
)
def test_a_model_of_open_clip_is_found_by_its_hub_id_or_its_tag(cache, monkeypatch, model_id: str, repo_id: str):
    folder = put_in_cache(cache, repo_id, "main", save_tiny_open_clip)
    fail_with(monkeypatch, AssertionError("the network was asked"))
    registry = ModelRegistry(Settings(offline=True, device="cpu", models=model_id))
    assert {entry.id: entry.state for entry in registry.list()}[model_id] == "ready"
    named, by_folder = registry.load(model_id), registry.load(str(folder))
    assert (named.spec.family, named.spec.revision) == ("open_clip", COMMIT)
    texts = ["a red circle"]
    np.testing.assert_array_equal(named.encode_texts(texts).embeddings, by_folder.encode_texts(texts).embeddings)


@pytest.mark.parametrize(
    "error",
    [
        ConnectionError("Connection refused"),
        TimeoutError("timed out"),
        OSError(errno.ENETUNREACH, "Network is unreachable"),
        errors.LocalEntryNotFoundError("An error happened while trying to locate the files on the Hub"),
        RuntimeError("whatever the next HTTP library raises"),
    ],
)
def test_no_network(cache: Path, monkeypatch: pytest.MonkeyPatch, error: Exception):
    fail_with(monkeypatch, error)
    message = refusal(Settings())
    assert "(605 MB) are not on this machine, and the Hugging Face hub could not be reached" in message
    assert "connect to a network" in message


def test_no_network_offers_what_works_without(cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    mine = save_tiny_clip(tmp_path / "mine")
    fail_with(monkeypatch, ConnectionError())
    assert str(mine) in refusal(Settings(models=str(mine)))


@pytest.mark.parametrize("how", ["setting", "variable"])
def test_offline_never_asks(cache: Path, monkeypatch: pytest.MonkeyPatch, how: str):
    fail_with(monkeypatch, AssertionError("the network was asked"))
    if how == "variable":
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "the Hugging Face hub is switched off here" in refusal(Settings(offline=how == "setting"))


def test_a_cut_off_download_is_fetched_again_not_loaded(cache: Path, monkeypatch: pytest.MonkeyPatch):
    folder = put_in_cache(cache, B32, "refs/pr/15")
    weights = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    fail_with(monkeypatch, ConnectionError())
    assert "is incomplete; fetch or copy it again" in refusal(Settings())


def test_what_is_wrong_with_a_cached_model_is_said_where_the_hub_cannot_be_asked(cache: Path):
    folder = put_in_cache(cache, "org/pickled", "main")
    shutil.move(folder / "model.safetensors", folder / "pytorch_model.bin")
    settings = Settings(offline=True, models="org/pickled")
    assert "convert them to safetensors" in refusal(settings, "org/pickled")
    (entry,) = (entry for entry in ModelRegistry(settings).list() if entry.id == "org/pickled")
    assert (entry.state, "convert them to safetensors" in entry.availability) == ("missing", True)


def test_a_repository_that_holds_a_pickle_only(cache: Path, monkeypatch: pytest.MonkeyPatch):
    folder = put_in_cache(cache, "org/pickled", "main")
    shutil.move(folder / "model.safetensors", folder / "pytorch_model.bin")
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda *args, **kwargs: str(folder))
    assert "convert them to safetensors" in refusal(Settings(), "org/pickled")


@pytest.mark.parametrize(
    ("kind", "status", "said"),
    [
        (errors.GatedRepoError, 403, "accept them on its page"),
        (errors.RepositoryNotFoundError, 404, "There is no folder “org/name” here, and the hub has no such model"),
        (errors.RevisionNotFoundError, 404, "has no revision “main”"),
        (errors.HfHubHTTPError, 401, "your login is not valid; log in"),
        (errors.HfHubHTTPError, 429, "wait some minutes and try again"),
        (errors.HfHubHTTPError, 503, "could not be reached; connect to a network"),
    ],
)
def test_what_the_hub_refuses(cache, monkeypatch, kind: type[Exception], status: int, said: str):
    fail_with(monkeypatch, response_error(kind, status))
    assert said in refusal(Settings(), "org/name")


def test_a_type_of_no_use_is_refused_before_its_weights_are_fetched(cache, tmp_path, monkeypatch):
    folder = tmp_path / "snapshot"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "bert"}')
    fetched: list[str] = []

    def snapshot_download(*args, local_files_only: bool = False, allow_patterns: list[str], **kwargs):
        if local_files_only:
            raise errors.LocalEntryNotFoundError("not here")
        fetched.extend(allow_patterns)
        return str(folder)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    assert "A checkpoint of type “bert” cannot be used" in refusal(Settings(), "org/text-only")
    assert "config.json" in fetched
    assert not [pattern for pattern in fetched if "safetensors" in pattern and "index" not in pattern]


def test_a_folder_of_a_type_of_no_use_is_not_listed_as_ready(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    registry = ModelRegistry(Settings(models=str(tmp_path)))
    (entry,) = (entry for entry in registry.list() if entry.id == str(tmp_path))
    assert entry.state == "missing"
    assert "type “bert” cannot be used" in entry.availability
    assert "type “bert” cannot be used" in refusal(Settings(), str(tmp_path))


def test_a_full_disk(cache: Path, monkeypatch: pytest.MonkeyPatch):
    fail_with(monkeypatch, OSError(errno.ENOSPC, "No space left on device"))
    assert "The disk is full: make room for" in refusal(Settings())


def test_a_cache_that_cannot_be_written(cache: Path, monkeypatch: pytest.MonkeyPatch):
    fail_with(monkeypatch, PermissionError(errno.EACCES, "Permission denied"))
    assert "let HF_HOME name a folder that can" in refusal(Settings())


def test_what_is_damaged_is_named_as_the_person_names_it(cache: Path):
    folder = put_in_cache(cache, "org/damaged", "main")
    (folder / "workbench.json").write_text('{"title": 3}')
    assert "The workbench.json of “org/damaged” is malformed" in refusal(Settings(offline=True), "org/damaged")
    (folder / "workbench.json").write_text("{")
    assert "workbench.json of “org/damaged” is not readable" in refusal(Settings(offline=True), "org/damaged")


def test_a_folder_whose_prompts_were_changed_is_loaded_anew(tmp_path: Path):
    folder = save_tiny_clip(tmp_path / "mine")
    registry = ModelRegistry(Settings(device="cpu"))
    first = registry.load(str(folder))
    assert registry.load(str(folder)) is first
    (folder / "workbench.json").write_text('{"prompts": ["we see {}"]}')
    assert registry.load(str(folder)).spec.prompts == ("we see {}",)


def test_the_real_client_without_a_route_is_quick_and_plain(cache: Path, monkeypatch: pytest.MonkeyPatch):
    # A port nobody listens on: the client's own failure, not a simulated one.
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert "could not be reached" in refusal(Settings())
