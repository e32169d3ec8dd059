"""Which model: Bayes factors beside published numbers, families beside SciPy, sentences that agree with the numbers."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from comparisons.rules import LOSS
from models.contract import Distribution, dataset
from reports import fairness, families, rivals
from reports.sections import competition
from tests.made_up import predictions
from tests.tolerances import ROUNDING

# A coin.


@pytest.mark.parametrize(("a", "published"), [(0.01, 0.25), (0.5, 7.7), (1, 11.5), (10, 18.5), (50, 6.8), (1000, 1.2)])
def test_65_heads_in_100_have_the_bayes_factors_of_the_lesson(a: float, published: float) -> None:
    found = float(np.exp(fairness.log_bayes_factor(65, 100, np.array(float(a)))))
    digits = len(str(published).partition(".")[2])
    assert round(found, digits) == published


@given(st.integers(0, 30), st.integers(0, 30), st.floats(0.5, 50))
def test_the_bayes_factor_is_a_ratio_of_marginal_likelihoods(heads: int, tails: int, a: float) -> None:
    flips = heads + tails
    prior = stats.beta(a, a)
    marginal, _ = integrate.quad(
        lambda u: stats.binom.pmf(heads, flips, prior.ppf(u)), 0, 1, epsabs=0, epsrel=1e-8, limit=200
    )
    found = float(fairness.log_bayes_factor(heads, flips, np.array(a)))
    assert found == pytest.approx(np.log(marginal / stats.binom.pmf(heads, flips, 0.5)), abs=1e-5)


def test_the_p_value_of_65_in_100() -> None:
    assert "p-value, 0.0035," in fairness.factor_sentences(65, 100)[-1]


@given(st.integers(0, 400), st.integers(0, 400))
def test_factor_sentences_say_which_way_the_data_speak(heads: int, tails: int) -> None:
    logs = fairness.log_bayes_factor(heads, heads + tails, fairness.WIDTHS)
    said = " ".join(fairness.factor_sentences(heads, heads + tails))
    assert ("under some of these priors and against it under others" in said) == bool(
        (logs < 0).any() and (logs > 0).any()
    )
    assert ("No prior of this family" in said) == bool((logs <= 0).all())
    none_for = bool((logs >= 0).all() and (logs > 0).any())
    assert ("Under every one of these priors" in said or "Not one of these priors makes" in said) == none_for
    if "Under every one of these priors" in said:
        assert (np.exp(logs) >= 1.005).all()


def test_a_balanced_result_never_speaks_against_a_fair_coin() -> None:
    assert any("No prior of this family" in line for line in fairness.factor_sentences(50, 100))


def test_the_factor_table_holds_the_posteriors_of_the_same_priors() -> None:
    table = fairness.factor_table(65, 100)
    row = next(row for row in table.rows if row[0] == "Beta(10, 10)")
    assert row[1] == "18.5"
    assert float(row[2]) == pytest.approx(18.5 / 19.5, abs=1e-3)
    assert float(row[3]) == pytest.approx(75 / 120, abs=5e-3)


def coin(heads: int, flips: int) -> Any:
    data = dataset(
        {"heads": ("observation", [heads]), "flips": ("observation", [flips])}, title="made up", source="here"
    )
    beta = {
        name: {"theta": Distribution("Beta", alpha=a, beta=b).as_json()} for name, a, b in (("w", 2, 2), ("s", 1, 3))
    }
    return SimpleNamespace(
        data=data,
        priors={"w": {}, "s": {}},
        default="w",
        text=lambda key: json.dumps(beta),
        dataset=lambda prior, group: predictions(n=1),
    )


@pytest.mark.parametrize(("heads", "flips"), [(3, 3), (0, 0), (178_079, 350_757)])
def test_the_curve_is_drawn_for_every_coin_and_marks_symmetric_priors_only(heads: int, flips: int) -> None:
    fit = coin(heads, flips)
    assert fairness._own_widths(fit) == {"w": 2.0}
    drawn = fairness.factor_chart(fit, heads, flips)
    assert "<svg" in drawn.stills[0][1]
    found = competition.context(fit)
    assert found is not None
    assert found["factor"]
    assert not found["priors"]


# Priors.


def several(gaps: dict[str, float], spread: float = 0.1, n: int = 50, bad: int = 0) -> Any:
    """A fit whose priors predict each observation better than the first by ``gap / n``, with some variation."""
    rng = np.random.default_rng(1)
    base, noise = rng.normal(-1, 0.5, n), rng.normal(size=n)
    noise -= noise.mean()
    stored = {}
    for name, gap in gaps.items():
        values = base + gap / n + (0 if name == next(iter(gaps)) else spread) * noise
        khat = np.where(np.arange(n) < bad, 1.0, 0.1)
        stored[name] = xr.Dataset(
            {"elpd": (("reading", "observation"), values[None]), "khat": ("observation", khat)},
            coords={"reading": ["posterior"]},
            attrs={"rows": n, "good_k": 0.7, "reason_posterior": "improper: because"},
        )
    return SimpleNamespace(
        data=xr.Dataset({"y": ("observation", base)}),
        priors={name: {} for name in gaps},
        default=next(iter(gaps)),
        dataset=lambda prior, group: stored[prior],
    )


@given(st.lists(st.floats(-40, 40), min_size=1, max_size=4), st.floats(0.01, 3))
def test_a_prior_is_called_better_or_worse_only_if_clearly_so(gaps: list[float], spread: float) -> None:
    found = rivals.rivals(several({"base": 0.0} | {f"p{j}": gap for j, gap in enumerate(gaps)}, spread))
    said = " ".join(rivals.rival_sentences(found))
    for one in found[1:]:
        clear = abs(one.gap) > max(2 * one.gap_error, LOSS)
        assert (f"The prior {one.prior} predicts better" in said) == (clear and one.gap > 0)
        assert (f"The prior {one.prior} predicts worse" in said) == (clear and one.gap < 0)
    assert ("cannot tell" in said) == any(abs(one.gap) <= max(2 * one.gap_error, LOSS) for one in found[1:])


def test_differences_and_errors_are_those_of_their_definition() -> None:
    fit = several({"base": 0.0, "other": 3.0}, spread=0.2)
    other = rivals.rivals(fit)[1]
    values = [fit.dataset(name, "prediction")["elpd"].values[0] for name in ("base", "other")]
    assert other.gap == pytest.approx(3.0, rel=ROUNDING)
    assert other.gap_error == pytest.approx(np.sqrt(50 * np.var(values[1] - values[0], ddof=1)), rel=ROUNDING)
    assert other.elpd == pytest.approx(values[1].sum(), rel=ROUNDING)


def test_a_subsample_has_the_error_of_its_choice_too() -> None:
    """Of 10,000 values, 100 known: the error covers the total of all, by simulation."""
    rng = np.random.default_rng(2)
    inside, trials = 0, 2_000
    for _ in range(trials):
        population = rng.normal(0, 1, 1_000)
        some = rng.choice(population, 100, replace=False)
        estimate, error = rivals.total(some, 1_000)
        # The total of another population: both kinds of variation.
        inside += abs(estimate) < 1.96 * error
    assert abs(inside / trials - 0.95) < 5 * np.sqrt(0.95 * 0.05 / trials) + 0.005  # Student's t with 99 degrees: .9473


def test_bad_khat_and_missing_posteriors_are_said() -> None:
    said = " ".join(rivals.rival_sentences(rivals.rivals(several({"base": 0.0, "other": 30.0}, bad=2))))
    assert "Do not read the numbers of base and other" in said
    assert "predicts" not in said
    assert "cannot tell" not in said
    fit = several({"base": 0.0, "other": np.nan})
    found = rivals.rivals(fit)
    assert rivals.rival_table(found).rows[1][1] == "does not exist: improper: because"
    assert rivals.rival_sentences(found) == ["There is nothing to compare: a posterior is missing."]
    assert rivals.rival_chart(found) is None


def test_one_prior_or_one_row_is_no_comparison() -> None:
    assert rivals.rivals(several({"only": 0.0})) == []
    assert rivals.rivals(coin(3, 3)) == []


# Families.


def waits(name: str = "Gamma", y: Any = None) -> Any:
    y = np.random.default_rng(3).gamma(2.0, 2.0, 80) if y is None else y
    data = dataset({"y": ("observation", y)}, title="made up", source="here").assign_attrs(family=name)
    return SimpleNamespace(data=data, priors={"weak": {}}, default="weak")


def test_families_have_the_likelihoods_of_scipys_fits() -> None:
    fit = waits()
    y = fit.data["y"].values
    found = {one.name: one for one in families.families(fit)}
    for name, method, fixed in (
        ("Gamma", stats.gamma, {"floc": 0}),
        ("Weibull", stats.weibull_min, {"floc": 0}),
        ("LogNormal", stats.lognorm, {"floc": 0}),
        ("Exponential", stats.expon, {"floc": 0}),
        ("Normal", stats.norm, {}),
    ):
        height = float(method(*method.fit(y, **fixed)).logpdf(y).sum())
        assert found[name].log_likelihood == pytest.approx(height, abs=1e-4)
        k = 1 if name == "Exponential" else 2
        assert found[name].bic == pytest.approx(-2 * height + k * np.log(80), abs=1e-3)
    assert found["StudentT"].reason.startswith("unbounded")
    assert not {"Poisson", "Beta", "Binomial"} & set(found)


def test_counts_are_compared_with_counts_only() -> None:
    found = families.families(waits("Poisson", np.random.default_rng(4).negative_binomial(2, 0.4, 60)))
    assert {one.name for one in found} <= {"Poisson", "NegativeBinomial", "Geometric"}
    assert len(found) > 1


def test_what_is_no_family_has_no_families() -> None:
    assert families.families(SimpleNamespace(data=xr.Dataset(attrs={"title": ""}))) == []  # type: ignore[arg-type]


@given(st.lists(st.floats(0, 60), min_size=2, max_size=6))
def test_family_sentences_agree_with_bic(above: list[float]) -> None:
    bic = np.sort(above) + 100
    found = [families.Family(f"F{j}", 2, -one / 2, float(one), "") for j, one in enumerate(bic)]
    said = " ".join(families.family_sentences(found, f"F{len(bic) - 1}"))
    near = int(np.sum(bic - bic[0] <= families.BARE))
    assert ("does not tell" in said) == (near > 1)
    assert ("BIC is lowest for F0" in said) == (near == 1)
    assert ("more than 10 above the lowest" in said) == bool((bic - bic[0] > families.STRONG).any())
    assert ("The family of this page" in said) == (near < len(bic))
