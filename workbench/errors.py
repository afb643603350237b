"""What can go wrong in a way a person can mend: each message is one sentence with what to do next.

Separate so that every layer raises the same few kinds and every front end shows them the same way.
Anything that is not a ``WorkbenchError`` is a defect of the workbench and is never shown as is.
"""


class WorkbenchError(Exception):
    """A failure that a person can act on; ``str(error)`` says what is wrong and what to do."""


class VideoError(WorkbenchError):
    """The file is not a video that can be used, or lies outside the limits."""


class ModelError(WorkbenchError):
    """The model is unknown, incomplete, out of reach, or lacks a capability."""


class OutOfMemoryError(ModelError):
    """Memory ran out for the least there is to do."""


class QueryError(WorkbenchError):
    """The sentence cannot be used: empty, too long, or otherwise unusable."""


class InputError(WorkbenchError):
    """A parameter, a file of annotations or a command-line value is out of range or malformed."""


class BusyError(WorkbenchError):
    """One visitor asks for more at once than there is for each."""


class StoreError(WorkbenchError):
    """The feature cache cannot be read or written: disk full, no permission."""


class Cancelled(WorkbenchError):
    """The person stopped the work; nothing is lost, what was finished stays in the cache."""


def said_by(error: BaseException) -> str:
    """Return what a library's error says, in one line that fits into a sentence."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 160 else text[:159] + "…"
