"""Imports go one way, heavy packages stay where they are needed, and no module works at import."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import models

ROOT = Path(__file__).parents[1]
LAYERS = ("models", "comparisons", "reports")  # each may import itself and those before it
PYMC = {"pymc", "pytensor", "nutpie"}
READINGS = {
    "batch_posterior",
    "batch",
    "batch_graph",
    "functions",
    "native",
    "points",
    "posterior",
    "worlds",
}  # modules of comparisons that know PyMC
FILES = sorted(path for layer in LAYERS for path in (ROOT / layer).rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Names of imported packages or modules, and whether the import runs when the module is imported."""

    def visit(node: ast.AST, top: bool) -> Iterator[tuple[str, bool]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from ((alias.name, top) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{path}: relative import"
                yield str(child.module), top
            elif isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
                continue
            else:
                yield from visit(
                    child, top and not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                )

    yield from visit(ast.parse(path.read_text(encoding="utf-8")), True)


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_files_are_found() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in FILES} >= {"models", "comparisons"}
    assert len(FILES) > 20


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_imports_go_one_way(path: Path) -> None:
    layer = LAYERS.index(path.relative_to(ROOT).parts[0])
    used = {name.split(".")[0] for name, _ in imports(path)}
    assert used.isdisjoint(LAYERS[layer + 1 :])
    assert used.isdisjoint({"tests", "benchmarks"})


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_pymc_and_jinja_stay_where_they_belong(path: Path) -> None:
    layer, where = path.relative_to(ROOT).parts[0], dict[str, set[bool]]()
    for name, top in imports(path):
        where.setdefault(name.split(".")[0], set()).add(top)
    used = PYMC & set(where)
    if layer == "models":
        assert all(where[name] == {False} for name in used), "PyMC is imported inside functions only"
    elif layer == "comparisons":
        assert not used or path.stem in READINGS
    else:
        assert not used
    assert layer == "reports" or "jinja2" not in where


@pytest.mark.parametrize("path", [path for path in FILES if path.parent.name == "models"], ids=relative)
def test_scenarios_do_not_know_each_other(path: Path) -> None:
    known = {f"models.{name}" for name in models.names()}
    assert known.isdisjoint(name for name, _ in imports(path))


def test_light_modules_import_light() -> None:
    modules = [f"models.{name}" for name in models.names()]
    contract = [f"models.contract.{path.stem}" for path in (ROOT / "models" / "contract").glob("*.py")]
    light = [*modules, *(name for name in contract if not name.endswith("__init__")), "comparisons.store"]
    light += ["comparisons.settings", "comparisons.pipeline"]
    code = f"""
import sys, importlib
for name in {light!r}:
    importlib.import_module(name)
import models
models.fits()
heavy = {{"pymc", "pytensor", "nutpie", "numba", "xarray", "arviz", "pandas", "sklearn", "scipy.stats", "matplotlib"}}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_modules_do_no_work_at_import(path: Path) -> None:
    """At the top level stand definitions and constants: no loops, no files read, no random numbers, no options set."""
    allowed = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign, ast.If)
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        assert isinstance(node, allowed) or docstring, f"line {node.lineno}"
        if isinstance(node, ast.If):
            assert ast.unparse(node.test) in ("TYPE_CHECKING", "__name__ == '__main__'"), f"line {node.lineno}"
        if isinstance(node, ast.Assign | ast.AnnAssign):
            immediate = [part for part in ast.walk(node) if isinstance(part, ast.Call)]
            text = " ".join(ast.unparse(part.func) for part in immediate)
            for word in ("read", "open", "random", "default_rng", "simulate_at"):
                assert word not in text.split() or "lambda" in ast.unparse(node), f"line {node.lineno}: {text}"


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_no_exception_is_swallowed_blindly(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"line {node.lineno}: bare except"
            assert not {"Exception", "BaseException"} & set(ast.unparse(node.type).replace("(", " ").split())
