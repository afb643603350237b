"""Probes as rows of a long table: what is counted of every kind of edit, and the score of every one.

Separate from other answers, as here every film stands with every sentence.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workbench.types.probe import Estimate, KindRow, PairRow, Probed, ProbeReport

_SHARES = ("margin", "told", "beyond", "changed", "blind")


def probe_rows(found: ProbeReport) -> Iterator[dict[str, Any]]:
    """Yield kinds of edits and pairs with their intervals, then all scores, and ranks among others where they stand."""
    own = {"model": found.title}
    for kind in found.rows:
        yield {"table": "kind", **own, **_kind(kind)}
    for pair in found.pairs:
        yield {"table": "pairs", **own, **_pair(pair)}
    for case in found.cases:
        for row in _scores(case):
            yield {"table": "score", **own, "video": case.title, "query": case.query, **row}


def _kind(row: KindRow) -> dict[str, Any]:
    names = ("of", "kind", "title", "role", "verdict", "control", "chance", "rank_change")
    counts = {"n_edits": row.told.n_edits, "n_videos": row.told.n_videos}
    return {name: getattr(row, name) for name in names} | counts | _estimates(row, _SHARES)


def _pair(pair: PairRow) -> dict[str, Any]:
    counts = {"n_edits": pair.group.n_edits, "n_videos": pair.group.n_videos}
    named = {"film_kind": pair.film_kind, "text_kind": pair.text_kind, "verdict": pair.verdict}
    return named | counts | _estimates(pair, ("text", "film", "group"))


def _estimates(row: KindRow | PairRow, names: tuple[str, ...]) -> dict[str, Any]:
    """Return means by name with their intervals; of one that there is none of, nothing."""
    found: dict[str, Any] = {}
    for name in names:
        if isinstance(estimate := getattr(row, name), Estimate):
            found |= {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
    return found


def _scores(case: Probed) -> Iterator[dict[str, Any]]:
    """Yield the score of the film and of each edit of it with the sentence and each edit of that."""
    texts = [("", "", case.query), *((edit.kind, edit.role, edit.text) for edit in case.texts)]
    films = [("", ""), *((edit.kind, edit.title) for edit in case.films)]
    start_s, end_s = case.span_s or (None, None)
    ranks = case.standing
    for row, (film_kind, title) in enumerate(films):
        for column, (text_kind, role, text) in enumerate(texts):
            rank = ranks.ranks_of_film[row] if column == 0 else ranks.ranks_by_text[column] if row == 0 else None
            yield {
                "start_s": start_s,
                "end_s": end_s,
                "film_kind": film_kind,
                "title": title,
                "text_kind": text_kind,
                "role": role,
                "text": text,
                "score": case.scores[row, column],
                "rank_of_video": rank,
                "rank_of_sentence": ranks.ranks_of_sentence[row] if column == 0 else None,
            }
