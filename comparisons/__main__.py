"""``python -m comparisons fit [NAME ...]``: fit what is not up to date."""

from __future__ import annotations

import argparse
import os
import sys

import models
from comparisons.pipeline import fit_stale


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and run; exit status 2 for bad input."""
    parser = argparse.ArgumentParser(prog="python -m comparisons", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    fit = commands.add_parser("fit", help="fit built-in fits that are not up to date")
    fit.add_argument("names", nargs="*", metavar="NAME", help="fits (default: all)")
    fit.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one per core)")
    options = parser.parse_args(arguments)
    known = models.fits()
    unknown = [name for name in options.names if name not in known]
    if options.jobs < 1:
        return _refuse(f"--jobs {options.jobs}: give at least 1")
    if unknown:
        return _refuse(f"no fit named {', '.join(map(repr, unknown))}; known fits: {', '.join(known)}")
    return fit_stale(options.names or list(known), options.jobs)


def _refuse(line: str) -> int:
    print(f"comparisons: {line}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
