"""Sentences with words left out: which tokens are masked, in every family, and that nothing is read twice."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from tests.tiny_checkpoints import save_tiny_open_clip_bert
from tests.unit.test_model_contract import TINY
from workbench.analyses.analysis import silent
from workbench.analyses.services import Services
from workbench.analyses.word_coalitions import ask_coalitions, phrases_of, without_one, words_in
from workbench.models import adapter_template
from workbench.models.protocol import VideoTextModel
from workbench.models.tokenization import spans_in
from workbench.settings import Settings
from workbench.types.outcome import Progress

PLAIN = "a red circle and the dog"
FAMILIES = {**TINY, "tiny-open-clip-bert": save_tiny_open_clip_bert}
COLOURS = "colour-histogram"


@pytest.fixture(scope="module", params=[*FAMILIES, COLOURS])
def model(request, tmp_path_factory: pytest.TempPathFactory) -> VideoTextModel:
    if save := FAMILIES.get(request.param):
        return load(str(save(tmp_path_factory.mktemp(request.param) / "model")))
    return load(COLOURS)


@pytest.fixture(scope="module")
def byte_pairs(tmp_path_factory: pytest.TempPathFactory) -> VideoTextModel:
    return load(str(TINY["tiny-clip-byte-pairs"](tmp_path_factory.mktemp("bytes") / "model")))


@pytest.fixture
def services(settings: Settings) -> Services:
    return Services.create(settings)


def load(name: str) -> VideoTextModel:
    models = Services.create(Settings(offline=True, device="cpu")).models
    models.register_family(adapter_template.FAMILY)
    models.register(adapter_template.ENTRY)
    return models.load(name)


def labels(text: str) -> list[str]:
    return [player.label for player in words_in(text)]


def letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.lower()))


def words_of_tokens(text: str, words: list[tuple[int, int]], tokens: tuple[str, ...]) -> list[set[int]]:
    """Return the words that each token is a part of, by counting letters: tokens come in order and lose none."""
    shown = ["" if token == "[UNK]" else letters(token) for token in tokens]  # here those are marks
    assert "".join(shown) == letters(text), "this text tells nothing of that tokenizer"
    owners = [
        next((word for word, (start, stop) in enumerate(words) if start <= at < stop), None)
        for at, letter in enumerate(text)
        if letter.isalnum()
    ]
    found, at = [], 0
    for piece in shown:
        past = at + len(piece)
        found.append({owner for owner in owners[at:past] if owner is not None})
        at = past
    return found


def masks_by_hand(model: VideoTextModel, prompt: str, query: str, coalitions: np.ndarray) -> tuple[str, np.ndarray]:
    """Return the sentence in its prompt, and which of its tokens each coalition of its words lacks."""
    text, before = prompt.replace("{}", query), prompt.index("{}")
    spans, at = [], 0
    for word in "".join(c if c.isalnum() else " " for c in query).split():
        at = query.index(word, at)
        spans.append((before + at, before + at + len(word)))
        at += len(word)
    tokens = model.encode_texts([text]).tokens[0]
    owners = words_of_tokens(text, spans, tokens)
    absent = [[bool(own) and not any(row[word] for word in own) for own in owners] for row in coalitions]
    return text, np.array(absent, bool).reshape(len(coalitions), len(tokens))


def masks_given(model, monkeypatch) -> list[tuple[str, np.ndarray]]:
    """Return the list that the sentences and masks which ``model`` reads from now on are put on."""
    given, read = [], model.encode_texts

    def watched(texts, absent=None):
        if absent is not None:
            given.extend(zip(texts, absent, strict=True))
        return read(texts, absent)

    monkeypatch.setattr(model, "encode_texts", watched)
    return given


def all_coalitions(n: int) -> np.ndarray:
    return np.array([row[::-1] for row in itertools.product([False, True], repeat=n)])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a red circle", ["a", "red", "circle"]),
        ("A Red, green circle!", ["A", "Red", "green", "circle"]),
        ("the well-known dog's cat", ["the", "well-known", "dog's", "cat"]),
        ("naïve Straße", ["naïve", "Straße"]),
        ("赤い 円 a cat", ["赤い", "円", "a", "cat"]),
        ("красный круг", ["красный", "круг"]),
        ("two: 2 cats (red)", ["two", "2", "cats", "red"]),
        ("...", ["..."]),
        ("?! ...", ["?! ..."]),
        ("red", ["red"]),
    ],
)
def test_words_are_what_a_person_would_count(text, expected):
    assert labels(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("“red” cat", ["red", "cat"]),
        ("the dog’s cat", ["the", "dog’s", "cat"]),
        ("a cat - a dog", ["a", "cat", "a", "dog"]),
        ("a cat — a dog…", ["a", "cat", "a", "dog"]),
        ("a 'red' cat", ["a", "red", "cat"]),
        ("- -", ["- -"]),
        ("cafe\u0301 cat", ["cafe\u0301", "cat"]),
        ("हिन्दी cat", ["हिन्दी", "cat"]),
    ],
)
def test_marks_are_no_words_and_part_none(text, expected):
    """What stands between words, in whatever script; accents and vowel signs belong to their letters."""
    assert labels(text) == expected


@pytest.mark.parametrize(
    "text", ["A Red, green circle!", "the well-known dog's cat", "赤い 円 a cat", "...", "red red"]
)
def test_words_stand_where_they_say(text):
    players = words_in(text)
    assert [text[slice(*player.span)] for player in players] == [player.label for player in players]
    assert all(one.span[1] <= other.span[0] for one, other in itertools.pairwise(players))
    assert {player.kind for player in players} == {"word"}


def test_phrases_are_runs_of_words_with_what_stands_between():
    text = "a red circle, and the dog"
    found = phrases_of(words_in(text), [0, 1, 4], text)
    assert [(phrase.kind, phrase.label) for phrase in found] == [
        ("word", "a"),
        ("phrase", "red circle, and"),
        ("phrase", "the dog"),
    ]
    assert [text[slice(*phrase.span)] for phrase in found] == [phrase.label for phrase in found]


def test_without_one_are_all_and_those_that_lack_one():
    assert without_one(3).tolist() == [
        [True, True, True],
        [False, True, True],
        [True, False, True],
        [True, True, False],
    ]


@pytest.mark.parametrize(
    ("text", "pieces", "expected"),
    [
        ("a red circle", ["a", "red", "circle"], [(0, 1), (2, 5), (6, 12)]),
        ("A Red", ["a", "red"], [(0, 1), (2, 5)]),
        ("reds cat", ["re", "ds", "cat"], [(0, 2), (2, 4), (5, 8)]),
        ("a cat a cat", ["a", "cat", "a", "cat"], [(0, 1), (2, 5), (6, 7), (8, 11)]),
        ("cat , dog", ["cat", ",", "dog"], [(0, 3), (4, 5), (6, 9)]),
        ("  cat  ", ["cat"], [(2, 5)]),
        ("cat ß", ["cat", "�"], [(0, 3), (4, 5)]),
        ("cat", [], []),
        ("", [], []),
    ],
)
def test_pieces_are_found_in_their_text(text, pieces, expected):
    assert list(spans_in(text, pieces)) == expected


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("a dog, a cat", ["a", "dog", "a", "cat"]),  # a tokenizer that drops punctuation, as SigLIP's does
        ("don't pat a cat", ["dont", "pat", "a", "cat"]),
        ("the zebra and a cat", ["the", "", "z", "e", "bra", "and", "a", "cat"]),  # a space of its own
        ("a zebra and a cat", ["a", "[UNK]", "and", "a", "cat"]),
        ("Straße cat", ["stra", "�", "�", "e", "cat"]),  # a letter of two bytes, each its own piece
        ("赤い cat", ["�", "�", "�", "い", "cat"]),
        ("the dog’s cat", ["the", "dog", "'s", "cat"]),  # as if it had been typed plainly
        ("it&#39;s a cat", ["it", "'s", "a", "cat"]),
        ("ﬁne cat", ["fine", "cat"]),
        ("İstanbul cat", ["i\u0307stanbul", "cat"]),  # longer in lower case
    ],
)
def test_what_is_not_found_moves_nothing_after_it(text, pieces):
    """However the pieces before it are written, a word that is there is found where it is."""
    assert text[slice(*spans_in(text, pieces)[-1])] == "cat"


def test_spans_of_every_family_point_at_the_shown_piece(model: VideoTextModel):
    for text in (PLAIN, "A dog, A CAT and the Red Circle!"):
        read = model.encode_texts([text, "a cat"])
        assert [len(spans) for spans in read.spans] == [len(tokens) for tokens in read.tokens]
        for token, (start, stop) in zip(read.tokens[0], read.spans[0], strict=True):
            assert 0 <= start <= stop <= len(text)
            if token.isalpha():
                assert text[start:stop].lower().strip() == token.lower().strip()


@pytest.mark.parametrize(
    "text", ["naïve Straße cat", "don't, a cat", "a zebra and a cat", "赤い 円 a cat", "\u2018red\u2019 cat"]
)
def test_the_last_token_is_of_the_last_word(model: VideoTextModel, text: str):
    read = model.encode_texts([text])
    assert read.spans[0][-1][1] > len(text) - len("cat")
    assert read.spans[0][0][0] <= text.index(next(char for char in text if char.isalpha()))


@pytest.mark.parametrize("query", [PLAIN, "a dog, the red cat"])
def test_words_left_out_are_tokens_left_out_in_every_prompt(model: VideoTextModel, services: Services, query: str):
    players = words_in(query)
    n_words = len(query.split())
    assert len(players) == n_words
    rows = np.random.default_rng(0).permutation(2**n_words)[:14]
    coalitions = all_coalitions(n_words)[[0, 2**n_words - 1, *rows]]
    found = ask_coalitions(services, model, query, players, coalitions, silent)
    by_prompt = []
    for prompt in model.spec.prompts:
        text, absent = masks_by_hand(model, prompt, query, coalitions)
        assert absent.any()
        by_prompt.append(model.encode_texts([text] * len(absent), absent).embeddings.astype(float))
    assert len(found.texts) == len(coalitions)
    if model.spec.separable:
        mean = np.mean([rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in by_prompt], axis=0)
        expected = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    else:
        expected = np.stack(by_prompt, axis=1).reshape(-1, model.spec.dim)
    scale = np.linalg.norm(expected, axis=1).max()
    np.testing.assert_allclose(found.said.embeddings, expected, atol=1e-5 * scale)
    n_prompts = len(expected) // len(coalitions)
    assert np.abs(expected[:n_prompts] - expected[n_prompts : 2 * n_prompts]).max() > 1e-3 * scale


def test_nobody_leaves_begin_end_and_the_prompt(model: VideoTextModel, services: Services, monkeypatch):
    if not hasattr(model, "read"):
        pytest.skip("has no tokens that begin and end a text")
    given = masks_given(model, monkeypatch)
    ask_coalitions(services, model, PLAIN, words_in(PLAIN), np.zeros((1, 6), bool), silent)
    assert [text for text, _ in given] == [prompt.replace("{}", PLAIN) for prompt in model.spec.prompts]
    for prompt, (text, absent) in zip(model.spec.prompts, given, strict=True):
        whole, empty = model.read([text]), model.read([text], absent[None])
        assert (empty.ids == whole.ids).all(), "absent words keep their places"
        hidden = whole.attention[0].astype(bool) & ~empty.attention[0].astype(bool)
        _, by_hand = masks_by_hand(model, prompt, PLAIN, np.zeros((1, 6), bool))
        assert hidden.sum() == by_hand.sum() > 0
        shown = [token for token, is_absent in zip(read_tokens(model, text), absent, strict=True) if not is_absent]
        assert letters("".join(shown)) == letters(prompt), "and nothing but the prompt is left"
        assert empty.attention[0, np.flatnonzero(whole.attention[0])[-1]], "what ends the text stays"


def read_tokens(model, text: str) -> tuple[str, ...]:
    return model.read([text]).tokens[0]


def test_the_ends_of_a_clip_text_are_attended_to_by_their_ids(byte_pairs, services: Services, monkeypatch):
    given = masks_given(byte_pairs, monkeypatch)
    ask_coalitions(services, byte_pairs, "a cat", words_in("a cat"), np.zeros((1, 2), bool), silent)
    text, absent = given[0]
    read = byte_pairs.read([text], absent[None])
    begin, *middle, end = read.ids[0].tolist()
    assert text == "a cat"
    assert (begin, end) == tuple(byte_pairs.read([""]).ids[0])
    assert len(middle) == 2
    assert read.attention[0].tolist() == [1, 0, 0, 1]


def test_all_pieces_of_a_word_go_with_it(byte_pairs, services: Services, monkeypatch):
    given = masks_given(byte_pairs, monkeypatch)
    query = "a red, cat"
    coalitions = np.array([[True, False, True], [False, True, True], [False, False, False]])
    ask_coalitions(services, byte_pairs, query, words_in(query), coalitions, silent)
    assert byte_pairs.encode_texts([query]).tokens[0] == ("a", "re", "d", ",", "cat")
    assert [mask.tolist() for text, mask in given if text == query] == [
        [False, True, True, False, False],
        [True, False, False, False, False],
        [True, True, True, False, True],
    ]


def test_a_token_of_two_words_stays_with_either(tmp_path: Path, services: Services, monkeypatch):
    siglip2 = load(str(TINY["tiny-siglip2"](tmp_path / "model")))
    given = masks_given(siglip2, monkeypatch)
    query = "a red circle"
    ask_coalitions(services, siglip2, query, words_in(query), all_coalitions(3), silent)
    assert siglip2.encode_texts([query]).tokens[0] == ("a", " red circle")
    expected = [[not row[0], not (row[1] or row[2])] for row in all_coalitions(3)]
    assert [mask.tolist() for text, mask in given if text == query] == expected


def test_a_phrase_goes_as_a_whole_without_what_stands_between_its_words(byte_pairs, services: Services, monkeypatch):
    given = masks_given(byte_pairs, monkeypatch)
    query = "a cat , a cat"
    phrases = phrases_of(words_in(query), [0, 1, 3], query)
    assert [phrase.label for phrase in phrases] == ["a", "cat , a", "cat"]
    ask_coalitions(services, byte_pairs, query, phrases, np.array([[True, False, True]]), silent)
    assert given[0][1].tolist() == [False, True, True, True, False]


def test_the_second_time_nothing_is_read(byte_pairs, services: Services, settings: Settings, monkeypatch):
    players, coalitions = words_in(PLAIN), all_coalitions(6)
    first = ask_coalitions(services, byte_pairs, PLAIN, players, coalitions, silent)

    def refuse(*args, **more):
        raise AssertionError("read again")

    with monkeypatch.context() as patch:
        patch.setattr(byte_pairs, "encode_texts", refuse)
        for again in (services, Services.create(settings)):
            second = ask_coalitions(again, byte_pairs, PLAIN, players, coalitions, silent)
            np.testing.assert_array_equal(second.said.embeddings, first.said.embeddings)
        with pytest.raises(AssertionError, match="read again"):
            ask_coalitions(services, byte_pairs, PLAIN, players, coalitions[:-1], silent)
        with pytest.raises(AssertionError, match="read again"):
            ask_coalitions(services, byte_pairs, PLAIN, players[:5], coalitions[:, :5], silent)
    other = ask_coalitions(services, byte_pairs, PLAIN, players, coalitions[::-1], silent)
    np.testing.assert_allclose(other.said.embeddings, first.said.embeddings[::-1], atol=1e-6)


def test_the_end_that_is_cut_off_is_worth_nothing(tmp_path: Path, services: Services):
    clip = load(str(TINY["tiny-clip"](tmp_path / "model")))
    query = " ".join(["red", "cat"] * 10)
    coalitions = without_one(20)
    rows = ask_coalitions(services, clip, query, words_in(query), coalitions, silent).said.embeddings
    changed = np.abs(rows[1:] - rows[0]).max(axis=1)
    assert changed[:10].min() > 1e-4
    assert changed[14:].max() < 1e-6  # 16 places, two of them for the ends


def test_braces_in_a_sentence_are_text(byte_pairs, services: Services, monkeypatch):
    given = masks_given(byte_pairs, monkeypatch)
    query = "a {} cat"
    ask_coalitions(services, byte_pairs, query, words_in(query), np.array([[True, False]]), silent)
    assert [text for text, _ in given] == [prompt.replace("{}", query) for prompt in byte_pairs.spec.prompts]
    for text, absent in given:
        gone = [token for token, is_absent in zip(read_tokens(byte_pairs, text), absent, strict=True) if is_absent]
        assert gone == ["cat"]


def test_it_can_be_stopped_and_says_how_far_it_is(byte_pairs, services: Services):
    players, coalitions = words_in(PLAIN), all_coalitions(6)
    told: list[Progress] = []

    def stop(progress: Progress) -> None:
        told.append(progress)
        if progress.done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask_coalitions(services, byte_pairs, PLAIN, players, coalitions, stop)
    assert [(progress.done, progress.total, progress.unit) for progress in told] == [
        (0, 64, "sentence"),
        (64, 64, "sentence"),
    ]
