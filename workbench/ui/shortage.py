"""What the machine has run short of, memory or disk, in one sentence, wherever in the work that was.

Separate because every front end says it, and because what libraries raise then is of no one kind.
"""

from __future__ import annotations

import errno

from workbench.errors import OutOfMemoryError, StoreError, WorkbenchError
from workbench.models.compute import is_out_of_memory

NO_MEMORY = "Memory ran out; read fewer frames a second, choose a smaller model, or try again when less is going on."
NO_ROOM = "The disk is full; free some space, or try again later."


def plainly(problem: Exception) -> Exception:
    """Return a problem as a ``WorkbenchError`` where memory ran out or the disk is full; else the problem itself."""
    if isinstance(problem, WorkbenchError):
        return problem
    if is_out_of_memory(problem):
        return OutOfMemoryError(NO_MEMORY)
    if isinstance(problem, OSError) and problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(NO_ROOM)
    return problem
