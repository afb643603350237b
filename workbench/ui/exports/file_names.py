"""What a file that is taken away is called: plain letters, digits and hyphens, whatever the film is called.

Separate because a title is anybody's text, and a name is read by file systems, shells and headers.
"""

from __future__ import annotations

import re
import unicodedata

_MOST_CHARS = 60


def file_name(what: str, title: str, model: str, ending: str) -> str:
    """Return a name such as ``ground-My-film-toyworld-frame.csv``."""
    return f"{'-'.join(filter(None, map(_plain, (what, title, model))))}.{ending}"


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._]+", "-", letters)[:_MOST_CHARS].strip("-._")
