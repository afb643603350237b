"""Which program asks, and whether it still waits for its answer.

Separate because only the toolkit knows, and says it to no function: what runs has to look for itself.
"""

from __future__ import annotations

from gradio.context import LocalContext

from workbench.ui.gradio.sender import sender_of


def asker() -> str:
    """Return the visitor whose program asks: its session or, of one that has none, the address it asks from."""
    request, event_id = LocalContext.request.get(None), LocalContext.event_id.get(None)
    if request is None:
        return ""
    # Without a session every question would be a visitor's first one: the toolkit calls it by the question itself.
    if request.session_hash and request.session_hash != event_id:
        return request.session_hash
    return sender_of(request.client.host) if request.client else ""


def is_wanted() -> bool:
    """Return whether the program still waits: it has not cancelled, and not gone. Always true outside of the queue."""
    page, event_id = LocalContext.blocks.get(None), LocalContext.event_id.get(None)
    if page is None or event_id is None:
        return True
    event = page._queue.event_ids_to_events.get(event_id)
    return event is not None and event.alive
