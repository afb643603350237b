"""200 captions and all their edits, each read and judged by one reader: right, or wrong for a reason that is known.

An edit that the code makes anew must be read: add its row to the file, ``right`` or ``wrong`` and why. Right is what
English allows, with one thing changed and nothing else, and that does what its role says. Shuffled words and captions
taken at random are not judged: they are no sentences of the editor.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from workbench.analyses.text_edits import text_edits
from workbench.core.text_edits.kinds import KINDS

FOLDER = Path(__file__).parents[1] / "data" / "text_edits"
JUDGED_KINDS = [kind.name for kind in KINDS if kind.name != "shuffle"]
BAR = 0.95


def judged() -> dict[tuple[str, str, str], str]:
    """Return the verdict on every edit that was read, by caption, kind and text."""
    rows = (line.split("\t") for line in (FOLDER / "judged.tsv").read_text(encoding="utf-8").splitlines())
    return {(caption, kind, text): verdict for caption, kind, text, verdict in rows}


def test_every_edit_was_read_and_enough_are_right():
    captions = (FOLDER / "captions.txt").read_text(encoding="utf-8").splitlines()
    verdicts = judged()
    assert len(set(captions)) == 200
    made = {(caption, edit.kind, edit.text) for caption in captions for edit in text_edits(caption, JUDGED_KINDS).edits}
    unread = sorted(made - verdicts.keys())
    assert not unread, "read and judge these:\n" + "\n".join("\t".join(row) for row in unread)
    assert not verdicts.keys() - made, "these are no longer made; remove their rows"
    by_kind: dict[str, list[bool]] = defaultdict(list)
    for row in made:
        by_kind[row[1]].append(verdicts[row] == "right")
    assert set(by_kind) == set(JUDGED_KINDS)
    assert {kind: sum(right) / len(right) for kind, right in by_kind.items() if sum(right) < BAR * len(right)} == {}


def test_what_is_wrong_says_why():
    verdicts = set(judged().values())
    assert all(verdict == "right" or verdict.startswith("wrong: ") for verdict in verdicts)
    assert len(verdicts) > 1
