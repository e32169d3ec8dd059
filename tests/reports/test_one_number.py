"""One quantity has one number on a page: in closed form where there is one, and else that of the comparison table."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from models.contract import Distribution
from reports import closed_form, loss, plugged, tables
from reports.breaks import gaussian
from reports.sections import decision, prediction, scale
from reports.stored import Fit
from tests.reports.test_knob import made_sweep
from tests.toys import TOYS, coin_toy, write_fit

STORED = Path(__file__).parents[2] / "reports" / "results"
BUILT = [place.parent for place in sorted(STORED.glob("*/checks.json")) if (place.parent / "comparison.csv").is_file()]


@pytest.fixture(params=["toy", *BUILT], ids=lambda place: "toy" if place == "toy" else place.name)
def fit(request: pytest.FixtureRequest, tmp_path: Path) -> Fit:
    """A toy of a coin, and every fit that is stored here, if any is."""
    if request.param == "toy":
        write_fit(tmp_path, "coin", coin_toy())
        return Fit(tmp_path / "coin")
    return Fit(request.param)


def said_of_posterior(fit: Fit, label: str) -> dict[str, str]:
    """Mean and median of a parameter as the comparison table writes them."""
    groups = dict(tables.comparison(fit, fit.default)["groups"])
    row = next(row for row in groups[label] if row["key"] == "posterior")
    return {"mean": row["estimate"], "median": row["median"]}


def test_mean_and_median_have_one_text_in_all_sections(fit: Fit) -> None:
    exact = closed_form.known(fit, fit.default)
    decided, scaled = decision.context(fit), scale.context(fit)
    texts: dict[str, list[tuple[str, str]]] = {}
    if decided is not None:
        for name, value, *_ in decided["compared"].rows[:2]:
            texts.setdefault(decided["label"], []).append((name, value))
        for first, action, *_ in decided["table"]:
            label, _, ratio = first.rpartition(", ")
            if ratio == "1 : 1":
                texts.setdefault(label, []).append(("median", action))
    if scaled is not None and not scaled["refused"]:
        own = texts.setdefault(scaled["label"], [])
        own += [("mean", scaled["rows"][0][3]), *(("median", row[4]) for row in scaled["rows"])]
        own.append(("median", re.findall(r"The median is (\S+) on every scale", scaled["sentence"])[0]))
    for label, found in texts.items():
        table = said_of_posterior(fit, label)
        for name, text in found:
            if name == "mean" and exact is not None:
                assert text == f"{exact.mean:.{len(text) - 2}f}"
            elif text != "—":
                assert text == table[name], (label, name)


def test_a_planted_second_median_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_fit(tmp_path, "coin", coin_toy())
    monkeypatch.setattr(loss.Margin, "median_text", property(lambda margin: "0.74"))
    with pytest.raises(AssertionError):
        test_mean_and_median_have_one_text_in_all_sections(Fit(tmp_path / "coin"))


def test_the_closed_form_is_prior_times_likelihood(tmp_path: Path) -> None:
    write_fit(tmp_path, "coin", coin_toy())
    fit = Fit(tmp_path / "coin")
    known = closed_form.known(fit, "a")
    assert known is not None
    assert known.name == "Beta(5, 2)"

    def weight(theta: float) -> float:
        return float(stats.beta(2, 2).pdf(theta) * stats.binom.pmf(3, 3, theta))

    total = quad(weight, 0, 1)[0]
    assert known.mean == pytest.approx(quad(lambda x: x * weight(x), 0, 1)[0] / total)
    assert known.power(5) == pytest.approx(quad(lambda x: x**5 * weight(x), 0, 1)[0] / total)
    assert quad(weight, 0, known.quantile(0.3))[0] / total == pytest.approx(0.3)
    assert known.values().mean() == pytest.approx(known.mean, abs=known.error / 10)
    assert f"probability {known.power(plugged.NEXT):.3f};" in prediction.context(fit)["share"]["sentence"]
    note = dict(tables.comparison(fit, "a")["notes"])
    assert any("exactly, the posterior is Beta(5, 2), with mean 0.714" in text for text in note.values())


def test_a_swept_prior_is_its_power(tmp_path: Path) -> None:
    write_fit(tmp_path, "coin", coin_toy())
    fit, strengths = Fit(tmp_path / "coin"), np.array([0.1, 1.0, 20.0])
    sweep = made_sweep(fit, "strength", strengths).expand_dims(prior=["a"])
    found = closed_form.swept(fit, sweep, "strength").isel(prior=0, parameter=0)
    for strength, one in zip(strengths, (found.sel(strength=s) for s in strengths), strict=True):

        def weight(theta: float, s: float = strength) -> float:
            return float(stats.beta(2, 2).pdf(theta) ** s * stats.binom.pmf(3, 3, theta))

        total = quad(weight, 0, 1)[0]
        mean = quad(lambda x, f=weight: x * f(x), 0, 1)[0] / total
        assert float(one["estimate"].sel(reading="posterior")) == pytest.approx(mean)
        assert float(one["draws"].mean()) == pytest.approx(mean, abs=2e-3)
        inside = quad(weight, *(float(one[end].sel(reading="posterior")) for end in ("lower", "upper")))[0]
        assert inside / total == pytest.approx(0.95)
    points = sweep["estimate"].sel(reading=["mle", "map"]).values
    np.testing.assert_array_equal(
        closed_form.swept(fit, sweep, "strength")["estimate"].sel(reading=["mle", "map"]).values, points
    )


def test_single_flips_are_counted_by_their_mle(tmp_path: Path) -> None:
    toy = coin_toy()
    flips = np.array([1, 0, 1, 1, 0])
    toy.data = toy.data.isel(observation=[0] * 5).assign_coords(observation=np.arange(5))
    toy.data = toy.data.assign(heads=("observation", flips), flips=("observation", np.ones(5, int)))
    write_fit(tmp_path, "coin", toy)
    fit, sizes = Fit(tmp_path / "coin"), np.array([1, 2, 5])
    sweep = made_sweep(fit, "n", sizes).expand_dims(prior=["a"])
    shares = np.cumsum(flips)[sizes - 1] / sizes
    estimate = sweep["estimate"].transpose("prior", "parameter", "reading", "n").copy()
    estimate[0, 0, 0] = shares
    found = closed_form.swept(fit, sweep.assign(estimate=estimate), "n")
    assert found["a"].values.tolist() == [[3, 3, 5]]
    assert found["b"].values.tolist() == [[2, 3, 4]]
    estimate[0, 0, 0, 1] = np.nan
    assert "a" not in closed_form.swept(fit, sweep.assign(estimate=estimate), "n")


def test_other_priors_and_models_have_no_closed_form(tmp_path: Path) -> None:
    toy = coin_toy()
    toy.priors["a"]["theta"] = Distribution("LogitNormal", mu=0, sigma=1)
    write_fit(tmp_path, "coin", toy)
    fit = Fit(tmp_path / "coin")
    assert closed_form.known(fit, "a") is None
    assert closed_form.known(fit, "b") is not None
    assert "± Monte Carlo error" in prediction.context(fit)["share"]["caption"]
    for name in ("values", "blend", "separated"):
        write_fit(tmp_path, name, TOYS[name]())
        assert closed_form.known(Fit(tmp_path / name), Fit(tmp_path / name).default) is None


def test_all_rows_of_a_sweep_are_the_fit_itself(fit: Fit) -> None:
    found = gaussian.context(fit)
    if found is None or len(found.tables) < 2:
        pytest.skip("no sweep over n")
    last = found.tables[1].rows[-1]
    if int(last[0].replace(",", "")) != gaussian.rows_of(fit):
        pytest.skip("the sweep ends before the data do")
    assert last[3] == said_of_posterior(fit, "sigma")["mean"]
    assert np.isfinite(float(last[1]))
