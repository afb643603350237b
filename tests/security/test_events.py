"""Every event of the page, whether programs are told of it or not, sent what no browser would send."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.security.conftest import Fortress
from workbench.ui.gradio import texts

FILE = {"meta": {"_type": "gradio.FileData"}}
DEEP: Any = "x"
for _ in range(200):
    DEEP = [DEEP]
PATHS = [
    "/etc/passwd",
    "../../../../etc/passwd",
    "app.py",
    "\\\\evil.example\\share\\film.mp4",
    "file:///etc/passwd",
    "",
]
FORGED: dict[str, Any] = {
    **{f"path {path}": {"path": path, "orig_name": "film.mp4", **FILE} for path in PATHS},
    "address": {"path": "http://127.0.0.1:9/film.mp4", **FILE},
    "address beside a path": {"path": "film.mp4", "url": "file:///etc/passwd", **FILE},
    "no meta": {"path": "/etc/passwd"},
    "within": {"a": [{"path": "/etc/passwd", **FILE}]},
    "plain": "/etc/passwd",
    "not a number": float("nan"),
    "endless": float("inf"),
    "huge": 10**300,
    "below": -1,
    "yes": True,
    "markup": "<script>alert(1)</script>\u0000\u202e",
    "long": "x" * 10_000,
    "deep": DEEP,
}
OUT_OF_RANGE: dict[str, Any] = {
    "no object": ["x", 1],
    "mixed": {
        **{
            "index": -1,
            "row": 10**400,
            "query": "0",
            "pick": "9" * 5000,
            "value": ["../../etc/passwd"],
            "text": {"a": 1},
        },
        **{"start_s": float("nan"), "end_s": 10**400, "at_s": float("inf")},
    },
    "below": dict.fromkeys(("index", "row", "query", "pick", "value", "text", "start_s", "end_s", "at_s"), -1),
    "huge": dict.fromkeys(("index", "row", "query", "start_s", "end_s", "at_s"), 10**400) | {"pick": "9" * 5000},
    "other types": {"index": [], "row": {}, "query": "0", "pick": None, "value": {"a": 1}, "text": ["x"], "at_s": "x"},
    "not a number": dict.fromkeys(("index", "row", "start_s", "end_s", "at_s"), float("nan")),
    "long": dict.fromkeys(("pick", "value", "text"), "x" * 10_000),
}
IN_SHORT, IN_FULL = ("path /etc/passwd", "not a number", "markup"), ("add_video", "ground")
"""What is sent to every event, and those that are sent all: each event costs a sixth of a second."""
EVENTS = ("input", "submit", "delete", "select", "brush", "blur")
LEAKS = ("root:x:", "Traceback", "/received/", ".venv", "site-packages")


def check(site: Fortress, what: str, message: dict[str, Any], sent: Any) -> None:
    """Check that an event was refused in words, or did nothing that nobody foresaw."""
    told = json.dumps(message, ensure_ascii=False)
    assert not [leak for leak in (*LEAKS, str(site.home)) if leak in told.replace(json.dumps(sent), "")], what
    assert texts.UNEXPECTED not in told, what
    if not message["success"]:
        error = message["output"]["error"]
        assert error, what
        assert error.endswith("."), what


def test_forged_data_is_refused_in_words_by_every_event(site: Fortress) -> None:
    n_said = len(site.log())
    states = {part["id"] for part in site.config["components"] if part["type"] == "state"}
    taking = [event for event in site.events().values() if set(event["inputs"]) - states]
    assert len(taking) > 15
    asked = [(event, name) for event in taking for name in (FORGED if event["api_name"] in IN_FULL else IN_SHORT)]

    def send(event: dict[str, Any], name: str) -> dict[str, Any]:
        return site.put(event["id"], [FORGED[name]] * len(event["inputs"]))

    with ThreadPoolExecutor(6) as visitors:
        for (event, name), message in zip(asked, visitors.map(lambda each: send(*each), asked), strict=True):
            check(site, f"{event['api_name']}, {name}", message, FORGED[name])
    assert "Traceback" not in site.log()[n_said:]


def test_what_a_browser_never_says_is_refused_in_words_by_every_event(site: Fortress) -> None:
    n_said = len(site.log())
    asked = [
        (event, name)
        for event in site.events().values()
        if any(heard in EVENTS for _, heard in event["targets"])
        for name in (OUT_OF_RANGE if event["api_name"] in ("select_row", "select_span", "open_part") else ("mixed",))
    ]
    assert len({event["id"] for event, _ in asked}) > 20

    def send(event: dict[str, Any], name: str) -> dict[str, Any]:
        more = {"trigger_id": event["targets"][0][0], "event_data": OUT_OF_RANGE[name]}
        return site.put(event["id"], [None] * len(event["inputs"]), **more)

    with ThreadPoolExecutor(6) as visitors:
        for (event, name), message in zip(asked, visitors.map(lambda each: send(*each), asked), strict=True):
            check(site, f"{event['api_name']}, {name}", message, OUT_OF_RANGE[name])
    assert "Traceback" not in site.log()[n_said:]


@pytest.mark.parametrize("data", [[], [None] * 9, ["x"] * 9])
def test_too_little_and_too_much_is_refused_in_words(site: Fortress, data: list[Any]) -> None:
    event = site.listener("upload", "upload")
    message = site.put(event["id"], data)
    assert message["success"] or message["output"]["error"]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        '"x"',
        '{"data": "x"}',
        '{"data": []}',
        '{"data": [], "session_hash": "x"}',
        '{"data": [], "fn_index": -1, "session_hash": "x"}',
        '{"data": [], "fn_index": 1e99, "session_hash": "x"}',
        '{"data": [1' + "0" * 5000 + '], "fn_index": 0, "session_hash": "x"}',
        '{"data":' + "[" * 100_000 + "]" * 100_000 + ', "fn_index": 0, "session_hash": "x"}',
    ],
    ids=lambda body: body[:40],
)
def test_what_is_no_question_is_refused(site: Fortress, body: str) -> None:
    answer = site.http.post("gradio_api/queue/join", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422, 500)
    assert answer.text
    assert "Traceback" not in answer.text


def test_a_forged_session_is_not_taken_for_ones_own(site: Fortress) -> None:
    """What a visitor has chosen is kept by the server: what is sent in its place is not looked at."""
    forged = {"video": "../../etc/passwd", "model": "/etc", "queries": ["x"], "uploads": {"a": "b"}}
    message = site.send("video-picker", "input", [forged], {"value": site.example})
    assert message["success"]
    assert "passwd" not in json.dumps(message)


def test_after_all_this_a_question_is_answered(site: Fortress) -> None:
    found = site.call("ground", [site.example, ["a red circle"], "toyworld-frame", 2.0])
    assert found["success"]
    assert found["output"]["data"][0]["moments"]
