"""``python -m comparisons``: fit, penalty, replay, study."""

from __future__ import annotations

import sys

import click

from comparisons.fit_command import FitCommand
from comparisons.penalty_command import penalty
from comparisons.replay_command import replay
from comparisons.store import CannotWrite
from comparisons.study_command import study
from models.contract import BadInput


def main(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Returns
    -------
    int
        Exit status: 0, or 2 for bad input, which is said in one line.
    """
    about = "Three readings of one model: MLE, MAP and posterior, compared."
    try:
        group = click.Group("comparisons", help=about)
        for command in (FitCommand(), penalty, replay, study):
            group.add_command(command)
        status = group.main(arguments, prog_name="python -m comparisons", standalone_mode=False)
    except (BadInput, CannotWrite) as problem:
        return _refuse(str(problem))
    except click.exceptions.NoArgsIsHelpError as problem:
        print(problem.format_message())
        return 2
    except click.ClickException as problem:
        return _refuse(problem.format_message())
    except (click.Abort, KeyboardInterrupt):
        print("\ninterrupted: nothing was changed", file=sys.stderr)
        return 130
    return int(status or 0)


def _refuse(line: str) -> int:
    print(f"comparisons: {' '.join(line.split())}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
