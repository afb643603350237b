"""open_clip: any of its architectures, with weights of a folder, of the hub, of one of its tags, or of a file.

Separate because the library has its own configs, transforms and tokenizers, and no attention mask for text:
words are left out by a hook on the text transformer.

Source: Ilharco et al., OpenCLIP, 2021; Cherti et al., Reproducible Scaling Laws, CVPR 2023.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict
from typing import Any, get_args

import numpy as np
from jaxtyping import Bool

from workbench.errors import ModelError
from workbench.models import checkpoint, openclip_texts
from workbench.models.dual import DualEncoder
from workbench.models.entry import ModelEntry
from workbench.models.openclip_names import Source
from workbench.models.pillow import Fit, Preparation
from workbench.models.tokenization import TokenizedTexts
from workbench.settings import Settings


class OpenClip(DualEncoder):
    """A model of the open_clip library that encodes every frame and every sentence by itself.

    ``openclip_vision.load`` makes one. Raises ``ModelError`` where ``network`` and ``tokenizer`` do not fit.
    """

    def __init__(self, entry: ModelEntry, settings: Settings, source: Source, network: Any, tokenizer: Any) -> None:
        super().__init__(settings)
        self._lock = threading.Lock()
        self.unhooked: AbstractContextManager[Any] = self._lock
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
            return openclip_texts.read(self._tokenizer, texts, absent)

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
