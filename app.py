"""Composition root of the Gradio app: settings, services, page, launch; nothing else."""

from __future__ import annotations

import sys

from workbench.errors import WorkbenchError
from workbench.models.runtime import require_torch
from workbench.settings import Settings
from workbench.ui.gradio.page import build, launch_options, services_for_visitors, warm_up


def main() -> int:
    """Serve the page until stopped; return 1 after one sentence if it cannot start."""
    try:
        services = services_for_visitors(Settings.from_environment())
        page = build(services)
        page.launch(prevent_thread_lock=True, **launch_options(services))
        print(f"The workbench is at {page.local_url}", flush=True)
        require_torch()  # seconds, while the page is up already
    except (WorkbenchError, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1
    warm_up(services)
    page.block_thread()
    return 0


if __name__ == "__main__":
    sys.exit(main())
