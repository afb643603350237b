"""Of the addresses of the toolkit those alone are open that are needed, to whoever may ask, and no path leads out."""

from __future__ import annotations

import gradio as gr
import pytest
from gradio.routes import App
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from tests.security.conftest import Fortress
from workbench.ui.gradio.door import OPEN, Door

NEEDED = {
    "/",
    "/config",
    "/theme.css",
    "/favicon.ico",
    "/manifest.json",
    "/robots.txt",
    "/assets/{path:path}",
    "/static/{path:path}",
    "/gradio_api/info",
    "/gradio_api/openapi.json",
    "/gradio_api/startup-events",
    "/gradio_api/upload",
    "/gradio_api/queue/join",
    "/gradio_api/queue/data",
    "/gradio_api/heartbeat/{session_hash}",
    "/gradio_api/cancel",
    "/gradio_api/reset",
    "/gradio_api/call/{api_name}",
    "/gradio_api/call/v2/{api_name}",
    "/gradio_api/call/{api_name}/{event_id}",
    "/gradio_api/call/v2/{api_name}/{event_id}",
}
OUTSIDE = ["/etc/passwd", "../app.py", "../../../../etc/passwd", "....//....//etc/passwd", "file:///etc/passwd"]
ENCODED = [
    "..%2f..%2fapp.py",
    "%2fetc%2fpasswd",
    "..%5c..%5capp.py",
    "%2e%2e/%2e%2e/app.py",
    "%00",
    "%c0%ae%c0%ae/app.py",
]
INSIDE_ONLY = ("workbench/film/", "workbench/picture/", "workbench/made/", "static/", "assets/")
SECRETS = ("root:x:", "Composition root of the Gradio app", "Traceback")


def routes_of_the_toolkit() -> list[str]:
    with gr.Blocks() as page:
        pass
    routes = App.create_app(page).routes
    inner = [route for router in routes for route in getattr(getattr(router, "original_router", None), "routes", ())]
    return sorted({route.path for route in [*routes, *inner] if hasattr(route, "path")})


def test_of_the_toolkits_addresses_none_is_open_that_is_not_needed() -> None:
    known = routes_of_the_toolkit()
    assert len(known) > 60
    assert {path for path in known if OPEN.fullmatch(path)} == NEEDED


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_others_are_not_there(site: Fortress, method: str) -> None:
    shut = [path for path in routes_of_the_toolkit() if not OPEN.fullmatch(path)]
    for path in [*shut, "/gradio_api/file=/etc/passwd", "/gradio_api/proxy=http://127.0.0.1/", "/docs"]:
        answer = site.http.request(method, path)
        assert (answer.status_code, answer.text) == (404, "There is nothing at this address; the page is at /."), path


def test_no_address_leads_out_of_its_folder(site: Fortress) -> None:
    for where in INSIDE_ONLY:
        for way in [*OUTSIDE, *ENCODED, "x" * 10_000]:
            answer = site.http.get(f"{where}{way}")
            assert answer.status_code in (400, 403, 404, 405), (where, way[:40])
            assert not any(secret in answer.text for secret in SECRETS)


def test_no_answer_tells_where_the_server_keeps_things(site: Fortress) -> None:
    for path in (
        "",
        "config",
        "gradio_api/info",
        "gradio_api/openapi.json",
        "gradio_api/mcp/schema",
        "workbench/film/x",
    ):
        assert str(site.home) not in site.http.get(path).text


def test_every_answer_says_that_it_is_what_it_says(site: Fortress) -> None:
    for path in ("", "config", "theme.css", "nothing", "workbench/plotly.min.js", "gradio_api/info"):
        assert site.http.get(path).headers["x-content-type-options"] == "nosniff", path


@pytest.mark.parametrize(
    "ranges", ["bytes=-1", "bytes=0-" + "9" * 400, "bytes=9-2", "bytes=a-b", "x", "bytes=0-1," * 3000]
)
def test_a_silly_range_of_a_film_is_answered(site: Fortress, ranges: str) -> None:
    answer = site.http.get(f"workbench/film/{site.example}", headers={"Range": ranges})
    assert answer.status_code in (200, 206, 400, 416, 431)


def test_the_picture_of_no_instant_is_not_there(site: Fortress) -> None:
    for at_ms in ("-1", "9" * 30, "nan", "1e3", "0x1"):
        assert site.http.get(f"workbench/picture/{site.example}/{at_ms}").status_code == 404


def test_a_foreign_name_for_this_machine_is_refused(site: Fortress) -> None:
    """Else a site whose name is suddenly that of this machine could read what is here."""
    for name in ("evil.example", "evil.example:7860", "127.0.0.1.evil.example", '"><script>'):
        answer = site.http.get("", headers={"Host": name})
        assert answer.status_code == 403
        assert "WORKBENCH_HOSTS" in answer.text
        assert "<" not in answer.text
    assert site.http.get("theme.css", headers={"Host": "localhost:1"}).status_code == 200


@pytest.mark.parametrize("said", ["cross-site", "same-site"])
def test_another_site_may_not_ask_in_a_visitors_name(site: Fortress, said: str) -> None:
    asked = {"data": [None], "fn_index": 0, "session_hash": "x"}
    for path in ("gradio_api/queue/join", "gradio_api/upload", "gradio_api/call/ground", "gradio_api/mcp/"):
        answer = site.http.post(path, json=asked, headers={"Sec-Fetch-Site": said})
        assert (answer.status_code, answer.text[:18]) == (403, "Another site asks ")
    # What a person follows a link to.
    assert site.http.get("", headers={"Sec-Fetch-Site": said}).status_code == 200


def behind(hosts: list[str], server: str) -> TestClient:
    async def page(request: object) -> PlainTextResponse:
        return PlainTextResponse("here")

    door = Door(Starlette(routes=[Route("/", page)]), hosts)

    async def app(scope, receive, send):
        await door({**scope, "server": (server, 80)}, receive, send)

    return TestClient(app)


@pytest.mark.parametrize(
    ("hosts", "server", "name", "status"),
    [
        ([], "127.0.0.1", "bench.example", 403),
        ([], "::1", "bench.example", 403),
        ([], "127.0.0.1", "LOCALHOST:9", 200),
        ([], "127.0.0.1", "[::1]:9", 200),
        ([], "10.0.0.7", "bench.example", 200),
        (["bench.example"], "127.0.0.1", "bench.example", 200),
        (["bench.example"], "127.0.0.1", "other.example", 403),
        (["bench.example"], "10.0.0.7", "other.example", 403),
        (["bench.example"], "10.0.0.7", "127.0.0.1:80", 200),
    ],
)
def test_the_names_of_a_server(hosts: list[str], server: str, name: str, status: int) -> None:
    assert behind(hosts, server).get("/", headers={"Host": name}).status_code == status


def test_what_nobody_foresaw_is_answered_in_one_sentence(site: Fortress) -> None:
    answer = site.http.post("gradio_api/queue/join", json={"data": [], "fn_index": 99_999, "session_hash": "x"})
    assert (answer.status_code, answer.text[:20]) == (500, "Something went wrong")
