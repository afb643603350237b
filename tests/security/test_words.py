"""What is written: queries of any length and of any characters, markup, addresses that ask for anything."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import gradio as gr
import pytest

from tests.security.conftest import Fortress
from workbench.analyses.queries import checked_query
from workbench.errors import QueryError
from workbench.settings import Settings
from workbench.ui.gradio import texts
from workbench.ui.gradio.sent import MAX_TITLE_CHARS, films_in, name_in

MARKUP = '"><img src=x onerror=alert(1)></script><script>alert(2)</script>'
SETTINGS = Settings(offline=True)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("a red\u0000 circle\u0007\u001b[31m", "a red circle [31m"),
        ("a red\r\nX-Header: 1\tcircle", "a red X-Header: 1 circle"),
        ("\u202eelcric der a\u202c", "elcric der a"),
        ("\u2067a\u2069 \u200fred\u200f circle", "a \u200fred\u200f circle"),
        ("नमस्ते \u200d दुनिया", "नमस्ते \u200d दुनिया"),
        ("👩\u200d🚀 floats", "👩\u200d🚀 floats"),
        (MARKUP, MARKUP),
        ("x" * 500, "x" * 500),
    ],
)
def test_a_sentence_is_kept_but_for_what_only_controls_how_it_is_shown(sent: str, read: str) -> None:
    assert checked_query(sent, SETTINGS) == read


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ("x" * 10_000, "10,000 characters; shorten it to 500"),
        ("\u0000\u0007\u001b\r\n\t ", "empty"),
        ("\u200b\u2060\ufeff\u202e", "empty"),
        ("half \ud800 of a pair", "UTF-8"),
    ],
)
def test_what_is_no_sentence_is_refused_in_one(sent: str, said: str) -> None:
    with pytest.raises(QueryError, match=said) as problem:
        checked_query(sent, SETTINGS)
    assert len(str(problem.value)) < 200


@pytest.mark.parametrize("text", ["x" * 10_000, "\u0000\u0001", "half \ud800 of a pair", ""])
def test_the_page_and_its_verbs_say_what_is_wrong_with_a_sentence(site: Fortress, text: str) -> None:
    message = site.send("queries", "submit", [None], {"text": text})
    assert 'role=\\"alert\\"' in json.dumps(message)
    told = site.call("ground", [site.example, [text], "toyworld-frame", 2.0])
    assert not told["success"]
    assert told["output"]["error"].startswith("The sentence")
    assert len(told["output"]["error"]) < 200


def test_markup_is_escaped_in_every_panel_and_figure(site: Fortress) -> None:
    shown = json.dumps(open_page(site, q=MARKUP, model=MARKUP, span=MARKUP))
    assert "&lt;img src=x" in shown
    assert "<img src=x" not in without_values(shown)


def without_values(shown: str) -> str:
    """Return what is sent to the page but for what it shows as text by itself: its address, sentences and titles."""
    parts = json.loads(shown)["output"]["data"]
    values = [part.get("value") if isinstance(part, dict) else part for part in parts]
    return "\n".join(value for value in values if isinstance(value, str) and "<" in value and not value.startswith("?"))


@pytest.mark.parametrize(
    "wish",
    [
        {"q": "x" * 10_000},
        {"q": MARKUP},
        {"video": "../../../../etc/passwd"},
        {"video": "/etc/passwd"},
        {"video": "0" * 64},
        {"model": "/etc"},
        {"model": "x" * 10_000},
        {"model": "openai/clip-vit-base-patch32/../../x"},
        {"fps": "nan"},
        {"fps": "1e999"},
        {"fps": MARKUP},
        {"max_frames": "-1"},
        {"span": "9-1"},
        {"span": "0-999999"},
        {"span": "1e5-2e5"},
        {"tab": MARKUP, "clips": "../x", "method": "__class__", "other": MARKUP, "colour": MARKUP},
        {"map_seed": "9" * 5000, "map_smallest": "-1", "map_min_dist": "nan"},
        {"through": ",".join(["x"] * 100)},
        {"fitted": "../../etc/pas", "picture": "/etc/passwd", "features": "../../x"},
    ],
    ids=lambda wish: str(wish)[:40],
)
def test_an_address_that_cannot_be_meant_shows_the_page_and_says_so(site: Fortress, wish: dict[str, str]) -> None:
    message = open_page(site, **wish)
    assert message["success"]
    told = json.dumps(message, ensure_ascii=False)
    assert texts.UNEXPECTED not in told
    assert "root:x:" not in told
    assert site.example in told  # a film is shown


def open_page(site: Fortress, **wish: str) -> dict[str, Any]:
    """Open the page by an address, as a browser does."""
    query = "&".join(f"{name}={quote(value)}" for name, value in wish.items())
    load = next(d for d in site.config["dependencies"] if d["api_name"] == "start")
    return site.put(load["id"], [None], query=query)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("/", "received.mp4"),
        ("\u202e", "received.mp4"),
        ("a\u0000b\r\nc\u202e.mp4", "abc.mp4"),
        (MARKUP + ".mp4", "script>.mp4"),
        (None, "received.mp4"),
    ],
)
def test_a_file_is_called_what_can_be_shown(sent: str | None, kept: str) -> None:
    file = gr.FileData(path="/folder/received.mp4", orig_name=sent)
    assert name_in(file) == kept


def test_a_long_name_keeps_its_end() -> None:
    name = name_in(gr.FileData(path="x", orig_name="n" * 10_000 + ".parquet"))
    assert len(name) == MAX_TITLE_CHARS
    assert name.endswith("….parquet")


@pytest.mark.parametrize(
    "sent", [None, "x", {"a": 1}, [["../../etc/passwd", "x"]], [["0" * 64, 1]], [[1, 2], "x", [["0" * 64]]]]
)
def test_films_that_a_tab_says_it_has_brought_are_ids_or_nothing(sent: object) -> None:
    assert films_in(sent) == {}
    many = films_in([[f"{k:064x}", "t" * 10_000] for k in range(1000)])
    assert len(many) == 100
    assert max(map(len, many.values())) == MAX_TITLE_CHARS
