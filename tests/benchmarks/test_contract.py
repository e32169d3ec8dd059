"""What peers are asked and what they answer; their programs and formats, read without running any of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import models
from benchmarks import jobs
from benchmarks.peers import jags, pystan
from benchmarks.peers.contract import COMPARED, FAMILIES, Answer, Job
from benchmarks.peers.numpyro import covered
from models.contract import Distribution
from tests.tolerances import ROUNDING

PEERS = Path(jags.__file__).parent


def asked(scenario: str) -> dict[str, Any]:
    """What a language without structures gets, without what no program of its uses."""
    return {name: value for name, value in jobs.teaching(scenario).flat().items() if name != "trials"}


@pytest.mark.parametrize("scenario", FAMILIES)
def test_a_job_comes_back_as_it_was(scenario: str, tmp_path: Path) -> None:
    job = jobs.teaching(scenario, seed=7, draws=10, reading="map")
    job.write(tmp_path)
    again = Job.read(tmp_path)
    assert again.data.keys() == job.data.keys()
    for name, values in job.data.items():
        assert again.data[name].dtype == values.dtype
        np.testing.assert_array_equal(again.data[name], values)
    assert {**vars(again), "data": 0} == {**vars(job), "data": 0}


def test_an_answer_comes_back_as_it_was(tmp_path: Path) -> None:
    answer = Answer("peer 1.0", 0.5, 1.5, float("nan"), {"mu": np.arange(6.0).reshape(2, 3)}, note="slowly")
    answer.write(tmp_path)
    again = Answer.read(tmp_path)
    np.testing.assert_array_equal(again.draws["mu"], answer.draws["mu"])
    assert (again.version, again.imported, again.built, again.note) == ("peer 1.0", 0.5, 1.5, "slowly")
    assert np.isnan(again.sampled)


@pytest.mark.parametrize("scenario", FAMILIES)
def test_data_and_prior_are_those_of_the_default_reading(scenario: str) -> None:
    known = models.load(scenario)
    data = known.datasets["teaching"]()
    name, prior = next(iter(known.priors(data).items()))
    job = jobs.teaching(scenario)
    assert job.prior_name == name
    for variable, one in prior.items():
        assert Distribution(job.families[variable], **job.prior[variable]).as_json() == one.as_json()
    for key, values in job.data.items():
        expected = data[key].values - (data[key].values.mean(axis=0) if key == "x" else 0)
        np.testing.assert_allclose(values, expected, rtol=ROUNDING, atol=ROUNDING)


def test_a_prior_that_the_peers_have_not_written_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FAMILIES, "coin", {"theta": "Uniform"})
    with pytest.raises(ValueError, match=r"the default prior is .*Beta"):
        jobs.teaching("coin")


def test_growing_jobs_have_the_sizes_they_say() -> None:
    assert jobs.of_rows("gaussian", 50).data["y"].shape == (50,)
    assert jobs.of_predictors(7, n=40).data["x"].shape == (40, 7)
    mixture = jobs.of_components(4, each=5)
    assert mixture.components == 4
    assert mixture.data["y"].shape == (20, 2)
    assert len(mixture.prior["weight"]["a"]) == 4


def test_worlds_differ_and_each_is_a_data_set() -> None:
    job = jobs.of_worlds(3, n=20)
    assert job.data["y"].shape == (3, 20)
    assert not np.array_equal(job.world(0)["y"], job.world(1)["y"])
    assert job.flat(2)["n"] == 20
    np.testing.assert_array_equal(job.flat(2)["y"], job.data["y"][2])
    np.testing.assert_array_equal(jobs.of_worlds(5, n=20).data["y"][:3], job.data["y"])


@pytest.mark.parametrize("scenario", FAMILIES)
def test_stan_programs_declare_what_they_are_given(scenario: str) -> None:
    program = (PEERS / "stan" / f"{scenario}.stan").read_text(encoding="utf-8")
    block = re.search(r"^data \{(.*?)^\}", program, re.MULTILINE | re.DOTALL)
    assert block
    assert set(re.findall(r"(\w+);", block[1])) == asked(scenario).keys()
    assert all(
        re.search(rf"^  (real|vector|simplex|array).* {name}( =|;)", program, re.M) for name in COMPARED[scenario]
    )


@pytest.mark.parametrize("scenario", FAMILIES)
def test_jags_programs_use_what_they_are_given(scenario: str) -> None:
    program = (PEERS / "jags" / f"{scenario}.bug").read_text(encoding="utf-8")
    words = set(re.findall(r"\w+", program))
    assert asked(scenario).keys() <= words
    assert set(COMPARED[scenario]) <= words


def test_draws_of_pystan_are_cut_into_chains() -> None:
    """PyStan: parameters x draws x chains in C order, cut into its dims with the first index fastest."""
    chain, draw, row, column = np.meshgrid(*map(np.arange, (2, 3, 2, 2)), indexing="ij")
    truth = 1000 * chain + 100 * draw + 10 * row + column
    stored = np.stack([truth[:, :, j % 2, j // 2].T for j in range(4)])
    given = stored.reshape(4, -1).reshape(2, 2, -1, order="F")
    job = jobs.teaching("coin", chains=2, draws=3)
    np.testing.assert_array_equal(pystan.by_chain(given, job), truth)
    np.testing.assert_array_equal(pystan.by_chain(stored[:1].reshape(1, -1), job), truth[:, :, 0, 0])


def test_the_dump_format_of_r() -> None:
    text = jags.dump({"n": 3, "y": np.array([0.1, 2.0]), "x": np.array([[1, 2], [3, 4]]), ".RNG.name": "base::x"})
    assert text.splitlines() == [
        '"n" <- 3',
        '"y" <- c(0.1,2.0)',
        '"x" <- structure(c(1,3,2,4), .Dim=c(2,2))',
        '".RNG.name" <- "base::x"',
    ]


def test_coda_files_are_read_by_name_and_index(tmp_path: Path) -> None:
    labels = {"weight": ["weight[1]", "weight[2]"], "mu": [f"mu[{i},{j}]" for j in (1, 2) for i in (1, 2)]}
    labels |= {"sigma": [f"sigma[{i},{j}]" for j in (1, 2) for i in (1, 2)], "rho": ["rho[1]", "rho[2]"]}
    for chain in range(2):
        index, values = [], list[str]()
        for at, label in enumerate(label for group in labels.values() for label in group):
            index.append(f"{label} {2 * at + 1} {2 * at + 2}")
            values += [f"{1001 + draw}  {100 * at + 10 * chain + draw}" for draw in range(2)]
        (tmp_path / f"chain{chain}-index.txt").write_text("\n".join(index) + "\n")
        (tmp_path / f"chain{chain}-chain1.txt").write_text("\n".join(values) + "\n")
    draws = jags.read_draws(jobs.teaching("mixture", chains=2, draws=2), tmp_path)
    assert draws["mu"].shape == (2, 2, 2, 2)
    # mu[2,1] is the fourth label, mu[1,2] the fifth.
    np.testing.assert_array_equal(draws["mu"][:, :, 1, 0], [[300, 301], [310, 311]])
    np.testing.assert_array_equal(draws["mu"][:, :, 0, 1], [[400, 401], [410, 411]])
    np.testing.assert_array_equal(draws["rho"][1], [[1010, 1110], [1011, 1111]])


def test_time_spent_within_is_counted_once() -> None:
    assert covered([(0.0, 1.0), (0.2, 0.5), (2.0, 3.5), (3.0, 4.0)]) == pytest.approx(3.0)
    assert covered([]) == 0.0
