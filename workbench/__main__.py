"""The command line's composition root: settings, services, verb; nothing else."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; return the exit status: 0 done, 1 a problem that was explained, 130 interrupted."""
    from workbench.errors import WorkbenchError
    from workbench.ui.shortage import plainly

    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    try:
        from workbench.analyses.services import Services
        from workbench.settings import Settings
        from workbench.ui.cli.output import check_targets
        from workbench.ui.cli.parser import make_parser

        settings = Settings.from_environment()
        args = make_parser(settings).parse_args(argv)
        check_targets([getattr(args, target) for target in args.targets])
        status = args.run(Services.create(settings), args)
        sys.stdout.flush()  # here, where it is told if that fails
        return status
    except WorkbenchError as problem:
        print(f"Error: {problem}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        _give_up_output()
        return 1
    except OSError as problem:
        reason = problem.strerror or "it cannot be used"
        print(
            f"Error: {problem.filename or 'A file'} failed ({reason}); name another place or free some.",
            file=sys.stderr,
        )
        _give_up_output()
        return 1
    except KeyboardInterrupt:
        print("Stopped; what was finished is kept, and the same command goes on from there.", file=sys.stderr)
        return 130
    except Exception as problem:
        if not isinstance(plain := plainly(problem), WorkbenchError):
            raise
        print(f"Error: {plain}", file=sys.stderr)
        return 1


def _give_up_output() -> None:
    """Lose what cannot be written to stdout, which Python would try again, and tell in words of its own."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
