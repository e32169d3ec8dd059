"""The long run: made-up studies whose coverage is known, exact sums of a coin, and sentences against their tables."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, chi2, norm

from comparisons import calibration, exact, store
from comparisons.coverage import READING_OF, operating_characteristics
from reports import comb, repeated, repeated_words
from reports.repeated import KINDS
from reports.repeated_words import NAMES
from reports.sections import long_run
from reports.stored import Fit, Study
from tests.reports.lessons import made_fit
from tests.toys import blend_toy, coin_toy, values_toy, write_fit

LEVEL = 0.95


def made_worlds(labels: list[str], n: int, seed: int = 0, width: float = 1.0, fixed: bool = False) -> xr.Dataset:
    """Worlds whose intervals are exact but for their width: estimates are N(truth, 1)."""
    rng = np.random.default_rng(seed)
    shape = n, len(labels)
    truth = np.full(shape, 1.5) if fixed else rng.normal(size=shape)
    centre = truth + rng.normal(size=shape)
    half = width * norm.ppf((1 + LEVEL) / 2)
    estimate = np.stack([centre] * 3, axis=1)
    lower, upper = np.stack([centre - half] * 5, axis=1), np.stack([centre + half] * 5, axis=1)
    rank = np.floor(101 * norm.cdf((truth - centre) / width)).astype(int)
    return xr.Dataset(
        {
            "truth": (("world", "parameter"), truth),
            "estimate": (("world", "reading", "parameter"), estimate),
            "lower": (("world", "interval", "parameter"), lower),
            "upper": (("world", "interval", "parameter"), upper),
            "rank": (("world", "parameter"), np.clip(rank, 0, 100)),
            "failed": ("world", np.zeros(n, dtype=bool)),
            "exists": (("world", "reading"), np.ones((n, 3), dtype=bool)),
        },
        coords={"parameter": labels, "reading": ["mle", "map", "posterior"], "interval": list(READING_OF)},
        attrs={"L": 100, "level": LEVEL},
    )


def write_study(folder: Path, prior: str, worlds: xr.Dataset, truth: str, coin: exact.Coin | None = None) -> None:
    """A study as it is stored."""
    place = folder / "studies" / f"{prior}-{truth}"
    place.mkdir(parents=True)
    operating_characteristics(worlds).to_csv(place / "coverage.csv", index=False)
    worlds.to_netcdf(place / "study.nc", engine="netcdf4")
    record: dict[str, Any] = {"checks": [], "reason": "no calibration"}
    if truth == "prior":
        record = calibration.calibrate(worlds).as_json()
    store.write_json(place / "calibration.json", record | {"request": {"prior": prior, "truth": truth}})
    if coin is not None:
        averaged = exact.averaged(coin, coin.alpha, coin.beta).assign(truth="prior")
        rows = [averaged, exact.at(coin, np.linspace(0.005, 0.995, 199))]
        pd.concat(rows, ignore_index=True).to_csv(place / "exact.csv", index=False)


def study(worlds: xr.Dataset, truth: str = "prior", record: dict[str, Any] | None = None) -> Study:
    table = operating_characteristics(worlds)
    found = record or calibration.calibrate(worlds).as_json()
    made = Study("weak", truth, table, None, found, Path("nowhere"))
    made.__dict__["worlds"] = worlds
    return made


def test_the_strip_shows_which_intervals_miss() -> None:
    worlds = made_worlds(["mu"], 150, fixed=True)
    worlds["lower"][4, 0, 0] = np.nan
    worlds["failed"][7] = True
    drawn, hits = repeated.strip(study(worlds, "fixed"), "mu")
    rows = json.loads(drawn.spec)["datasets"]["intervals"]
    assert len(rows) == 5 * repeated.SHOWN
    for row in rows:
        one = worlds.isel(world=row["world"] - 1, interval=row["kind"], parameter=0)
        low, high = float(one["lower"]), float(one["upper"])
        gone = np.isnan(low) or (bool(one["failed"]) and READING_OF[KINDS[row["kind"]]] == "posterior")
        state = "does not exist" if gone else "holds the truth" if low <= 1.5 <= high else "misses it"
        assert row["state"] == state
    for turn, kind in enumerate(KINDS):
        assert hits[kind] == sum(row["state"] == "holds the truth" for row in rows if row["kind"] == turn)
        assert f"{NAMES[kind]} {hits[kind]} of 100" in drawn.alt
    assert "misses" in drawn.caption


def test_truths_of_their_own_become_distances() -> None:
    worlds = made_worlds(["mu"], 30)
    drawn, _ = repeated.strip(study(worlds), "mu")
    spec = json.loads(drawn.spec)["datasets"]
    assert spec["truth"] == [{"truth": 0.0}]
    first = spec["intervals"][0]
    assert first["low"] == pytest.approx(float(worlds["lower"][0, 0, 0] - worlds["truth"][0, 0]), rel=1e-4)


PLAIN = operating_characteristics(made_worlds(["mu"], 10))


@given(st.integers(0, 400), st.sampled_from(KINDS), st.integers(0, 400))
def test_coverage_is_called_off_when_a_binomial_test_says_so(hits: int, kind: str, missing: int) -> None:
    table = PLAIN.assign(worlds=400, coverage=0.95, missing=0)
    of = table["interval"] == kind
    low, high = sorted((hits / 400, hits / 400 + 0.01))
    table.loc[of, ["coverage", "coverage_lower", "coverage_upper", "missing"]] = hits / 400, low, high, missing
    said = repeated_words.coverage_sentence(Study("weak", "prior", table, None, {}, Path()))
    tails = binom.cdf(hits, 400, LEVEL), binom.sf(hits - 1, 400, LEVEL)
    off = min(tails) < 1e-4  # far beyond the limit of 0.002 for five comparisons
    near = min(tails) > 0.01
    assert not (off and "no kind" in said)
    assert not (near and "no kind" not in said)
    if "no kind" not in said:
        found = re.search(
            rf"instead of 95 %, {re.escape(NAMES[kind])} intervals hold the truth in ([\d.]+) % \(mu\)", said
        )
        assert found
        assert float(found[1]) == pytest.approx(100 * hits / 400, abs=1)
    assert ("does not exist" in said) == (missing > 0)


@given(st.floats(-0.5, 0.5), st.floats(0.001, 0.5))
def test_a_bias_is_said_when_it_is_many_errors(bias: float, error: float) -> None:
    table = PLAIN.assign(bias=0.0, bias_se=0.1)
    table.loc[table["reading"] == "map", ["bias", "bias_se"]] = bias, error
    said = repeated_words.bias_sentence(Study("weak", "prior", table, None, {}, Path()))
    if abs(bias) > 4.5 * error:
        assert "the MAP of mu by" in said
        assert ("by -" in said) == (bias < 0)
    if abs(bias) < 2.5 * error:
        assert said == "No estimate is visibly biased."


def test_few_worlds_give_no_more_false_alarms_of_bias_than_many() -> None:
    """Unbiased estimates of 18 parameters by three readings in ten worlds: one study in a hundred may call one biased.

    With quantiles of the normal distribution in place of Student's a quarter of the studies would.
    """
    rng, studies, worlds, rows = np.random.default_rng(2), 600, 10, 54
    table = pd.concat([PLAIN.iloc[[0]]] * rows, ignore_index=True).assign(
        parameter=[f"p{k}" for k in range(rows)], worlds=worlds, unknown=0
    )
    alarms = 0
    for _ in range(studies):
        values = rng.normal(size=(worlds, rows))
        table = table.assign(bias=values.mean(axis=0), bias_se=values.std(axis=0, ddof=1) / worlds**0.5)
        said = repeated_words.bias_sentence(Study("weak", "prior", table, None, {}, Path()))
        alarms += said != "No estimate is visibly biased."
    expected = 0.01 * studies
    assert alarms <= expected + 4 * expected**0.5


def test_estimates_that_do_not_exist_are_said_beside_the_bias() -> None:
    """Of 40 worlds 16 have no MLE (separation): its mean over all worlds does not exist."""
    worlds = made_worlds(["mu"], 40)
    worlds["estimate"][:16, 0] = np.nan
    said = repeated_words.bias_sentence(study(worlds))
    assert "The MLE is judged only among the 24 of 40 worlds where it exists" in said
    assert "has no mean" in said
    assert "posterior mean is judged" not in said
    worlds["failed"][0] = True
    said = repeated_words.bias_sentence(study(worlds))
    assert "posterior mean is judged only among the 39 of 40 worlds where it exists and can be trusted" in said


def test_few_ranks_that_pass_are_said_to_show_little() -> None:
    assert "gross errors" in repeated_words.calibration_sentence(study(made_worlds(["mu"], 10)))
    assert "gross errors" not in repeated_words.calibration_sentence(study(made_worlds(["mu"], 400)))


def test_what_cannot_be_read_is_not_quoted(tmp_path: Path) -> None:
    write_fit(tmp_path, "values", values_toy())
    worlds = made_worlds(["mu", "sigma"], 10)
    write_study(tmp_path / "values", "weak", worlds, "prior")
    write_study(tmp_path / "values", "weak", made_worlds(["mu", "sigma"], 40, fixed=True), "fixed")
    failure = {"name": "worlds", "detail": "4 of 10 worlds failed", "passed": False}
    for kind in ("prior", "fixed"):
        path = tmp_path / "values" / "studies" / f"weak-{kind}" / "calibration.json"
        record = json.loads(path.read_text())
        store.write_json(path, record | {"checks": [failure]})
    fit = Fit(tmp_path / "values")
    context = long_run.context(fit)
    assert context is not None
    assert not any("(here" in text for text in context["meanings"])
    assert len(context["unreadable"]) == 2
    assert context["strip"] is None
    assert context["coverage"] is None
    assert not context["sentences"]
    assert not context["tables"]
    assert "do not read the ranks" in context["calibrated"][0]
    assert not context["modes"]  # its parts are not interchangeable
    assert "do not read" in context["calibration"].knobs[0].settings[0]


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=3, max_size=9))
def test_modes_are_named_for_worlds_that_were_not_sampled_again(found: list[tuple[bool, bool]]) -> None:
    """Only where components are interchangeable, a world that fails and is not sampled again has chains far apart."""
    failed, again = (np.array(one) for one in zip(*found, strict=True))
    worlds = made_worlds(["mu"], len(found)).assign(failed=("world", failed), again=("world", again))
    mixed, plain = (made_fit([{}]) for _ in range(2))
    mixed.tree.attrs["identified"] = "by hand"
    said = repeated_words.apart(mixed, study(worlds, record={"checks": []}))
    far, rest = int(np.sum(failed & ~again)), int(np.sum(failed & again))
    assert bool(said) == (far > 0)
    if far and far + rest > 1:
        assert said.startswith(f"In {far} of these the chains stayed far apart")
        assert ("in vain" in said) == (rest > 0)
    assert not repeated_words.apart(plain, study(worlds, record={"checks": []}))


def test_a_study_of_a_mixture_names_its_modes(tmp_path: Path) -> None:
    write_fit(tmp_path, "blend", blend_toy())
    lost = np.arange(10) < 4
    worlds = made_worlds(["weight[1]"], 10).assign(failed=("world", lost), again=("world", np.zeros(10, dtype=bool)))
    write_study(tmp_path / "blend", "weak", worlds, "prior")
    context = long_run.context(Fit(tmp_path / "blend"))
    assert context is not None
    (text,) = context["unreadable"]
    assert "4 of 10 worlds" in text
    assert "In 4 of these the chains stayed far apart." in text
    assert "several modes" in context["modes"]


def test_a_coin_quotes_its_exact_coverage_beside_the_simulated(tmp_path: Path) -> None:
    coin = exact.Coin(10, 1, 1)
    at = np.full((300, 1), 0.5)
    worlds = made_worlds(["theta"], 300, fixed=True).assign(truth=(("world", "parameter"), at))
    made = study(worlds, "fixed")
    object.__setattr__(made, "exact", exact.at(coin, [0.5]))
    # Profile intervals hold one half where twice the log likelihood ratio is below the chi-squared quantile: SciPy.
    heads = np.arange(11)
    ratio = 2 * (binom.logpmf(heads, 10, heads / 10) - binom.logpmf(heads, 10, 0.5))
    expected = 100 * float(binom.pmf(heads[ratio <= chi2.ppf(LEVEL, 1)], 10, 0.5).sum())
    assert f"exactly {expected:.1f} %" in repeated_words._share([made], "fixed", "theta", "profile")


def test_calibration_passes_and_fails_as_it_was_judged() -> None:
    good, narrow = study(made_worlds(["mu", "nu"], 400)), study(made_worlds(["mu", "nu"], 400, width=0.5))
    assert "the ranks of 400 worlds are uniform" in repeated_words.calibration_sentence(good)
    said = repeated_words.calibration_sentence(narrow)
    assert "are not uniform" in said
    assert "mu (posterior too narrow)" in said
    drawn = repeated.calibration([good, narrow])
    assert drawn is not None
    spec = json.loads(drawn.spec)["datasets"]
    for turn, expected in ((0, False), (1, True)):
        band = {row["z"]: row for row in spec["envelope"] if row["study"] == turn}
        rows = [row for row in spec["ranks"] if row["study"] == turn]
        assert {row["failed"] for row in rows} == {expected}
        outside = [row for row in rows if not band[row["z"]]["low"] <= row["d"] <= band[row["z"]]["high"]]
        assert bool(outside) == expected
    assert len(drawn.stills) == 2  # the first, and the one that failed
    assert "Do not read the study of 400 worlds" in repeated_words.unreadable(narrow)
    assert not repeated_words.unreadable(good)


def test_a_coin_has_the_published_comb() -> None:
    coin = exact.Coin(10, 1, 1)
    rows = pd.concat([exact.averaged(coin, 1, 1).assign(truth="prior"), exact.at(coin, np.linspace(0.005, 0.995, 199))])
    worlds = made_worlds(["theta"], 20)
    made = Study("flat", "prior", operating_characteristics(worlds), rows, {}, Path())
    found = comb.options([made])
    assert len(found) == 5
    by_kind = {row[0].split(" (")[0]: row for row in comb.sentences(found)}
    assert by_kind["equal-tailed"][2] == "0.950"
    assert float(by_kind["equal-tailed"][3]) == pytest.approx(0.95, abs=0.005)  # even truths are its prior
    spec = json.loads(comb.coverage(found).spec)["datasets"]["comb"]
    wald = {row["x"]: row["y"] for row in spec if row["kind"] == 0}
    assert wald[0.05] == pytest.approx(0.40, abs=0.005)  # Brown, Cai and DasGupta: Wald at n = 10, p = .05
    # Mean squared errors of the posterior mean and the MLE at n = 10: (1 + n p q)-type closed forms.
    theta = 0.05
    mle = np.sqrt(theta * (1 - theta) / 10)
    mean = np.sqrt(10 * theta * (1 - theta) + (1 - 2 * theta) ** 2) / 12
    said = comb.risk_sentence(made)
    assert mle < mean
    first = said.split("MLE at truths ")[1].split(";")[0]
    assert first.startswith("0.005 to ")
    assert float(first.split()[2]) >= theta
    middle = said.split("posterior mean at truths ")[1].split()
    assert float(middle[0]) <= 0.5 <= float(middle[2])


def test_a_fit_with_studies_has_the_section_and_others_have_none(tmp_path: Path) -> None:
    write_fit(tmp_path, "coin", coin_toy())
    fit = Fit(tmp_path / "coin")
    assert long_run.context(fit) is None
    write_study(tmp_path / "coin", "a", made_worlds(["theta"], 300), "prior", exact.Coin(10, 2, 2))
    write_study(tmp_path / "coin", "a", made_worlds(["theta"], 60, fixed=True), "fixed")
    fit = Fit(tmp_path / "coin")
    context = long_run.context(fit)
    assert context is not None
    confidence, credibility = context["meanings"]
    assert "recipe" in confidence
    assert "not a matter of probability" in confidence
    assert "60 worlds" in confidence
    assert "with probability 95 %" in credibility
    assert "300 worlds" in credibility
    assert context["comb"] is not None
    assert len(context["sentences"]) == 2
    write_fit(tmp_path, "values", values_toy())
    write_study(tmp_path / "values", "weak", made_worlds(["mu", "sigma"], 200), "prior")
    context = long_run.context(Fit(tmp_path / "values"))
    assert context is not None
    assert context["comb"] is None
    assert len(context["tables"][0][2]) == 10
