"""What visitors are told who wait, or ask for more than one of them may.

Separate because the page and the verbs for programs say the same.
"""

from __future__ import annotations


def before_you(n_others: int) -> str:
    """Return how many are served before somebody who waits."""
    if n_others == 0:
        return "You are next: it begins as soon as somebody before you is served"
    return "1 other is before you" if n_others == 1 else f"{n_others} others are before you"


def too_many_asked(most: int) -> str:
    """Return why one visitor's next question is not taken."""
    return (
        f"You have asked for {most} things that are not done yet, the most at once; wait for an answer, then ask again."
    )


def share_used_up(most_bytes: int) -> str:
    """Return why one visitor's next file is not taken."""
    return (
        f"With this you would have brought more than the {most_bytes / 1e9:.2g} GB that one visitor may; "
        f"choose what you have brought already, or bring something smaller."
    )
