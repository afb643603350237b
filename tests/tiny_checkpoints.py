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


def save_sentencepiece_tokenizer(folder: Path) -> dict[str, int]:
    """Write SigLIP's own kind of tokenizer, learned from a few sentences; return its vocabulary."""
    import sentencepiece
    from transformers import SiglipTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    corpus = [" ".join([*WORDS[i:], *WORDS[:i]]) for i in range(len(WORDS))]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus * 4),
        model_prefix=str(folder / "spiece"),
        vocab_size=60,
        hard_vocab_limit=False,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        minloglevel=2,
    )
    (folder / "spiece.vocab").unlink()
    tokenizer = SiglipTokenizer(str(folder / "spiece.model"), model_max_length=16, model_input_names=["input_ids"])
    tokenizer.save_pretrained(folder)
    return tokenizer.get_vocab()


LAYERS = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}


def save_tiny_siglip(folder: Path, seed: int = 0) -> Path:
    """Write a SigLIP with two layers, 32 px frames and a sentencepiece tokenizer to ``folder``."""
    from transformers import SiglipConfig, SiglipImageProcessor, SiglipModel

    vocabulary = save_sentencepiece_tokenizer(folder)
    text = {**LAYERS, "vocab_size": len(vocabulary), "max_position_embeddings": 16, "projection_size": 32}
    vision = {**LAYERS, "image_size": 32, "patch_size": 8}
    _save_loud(SiglipModel, SiglipConfig(text_config=text, vision_config=vision), folder, seed)
    SiglipImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def save_tiny_siglip2(folder: Path, seed: int = 0) -> Path:
    """Write a SigLIP 2 that keeps the proportions of its pictures (NaFlex), 16 patches each, to ``folder``."""
    from transformers import Siglip2Config, Siglip2ImageProcessor, Siglip2Model

    vocabulary = save_word_tokenizer(folder)
    text = {**LAYERS, "vocab_size": len(vocabulary), "max_position_embeddings": 16, "projection_size": 32}
    vision = {**LAYERS, "num_patches": 16, "patch_size": 8}
    _save_loud(Siglip2Model, Siglip2Config(text_config=text, vision_config=vision), folder, seed)
    Siglip2ImageProcessor(patch_size=8, max_num_patches=16).save_pretrained(folder)
    return folder


def save_tiny_metaclip2(folder: Path, seed: int = 0) -> Path:
    """Write a MetaCLIP 2 with two layers and 32 px frames to ``folder``."""
    from transformers import CLIPImageProcessor, MetaClip2Config, MetaClip2Model

    vocabulary = save_word_tokenizer(folder)
    config = MetaClip2Config(
        text_config=_clip_text(vocabulary, context=16),
        vision_config={**LAYERS, "image_size": 32, "patch_size": 8},
        projection_dim=24,
    )
    _save_loud(MetaClip2Model, config, folder, seed)
    CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def save_tiny_clip(
    folder: Path,
    seed: int = 0,
    context: int = 16,
    save_tokenizer: Callable[[Path], dict[str, int]] = save_word_tokenizer,
) -> Path:
    """Write a CLIP with two layers and 32 px frames to ``folder``."""
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel

    vocabulary = save_tokenizer(folder)
    config = CLIPConfig(
        text_config=_clip_text(vocabulary, context),
        vision_config={**LAYERS, "image_size": 32, "patch_size": 8},
        projection_dim=24,
    )
    _save_loud(CLIPModel, config, folder, seed)
    CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def _clip_text(vocabulary: dict[str, int], context: int) -> dict[str, int]:
    return {
        **LAYERS,
        "vocab_size": len(vocabulary),
        "max_position_embeddings": context,
        "bos_token_id": vocabulary["[BEGIN]"],
        "eos_token_id": vocabulary["[END]"],
        "pad_token_id": vocabulary["[PAD]"],
    }


def _save_loud(kind: type, config: object, folder: Path, seed: int, **numbers: float) -> None:
    """Save a network whose weights are larger than usual, so that inputs matter and differences show.

    ``numbers`` are what parameters of one value are set to, by name.
    """
    import torch

    torch.manual_seed(seed)
    model = kind(config)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim > 1:
                weight.mul_(8)
        for name, number in numbers.items():
            model.get_parameter(name).fill_(number)
    model.save_pretrained(folder)


def save_tiny_xclip(folder: Path, seed: int = 0) -> Path:
    """Write an X-CLIP of 4 frames with two layers and 32 px frames to ``folder``."""
    return _save_xclip(folder, seed, image_px=32, patch_px=8, n_frames=4, dim=24)


def save_narrow_xclip(folder: Path) -> Path:
    """Write an X-CLIP with the frames, patches and embeddings of ViT-B/16 to ``folder``, and next to nothing inside."""
    return _save_xclip(folder, 0, image_px=224, patch_px=16, n_frames=8, dim=512)


def _save_xclip(folder: Path, seed: int, image_px: int, patch_px: int, n_frames: int, dim: int) -> Path:
    from transformers import CLIPImageProcessor, XCLIPConfig, XCLIPModel

    vocabulary = save_word_tokenizer(folder)
    mit = {
        "mit_hidden_size": dim,
        "mit_num_attention_heads": 4,
        "mit_intermediate_size": 48,
        "mit_num_hidden_layers": 1,
    }
    config = XCLIPConfig(
        text_config=_clip_text(vocabulary, context=16),
        vision_config={**LAYERS, **mit, "image_size": image_px, "patch_size": patch_px, "num_frames": n_frames},
        projection_dim=dim,
        prompt_num_attention_heads=4,
        prompt_alpha=1.0,
    )
    _save_loud(XCLIPModel, config, folder, seed)
    size = {"height": image_px, "width": image_px}
    CLIPImageProcessor(size={"shortest_edge": image_px}, crop_size=size).save_pretrained(folder)
    return folder


def save_tiny_pe_video(folder: Path, seed: int = 0) -> Path:
    """Write a Perception Encoder for video with two layers of everything and 32 px frames to ``folder``."""
    from transformers import PeVideoConfig, PeVideoModel

    text, video = _pe_video_parts(folder)
    config = PeVideoConfig(text_config=text, video_config=video)
    _save_loud(PeVideoModel, config, folder, seed, text_video_logit_scale=12.0, text_video_logit_bias=-10.0)
    return folder


def save_tiny_pe_audio_video(folder: Path, seed: int = 0) -> Path:
    """Write a Perception Encoder that also hears, with the same parts for video and text, to ``folder``."""
    from transformers import PeAudioVideoConfig, PeAudioVideoModel

    text, video = _pe_video_parts(folder)
    codec = {"encoder_hidden_size": 16, "downsampling_ratios": [2, 4, 4], "codebook_dim": 8, "hidden_size": 32}
    layers = {**LAYERS, "head_dim": 8}
    both = {
        **layers,
        "video_config": {"model_type": "pe_video_encoder", **video},
        "audio_config": {"model_type": "pe_audio_encoder", **layers, "dac_config": codec},
    }
    config = PeAudioVideoConfig(text_config=text, audio_video_config=both)
    numbers = {"video_model.text_video_logit_scale": 12.0, "video_model.text_video_logit_bias": -10.0}
    _save_loud(PeAudioVideoModel, config, folder, seed, **numbers)
    return folder


def _pe_video_parts(folder: Path) -> tuple[dict, dict]:
    """Write tokenizer and video processor to ``folder``; return the configs of the text and the video encoder."""
    from transformers import PeVideoVideoProcessor

    vocabulary = save_word_tokenizer(folder)
    ends = {"bos_token_id": vocabulary["[BEGIN]"], "eos_token_id": vocabulary["[END]"]}
    text = {
        **LAYERS,
        "model_type": "modernbert",
        "vocab_size": len(vocabulary),
        "max_position_embeddings": 32,
        "local_attention": 4,
        "pad_token_id": vocabulary["[PAD]"],
        **ends,
        "cls_token_id": ends["bos_token_id"],
        "sep_token_id": ends["eos_token_id"],
    }
    tower = {"img_size": 32, "patch_size": 8, "embed_dim": 32, "depth": 2, "num_heads": 4, "ref_feat_shape": [4, 4]}
    vision = {"architecture": "vit_pe_core_tiny_patch16_384", "num_classes": 24, "model_args": tower}
    # As the published checkpoints have it: the class itself neither resizes nor normalises, unless it is told to.
    steps = dict.fromkeys(("do_resize", "do_rescale", "do_normalize", "do_convert_rgb", "do_sample_frames"), True)
    PeVideoVideoProcessor(
        size={"height": 32, "width": 32}, image_mean=[0.5] * 3, image_std=[0.5] * 3, num_frames=16, **steps
    ).save_pretrained(folder)
    return text, {**LAYERS, "head_dim": 8, "vision_config": vision}


def save_tiny_open_clip(folder: Path, seed: int = 0) -> Path:
    """Write an open_clip CLIP with two layers, 32 px frames and the library's own tokenizer to ``folder``."""
    model = {
        "embed_dim": 24,
        "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "head_width": 8, "patch_size": 8},
        "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 4, "layers": 2},
    }
    return _save_open_clip(folder, seed, model, {"resize_mode": "shortest"})


def save_tiny_open_clip_resnet(folder: Path, seed: int = 0) -> Path:
    """Write an open_clip CLIP that sees with a ResNet, which has no patches, to ``folder``."""
    model = {
        "embed_dim": 24,
        "vision_cfg": {"image_size": 32, "layers": [1, 1, 1, 1], "width": 8, "head_width": 8, "patch_size": None},
        "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 4, "layers": 2},
    }
    return _save_open_clip(folder, seed, model, {"resize_mode": "longest"})


def save_tiny_open_clip_timm(folder: Path, seed: int = 0) -> Path:
    """Write an open_clip CLIP that sees with a network of the library timm to ``folder``."""
    model = {
        "embed_dim": 24,
        "vision_cfg": {"image_size": 32, "timm_model_name": "test_vit", "timm_pool": "", "timm_proj": "linear"},
        "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 4, "layers": 2},
    }
    return _save_open_clip(folder, seed, model, {"resize_mode": "shortest"})


def save_tiny_open_clip_bert(folder: Path, seed: int = 0) -> Path:
    """Write an open_clip CLIP that reads with a BERT of the library transformers, described in ``folder``/text."""
    from transformers import BertConfig

    vocabulary = save_word_tokenizer(folder)
    BertConfig(**LAYERS, vocab_size=len(vocabulary), max_position_embeddings=32).save_pretrained(folder / "text")
    text = {
        "context_length": 16,
        "hf_model_name": str(folder / "text"),
        "hf_model_pretrained": False,
        "hf_tokenizer_name": "in-this-folder",
        "hf_proj_type": "mlp",
        "hf_pooler_type": "mean_pooler",
    }
    vision = {"image_size": 32, "layers": 2, "width": 32, "head_width": 8, "patch_size": 8}
    model = {"embed_dim": 24, "custom_text": True, "vision_cfg": vision, "text_cfg": text}
    return _save_open_clip(folder, seed, model, {"resize_mode": "shortest"})


def save_tiny_open_clip_queries(folder: Path, seed: int = 0) -> Path:
    """Write an open_clip CLIP whose pictures are pooled by learned queries, as CoCa's are, to ``folder``."""
    pool = {"attentional_pool": True, "attn_pooler_queries": 4, "attn_pooler_heads": 4}
    model = {
        "embed_dim": 24,
        "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "head_width": 8, "patch_size": 8, **pool},
        "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 4, "layers": 2},
    }
    return _save_open_clip(folder, seed, model, {"resize_mode": "longest"})


def save_tiny_open_clip_siglip(folder: Path, seed: int = 0) -> Path:
    """Write what open_clip makes of a SigLIP: no causal mask, squashed pictures, a tokenizer of its own."""
    vocabulary = save_word_tokenizer(folder)
    text = {
        "context_length": 16,
        "vocab_size": len(vocabulary),
        "width": 32,
        "heads": 4,
        "layers": 2,
        "hf_tokenizer_name": "in-this-folder",
        "no_causal_mask": True,
        "proj_bias": True,
        "pool_type": "last",
    }
    vision = {"image_size": 32, "layers": 2, "width": 32, "head_width": 8, "patch_size": 8}
    model = {"embed_dim": 24, "custom_text": True, "init_logit_bias": -10, "vision_cfg": vision, "text_cfg": text}
    return _save_open_clip(folder, seed, model, {"resize_mode": "squash", "mean": [0.5] * 3, "std": [0.5] * 3})


def _save_open_clip(folder: Path, seed: int, model: dict, preprocessing: dict) -> Path:
    import json

    import torch
    from open_clip.model import CLIP, CustomTextCLIP
    from safetensors.torch import save_file

    torch.manual_seed(seed)
    settings = {name: value for name, value in model.items() if name != "custom_text"}
    network = (CustomTextCLIP if model.get("custom_text") else CLIP)(**settings)
    with torch.no_grad():
        for weight in network.parameters():
            if weight.ndim > 1:
                weight.mul_(4)
    folder.mkdir(parents=True, exist_ok=True)
    config = {"model_cfg": model, "preprocess_cfg": preprocessing}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    save_file(network.state_dict(), folder / "open_clip_model.safetensors")
    return folder
