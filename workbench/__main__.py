"""The command line's composition root: settings, services, verb; nothing else."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; return the exit status: 0 done, 1 a problem that was explained, 130 interrupted."""
    from workbench.errors import WorkbenchError

    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    try:
        from workbench.analyses.services import Services
        from workbench.settings import Settings
        from workbench.ui.cli.output import check_targets
        from workbench.ui.cli.parser import make_parser

        settings = Settings.from_environment()
        args = make_parser(settings).parse_args(argv)
        check_targets([getattr(args, target) for target in args.targets])
        return args.run(Services.create(settings), args)
    except WorkbenchError as problem:
        print(f"Error: {problem}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as problem:
        reason = problem.strerror or "it cannot be used"
        print(
            f"Error: {problem.filename or 'A file'} failed ({reason}); name another place or free some.",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("Stopped; what was finished is kept, and the same command goes on from there.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
