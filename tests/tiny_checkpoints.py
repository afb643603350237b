"""Tiny checkpoints with random weights, saved in the hub's own format: real loading, no download."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

WORDS = [
    *["a", "the", "of", "on", "and", "with", "photo", "video", "scene", ".", "<", "|", ">", "startoftext"],
    *["red", "green", "blue", "circle", "square", "cat", "dog"],
]


def save_word_tokenizer(folder: Path) -> dict[str, int]:
    """Write a word-level tokenizer with [UNK] and the end token last; return its vocabulary."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: i for i, word in enumerate(["[PAD]", "[UNK]", *WORDS, "[BEGIN]", "[END]"])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[BEGIN] $A [END]",
        special_tokens=[("[BEGIN]", vocabulary["[BEGIN]"]), ("[END]", vocabulary["[END]"])],
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        pad_token="[PAD]",
        bos_token="[BEGIN]",
        eos_token="[END]",
    ).save_pretrained(folder)
    return vocabulary


def save_byte_pair_tokenizer(folder: Path) -> dict[str, int]:
    """Write CLIP's own kind of tokenizer, every byte a piece and three merges; return its vocabulary."""
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import CLIPTokenizer

    letters = sorted(ByteLevel.alphabet())
    merges = ["c a", "ca t</w>", "r e"]
    ends = [f"{letter}</w>" for letter in letters]
    pieces = [*letters, *ends, *(merge.replace(" ", "") for merge in merges)]
    vocabulary = {piece: i for i, piece in enumerate([*pieces, "<|startoftext|>", "<|endoftext|>"])}
    CLIPTokenizer(vocab=vocabulary, merges=[tuple(merge.split()) for merge in merges]).save_pretrained(folder)
    return {**vocabulary, "[BEGIN]": len(pieces), "[END]": len(pieces) + 1, "[PAD]": len(pieces) + 1}


def save_tiny_clip(
    folder: Path,
    seed: int = 0,
    context: int = 16,
    save_tokenizer: Callable[[Path], dict[str, int]] = save_word_tokenizer,
) -> Path:
    """Write a CLIP with two layers and 32 px frames to ``folder``."""
    import torch
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel

    vocabulary = save_tokenizer(folder)
    torch.manual_seed(seed)
    layers = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = CLIPConfig(
        text_config={
            **layers,
            "vocab_size": len(vocabulary),
            "max_position_embeddings": context,
            "bos_token_id": vocabulary["[BEGIN]"],
            "eos_token_id": vocabulary["[END]"],
            "pad_token_id": vocabulary["[PAD]"],
        },
        vision_config={**layers, "image_size": 32, "patch_size": 8},
        projection_dim=24,
    )
    model = CLIPModel(config)
    with torch.no_grad():
        # Larger than the default initialisation, so that inputs matter and differences show.
        for weight in model.parameters():
            if weight.ndim > 1:
                weight.mul_(8)
    model.save_pretrained(folder)
    CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder
