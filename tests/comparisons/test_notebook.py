"""The notebook of a fit: valid, the same every time, and run to the end it finds the stored numbers again."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import pytest

from comparisons import calls, compare, store
from comparisons.fit import fit
from comparisons.fit_command import planned
from comparisons.notebook import ABSENT, notebook, text
from comparisons.plan import Plan, own
from tests import made_up

SMALL: dict[str, Any] = {"draws": 200, "chains": 2}


def coins(path: Path, name: str = "heads") -> pd.DataFrame:
    table = pd.DataFrame({name: [3, 4, 1], "flips": [5, 6, 7]})
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False, sep=";")
    return table


def of_file(path: Path | str, **options: Any) -> Plan:
    return planned("coin", {"data": str(path), "delimiter": ";", "prior": ("weak",), **SMALL, **options})


def sources(plan: Plan, place: Path) -> dict[str, str]:
    return {cell.id: cell.source for cell in notebook(plan, place).cells}


def python(source: str) -> str:
    """The lines of a cell that are Python, and no word to the notebook itself."""
    return "\n".join(line for line in source.splitlines() if not line.startswith("%"))


def test_it_is_valid_deterministic_and_empty(tmp_path: Path) -> None:
    plan = own("coin", None, heads=65, flips=100)
    place = tmp_path / "results" / plan.name
    found = nbformat.reads(text(plan, place), as_version=4)
    nbformat.validate(found)
    assert text(plan, place) == text(plan, place)
    assert found.metadata.kernelspec.name == "python3"
    codes = [cell for cell in found.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in codes)
    for cell in codes:
        compile(python(cell.source), cell.id, "exec")
    assert "data" not in sources(plan, place)  # two numbers need no table


def test_every_option_is_spelled_out(tmp_path: Path) -> None:
    plan = own("coin", None, heads=65, flips=100, prior=["theta ~ Beta(3, 1)"])
    said = sources(plan, tmp_path)["fit"]
    for key in ("heads", "flips", "prior", "fix", *calls.SETTING):
        assert f"\n    {key}=" in said
    assert "theta ~ Beta(3, 1)" in said


def test_paths_lead_from_the_folder_of_the_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    coins(tmp_path / "data" / "coins.csv")
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "out" / "results" / "coins"
    found = sources(of_file("data/coins.csv"), place)
    assert "Path('../../../data/coins.csv')" in found["data"]
    assert "';'" in found["data"]
    (path,) = (line.split("'")[1] for line in found["project"].splitlines() if line.startswith("PROJECT"))
    assert Path(os.path.normpath(place / path)) == store.ROOT
    absolute = sources(of_file(tmp_path / "data" / "coins.csv"), place)
    assert repr(str(tmp_path / "data" / "coins.csv")) in absolute["data"]


def test_a_table_from_memory_is_asked_for(tmp_path: Path) -> None:
    table = coins(tmp_path / "coins.csv")
    plan = calls.asked("coin", table, prior="weak", fix=(), settings=SMALL, options={})
    assert ABSENT in sources(plan, tmp_path)["data"]


def test_names_are_text(tmp_path: Path) -> None:
    name = f"'''\"\"\" {made_up.EVIL}"
    table = coins(tmp_path / "coins.csv", name)
    plan = calls.asked("coin", table, prior="weak", fix=(), settings=SMALL, options={"heads": name}, source=name)
    found = notebook(plan, tmp_path)
    nbformat.validate(found)
    for cell in found.cells:
        if cell.cell_type == "code":
            compile(python(cell.source), cell.id, "exec")
        else:
            assert "<script>" not in cell.source
    assert repr(name) in sources(plan, tmp_path)["fit"]


def run(place: Path, may_fail: bool = False) -> tuple[list[Any], str]:
    """Execute the notebook of a folder; its code cells, and everything that they said."""
    from nbclient import NotebookClient

    found = nbformat.read(place / "fit.ipynb", as_version=4)
    where = {"metadata": {"path": str(place)}}
    NotebookClient(found, timeout=300, kernel_name="python3", resources=where, allow_errors=may_fail).execute()
    cells = [cell for cell in found.cells if cell.cell_type == "code"]
    said = "\n".join(output.get("text", "") for cell in cells for output in cell.outputs)
    return cells, said


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_run_again_it_finds_the_numbers_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    coins(tmp_path / "coins.csv")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")  # as for pages; pictures are shown all the same
    place = tmp_path / "results" / "coins"
    fit(of_file("coins.csv")).write(place)
    before = {path.name: path.read_bytes() for path in place.iterdir()}
    cells, said = run(place)
    assert "all 12 numbers agree with the stored ones" in said
    assert "changed" not in said
    by_id = {cell.id: cell for cell in cells}
    (table,) = by_id["fit"].outputs
    assert "<table>" in table["data"]["text/html"]
    for name in ("posterior", "trace", "forest"):
        (picture,) = by_id[name].outputs  # once
        assert "image/png" in picture["data"]
    assert {path.name: path.read_bytes() for path in place.iterdir()} == before

    # Other data: the notebook says so, twice.
    rows = pd.read_csv(tmp_path / "coins.csv", sep=";")
    rows.assign(heads=[5, 6, 7]).to_csv(tmp_path / "coins.csv", sep=";", index=False)
    cells, said = run(place, may_fail=True)
    assert "The file has changed since the fit" in said
    assert "the data are not those of the stored results" in said
    errors = [output.ename for cell in cells for output in cell.outputs if output.output_type == "error"]
    assert errors == ["AssertionError"]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_run_again_it_finds_the_numbers_of_a_built_in_fit(tmp_path: Path) -> None:
    comparison = compare("coin-small", **SMALL)
    comparison.write(tmp_path)
    assert json.loads((tmp_path / "checks.json").read_text())["sizes"] == store.sizes(tmp_path)
    assert {*store.sizes(tmp_path), "fit.ipynb", *store.SWEEPS} == set(store.FILES)  # sweeps are of reports
    cells, said = run(tmp_path)
    assert f"all {4 * len(comparison.table)} numbers agree" in said
    html = next(cell for cell in cells if cell.id == "fit").outputs[0]["data"]["text/html"]
    assert html == comparison._repr_html_()
    assert np.isfinite(comparison.table["estimate"]).any()
