"""The running page as programs see it: two visitors at once, hostile requests, films by id only."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio_client
import httpx
import pytest
from gradio_client.exceptions import AppError

from tests import forging
from tests.films import BLUE, GREEN, RED, write_film
from tests.serve import visit
from workbench.ui.gradio.page import MOST_ASKING, MOST_RECEIVING

COLOURS = {"red": RED, "green": GREEN, "blue": BLUE}


class Site(forging.Site):
    """A running page with three plain-coloured films and the model that knows colour words."""

    def __init__(self, url: str, films: dict[str, str], page: Any) -> None:
        super().__init__(url)
        self.films, self.page = films, page


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Yield the page, served from this process on a free port."""
    from workbench.models.adapter_template import ENTRY, FAMILY
    from workbench.settings import Settings
    from workbench.ui.gradio.page import build, launch_options, services_for_visitors

    folder = tmp_path_factory.mktemp("site")
    settings = replace(Settings(), home=folder / "home", offline=True, default_model=ENTRY.id)
    services = services_for_visitors(settings)
    services.models.register_family(FAMILY)
    services.models.register(ENTRY)
    films = {}
    for name, colour in COLOURS.items():
        film = write_film(folder / f"{name}.mp4", [(3.0, (128, 128, 128)), (3.0, colour), (3.0, (128, 128, 128))])
        films[name] = services.library.add(film.path, name).id
    page = build(services)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    _, url, _ = page.launch(
        server_name="127.0.0.1", server_port=port, prevent_thread_lock=True, **launch_options(services)
    )
    yield Site(url, films, page)
    page.close()


def test_the_verb_finds_the_colour_where_it_is(site: Site) -> None:
    client = visit(site.url)
    result = client.predict(site.films["red"], ["red"], "colour-histogram", 2.0, api_name="/ground")
    best = result["moments"][0][0]
    assert abs(best["start_s"] - 3.0) <= 1.0
    assert abs(best["end_s"] - 6.0) <= 1.0
    assert len(result["times_s"]) == len(result["saliency"][0])


def test_two_visitors_at_once_get_their_own_answers(site: Site) -> None:
    def ask(name: str) -> list[dict[str, Any]]:
        client = visit(site.url)
        video = site.films[name]
        return [client.predict(video, [name], "colour-histogram", 2.0, api_name="/ground") for _ in range(4)]

    with ThreadPoolExecutor(len(COLOURS)) as visitors:
        for name, results in zip(COLOURS, visitors.map(ask, COLOURS), strict=True):
            for result in results:
                assert result["queries"] == [name]
                assert result["provenance"]["video_id"] == site.films[name]


@pytest.mark.parametrize(
    ("video", "queries", "model", "fps", "said"),
    [
        ("/etc/passwd", ["red"], "colour-histogram", 2.0, "video"),
        ("../../app.py", ["red"], "colour-histogram", 2.0, "video"),
        (None, [""], "colour-histogram", 2.0, "empty"),
        (None, ["red"], "no-such-model", 2.0, "model"),
        (None, ["red"], "/etc", 2.0, "only the models on its list"),
        (None, ["red"], "some/other-model", 2.0, "only the models on its list"),
        (None, ["red"], "colour-histogram", -1.0, "fps"),
    ],
    ids=[
        "path",
        "relative path",
        "empty sentence",
        "unknown model",
        "folder as model",
        "hub id as model",
        "negative rate",
    ],
)
def test_the_verb_answers_bad_input_in_one_sentence(site, video, queries, model, fps, said) -> None:
    client = visit(site.url)
    with pytest.raises(AppError) as problem:
        client.predict(video or site.films["red"], queries, model, fps, api_name="/ground")
    assert said in str(problem.value).lower()
    assert "Traceback" not in str(problem.value)
    assert "/etc/passwd:" not in str(problem.value)


def test_no_part_that_is_seen_is_told_how_far_an_event_is(site: Site) -> None:
    states = {part["id"] for part in site.config["components"] if part["type"] == "state"}
    heard = [each for each in site.config["dependencies"] if each["targets"] and each["outputs"]]
    assert len(heard) > 80
    assert all(set(each["show_progress_on"] or each["outputs"]) <= states for each in heard)
    assert {each["show_progress"] for each in heard} == {"hidden"}


def test_only_the_verbs_are_offered_to_programs(site: Site) -> None:
    offered = visit(site.url).view_api(return_format="dict")
    assert sorted(offered["named_endpoints"]) == ["/add_video", "/attribute", "/embed", "/ground", "/probe"]


def test_every_verb_says_what_it_takes(site: Site) -> None:
    offered = visit(site.url).view_api(return_format="dict")["named_endpoints"]
    needed = {
        name: [item["parameter_name"] for item in verb["parameters"] if not item["parameter_has_default"]]
        for name, verb in offered.items()
    }
    assert needed == {
        "/add_video": ["file"],
        "/attribute": ["video_id", "query", "model"],
        "/embed": ["video_ids", "model"],
        "/ground": ["video_id", "queries", "model"],
        "/probe": ["video_id", "query", "model"],
    }
    ids = offered["/embed"]["parameters"][0]["type"]
    assert {name: ids[name] for name in ids if name != "examples"} == {"type": "array", "items": {"type": "string"}}
    assert offered["/attribute"]["parameters"][3]["type"]["enum"][:2] == ["frames", "words"]
    assert offered["/attribute"]["returns"][0]["type"]["type"] == "object"
    assert all(verb["description"].split("\n")[0].endswith(".") for verb in offered.values())
    assert "players: frames, words, frames+words" in offered["/attribute"]["description"]


def test_a_program_maps_what_its_films_show(site: Site) -> None:
    client = visit(site.url)
    films = [site.films["red"], site.films["blue"]]
    made = client.predict(films, "colour-histogram", ["red"], "frame", "pca", api_name="/embed")
    kinds = [point["kind"] for point in made["points"]]
    assert (kinds.count("frame"), kinds.count("sentence")) == (36, 1)
    assert made["provenance"]["parameters"]["reducer"] == "pca"
    for sent, said in (
        ([], "0 videos to map; send the ids of 1 to 100"),
        (films * 51, "102 videos to map"),
        (["/etc/passwd"], "library"),
    ):
        with pytest.raises(AppError, match=said):
            client.predict(sent, "colour-histogram", api_name="/embed")
    with pytest.raises(AppError, match="choose"):
        client.predict(films, "colour-histogram", ["red"], "atom", api_name="/embed")
    with pytest.raises(AppError, match="choose a value from"):
        client.predict(films, "colour-histogram", ["red"], "frame", "pca", 1e9, api_name="/embed")


def test_whoever_asks_leaves_the_others_as_many_places_as_before(site: Site) -> None:
    """Of all that share a queue the toolkit takes the lowest limit, and one that is not said for 1."""
    limits: dict[str, set[Any]] = {}
    for function in site.page.fns.values():
        limits.setdefault(function.concurrency_id, set()).add(function.concurrency_limit)
    assert limits["ask"] == {MOST_ASKING}
    assert limits["receive"] == {MOST_RECEIVING}


def test_a_program_probes_a_sentence_of_a_film(site: Site) -> None:
    client = visit(site.url)
    film = site.films["red"]
    made = client.predict(
        film,
        "a red thing",
        "colour-histogram",
        [],
        ["reverse"],
        ["a blue thing"],
        [site.films["blue"]],
        api_name="/probe",
    )
    [own] = [row for row in made["rows"] if row["of"] == "sentence"]
    assert own["told"]["value"] == 1.0
    assert {row["kind"] for row in made["rows"] if row["of"] == "video"} >= {"reverse"}
    for sent, said in (
        ((film, "a red thing", "colour-histogram", ["upside-down"]), "upside-down"),
        ((film, "a red thing", "colour-histogram", [], ["upside-down"]), "upside-down"),
        (("../app.py", "a red thing", "colour-histogram"), "library"),
        ((film, "a red thing", "colour-histogram", [], [], ["a blue thing"] * 21), "21 own_edits and 0 among"),
    ):
        with pytest.raises(AppError, match=said):
            client.predict(*sent, api_name="/probe")


def test_a_program_brings_a_video_of_its_own(site: Site, tmp_path: Path) -> None:
    client = visit(site.url)
    film = write_film(tmp_path / "mine.mp4", [(2.0, (128, 128, 128)), (2.0, GREEN)])
    taken = client.predict(gradio_client.handle_file(film.path), api_name="/add_video")
    assert taken["duration_s"] == pytest.approx(4.0, abs=0.2)
    found = client.predict(taken["video_id"], ["green"], "colour-histogram", 2.0, api_name="/ground")
    assert found["moments"][0][0]["start_s"] == pytest.approx(2.0, abs=1.0)
    text = tmp_path / "notes.mp4"
    text.write_text("no film")
    with pytest.raises(AppError, match=r"“notes.mp4” is not a video"):
        client.predict(gradio_client.handle_file(text), api_name="/add_video")


def test_by_default_no_tools_are_offered(site: Site) -> None:
    assert httpx.post(f"{site.url}gradio_api/mcp/", json={}, timeout=60).status_code in (404, 405)


@pytest.mark.parametrize(
    "payload",
    [
        {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}},
        {"path": "/etc/passwd"},
        {"path": str(Path(__file__).resolve()), "orig_name": "a.mp4", "meta": {"_type": "gradio.FileData"}},
        "/etc/passwd",
    ],
    ids=["file outside", "without meta", "file of the project", "plain string"],
)
def test_a_path_instead_of_an_upload_is_refused(site: Site, payload: Any) -> None:
    for message in (site.send("upload", "upload", [payload]), site.call("add_video", [payload])):
        assert not message["success"]
        assert "root:" not in json.dumps(message)


@pytest.mark.parametrize("where", ["an upload", "a verb's text", "a number"])
def test_no_address_is_fetched_for_a_visitor(site: Site, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    fetched = []

    async def fetch(url: str, **more: Any) -> Any:
        fetched.append(url)
        raise OSError("this is no test of the network")

    monkeypatch.setattr("gradio.processing_utils.async_ssrf_protected_get", fetch)
    sent = {"path": "https://example.com/film.mp4", "meta": {"_type": "gradio.FileData"}}
    match where:
        case "an upload":
            message = site.send("upload", "upload", [sent])
        case "a number":
            message = site.send("budget", "submit", [None, sent])
        case _:
            message = site.call("ground", [sent, ["red"], "colour-histogram", 2.0])
    assert not message["success"]
    assert fetched == []


def test_an_upload_that_is_no_video_is_refused_in_one_sentence(site: Site) -> None:
    files = {"files": ("film.mp4", b"not a video at all " * 200, "video/mp4")}
    path = httpx.post(site.url + "gradio_api/upload", files=files, timeout=60).json()[0]
    payload = {"path": path, "orig_name": "film.mp4", "meta": {"_type": "gradio.FileData"}}
    message = site.send("upload", "upload", [payload])
    assert message["success"]
    shown = json.dumps(message["output"]["data"])
    assert 'role=\\"alert\\"' in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize("index", [-1, 99, "0", None, True, 1.5, {"a": 1}])
def test_an_index_made_up_by_a_browser_is_refused(site: Site, index: Any) -> None:
    message = site.send("queries", "delete", [None], {"index": index})
    shown = json.dumps(message["output"]["data"])
    assert message["success"]
    assert "no longer there" in shown


def test_films_are_served_by_id_and_nothing_else(site: Site) -> None:
    film = httpx.get(f"{site.url}workbench/film/{site.films['red']}", headers={"Range": "bytes=0-99"}, timeout=60)
    assert film.status_code == 206
    assert film.headers["content-type"] == "video/mp4"
    assert film.headers["x-content-type-options"] == "nosniff"
    assert film.headers["cache-control"].startswith("private")
    assert film.content[4:8] == b"ftyp"
    for name in ("0" * 64, "..%2f..%2fapp.py", "%2fetc%2fpasswd", "app.py", site.films["red"][:16]):
        assert httpx.get(f"{site.url}workbench/film/{name}", timeout=60).status_code == 404
    assert httpx.get(f"{site.url}workbench/static/..%2f..%2fapp.py", timeout=60).status_code == 404


def test_a_file_made_for_a_visitor_is_given_out_under_its_address_only(site: Site) -> None:
    from workbench.ui.gradio.offers import OFFERS

    offer = OFFERS.make("somebody", "where-it-looked.png", "image/png", b"pixels")
    answer = httpx.get(f"{site.url}workbench/made/{offer.token}", timeout=60)
    assert (answer.status_code, answer.content) == (200, b"pixels")
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"] == 'attachment; filename="where-it-looked.png"'
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    for token in ("x", "somebody", offer.token[:-1], "%C3%A9", "..%2fapp.py"):
        assert httpx.get(f"{site.url}workbench/made/{token}", timeout=60).status_code == 404
