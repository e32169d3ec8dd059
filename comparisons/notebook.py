"""The notebook that comes with the results of a fit: run again, it makes the same numbers and says whether it did."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from comparisons import calls, store, writing

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from comparisons.plan import Plan

ABSENT = "the-file-of-your-table.csv"
SPELLED = "\n    "
PROJECT = """\
import sys
from pathlib import Path

PROJECT = Path({project!r})  # from the folder of this notebook
sys.path.insert(0, str(PROJECT.resolve()))

from comparisons import compare"""
DATA = """\
from comparisons.files import digest_of_file, read_file

FILE = Path({file!r})
table = read_file(FILE, {delimiter!r})
if digest_of_file(FILE) != {sha256!r}:
    print("The file has changed since the fit: the numbers below may differ from the stored ones.")"""
MEMORY = """\
from comparisons.files import read_file

FILE = Path({file!r})  # the table of this fit was not in a file: name one that holds it
table = read_file(FILE)"""
STORED = """\
from comparisons.replay import agreement, said
from comparisons.results import read_stored

stored = read_stored(Path())
numbers = agreement(stored, comparison)
print(said(stored, comparison, numbers))
assert numbers["agrees"].all()"""
PLOTS = {name: f"comparison.plot_{name}()" for name in ("posterior", "trace", "forest")}


def notebook(plan: Plan, place: Path) -> NotebookNode:
    """Make the notebook of a fit.

    Parameters
    ----------
    plan : Plan
    place : pathlib.Path
        The folder it will lie in, beside the results: the project is found from there, and so is a file of data that
        was named by a relative path.

    Returns
    -------
    nbformat.NotebookNode
        The same for the same plan and place; without outputs.
    """
    from nbformat import v4

    import models

    scenario, data, request = models.load(plan.scenario), plan.data, plan.request
    title = f"# {writing.escape(plan.name)}\n\n{writing.escape(str(data.attrs['title']))}. "
    title += f"*{writing.escape(scenario.question)}*\n\nThree readings of one model: maximum likelihood, maximum a "
    title += (
        "posteriori and the full posterior. Run all cells to make the numbers again, and to compare them with those "
    )
    title += "stored beside this notebook."
    cells = [_markdown("title", title), _code("project", PROJECT.format(project=_relative(store.ROOT, place)))]
    if calls.needs_table(request):
        cells.append(_code("data", _reading(request["file"], place)))
    cells += [
        _markdown("about-fit", "## The fit"),
        _code("fit", f"comparison = {calls.text(plan, SPELLED)}\ncomparison"),
        _markdown("about-stored", "## Are these the stored numbers?"),
        _code("stored", STORED),
        _markdown("about-plots", "## Pictures"),
        _code("inline", "%matplotlib inline"),  # whatever MPLBACKEND says
        *(_code(name, line) for name, line in PLOTS.items()),
    ]
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    result: NotebookNode = v4.new_notebook(cells=cells, metadata=metadata)
    return result


def text(plan: Plan, place: Path) -> str:
    """The notebook of a fit as it is written."""
    import nbformat

    return f"{nbformat.writes(notebook(plan, place))}\n"


def _reading(file: dict[str, Any], place: Path) -> str:
    """Lines that read the user's table."""
    if not file["data"]:
        return MEMORY.format(file=ABSENT)
    path = file["data"] if Path(file["data"]).is_absolute() else _relative(Path(file["data"]), place)
    return DATA.format(file=path, delimiter=file["delimiter"] or ",", sha256=file["sha256"])


def _relative(path: Path, place: Path) -> str:
    """A path from a folder; as it is if there is no way, as between two drives."""
    try:
        return Path(os.path.relpath(path, place)).as_posix()
    except ValueError:
        return str(path)


def _markdown(name: str, source: str) -> NotebookNode:
    from nbformat import v4

    cell: NotebookNode = v4.new_markdown_cell(source, id=name)
    return cell


def _code(name: str, source: str) -> NotebookNode:
    from nbformat import v4

    cell: NotebookNode = v4.new_code_cell(source, id=name)
    return cell
