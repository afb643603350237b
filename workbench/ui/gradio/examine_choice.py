"""What a visitor chose to examine a space with: a part of the session.

Separate because it is kept without a result, and without the file of labels, which is the visitor's own.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ExamineChoice:
    """Which clips are examined, and in the space of which ``second`` model, too; empty for none."""

    clips: str = "toyworld"
    second: str = ""
