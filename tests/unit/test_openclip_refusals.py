"""Checkpoints that open_clip cannot load: each is refused with a sentence of ours, and not with the library's."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tiny_checkpoints import (
    save_tiny_open_clip,
    save_tiny_open_clip_bert,
    save_tiny_open_clip_resnet,
    save_tiny_open_clip_timm,
)
from workbench.errors import ModelError
from workbench.models.registry import ModelRegistry
from workbench.settings import Settings

FAMILIES = {
    "clip": save_tiny_open_clip,
    "resnet": save_tiny_open_clip_resnet,
    "timm": save_tiny_open_clip_timm,
    "bert": save_tiny_open_clip_bert,
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: save(tmp_path_factory.mktemp(name) / name) for name, save in FAMILIES.items()}


def refusal(name: str) -> str:
    with pytest.raises(ModelError) as caught:
        ModelRegistry(Settings(offline=True, device="cpu")).load(name)
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    return message.removeprefix(f"“{name}” ")


MEND = "fetch it again, or correct its open_clip_config.json."


@pytest.mark.parametrize(
    ("kind", "part", "changes", "said"),
    [
        (
            "clip",
            "vision_cfg",
            {"width": 64},
            "has weights of another shape than its config asks for, such as visual.class_embedding, 32 where 64 is "
            f"asked for; {MEND}",
        ),
        (
            "clip",
            "text_cfg",
            {"width": 64},
            "has positional embeddings of another width than its config asks for; " + MEND,
        ),
        (
            "resnet",
            "vision_cfg",
            {"layers": [1, 1, 1, 2]},
            f"lacks 15 of the weights that its config asks for, such as visual.layer4.1.conv1.weight; {MEND}",
        ),
        (
            "clip",
            "vision_cfg",
            {"layers": 1},
            "has weights that its config has no place for, 12 of them, such as "
            f"visual.transformer.resblocks.1.attn.in_proj_bias; {MEND}",
        ),
        (
            "timm",
            "vision_cfg",
            {"timm_model_name": "vit_unheard_of"},
            "sees with a network that the library timm does not know, “vit_unheard_of”; correct its timm_model_name in "
            "open_clip_config.json, or install a timm that has it.",
        ),
        (
            "bert",
            "text_cfg",
            {"hf_model_name": "/nowhere/text"},
            "reads with a network described in “/nowhere/text”, which is not on this machine; correct its "
            "hf_model_name in open_clip_config.json.",
        ),
        (
            "clip",
            "vision_cfg",
            {"wobble": 3},
            "is described with “wobble”, which open_clip ",
        ),
        (
            "clip",
            "vision_cfg",
            {"patch_size": "x"},
            "cannot be loaded (not enough values to unpack (expected 2, got 1))",
        ),
        (
            "bert",
            "text_cfg",
            {"hf_pooler_type": "max_pooler"},
            "pools its texts with open_clip's max_pooler, which fails on every text in the library itself; choose a "
            "model with another pooler.",
        ),
    ],
)
def test_a_folder_whose_config_asks_for_another_model(folders, tmp_path: Path, kind, part, changes, said: str):
    folder = Path(shutil.copytree(folders[kind], tmp_path / "model"))
    config = json.loads((folder / "open_clip_config.json").read_text())
    config["model_cfg"][part] |= changes
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    assert refusal(str(folder)).startswith(said)


def test_a_text_tower_of_an_unknown_kind(folders, tmp_path: Path):
    folder = Path(shutil.copytree(folders["bert"], tmp_path / "model"))
    config = json.loads((folder / "open_clip_config.json").read_text())
    config["model_cfg"]["text_cfg"]["hf_model_name"] = str(folder / "text")
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    (folder / "text" / "config.json").write_text('{"model_type": "wobbler"}')
    assert refusal(str(folder)).startswith(
        "reads with a network that the library transformers does not know, “wobbler”"
    )


def test_max_pooling_fails_in_the_library_too(folders, tmp_path: Path):
    """Where this no longer holds, max_pooler need not be refused any more."""
    import open_clip

    folder = Path(shutil.copytree(folders["bert"], tmp_path / "model"))
    config = json.loads((folder / "open_clip_config.json").read_text())
    config["model_cfg"]["text_cfg"]["hf_pooler_type"] = "max_pooler"
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    network, _ = open_clip.create_model_from_pretrained(f"local-dir:{folder}")
    with pytest.raises(RuntimeError, match="boolean mask"):
        network.encode_text(open_clip.get_tokenizer(f"local-dir:{folder}")(["a red circle"]))


def saved(content: Callable[[], object]) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        import torch

        torch.save(content(), path)

    return write


def weights() -> dict:
    import torch

    return {"positional_embedding": torch.zeros(77, 512), "visual.class_embedding": torch.zeros(768)}


def save_half(path: Path) -> None:
    saved(weights)(path)
    path.write_bytes(path.read_bytes()[:1000])


def save_archive_of_code(path: Path) -> None:
    import torch

    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), path)


BY_ITSELF = "name the architecture that it was trained as, or save its state_dict by itself."


@pytest.mark.filterwarnings("error:.*torch.load", "ignore:.*torch.jit")
@pytest.mark.parametrize(
    ("write", "said"),
    [
        (
            lambda path: path.write_bytes(b"garbage in here"),
            "is no file that PyTorch saved; name one of weights, or fetch",
        ),
        (lambda path: path.write_bytes(b""), "is damaged or incomplete; fetch or copy it again."),
        (lambda path: path.write_bytes(b"PK\x03\x04 and no more"), "is damaged or incomplete; fetch or copy it again."),
        (save_half, "is damaged or incomplete; fetch or copy it again."),
        (save_archive_of_code, "is a TorchScript archive, which holds code; save its state_dict by itself"),
        (saved(lambda: [1, 2]), "holds no weights by name; save the state_dict of the model."),
        (saved(dict), "holds no weights by name; save the state_dict of the model."),
        (saved(lambda: {"path": Path("x")}), "is no file of weights alone, and what else a pickle holds can run code"),
        (saved(weights), "lacks 300 of the weights that ViT-B-32 asks for, such as text_projection; " + BY_ITSELF),
        (saved(lambda: {"model": weights()}), "lacks 302 of the weights that ViT-B-32 asks for, such as positional_"),
    ],
)
def test_a_file_that_holds_no_such_weights(tmp_path: Path, write: Callable[[Path], object], said: str):
    path = tmp_path / "epoch_3.pt"
    write(path)
    assert refusal(f"ViT-B-32:{path}").startswith(said)


def test_a_file_of_another_architecture(tmp_path: Path):
    def narrow() -> dict:
        import torch

        return weights() | {"visual.class_embedding": torch.zeros(512)}

    saved(narrow)(tmp_path / "epoch_3.pt")
    assert refusal(f"ViT-B-32:{tmp_path / 'epoch_3.pt'}").startswith(
        "has weights of another shape than ViT-B-32 asks for, such as visual.class_embedding, 512 where 768 is asked "
        f"for; {BY_ITSELF}"
    )
