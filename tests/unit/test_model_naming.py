"""Names of models that a person types, pastes or lists: taken as meant, or answered with what to write instead."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tiny_checkpoints import save_tiny_clip, save_tiny_open_clip
from tests.unit.test_model_hub import put_in_cache
from workbench.errors import ModelError
from workbench.models import naming
from workbench.models.registry import ModelRegistry
from workbench.settings import Settings


def refusal(name: str, **settings) -> str:
    with pytest.raises(ModelError) as caught:
        ModelRegistry(Settings(offline=True, device="cpu", **settings)).load(name)
    message = str(caught.value)
    assert message.endswith((".", "?"))
    assert "\n" not in message
    assert len(message) < 600
    return message


@pytest.mark.parametrize(
    ("typed", "taken"),
    [
        ("https://huggingface.co/org/name", "org/name"),
        ("http://www.huggingface.co/org/name.v2/", "org/name.v2"),
        ("https://hf.co/org/name?library=transformers#usage", "org/name"),
        ("huggingface.co/org/name/tree/main", "org/name"),
        ("HTTPS://HuggingFace.co/Org/Name/blob/main/config.json", "Org/Name"),
        ("https://huggingface.co/org/name/tree/v2", "https://huggingface.co/org/name/tree/v2"),
        ("https://huggingface.co/datasets/name", "https://huggingface.co/datasets/name"),
        ("https://huggingface.co/name", "https://huggingface.co/name"),
        ("https://example.com/org/name", "https://example.com/org/name"),
        ("org/name", "org/name"),
    ],
)
def test_the_address_of_a_models_page_is_its_hub_id(typed: str, taken: str):
    assert naming.without_address(typed) == taken


@pytest.mark.parametrize("how", ["typed", "listed"])
def test_a_model_loads_by_the_address_of_its_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    put_in_cache(tmp_path, "somebody/their-clip", "main")
    address = "https://huggingface.co/somebody/their-clip"
    registry = ModelRegistry(Settings(offline=True, device="cpu", models=address if how == "listed" else ""))
    model = registry.load(f" {address}/\n")
    assert model.spec.id == "somebody/their-clip"
    assert registry.load("somebody/their-clip") is model


def test_another_address_is_answered_with_what_to_write():
    assert "write its id on the hub, as org/name" in refusal("https://example.com/models/clip.zip")


@pytest.mark.parametrize("file", ["model.safetensors", "config.json"])
def test_a_file_of_a_folder_is_answered_with_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str):
    folder = save_tiny_clip(tmp_path / "mine")
    assert f"{file}” is a file; give the folder that it lies in" in refusal(str(folder / file))
    monkeypatch.chdir(tmp_path)
    assert "is a file; give the folder" in refusal(f"mine/{file}")


def test_a_checkpoint_without_its_architecture_is_answered_with_how_to_name_it(tmp_path: Path):
    path = tmp_path / "epoch_3.pt"
    path.write_bytes(b"weights")
    assert f"is a file; give its architecture in open_clip too, such as ViT-B-32:{path}" in refusal(str(path))


def test_an_adapter_is_to_be_merged_into_its_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def fill(folder: Path) -> Path:
        folder.mkdir(parents=True)
        (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "openai/clip"}))
        (folder / "adapter_model.safetensors").write_bytes(b"weights")
        return folder

    said = "is an adapter (LoRA), which is no model by itself; merge it into openai/clip with the library peft"
    assert said in refusal(str(fill(tmp_path / "lora")))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    put_in_cache(tmp_path / "hub", "org/lora", "main", fill)
    assert said in refusal("org/lora")
    whole = save_tiny_clip(tmp_path / "whole")
    fill(tmp_path / "other").joinpath("adapter_config.json").rename(whole / "adapter_config.json")
    (whole / "model.safetensors").rename(whole / "adapter_model.bin")
    assert said in refusal(str(whole))


@pytest.mark.parametrize("typed", ["ViT-B-32", "vit-b-32", "ViT-B/32"])
def test_a_bare_architecture_is_answered_with_how_to_name_its_weights(typed: str):
    message = refusal(typed)
    assert "“ViT-B-32” is an architecture of open_clip; name its weights too, as ViT-B-32:openai, ViT-B-32:l" in message
    assert message.endswith(" or ViT-B-32:FILE.")
    assert message.count("ViT-B-32:") == 4


def test_an_architecture_whose_weights_are_no_safetensors_wants_a_file():
    assert refusal("ViTamin-B").endswith("name its weights too, as ViTamin-B:FILE.")


def test_a_bare_architecture_on_the_list_says_what_it_lacks():
    (entry,) = (entry for entry in ModelRegistry(Settings(offline=True, models="RN50")).list() if entry.id == "RN50")
    assert (entry.state, "name its weights too" in entry.availability) == ("missing", True)


def test_an_unknown_tag_is_answered_with_the_closest_three():
    assert refusal("ViT-B-32:laion2b_s34b") == (
        "open_clip has no weights “laion2b_s34b” for ViT-B-32; it has 22, the closest laion2b_s34b_b79k, laion2b_e16, "
        "laion400m_e32."
    )
    assert "give the path of a checkpoint" in refusal("ViT-S-16:x")


@pytest.mark.parametrize(
    "name", ["/etc", "/nowhere", "~", "org/name", "ViT-B-32", "ViT-B-32:/etc/passwd", "https://huggingface.co/org/name"]
)
def test_a_public_server_says_that_its_list_is_all_there_is(name: str, monkeypatch: pytest.MonkeyPatch):
    def touched(*args):
        raise AssertionError("a visitor's text was taken for a place")

    monkeypatch.setattr("os.path.exists", touched)
    monkeypatch.setattr("os.path.isfile", touched)
    message = refusal(name, public=True)
    assert message.startswith("This server offers only the models on its list, and “")
    assert "choose one of toyworld-frame, " in message or "did you mean" in message


def test_a_public_server_takes_the_address_of_a_model_on_its_list():
    said = refusal("https://huggingface.co/openai/clip-vit-base-patch32", public=True)
    assert "“openai/clip-vit-base-patch32” (605 MB) are not on this machine" in said


def test_a_comma_in_a_path_separates_nothing(tmp_path: Path):
    folder = save_tiny_open_clip(tmp_path / "red, green" / "clip,1")
    path = tmp_path / "red, green" / "epoch,3.pt"
    path.write_bytes(b"weights")
    settings = Settings(offline=True, models=f"org/name,{folder} , ViT-B-32:{path},/nowhere,ViT-B-32:openai,,")
    entries = {entry.id: entry.state for entry in ModelRegistry(settings).list()}
    assert list(entries)[5:] == ["org/name", str(folder), f"ViT-B-32:{path}", "/nowhere", "ViT-B-32:openai"]
    assert (entries[str(folder)], entries[f"ViT-B-32:{path}"]) == ("ready", "ready")


@pytest.mark.parametrize(
    "typed", ["/\x00", "~\x00", "/" + "x" * 5_000, "/" + "x" * 300, "~nobody/x", "ViT-B-32:~nobody/x", "ViT-B-32:\x00"]
)
def test_a_strange_path_is_a_sentence(typed: str):
    assert "There is no" in refusal(typed)


@pytest.mark.parametrize("typed", ["ViT-B-32:nobody", "ViT-B/32:nobody", "vit-b-32:nobody"])
def test_an_architecture_with_weights_is_taken_however_it_is_spelled(typed: str):
    assert refusal(typed).startswith("open_clip has no weights “nobody” for ViT-B-32;")
