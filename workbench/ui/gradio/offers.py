"""Files made for one visitor, held in memory until that visitor's browser has fetched them.

Separate because a file is fetched by a request of its own, which knows nothing of a session: its address cannot be
guessed, and is good for one visitor, until there is a newer file or the visit ends. Nothing is written to disk.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass

MAX_OFFERS = 16
"""Files held at once, over all visitors; the oldest goes first."""


@dataclass(frozen=True)
class Offer:
    """A file that waits to be fetched; ``token`` is what its address ends with."""

    token: str
    name: str
    media_type: str
    content: bytes


class Offers:
    """The newest file of every visitor."""

    def __init__(self) -> None:
        self._by_visitor: OrderedDict[str, Offer] = OrderedDict()
        self._lock = threading.Lock()

    def make(self, visitor: str, name: str, media_type: str, content: bytes) -> Offer:
        """Hold a file for a visitor in place of the one before."""
        offer = Offer(secrets.token_urlsafe(24), name, media_type, content)
        with self._lock:
            self._by_visitor.pop(visitor, None)
            self._by_visitor[visitor] = offer
            while len(self._by_visitor) > MAX_OFFERS:
                self._by_visitor.popitem(last=False)
        return offer

    def find(self, token: str) -> Offer | None:
        """Return the file of an address, None where there is none any more."""
        with self._lock:
            offers = list(self._by_visitor.values())
        sent = token.encode()
        return next((offer for offer in offers if secrets.compare_digest(offer.token.encode(), sent)), None)

    def drop(self, visitor: str) -> None:
        """Forget the file of a visitor who has gone."""
        with self._lock:
            self._by_visitor.pop(visitor, None)


OFFERS = Offers()
"""Those of this process: the page makes them, and its routes give them out."""
