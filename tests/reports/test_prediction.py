"""Prediction: plug-in against average by closed forms, test quantities by hand, checks that catch planted faults."""

from __future__ import annotations

import json
import math
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betaln
from scipy.stats import beta, kurtosis, norm, skew
from scipy.stats import t as student

from reports import pit, plugged, quantities
from reports.quantities import Found, Quantity
from reports.sections import prediction
from reports.stored import Fit
from tests.tolerances import within_errors
from tests.toys import blend_toy, coin_toy, separated_toy, values_toy, write_fit

ANY = Quantity("spread", "too much", "too little", lambda values: values.std(axis=1))


def test_plugged_in_intervals_undercover_as_much_as_they_do_in_simulation() -> None:
    rng = np.random.default_rng(3)
    for n in (3, 5, 10, 30):
        y, new = rng.normal(5, 2, (40_000, n)), rng.normal(5, 2, 40_000)
        held = np.abs(new - y.mean(axis=1)) <= norm.ppf(0.975) * y.std(axis=1)
        within_errors(held.mean(), plugged.real_coverage(np.array([n]), 0.95)[0], held.std() / 200)
    assert plugged.real_coverage(np.array([3, 5, 10]), 0.95) == pytest.approx([0.70, 0.815, 0.89], abs=0.005)
    assert (np.diff(plugged.real_coverage(plugged.SIZES, 0.9)) > 0).all()


def test_the_predictive_interval_is_students() -> None:
    # Under the prior 1/sigma: (mu, sigma) given n values, and the predictive is Student's t with n - 1 degrees.
    n, mean, s = 8, 4.0, 1.5
    rng = np.random.default_rng(1)
    sigma = np.sqrt((n - 1) * s**2 / rng.chisquare(n - 1, 40_000))
    mu = rng.normal(mean, sigma / math.sqrt(n))
    low, high = plugged.predictive_interval(mu, sigma, 0.9)
    half = student.ppf(0.95, n - 1) * s * math.sqrt(1 + 1 / n)
    assert (low, high) == pytest.approx((mean - half, mean + half), abs=0.03)
    # And it is what it says: the mixture's own quantiles.
    assert np.mean(norm.cdf((high - mu) / sigma)) == pytest.approx(0.95, abs=1e-5)


@pytest.mark.parametrize(("heads", "tails", "truth"), [(5, 2, 0.2727), (4, 1, 0.4444)])
def test_averaged_probability_of_five_heads_is_the_beta_integral(heads: int, tails: int, truth: float) -> None:
    draws = beta.rvs(heads, tails, size=20_000, random_state=2)
    found, error = plugged.all_succeed(draws, 20_000, 5)
    exact = math.exp(betaln(heads + 5, tails) - betaln(heads, tails))
    assert exact == pytest.approx(truth, abs=1e-4)
    within_errors(found, exact, error)


def test_the_coin_says_what_its_numbers_say(tmp_path: Path) -> None:
    write_fit(tmp_path, "coin", coin_toy())
    fit = Fit(tmp_path / "coin")
    context = prediction.context(fit)
    said = context["share"]["sentence"]
    averaged = math.exp(betaln(5 + 5, 2) - betaln(5, 2))  # three heads in three flips, prior Beta(2, 2)
    assert f"probability {averaged:.3f};" in said
    for reading, name in (("mle", "MLE"), ("map", "MAP")):
        point = fit.value("a", "theta", reading) ** 5
        clause = said.split(f"the {name} plugged in says ")[1].split(";")[0]
        assert ("more" in clause) == (point > averaged)
    table = context["share"]["table"]
    assert [row[0] for row in table] == ["a", "b"]
    assert [row[3:] for row in table] == [[f"{(5 / 7) ** 5:.3f}", f"{averaged:.3f}"]] * 2
    assert "exactly" in context["share"]["caption"]
    assert context["normal"] is None
    assert context["quantity"] is None  # one count has no form
    assert context["pit"] is None


bits = st.lists(st.integers(0, 1), min_size=1, max_size=30)


@given(bits)
def test_the_longest_run_is_the_longest_group_of_ones(flips: list[int]) -> None:
    longest = max((len(list(group)) for value, group in groupby(flips) if value), default=0)
    assert quantities.longest_run(np.array([flips, [0] * len(flips)])).tolist() == [longest, 0]


def test_quantities_are_those_of_textbooks() -> None:
    rng = np.random.default_rng(0)
    sets = rng.gamma(2, 1, (6, 40))
    assert quantities.skewness(sets) == pytest.approx([skew(one) for one in sets])
    assert quantities.dispersion(sets) == pytest.approx([np.var(one, ddof=1) / np.mean(one) for one in sets])
    assert quantities.dispersion(np.zeros((1, 4))).tolist() == [0]
    assert quantities.kurtosis(sets[..., None]) == pytest.approx([kurtosis(one, fisher=False) for one in sets])
    two = rng.normal(size=(3, 4000, 2)) @ np.array([[2.0, 0.3], [0, 0.5]])
    assert quantities.kurtosis(two) == pytest.approx([8, 8, 8], abs=0.6)  # d (d + 2), sd 8 sqrt(...)/n of about 0.13
    x = np.column_stack([np.ones(40), rng.normal(size=(40, 2))])
    y = rng.normal(size=(5, 40))
    by_hand = []
    for one in y:
        residual = one - x @ np.linalg.lstsq(x, one)[0]
        by_hand.append(np.abs(residual).max() / math.sqrt(np.sum(residual**2) / 37))
    assert quantities.largest_residual(x)(y) == pytest.approx(by_hand)
    of = quantities.worst_group(np.array([0.1, 0.1, 0.5, 0.5, 0.9, 0.9, 0.9, 0.9]), np.ones(8))
    # Two groups of four rows: probabilities add up to 1.2 and 3.6.
    assert of(np.array([[0, 0, 0, 0, 1, 1, 1, 1.0]])) == pytest.approx([0.3])


@given(st.floats(-10, 10), st.lists(st.floats(-10, 10), min_size=2, max_size=60))
def test_a_tail_is_called_rare_exactly_when_it_is(observed: float, predicted: list[float]) -> None:
    found = Found(ANY, observed, np.array(predicted))
    said = quantities.sentence(found)
    above, below = np.mean(found.predicted >= observed), np.mean(found.predicted <= observed)
    rare = min(found.above, found.below) < quantities.UNUSUAL
    assert ("rarely" in said) == rare
    assert found.above >= above
    assert found.below >= below
    if rare:
        assert ("too much" in said) == (found.above < found.below)
    assert ("none of" in said) == (found.above == 0)


def bare(observed: Any, new: Any, dims: tuple[str, ...] = (), **more: Any) -> Fit:
    """A fit with nothing but what predictive checks look at; ``more`` are further data."""
    n = len(observed)
    coords = {"observation": np.arange(n)}
    data = xr.Dataset({"y": (("observation", *dims), observed), **more}, coords=coords)
    draws = new.shape[1]
    noise = np.random.default_rng(6).normal(size=(2, draws, n))  # weights that are all the same cannot be smoothed
    groups = {
        "/data": data,
        "/p/observed_data": data[["y"]],
        "/p/posterior_predictive": xr.Dataset({"y": (("chain", "draw", "observation", *dims), new)}),
        "/p/posterior": xr.Dataset({"mu": (("chain", "draw"), np.random.default_rng(9).normal(size=(2, draws)))}),
        "/p/log_likelihood": xr.Dataset({"y": (("chain", "draw", "observation"), 1e-6 * noise)}),
        "/p/prediction": xr.Dataset({"khat": ("observation", np.zeros(n))}, attrs={"good_k": 0.7}),
    }
    for name in ("posterior_predictive", "posterior", "log_likelihood"):
        groups[f"/p/{name}"] = groups[f"/p/{name}"].assign_coords(chain=[0, 1], draw=np.arange(draws))
    fit = Fit.__new__(Fit)
    fit.name = "bare"
    fit.tree = xr.DataTree.from_dict(groups)
    fit.tree.attrs = {"priors": json.dumps({"p": {}}), "level": 0.95}
    return fit


def test_planted_faults_are_found_by_the_quantity_of_their_shape() -> None:
    new: np.ndarray[Any, Any]
    rng = np.random.default_rng(5)
    found = {}
    new = rng.poisson(4, (2, 200, 80))
    found["dispersion"] = bare(rng.negative_binomial(1, 1 / 5, 80), new), bare(rng.poisson(4, 80), new)
    new = rng.normal(size=(2, 200, 60))
    found["skew"] = bare(np.append(rng.normal(size=59), -9.0), new), bare(rng.normal(size=60), new)
    flips = ("observation", np.ones(100, dtype=int))
    new = rng.integers(0, 2, (2, 200, 100))
    sticky = np.repeat([0, 1, 0, 1], 25)
    found["run"] = bare(sticky, new, flips=flips), bare(rng.integers(0, 2, 100), new, flips=flips)
    x = ("observation", "predictor")
    design = (x, rng.normal(size=(60, 2)))
    new = rng.normal(size=(2, 200, 60))
    found["residual"] = (
        bare(np.append(rng.normal(size=59), 8.0), new, x=design),
        bare(rng.normal(size=60), new, x=design),
    )
    p = np.tile([0.1, 0.9], 50)
    new = rng.binomial(1, p, (2, 200, 100))
    design = (x, p[:, None])
    found["group"] = bare(rng.binomial(1, 1 - p), new, x=design), bare(rng.binomial(1, p), new, x=design)
    new = rng.normal(size=(2, 200, 90, 2))
    far = np.vstack([rng.normal(size=(89, 2)), [[12, -12]]])
    found["kurtosis"] = bare(far, new, ("feature",)), bare(rng.normal(size=(90, 2)), new, ("feature",))
    for name, (bad, good) in found.items():
        one, other = quantities.find(bad), quantities.find(good)
        assert one is not None, name
        assert other is not None, name
        assert "rarely" in quantities.sentence(one), name
        assert "rarely" not in quantities.sentence(other), name
        quantities.figure(one)


def test_uneven_leave_one_out_shares_are_found_and_named() -> None:
    n, rng = 150, np.random.default_rng(7)
    observed = rng.normal(size=n)
    faults = {"uniform": (0, 1), "too narrow": (0, 0.4), "too wide": (0, 3), "too low": (-1, 1), "too high": (1, 1)}
    for name, (centre, sd) in faults.items():
        new = rng.normal(centre, sd, (2, 500, n))
        (found,) = pit.find(bare(observed, new))
        # All weights are nearly equal: the share is that of the predicted values below.
        assert found.values == pytest.approx((new.reshape(1000, n) <= observed).mean(axis=0), abs=2e-3)
        assert name in pit.sentence(found, 1)
        assert ("look uniform" in pit.sentence(found, 1)) == (name == "uniform")
        pit.figure([found])
    sample = pit.Pit("y", found.values, 1000, 0)
    assert "150 of the 1,000 values, evenly spaced," in pit.sentence(sample, 1)
    same = bare(observed, new)
    same.tree["p/log_likelihood"] = same.tree["p/log_likelihood"].to_dataset() * 0
    assert not pit.find(same)
    assert not pit.find(bare(observed[:15], new[..., :15]))
    assert not pit.find(bare(rng.poisson(3, n), rng.poisson(3, (2, 500, n))))


def test_outcomes_of_several_features_have_a_line_each_and_untrusted_weights_are_said() -> None:
    rng = np.random.default_rng(8)
    fit = bare(rng.normal(size=(40, 2)), rng.normal(size=(2, 300, 40, 2)), ("feature",))
    fit.tree["data"] = fit.tree["data"].to_dataset().assign_coords(feature=["a", "b"])
    fit.tree["p/observed_data"] = fit.tree["p/observed_data"].to_dataset().assign_coords(feature=["a", "b"])
    stored = fit.tree["p/prediction"].to_dataset()
    fit.tree["p/prediction"] = stored.assign(khat=("observation", np.where(np.arange(40) == 3, 0.9, 0.0)))
    found = pit.find(fit)
    assert [one.name for one in found] == ["a", "b"]
    assert [one.bad for one in found] == [1, 1]
    assert "1 observation the weights cannot be trusted" in pit.sentence(found[0], 2)


@pytest.mark.parametrize("toy", [values_toy, blend_toy, separated_toy, coin_toy])
def test_every_toy_has_the_section(tmp_path: Path, toy: Any) -> None:
    write_fit(tmp_path, "toy", toy())
    context = prediction.context(Fit(tmp_path / "toy"))
    assert context["predictive"].alt
    # New data of a toy are its own data, shuffled with repetition.
    if context["quantity"] is not None:
        assert "share of" in context["quantity"]["sentence"]
