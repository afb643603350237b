"""What stands in a checkpoint's folder, judged before any of it is loaded.

Separate because it needs only the file system: a folder that lacks something, or holds a pickle, is
refused with a sentence here, so that loading never meets it. A pickle is never opened.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import struct
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from workbench.core.null import MIN_DISTRACTORS
from workbench.errors import ModelError
from workbench.types.grounding import MeasuredNull

PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
TOKENIZERS = ("tokenizer.json", "vocab.txt", "spiece.model", "sentencepiece.bpe.model", "tokenizer.model")
# Which ids a text becomes, beside the tokenizer itself.
TOKENIZATION = ("vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
IMAGE_PROCESSORS = ("preprocessor_config.json", "processor_config.json")
# What reads windows of frames, whose preprocessor_config.json is of sound or of single pictures, if there is one.
VIDEO_MODELS = frozenset({"pe_video", "pe_audio_video"})
VIDEO_PROCESSORS = ("video_preprocessor_config.json", "processor_config.json")
# The layout of open_clip, whose config and weights have names of their own.
OPEN_CLIP, OPEN_CLIP_CONFIG, OPEN_CLIP_WEIGHTS = "open_clip", "open_clip_config.json", "open_clip_model.safetensors"
# What the library peft trains beside a model, and saves without it.
ADAPTER_CONFIG = "adapter_config.json"
_READ = frozenset({".safetensors", ".json", ".txt", ".model"})
_NULL_FIELDS = tuple(item.name for item in fields(MeasuredNull))
GENERIC_PROMPTS = ("{}", "a photo of {}.", "a video of {}.", "a scene with {}.")


@dataclass(frozen=True)
class Card:
    """What a model's folder says about itself in ``workbench.json``; every field may be left out."""

    title: str = ""
    licence: str = ""
    prompts: tuple[str, ...] = GENERIC_PROMPTS
    distractors: tuple[str, ...] = ()
    measured_nulls: tuple[MeasuredNull, ...] = ()
    note: str = ""


def check(folder: Path, name: str, kind: str | None = None) -> None:
    """Raise ``ModelError`` unless ``folder`` holds a whole checkpoint in safetensors; return nothing.

    ``kind`` is the ``model_type`` to take the folder for, where it could be taken for two.
    """
    if os.path.isfile(folder):
        raise ModelError(f"“{name}” is a file; {_instead_of_file(folder, name)}.")
    if not os.path.isdir(folder):
        raise ModelError(f"There is no folder “{name}”; give a folder that holds a model, or a hub id like org/name.")
    kind = kind or model_type(folder, name)
    files = weights(folder, kind)
    if not files:
        _check_no_adapter(folder, name)
        if any(path for pattern in PICKLES for path in folder.glob(pattern)):
            raise ModelError(
                f"The weights of “{name}” are a pickle, which can run code and is never opened here; "
                f"convert them to safetensors (save_pretrained writes it) and try again."
            )
        expected = OPEN_CLIP_WEIGHTS if kind == OPEN_CLIP else "model.safetensors"
        raise ModelError(f"“{name}” holds no weights; put {expected} beside its config.")
    for path in files:
        _check_whole(path, name)
    if kind == OPEN_CLIP:
        _check_open_clip(folder, name)
        return
    has_bpe = (folder / "vocab.json").is_file() and (folder / "merges.txt").is_file()
    if not has_bpe and not any((folder / file).is_file() for file in TOKENIZERS):
        raise ModelError(f"“{name}” has no tokenizer; save it beside the weights as tokenizer.json.")
    what, processors = ("video", VIDEO_PROCESSORS) if kind in VIDEO_MODELS else ("image", IMAGE_PROCESSORS)
    if not any((folder / file).is_file() for file in processors):
        raise ModelError(
            f"“{name}” does not say how its images are prepared; save its {what} processor beside the weights "
            f"as {processors[0]}."
        )


def _instead_of_file(path: Path, name: str) -> str:
    if any(path.match(pattern) for pattern in PICKLES):
        return f"give its architecture in open_clip too, such as ViT-B-32:{name}, or a folder with safetensors"
    return "give the folder that it lies in, with its config and tokenizer"


def _check_no_adapter(folder: Path, name: str) -> None:
    config = _read_json(folder / ADAPTER_CONFIG)
    if config is not None:
        base = config.get("base_model_name_or_path") or "its base model"
        raise ModelError(
            f"“{name}” is an adapter (LoRA), which is no model by itself; merge it into {base} with the library peft "
            f"(merge_and_unload), save that and its processor with save_pretrained, and give that folder."
        )


def open_clip_model(folder: Path, name: str) -> dict[str, Any]:
    """Return what a folder of open_clip says of its model, or raise ``ModelError``: it describes none."""
    config = _read_json(folder / OPEN_CLIP_CONFIG)
    model = None if config is None else config.get("model_cfg")
    if not isinstance(model, dict) or not all(isinstance(model.get(part), dict) for part in ("vision_cfg", "text_cfg")):
        raise ModelError(f"The {OPEN_CLIP_CONFIG} of “{name}” describes no model; save it with open_clip again.")
    return model


def _check_open_clip(folder: Path, name: str) -> None:
    text = open_clip_model(folder, name)["text_cfg"]
    if text.get("hf_tokenizer_name") and not any((folder / file).is_file() for file in TOKENIZERS):
        raise ModelError(f"“{name}” has no tokenizer; save it beside the weights as tokenizer.json.")


def model_type(folder: Path, name: str) -> str:
    """Return ``model_type`` of the folder's ``config.json``, ``open_clip`` for its layout, or raise ``ModelError``.

    ``name`` is what a person calls the folder, which may be a snapshot of the hub.
    """
    config = _read_json(folder / "config.json")
    if (folder / OPEN_CLIP_CONFIG).is_file() and not (config or {}).get("model_type"):
        return OPEN_CLIP
    if config is None:
        _check_no_adapter(folder, name)
        raise ModelError(f"“{name}” has no config.json; give a folder in Hugging Face format.")
    if not isinstance(config.get("model_type"), str):
        raise ModelError(f"The config.json of “{name}” names no model_type; give a folder in Hugging Face format.")
    return config["model_type"]


def weights(folder: Path, kind: str = "") -> list[Path]:
    """Return the safetensors files that hold the weights: one, or the shards that the index names."""
    if kind == OPEN_CLIP:
        path = folder / OPEN_CLIP_WEIGHTS
        return [path] if path.is_file() else []
    index = _read_json(folder / "model.safetensors.index.json")
    if index is not None:
        shards = index.get("weight_map")
        if not isinstance(shards, dict) or not all(isinstance(shard, str) for shard in shards.values()):
            raise ModelError(f"The index of the weights of “{_called(folder)}” names no files; fetch it again.")
        return [folder / Path(shard).name for shard in sorted(set(shards.values()))]
    single = folder / "model.safetensors"
    return [single] if single.is_file() else []


def weights_bytes(folder: Path, kind: str = "") -> int:
    """Return the size of the weights in bytes; 0 where there are none, or what lists them is damaged."""
    try:
        return sum(path.stat().st_size for path in weights(folder, kind) if path.is_file())
    except ModelError:
        return 0


Stamp = tuple[tuple[str, int, int], ...]


def stamp(where: str) -> Stamp:
    """Return name, age and size of what is read of a folder or a file, as ``where`` names them; nothing elsewhere.

    Cost: a look at the folder, and not into the files.
    """
    folder, file = Path(where), Path(os.path.expanduser(where.partition(":")[2]))
    files = [file] if os.path.isfile(file) else []
    if os.path.isdir(folder):
        files = sorted(path for path in folder.iterdir() if path.suffix in _READ and path.is_file())
    return tuple((path.name, (found := path.stat()).st_mtime_ns, found.st_size) for path in files)


def revision(folder: Path, kind: str = "") -> str:
    """Return the hub's commit if the folder is a snapshot of its cache, else a digest of its content.

    The digest covers the weights, the configuration and the tokenizer. Cost: reads the weights once.
    """
    if _hub_id(folder) and re.fullmatch("[0-9a-f]{40}", folder.name):
        return folder.name
    digest = hashlib.sha256()
    described = [folder / file for file in ("config.json", OPEN_CLIP_CONFIG, *TOKENIZERS, *TOKENIZATION)]
    for path in [*weights(folder, kind), *(path for path in described if path.is_file())]:
        with path.open("rb") as stream:
            digest.update(path.name.encode() + b"\0" + hashlib.file_digest(stream, "sha256").digest())
    return "sha256-" + digest.hexdigest()


def _hub_id(folder: Path) -> str | None:
    """Return whose snapshot in the cache of the hub the folder is, as org/name, or None."""
    repository = folder.parent.parent.name
    is_snapshot = folder.parent.name == "snapshots" and repository.startswith("models--")
    return repository.removeprefix("models--").replace("--", "/") if is_snapshot else None


def _called(folder: Path) -> str:
    """Return what a person calls the folder."""
    return _hub_id(folder) or folder.name


def card(folder: Path) -> Card:
    """Return what ``workbench.json`` says, with generic prompts and distractors where it is silent.

    Of a licence the folder's README may say something, too.
    Raises ``ModelError`` if the file is malformed.
    """
    given = _read_json(folder / "workbench.json") or {}
    problem = f"The workbench.json of “{_called(folder)}” is malformed: "
    for key in ("title", "licence", "note"):
        if not isinstance(given.get(key, ""), str):
            raise ModelError(f"{problem}{key} must be a text; correct or remove it.")
    for key in ("prompts", "distractors"):
        items = given.get(key, [])
        if not isinstance(items, list) or not all(isinstance(item, str) and item.strip() for item in items):
            raise ModelError(f"{problem}{key} must be a list of texts; correct or remove it.")
    if any(prompt.count("{}") != 1 for prompt in given.get("prompts", [])):
        raise ModelError(f"{problem}each prompt must hold {{}} once, where the query goes; correct it.")
    return Card(
        title=given.get("title", ""),
        licence=given.get("licence", "") or _licence_of_readme(folder / "README.md"),
        prompts=tuple(given.get("prompts") or GENERIC_PROMPTS),
        distractors=tuple(given.get("distractors") or generic_distractors()),
        measured_nulls=_measured_nulls(given.get("measured_nulls", []), problem),
        note=given.get("note", ""),
    )


def _licence_of_readme(path: Path) -> str:
    """Return the licence that stands in the head of a README, as the hub has it, or nothing."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
    head = re.match(r"---\n(.*?)\n---", text, re.DOTALL)
    stated = dict(re.findall(r"^(license|license_name): *[\"']?([\w.+-]+)", head[1], re.MULTILINE)) if head else {}
    return stated.get("license_name") or stated.get("license", "")


def _measured_nulls(given: Any, problem: str) -> tuple[MeasuredNull, ...]:
    try:
        return tuple(map(_measured_null, given))
    except (TypeError, ValueError, KeyError):
        raise ModelError(
            f"{problem}measured_nulls must be a list of objects with {', '.join(_NULL_FIELDS)}, all numbers but the "
            f"words; correct or remove it."
        ) from None


def _measured_null(row: dict[str, Any]) -> MeasuredNull:
    if set(row) != set(_NULL_FIELDS):
        raise ValueError("other fields than there are")
    fps, step_s, smoothing_s, longest_s = (_number(row[name]) for name in _NULL_FIELDS[:4])
    levels = tuple((_number(background), _number(best)) for background, best in row["levels"])
    words, peaks = row["words"], tuple(map(_number, row["peaks"]))
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise TypeError("not words")
    if not (fps > 0 and step_s > 0 and smoothing_s >= 0 and longest_s > 0 and len(peaks) >= MIN_DISTRACTORS):
        raise ValueError("out of range")
    return MeasuredNull(fps, step_s, smoothing_s, longest_s, levels, tuple(words), peaks)


def generic_distractors() -> tuple[str, ...]:
    """Return the everyday sentences of ``distractors.txt``: what is, as a rule, not in a given film."""
    text = Path(__file__).with_name("distractors.txt").read_text(encoding="utf-8")
    return tuple(line for line in text.splitlines() if line and not line.startswith("#"))


def _number(value: object) -> float:
    """Return a value of JSON as a finite number: Python also reads NaN, and true as 1. Raises ``TypeError``."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise TypeError("not a number")
    return float(value)


def _check_whole(path: Path, name: str) -> None:
    """Raise unless the file is as long as its own header says; the header alone is read."""
    again = "fetch or copy it again"
    if not path.is_file():
        raise ModelError(f"“{name}” lacks a part of its weights, {path.name}; {again}.")
    size = path.stat().st_size
    try:
        with path.open("rb") as stream:
            (n_header,) = struct.unpack("<Q", stream.read(8))
            if n_header > min(size, 100_000_000):
                raise ValueError("header longer than the file")
            header = json.loads(stream.read(n_header))
        ends = [item["data_offsets"][1] for key, item in header.items() if key != "__metadata__"]
        is_whole = size == 8 + n_header + max(ends, default=0)
    except (OSError, struct.error, ValueError, KeyError, TypeError, IndexError, AttributeError):
        raise ModelError(f"The weights file {path.name} of “{name}” is damaged or no safetensors; {again}.") from None
    if not is_whole:
        raise ModelError(f"The weights file {path.name} of “{name}” is incomplete; {again}.")


def _read_json(path: Path) -> dict | None:
    if not path.is_file():
        return None
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ModelError(f"{path.name} of “{_called(path.parent)}” is not readable JSON; fetch or write it again.")
    return value
