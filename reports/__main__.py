"""``python -m reports [FIT ...]``: build the pages that are not up to date, and the index."""

from __future__ import annotations

import argparse
import os
import sys

from reports.pipeline import NoResults, build


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and run; exit status 2 for a fit that cannot be shown."""
    parser = argparse.ArgumentParser(prog="python -m reports", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="FIT", help="fits (default: all that have results)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one per core)")
    options = parser.parse_args(arguments)
    if options.jobs < 1:
        parser.error(f"--jobs {options.jobs}: give at least 1")
    try:
        index = build(options.names, options.jobs)
    except NoResults as error:
        print(f"reports: {error}", file=sys.stderr)
        return 2
    print(index)
    return 0


if __name__ == "__main__":
    sys.exit(main())
