"""The project's own files agree with each other: environments, commands, and what the repository may say."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
CONDA_NAMES = {"matplotlib": "matplotlib-base", "dask": "dask-core"}


def requirements(entries: list[str]) -> dict[str, str]:
    """Names and bounds, without spaces."""
    parts = (re.match(r"([A-Za-z0-9_-]+)\s*(.*)", entry) for entry in entries)
    return {part[1].lower(): part[2].replace(" ", "") for part in parts if part}


def test_environment_yml_names_the_same_packages_and_bounds() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())
    wanted = requirements([*project["project"]["dependencies"], *project["dependency-groups"]["dev"]])
    wanted = {CONDA_NAMES.get(name, name): bound for name, bound in wanted.items()}
    wanted["python"] = project["project"]["requires-python"].replace(" ", "")
    assert requirements(conda["dependencies"]) == wanted
    assert conda["channels"] == ["conda-forge"]


def test_optional_packages_are_those_of_the_development_environment() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    development = requirements(project["dependency-groups"]["dev"])
    for extra in project["project"]["optional-dependencies"].values():
        assert requirements(extra).items() <= development.items()


def test_python_version_is_within_the_bounds() -> None:
    assert (ROOT / ".python-version").read_text().strip() == "3.13"


def test_ci_calls_the_test_command_of_the_readme() -> None:
    assert "make test" in (ROOT / "README.md").read_text()
    assert (ROOT / ".ci" / "run").read_text().rstrip().endswith("\nmake test")


def test_every_target_in_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"`make ([a-z]+)", (ROOT / "README.md").read_text()):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_help_lists_every_documented_target() -> None:
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE):
        assert f"make {target}" in shown


def test_every_data_file_names_its_source() -> None:
    described = (ROOT / "models" / "data" / "README.md").read_text()
    for path in (ROOT / "models" / "data").glob("*.csv"):
        assert f"`{path.name}`" in described
