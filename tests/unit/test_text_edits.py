"""Edits of sentences: what each kind makes of them, what is said where it makes nothing, and that grammar is kept."""

from __future__ import annotations

import pytest

from workbench.analyses.text_edits import text_edits
from workbench.core.text_edits.inflection import article
from workbench.core.text_edits.kinds import KINDS, NAMES
from workbench.core.text_edits.making import edit_by_hand
from workbench.errors import InputError, QueryError
from workbench.language.lexicons import lexicon, why_foreign
from workbench.types.edits import Change


def made(sentence: str, kind: str, most: int = 1) -> list[str]:
    return [edit.text for edit in text_edits(sentence, [kind], most).edits]


@pytest.mark.parametrize(
    ("kind", "sentence", "edited"),
    [
        ("verb", "A man opened the door.", "A man closed the door."),
        ("verb", "she puts a plate down", "she picks a plate up"),
        ("verb", "a worker unloads boxes from a truck", "a worker loads boxes onto a truck"),
        ("verb", "a red triangle bounces", "a red triangle stays still"),
        ("direction", "a red circle moves left", "a red circle moves right"),
        ("direction", "a boy runs towards the camera", "a boy runs away from the camera"),
        ("direction", "the referee raises his left hand", "the referee raises his right hand"),
        ("direction", "a boy walks into the house", "a boy walks out of the house"),
        ("place", "a ring above a star", "a ring below a star"),
        ("place", "the cup is on the table", "the cup is under the table"),
        ("antonym", "an old car stops", "a new car stops"),
        ("antonym", "An old man smiles.", "A young man smiles."),
        ("antonym", "the door opens slowly", "the door opens quickly"),
        ("size", "a big dog barks", "a small dog barks"),
        ("size", "a short woman with short hair", "a tall woman with short hair"),
        ("number", "one dog is running", "two dogs are running"),
        ("number", "two men are sitting", "three men are sitting"),
        ("exchange", "a boy throws a ball to a girl", "a girl throws a ball to a boy"),
        ("exchange", "A red circle is above a blue star.", "A blue star is above a red circle."),
        ("binding", "a black dog chases a white cat", "a white dog chases a black cat"),
        ("order", "the boy opens a box then eats a cake", "the boy eats a cake then opens a box"),
        ("order", "he yawns before he sleeps", "he yawns after he sleeps"),
        ("order", "A ring grows then a star moves up.", "A star moves up then a ring grows."),
        ("negation", "a man is singing", "a man is not singing"),
        ("negation", "a dog runs", "a dog does not run"),
        ("negation", "The boy slowly opened a box.", "The boy did not slowly open a box."),
        ("negation", "a red circle", "no red circle"),
        ("negation", "there is an orange ring", "there is no orange ring"),
        ("negation", "a dog is not moving", "a dog is moving"),
        ("negation", "No one is in the room.", "Someone is in the room."),
        ("paraphrase", "a man throws a stick", "a man tosses a stick"),
        ("paraphrase", "A man waits.", "A guy waits."),
    ],
)
def test_one_thing_is_changed(kind: str, sentence: str, edited: str):
    assert made(sentence, kind)[0] == edited


def test_articles_and_plurals_agree():
    assert {text.split()[0] for text in made("an orange ring", "colour", 9)} == {"a"}
    assert made("a red ring", "colour", 9).count("an orange ring") == 1
    assert made("two dogs are running", "number", 2) == ["three dogs are running", "one dog is running"]
    assert [article(word) for word in ("hour", "uniform", "umbrella", "Apple", "one")] == ["an", "a", "an", "an", "a"]


@pytest.mark.parametrize(
    ("verb", "forms"),
    [
        ("run", ["runs", "running", "ran", "run"]),
        ("carry", ["carries", "carrying", "carried", "carried"]),
        ("lie", ["lies", "lying", "lay", "lain"]),
        ("put down", ["puts down", "putting down", "put down", "put down"]),
        ("overtake", ["overtakes", "overtaking", "overtook", "overtaken"]),
        ("wash", ["washes", "washing", "washed", "washed"]),
        ("unwrap", ["unwraps", "unwrapping", "unwrapped", "unwrapped"]),
        ("do not move", ["does not move", None, "did not move", None]),
    ],
)
def test_verbs_are_inflected(verb: str, forms: list[str | None]):
    assert [lexicon().inflection.verb(verb, tag) for tag in ("VBZ", "VBG", "VBD", "VBN")] == forms


def test_nouns_are_inflected():
    plural = lexicon().inflection.plural
    assert [plural(noun) for noun in ("box", "woman", "knife", "puppy", "police officer", "toy", "fish")] == [
        *("boxes", "women", "knives", "puppies", "police officers", "toys", "fish")
    ]


def test_people_keep_the_gender_that_a_pronoun_says():
    assert made("the man wipes his mouth", "object", 9) == ["the boy wipes his mouth"]
    assert "the woman wipes a table" in made("the man wipes a table", "object", 9)


def test_what_is_no_head_is_no_object():
    assert made("a man pushes a shopping cart through a gate", "object", 9)
    assert not any("shopping table" in text for text in made("a man pushes a shopping cart", "object", 99))


def test_a_change_says_where_it_is():
    (edit,) = text_edits("A big orange ring", ["size"]).edits
    assert (edit.text, edit.before, edit.after) == ("A small orange ring", "big", "small")
    assert edit.changes == (Change("big", "small", (2, 5), (2, 7)),)
    (first, *_) = text_edits("There is an orange ring", ["colour"], 1).edits
    assert [change.before for change in first.changes] == ["an", "orange"]
    framed = next(edit for edit in text_edits("a red ring", ["paraphrase"], 9).edits if "video" in edit.text)
    assert framed.changes == (Change("", "a video of ", (0, 0), (0, 11)),)


def test_roles_tell_edits_from_controls_and_ceilings():
    found = text_edits("a man throws a stick", pool=["A dog sleeps."])
    assert {edit.role for edit in found.edits if edit.kind == "paraphrase"} == {"control"}
    assert {edit.role for edit in found.edits if edit.kind == "random"} == {"ceiling"}
    assert [edit.text for edit in found.edits if edit.kind == "random"] == ["A dog sleeps."]
    assert {edit.role for edit in found.edits if edit.kind not in ("paraphrase", "random")} == {"meaning"}


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS if kind.name not in ("negation", "paraphrase")])
def test_a_sentence_with_nothing_to_edit_says_why(kind: str):
    (none,) = text_edits("we wait", [kind]).unedited
    assert none.kind == kind
    assert none.why.endswith(".")


@pytest.mark.parametrize(
    ("sentence", "ends"),
    [
        ("a red circle moves left then it stops", ""),
        ("A red circle moves left.", "."),
        ("a big dog runs fast!?", "!?"),
        ("He doesn't eat ice-cream", ""),
        ("\u201cstop\u201d said a man", ""),
    ],
)
def test_a_shuffle_keeps_every_word_and_the_end_in_another_order(sentence: str, ends: str):
    def words(text: str) -> list[str]:
        return text.removesuffix(ends).casefold().split()

    found = made(sentence, "shuffle", 5)
    assert len(found) == 5
    for text in found:
        assert text.endswith(ends)
        assert sorted(words(text)) == sorted(words(sentence))
        assert words(text) != words(sentence)
        assert text[0].isupper() == sentence[0].isupper()
    assert made(sentence, "shuffle", 5) == found


@pytest.mark.parametrize("sentence", ["Wait!", "dogs", "a dog", "stay here ."])
def test_fewer_than_three_words_are_not_shuffled(sentence: str):
    (none,) = text_edits(sentence, ["shuffle"]).unedited
    assert none.why == "It has fewer than three words to shuffle."


def test_a_random_caption_is_never_the_sentence():
    found = text_edits("A dog sleeps.", ["random"], pool=["a dog  sleeps.", "A DOG SLEEPS."])
    assert (found.edits, found.unedited[0].why) == ((), "There are no other captions to take one from.")


def test_edits_are_the_same_for_the_same_seed_and_no_other():
    sentence, pool = "a green star moves left", [f"caption {number}" for number in range(20)]
    one, two, three = (text_edits(sentence, seed=seed, pool=pool).edits for seed in (1, 1, 2))
    assert one == two != three


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("ein Mann öffnet die Tür und läuft über die Straße", "German"),
        ("un homme ouvre la porte avec une clé", "French"),
        ("una mujer corre hacia el coche", "Spanish"),
        ("een man loopt naar het huis", "Dutch"),
        ("一个男人在跑步", "Latin"),
        ("мужчина открывает дверь", "Latin"),
        ("123 !", "no words"),
        ("", "no words"),
    ],
)
def test_other_languages_are_said(text: str, language: str):
    assert language in why_foreign(text)
    with pytest.raises(QueryError, match=language):
        text_edits(text)


@pytest.mark.parametrize(
    "text", ["a red circle", "Zorblax!", "two dogs in Las Vegas", "person opens door", "le man runs"]
)
def test_english_is_taken_for_english(text: str):
    assert why_foreign(text) == ""


def test_what_a_person_writes_is_compared_word_by_word():
    edit = edit_by_hand("a man opens the door", "a man closes the red door")
    assert (edit.kind, edit.role, edit.before, edit.after) == ("own", "meaning", "opens", "closes … red")
    with pytest.raises(QueryError, match="says what the sentence says"):
        edit_by_hand("a man", " A  Man ")
    with pytest.raises(QueryError, match="empty"):
        edit_by_hand("a man", "  ")


def test_what_is_asked_is_checked():
    with pytest.raises(InputError, match="no edit of kind 'colur'"):
        text_edits("a dog runs", ["colur"])
    with pytest.raises(InputError, match="at least 1"):
        text_edits("a dog runs", most=0)
    assert len(set(NAMES)) == len(NAMES)


def test_every_word_of_the_lexicon_has_another_that_is_known():
    words = lexicon()
    assert {other for others in words.colours.values() for other in others} <= {*words.colours, "red-haired"}
    assert all(noun not in others for noun, others in words.stand_ins.items())
    for tables in (words.verbs.alone, words.verbs.with_object, words.verbs.going, words.verbs.opposites):
        assert all(verb not in others for verb, others in tables.items())
