"""How much may be sent, and how slowly: no body fills the memory or the disk, or is waited for for ever.

Separate because the toolkit reads whatever comes, of any size and at any pace, before it looks at it. An upload is
counted as it passes, among all that its sender sends; any other body is read here to its end first.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import time

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.ui.gradio import door_texts as texts
from workbench.ui.gradio.received import Received
from workbench.ui.gradio.sender import sender_of

LOG = logging.getLogger(__name__)
UPLOAD, TOOLS = "/gradio_api/upload", "/gradio_api/mcp"
MOST_BYTES, MOST_TOOL_BYTES = 2**20, 64 * 2**20
"""The most of what is asked; of a tool, which takes a film in base64."""
PATIENCE_S, LEAST_BYTES = 60.0, 64 * 1024
"""In so many seconds of waiting at least so many bytes must come, or all that is left."""
LOOK_BYTES = 64 * 2**20
"""After so many more bytes from a sender it is looked whether there still is room."""
LINGER_S = 10.0
"""Whoever still sends is listened to for so long after the refusal, which else is lost with the connection."""
_FORM_BYTES = 2**16


class Refused(MultiPartException):
    """A body that is not taken; the toolkit clears away what it has of an upload when it meets this."""

    def __init__(self, message: str, status_code: int) -> None:
        super().__init__(message)
        self.status_code = status_code


class Intake:
    """Stands before the app: passes on what may come, and answers the rest with one sentence."""

    def __init__(self, app: ASGIApp, received: Received, most_upload_bytes: int) -> None:
        self._app, self._received, self._most_upload_bytes = app, received, most_upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
        elif scope["path"] == UPLOAD:
            await self._upload(scope, receive, send)
        else:
            await self._question(scope, receive, send)

    async def _question(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_tool = scope["path"].startswith(TOOLS)
        most_bytes = MOST_TOOL_BYTES if is_tool else MOST_BYTES
        body = _Body(scope, receive, most_bytes, texts.too_much_sent(most_bytes))
        parts = bytearray()
        try:
            while (message := await body.next())["type"] == "http.request":
                parts += message.get("body", b"")
                if not message.get("more_body"):
                    break
            else:
                return  # the sender has gone
        except Refused as refusal:
            await _refuse(refusal, scope, receive, send)
            return
        whole: list[Message] = [{"type": "http.request", "body": bytes(parts), "more_body": False}]

        async def again() -> Message:
            return whole.pop() if whole else await receive()

        if not is_tool:
            await self._app(scope, again, send)
            return
        with self._received.arriving(_sender(scope)) as arrival:
            if why_not := await run_in_threadpool(self._received.why_not, body.n_bytes, arrival):
                await _refuse(Refused(why_not, 503), scope, receive, send)
                return
            try:
                await self._app(scope, again, send)
            finally:  # the toolkit sends it on, as an upload of this machine
                await run_in_threadpool(shutil.rmtree, arrival.folder, ignore_errors=True)

    async def _upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        most_bytes = self._most_upload_bytes + _FORM_BYTES
        body = _Body(scope, receive, most_bytes, texts.upload_too_large(self._most_upload_bytes))
        refusal: Refused | None = None

        async def counted() -> Message:
            nonlocal refusal
            try:
                message = await body.next()
                if message["type"] == "http.disconnect":
                    raise Refused(texts.BROKEN_OFF, 400)
                n_bytes = len(message.get("body", b""))
                while not self._received.is_held(arrival, n_bytes):
                    n_next = n_bytes + min(body.n_left, LOOK_BYTES)
                    if why_not := await run_in_threadpool(self._received.why_not, n_next, arrival):
                        raise Refused(why_not, 503)
                return message
            except Refused as problem:
                refusal = problem
                raise

        async def answered(message: Message) -> None:
            """Say in the app's stead why the upload was refused; what the app says is of any other upload."""
            if refusal is None:
                await send(message)

        with self._received.arriving(_sender(scope)) as arrival:
            try:
                # The toolkit remembers for ever how far an upload is that is given a name.
                await self._app({**scope, "query_string": b""}, counted, answered)
            except OSError as problem:  # others fill the disk, too
                LOG.warning("An upload cannot be received: %s", problem)
                refusal = refusal or Refused(texts.NO_ROOM, 503)
        if refusal is not None:
            await _refuse(refusal, scope, receive, send)


class _Body:
    """A body as it comes, which may be neither too large nor too slow."""

    def __init__(self, scope: Scope, receive: Receive, most_bytes: int, too_large: str) -> None:
        self._receive, self._most_bytes, self._too_large = receive, most_bytes, too_large
        declared = Headers(scope=scope).get("content-length", "")
        self._n_declared = int(declared) if declared.isdecimal() else most_bytes
        self._is_too_large = self._n_declared > most_bytes
        self._waited_s, self._n_bytes_since = 0.0, 0
        self.n_bytes = 0

    @property
    def n_left(self) -> int:
        """The most bytes that may still come."""
        return self._n_declared - self.n_bytes

    async def next(self) -> Message:
        """Return the next message; raises ``Refused``."""
        if self._is_too_large:
            raise Refused(self._too_large, 413)
        started = time.monotonic()
        try:
            message = await asyncio.wait_for(self._receive(), PATIENCE_S - self._waited_s)
        except TimeoutError:
            raise Refused(texts.TOO_SLOW, 408) from None
        # What the server itself takes is not the sender's.
        self._waited_s += time.monotonic() - started
        n_bytes = len(message.get("body", b""))
        self.n_bytes += n_bytes
        self._n_bytes_since += n_bytes
        if self._n_bytes_since >= LEAST_BYTES:
            self._waited_s, self._n_bytes_since = 0.0, 0
        if self.n_bytes > self._most_bytes:
            raise Refused(self._too_large, 413)
        return message


def _sender(scope: Scope) -> str:
    return sender_of(scope["client"][0]) if scope.get("client") else ""


async def _refuse(refusal: Refused, scope: Scope, receive: Receive, send: Send) -> None:
    async def with_patience(message: Message) -> None:
        if message["type"] == "http.response.body":
            await send({**message, "more_body": True})
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(_rest(receive), LINGER_S)
            message = {"type": "http.response.body", "body": b""}
        await send(message)

    response = PlainTextResponse(refusal.message, refusal.status_code, {"Connection": "close"})
    await response(scope, receive, with_patience)


async def _rest(receive: Receive) -> None:
    while (await receive()).get("more_body"):
        pass
