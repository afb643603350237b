"""The verb that probes as a person types it, with the model that knows colour words and known films."""

from __future__ import annotations

import csv
import json

import pytest

from tests.colour_models import SECOND, offer_both
from tests.films import BLUE, GREEN, RED, write_film
from workbench import __main__ as command
from workbench.models.adapter_template import ENTRY, ColourHistogram
from workbench.models.registry import ModelRegistry


@pytest.fixture(autouse=True)
def world(tmp_path, monkeypatch):
    """Offer the colour model on the list under two names, with an empty cache."""
    offer_both(monkeypatch, tmp_path / "home")


@pytest.fixture
def folder(tmp_path):
    """Return a folder of three films of one colour each."""
    for name, colour in (("red", RED), ("green", GREEN), ("blue", BLUE)):
        write_film(tmp_path / f"{name}.mp4", [(2.0, colour)])
    return tmp_path


def run(capsys, *words):
    """Return exit status, stdout and stderr of one call."""
    status = command.main(["probe", *map(str, words)])
    out, err = capsys.readouterr()
    return status, out, err


def one(capsys, folder, *words, query="a red ball"):
    films = [folder / f"{name}.mp4" for name in ("red", "green", "blue")]
    return run(capsys, *films, "--query", query, "--model", ENTRY.id, "--edits", "colour", *words)


def written(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_one_film_and_sentence_are_told_edit_by_edit(capsys, folder):
    status, out, err = one(capsys, folder, "--video-edits", "reverse,blur", "--edit", "a pink ball", "--among", "a car")
    assert status == 0
    assert out.startswith("Colour histogram: “a red ball” scores 1.000, above 3 of 3 edits that say what")
    lines = out.splitlines()
    assert "1.000  a red ball" in lines
    assert "0.000  a pink ball  [own: red > pink]" in lines
    assert "1.000  the video played backwards  [reverse]" in lines
    assert any(line.startswith("1.000  the video somewhat brighter  [brighten]") for line in lines)
    assert "has never seen" in err


def test_edits_that_nobody_wants_are_taken_away(capsys, folder):
    def edits(*words):
        status, out, _ = one(capsys, folder, "--video-edits", "none", "--json", "-", *words)
        assert status == 0
        return [edit["text"] for edit in json.loads(out)["probes"][0]["cases"][0]["texts"]]

    first, *others = edits()
    assert others
    assert edits("--without", first.upper()) == others
    assert edits("--without", first, "--without", others[0], "--edit", "a pink ball") == [*others[1:], "a pink ball"]


def test_several_models_are_written_side_by_side(capsys, folder):
    status, out, _ = one(capsys, folder, "--model", SECOND.id, "--json", "-", "--video-edits", "none")
    written_both = json.loads(out)["probes"]
    assert status == 0
    assert [each["title"] for each in written_both] == ["Colour histogram", "Colour again"]
    assert written_both[0]["cases"][0]["scores"] == written_both[1]["cases"][0]["scores"]
    assert written_both[0]["cases"][0]["other_films"] == ["green.mp4", "blue.mp4"]


def test_a_page_stands_on_its_own(capsys, folder):
    page = folder / "probe.html"
    status, out, _ = one(capsys, folder, "--html", page, "--model", SECOND.id)
    html = page.read_text()
    assert (status, out) == (0, "")
    assert "Ranks among other videos" in html
    assert "Colour again" in html
    assert "<script src=" not in html


def test_captions_of_a_file_are_probed_and_the_same_call_goes_on(capsys, folder, monkeypatch):
    rows = [{"vid": name, "caption": f"a {name} ball"} for name in ("red", "green", "blue")]
    path = written(folder / "rows.jsonl", [*rows, {"vid": "red", "caption": "a red car", "start_s": 0, "end_s": 1}])
    words = ("--file", path, "--model", ENTRY.id, "--edits", "colour", "--video-edits", "grey")
    status, out, _ = run(capsys, *words)
    assert status == 0
    assert out.startswith("Colour histogram: 4 sentences of 3 videos.")
    assert "sentence: another colour" in out
    monkeypatch.setattr(ColourHistogram, "encode_frames", lambda self, frames: pytest.fail("encoded again"))
    _, again, _ = run(capsys, *words, "--json", "-")
    found = json.loads(again)["probes"][0]
    assert found["n_cases"] == 4
    assert found["cases"][3]["span_s"] == [0.0, 1.0]
    assert found["cases"][0]["ranks_by_text"][0] == 1
    assert "of_other_films" not in found["cases"][0]


def test_what_was_stopped_goes_on_from_what_is_kept(capsys, folder, monkeypatch):
    path = written(
        folder / "rows.jsonl", [{"vid": name, "caption": f"a {name} ball"} for name in ("red", "green", "blue")]
    )
    words = ("--file", path, "--model", ENTRY.id, "--edits", "colour", "--video-edits", "noise")
    encode, encoded = ColourHistogram.encode_frames, []

    def encode_five(self, frames):
        encoded.append(frames)
        if len(encoded) == 5:
            raise KeyboardInterrupt
        return encode(self, frames)

    monkeypatch.setattr(ColourHistogram, "encode_frames", encode_five)
    status, out, err = run(capsys, *words)
    assert (status, out) == (130, "")
    assert "Probing videos with Colour histogram" in err
    assert err.endswith("Stopped; what was finished is kept, and the same command goes on from there.\n")
    status, out, _ = run(capsys, *words, "--json", "-")
    edits = [film["kind"] for case in json.loads(out)["probes"][0]["cases"] for film in case["films"]]
    assert status == 0
    assert edits == ["noise", "brighten"] * 3
    assert len(encoded) == 1 + 3 + len(edits), "only what was stopped is encoded twice"


def test_files_of_edits_load_as_they_are(capsys, folder):
    pairs = [
        {"src_dataset": "x", "video_name": f"{name}.mp4", "caption": f"a {name} ball", "counterfactual": "a pink ball",
         "aspect": "Type"} for name in ("red", "blue")
    ]  # fmt: skip
    status, out, _ = run(capsys, "--file", written(folder / "vitatecs.jsonl", pairs), "--model", ENTRY.id)
    assert status == 0
    assert "sentence: type" in out
    with (folder / "feint.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["video_id", "sentence"])
        for name in ("red", "blue"):
            rows.writerows([[name, f"a {name} ball"], *([name, f"a pink ball {at}"] for at in range(5))])
    status, out, _ = run(capsys, "--file", folder / "feint.csv", "--model", ENTRY.id, "--video-edits", "none")
    assert status == 0
    assert "2 sentences of 2 videos" in out


def test_edits_of_a_file_stand_alone_unless_others_are_asked_for(capsys, folder):
    rows = [
        {"vid": "red", "caption": "a red ball", "counterfactual": text, **more}
        for text, more in (("a blue ball", {}), ("a scarlet ball", {"role": "control"}))
    ]
    words = ("--file", written(folder / "own.jsonl", rows), "--model", ENTRY.id, "--video-edits", "none", "--json", "-")
    kinds = [
        [edit["kind"] for edit in json.loads(run(capsys, *words, *more)[1])["probes"][0]["cases"][0]["texts"]]
        for more in ((), ("--edits", "colour", "--most", "1"), ("--edits", "none"))
    ]
    assert kinds == [["own", "paraphrase"], ["own", "paraphrase", "colour"], ["own", "paraphrase"]]


def test_what_is_wrong_is_told_before_a_model_is_loaded(capsys, folder, monkeypatch):
    monkeypatch.setattr(ModelRegistry, "load", lambda self, model_id: pytest.fail("a model was loaded"))
    for words in (("--seed", "-1"), ("--most", "0"), ("--start", "5"), ("--among", " "), ("--video-edits", "rewind")):
        status, _, err = one(capsys, folder, *words)
        assert (status, err.count("\n")) == (1, 1)


def test_what_was_written_is_said_beside_a_clean_stdout(capsys, folder):
    found, page = folder / "found.json", folder / "found.html"
    _, out, err = one(capsys, folder, "--video-edits", "none", "--json", found, "--html", page)
    assert out == ""
    said = [line for line in err.splitlines() if line.startswith("Written")]
    assert said == [f"Written to {found}.", f"Written to {page}."]
    _, out, err = one(capsys, folder, "--video-edits", "none", "--json", "-")
    assert json.loads(out)
    assert "Written" not in err


def test_of_many_sentences_it_is_said_of_how_many_no_edit_was_made(capsys, folder):
    rows = [{"vid": "red", "caption": text} for text in ("ein roter Ball rollt nach links", "a red ball")]
    words = ("--file", written(folder / "rows.jsonl", rows), "--model", ENTRY.id, "--video-edits", "none")
    status, out, err = run(capsys, *words)
    assert status == 0
    assert out.startswith("Colour histogram: 2 sentences of one video.")
    assert "Note: Of 1 of 2 sentences no edit was made: The sentence looks like German; edits are made of" in err


@pytest.mark.parametrize(("begins", "ends"), [("\ufeff", "\n"), ("", "\r\n")])
def test_files_of_other_editors_are_read(capsys, folder, begins, ends):
    path = folder / "rows.jsonl"
    path.write_bytes((begins + json.dumps({"vid": "red", "caption": "a red ball"}) + ends).encode())
    status, out, _ = run(capsys, "--file", path, "--model", ENTRY.id, "--edits", "colour", "--video-edits", "none")
    assert status == 0
    assert "“a red ball” scores 1.000" in out


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "rows.jsonl is empty; write a video and a sentence"),
        (b" \n\n", "rows.jsonl is empty"),
        ("ein Mädchen".encode("latin-1"), "cannot be read (it is not text)"),
        (
            b'{"vid": "red", "caption": "x"}\n[{"vid": "red"}]\n',
            "rows.jsonl, line 2 is a list; write one object a line",
        ),
        (b'[{"vid": "red"}]\n[{"vid": "red"}]\n', "rows.jsonl goes on in line 2 after a JSON list; write one object"),
        (b'{"caption": "a dog", "counterfactual": "a cat"}', "rows.jsonl names no video of “a dog”; add its name as"),
        (b'{"vid": "red", "caption": "\\ud800"}', "has a character that is none in UTF-8"),
        (b'{"vid": "red", "caption": "a", "counterfactual": "\\ud800"}', "has a character that is none in UTF-8"),
    ],
)
def test_files_that_cannot_be_probed_are_one_sentence(capsys, folder, text, told):
    (folder / "rows.jsonl").write_bytes(text)
    status, out, err = run(capsys, "--file", folder / "rows.jsonl", "--model", ENTRY.id)
    assert (status, out) == (1, "")
    assert told in err
    assert err.startswith("Error: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "Give VIDEO and --query"),
        (("{red}",), "Give VIDEO and --query"),
        (("{red}", "--query", " "), "The sentence is empty"),
        (("{red}", "--query", "a red ball", "--edits", "tense"), "There is no edit 'tense' of a sentence; ask for all"),
        (("{red}", "--query", "a red ball", "--video-edits", "rewind"), "There is no edit 'rewind' of a video"),
        (("{red}", "--query", "a red ball", "--start", "5"), "A part from 5 s to 2 s is none"),
        (("{red}", "--query", "a red ball", "--model", "nothing"), "nothing"),
        (("{red}", "--query", "a red ball", "--edit", "a  Red ball"), "says what the sentence says"),
        (("{red}", "--query", "a \udce4 ball"), "has a character that is none in UTF-8; type it anew"),
        (("{red}", "--query", "a red ball", "--videos", "."), "--videos is the folder of the videos of --file"),
        (("{red}", "--query", "a red ball", "--json", "x", "--html", "x"), "Two results cannot both be written to x;"),
        (("--file", "{none}"), "cannot be read"),
        (("--file", "{empty}"), "There is no row"),
        (("--file", "{bare}"), "Row 1 of bare.jsonl has no caption"),
        (("--file", "{gone}"), "There is no video gone.*"),
        (("--file", "{bare}", "--query", "x"), "What is probed stands in --file"),
    ],
)
def test_what_cannot_be_probed_is_one_sentence(capsys, folder, words, told):
    written(folder / "bare.jsonl", [{"vid": "red"}])
    written(folder / "gone.jsonl", [{"vid": "gone", "caption": "x"}])
    (folder / "empty.jsonl").write_text("[]")
    names = {name: folder / f"{name}.jsonl" for name in ("none", "empty", "bare", "gone")} | {"red": folder / "red.mp4"}
    model = () if "--model" in words else ("--model", ENTRY.id)
    status, out, err = run(capsys, *(word.format(**names) for word in words), *model)
    assert (status, out) == (1, "")
    assert told in err
    assert err.startswith("Error: ")
    assert err.count("\n") == 1
