"""The adapter against open_clip's own forward pass, its transform and its tokenizer, on the same files."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.reference.test_transformers_dual import frames
from tests.tiny_checkpoints import (
    save_tiny_open_clip,
    save_tiny_open_clip_bert,
    save_tiny_open_clip_siglip,
    save_tiny_open_clip_timm,
)
from workbench.errors import ModelError
from workbench.models import openclip_names
from workbench.models.adapter_template import ENTRY
from workbench.models.registry import ModelRegistry
from workbench.settings import Settings

TEXTS = ["a red circle", "a green circle on the red square with the cat", "dog"]
KINDS = {
    "clip": save_tiny_open_clip,
    "siglip": save_tiny_open_clip_siglip,
    "timm": save_tiny_open_clip_timm,
    "bert": save_tiny_open_clip_bert,
}


@pytest.fixture(scope="module", params=KINDS)
def folder(request, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return KINDS[request.param](tmp_path_factory.mktemp("open-clip") / request.param, seed=5)


def load(where: str):
    return ModelRegistry(Settings(offline=True, device="cpu")).load(where)


@pytest.fixture(scope="module")
def model(folder: Path):
    return load(str(folder))


@pytest.fixture(scope="module")
def library(folder: Path):
    import open_clip

    network, transform = open_clip.create_model_from_pretrained(f"local-dir:{folder}")
    return network.eval(), transform, open_clip.get_tokenizer(f"local-dir:{folder}")


@pytest.mark.parametrize(("height", "width"), [(32, 32), (90, 160), (161, 91), (24, 20), (3, 60)])
def test_frames_as_the_library_embeds_them(model, library, height: int, width: int):
    import torch
    from PIL import Image

    network, transform, _ = library
    batch = frames(height, width)
    with torch.no_grad():
        pictures = torch.stack([transform(Image.fromarray(picture)) for picture in batch.pixels])
        expected = network.encode_image(pictures, normalize=True).numpy()
    np.testing.assert_allclose(model.encode_frames(batch).frames, expected, atol=1e-4)


def test_texts_as_the_library_embeds_them(model, library):
    import torch

    network, _, tokenizer = library
    with torch.no_grad():
        expected = network.encode_text(tokenizer(TEXTS), normalize=True).numpy()
    np.testing.assert_allclose(model.encode_texts(TEXTS).embeddings, expected, atol=1e-4)


def test_a_word_that_the_tokenizer_does_not_know_keeps_its_place_and_is_named(model):
    known, foreign = "a red circle", "a zorple circle"
    read = model.encode_texts([known, foreign])
    if hasattr(model._tokenizer, "encode"):  # of bytes, which knows every word
        assert read.unknown_words == ((), ())
    else:
        assert read.unknown_words == ((), ("zorple",))
        assert len(read.tokens[1]) == len(read.tokens[0]) == 3
        absent = np.array([[False, False, False], [False, True, False]])
        assert abs(model.encode_texts([known, foreign], absent).embeddings[1] - read.embeddings[1]).max() > 1e-4


def test_typing_a_special_token_ends_nothing(model):
    """It is cut as any text is: as if there were blanks within it."""
    is_own = hasattr(model._tokenizer, "encode")
    typed, blanks = ("<end_of_text>", "< end _ of _ text >") if is_own else ("[END]", "[ END ]")
    read = model.encode_texts([f"a {typed} red dog", f"a {blanks} red dog", "a"])
    assert read.tokens[0] == read.tokens[1]
    assert read.tokens[0][-2:] == ("red", "dog")
    np.testing.assert_array_equal(*model.read(read.texts[:2]).ids)
    np.testing.assert_allclose(read.embeddings[0], read.embeddings[1], atol=1e-6)
    assert read.embeddings[0] @ read.embeddings[2] < 0.9999


def test_every_other_text_is_read_as_the_library_reads_it(model, library):
    texts = ["A <b> & don't, 3rd naïve 日本 🙂 end_of_text <end_of text>", "", "&lt;i&gt; << x >>", "the cat " * 40]
    np.testing.assert_array_equal(model.read(texts).ids, library[2](texts).numpy())


def test_many_threads_read_texts_at_once(model):
    texts = ["a red circle", "a zorple dog " * 30]
    expected = model.read(texts)
    with ThreadPoolExecutor(8) as pool:
        for read in pool.map(lambda _: model.read(texts), range(400)):
            np.testing.assert_array_equal(read.ids, expected.ids)
            assert read.unknown_words == expected.unknown_words


@pytest.mark.parametrize("folder", ["clip", "siglip"], indirect=True)
def test_a_word_left_out_is_as_if_its_row_of_attention_were_not_there(folder: Path, model):
    """The hook against attention written out: keys of absent tokens removed, in double precision."""
    import torch

    read = model.encode_texts(TEXTS)
    absent = np.zeros((3, max(map(len, read.tokens))), dtype=bool)
    absent[1, 2] = True
    network, tokenizer = model._model, model._tokenizer
    text = getattr(network, "text", network)
    ids = tokenizer(TEXTS)
    keep = torch.ones(ids.shape, dtype=torch.bool)
    keep[1, 3] = False  # one place on, after the token that begins a text
    with torch.no_grad():
        x = text.token_embedding(ids) + text.positional_embedding[: ids.shape[1]]
        for block in text.transformer.resblocks:
            y = block.ln_1(x)
            n, length, width = y.shape
            heads = block.attn.num_heads
            weights, biases = block.attn.in_proj_weight, block.attn.in_proj_bias
            q, k, v = (y @ weights.T + biases).chunk(3, dim=-1)
            q, k, v = (part.view(n, length, heads, -1).transpose(1, 2) for part in (q, k, v))
            scores = q @ k.transpose(-1, -2) / (width // heads) ** 0.5
            if text.attn_mask is not None:
                scores = scores + text.attn_mask[:length, :length]
            scores = scores.masked_fill(~keep[:, None, None, :], -torch.inf)
            mixed = (scores.softmax(dim=-1) @ v).transpose(1, 2).reshape(n, length, width)
            x = x + block.attn.out_proj(mixed)
            x = x + block.mlp(block.ln_2(x))
        x = text.ln_final(x)
        at = torch.full((3,), ids.shape[1] - 1) if hasattr(network, "text") else ids.argmax(dim=-1)
        pooled = x[torch.arange(3), at]
        projection = text.text_projection
        pooled = pooled @ projection if isinstance(projection, torch.nn.Parameter) else projection(pooled)
        expected = torch.nn.functional.normalize(pooled, dim=-1).numpy()
    np.testing.assert_allclose(model.encode_texts(TEXTS, absent).embeddings, expected, atol=1e-5)
    assert expected[1] @ read.embeddings[1] < 0.9999


@pytest.mark.parametrize("pooler", ["mean_pooler", "cls_last_hidden_state_pooler"])
def test_a_word_left_out_of_an_encoder_of_transformers_is_not_pooled_either(tmp_path: Path, pooler: str):
    import torch

    folder = save_tiny_open_clip_bert(tmp_path / "bert")
    config = json.loads((folder / "open_clip_config.json").read_text())
    config["model_cfg"]["text_cfg"]["hf_pooler_type"] = pooler
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    model = load(str(folder))
    read = model.encode_texts(TEXTS)
    absent = np.zeros((3, max(map(len, read.tokens))), dtype=bool)
    absent[1, 2] = True
    text, ids = model._model.text, model._tokenizer(TEXTS)
    keep = (ids != text.config.pad_token_id).long()
    keep[1, 3] = 0  # one place on, after the token that begins a text
    with torch.no_grad():
        seen = text.transformer(input_ids=ids, attention_mask=keep).last_hidden_state
        mean = (seen * keep[..., None]).sum(1) / keep.sum(1, keepdim=True)
        expected = torch.nn.functional.normalize(text.proj(mean if pooler == "mean_pooler" else seen[:, 0]), dim=-1)
    np.testing.assert_allclose(model.encode_texts(TEXTS, absent).embeddings, expected.numpy(), atol=1e-5)
    assert (read.embeddings[1] @ expected[1].numpy()) < 0.99999


def test_a_checkpoint_of_ones_own_training_loads_by_architecture_and_file(tmp_path: Path, monkeypatch):
    import open_clip
    import torch
    from safetensors.torch import load_file

    folder = save_tiny_open_clip(tmp_path / "whole")
    config = json.loads((folder / "open_clip_config.json").read_text())["model_cfg"]
    (tmp_path / "tiny-arch.json").write_text(json.dumps(config))
    open_clip.add_model_config(tmp_path / "tiny-arch.json")
    state = load_file(folder / "open_clip_model.safetensors")
    path = tmp_path / "epoch_3.pt"
    torch.save({"epoch": 3, "name": "run", "state_dict": {f"module.{name}": w for name, w in state.items()}}, path)
    batch = frames(40, 60)
    trained, shipped = load(f"tiny-arch:{path}"), load(str(folder))
    np.testing.assert_array_equal(trained.encode_frames(batch).frames, shipped.encode_frames(batch).frames)
    assert trained.spec.revision != shipped.spec.revision


class _Payload:
    def __reduce__(self):
        return (open, ("/tmp/workbench-pickle-was-run", "w"))


def test_a_pickle_that_runs_code_is_refused_and_never_run(tmp_path: Path):
    import torch

    trap = Path("/tmp/workbench-pickle-was-run")
    trap.unlink(missing_ok=True)
    torch.save({"state_dict": _Payload()}, tmp_path / "evil.pt")
    with pytest.raises(ModelError, match="is no file of weights alone, and what else a pickle holds can run code"):
        load(f"ViT-B-32:{tmp_path / 'evil.pt'}")
    assert not trap.exists()


@pytest.mark.parametrize("kwargs", [{}, {"tokenizer_kwargs": {"trust_remote_code": True}}], ids=["named", "trusted"])
def test_code_beside_a_tokenizer_is_never_run_nor_offered_to_be(tmp_path: Path, monkeypatch, kwargs: dict):
    folder, asked = save_tiny_open_clip_siglip(tmp_path / "model"), []
    code = f"open({str(tmp_path / 'exploded')!r}, 'w')\nfrom transformers import PreTrainedTokenizerFast as Evil"
    (folder / "evil.py").write_text(code)
    named = {"auto_map": {"AutoTokenizer": [None, "evil.Evil"]}, "tokenizer_class": "Evil"}
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps(settings | named))
    config = json.loads((folder / "open_clip_config.json").read_text())
    config["model_cfg"]["text_cfg"] |= kwargs
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    monkeypatch.setattr("builtins.input", lambda *prompt: asked.append(prompt) or "n")
    with suppress(ModelError):
        load(str(folder))
    assert not asked
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("offline", [True, False])
def test_a_text_tower_described_on_the_hub_wants_the_hub(tmp_path: Path, monkeypatch, offline: bool):
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    folder = save_tiny_open_clip_bert(tmp_path / "model")
    config = json.loads((folder / "open_clip_config.json").read_text())
    config["model_cfg"]["text_cfg"]["hf_model_name"] = "org/reader"
    (folder / "open_clip_config.json").write_text(json.dumps(config))

    def no_route(*args, **more):
        raise OSError("We couldn't connect to 'https://huggingface.co' to load the files")

    monkeypatch.setattr("transformers.AutoConfig.from_pretrained", no_route)
    why = "is switched off here" if offline else "could not be reached"
    with pytest.raises(ModelError, match=f"builds on files of the Hugging Face hub.*{why}; connect to a network"):
        ModelRegistry(Settings(offline=offline, device="cpu")).load(str(folder))


def test_code_of_a_text_tower_is_never_run_nor_offered_to_be(tmp_path: Path, monkeypatch):
    folder, asked = save_tiny_open_clip_bert(tmp_path / "model"), []
    (folder / "text" / "evil.py").write_text(
        f"open({str(tmp_path / 'exploded')!r}, 'w')\nfrom transformers import BertConfig as Evil"
    )
    named = {"model_type": "evil", "auto_map": {"AutoConfig": "evil.Evil", "AutoModel": "evil.Evil"}}
    (folder / "text" / "config.json").write_text(json.dumps(named))
    monkeypatch.setattr("builtins.input", lambda *prompt: asked.append(prompt) or "y")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load(str(folder))
    assert not asked
    assert not (tmp_path / "exploded").exists()


def test_unknown_tags_and_architectures_are_answered_in_words():
    with pytest.raises(ModelError, match=r"no weights “nonsense” for ViT-B-32; it has 22, the closest openai, "):
        load("ViT-B-32:nonsense")
    with pytest.raises(ModelError, match=r"cannot be reached|switched off|not on this machine"):
        load("ViT-B-32:laion2b_s34b_b79k")
    with pytest.raises(ModelError, match="switched off"):
        load("hf-hub:laion/CLIP-ViT-B-32-laion2B-s34B-b79K")
    with pytest.raises(ModelError, match=r"no architecture “ViT-B-23”; did you mean .*ViT-B-32"):
        load("ViT-B-23:laion2b")
    with pytest.raises(ModelError, match=r"no file “runs/epoch_10.pt” with weights for ViT-B-32; check the path"):
        load("ViT-B-32:runs/epoch_10.pt")


def test_one_file_read_as_two_architectures_is_two_models(tmp_path: Path):
    """They may differ in an activation alone, and weights fit both: what one made of a film is not the other's."""
    (tmp_path / "mine.pt").write_bytes(b"weights")
    revisions = {
        openclip_names.locate(replace(ENTRY, where=f"{name}:{tmp_path / 'mine.pt'}"), Settings()).revision
        for name in ("ViT-B-32", "ViT-B-32-quickgelu")
    }
    assert len(revisions) == 2


def test_damaged_folders_are_answered_in_words(tmp_path: Path):
    folder = save_tiny_open_clip(tmp_path / "whole")
    without = Path(shutil.copytree(folder, tmp_path / "without"))
    (without / "open_clip_model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"holds no weights; put open_clip_model.safetensors"):
        load(str(without))
    pickled = Path(shutil.copytree(without, tmp_path / "pickled"))
    (pickled / "open_clip_pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(ModelError, match="pickle"):
        load(str(pickled))
    odd = Path(shutil.copytree(folder, tmp_path / "odd"))
    config = json.loads((odd / "open_clip_config.json").read_text())
    config["preprocess_cfg"]["resize_mode"] = "odd"
    (odd / "open_clip_config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="resized as “odd”, which is no way to do so; write shortest, longest, squash"):
        load(str(odd))
    empty = Path(shutil.copytree(folder, tmp_path / "empty"))
    (empty / "open_clip_config.json").write_text("{}")
    with pytest.raises(ModelError, match="describes no model"):
        load(str(empty))
