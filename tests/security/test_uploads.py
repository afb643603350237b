"""Uploads: whatever their name, kind, size and pace, they are bounded, taken as files alone, and never given back."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from tests.films import RED, write_film
from tests.security.conftest import MOST_UPLOAD_BYTES, MOST_VIDEO_BYTES, Fortress
from workbench.ui.gradio import door_texts, intake
from workbench.ui.gradio.received import BUSY_S, KEPT_S, Received
from workbench.ui.gradio.sender import sender_of

PAGE = b"<html><script>alert(document.domain)</script>"
DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
FORM = b'--b\r\nContent-Disposition: form-data; name="files"; filename="film.mp4"\r\n\r\n'
KIND = {"Content-Type": "multipart/form-data; boundary=b"}


@pytest.mark.parametrize(
    ("name", "kind", "content"),
    [
        ("page.html", "text/html", PAGE),
        ("page.mp4", "text/html", PAGE),
        ("drawing.svg", "image/svg+xml", DRAWING),
        ("drawing.png", "image/svg+xml", DRAWING),
        ("../../../../tmp/out.mp4", "video/mp4", b"out"),
        ("/etc/cron.d/out.mp4", "video/mp4", b"out"),
        ("a\r\nSet-Cookie: x=1.mp4", "video/mp4", b"crlf"),
        ("nul\x00.mp4", "video/mp4", b"nul"),
        ("n" * 3_000 + ".mp4", "video/mp4", b"long"),
    ],
)
def test_what_is_uploaded_stays_in_its_folder_and_is_given_back_by_no_address(
    site: Fortress, name: str, kind: str, content: bytes
) -> None:
    path = Path(site.upload(content, name, kind)["path"])
    assert (site.home / "received") in path.resolve().parents
    for address in (
        f"gradio_api/file={path}",
        f"gradio_api/file/{path}",
        f"static/{path}",
        f"workbench/film/{path.name}",
    ):
        answer = site.http.get(address)
        assert answer.status_code in (403, 404)
        assert content not in answer.content


@pytest.mark.parametrize(
    "name", ["page.mp4", "<img src=x onerror=alert(1)>.mp4", "x" * 10_000 + ".mp4", "\u202egpj.mp4"]
)
def test_what_is_no_film_is_refused_in_one_sentence_whatever_it_is_called(site: Fortress, name: str) -> None:
    shown = _notice(site.send("upload", "upload", [site.upload(PAGE) | {"orig_name": name}]))
    assert "is not a video that can be read" in shown
    assert len(shown) < 400
    assert "<img" not in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize("way", ["declared", "in pieces", "many files"])
def test_an_upload_that_is_too_large_is_told_so_and_leaves_nothing(site: Fortress, way: str) -> None:
    before = set(site.received)
    half = b"x" * (MOST_VIDEO_BYTES // 2)
    many = [("files", (f"{k}.mp4", half + bytes([k]))) for k in range(6)]
    match way:
        case "declared":
            answer = site.http.post("gradio_api/upload", files={"files": ("film.mp4", half * 6)})
        case "in pieces":
            answer = site.http.post("gradio_api/upload", content=_pieces(FORM, *[half] * 6), headers=KIND)
        case _:
            answer = site.http.post("gradio_api/upload", files=many)
    assert (answer.status_code, answer.text) == (413, door_texts.upload_too_large(MOST_VIDEO_BYTES))
    assert set(site.received) == before


def _pieces(*parts: bytes) -> Iterator[bytes]:
    yield from parts


def test_an_upload_of_the_largest_size_is_taken(site: Fortress) -> None:
    site.upload(b"x" * MOST_VIDEO_BYTES)


def test_a_form_that_holds_more_than_files_is_refused(site: Fortress) -> None:
    field = b'--b\r\nContent-Disposition: form-data; name="files"\r\n\r\n' + b"x" * 1000 + b"\r\n--b--\r\n"
    answer = site.http.post("gradio_api/upload", content=field, headers=KIND)
    assert (answer.status_code, answer.text) == (400, door_texts.NO_FIELDS)


@pytest.mark.parametrize(
    ("kind", "content"),
    [("text/plain", b"x"), ("multipart/form-data", b"x"), ("multipart/form-data; boundary=b", b"\x00" * 1000)],
)
def test_what_is_no_form_is_refused(site: Fortress, kind: str, content: bytes) -> None:
    answer = site.http.post("gradio_api/upload", content=content, headers={"Content-Type": kind})
    assert answer.status_code == 400
    assert answer.text


def test_an_upload_that_is_broken_off_leaves_nothing(site: Fortress) -> None:
    before = set(site.received)
    with _slow(site, 1) as [sender]:
        sender.sendall(b"x" * 100_000)
        _wait_for(lambda: set(site.received) != before)
    _wait_for(lambda: set(site.received) == before)
    assert "ClientDisconnect" not in site.log()


def test_slow_uploads_keep_nobody_waiting(site: Fortress) -> None:
    with _slow(site, 40):
        started = time.monotonic()
        assert site.http.get("theme.css").status_code == 200
        site.upload(b"mine", "mine.mp4")
        assert time.monotonic() - started < intake.PATIENCE_S / 2


@contextmanager
def _slow(site: Fortress, n: int) -> Iterator[list[socket.socket]]:
    """Yield connections that have begun to upload."""
    address = urlsplit(site.url)
    head = (
        f"POST /gradio_api/upload HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: {KIND['Content-Type']}\r\n"
        f"Content-Length: {MOST_VIDEO_BYTES}\r\n\r\n"
    )
    senders = [socket.create_connection((address.hostname, address.port)) for _ in range(n)]
    try:
        for sender in senders:
            sender.sendall(head.encode() + FORM)
        yield senders
    finally:
        for sender in senders:
            sender.close()


def _wait_for(is_so: Any, limit_s: float = 20.0) -> None:
    deadline = time.monotonic() + limit_s
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_flood_of_uploads_from_everywhere_is_bounded_on_disk_and_told_so(site: Fortress) -> None:
    refused = [_answer_to(site, k, f"198.51.100.{k}") for k in range(2 * MOST_UPLOAD_BYTES // MOST_VIDEO_BYTES)]
    assert sum(path.stat().st_size for path in site.received) <= MOST_UPLOAD_BYTES
    assert (503, door_texts.NO_ROOM) in refused
    for path in site.received:  # an hour later
        os.utime(path, (0, time.time() - KEPT_S - 1))
    assert _answer_to(site, 0)[0] == 200
    assert len(site.received) == 1


def test_no_sender_keeps_the_others_out(site: Fortress, tmp_path: Path) -> None:
    _clear(site)
    greedy = "203.0.113.5"
    answers = [_answer_to(site, k, greedy) for k in range(MOST_UPLOAD_BYTES // MOST_VIDEO_BYTES)]
    n_taken = [status for status, _ in answers].index(503)
    assert set(answers[n_taken:]) == {(503, door_texts.SHARE_USED_UP)}
    assert n_taken == MOST_UPLOAD_BYTES // 2 // MOST_VIDEO_BYTES - 1  # a form is somewhat larger than its file
    for other in ("203.0.113.6", "203.0.113.7", "203.0.113.8"):
        film = site.upload(write_film(tmp_path / "mine.mp4", [(2.0, RED)]).path.read_bytes(), sender=other)
        assert site.call("add_video", [film])["success"]
        assert not Path(film["path"]).exists()
    assert len(site.received) == n_taken
    # Whatever comes of it, what was looked at is there no longer.
    for _, told in answers[:2]:
        sent = {"path": json.loads(told)[0], "meta": {"_type": "gradio.FileData"}}
        assert "is not a video that can be read" in _notice(site.send("upload", "upload", [sent]))
    assert _answer_to(site, 0, greedy)[0] == 200
    assert _answer_to(site, 0, greedy)[0] == 200
    assert _answer_to(site, 0, greedy) == (503, door_texts.SHARE_USED_UP)
    os.utime(site.received[0], (0, time.time() - BUSY_S - 1))  # nobody seems to want it
    assert _answer_to(site, 0, greedy)[0] == 200
    assert _answer_to(site, 0, greedy) == (503, door_texts.SHARE_USED_UP)


def test_uploads_that_come_at_once_have_one_share(site: Fortress) -> None:
    _clear(site)
    n_sent = MOST_UPLOAD_BYTES // MOST_VIDEO_BYTES
    with ThreadPoolExecutor(n_sent) as senders:
        answers = set(senders.map(lambda k: _answer_to(site, k, "203.0.113.9"), range(n_sent)))
    n_taken = sum(status == 200 for status, _ in answers)
    assert n_taken + sum(answer == (503, door_texts.SHARE_USED_UP) for answer in answers) == len(answers)
    assert n_taken > n_sent // 4
    assert sum(path.stat().st_size for path in site.received) <= MOST_UPLOAD_BYTES // 2


def test_who_sends_is_believed_of_a_proxy_on_this_machine_alone(site: Fortress) -> None:
    _clear(site)
    form = {"files": ("film.mp4", b"x" * MOST_VIDEO_BYTES)}
    with httpx.Client(base_url=site.url, transport=httpx.HTTPTransport(local_address="127.0.0.2")) as elsewhere:
        answers = [
            elsewhere.post("gradio_api/upload", files=form, headers={"X-Forwarded-For": f"192.0.2.{k}"}, timeout=60)
            for k in range(MOST_UPLOAD_BYTES // 2 // MOST_VIDEO_BYTES)
        ]
    assert (answers[-1].status_code, answers[-1].text) == (503, door_texts.SHARE_USED_UP)


def test_who_sends_the_same_has_a_file_of_their_own(site: Fortress) -> None:
    first, second = (site.upload(PAGE, sender=sender) for sender in ("192.0.2.1", "192.0.2.2"))
    for sent in (first, second):
        assert Path(sent["path"]).read_bytes() == PAGE
        assert "is not a video that can be read" in _notice(site.send("upload", "upload", [sent]))
        assert not Path(sent["path"]).exists()


def test_what_lies_elsewhere_is_not_forgotten(tmp_path: Path) -> None:
    folder = Received(tmp_path / "received", 1_000_000)
    with folder.arriving("somebody") as arrival:
        paths = [arrival.folder / "hash" / "film.mp4", arrival.folder / "hash 2" / "film.mp4", tmp_path / "film.mp4"]
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")
    for path in (*paths, tmp_path / "received" / ".." / "film.mp4", tmp_path, folder.folder):
        folder.forget(path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "film.mp4"]
    assert list(folder.folder.rglob("*")) == [arrival.sender]
    for path in (arrival.sender, folder.folder):
        os.utime(path, (0, time.time() - BUSY_S - 1))
    assert not folder.why_not()
    assert folder.folder.exists()
    assert not arrival.sender.exists()


def test_nobody_waits_for_a_look_at_all_that_lies_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, is_begun, is_over = Received(tmp_path, 1_000_000), threading.Event(), threading.Event()
    with folder.arriving("one") as arrival:
        assert not folder.why_not(10, arrival)
        walk = os.walk
        monkeypatch.setattr(os, "walk", lambda *args, **kwargs: (is_begun.set(), is_over.wait(60), walk(*args))[2])
        looking = threading.Thread(target=folder.why_not)
        looking.start()
        assert is_begun.wait(60)
        assert folder.is_held(arrival, 10)
        with folder.arriving("another"):
            pass
        assert not is_over.is_set()
        assert looking.is_alive()
        is_over.set()
        looking.join()


def test_what_is_still_to_come_has_its_room(tmp_path: Path) -> None:
    folder = Received(tmp_path, 1_000_000)
    with folder.arriving("one") as first, folder.arriving("another") as second:
        assert not folder.why_not(400_000, first)
        assert folder.why_not(700_000, second) == door_texts.NO_ROOM
        assert not folder.why_not(600_000, second)
        with folder.arriving("one") as third:  # uploads of one sender share what is held for it
            assert [folder.is_held(arrival, 200_000) for arrival in (third, first, third)] == [True, True, False]
    with folder.arriving("another") as arrival:
        assert not folder.is_held(arrival, 1)
        assert not folder.why_not(1_000_000, arrival)


def test_whoever_has_most_there_makes_room_first(tmp_path: Path) -> None:
    folder = Received(tmp_path, 1_000_000)
    for sender, name, age_s in (("much", "a", 20), ("much", "b", 10), ("little", "c", 30), ("much", "d", -300)):
        (tmp_path / sender).mkdir(exist_ok=True)
        (tmp_path / sender / name).write_bytes(b"x" * 250_000)
        os.utime(tmp_path / sender / name, (0, time.time() - BUSY_S - age_s))
    for n_more, left in ((1, "bcd"), (250_001, "cd"), (500_001, "d")):
        assert not folder.why_not(n_more)
        assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == set(left)


@pytest.mark.parametrize(
    ("host", "sender"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:0:7:1::2", "2001:db8:0:7::/64"),
        ("2001:db8:0:7:ffff::9", "2001:db8:0:7::/64"),
        ("2001:db8:0:8::1", "2001:db8:0:8::/64"),
        ("../../x", "../../x"),
    ],
)
def test_a_sender_is_an_address_or_what_one_customer_has_of_them(host: str, sender: str) -> None:
    assert sender_of(host) == sender


def _clear(site: Fortress) -> None:
    for path in site.received:
        path.unlink()


def _answer_to(site: Fortress, number: int, sender: str = "127.0.0.1") -> tuple[int, str]:
    content = str(number).encode() * (MOST_VIDEO_BYTES // len(str(number)))
    headers = {"X-Forwarded-For": sender}  # as a proxy on this machine says it
    answer = site.http.post("gradio_api/upload", files={"files": ("film.mp4", content)}, headers=headers)
    return answer.status_code, answer.text


def test_the_folder_keeps_what_is_new_and_forgets_what_is_old(tmp_path: Path) -> None:
    folder = Received(tmp_path / "received", 1_000_000)
    folder.folder.mkdir()
    ages_s = {"new": 0, "waiting": BUSY_S - 10, "idle": BUSY_S + 10, "old": KEPT_S + 10}
    for name, age_s in ages_s.items():
        (folder.folder / name).mkdir()
        (folder.folder / name / "film.mp4").write_bytes(b"x" * 300_000)
        for path in (folder.folder / name / "film.mp4", folder.folder / name):
            os.utime(path, (0, time.time() - age_s))
    assert not folder.why_not()
    assert _names(folder) == {"new", "waiting", "idle"}
    os.utime(folder.folder / "old", (0, time.time() - BUSY_S - 10))  # emptied a while ago
    assert not folder.why_not()
    assert not (folder.folder / "old").exists()
    (folder.folder / "more.mp4").write_bytes(b"x" * 500_000)
    assert folder.why_not() == door_texts.NO_ROOM  # what is still to be taken in is left
    assert _names(folder) == {"new", "waiting", "received"}


def test_many_small_files_are_bounded_too(tmp_path: Path) -> None:
    folder = Received(tmp_path, 1_000_000)
    for k in range(20):
        (tmp_path / str(k)).write_bytes(b"x")
    assert folder.why_not() == door_texts.NO_ROOM


def _names(folder: Received) -> set[str]:
    return {path.parent.name for path in folder.folder.rglob("*.mp4")}


def test_the_folder_is_private_and_the_toolkits_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", "")
    folder = tmp_path / "home" / "received"
    Received(folder, 1).receive()
    assert folder.stat().st_mode & 0o077 == 0
    from gradio.utils import get_upload_folder

    assert get_upload_folder() == str(folder)


class Sender:
    """Sends a body bit by bit, waiting before each."""

    def __init__(self, bits: list[bytes], wait_s: float) -> None:
        self._bits, self._wait_s = [*bits], wait_s

    async def receive(self) -> dict[str, Any]:
        await asyncio.sleep(self._wait_s)
        body = self._bits.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(self._bits)}


def told(bits: list[bytes], wait_s: float, path: str, folder: Path) -> tuple[int, str]:
    """Return what a sender is told of a body that comes in ``bits``."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def page(scope: Any, receive: Any, send: Any) -> None:
        body = await Request(scope, receive).body()
        await PlainTextResponse(str(len(body)))(scope, receive, send)

    async def upload(scope: Any, receive: Any, send: Any) -> None:
        try:
            await page(scope, receive, send)
        except intake.Refused as refusal:  # as the toolkit does
            await PlainTextResponse(refusal.message, 400)(scope, receive, send)

    scope = {"type": "http", "method": "POST", "path": path, "headers": []}
    app = intake.Intake(upload if path == intake.UPLOAD else page, Received(folder, 10**9), 10**6)
    asyncio.run(app(scope, Sender(bits, wait_s).receive, send))
    text = b"".join(message.get("body", b"") for message in sent[1:]).decode()
    return sent[0]["status"], text


@pytest.mark.parametrize("path", [intake.UPLOAD, "/gradio_api/queue/join"])
def test_a_body_that_trickles_is_ended_and_one_that_flows_is_not(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "PATIENCE_S", 0.2)
    monkeypatch.setattr(intake, "LINGER_S", 0.0)
    assert told([b"x"] * 100, 0.02, path, tmp_path) == (408, door_texts.TOO_SLOW)
    assert told([b"x" * intake.LEAST_BYTES] * 15, 0.02, path, tmp_path) == (200, str(15 * intake.LEAST_BYTES))


def test_a_question_that_is_too_large_is_told_so(site: Fortress) -> None:
    sent = b'{"data": ["' + b"x" * 10_000_000 + b'"], "fn_index": 0, "session_hash": "x"}'
    for path in ("gradio_api/queue/join", "gradio_api/call/ground"):
        for body in (sent, _pieces(sent[:5_000_000], sent[5_000_000:])):
            answer = site.http.post(path, content=body, headers={"Content-Type": "application/json"})
            assert (answer.status_code, answer.text) == (413, door_texts.too_much_sent(intake.MOST_BYTES))


def _notice(message: dict[str, Any]) -> str:
    """Return what the page says of an event, as HTML."""
    assert message["success"]
    return next(part for part in map(_text_of, message["output"]["data"]) if 'role="alert"' in part)


def _text_of(part: Any) -> str:
    value = part.get("value") if isinstance(part, dict) else part
    return value if isinstance(value, str) else ""
