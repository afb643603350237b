"""The verbs that ask of spaces as a person types them, with the model that knows colour words and known films."""

from __future__ import annotations

import itertools
import json
import math
import re

import numpy as np
import pytest
from PIL import Image

from tests.colour_models import SECOND, offer_both
from tests.films import BLUE, GREEN, RED, write_film
from workbench import Workbench
from workbench import __main__ as command
from workbench.errors import InputError
from workbench.models.adapter_template import ENTRY


@pytest.fixture(autouse=True)
def world(tmp_path, monkeypatch):
    """Offer the colour model on the list under two names, with an empty cache."""
    offer_both(monkeypatch, tmp_path / "home")


@pytest.fixture
def folder(tmp_path):
    """Return a folder of six films of two colours each, with their rows of annotation."""
    folder = tmp_path / "videos"
    folder.mkdir()
    rows = []
    colours = {"red": RED, "green": GREEN, "blue": BLUE}
    for at, (first, then) in enumerate(itertools.permutations(colours, 2)):
        write_film(folder / f"film{at}.mp4", [(2.0, colours[first]), (2.0, colours[then])])
        for start_s, name in ((0, first), (2, then)):
            labels = {"colour": name}
            rows.append({"vid": f"film{at}", "start_s": start_s, "end_s": start_s + 2, "labels": labels})
            rows[-1]["caption"] = f"something {name}"
    (folder / "notes.txt").write_text("no film")
    written(folder / "rows.jsonl", rows)
    return folder


def written(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def run(capsys, *words):
    """Return exit status, stdout and stderr of one call."""
    status = command.main([str(word) for word in words])
    out, err = capsys.readouterr()
    return status, out, err


def embed(capsys, *words):
    return run(capsys, "embed", "--model", ENTRY.id, "--reducer", "pca", *words)


def compare(capsys, film, *words, other=SECOND.id):
    return run(
        capsys, "compare", film.path, "--model", ENTRY.id, "--model2", other, "--reducer", "pca", *words
    )  # fmt: skip


def examine(capsys, folder, *words, rows=None):
    return run(capsys, "examine", rows or folder / "rows.jsonl", "--videos", folder, "--model", ENTRY.id, *words)


def is_one_sentence(err):
    return err.startswith("Error: ") and err.rstrip("\n").endswith(".") and err.count("\n") == 1


# -- embed ------------------------------------------------------------------------------------------------------------


def points_of(out):
    """Return the points of an answer by their names."""
    return {point["name"]: point for point in json.loads(out)["points"]}


def frames_in(points):
    """Return where the frames of one film lie, by the instant they are of."""
    return {float(name.rpartition(":")[2]): point["at"] for name, point in points.items() if name.startswith("frame:")}


def test_embed_prints_json_and_nothing_else_on_stdout_and_writes_a_page(capsys, film, tmp_path):
    page = tmp_path / "page.html"
    status, out, err = embed(capsys, film.path, "--json", "-", "--html", page)
    assert status == 0
    assert f"Written to {page}." in err
    answer, points = json.loads(out), points_of(out)
    [video] = {point["video"] for point in answer["points"]}
    names = [f"frame:{video}:{number / 2:.3f}" for number in range(16)]
    assert [point["name"] for point in answer["points"]] == [*names, f"video:{video}"]
    assert [point["fitted"] for point in answer["points"]] == [True] * 16 + [False]
    assert points[names[15]]["span_s"] == [7.25, 8.0]
    assert set(points[names[4]]["neighbours"][:5]) == set(names[5:10])  # red, as it is
    assert (answer["reducer"], answer["provenance"]["model_id"]) == ("pca", ENTRY.id)
    at = frames_in(points)
    assert at[0.0] == pytest.approx(at[1.5], abs=1e-9)
    # Of four colours, which are at right angles, gray and green are the two that are as many.
    assert math.dist(at[0.0], at[6.0]) == pytest.approx(math.sqrt(2))
    assert answer["shares"][1] == pytest.approx(8 / 23)
    assert str(film.path) not in out
    text = page.read_text()
    assert text.count("Plotly.newPlot(") == 3  # the map, and the gap as it is and closed
    assert "plotly.js v" in text
    assert not re.search(r"<(?:script|link|iframe)\b[^>]*\b(?:src|href)\s*=", text.replace("\n", " "))
    assert answer["conclusion"].replace("“", "").split(";")[0] in text
    assert str(film.path) not in text


def test_embed_tells_people(capsys, film):
    status, out, _ = embed(capsys, film.path, "--query", "something red")
    assert status == 0
    assert "of 16 frames lie in" in out.splitlines()[0]
    assert "  “something red” lies nearest to colours.mp4, 0:02.0; colours.mp4, 0:02.5; colours.mp4, 0:03.0" in out


def test_embed_places_what_comes_later_and_what_is_looked_for_on_the_map_of_some_films(capsys, film, tmp_path):
    later = write_film(tmp_path / "later.mp4", [(2.0, BLUE), (2.0, RED), (1.0, GREEN)])
    still = tmp_path / "still.png"
    Image.new("RGB", (64, 48), RED).save(still)
    words = [word for colour in ("gray", "red", "blue", "green") for word in ("--through", colour)]
    status, out, _ = embed(capsys, film.path, *words, "--json", "-")
    assert status == 0
    before = points_of(out)
    asked = (*words, "--fitted-on", film.path, "--picture", still, "--query", "a blue wall", "--json", "-")
    status, out, _ = embed(capsys, film.path, later.path, *asked)
    assert status == 0
    answer, points = json.loads(out), points_of(out)
    assert answer["through"] == ["gray", "red", "blue", "green"]
    kinds = [point["kind"] for point in answer["points"]]
    assert {kind: kinds.count(kind) for kind in kinds} == {"frame": 26, "video": 2, "sentence": 1, "picture": 1}
    assert sum(point["fitted"] for point in answer["points"]) == 16
    assert {name: points[name]["at"] for name in before} == {name: point["at"] for name, point in before.items()}
    first = frames_in(before)
    own = frames_in({name: point for name, point in points.items() if name not in before})
    assert (len(first), len(own)) == (16, 10)
    for at_s, as_at_s in ((0.0, 5.0), (1.5, 5.5), (2.0, 2.0), (3.5, 4.5), (4.5, 7.5)):
        assert own[at_s] == pytest.approx(first[as_at_s], abs=1e-6)
    [picture] = [point for point in answer["points"] if point["kind"] == "picture"]
    assert picture["at"] == pytest.approx(first[2.0], abs=1e-6)
    assert [name.rpartition(":")[2] for name in picture["neighbours"][:2]] == ["2.000", "2.500"]
    [sentence] = [point for point in answer["points"] if point["kind"] == "sentence"]
    assert sentence["name"] == "sentence:a blue wall"
    assert [name.rpartition(":")[2] for name in sentence["neighbours"][:2]] == ["5.000", "5.500"]


def test_a_film_that_cancels_out_has_no_point_of_its_own_and_is_mapped(capsys, tmp_path):
    both = write_film(tmp_path / "both.mp4", [(2.0, RED), (2.0, BLUE)])
    status, out, err = embed(capsys, both.path, "--through", "red", "--through", "blue", "--json", "-")
    assert status == 0
    assert [point["kind"] for point in json.loads(out)["points"]] == ["frame"] * 8
    assert "Note: What both.mp4 holds cancels out in this space, so it has no point as a whole.\n" in err
    status, out, err = embed(capsys, both.path, "--json", "-")
    assert json.loads(out)["points"][-1]["label"] == "both.mp4"
    assert "cancels out" not in err


def test_embed_reads_features_of_a_file(capsys, tmp_path):
    path = tmp_path / "mine.npz"
    rows = np.repeat(np.eye(3, dtype=np.float32), 10, axis=0)
    np.savez(path, features=rows, ids=np.array([f"clip {number}" for number in range(30)]))
    status, out, _ = embed(capsys, "--features", path, "--json", "-", "--neighbours", 5)
    assert status == 0
    answer = json.loads(out)
    assert [point["name"] for point in answer["points"]] == [f"row:clip {number}" for number in range(30)]
    assert [point["group"] for point in answer["points"]] == [0] * 10 + [1] * 10 + [2] * 10
    at = [point["at"] for point in answer["points"]]
    assert math.dist(at[0], at[9]) == pytest.approx(0, abs=1e-6)
    assert [math.dist(at[0], at[10]), math.dist(at[10], at[29])] == pytest.approx([math.sqrt(2)] * 2)
    assert answer["provenance"]["model_id"] == "mine.npz"
    assert answer["gap"] is None


def test_embed_maps_films_or_a_file(capsys, film, tmp_path):
    path = tmp_path / "mine.npz"
    np.savez(path, features=np.eye(4, dtype=np.float32))
    for more in ((film.path,), ("--fitted-on", film.path)):
        status, out, err = embed(capsys, "--features", path, *more)
        assert (status, out) == (1, "")
        assert err == "Error: A map is of videos or of features from a file; name one or the other.\n"


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--points", "word"], "Points is 'word'"),
        (["--fitted-on", "/nowhere/at/all.mp4"], "all.mp4"),
        (["--picture", "/nowhere/at/all.png"], "all.png"),
        (["--query", " "], "empty"),
        (["--html", "/nowhere/at/all.html"], "cannot be written"),
    ],
)
def test_embed_refuses_in_one_sentence(capsys, film, words, named):
    status, out, err = embed(capsys, film.path, *words)
    assert (status, out) == (1, "")
    assert named in err
    assert is_one_sentence(err)


# -- compare ----------------------------------------------------------------------------------------------------------


def test_compare_prints_json_and_nothing_else_on_stdout(capsys, film):
    status, out, _ = compare(capsys, film, "--json", "-", "--neighbours", 4)
    answer = json.loads(out)
    assert status == 0
    assert answer["models"] == ["Colour histogram", "Colour again"]
    assert (answer["n_neighbours"], answer["overlap"], answer["cka"]) == (3, 1.0, pytest.approx(1))
    assert len(answer["points"]) == len(answer["order"]) == 16
    point = answer["points"][0]
    assert [len(near) for near in point["neighbours"]] == [3, 3]
    assert [len(at) for at in point["at"]] == [2, 2]
    assert answer["provenance"]["model_id"] == ENTRY.id
    assert answer["provenance"]["parameters"]["other"] == SECOND.id
    assert str(film.path) not in out


def test_compare_tells_people_and_writes_a_page(capsys, film, tmp_path):
    status, out, err = compare(capsys, film)
    assert status == 0
    assert out.startswith("The two models agree on 100% of the 4 nearest neighbours of 16 frames")
    assert "Note: Of 16 points, 4 neighbours are compared instead of 14." in err
    page = tmp_path / "page.html"
    status, out, _ = compare(capsys, film, "--html", page)
    assert (status, out) == (0, "")
    assert "Plotly.newPlot" in page.read_text()
    assert "The two models agree on 100%" in page.read_text()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--points", "word"], "Points is 'word'"),
        (["--points", "video"], "4 points or more"),
        (["--fps", "0"], "Sampling is 0.0"),
        (["--neighbours", "x"], "invalid int value"),
        (["--json", "/nowhere/at/all.json"], "cannot be written"),
    ],
)
def test_compare_refuses_in_one_sentence(capsys, film, words, named):
    status, out, err = compare(capsys, film, *words)
    assert (status, out) == (1, "")
    assert named in err
    assert is_one_sentence(err)


def test_compare_wants_a_second_model_that_there_is(capsys, film):
    status, _, err = run(capsys, "compare", film.path, "--model", ENTRY.id)
    assert status == 1
    assert "--model2" in err
    assert is_one_sentence(err)
    status, _, err = compare(capsys, film, other="nonesuch")
    assert status == 1
    assert "no model “nonesuch”" in err
    assert is_one_sentence(err)


# -- examine ----------------------------------------------------------------------------------------------------------


def test_examine_prints_json_of_both_models_and_nothing_else_on_stdout(capsys, folder):
    status, out, _ = examine(capsys, folder, "--model2", SECOND.id, "--json", "-", "--neighbours", 1)
    assert status == 0
    found = json.loads(out)["examinations"]
    assert [each["title"] for each in found] == ["Colour histogram", "Colour again"]
    assert [each["provenance"]["model_id"] for each in found] == [ENTRY.id, SECOND.id]
    for each in found:
        assert {(row["label"], row["probe"], row["accuracy"]) for row in each["readings"]} == {
            ("colour", "neighbours", 1.0),
            ("colour", "linear", 1.0),
        }
        assert each["captions"]["find_clips"]["r_at_1"] == 1
    assert str(folder) not in out


def test_examine_prints_a_table(capsys, folder):
    status, out, _ = examine(capsys, folder, "--neighbours", 1)
    assert status == 0
    assert "colour, linear map                1.00 (1.00 to 1.00), chance 0.33" in out
    assert "uniformity" in out


def test_examine_writes_a_page(capsys, folder, tmp_path):
    page = tmp_path / "page.html"
    status, out, _ = examine(capsys, folder, "--neighbours", 1, "--html", page)
    assert (status, out) == (0, "")
    text = page.read_text()
    assert "Plotly.newPlot" in text
    assert "“colour” is read by a linear map in 100% of clips" in text
    assert "<td>colour</td><td>blue</td><td>100%</td><td>100%</td>" in text
    assert "<td>sentence finds its clip</td><td>Colour histogram</td><td>100% (chance 33%)</td>" in text
    assert str(folder) not in text


def test_clips_of_the_toy_world_are_what_examine_reads(capsys, tmp_path):
    out_dir = tmp_path / "clips"
    status, out, _ = run(capsys, "toyworld", "clips", "--seed", 2, "--count", 16, "--out", out_dir)
    assert status == 0
    assert out == f"16 videos with labels.jsonl in {out_dir}\n"
    status, out, _ = examine(capsys, out_dir, "--fps", 1, rows=out_dir / "labels.jsonl")
    assert status == 0
    assert "16 clips of 16 videos" in out
    wrong = ((("--seed", -1), "--seed is -1"), (("--seed", 1, "--count", 3), "--count is 3"))
    for words, named in (*wrong, (("--seed", 1, "--actions", 2, "--count", 0), "--count is 0")):
        status, _, err = run(capsys, "toyworld", "clips", *words, "--out", tmp_path / "none")
        assert status == 1
        assert named in err
        assert is_one_sentence(err)


def test_clips_of_two_actions_are_what_probe_reads(capsys, tmp_path):
    out_dir = tmp_path / "clips"
    status, out, _ = run(capsys, "toyworld", "clips", "--seed", 2, "--count", 3, "--actions", 2, "--out", out_dir)
    assert (status, out) == (0, f"3 videos with labels.jsonl in {out_dir}\n")
    asked = ("--file", out_dir / "labels.jsonl", "--edits", "order", "--video-edits", "stutter", "--model", ENTRY.id)
    status, out, _ = run(capsys, "probe", *asked, "--fps", 1)
    assert status == 0
    assert "events in the other order" in out


def test_examine_leaves_out_what_one_video_alone_has_and_says_so_once(capsys, folder):
    rows = [json.loads(line) for line in (folder / "rows.jsonl").read_text().splitlines()]
    rows[0]["labels"]["mood"], rows[1]["labels"]["mood"] = "fine", "dark"
    path = written(folder / "more.jsonl", rows)
    status, out, err = examine(capsys, folder, "--model2", SECOND.id, rows=path)
    assert status == 0
    assert "mood" not in out
    assert err.count("Note: “mood” is left out") == 1


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{"labels": {}}\n', "Row 1 of bad.jsonl has no 'vid'; add it."),
        ('{"vid": "film9"}\n', "There is no video film9.*"),
        ('{"vid": "notes"}\n', "There is no video notes.*"),
        ('{"vid": "film0", "start_s": 3, "end_s": 30}\n', "Row 1 of bad.jsonl is a clip from 3 s to 30 s"),
        ('{"vid": "film0"\n', "line 1 is not a JSON object"),
        ('{"vid": "film0", "labels": {"a": "b"}}\n{"vid": "film1", "labels": {"a": "b"}}\n', "“a” is left out"),
        ("", "There is no row in bad.jsonl"),
        ('{"vid": "film0", "labels": {"a": "b"}}\n', "2 clips or more"),
    ],
)
def test_examine_refuses_a_bad_file_in_one_sentence(capsys, folder, text, named):
    path = folder / "bad.jsonl"
    path.write_text(text)
    status, out, err = examine(capsys, folder, rows=path)
    assert (status, out) == (1, "")
    assert named in err
    assert is_one_sentence(err)


MOMENTS_OF_NONE = "No true moments are known of these videos; name an example, or give annotations."
TWO_SOURCES = "Clips are those of annotations, or moments that are known of films; give one of the two."
HALF = "Annotations and videos, the folder of their films, go together; give both, or neither."


@pytest.mark.parametrize(
    ("annotations", "videos", "moments_of", "said"),
    [
        ("", "", "film0.mp4", MOMENTS_OF_NONE),
        ("rows.jsonl", ".", "film0.mp4", TWO_SOURCES),
        ("rows.jsonl", "", "", HALF),
    ],
)
def test_examine_refuses_the_same_in_python(capsys, folder, annotations, videos, moments_of, said):
    asked = {"annotations": annotations, "videos": videos, "moments_of": moments_of}
    asked = {name: folder / value for name, value in asked.items() if value}
    with pytest.raises(InputError) as refused:
        Workbench().examine(model=ENTRY.id, **asked)
    assert str(refused.value) == said
    words = [asked["annotations"]] if annotations else []
    words += [word for name in ("videos", "moments_of") if name in asked for word in (_flag(name), asked[name])]
    assert run(capsys, "examine", *words, "--model", ENTRY.id) == (1, "", f"Error: {said}\n")


def _flag(name):
    return "--" + name.replace("_", "-")


@pytest.mark.parametrize("more", [(), ("--toyworld", "--moments-of", "toy-test-72-000")])
def test_examine_at_the_command_line_wants_one_source_of_clips(capsys, more):
    status, out, err = run(capsys, "examine", *more)
    assert (status, out) == (1, "")
    assert "give one of the three" in err
    assert is_one_sentence(err)


def test_examine_reads_the_moments_of_an_example_in_python_and_at_the_command_line(capsys):
    status, out, _ = run(capsys, "examine", "--moments-of", "toy-test-72-000", "--model", ENTRY.id, "--json", "-")
    assert status == 0
    [typed] = json.loads(out)["examinations"]
    found = Workbench().examine(moments_of="toy-test-72-000", model=ENTRY.id).result
    assert (found.n_clips, found.captions.find_clips.r_at_1) == (
        typed["n_clips"],
        typed["captions"]["find_clips"]["r_at_1"],
    )


def test_examine_wants_a_file_and_a_folder_that_there_are(capsys, folder):
    status, _, err = examine(capsys, folder, rows=folder / "nonesuch.jsonl")
    assert status == 1
    assert "cannot be read" in err
    assert is_one_sentence(err)
    status, _, err = run(capsys, "examine", folder / "rows.jsonl", "--videos", folder / "nonesuch")
    assert status == 1
    assert "There is no folder" in err
    assert is_one_sentence(err)
