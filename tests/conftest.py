"""What all tests share: property tests that are the same in every run, workers that keep what they compiled."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

settings.register_profile("threefold", derandomize=True, deadline=None, max_examples=60, database=None)
settings.load_profile("threefold")

TOGETHER = re.compile(r"coin|gaussian|logistic|mixture|regression|pipeline")


class ByScenario(LoadScopeScheduling):
    """Tests whose ids name the same scenario go to one worker, all others to whichever is free.

    The marker ``xdist_group`` would say the same, but has no effect with pytest 9.2 and pytest-xdist 3.8: the suffix
    that xdist appends to an id is lost.
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith("tests/browser/"):
            return "browser"  # one browser for all
        found = TOGETHER.search(nodeid.partition("::")[2]) or TOGETHER.search(nodeid)
        return found.group() if found else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Schedule by scenario, whatever ``--dist`` says."""
    return ByScenario(config, log)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the toys' results and their site."""
    from reports import pipeline
    from tests.swept import write_sweeps
    from tests.toys import TOYS, write_fit

    home = tmp_path_factory.mktemp("home")
    for name, make in TOYS.items():
        write_fit(home / "results", name, make())
    write_sweeps(home / "results" / "coin", "theta", "a")
    pipeline.build([], 1, list(TOYS), home / "results", home / "site")
    return home
