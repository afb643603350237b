"""Files of edits in the forms they are published in, and what is said of the ones that are broken."""

from __future__ import annotations

import json

import pytest

from workbench.core import edit_files
from workbench.core.edit_files import read_edits
from workbench.errors import InputError

VITATECS = {
    "src_dataset": "VATEX",
    "video_name": "a.mp4",
    "caption": "A woman opens a box.",
    "counterfactual": "A woman closes a box.",
    "aspect": "Direction",
}
FEINT6K = ["a man runs", "a man sits", "a man sings", "a man swims", "a man sleeps", "a man eats"]


def test_vitatecs_loads_as_it_is():
    other = {**VITATECS, "counterfactual": "A woman opens two boxes.", "aspect": "Intensity"}
    (found,) = read_edits("\n".join(map(json.dumps, [VITATECS, other])) + "\n")
    assert (found.video, found.caption) == ("a.mp4", "A woman opens a box.")
    assert [(edit.kind, edit.before, edit.after) for edit in found.edits] == [
        ("direction", "opens", "closes"),
        ("intensity", "a … box", "two … boxes"),
    ]


def test_feint6k_loads_as_it_is():
    rows = [f"{number},video{video},{text}" for video in (7, 8) for number, text in enumerate(FEINT6K)]
    first, second = read_edits("\ufeff,video_id,sentence\r\n" + "\r\n".join(rows))
    assert (first.video, second.video, first.caption) == ("video7", "video8", "a man runs")
    assert [edit.after for edit in first.edits] == ["sits", "sings", "swims", "sleeps", "eats"]
    assert {edit.kind for edit in first.edits} == {"verb"}


def test_two_captions_of_a_video_in_feint6k_are_two():
    rows = [f"v,{text}" for text in FEINT6K * 2]
    assert [len(found.edits) for found in read_edits("video_id,sentence\n" + "\n".join(rows))] == [5, 5]


def test_a_list_and_a_table_hold_the_same():
    table = "caption,counterfactual,kind,role\na red ring,a blue ring,colour,meaning\n"
    rows = [{"caption": "a red ring", "counterfactual": "a blue ring", "kind": "colour", "role": "meaning"}]
    assert read_edits(table) == read_edits(json.dumps(rows))
    assert read_edits(table)[0].edits[0].changes[0].span == (2, 5)


def test_a_kind_has_one_role_and_what_is_not_said_follows():
    rows = [
        {"counterfactual": "a blue ring"},
        {"counterfactual": "a scarlet ring", "role": "control"},
        {"counterfactual": "a dog", "role": "ceiling"},
        {"counterfactual": "the red ring", "aspect": "Paraphrase"},
        {"counterfactual": "a crimson ring", "aspect": "mine", "role": "control"},
        {"counterfactual": "a ring that is red", "aspect": "mine"},
    ]
    (found,) = read_edits(json.dumps([{"vid": "a", "caption": "a red ring", **row} for row in rows]))
    assert found.video == "a"
    assert [(edit.kind, edit.role) for edit in found.edits] == [
        ("own", "meaning"),
        ("paraphrase", "control"),
        ("random", "ceiling"),
        ("paraphrase", "control"),
        ("mine", "control"),
        ("mine", "control"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no rows"),
        ("caption,counterfactual\n", "has no rows"),
        ("[1]", "Row 1 of the file of edits is no object"),
        ("[[1]]", "Row 1 of the file of edits is a list; write one object a line, or one list of all objects"),
        ("[{", "begins like a JSON list"),
        ('{"caption": "a"', "Row 1 of the file of edits is no JSON"),
        ("name,text\nx,y\n", "Row 2 of the file of edits holds 'name', 'text'"),
        (json.dumps({**VITATECS, "caption": " "}), "Row 1 of the file of edits has no text in 'caption'"),
        (json.dumps({**VITATECS, "caption": 3}), "Row 1 of the file of edits has no text in 'caption'"),
        (json.dumps({**VITATECS, "counterfactual": "a woman opens a  BOX."}), "Row 1 .* says what its caption says"),
        (json.dumps({**VITATECS, "counterfactual": "x" * 2001}), "Row 1 of the file of edits has 2,001 characters"),
        (json.dumps({**VITATECS, "role": "wrong"}), "Row 1 of the file of edits has the role 'wrong'"),
        (
            json.dumps({**VITATECS, "role": ["control"]}),
            "Row 1 of the file of edits has the role .'control'.; give one",
        ),
        (json.dumps({**VITATECS, "aspect": ["x"]}), "Row 1 of the file of edits has no text in 'aspect'"),
        (
            json.dumps({**VITATECS, "role": "control"}),
            "Row 1 of the file of edits gives 'direction' the role 'control', and elsewhere it has 'meaning'",
        ),
        (
            json.dumps([{**VITATECS, "aspect": "mine"}, {**VITATECS, "aspect": "Mine", "role": "ceiling"}]),
            "Row 2 of the file of edits gives 'mine' the role 'ceiling', and elsewhere it has 'meaning'; give",
        ),
        ("video_id,sentence\nv,a dog\nw,a cat\n", "Video 'v' of the file of edits has only “a dog”"),
        ("[" * 100_000, "begins like a JSON list"),
    ],
)
def test_what_is_wrong_is_said_with_its_row(text: str, message: str):
    with pytest.raises(InputError, match=message):
        read_edits(text)


def test_a_file_may_not_be_too_large(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(edit_files, "MOST_ROWS", 2)
    with pytest.raises(InputError, match="more than 2 rows"):
        read_edits("\n".join([json.dumps(VITATECS)] * 3))
    monkeypatch.setattr(edit_files, "MOST_BYTES", 10)
    with pytest.raises(InputError, match="larger than"):
        read_edits("é" * 6)
