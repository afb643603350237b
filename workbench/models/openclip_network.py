"""open_clip's networks and tokenizers, built and filled with weights, or a sentence on why they cannot be.

Separate because the library says what is wrong with a checkpoint in its own words and in many lines: what of that
a person can mend is said here. Weights are safetensors, or read with ``weights_only``.
"""

from __future__ import annotations

import logging
import re
import warnings
from importlib import metadata
from pathlib import Path
from typing import Any

from workbench.errors import ModelError, said_by
from workbench.models import checkpoint, hub, openclip_texts
from workbench.models.compute import is_out_of_memory
from workbench.models.openclip_names import Source
from workbench.settings import Settings

log = logging.getLogger(__name__)

_LACKING = re.compile(r"Missing key\(s\) in state_dict: (.*)")
_FOREIGN = re.compile(r"Unexpected key\(s\) in state_dict: (.*)")
_MISSHAPEN = re.compile(r"size mismatch for (\S+): .*? torch\.Size\(\[(.*?)\]\) .*? torch\.Size\(\[(.*?)\]\)")
# What stands in a config and is not known here, and what to say of it.
_UNKNOWN = {
    r"(?:Unknown model|Invalid pretrained tag) \((.*?)\)": "sees with a network that the library timm does not know, "
    "“{0}”; correct its timm_model_name in {config}, or install a timm that has it.",
    r"model type `(.*?)` but Transformers does not recognize": "reads with a network that the library transformers "
    "does not know, “{0}”; correct its hf_model_name in {config}, or install a transformers that has it.",
    r"Repo id must be .*?: '(.*?)'": "reads with a network described in “{0}”, which is not on this machine; correct "
    "its hf_model_name in {config}.",
    r"got an unexpected keyword argument '(\w+)'": "is described with “{0}”, which open_clip {version} does not know; "
    "correct its {config}, or install the open_clip that it was saved with.",
}


def read_network(source: Source, name: str, settings: Settings) -> tuple[Any, Any]:
    """Return model and tokenizer. Raises ``ModelError`` saying why there is none.

    Code that a text tower or a tokenizer would bring is not run, and nobody is asked whether it may be.
    """
    import open_clip
    from transformers import dynamic_module_utils

    dynamic_module_utils.TIME_OUT_REMOTE_CODE = 0  # of the question, which the library would ask on the terminal
    text = _text_config(source, name)
    if text.get("hf_model_name") and text.get("hf_pooler_type") == "max_pooler":
        raise ModelError(
            f"“{name}” pools its texts with open_clip's max_pooler, which fails on every text in the library itself; "
            f"choose a model with another pooler."
        )
    try:
        # Some text towers and tokenizers are looked up on the hub; what there is to say is said below.
        with hub.out_of_reach(settings), warnings.catch_warnings(action="ignore"):
            model = open_clip.create_model(
                source.name, pretrained=source.weights, precision="fp32", weights_only=True, require_pretrained=True
            )
            # The library's own tokenizers do not know the option.
            options = {"trust_remote_code": False} if text.get("hf_tokenizer_name") else {}
            return model, openclip_texts.as_typed(open_clip.get_tokenizer(source.name, **options))
    # Whatever a damaged or foreign checkpoint makes the library raise is one thing to the person.
    except Exception as error:
        if is_out_of_memory(error):
            raise
        log.debug("loading %s failed", name, exc_info=True)
        is_about_weights = "state_dict" in str(error)  # which may be named anything
        if not is_about_weights and re.search("offline|n.t connect to|connection", str(error), re.IGNORECASE):
            why = "is switched off here" if hub.is_offline(settings) else "could not be reached"
            raise hub.HubUnreachable(
                f"“{name}” builds on files of the Hugging Face hub that are not on this machine, and the hub {why}"
            ) from error
        raise ModelError(_said(error, source, name)) from error


def _text_config(source: Source, name: str) -> dict[str, Any]:
    import open_clip

    if source.folder is None:
        return open_clip.get_model_config(source.name)["text_cfg"]
    return checkpoint.open_clip_model(source.folder, name)["text_cfg"]


def _said(error: Exception, source: Source, name: str) -> str:
    """Return the sentence for what the library could not load."""
    if source.weights and (about_file := _about_file(error, Path(source.weights), name)):
        return about_file
    text, config, mend = str(error), "its config", f"fetch it again, or correct its {checkpoint.OPEN_CLIP_CONFIG}"
    if source.weights:
        config, mend = source.name, "name the architecture that it was trained as, or save its state_dict by itself"
    if found := _MISSHAPEN.search(text):
        weight, shape, wanted = found[1], _shape(found[2]), _shape(found[3])
        return (
            f"“{name}” has weights of another shape than {config} asks for, such as {weight}, {shape} where {wanted} "
            f"is asked for; {mend}."
        )
    if "pos_embed width changed" in text:
        return f"“{name}” has positional embeddings of another width than {config} asks for; {mend}."
    if found := _LACKING.search(text):
        n_weights, first = _listed(found[1])
        return f"“{name}” lacks {n_weights} of the weights that {config} asks for, such as {first}; {mend}."
    if found := _FOREIGN.search(text):
        n_weights, first = _listed(found[1])
        return f"“{name}” has weights that {config} has no place for, {n_weights} of them, such as {first}; {mend}."
    for pattern, sentence in _UNKNOWN.items():
        if found := re.search(pattern, text):
            named = {"config": checkpoint.OPEN_CLIP_CONFIG, "version": metadata.version("open_clip_torch")}
            return f"“{name}” {sentence.format(found[1], **named)}"
    return f"“{name}” cannot be loaded ({said_by(error)}); check that its files are complete and belong together."


def _about_file(error: Exception, path: Path, name: str) -> str:
    """Return what is wrong with a file of weights, or nothing where it could be read."""
    kind, text = type(error).__name__, str(error)
    if "TorchScript" in text:
        return f"“{name}” is a TorchScript archive, which holds code; save its state_dict by itself, or as safetensors."
    if kind in {"EOFError", "SafetensorError"} or re.search("PytorchStreamReader|corrupted|truncated", text):
        return f"“{name}” is damaged or incomplete; fetch or copy it again."
    if kind == "UnpicklingError" and not _is_pickle(path):
        return f"“{name}” is no file that PyTorch saved; name one of weights, or fetch it again."
    if kind == "UnpicklingError":
        return (
            f"“{name}” is no file of weights alone, and what else a pickle holds can run code; save its state_dict by "
            f"itself, or as safetensors."
        )
    if kind == "StopIteration" or re.search("has no attribute '(items|startswith)'", text):
        return f"“{name}” holds no weights by name; save the state_dict of the model."
    return ""


def _is_pickle(path: Path) -> bool:
    """Return whether a file begins as what PyTorch saves: an archive, or in older versions a bare pickle."""
    with path.open("rb") as stream:
        return stream.read(4).startswith((b"PK\x03\x04", b"\x80"))


def _listed(text: str) -> tuple[int, str]:
    """Return how many weights the library lists, and the first of them."""
    names = re.findall('"([^"]+)"', text)
    return len(names), names[0]


def _shape(sizes: str) -> str:
    return sizes.replace(", ", " x ") or "one number"
