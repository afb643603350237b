"""The verb that holds every instrument against what is known, and fails where a claim does."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict

from workbench.analyses.services import Services
from workbench.ui.cli.output import Bar, write_json
from workbench.validation.exams import validate as claims_of
from workbench.validation.table import as_table, summary


def validate(services: Services, args: argparse.Namespace) -> int:
    """Print what is claimed of the instruments as one table; return 1 where a claim fails."""
    bar = Bar()
    try:
        claims = list(claims_of(services.settings, args.only, bar))
    finally:
        bar.close()
    if args.json:
        write_json([{**asdict(claim), "verdict": claim.verdict} for claim in claims], args.json)
    else:
        print(as_table(claims))
    print(f"{summary(claims)}.", file=sys.stderr)
    return 1 if any(claim.verdict == "fails" for claim in claims) else 0
