"""open_clip: any of its architectures, with weights of a folder, of the hub, of one of its tags, or of a file.

Separate because the library has its own configs, transforms and tokenizers, and no attention mask for text:
words are left out by a hook on the text transformer. Its checkpoints are named in three ways:

- a folder, or ``hf-hub:org/name``, that holds ``open_clip_config.json`` and weights in safetensors;
- ``ViT-B-32:laion2b_s34b_b79k``: an architecture and one of the library's tags;
- ``ViT-B-32:/path/epoch_10.pt``: an architecture and a checkpoint of one's own training.

Source: Ilharco et al., OpenCLIP, 2021; Cherti et al., Reproducible Scaling Laws, CVPR 2023.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import logging
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
from jaxtyping import Bool, Int64

from workbench.errors import InputError, ModelError, said_by
from workbench.models import checkpoint, hub
from workbench.models.compute import is_out_of_memory
from workbench.models.dual import DualEncoder
from workbench.models.entry import ModelEntry
from workbench.models.pillow import Fit, Preparation
from workbench.models.runtime import require_torch
from workbench.models.tokenization import TokenizedTexts, unknown_words
from workbench.settings import Settings

log = logging.getLogger(__name__)


class OpenClip(DualEncoder):
    """A model of the open_clip library that encodes every frame and every sentence by itself.

    ``openclip_vision.load`` makes one. Raises ``ModelError`` where ``network`` and ``tokenizer`` do not fit.
    """

    def __init__(self, entry: ModelEntry, settings: Settings, source: Source, network: Any, tokenizer: Any) -> None:
        super().__init__(settings)
        self._lock = threading.Lock()
        self._model, self._tokenizer = network, tokenizer
        self._model.eval().requires_grad_(False).to(self._device)
        self._preparation = _preparation(self._model.visual.preprocess_cfg, entry.id)
        dim = self._try_once(entry.id, max(self._preparation.size_px))
        card = (
            checkpoint.card(source.folder)
            if source.folder
            else checkpoint.Card(distractors=checkpoint.generic_distractors())
        )
        self.spec = self._spec(
            entry,
            card,
            revision=source.revision,
            dim=dim,
            image_px=max(self._preparation.size_px),
            logit_scale=float(self._model.logit_scale.exp()),
            preprocessing=hashlib.sha256(json.dumps(asdict(self._preparation)).encode()).hexdigest(),
        )

    def prepare(self, pixels: np.ndarray) -> Any:
        """Return frames as the library's transform makes them, prepared on the device."""
        return self._preparation(self._compute.send(pixels).permute(0, 3, 1, 2))

    def look(self, prepared: Any) -> Any:
        """Return raw features of frames that are prepared."""
        return self._model.encode_image(prepared)

    def read(self, texts: Sequence[str], absent: Bool[np.ndarray, "query token"] | None = None) -> TokenizedTexts:
        """Return texts as the library's tokenizer writes them; tokens marked ``absent`` are not attended to."""
        with self._lock:  # a fast tokenizer keeps how it pads between its calls
            return _read(self._tokenizer, texts, absent)

    def say(self, ids: np.ndarray, attention: np.ndarray) -> Any:
        """Return raw features of texts that are tokenized.

        Raises ``ModelError`` if words are left out and this architecture's text encoder cannot do so.
        """
        # One at a time: the hook that leaves words out sits on the shared network.
        with self._lock, nullcontext() if attention.all() else self._left_out(attention.astype(bool)):
            return self._model.encode_text(self._compute.send(ids))

    @contextmanager
    def _left_out(self, keep: np.ndarray) -> Iterator[None]:
        """Let nobody attend to the positions that ``keep [query position]`` does not name."""
        torch, text = self._torch, getattr(self._model, "text", self._model)
        kept = torch.from_numpy(keep).to(self._device)
        if hasattr(text.transformer, "resblocks"):
            n_heads = text.transformer.resblocks[0].attn.num_heads

            def add_mask(module: Any, args: Any, named: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
                n_positions = args[0].shape[1]
                # A class token that some encoders put at the end is always kept.
                whole = torch.nn.functional.pad(kept, (0, n_positions - kept.shape[1]), value=True)
                away = torch.zeros(whole.shape, device=whole.device).masked_fill(~whole, -torch.inf)
                away = away[:, None].expand(-1, n_positions, -1).repeat_interleave(n_heads, 0)
                base = named.get("attn_mask")
                return args, {**named, "attn_mask": away if base is None else base + away}

        else:

            def add_mask(module: Any, args: Any, named: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
                if "attention_mask" not in named:
                    raise ModelError(f"“{self.spec.id}” cannot leave words out; choose another model for that.")
                return args, {**named, "attention_mask": named["attention_mask"] * kept}

        hooks = [text.transformer.register_forward_pre_hook(add_mask, with_kwargs=True)]
        if hasattr(text, "pooler"):  # what is left out has no part in a mean over the tokens, either
            hooks.append(text.pooler.register_forward_pre_hook(lambda module, args: (args[0], args[1] * kept)))
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()


@dataclass(frozen=True)
class Source:
    """Where a model is: how open_clip names it, its weights and their revision, its folder if it has one."""

    name: str
    weights: str | None
    revision: str
    folder: Path | None = None


def locate(entry: ModelEntry, settings: Settings) -> Source:
    """Return where the model of ``entry`` is, fetched if need be. Raises ``ModelError``."""
    architecture, _, weights = entry.where.partition(":")
    if not weights or Path(entry.where).is_dir():
        return _in_folder(entry, settings)
    path = Path(weights).expanduser()
    if path.is_file():
        _check_architecture(architecture)
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return Source(architecture, str(path), f"{architecture}-sha256-{digest}")
    return _in_folder(replace(entry, where=repository(architecture, weights)), settings)


def repository(architecture: str, weights: str) -> str:
    """Return the hub id under which the library's weights of that tag are published.

    Raises ``ModelError``: no such architecture or tag, or nothing but a pickle.
    """
    _check_architecture(architecture)
    import open_clip

    path, tag = Path(weights), weights.lower().replace("-", "_")  # as the library takes tags
    tags = open_clip.list_pretrained_tags_by_model(architecture)
    if tag not in tags and (path.suffix or len(path.parts) > 1):
        raise ModelError(f"There is no file “{weights}” with weights for {architecture}; check the path.")
    if tag not in tags:
        known = f"choose one of {', '.join(tags)}" if tags else "give the path of a checkpoint"
        raise ModelError(f"open_clip has no weights “{weights}” for {architecture}; {known}.")
    hub_id, _, file = open_clip.get_pretrained_cfg(architecture, tag).get("hf_hub", "").rpartition("/")
    if file or not hub_id:
        raise ModelError(
            f"The weights “{weights}” of {architecture} are published as a pickle only; fetch the file yourself and "
            f"name it as {architecture}:FILE, and it is read without running its code."
        )
    return hub_id


def _check_architecture(name: str) -> None:
    require_torch()
    import open_clip

    if name not in open_clip.list_models():
        near = difflib.get_close_matches(name, open_clip.list_models(), n=3)
        offer = f"did you mean {' or '.join(near)}?" if near else "open_clip.list_models() names them."
        raise ModelError(f"open_clip has no architecture “{name}”; {offer}")


def _in_folder(entry: ModelEntry, settings: Settings) -> Source:
    folder = hub.obtain(entry, settings)
    return Source(f"local-dir:{folder}", None, checkpoint.revision(folder, checkpoint.OPEN_CLIP), folder)


def read_network(source: Source, name: str, settings: Settings) -> tuple[Any, Any]:
    """Return model and tokenizer; weights are safetensors, or read with ``weights_only``. Raises ``ModelError``.

    Code that a text tower or a tokenizer would bring is not run, and nobody is asked whether it may be.
    """
    import open_clip
    from transformers import dynamic_module_utils

    dynamic_module_utils.TIME_OUT_REMOTE_CODE = 0  # of the question, which the library would ask on the terminal
    try:
        with hub.out_of_reach(settings):  # some text towers and tokenizers are looked up on the hub
            model = open_clip.create_model(
                source.name, pretrained=source.weights, precision="fp32", weights_only=True, require_pretrained=True
            )
            # The library's own tokenizers do not know the option.
            options = {"trust_remote_code": False} if _text_config(source).get("hf_tokenizer_name") else {}
            return model, open_clip.get_tokenizer(source.name, **options)
    # Whatever a damaged or foreign checkpoint makes the library raise is one thing to the person.
    except Exception as error:
        if is_out_of_memory(error):
            raise
        log.debug("loading %s failed", name, exc_info=True)
        if type(error).__name__ == "UnpicklingError":
            raise ModelError(
                f"“{name}” is no file of weights alone, and what else a pickle holds can run code; save its "
                f"state_dict by itself, or as safetensors."
            ) from error
        if re.search("offline|n.t connect to|connection", str(error), re.IGNORECASE):
            why = "is switched off here" if hub.is_offline(settings) else "could not be reached"
            raise hub.HubUnreachable(
                f"“{name}” builds on files of the Hugging Face hub that are not on this machine, and the hub {why}"
            ) from error
        raise ModelError(
            f"“{name}” cannot be loaded ({said_by(error)}); check that its files are complete and belong together."
        ) from error


def _text_config(source: Source) -> dict[str, Any]:
    import open_clip

    if source.folder is None:
        return open_clip.get_model_config(source.name)["text_cfg"]
    config = json.loads((source.folder / checkpoint.OPEN_CLIP_CONFIG).read_text(encoding="utf-8"))
    return config["model_cfg"]["text_cfg"]


def _preparation(config: dict[str, Any], name: str) -> Preparation:
    if config["resize_mode"] not in get_args(Fit):
        raise ModelError(
            f"“{name}” has its pictures resized as “{config['resize_mode']}”, which is no way to do so; write "
            f"{', '.join(get_args(Fit))} in its {checkpoint.OPEN_CLIP_CONFIG}."
        )
    size = config["size"]
    height, width = (size, size) if isinstance(size, int) else size
    return Preparation(
        size_px=(height, width),
        mean=tuple(config["mean"]),
        std=tuple(config["std"]),
        filter="bilinear" if config["interpolation"] == "bilinear" else "bicubic",
        fit=config["resize_mode"],
        fill=config["fill_color"],
    )


def _read(tokenizer: Any, texts: Sequence[str], absent: np.ndarray | None) -> TokenizedTexts:
    if not texts:
        return TokenizedTexts(np.zeros((0, 0), np.int64), np.zeros((0, 0), np.int64), (), (), ())
    ids = tokenizer(list(texts)).numpy()
    # What stands for a part of a text, and not for its begin, its end or nothing.
    is_piece = np.zeros(ids.shape, dtype=bool)
    is_truncated: list[bool] = []
    unknown: list[tuple[str, ...]] = []
    for row, text in enumerate(texts):
        if hasattr(tokenizer, "encode"):
            n_pieces, room = len(tokenizer.encode(text)), ids.shape[1] - 2
            unknown.append(())  # a text is read byte by byte if need be
            is_piece[row, 1 : 1 + min(n_pieces, room)] = True
        else:
            whole = tokenizer.tokenizer(tokenizer.clean_fn(text), return_special_tokens_mask=True)
            n_pieces, n_special = whole["special_tokens_mask"].count(0), sum(whole["special_tokens_mask"])
            room = ids.shape[1] - n_special
            is_piece[row] = ~np.isin(ids[row], _ends(tokenizer.tokenizer))
            unknown.append(unknown_words(tokenizer.tokenizer, tokenizer.clean_fn(text)))
        is_truncated.append(n_pieces > room)
    tokens = tuple(tuple(map(_shown(tokenizer), row[mask].tolist())) for row, mask in zip(ids, is_piece, strict=True))
    keep = np.ones_like(ids) if absent is None else _kept(is_piece, absent)
    return TokenizedTexts(ids, keep, tokens, tuple(unknown), tuple(is_truncated))


def _ends(tokenizer: Any) -> list[int]:
    """Return the ids that stand for no part of a text; that of a word it does not know is one, and stays."""
    named = (getattr(tokenizer, f"{name}_token_id") for name in ("bos", "eos", "pad", "cls", "sep", "mask"))
    return [number for number in named if number is not None]


def _shown(tokenizer: Any) -> Any:
    """Return what turns an id into the piece of text that it stands for."""
    if hasattr(tokenizer, "encode"):
        return lambda piece: tokenizer.decode([piece]).strip()
    return lambda piece: tokenizer.tokenizer.decode([piece]).strip()


def _kept(
    is_piece: Bool[np.ndarray, "query position"], absent: Bool[np.ndarray, "query token"]
) -> Int64[np.ndarray, "query position"]:
    longest = int(is_piece.sum(axis=1).max(initial=0))
    if absent.shape[0] != len(is_piece) or absent.shape[1] < longest:
        raise InputError(
            f"The mask of absent tokens has shape {absent.shape} where the texts need "
            f"({len(is_piece)}, {longest}); make it from the tokens of the same texts."
        )
    keep = np.ones(is_piece.shape, dtype=np.int64)
    for row, mask in enumerate(is_piece):
        places = np.flatnonzero(mask)
        keep[row, places] = ~absent[row, : len(places)]
    return keep
