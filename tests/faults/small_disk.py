"""A disk of a few megabytes under a folder of a program: ``python -m tests.faults.small_disk FOLDER SIZE PROGRAM...``.

Separate because it is a program. The disk is a file system in memory that no other process sees but through
``/proc/PID/root``, and it goes with the program. Making one takes a namespace, which not every machine gives.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

_MOUNT = 'mount -t tmpfs -o "size=$1" tmpfs "$0" && shift && exec "$@"'


def is_possible() -> bool:
    """Return whether this machine lets such a disk be made."""
    if shutil.which("unshare") is None:
        return False
    tried = ["unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/tmp"]
    return subprocess.run(tried, capture_output=True).returncode == 0


def main() -> None:
    """Become the program, with the disk."""
    folder, size, *program = sys.argv[1:]
    shell = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", _MOUNT, folder, size]
    os.execvp(shell[0], [*shell, sys.executable, *program])


if __name__ == "__main__":
    main()
