"""Sentences as a model reads them: pieces, unknown words, cuts and masks, on known vocabularies."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny_checkpoints import save_byte_pair_tokenizer, save_word_tokenizer
from workbench.errors import InputError
from workbench.models.tokenization import TextReader, spans_in


def read_with(folder: Path, context: int) -> TextReader:
    from transformers import AutoTokenizer

    return TextReader(AutoTokenizer.from_pretrained(folder, local_files_only=True), context)


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> tuple[TextReader, dict[str, int]]:
    folder = tmp_path_factory.mktemp("words")
    vocabulary = save_word_tokenizer(folder)
    return read_with(folder, 8), vocabulary


@pytest.fixture(scope="module")
def byte_pairs(tmp_path_factory: pytest.TempPathFactory) -> tuple[TextReader, dict[str, int]]:
    folder = tmp_path_factory.mktemp("bytes")
    vocabulary = save_byte_pair_tokenizer(folder)
    return read_with(folder, 77), vocabulary


def test_ids_and_padding_are_what_they_must_be(words):
    reader, v = words
    read = reader(["a red circle", "cat"])
    begin, end, pad = v["[BEGIN]"], v["[END]"], v["[PAD]"]
    assert read.ids.tolist() == [
        [begin, v["a"], v["red"], v["circle"], end],
        [begin, v["cat"], end, pad, pad],
    ]
    assert read.attention.tolist() == [[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]]
    assert read.tokens == (("a", "red", "circle"), ("cat",))
    assert read.unknown_words == ((), ())
    assert read.is_truncated == (False, False)


def test_the_clip_tokenizer_splits_words_and_knows_all(byte_pairs):
    reader, v = byte_pairs
    read = reader(["The CAT, naïve red"])
    assert "".join(read.tokens[0]).replace(" ", "") == "TheCAT,naïvered" or "CAT" in read.tokens[0]
    assert read.unknown_words == ((),)
    assert v["cat</w>"] in read.ids[0]
    assert (read.ids[0][0], read.ids[0][-1]) == (v["<|startoftext|>"], v["<|endoftext|>"])


def test_absent_tokens_are_masked_and_the_ends_never(words):
    reader, _ = words
    absent = np.array([[True, False, True], [True, True, True]])
    assert reader(["a red circle", "cat"], absent).attention.tolist() == [[1, 0, 1, 0, 1], [1, 0, 1, 0, 0]]


@pytest.mark.parametrize("shape", [(1, 3), (2, 2), (3, 3)])
def test_a_mask_of_another_shape_is_refused(words, shape):
    reader, _ = words
    with pytest.raises(InputError, match="mask of absent tokens"):
        reader(["a red circle", "cat"], np.zeros(shape, dtype=bool))


def test_a_long_text_is_cut_at_its_end_and_keeps_its_last_token(words):
    reader, v = words
    read = reader(["red green blue red green blue", "red green blue red green blue cat"])
    assert read.is_truncated == (False, True)
    assert read.ids[0].tolist() == read.ids[1].tolist()
    assert read.ids.shape == (2, 8)
    assert read.ids[1, -1] == v["[END]"]
    assert read.tokens[1] == ("red", "green", "blue", "red", "green", "blue")


def test_unknown_words_are_named_as_typed_once_each(words):
    reader, _ = words
    read = reader(["a Zebra and a quagga, a Zebra!", "red", "die Straße"])
    assert read.unknown_words == (("Zebra", "quagga"), (), ("die", "Straße"))


def test_typing_a_special_token_ends_nothing(words, byte_pairs):
    for reader, vocabulary in (words, byte_pairs):
        end = "[END]" if "[END]" in vocabulary and reader is words[0] else "<|endoftext|>"
        ids = reader([f"red {end} cat"]).ids[0].tolist()
        assert ids.count(ids[-1]) == 1


def test_no_texts_and_empty_texts(words):
    reader, v = words
    assert reader([]).ids.shape == (0, 2)
    assert reader([""]).ids.tolist() == [[v["[BEGIN]"], v["[END]"]]]
    assert reader([""]).tokens == ((),)


@given(st.lists(st.text(max_size=60), max_size=4))
def test_any_text_is_read(byte_pairs, texts):
    reader, _ = byte_pairs
    read = reader(texts)
    assert [len(tokens) + 2 for tokens in read.tokens] == read.attention.sum(axis=1).tolist()
    assert read.ids.shape[1] <= 77


def test_threads_do_not_disturb_each_other(byte_pairs):
    reader, _ = byte_pairs
    texts = [f"a {'very ' * n}long text" for n in range(40)]
    expected = [reader([text]).ids.tolist() for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda text: reader([text]).ids.tolist(), texts)) == expected


def test_pieces_of_a_text_that_repeats_itself_stand_one_after_another():
    """To align their letters with a text of thousands would take minutes."""
    text = "Cat, " * 1500 + "r\u00e9d dog"
    spans = spans_in(text, (*["cat"] * 1500, "red", "dog"))
    assert spans[:2] == ((0, 3), (5, 8))
    assert [text[start:stop] for start, stop in spans[-2:]] == ["r\u00e9d", "dog"]


@given(st.lists(st.sampled_from(["a", "cat", "Dog", "caf\u00e9", "x1"]), min_size=1, max_size=12), st.integers(0, 11))
def test_pieces_as_they_stand_are_found_where_they_stand(words, n_lost):
    """Of the pieces of a text, whatever comes after those that a tokenizer gave."""
    text = " ".join(words)
    starts = [len(" ".join(words[:at])) + (at > 0) for at in range(len(words))]
    kept = max(1, len(words) - n_lost)
    spans = spans_in(text, [word.lower() for word in words[:kept]])
    assert spans == tuple((start, start + len(word)) for start, word in zip(starts[:kept], words[:kept], strict=True))
