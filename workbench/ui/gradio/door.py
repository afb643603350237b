"""Who may ask, and for what: of the toolkit's addresses those alone that the page and programs need.

Separate because the toolkit opens some sixty addresses, for its own makers and for pages of other kinds: films are
converted there by a program of the machine, addresses fetched, uploads handed out again, questions asked past the
queue. What is not on the list is not there, whatever a later version adds.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.ui.gradio import door_texts as texts
from workbench.ui.gradio.texts import UNEXPECTED

OPEN = re.compile(
    r"/|/config|/theme\.css|/favicon\.ico|/manifest\.json|/robots\.txt"
    # Names that a file system takes, and no more of them than are needed.
    r"|/(?:assets|static|workbench)(?:/[^/]{1,200}){1,9}"
    # Programs, and models of language where that is wanted.
    r"|/gradio_api/(?:info|openapi\.json|upload|queue/(?:join|data)|call/[^/]+(?:/[^/]+)?(?:/[^/]+)?|heartbeat/[^/]+|cancel|reset)"
    r"|/gradio_api/(?:startup-events|mcp(?:/.*)?)",
    re.DOTALL,
)
_OWN_NAMES = ("localhost", "127.0.0.1", "::1")
_SAME = ("same-origin", "none", "")


class Door:
    """Stands before the app: lets in what is asked for on the list, by a name of this server, and by no other site."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self._app, self._hosts = app, frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def as_declared(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Content-Type-Options"] = "nosniff"
            await send(message)

        app = self._refusal(scope) or self._app
        await app(scope, receive, as_declared)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        headers = Headers(scope=scope)
        if not self._is_known(_host_of(headers), scope):
            return PlainTextResponse(texts.unknown_host(_host_of(headers)), 403)
        # A browser says truly whether another site asks; what only shows the page may come from anywhere.
        if scope["method"] not in ("GET", "HEAD") and headers.get("sec-fetch-site", "") not in _SAME:
            return PlainTextResponse(texts.OTHER_SITE, 403)
        return None if OPEN.fullmatch(scope["path"]) else PlainTextResponse(texts.NO_ADDRESS, 404)

    def _is_known(self, host: str, scope: Scope) -> bool:
        """Return whether the server may be called so.

        Who reaches it from this very machine by another name may be a browser that was told by a foreign site that its
        name means this machine.
        """
        if host in self._hosts or host in ("", *_OWN_NAMES):
            return True
        return not self._hosts and not _is_this_machine(scope)


async def apologise(request: Request, problem: Exception) -> PlainTextResponse:
    """Answer what nobody foresaw, which the server logs, with one sentence that tells nothing of it."""
    return PlainTextResponse(UNEXPECTED, 500)


def _host_of(headers: Headers) -> str:
    with suppress(ValueError):
        return urlsplit(f"//{headers.get('host', '')}").hostname or ""
    return "?"


def _is_this_machine(scope: Scope) -> bool:
    """Return whether the connection came in at an address that only this machine can reach."""
    with suppress(ValueError):
        return ipaddress.ip_address((scope.get("server") or ("",))[0]).is_loopback
    return False
