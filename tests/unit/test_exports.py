"""Answers as files: what is in them is what was answered, programs can read them, and nothing in them can do harm."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.colour_models import SECOND, offer_both
from tests.films import BLUE, GREEN, RED, write_film
from workbench import __main__ as command
from workbench.models.adapter_template import ENTRY
from workbench.types.attribution import Attribution, Player
from workbench.types.grounding import Grounding, Moment
from workbench.types.outcome import Outcome, Provenance
from workbench.types.video import SamplingSpec
from workbench.ui.exports.arrays import arrays_of
from workbench.ui.exports.csv_file import answer_csv
from workbench.ui.exports.file_names import file_name
from workbench.ui.exports.npz_file import answer_npz

QUERY = '=cmd|" /C calc"!A0, #1 <b>red</b>'


@pytest.fixture
def film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a film of three colours, with two models that know them on the list."""
    offer_both(monkeypatch, tmp_path / "home")
    return write_film(tmp_path / "-my film, #1;=.mp4", [(2.0, RED), (2.0, BLUE), (1.0, GREEN)]).path


def written(film: Path, verb: str, *words: Any) -> dict[str, Path]:
    """Return the files that a verb writes, by their formats."""
    files = {name: film.parent / f"{verb}.{name}" for name in ("json", "csv", "npz", "html")}
    asked = [verb, *map(str, words), "--model", ENTRY.id]
    assert command.main([*asked, *(word for name, path in files.items() for word in (f"--{name}", str(path)))]) == 0
    return files


def table_of(path: Path) -> tuple[dict[str, str], pd.DataFrame]:
    """Return the first comment of each key, and the table as pandas reads it."""
    lines = path.read_text(encoding="utf-8").splitlines()
    comments = [line[2:].split(": ", 1) for line in lines if line.startswith("#")]
    return dict(reversed(comments)), pd.read_csv(path, comment="#")


def test_moments_are_the_same_in_every_format(film: Path) -> None:
    files = written(film, "ground", film, "--query", QUERY, "--query", "blue", "--fps", 4)
    answer = json.loads(files["json"].read_text())
    comments, table = table_of(files["csv"])
    curves = table[table.table == "saliency"]
    assert curves[curves["query"] == "blue"].saliency.tolist() == answer["saliency"][1]
    assert curves[curves["query"] == f"'{QUERY}"].cosine.tolist() == answer["similarity"][0]
    moments = table[table.table == "moment"]
    assert moments.score.tolist() == [moment["score"] for found in answer["moments"] for moment in found]
    assert comments["model_id"] == ENTRY.id
    assert comments["video_id"] == answer["provenance"]["video_id"]
    assert json.loads(comments["sampling"]) == {"fps": 4.0, "max_frames": 20000}
    assert json.loads(comments["parameters"])["queries"] == [QUERY, "blue"]
    told = answer["provenance"]["command"]
    assert told.startswith(".venv/bin/python -m workbench ground './-my film, #1;=.mp4' --query ")
    assert json.loads(comments["command"]) == told  # it has a semicolon before an equals sign
    with np.load(files["npz"], allow_pickle=False) as arrays:
        assert arrays["saliency"].tolist() == answer["saliency"]
        assert arrays["queries"].tolist() == [QUERY, "blue"]
        assert arrays["moments.start_s"].tolist() == moments.start_s.tolist()
        assert json.loads(str(arrays["provenance"][0])) == answer["provenance"]
    html = files["html"].read_text()
    assert "<b>red" not in html
    made = html.split('id="provenance">')[1].split("</script>")[0]
    assert json.loads(made) == [answer["provenance"]]
    assert "To make it again" in html
    for path in files.values():
        assert str(film.parent).encode() not in path.read_bytes(), "no folder is told"


def test_no_cell_and_no_comment_begins_like_a_formula(film: Path) -> None:
    files = written(film, "ground", film, "--query", QUERY, "--query", "@x", "--query", "+1,=2;=3\t=4")
    text = files["csv"].read_text()
    for separator in ",;\t":
        rows = csv.reader(io.StringIO(text), delimiter=separator)
        for cell in (cell for row in rows for cell in row):
            is_number = cell.lstrip("-").replace(".", "").replace("e-", "").isdecimal()
            assert is_number or not cell.startswith(("=", "+", "-", "@")), cell


def test_who_made_it_is_told_with_errors_and_pairs(film: Path) -> None:
    files = written(
        film, "attribute", film, "--query", "a red wall", "--players", "patches", "--at", 1, "--budget", 300
    )
    answer = json.loads(files["json"].read_text())
    comments, table = table_of(files["csv"])
    assert comments["answer"] == "patches"
    values = table[table.table == "value"]
    assert values.value.tolist() == answer["values"]
    assert values.error.tolist() == answer["value_errors"]
    assert values[["top", "left"]].iloc[0].tolist() == answer["players"][0]["span"][:2]
    assert table[table.table == "score"].gap.item() == answer["gap"]
    files = written(film, "attribute", film, "--query", "a red wall", "--players", "frames+words")
    answer = json.loads(files["json"].read_text())
    _, table = table_of(files["csv"])
    pairs = table[table.table == "pair"]
    labels = [player["label"] for player in answer["players"]]
    assert len(pairs) == len(labels) * (len(labels) - 1) / 2
    for _, pair in pairs.iterrows():
        first, second = labels.index(pair.player), labels.index(pair["with"])
        assert pair.value == answer["pairs"][first][second]


def test_maps_are_told_cell_by_cell(film: Path) -> None:
    files = written(film, "attribute", film, "--query", "red", "--method", "occlusion", "--at", 1, "--evidence")
    answer = json.loads(files["json"].read_text())
    _, table = table_of(files["csv"])
    cells = table[table.table == "map"]
    rows, columns = answer["grid"]
    assert cells.value.tolist() == answer["values"][0]
    assert cells[["row", "column"]].iloc[-1].tolist() == [rows, columns]
    assert table[table.table == "evidence"].standing.tolist() == answer["evidence"]["standing"]
    with np.load(files["npz"], allow_pickle=False) as arrays:
        assert arrays["evidence.random"].shape == np.array(answer["evidence"]["random"]).shape


def test_points_stand_with_what_is_known_of_them(film: Path) -> None:
    files = written(film, "embed", film, "--query", "blue", "--reducer", "pca")
    answer = json.loads(files["json"].read_text())
    _, table = table_of(files["csv"])
    points = table[table.table == "point"]
    assert points[["x", "y"]].to_numpy().tolist() == [point["at"] for point in answer["points"]]
    assert points.item.tolist() == [point["name"] for point in answer["points"]]
    assert points.kind.tolist() == [point["kind"] for point in answer["points"]]
    assert points["column fits “blue”"].iloc[0] == answer["points"][0]["columns"]["fits “blue”"]
    with np.load(files["npz"], allow_pickle=False) as arrays:
        assert arrays["items.names"].tolist() == points.item.tolist()
        np.testing.assert_array_equal(arrays["coords"], points[["x", "y"]].to_numpy())


def test_two_models_and_many_films_are_told(film: Path) -> None:
    folder = film.parent / "clips"
    folder.mkdir()
    for name, colour in (("a", RED), ("b", RED), ("c", BLUE), ("d", BLUE)):
        write_film(folder / f"{name}.mp4", [(2.0, colour)], size_px=(96, 64 if name in "ac" else 48))
    rows = [
        {"vid": vid, "labels": {"colour": c}, "caption": f"a {c} ball"} for vid, c in zip("abcd", "rrbb", strict=True)
    ]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    files = written(film, "compare", film, "--model2", SECOND.id, "--reducer", "pca")
    _, table = table_of(files["csv"])
    points = json.loads(files["json"].read_text())["points"]
    assert table[table.table == "shared"].overlap.tolist() == [point["overlap"] for point in points]
    files = written(film, "examine", folder / "rows.jsonl", "--videos", folder, "--model2", SECOND.id)
    comments, table = table_of(files["csv"])
    found = json.loads(files["json"].read_text())["examinations"]
    accuracies = [reading["accuracy"] for each in found for reading in each["readings"]]
    assert table[table.table == "reading"].accuracy.tolist() == accuracies
    assert set(table.answer) == {f"examination {ENTRY.id}", f"examination {SECOND.id}"}
    assert comments["command"].endswith(f"examine rows.jsonl --videos . --model {ENTRY.id}")
    with np.load(files["npz"], allow_pickle=False) as arrays:
        assert arrays[f"examination {SECOND.id}: readings.0.accuracy"] == found[1]["readings"][0]["accuracy"]
        assert len(arrays["provenance"]) == 2
    files = written(
        film, "probe", film, *sorted(folder.glob("*.mp4")), "--query", "a red ball", "--video-edits", "reverse"
    )
    [probe] = json.loads(files["json"].read_text())["probes"]
    _, table = table_of(files["csv"])
    scores = table[table.table == "score"]
    assert scores.score.tolist() == [score for row in probe["cases"][0]["scores"] for score in row]
    assert scores.rank_of_video.iloc[0] == probe["cases"][0]["ranks_by_text"][0]
    assert table[table.table == "kind"].margin.tolist() == [row["margin"]["value"] for row in probe["rows"]]


def test_all_numbers_go_to_stdout_alone(film: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    asked = ["ground", str(film), "--query", "red", "--model", ENTRY.id]
    assert command.main([*asked, "--npz", "-"]) == 0
    with np.load(io.BytesIO(capsysbinary.readouterr().out), allow_pickle=False) as arrays:
        assert arrays["times_s"].tolist() == [at / 2 for at in range(10)]
    assert command.main([*asked, "--csv", "-"]) == 0
    assert capsysbinary.readouterr().out.startswith(b"# answer: moments\n# analysis: ground\n")


PROVENANCE = Provenance(
    "a", "v", "a\nb\u2028c\u202e", "m", "r", {"players": "words", "opened": ""}, SamplingSpec(), {}, 0, True
)


def grounding(**more: Any) -> Grounding:
    row = np.array([[0.1, np.nan]], np.float32)
    none = np.zeros(1)
    return replace(
        Grounding(("q",), np.arange(2.0), row, row, ((),), none, (), none, np.zeros(1, bool), 0.01), **more
    )  # fmt: skip


def test_rows_of_lists_become_columns_and_what_is_missing_is_no_number() -> None:
    moments = ((Moment(0, 1, 0.5), Moment(2, 3, 0.25)), (), (Moment(4, 5, 1.0),))
    arrays = arrays_of(grounding(moments=moments, warnings=("é",)))
    assert arrays["moments.of"].tolist() == [0, 0, 2]
    assert arrays["moments.end_s"].tolist() == [1, 3, 5]
    assert arrays["warnings"].tolist() == ["é"]
    assert arrays["error_rate"] == 0.01
    assert "absent" not in arrays
    players = (Player("word", "a", (0, 1)), Player("patch", "b", (0.0, 0.25, 0.5, 0.75)))
    none: dict[str, Any] = {"value_errors": None, "pairs": None, "pair_errors": None}
    none |= dict.fromkeys(("score", "absent", "empty"), "")
    values = Attribution("m", "q", players, np.ones(2), empty_value=0, full_value=2, n_evaluations=4, **none)
    arrays = arrays_of(values)
    np.testing.assert_array_equal(arrays["players.span"], [[0, 1, np.nan, np.nan], [0, 0.25, 0.5, 0.75]])
    assert arrays["players.label"].tolist() == ["a", "b"]
    assert "pairs" not in arrays
    assert arrays_of({"a/b": {"x": 1}, "c": [{"y": 2.5}, {"y": 3.5}]}).keys() == {"a/b.x", "c.0.y", "c.1.y"}


def test_a_file_of_arrays_has_no_folder_and_no_pickle() -> None:
    outcome = Outcome({"../x": np.arange(3), "\\y": "z"}, replace(PROVENANCE, analysis="a"))
    with np.load(io.BytesIO(answer_npz([outcome])), allow_pickle=False) as arrays:
        assert set(arrays.files) == {"..%2Fx", "%5Cy", "provenance", "answers"}
    with pytest.raises(ValueError, match="Object arrays"):
        answer_npz([replace(outcome, result={"x": np.array([{}])})])


def test_what_is_no_number_is_empty_and_no_mark_breaks_a_line() -> None:
    text = answer_csv([Outcome(grounding(queries=("a\n# b\u2028c",)), PROVENANCE)])
    table = pd.read_csv(io.StringIO(text), comment="#")
    assert table["query"].unique().tolist() == ["a # b c"]
    assert np.isnan(table.saliency.iloc[-1])
    comments = [line for line in text.split("\n") if line.startswith("# ")]
    assert len(comments) == len([line for line in text.splitlines() if line.startswith("# ")])
    assert (
        json.loads(next(line for line in comments if line.startswith("# video_title"))[15:]) == PROVENANCE.video_title
    )


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("My film", "ground-My-film-org-name.csv"),
        ("../../etc/passwd", "ground-etc-passwd-org-name.csv"),
        ('a"; rm -rf "b\r\nX: y', "ground-a-rm-rf-b-X-y-org-name.csv"),
        ("Ålesund é", "ground-Alesund-e-org-name.csv"),
        ("東京", "ground-org-name.csv"),
        ("x" * 500, f"ground-{'x' * 60}-org-name.csv"),
    ],
)
def test_a_file_is_called_by_plain_letters_alone(title: str, name: str) -> None:
    assert file_name("ground", title, "org/name", "csv") == name
