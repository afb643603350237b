"""What is said of requests that are not let in, before anything of the page has seen them.

Separate from the page's other texts: these are read by programs, and by whoever tries what the page does not offer.
"""

from __future__ import annotations

NO_ADDRESS = "There is nothing at this address; the page is at /."
OTHER_SITE = "Another site asks in your name, which it may not; open the page itself."
NO_ROOM = "There is no room for uploads just now; try again in some minutes."
SHARE_USED_UP = (
    "So much that was sent from your address still waits to be taken in that no more may come from there; try again in "
    "some minutes."
)
BROKEN_OFF = "The upload was broken off; send it again."
TOO_SLOW = "What was sent came too slowly; send it again over a faster connection."
NO_FIELDS = "A form may hold files alone; send the file by itself."
NOT_UNDERSTOOD = "What was sent is not what this takes; reload the page, or look at /gradio_api/info for what it takes."


def too_much_sent(most_bytes: int) -> str:
    """Return the refusal of a question that is too large."""
    return f"This is more than the {most_bytes // 2**20} MiB that may be sent at once; send less."


def upload_too_large(most_bytes: int) -> str:
    """Return the refusal of an upload that is too large."""
    return f"The file is larger than the {most_bytes / 1e6:,.1f} MB that are accepted; shorten it or make it smaller."


def unknown_host(host: str) -> str:
    """Return the refusal of a request for a name that is none of this server's."""
    shown = "".join(letter for letter in host[:80] if letter.isalnum() or letter in "-.:") or "?"
    return f"This server is not called {shown}; if it is to be, start it with WORKBENCH_HOSTS={shown}."
