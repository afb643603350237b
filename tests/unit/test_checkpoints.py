"""Folders that hold no usable model: each is refused with its own sentence, and nothing is executed."""

from __future__ import annotations

import json
import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests import tiny_checkpoints
from tests.reference.test_transformers_dual import frames
from tests.tiny_checkpoints import save_tiny_clip, save_tiny_pe_video
from workbench.errors import ModelError
from workbench.models import checkpoint
from workbench.models.registry import ModelRegistry
from workbench.settings import Settings

NULL = {
    "fps": 2,
    "step_s": 0.5,
    "smoothing_s": 1.0,
    "longest_s": 120,
    "levels": [[-0.2, 0.3], [0, 0.5]],
    "words": ["a", "dog"],
    "peaks": [0.25] * 8,
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_clip(tmp_path_factory.mktemp("whole") / "clip")


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "clip"))


@pytest.fixture
def registry() -> ModelRegistry:
    return ModelRegistry(Settings(offline=True, device="cpu"))


def refusal(registry: ModelRegistry, folder: Path) -> str:
    with pytest.raises(ModelError) as caught:
        registry.load(str(folder))
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    assert "Traceback" not in message
    return message


def edit_json(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**(json.loads(path.read_text()) if path.exists() else {}), **changes}))


def test_a_whole_folder_loads_and_is_ready(registry: ModelRegistry, folder: Path):
    assert registry.load(str(folder)).spec.id == str(folder)


def test_no_folder(registry: ModelRegistry, tmp_path: Path):
    assert "There is no folder" in refusal(registry, tmp_path / "nowhere")


def test_a_file_instead_of_a_folder(registry: ModelRegistry, folder: Path):
    assert "is a file; give the folder that it lies in" in refusal(registry, folder / "config.json")


def test_an_empty_folder(registry: ModelRegistry, tmp_path: Path):
    assert "no config.json" in refusal(registry, tmp_path)


def test_no_config(registry: ModelRegistry, folder: Path):
    (folder / "config.json").unlink()
    assert "no config.json" in refusal(registry, folder)


@pytest.mark.parametrize("text", ["{", "[]", "\xff", ""])
def test_a_config_that_is_no_json(registry: ModelRegistry, folder: Path, text: str):
    (folder / "config.json").write_text(text, encoding="latin-1")
    assert "not readable JSON" in refusal(registry, folder)


def test_a_config_without_a_type(registry: ModelRegistry, folder: Path):
    (folder / "config.json").write_text('{"hidden_size": 8}')
    assert "names no model_type" in refusal(registry, folder)


@pytest.mark.parametrize("kind", ["bert", "vit", "unheard-of", "clip_text_model"])
def test_a_model_of_another_kind(registry: ModelRegistry, folder: Path, kind: str):
    edit_json(folder / "config.json", model_type=kind)
    assert f"type “{kind}” cannot be used" in refusal(registry, folder)


def test_no_weights(registry: ModelRegistry, folder: Path):
    (folder / "model.safetensors").unlink()
    assert "holds no weights" in refusal(registry, folder)


def test_a_pickle_is_refused_and_never_run(registry: ModelRegistry, folder: Path, tmp_path: Path):
    class Bomb:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "exploded",))

    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb()))
    assert "convert them to safetensors" in refusal(registry, folder)
    assert not (tmp_path / "exploded").exists()


def test_a_pickle_beside_safetensors_is_ignored(registry: ModelRegistry, folder: Path):
    (folder / "pytorch_model.bin").write_bytes(b"not even a pickle")
    assert registry.load(str(folder)).spec.dim == 24


def test_code_in_the_folder_is_never_run(registry: ModelRegistry, folder: Path, tmp_path: Path):
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'exploded')!r}, 'w')\nclass Model: pass\nConfig = Model")
    edit_json(folder / "config.json", auto_map={"AutoConfig": "evil.Config", "AutoModel": "evil.Model"})
    assert registry.load(str(folder)).spec.dim == 24
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("keep", [0, 4, 100, -1])
def test_truncated_weights(registry: ModelRegistry, folder: Path, keep: int):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:keep])
    assert any(word in refusal(registry, folder) for word in ("incomplete", "damaged"))


def test_weights_that_are_a_pointer_file(registry: ModelRegistry, folder: Path):
    (folder / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 605\n")
    assert "damaged or no safetensors" in refusal(registry, folder)


def test_weights_in_several_files_are_those_of_one(registry: ModelRegistry, folder: Path, tmp_path: Path):
    from transformers import CLIPModel

    sharded = Path(shutil.copytree(folder, tmp_path / "sharded"))
    (sharded / "model.safetensors").unlink()
    CLIPModel.from_pretrained(folder).save_pretrained(sharded, max_shard_size="50KB")
    shards = sorted(sharded.glob("model-*.safetensors"))
    assert len(shards) >= 3
    one, several = registry.load(str(folder)), registry.load(str(sharded))
    batch = frames(40, 60)
    np.testing.assert_allclose(several.encode_frames(batch).frames, one.encode_frames(batch).frames, atol=1e-6)
    texts = ["a red circle", "dog"]
    np.testing.assert_allclose(several.encode_texts(texts).embeddings, one.encode_texts(texts).embeddings, atol=1e-6)
    assert checkpoint.weights_bytes(sharded) == sum(shard.stat().st_size for shard in shards)
    before = several.spec.revision
    shards[-1].write_bytes(shards[-1].read_bytes()[:-1] + b"\x01")
    assert registry.load(str(sharded)).spec.revision != before


def test_one_of_several_models_whose_weights_are_in_several_files_is_that_of_one(
    registry: ModelRegistry, tmp_path: Path
):
    from huggingface_hub import save_torch_state_dict
    from safetensors.torch import load_file

    folder = tiny_checkpoints.save_tiny_pe_audio_video(tmp_path / "whole")
    sharded = Path(shutil.copytree(folder, tmp_path / "sharded"))
    (sharded / "model.safetensors").unlink()
    save_torch_state_dict(load_file(folder / "model.safetensors"), sharded, max_shard_size="100KB")
    assert len(checkpoint.weights(sharded)) >= 3
    one, several = registry.load(str(folder)), registry.load(str(sharded))
    batch = replace(frames(40, 60), pixels=frames(40, 60).pixels[[0, 1, 2, 3] * 4], times_s=np.arange(16) / 2)
    np.testing.assert_allclose(several.encode_frames(batch).frames, one.encode_frames(batch).frames, atol=1e-6)
    texts = ["a red circle", "dog"]
    np.testing.assert_allclose(several.encode_texts(texts).embeddings, one.encode_texts(texts).embeddings, atol=1e-6)


def test_a_missing_shard(registry: ModelRegistry, folder: Path):
    (folder / "model.safetensors").unlink()
    edit_json(
        folder / "model.safetensors.index.json",
        weight_map={"logit_scale": "model-00001-of-00002.safetensors"},
    )
    assert "lacks a part of its weights, model-00001" in refusal(registry, folder)


def test_misshapen_weights(registry: ModelRegistry, folder: Path):
    config = json.loads((folder / "config.json").read_text())
    edit_json(folder / "config.json", vision_config={**config["vision_config"], "hidden_size": 64})
    assert "has weights of another shape than its config asks for, such as" in refusal(registry, folder)


def test_weights_that_are_not_there(registry: ModelRegistry, folder: Path):
    config = json.loads((folder / "config.json").read_text())
    edit_json(folder / "config.json", text_config={**config["text_config"], "num_hidden_layers": 3})
    assert "lacks 16 of the weights that its config asks for" in refusal(registry, folder)


@pytest.mark.parametrize(
    ("save", "weight"),
    [
        (tiny_checkpoints.save_tiny_siglip, "vision_model.head.attention.in_proj_weight"),
        (tiny_checkpoints.save_tiny_siglip2, "vision_model.embeddings.patch_embedding.weight"),
        (tiny_checkpoints.save_tiny_metaclip2, "text_model.encoder.layers.1.mlp.fc1.weight"),
        (tiny_checkpoints.save_tiny_xclip, "prompts_generator.decoder.0.cross_attn.v_proj.weight"),
        (tiny_checkpoints.save_tiny_pe_video, "video_encoder.layers.1.mlp.up_proj.weight"),
        (tiny_checkpoints.save_tiny_pe_audio_video, "video_model.video_encoder.layers.1.mlp.up_proj.weight"),
        (tiny_checkpoints.save_tiny_open_clip, "visual.transformer.resblocks.1.mlp.c_fc.weight"),
        (tiny_checkpoints.save_tiny_open_clip_timm, "visual.trunk.patch_embed.proj.weight"),
        (tiny_checkpoints.save_tiny_open_clip_bert, "text.transformer.encoder.layer.1.output.dense.weight"),
    ],
)
def test_a_weight_that_is_misshapen_or_lacks_in_any_family(registry: ModelRegistry, tmp_path: Path, save, weight: str):
    from safetensors.numpy import load_file, save_file

    folder = save(tmp_path / "model")
    (path,) = folder.glob("*model.safetensors")
    weights = load_file(path)
    cut = weights.pop(weight)[1:].copy()
    save_file(weights | {weight: cut}, path, metadata={"format": "pt"})
    named = weight.removeprefix("video_model.")
    assert f"has weights of another shape than its config asks for, such as {named}, " in refusal(registry, folder)
    save_file(weights, path, metadata={"format": "pt"})
    assert f"of the weights that its config asks for, such as {named}; " in refusal(registry, folder)


@pytest.mark.parametrize("save", [save_tiny_clip, tiny_checkpoints.save_tiny_siglip, save_tiny_pe_video])
def test_weights_that_were_saved_from_within_data_parallel(registry: ModelRegistry, tmp_path: Path, save):
    from safetensors.numpy import load_file, save_file

    path = save(tmp_path / "model") / "model.safetensors"
    save_file({f"module.{name}": w for name, w in load_file(path).items()}, path, metadata={"format": "pt"})
    assert "have names that begin with “module.”, as DataParallel saves them" in refusal(registry, path.parent)


def test_weights_that_are_no_numbers(registry: ModelRegistry, folder: Path):
    from safetensors.numpy import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    weights["visual_projection.weight"][:] = float("nan")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    assert "what is no number" in refusal(registry, folder)


def test_no_tokenizer(registry: ModelRegistry, folder: Path):
    (folder / "tokenizer.json").unlink()
    assert "has no tokenizer" in refusal(registry, folder)


def test_a_tokenizer_of_another_model(registry: ModelRegistry, folder: Path):
    config = json.loads((folder / "config.json").read_text())
    edit_json(folder / "config.json", text_config={**config["text_config"], "eos_token_id": 5})
    assert "does not end a text with the token its model reads (5)" in refusal(registry, folder)


def test_no_image_processor(registry: ModelRegistry, folder: Path):
    (folder / "preprocessor_config.json").unlink()
    assert "does not say how its images are prepared" in refusal(registry, folder)


def test_an_image_processor_of_another_model(registry: ModelRegistry, folder: Path):
    edit_json(folder / "preprocessor_config.json", crop_size={"height": 40, "width": 40})
    assert "do not fit each other" in refusal(registry, folder)


@pytest.mark.parametrize(
    ("card", "complaint"),
    [
        ({"prompts": ["no place for the query"]}, "each prompt must hold {} once"),
        ({"prompts": "a photo of {}"}, "prompts must be a list"),
        ({"distractors": [1]}, "distractors must be a list"),
        ({"title": 3}, "title must be a text"),
        ({"measured_nulls": 3}, "measured_nulls must be a list of objects"),
        ({"measured_nulls": [{"fps": 2}]}, "measured_nulls must be a list of objects"),
        ({"measured_nulls": [NULL | {"peaks": [0.1, float("nan")] * 8}]}, "measured_nulls must be"),
        ({"measured_nulls": [NULL | {"peaks": [True] * 8}]}, "measured_nulls must be"),
        ({"measured_nulls": [NULL | {"peaks": [0.1] * 7}]}, "measured_nulls must be"),
        ({"measured_nulls": [NULL | {"fps": 0}]}, "measured_nulls must be"),
        ({"measured_nulls": [NULL | {"step_s": 0}]}, "measured_nulls must be"),
        ({"measured_nulls": [NULL | {"smoothing_s": "1"}]}, "measured_nulls must be"),
        ({"measured_nulls": [NULL | {"levels": [[0.5]]}]}, "measured_nulls must be"),
        ({"measured_nulls": [NULL | {"levels": [0.5, 0.1]}]}, "measured_nulls must be"),
        ({"measured_nulls": [NULL | {"unheard": 1}]}, "measured_nulls must be"),
        ({"measured_nulls": [NULL | {"words": "a dog"}]}, "measured_nulls must be"),
        ({"measured_nulls": [NULL | {"words": [1]}]}, "measured_nulls must be"),
    ],
)
def test_a_malformed_card(registry: ModelRegistry, folder: Path, card: dict, complaint: str):
    edit_json(folder / "workbench.json", **card)
    assert complaint in refusal(registry, folder)


def test_a_card_is_believed(registry: ModelRegistry, folder: Path):
    said = {
        "title": "Mine",
        "licence": "CC0",
        "prompts": ["see {}"],
        "distractors": ["a cat"],
        "note": "Small.",
    }
    edit_json(folder / "workbench.json", **said)
    spec = registry.load(str(folder)).spec
    assert (spec.title, spec.licence, spec.prompts, spec.distractors, spec.note) == (
        "Mine",
        "CC0",
        ("see {}",),
        ("a cat",),
        "Small.",
    )


def test_without_a_card_there_are_everyday_distractors(folder: Path):
    distractors = checkpoint.card(folder).distractors
    assert len(distractors) >= 60
    assert len(set(distractors)) == len(distractors)
    assert not any(line.startswith("#") for line in distractors)


def test_the_revision_follows_the_content(folder: Path, whole: Path, tmp_path: Path):
    assert checkpoint.revision(folder) == checkpoint.revision(whole)
    weights = folder / "model.safetensors"
    changed = bytearray(weights.read_bytes())
    changed[-1] ^= 1
    weights.write_bytes(changed)
    assert checkpoint.revision(folder) != checkpoint.revision(whole)
    snapshot = Path(shutil.copytree(whole, tmp_path / "models--org--name" / "snapshots" / ("c" * 40)))
    assert checkpoint.revision(snapshot) == "c" * 40


@pytest.mark.parametrize("place", ["models--org--name/snapshots/epoch-3", f"runs/snapshots/{'c' * 40}"])
def test_a_folder_that_is_no_snapshot_of_the_hub_is_known_by_its_content(whole: Path, tmp_path: Path, place: str):
    folder = Path(shutil.copytree(whole, tmp_path / place))
    assert checkpoint.revision(folder) == checkpoint.revision(whole)


@pytest.mark.parametrize("file", ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"])
def test_the_revision_follows_what_decides_token_ids(folder: Path, whole: Path, file: str):
    edit_json(folder / file, changed=True)
    assert checkpoint.revision(folder) != checkpoint.revision(whole)


def test_a_card_brings_its_measured_nulls(folder: Path):
    edit_json(folder / "workbench.json", measured_nulls=[NULL])
    (null,) = checkpoint.card(folder).measured_nulls
    assert (null.fps, null.smoothing_s, null.longest_s) == (2.0, 1.0, 120.0)
    assert null.levels == ((-0.2, 0.3), (0.0, 0.5))
    assert null.peaks == (0.25,) * 8


@pytest.fixture(scope="module")
def whole_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_pe_video(tmp_path_factory.mktemp("whole") / "pe-video")


@pytest.fixture
def video_folder(whole_video: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole_video, tmp_path / "pe-video"))


def test_no_video_processor_where_windows_are_read(registry: ModelRegistry, video_folder: Path):
    # What its preprocessor_config.json prepares is sound, or single pictures.
    (video_folder / "video_preprocessor_config.json").rename(video_folder / "preprocessor_config.json")
    assert "save its video processor" in refusal(registry, video_folder)


def test_a_video_processor_of_another_model(registry: ModelRegistry, video_folder: Path):
    edit_json(video_folder / "video_preprocessor_config.json", size={"height": 48, "width": 48})
    assert "do not fit each other" in refusal(registry, video_folder)


def test_a_video_processor_that_leaves_frames_as_they_are(registry: ModelRegistry, video_folder: Path):
    edit_json(video_folder / "video_preprocessor_config.json", do_resize=False)
    assert "leaves frames as large as they are" in refusal(registry, video_folder)


@pytest.mark.parametrize(
    ("tower", "complaint"),
    [
        ({"architecture": "hf-hub:org/name"}, "from elsewhere"),
        ({"model_args": {"checkpoint_path": "a.pth"}}, "from elsewhere"),
        ({"architecture": "vit_unheard_of"}, "cannot be loaded"),
    ],
)
def test_a_network_for_frames_that_is_not_there(
    registry: ModelRegistry, video_folder: Path, tower: dict, complaint: str
):
    video = json.loads((video_folder / "config.json").read_text())["video_config"]
    video["vision_config"] |= tower
    edit_json(video_folder / "config.json", video_config=video)
    assert complaint in refusal(registry, video_folder)


def test_no_timm(registry: ModelRegistry, video_folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("workbench.models.pe_video.missing_packages", list)
    assert "pip install timm" in refusal(registry, video_folder)
