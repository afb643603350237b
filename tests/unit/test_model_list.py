"""What the list says of a model before it is loaded: its size, its licence, what it can show, and the room it gets."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests import tiny_checkpoints
from tests.unit.test_model_hub import put_in_cache
from workbench.models.adapter_template import ENTRY, FAMILY
from workbench.models.entry import ModelEntry
from workbench.models.registry import ModelRegistry
from workbench.settings import Settings

TAG, PUBLISHED = "ViT-B-32:laion2b_s34b_b79k", "laion/CLIP-ViT-B-32-laion2B-s34B-b79K"
EVERYTHING = frozenset({"attention", "differentiable", "patches"})
README = "---\ntags:\n- clip\nlicense: {}\n---\n# A model\nlicense: none of its words\n"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def listed(name: str) -> ModelEntry:
    settings = Settings(offline=True, device="cpu", models=name)
    return {entry.id: entry for entry in ModelRegistry(settings).list()}[name]


def save_tiny_open_clip_custom(folder: Path) -> Path:
    """Write one whose attention blocks are of the library's other kind."""
    model = json.loads((tiny_checkpoints.save_tiny_open_clip(folder) / "open_clip_config.json").read_text())
    model["model_cfg"]["vision_cfg"]["qk_norm"] = True
    return tiny_checkpoints._save_open_clip(folder, 0, model["model_cfg"], model["preprocess_cfg"])


@pytest.mark.parametrize(
    ("save", "shows"),
    [
        (tiny_checkpoints.save_tiny_open_clip, EVERYTHING),
        (tiny_checkpoints.save_tiny_open_clip_siglip, EVERYTHING),
        (tiny_checkpoints.save_tiny_open_clip_queries, {"attention"}),
        (tiny_checkpoints.save_tiny_open_clip_resnet, set()),
        (tiny_checkpoints.save_tiny_open_clip_timm, set()),
        (save_tiny_open_clip_custom, set()),
        (tiny_checkpoints.save_tiny_clip, EVERYTHING),
        (tiny_checkpoints.save_tiny_pe_video, set()),
    ],
)
def test_a_folder_is_listed_with_what_it_shows_once_it_is_loaded(tmp_path: Path, save: Callable, shows: set):
    folder = save(tmp_path / "mine")
    (weights,) = folder.glob("*model.safetensors")
    entry = listed(str(folder))
    assert (entry.capabilities, entry.n_bytes) == (shows, weights.stat().st_size)
    assert ModelRegistry(Settings(offline=True, device="cpu")).load(str(folder)).spec.capabilities == shows


@pytest.mark.parametrize("name", ["hf-hub:org/theirs", "org/theirs", TAG])
def test_what_is_in_the_hubs_cache_is_listed_with_its_size_and_licence(cache: Path, name: str):
    repository = PUBLISHED if name == TAG else "org/theirs"
    folder = put_in_cache(cache, repository, "main", tiny_checkpoints.save_tiny_open_clip_resnet)
    (folder / "README.md").write_text(README.format("mit"))
    entry = listed(name)
    assert entry.n_bytes == (folder / "open_clip_model.safetensors").stat().st_size
    assert (entry.licence, entry.capabilities, entry.state) == ("mit", frozenset(), "ready")


@pytest.mark.parametrize(
    ("readme", "licence"),
    [
        (README.format('"apache-2.0"'), "apache-2.0"),
        (README.format("other\nlicense_name: open-rail"), "open-rail"),
        (README.format("\n- mit"), ""),
        ("license: mit\n", ""),
        ("", ""),
    ],
)
def test_the_licence_is_that_of_the_head_of_the_readme(tmp_path: Path, readme: str, licence: str):
    folder = tiny_checkpoints.save_tiny_clip(tmp_path / "mine")
    (folder / "README.md").write_text(readme)
    assert listed(str(folder)).licence == licence
    (folder / "workbench.json").write_text('{"licence": "CC0"}')
    assert listed(str(folder)).licence == "CC0"


def test_a_checkpoint_by_architecture_is_as_large_as_its_file(tmp_path: Path):
    (tmp_path / "epoch_3.pt").write_bytes(b"x" * 2_000_000)
    shows = {
        "ViT-B-32": EVERYTHING,
        "RN50": set(),
        "coca_ViT-B-32": {"attention"},
        "ViT-B-16-SigLIP": set(),
    }
    for architecture, capabilities in shows.items():
        entry = listed(f"{architecture}:{tmp_path / 'epoch_3.pt'}")
        assert (entry.n_bytes, entry.capabilities, entry.state) == (2_000_000, capabilities, "ready")
    assert "no architecture “nonsense”" in listed(f"nonsense:{tmp_path / 'epoch_3.pt'}").availability


def test_of_a_tag_that_is_still_to_be_fetched_its_architecture_is_known(cache: Path):
    assert listed(TAG).capabilities == EVERYTHING
    assert listed("RN50:openai").capabilities == frozenset()
    assert listed("hf-hub:org/theirs").capabilities == frozenset()


def test_what_a_loaded_model_shows_is_what_it_says_itself():
    registry = ModelRegistry(Settings(offline=True))
    registry.register_family(replace(FAMILY, name="boastful", capabilities=EVERYTHING))
    registry.register(replace(ENTRY, id="modest", family="boastful"))

    def shown() -> frozenset:
        return {entry.id: entry.capabilities for entry in registry.list()}["modest"]

    assert shown() == EVERYTHING
    model = registry.load("modest")
    assert shown() == model.spec.capabilities != EVERYTHING


def test_listing_a_model_is_no_use_of_it():
    registry = ModelRegistry(Settings(offline=True))
    registry.register_family(FAMILY)
    for name in ("one", "other"):
        registry.register(replace(ENTRY, id=name))
        registry.load(name)
    registry.list()
    assert list(registry.placements()) == ["one", "other"]


@pytest.mark.parametrize("kind", ["folder", "hub id", "hf-hub", "tag", "clip folder"])
def test_room_is_made_before_a_model_is_loaded_by_any_of_its_names(cache: Path, tmp_path: Path, monkeypatch, kind: str):
    repository = PUBLISHED if kind == "tag" else "org/theirs"
    folder = put_in_cache(cache, repository, "main", tiny_checkpoints.save_tiny_open_clip)
    names = {"folder": str(folder), "hub id": "org/theirs", "hf-hub": "hf-hub:org/theirs", "tag": TAG}
    name = names.get(kind) or str(tiny_checkpoints.save_tiny_clip(tmp_path / "clip"))
    rooms: list[int] = []
    monkeypatch.setattr("workbench.models.loaded.LoadedModels.make_room", lambda models, n_bytes: rooms.append(n_bytes))
    registry = ModelRegistry(Settings(offline=True, device="cpu"))
    registry.load(name)
    (weights,) = (Path(name) if "clip" in kind else folder).glob("*model.safetensors")
    assert rooms == [weights.stat().st_size]


def test_room_is_made_for_a_checkpoint_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import open_clip
    import torch
    from safetensors.torch import load_file

    folder = tiny_checkpoints.save_tiny_open_clip(tmp_path / "whole")
    config = json.loads((folder / "open_clip_config.json").read_text())["model_cfg"]
    (tmp_path / "tiny-room.json").write_text(json.dumps(config))
    open_clip.add_model_config(tmp_path / "tiny-room.json")
    path = tmp_path / "epoch_3.pt"
    torch.save(load_file(folder / "open_clip_model.safetensors"), path)
    rooms: list[int] = []
    monkeypatch.setattr("workbench.models.loaded.LoadedModels.make_room", lambda models, n_bytes: rooms.append(n_bytes))
    ModelRegistry(Settings(offline=True, device="cpu")).load(f"tiny-room:{path}")
    assert rooms == [path.stat().st_size]
