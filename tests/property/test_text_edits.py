"""What holds of the edits of any text: spans are right, none is the sentence, and the same seed makes the same."""

from __future__ import annotations

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.core.edit_files import read_edits
from workbench.core.text_edits.making import make_edits
from workbench.core.text_edits.rewriting import between
from workbench.errors import InputError
from workbench.language.lexicons import lexicon, why_foreign
from workbench.language.tagger import tagged
from workbench.types.edits import Change

SAID = """a an the two one red orange big old man woman dog cat dogs circle ring opens is running not walks into up down
left right then and before slowly kitchen table puts it he his picks 's no there are of to with - , . moves away from"""
WORDS = st.sampled_from(SAID.split())
TEXTS = st.one_of(st.text(max_size=500), st.lists(WORDS, max_size=25).map(" ".join))


def around(text: str, spans: list[tuple[int, int]]) -> list[str]:
    """Return the stretches of a text between spans."""
    starts, stops = [0, *(stop for _, stop in spans)], [*(start for start, _ in spans), len(text)]
    return [text[start:stop] for start, stop in zip(starts, stops, strict=True)]


def check_changes(text: str, other: str, changes: tuple[Change, ...]) -> None:
    assert around(text, [change.span for change in changes]) == around(other, [change.new_span for change in changes])
    for change in changes:
        assert text[slice(*change.span)] == change.before
        assert other[slice(*change.new_span)] == change.after


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.integers(0, 5))
def test_any_text_is_edited_without_fail(text: str, seed: int):
    why_foreign(text)
    sentence = tagged(text)
    found = make_edits(sentence, lexicon(), seed=seed, pool=["a caption", text])
    assert found == make_edits(sentence, lexicon(), seed=seed, pool=["a caption", text])
    said = ["".join(edit.text.casefold().split()) for edit in found.edits]
    assert len(set(said)) == len(said)
    assert "".join(text.casefold().split()) not in said
    for edit in found.edits:
        check_changes(text, edit.text, edit.changes)
    by_kind = [edit.kind for edit in found.edits]
    assert max(map(by_kind.count, by_kind), default=0) <= 2
    assert {none.kind for none in found.unedited}.isdisjoint(by_kind)


@given(st.text(max_size=200), st.text(max_size=200))
def test_what_lies_between_two_texts_is_all_of_it(text: str, other: str):
    check_changes(text, other, between(text, other))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["a ring", "two dogs", "The old man"]),
    st.sampled_from(["moves left", "walk up the stairs", "goes clockwise", "run towards a car", "turns right"]),
)
def test_a_direction_turned_twice_is_the_one_before(who: str, does: str):
    sentence = f"{who} {does}"
    (once,) = make_edits(tagged(sentence), lexicon(), ["direction"]).edits
    (twice,) = make_edits(tagged(once.text), lexicon(), ["direction"]).edits
    assert once.text != sentence == twice.text


@given(st.text(max_size=300))
def test_any_file_is_read_or_refused(text: str):
    with contextlib.suppress(InputError):
        read_edits(text)
