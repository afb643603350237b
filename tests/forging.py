"""A running page as somebody sees it who sends it whatever they like, past the browser.

Separate because every test of what is refused needs the same: any event by its number, with any data.
"""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

import httpx

PATIENCE_S = 120.0


class Site:
    """The page at ``url``."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.config: dict[str, Any] = httpx.get(url + "config", timeout=PATIENCE_S).json()

    def component(self, elem_id: str) -> int:
        """Return the number of a component."""
        return next(c["id"] for c in self.config["components"] if c["props"].get("elem_id") == elem_id)

    def listener(self, elem_id: str, event: str) -> dict[str, Any]:
        """Return the dependency that listens to ``event`` of a component."""
        target = [self.component(elem_id), event]
        return next(d for d in self.config["dependencies"] if target in [list(t) for t in d["targets"]])

    def events(self) -> dict[str, dict[str, Any]]:
        """Return a dependency for every function that there is, whether programs are told of it or not."""
        found: dict[str, dict[str, Any]] = {}
        for dependency in self.config["dependencies"]:
            name = re.sub(r"_\d+$", "", dependency["api_name"] or "") + f" {len(dependency['inputs'])}"
            found.setdefault(name, dependency)
        return found

    def call(self, verb: str, data: list[Any]) -> dict[str, Any]:
        """Call a verb as a program would that sends whatever it likes."""
        return self.put(next(d["id"] for d in self.config["dependencies"] if d["api_name"] == verb), data)

    def send(
        self, elem_id: str, event: str, data: list[Any], event_data: Any = None, visitor: str | None = None
    ) -> dict[str, Any]:
        """Send an event as a browser would, with whatever data; return the last message about it."""
        more = {"trigger_id": self.component(elem_id), "event_data": event_data}
        return self.put(self.listener(elem_id, event)["id"], data, visitor, **more)

    def put(
        self, fn_index: int, data: list[Any], visitor: str | None = None, query: str = "", **more: Any
    ) -> dict[str, Any]:
        """Send an event by its number, for a new visitor or for ``visitor``; return the last message about it.

        ``query`` is what the page's address has after its question mark.
        """
        body = {"data": data, "fn_index": fn_index, "session_hash": visitor or uuid.uuid4().hex[:12], **more}
        sent = json.dumps(body)  # NaN and infinity, too
        with httpx.Client(base_url=self.url, timeout=PATIENCE_S, verify=False) as http:  # certificates take a while
            joined = http.post(
                f"gradio_api/queue/join?{query}", content=sent, headers={"Content-Type": "application/json"}
            )
            if joined.status_code != 200:
                return {"success": False, "output": {"error": joined.text}}
            with http.stream("GET", f"gradio_api/queue/data?session_hash={body['session_hash']}") as stream:
                for line in stream.iter_lines():
                    message = json.loads(line[5:]) if line.startswith("data:") else {}
                    if message.get("msg") in ("process_completed", "unexpected_error"):
                        return message
        raise AssertionError("the server ended without an answer")

    def upload(
        self, content: bytes, name: str = "film.mp4", kind: str = "video/mp4", sender: str = "127.0.0.1"
    ) -> dict[str, Any]:
        """Upload a file as a browser does that is at the address ``sender``; return what a browser then sends of it."""
        form, headers = {"files": (name, content, kind)}, {"X-Forwarded-For": sender}
        answer = httpx.post(self.url + "gradio_api/upload", files=form, headers=headers, timeout=PATIENCE_S)
        answer.raise_for_status()
        return {"path": answer.json()[0], "orig_name": name, "meta": {"_type": "gradio.FileData"}}
