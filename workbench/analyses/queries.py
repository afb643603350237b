"""What may be asked: sentences that can be read, few enough and short enough, each said once."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from workbench.errors import QueryError
from workbench.settings import Settings

_TURNS = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


def checked_query(text: str, settings: Settings) -> str:
    """Return ``text`` without superfluous spaces and characters that control how it is shown.

    Raises ``QueryError`` for what cannot be read, is empty or too long.
    """
    if any(unicodedata.category(char) == "Cs" for char in text):  # bytes of a shell, or half a pair of JSON
        raise QueryError("The sentence has a character that is none in UTF-8; type it anew.")
    readable = "".join(" " if unicodedata.category(char) == "Cc" else char for char in text)
    # Marks that turn the direction of writing would turn that of what stands beside it.
    readable = "".join(char for char in readable if unicodedata.bidirectional(char) not in _TURNS)
    readable = " ".join(readable.split())
    if not any(char.isprintable() and not char.isspace() for char in readable):
        raise QueryError("The sentence is empty; type what should be found, such as “a red circle”.")
    if len(readable) > settings.max_query_chars:
        raise QueryError(
            f"The sentence has {len(readable):,} characters; shorten it to {settings.max_query_chars} or fewer."
        )
    return readable


def checked_queries(texts: Sequence[str], settings: Settings) -> tuple[str, ...]:
    """Return the sentences, cleaned, each once, in order, or raise ``QueryError``."""
    queries = tuple(dict.fromkeys(checked_query(text, settings) for text in texts))
    if not queries:
        raise QueryError("There is no sentence; type what should be found, such as “a red circle”.")
    if len(queries) > settings.max_queries:
        raise QueryError(f"There are {len(queries)} sentences; ask {settings.max_queries} or fewer at once.")
    return queries
