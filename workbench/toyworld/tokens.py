"""The word-level tokenizers of the toy models: one token a word, and one for words never seen."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int64
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from workbench.toyworld.grammar import word_list

PAD, UNKNOWN, BOS, EOS = "<pad>", "<unk>", "<bos>", "<eos>"
CONTEXT = 40
# All of ASCII's but the apostrophe and the hyphen, which stand within words.
_PUNCTUATION = r"[!-&(-,./:-@\[-`{-~]"


class Vocabulary:
    """Words in the order of their ids, and how texts become ids by them; ``tokenizer`` cuts, frames and fills texts."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self.ids = {word: i for i, word in enumerate(words)}
        self.tokenizer = Tokenizer(models.WordLevel(self.ids, unk_token=UNKNOWN))
        self.tokenizer.normalizer = normalizers.Sequence(
            [normalizers.NFKC(), normalizers.Lowercase(), normalizers.Replace(Regex(_PUNCTUATION), " ")]
        )
        self.tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
        self.tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{BOS} $A {EOS}", special_tokens=[(token, self.ids[token]) for token in (BOS, EOS)]
        )
        self.tokenizer.enable_truncation(CONTEXT)
        self.tokenizer.enable_padding(pad_id=self.ids[PAD], pad_token=PAD)

    def encode(self, texts: list[str]) -> tuple[Int64[np.ndarray, "text token"], Int64[np.ndarray, "text token"]]:
        """Return token ids and attention mask, padded to the longest text."""
        encoded = self.tokenizer.encode_batch(texts)
        return np.array([item.ids for item in encoded]), np.array([item.attention_mask for item in encoded])


OF_FRAMES = Vocabulary((PAD, UNKNOWN, BOS, EOS, *word_list()))
# The library reads a text of X-CLIP at the largest id in it, whatever the config says.
OF_WINDOWS = Vocabulary((PAD, UNKNOWN, BOS, *word_list(), EOS))
