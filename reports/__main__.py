"""``python -m reports [FIT ...]``: build the pages that are not up to date, and the index; with ``--fit`` fit first."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from comparisons import store
from models.contract import BadInput
from reports.pipeline import SITE, NoResults, build, fit_and_build, processes


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and run; exit status 2 for a fit that cannot be shown."""
    parser = argparse.ArgumentParser(prog="python -m reports", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="FIT", help="fits (default: all that have results)")
    parser.add_argument("--jobs", default=str(os.cpu_count() or 1), help="processes (default: one per core)")
    parser.add_argument("--results", type=Path, default=store.RESULTS, help="where the results are")
    parser.add_argument("--site", type=Path, default=SITE, help="where the pages go")
    parser.add_argument("--fit", action="store_true", help="first make the built-in fits that are not up to date")
    options = parser.parse_args(arguments)
    if options.fit and options.results != store.RESULTS:
        parser.error("--fit: built-in fits have their own place, leave --results out")
    try:
        jobs = processes(options.jobs)
        if options.fit and (status := fit_and_build(options.names, jobs, options.site)):
            return status
        index = build(options.names, jobs, results=options.results, site=options.site)
    except (NoResults, BadInput) as error:
        print(f"reports: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ninterrupted: pages that are finished are kept, and the next run builds the others", file=sys.stderr)
        return 130
    print(index.parent / f"{options.names[0]}.html" if len(options.names) == 1 else index)
    return 0


if __name__ == "__main__":
    sys.exit(main())
