"""The verbs as a person types them, with the model that knows colour words and films known beforehand."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.films import GREEN, RED, write_film
from tests.tiny_checkpoints import save_tiny_siglip, save_tiny_xclip
from workbench import __main__ as command
from workbench.errors import StoreError
from workbench.models import builtin
from workbench.models.adapter_template import ENTRY, FAMILY
from workbench.models.xclip import XClip
from workbench.store.tensors import TensorStore


@pytest.fixture(autouse=True)
def world(tmp_path, monkeypatch):
    """Offer the colour model on the list, with an empty cache."""
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WORKBENCH_OFFLINE", "1")
    entries = builtin.entries
    monkeypatch.setattr(builtin, "FAMILIES", (*builtin.FAMILIES, FAMILY))
    monkeypatch.setattr(builtin, "entries", lambda folder: (*entries(folder), ENTRY))


def run(capsys, *words):
    """Return exit status, stdout and stderr of one call."""
    status = command.main([str(word) for word in words])
    out, err = capsys.readouterr()
    return status, out, err


def test_ground_prints_the_contracted_json_and_nothing_else_on_stdout(capsys, film):
    status, out, _err = run(
        capsys, "ground", film.path, "--query", "something red", "--query", "something green",
        "--model", ENTRY.id, "--fps", 5, "--json", "-",
    )  # fmt: skip
    assert status == 0
    answer = json.loads(out)
    assert {"provenance", "times_s", "queries", "saliency", "moments", "in_video"} <= set(answer)
    assert answer["queries"] == ["something red", "something green"]
    assert len(answer["saliency"][0]) == len(answer["times_s"]) == 40
    red, green = (moments[0] for moments in answer["moments"])
    assert set(red) == {"start_s", "end_s", "score"}
    assert (red["start_s"], red["end_s"]) == pytest.approx((2, 5), abs=0.3)
    assert (green["start_s"], green["end_s"]) == pytest.approx((6, 8), abs=0.3)
    assert [said is None for said in answer["in_video"]] == [p is None for p in answer["p_absent"]]
    assert all(said in (True, False, None) for said in answer["in_video"])
    assert answer["provenance"]["model_id"] == ENTRY.id
    assert str(film.path) not in out


def test_index_that_could_not_keep_the_features_says_so_and_fails(capsys, film, monkeypatch):
    def full(store, key, arrays, metadata=None):
        raise StoreError("The disk is full; free some space.")

    monkeypatch.setattr(TensorStore, "put", full)
    status, out, err = run(capsys, "index", film.path, "--model", ENTRY.id, "--json", "-")
    assert status == 1
    assert json.loads(out)[0]["not_kept"] == "The disk is full; free some space."
    assert "The disk is full" in err


def test_second_call_says_from_cache(capsys, film):
    words = ["ground", film.path, "--query", "red", "--model", ENTRY.id, "--json", "-"]
    first, second = (json.loads(run(capsys, *words)[1]) for _ in range(2))
    assert (first["provenance"]["from_cache"], second["provenance"]["from_cache"]) == (False, True)
    assert first["moments"] == second["moments"]


def test_json_and_html_to_files(capsys, film, tmp_path):
    page, data = tmp_path / "page.html", tmp_path / "answer.json"
    status, out, _ = run(
        capsys, "ground", film.path, "--query", "<script>alert(1)</script> red", "--model", ENTRY.id,
        "--html", page, "--json", data,
    )  # fmt: skip
    assert (status, out) == (0, "")
    assert json.loads(data.read_text())["queries"] == ["<script>alert(1)</script> red"]
    html = page.read_text()
    assert "Plotly.newPlot" in html
    assert "<script>alert(1)" not in html
    assert 'src="http' not in html


def test_people_get_words(capsys, film):
    status, out, err = run(capsys, "ground", film.path, "--query", "a red aardvark", "--model", ENTRY.id)
    assert status == 0
    assert out.startswith("a red aardvark: ")
    assert "“aardvark”" in err


def test_index_then_ground_is_warm_and_one_bad_file_stops_nothing(capsys, film, tmp_path):
    bad = tmp_path / "notes.mp4"
    bad.write_text("no film at all")
    status, out, err = run(capsys, "index", film.path, bad, "--model", ENTRY.id, "--json", "-")
    rows = json.loads(out)
    assert status == 1
    assert (rows[0]["n_frames"], rows[0]["from_cache"]) == (16, False)
    assert rows[1]["path"] == str(bad)
    assert rows[1]["error"] in err
    assert json.loads(run(capsys, "ground", film.path, "--query", "red", "--model", ENTRY.id, "--json", "-")[1])[
        "provenance"
    ]["from_cache"]


def test_models_and_videos_as_json(capsys):
    models = json.loads(run(capsys, "models", "--json", "-")[1])
    assert {"toyworld-frame", "openai/clip-vit-base-patch32", ENTRY.id} <= {entry["id"] for entry in models}
    assert all(entry["availability"] for entry in models)
    videos = json.loads(run(capsys, "videos", "--json", "-")[1])
    assert len(videos) >= 4
    assert all(len(video["id"]) == 64 for video in videos)


def test_predict_then_evaluate(capsys, tmp_path):
    write_film(tmp_path / "one.mp4", [(4, RED), (6, GREEN)])
    rows = [
        {"qid": 1, "query": "red", "vid": "one", "duration": 10, "relevant_windows": [[0, 4]]},
        {"qid": 2, "query": "green", "vid": "one", "duration": 10, "relevant_windows": [[4, 10]]},
    ]
    truth, said = tmp_path / "truth.jsonl", tmp_path / "said.jsonl"
    truth.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert run(capsys, "predict", truth, "--videos", tmp_path, "--model", ENTRY.id, "--out", said)[0] == 0
    status, out, _ = run(capsys, "evaluate", said, truth, "--json", "-")
    scores = json.loads(out)
    assert status == 0
    assert scores["brief"]["MR-full-R1@0.5"] == 100.0
    assert scores["brief"]["MR-full-R1@0.7"] == 100.0
    listed = tmp_path / "truth.json"
    listed.write_text(json.dumps(rows, indent=1))
    assert json.loads(run(capsys, "evaluate", said, listed, "--json", "-")[1]) == scores
    listed.write_text("[1, 2]")
    assert "Item 1" in run(capsys, "evaluate", said, listed)[2]


def test_toyworld_make_writes_films_that_decode(capsys, tmp_path):
    status, _, _ = run(capsys, "toyworld", "make", "--seed", 3, "--count", 1, "--out", tmp_path / "toys", "--json", "-")
    assert status == 0
    row = json.loads((tmp_path / "toys" / "moments.jsonl").read_text().splitlines()[0])
    from workbench.media.probe import probe
    from workbench.settings import Settings

    info = probe(tmp_path / "toys" / f"{row['vid']}.mp4", Settings())
    assert (info.codec, info.width_px) == ("h264", 256)
    assert info.duration_s == pytest.approx(row["duration"], abs=0.11)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ground", "FILM", "--query", "", "--model", ENTRY.id], "empty"),
        (["ground", "FILM", "--query", "x" * 10_000, "--model", ENTRY.id], "10,000 characters"),
        (["ground", "FILM", "--query", "red", "--model", "toyworld-fram"], "did you mean toyworld-frame"),
        (["ground", "FILM", "--query", "red", "--model", ENTRY.id, "--fps", "0"], "0.1"),
        (["ground", "FILM", "--query", "red", "--model", ENTRY.id, "--fps", "two"], "two"),
        (["ground", "no-such-film", "--query", "red", "--model", ENTRY.id], "no-such-film"),
        (["ground", "../../etc/passwd", "--query", "red", "--model", ENTRY.id], "passwd"),
        (["ground", "FILM", "--query", "red", "--model", "EMPTY"], "config.json"),
        (["ground", "FILM", "--query", "red", "--model", ENTRY.id, "--json", "/no/such/folder/x"], "cannot be written"),
        (["evaluate", "/no/such.jsonl", "/no/such.jsonl"], "cannot be read"),
        (["ground", "FILM"], "--query"),
        (["dance"], "dance"),
        (["toyworld", "make", "--seed", "1", "--count", "0", "--out", "x"], "--count"),
    ],
)
def test_every_mistake_gets_one_sentence_and_no_traceback(capsys, film, tmp_path, words, said):
    empty = tmp_path / "empty-model"
    empty.mkdir()
    words = [{"FILM": str(film.path), "EMPTY": str(empty)}.get(word, word) for word in words]
    status, out, err = run(capsys, *words)
    assert status == 1
    assert out == ""
    assert said in err
    assert "Traceback" not in err
    assert err.startswith("Error: ")
    assert err.strip()[-1] in ".?"
    assert err.count("\n") == 1


def test_the_module_runs_as_a_command():
    done = subprocess.run([sys.executable, "-m", "workbench", "--help"], capture_output=True, text=True, check=True)
    assert "ground" in done.stdout
    assert "toyworld" in done.stdout


def test_a_sentence_of_unknown_words_gets_no_verdict(capsys, film):
    words = ["ground", film.path, "--query", "flibber red wozzle", "--model", ENTRY.id, "--json", "-"]
    answer = json.loads(run(capsys, *words)[1])
    assert (answer["in_video"], answer["null"]) == ([None], [None])
    assert answer["p_absent"] == [None]
    assert any("“flibber”" in warning for warning in answer["warnings"])


def test_a_model_of_windows_says_how_sharp_its_moments_are(capsys, film, tmp_path):
    words = ["ground", film.path, "--query", "red", "--model", save_tiny_xclip(tmp_path / "xclip")]
    assert run(capsys, *words)[1].splitlines()[0] == (
        "read in windows 1.5 s long, so moments are no sharper than about 0.75 s"
    )
    assert "windows" not in run(capsys, *words[:-1], ENTRY.id)[1]


def test_a_film_shorter_than_a_window_is_told_of_a_window_as_long_as_the_film(capsys, film, tmp_path):
    """Two frames a second: a window of four frames spans 1.5 s, and three frames only 1."""
    words = ["ground", film.path, "--query", "red", "--model", save_tiny_xclip(tmp_path / "xclip"), "--json", "-"]
    found = [json.loads(run(capsys, *words, "--fps", fps)[1]) for fps in ("2", "0.375")]
    assert [answer["window_s"] for answer in found] == pytest.approx([1.5, 2 / 0.375])
    assert len(found[1]["times_s"]) == 1


def test_index_counts_windows_where_a_model_reads_windows(capsys, film, tmp_path):
    words = ["index", film.path, "--model", str(save_tiny_xclip(tmp_path / "xclip"))]
    assert "13 windows computed" in run(capsys, *words)[1]
    (row,) = json.loads(run(capsys, *words, "--json", "-")[1])
    assert row["n_windows"] == 13


def test_models_says_what_each_costs_and_can_do_and_why_one_is_out_of_reach(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_MODELS", str(save_tiny_siglip(tmp_path / "mine")))
    lines = {line.split()[0]: line for line in run(capsys, "models")[1].splitlines()}
    for said in ("clip", "8 MB", "Apache-2.0", "attention differentiable patches", "on this machine"):
        assert said in lines["toyworld-frame"]
    assert "switched off here" in lines["openai/clip-vit-base-patch32"]
    assert lines["model"].split() == ["model", "family", "size", "licence", "maps", "availability"]
    assert " siglip " in lines[str(tmp_path / "mine")], "the family of a folder is told by its config"


def test_bench_encode_prints_the_whole_way_beside_its_parts(capsys):
    found = json.loads(run(capsys, "bench", "encode", "--json", "-")[1])
    assert found["n_frames"] == 216
    assert found["ratio"] == pytest.approx(
        found["end_to_end_fps"] / min(found["decode_fps"], found["forward_fps"]), rel=1e-6
    )
    status, out, _ = run(capsys, "bench", "encode", "--model", "toyworld-frame")
    assert status == 0
    assert "forward pass alone" in out


def test_bench_encode_of_a_model_of_windows_counts_frames_and_times_windows(capsys, film, tmp_path, monkeypatch):
    words = ["bench", "encode", "--model", save_tiny_xclip(tmp_path / "xclip"), "--video", film.path, "--json", "-"]
    found = json.loads(run(capsys, *words)[1])
    assert (found["n_frames"], found["model_id"]) == (16, str(tmp_path / "xclip"))
    assert found["ratio"] == pytest.approx(
        found["end_to_end_fps"] / min(found["decode_fps"], found["forward_fps"]), rel=1e-6
    )
    timed = []
    monkeypatch.setattr(XClip, "forward_rate", lambda model, pixels, most_rows: timed.append(len(pixels)) or 6.5)
    # The 16 frames are 13 windows of 4, which take 2 seconds at this rate.
    assert json.loads(run(capsys, *words)[1])["forward_fps"] == pytest.approx(8)
    assert timed == [13 * 4]


def test_bench_encode_of_a_model_without_a_network_is_a_sentence(capsys):
    status, _, err = run(capsys, "bench", "encode", "--model", ENTRY.id)
    assert status != 0
    assert "has no bare forward pass to measure; choose a model of another family" in err


def attribute(capsys, film, *words):
    """Return exit status, stdout and stderr of ``attribute`` with a small model that knows colours and shapes."""
    return run(capsys, "attribute", film.path, "--model", "toyworld-frame", *words)


def test_attribute_prints_the_contracted_json_and_nothing_else_on_stdout(capsys, film):
    words = ["--query", "a red circle", "--players", "words", "--json", "-"]
    status, out, err = attribute(capsys, film, *words)
    assert status == 0
    answer = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert [player["label"] for player in answer["players"]] == ["a", "red", "circle"]
    assert [player["span"] for player in answer["players"]] == [[0, 1], [2, 5], [6, 12]]
    assert (answer["method"], answer["query"], answer["exact"]) == ("banzhaf", "a red circle", True)
    assert answer["n_evaluations"] == 8
    assert answer["gap"] == pytest.approx(sum(answer["values"]) - answer["full_value"] + answer["empty_value"])
    assert answer["provenance"]["parameters"]["players"] == "words"
    assert str(film.path) not in out
    assert "Traceback" not in err
    again = json.loads(attribute(capsys, film, *words)[1])
    assert (again["provenance"]["from_cache"], again["values"]) == (True, answer["values"])


def test_attribute_tells_people_in_words(capsys, film):
    status, out, err = attribute(capsys, film, "--query", "a red aardvark")
    assert status == 0
    assert out.startswith("a red aardvark: ")
    assert out.splitlines()[1].startswith(("Without “", "Over all ways to leave words out, "))
    assert [line.split()[:2] for line in out.splitlines()[2:5]] == [
        ["word", "a"],
        ["word", "red"],
        ["word", "aardvark"],
    ]
    assert "exact over all 8 coalitions" in out
    assert "“aardvark”" in err


def test_attribute_takes_a_span_a_part_and_an_instant(capsys, film):
    span = ["--query", "red", "--players", "frames", "--start", "2", "--end", "5", "--json", "-"]
    answer = json.loads(attribute(capsys, film, *span)[1])
    assert [player["span"] for player in answer["players"]] == pytest.approx(
        [pytest.approx([t - 0.25, t + 0.25]) for t in (2, 2.5, 3, 3.5, 4, 4.5)]
    )
    assert [answer["provenance"]["parameters"][name] for name in ("start_s", "end_s", "at_s")] == [2.0, 5.0, None]
    tree = ["--query", "red", "--players", "events", "--json", "-"]
    whole = json.loads(attribute(capsys, film, *tree)[1])
    part = json.loads(attribute(capsys, film, *tree, "--open", "2")[1])
    assert part["provenance"]["parameters"]["opened"] == "2"
    assert {player["span"][1] for player in whole["players"]} < {player["span"][1] for player in part["players"]}
    patches = ["--query", "red", "--players", "patches", "--absent", "grey", "--at", "3.1", "--budget", "300"]
    answer = json.loads(attribute(capsys, film, *patches, "--seed", "4", "--json", "-")[1])
    assert (answer["at_s"], answer["exact"], answer["provenance"]["seed"]) == (3.0, False, 4)
    assert answer["n_evaluations"] <= 300
    assert {player["kind"] for player in answer["players"]} == {"patch"}


def test_attribute_maps_a_picture_with_its_evidence(capsys, film, tmp_path):
    asked = ("--query", "a red circle", "--method", "relevance", "--at", "3", "--evidence")
    status, out, err = attribute(capsys, film, *asked, "--json", "-", "--html", str(tmp_path / "map.html"))
    answer = json.loads(out)
    assert status == 0, err
    assert (answer["method"], answer["grid"], answer["times_s"]) == ("relevance", [8, 8], [3.0])
    assert len(answer["values"][0]) == 64
    assert [line.split(":")[0] for line in answer["evidence"]["verdicts"][0]] == [
        "Better than random on this picture",
        "About what the model has learned",
        "Depends on the sentence",
        "Mean cosine while cells come into sight",
    ]
    page = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert "How far to trust it" in page
    assert answer["conclusion"] in page
    status, out, _ = attribute(capsys, film, *asked)
    assert status == 0
    assert out.splitlines()[0] == "a red circle: cosine of the sentence with the frame at 0:03.0"
    assert "Depends on the sentence" in out


def test_attribute_holds_all_methods_side_by_side(capsys, film, tmp_path):
    asked = ("--query", "a red circle", "--method", "all", "--at", "3", "--html", str(tmp_path / "all.html"))
    status, out, err = attribute(capsys, film, *asked, "--json", "-")
    answer = json.loads(out)
    assert status == 0, err
    assert answer["methods"][0] == "relevance"
    assert answer["methods"][-1] == "banzhaf"
    n_methods = len(answer["methods"])
    assert [len(row) for row in answer["correlations"]] == [n_methods] * n_methods
    assert (tmp_path / "all.html").stat().st_size > 1e6
    status, out, _ = attribute(capsys, film, *asked[:-2])
    assert status == 0
    assert "agree most" in out


def test_the_help_of_attribute_lists_what_there_is_to_choose(capsys):
    with pytest.raises(SystemExit) as left:
        command.main(["attribute", "--help"])
    assert left.value.code == 0
    said = " ".join(capsys.readouterr().out.split())
    for choices in (
        "--players frames|words|frames+words|patches|patches+words|events|phrases",
        "--absent mean|grey|blur|held",
        "--method banzhaf|relevance|grad-eclip|legrad|raw|rollout|ig|input-x-gradient|gradcam|occlusion|similarity|all",
        "--start-layer LAYER",
        "--contrast TEXT",
        "--evidence",
        "--start SECONDS",
        "--end SECONDS",
        "--at SECONDS",
        "--open PART",
        "--budget EVALUATIONS",
        "(default words)",
    ):
        assert choices in said
    assert "(default None)" not in said


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ("--bogus videos", ""),
        ("videos --bogus", " videos"),
        ("ground --bogus film.mp4 --query red", " ground"),
        ("bench encode --bogus", " bench encode"),
        ("toyworld clips --seed 1 --out films --bogus", " toyworld clips"),
    ],
)
def test_a_flag_that_is_not_there_points_at_the_help_of_its_verb(capsys, typed, named):
    assert command.main(typed.split()) == 1
    assert (
        capsys.readouterr().err == f"Error: Unrecognized arguments: --bogus; see python -m workbench{named} --help.\n"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--query", "red", "--players", "letters"], "choose frames, words"),
        (["--query", "red", "--absent", "burnt"], "choose mean, grey, blur or held."),
        (["--query", "red", "--method", "shapley"], "choose banzhaf, relevance, grad-eclip, legrad, raw, rollout, ig"),
        (["--query", "red", "--method", "raw", "--at", "20"], "within the 8.0 s"),
        (["--query", "red", "--method", "raw", "--players", "words", "--budget", "9"], "Budget means nothing"),
        (["--query", "red", "--method", "relevance", "--start-layer", "9"], "There are 4 layers, counted from 1"),
        (["--query", "red", "--method", "all", "--evidence"], "Evidence is for the maps of one method at a time"),
        (["--query", "red", "--evidence"], "only to methods that make maps; leave it out."),
        (["--query", "red", "--start", "2"], "give both, or neither."),
        (["--query", "red", "--start", "two", "--end", "3"], "two"),
        (["--query", "red", "--start", "20", "--end", "30"], "within the 8.0 s"),
        (["--query", "red", "--players", "patches", "--at", "20"], "within the 8.0 s"),
        (["--query", "red", "--players", "events", "--open", "9"], "There is no part 9; choose one of the"),
        (["--query", "red", "--players", "events", "--open", "x"], "leads to no part"),
        (["--query", "red", "--query", "green"], "there are 2; choose one."),
        (["--players", "words"], "--query"),
    ],
)
def test_every_mistake_in_attribute_gets_one_sentence(capsys, film, words, said):
    status, out, err = attribute(capsys, film, *words)
    assert (status, out) == (1, "")
    err = err.split("\r")[-1]  # before it stands the progress of what was read
    assert said in err
    assert err.startswith("Error: ")
    assert err.count("\n") == 1
    assert err.strip()[-1] in ".?"
    assert "  " not in err
    assert "Traceback" not in err
