"""The word-level tokenizer of the toy models: one token a word, and one for words never seen."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int64
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from workbench.toyworld.grammar import word_list

SPECIAL = ("<pad>", "<unk>", "<bos>", "<eos>")
PAD, UNKNOWN, BOS, EOS = range(len(SPECIAL))
CONTEXT = 40
# All of ASCII's but the apostrophe and the hyphen, which stand within words.
_PUNCTUATION = r"[!-&(-,./:-@\[-`{-~]"


def make_tokenizer() -> Tokenizer:
    """Return the tokenizer; its vocabulary is the grammar's list of words."""
    vocabulary = {word: i for i, word in enumerate([*SPECIAL, *word_list()])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=SPECIAL[UNKNOWN]))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Lowercase(), normalizers.Replace(Regex(_PUNCTUATION), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A <eos>", special_tokens=[("<bos>", BOS), ("<eos>", EOS)]
    )
    tokenizer.enable_truncation(CONTEXT)
    tokenizer.enable_padding(pad_id=PAD, pad_token=SPECIAL[PAD])
    return tokenizer


_TOKENIZER = make_tokenizer()


def encode(texts: list[str]) -> tuple[Int64[np.ndarray, "text token"], Int64[np.ndarray, "text token"]]:
    """Return token ids and attention mask, padded to the longest text."""
    encoded = _TOKENIZER.encode_batch(texts)
    return np.array([item.ids for item in encoded]), np.array([item.attention_mask for item in encoded])
