"""The references themselves, checked by brute force: quadrature in two or three dimensions, closed forms, Gibbs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr
from scipy import stats
from scipy.integrate import quad
from scipy.special import gammaln, log_expit

from models import gaussian, logistic, regression
from models.contract import Distribution, Prior, Reference, dataset, linear_reference, logit
from models.contract.linear import linear_posterior
from models.contract.reference import Array, importance_means
from tests.cases import case
from tests.tolerances import within_errors


def quadrature(log_density: Callable[..., Array], axes: list[Array]) -> list[float]:
    """Means of all coordinates on a grid; the trapezoid rule is exact to many digits where the density has vanished."""
    grids = np.meshgrid(*axes, indexing="ij")
    value = log_density(*grids)
    for axis in range(len(axes)):
        edge = max(value.take(0, axis).max(), value.take(-1, axis).max())
        assert edge < value.max() - 14, "the grid cuts the density off"
    weight = np.exp(value - value.max())
    return [float((weight * grid).sum() / weight.sum()) for grid in grids]


def known(references: list[Reference], reading: str = "posterior") -> dict[str, Reference]:
    return {reference.parameter: reference for reference in references if reference.reading == reading}


@pytest.mark.parametrize("prior", ["weak", "informative"])
def test_gaussian_by_quadrature_over_mu_and_log_sigma(prior: str) -> None:
    one = case("gaussian-small", prior)
    y, believed = one.data["y"].values, one.prior
    sd = y.std(ddof=1)

    def log_density(mu: Array, t: Array) -> Array:
        value = sum(stats.norm.logpdf(point, mu, np.exp(t)) for point in y)
        value = value + stats.norm.logpdf(mu, *believed["mu"].hyperparameters.values())
        return np.asarray(value + stats.expon.logpdf(np.exp(t), scale=1 / believed["sigma"].hyperparameters["lam"]) + t)

    axes = [np.linspace(y.mean() - 6 * sd, y.mean() + 6 * sd, 601), np.log(sd) + np.linspace(-2, 2.5, 601)]
    mu, t = np.meshgrid(*axes, indexing="ij")
    weight = np.exp(log_density(mu, t) - log_density(mu, t).max())
    expected = quadrature(log_density, axes)[0], float((weight * np.exp(t)).sum() / weight.sum())
    found = known(one.references)
    assert (found["mu"].value, found["sigma"].value) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("n", "k"), [(6, 1), (8, 1), (12, 3)])
def test_flat_linear_posterior_is_least_squares_and_an_inverse_gamma(n: int, k: int) -> None:
    rng = np.random.default_rng(n)
    design, y = np.column_stack([np.ones(n), rng.normal(size=(n, k - 1))]), rng.normal(size=n)
    coefficients, sigma = linear_posterior(design, y, np.zeros(k), np.full(k, np.inf), Distribution("HalfFlat"))
    ols, rss = np.linalg.lstsq(design, y)[:2]
    np.testing.assert_allclose(coefficients, ols, rtol=1e-8)
    # With sigma flat, sigma^2 has the inverse gamma distribution with shape (n - k - 1) / 2 and scale rss / 2.
    shape = (n - k - 1) / 2
    mean = np.sqrt(rss[0] / 2) * np.exp(gammaln(shape - 0.5) - gammaln(shape))
    assert sigma == pytest.approx(mean, rel=1e-6)
    draws = np.sqrt(stats.invgamma(shape, scale=rss[0] / 2).rvs(400_000, random_state=rng))
    if shape > 1.5:  # else the draws have no variance
        within_errors(sigma, draws.mean(), draws.std() / np.sqrt(len(draws)))


def one_predictor(prior: str) -> tuple[xr.Dataset, Prior]:
    rng = np.random.default_rng(12)
    x = rng.normal(size=(14, 1))
    data = dataset(
        {"x": (("observation", "predictor"), x), "y": ("observation", 0.4 * x[:, 0] + rng.normal(size=14))},
        coords={"predictor": ["x1"]},
        title="one predictor",
        source="here",
    )
    return data, regression.priors(data)[prior]


@pytest.mark.parametrize("prior", ["normal", "laplace", "flat"])
def test_regression_with_one_predictor_by_quadrature_in_three_dimensions(prior: str) -> None:
    data, believed = one_predictor(prior)
    x, y = data["x"].values[:, 0], data["y"].values
    x, n = x - x.mean(), len(y)

    def log_density(a: Array, b: Array, t: Array) -> Array:
        squares = ((y - y.mean()) ** 2).sum() + n * (a - y.mean()) ** 2 - 2 * b * (x @ y) + b**2 * (x @ x)
        value = -n * t - squares * np.exp(-2 * t) / 2 + t
        if prior != "flat":
            value = value + stats.norm.logpdf(a, *believed["intercept"].hyperparameters.values())
            family = stats.norm if prior == "normal" else stats.laplace
            value = value + family.logpdf(b, 0, list(believed["beta"].hyperparameters.values())[1])
            value = value + stats.expon.logpdf(np.exp(t), scale=1 / believed["sigma"].hyperparameters["lam"])
        return np.asarray(value)

    axes = [y.mean() + np.linspace(-4, 4, 101), np.linspace(-4, 4, 401), np.linspace(-1.4, 2.2, 81)]
    a, b, _ = quadrature(log_density, axes)
    found = known(regression.reference(data, believed))
    for name, expected in (("intercept", a), ("beta", b)):
        value, error = float(np.ravel(found[name].value)[0]), float(np.ravel(found[name].error)[0])
        # The kink of a Laplace prior costs the trapezoid rule its precision: step^2 / 12, in units of the scale.
        assert abs(value - expected) <= 5 * error + (1e-4 if prior == "laplace" else 1e-6)
        assert (error > 0) == (prior == "laplace")


@pytest.mark.parametrize("prior", ["normal", "laplace", "flat"])
def test_challenger_by_quadrature_over_intercept_and_slope(prior: str) -> None:
    one = case("logistic-challenger", prior)
    x, y = one.data["x"].values[:, 0], one.data["y"].values
    x = x - x.mean()

    def log_density(a: Array, b: Array) -> Array:
        value = sum(log_expit((2 * yi - 1) * (a + b * xi)) for xi, yi in zip(x, y, strict=True))
        if prior != "flat":
            value = value + stats.norm.logpdf(a, 0, 10)
            family = stats.norm if prior == "normal" else stats.laplace
            value = value + family.logpdf(b, 0, list(one.prior["beta"].hyperparameters.values())[1])
        return np.asarray(value)

    expected = quadrature(log_density, [np.linspace(-9, 5, 701), np.linspace(-2.2, 0.8, 901)])
    found = known(one.references)
    for name, value in zip(("intercept", "beta"), expected, strict=True):
        within_errors(found[name].value, value, found[name].error)


def test_bayesian_lasso_by_gibbs_sampling() -> None:
    """Park and Casella (2008), with the prior's scale not multiplied by sigma: 200 short chains side by side."""
    one = case("regression", "laplace")
    x, y = one.data["x"].values - one.data["x"].values.mean(axis=0), one.data["y"].values
    b, (n, p) = one.prior["beta"].hyperparameters["b"], x.shape
    prior: Prior = {"intercept": Distribution("Flat"), "beta": one.prior["beta"], "sigma": Distribution("HalfFlat")}
    rng = np.random.default_rng(2008)
    chains, gram, right = 200, x.T @ x, x.T @ y
    beta, variance, total = np.zeros((chains, p)), np.full(chains, y.var()), np.zeros((chains, p + 1))
    steps, warm = 350, 50
    for step in range(steps):
        # 1 / tau_j^2 is inverse Gaussian; SciPy writes its mean as a multiple of the shape 1 / b^2.
        inverse = rng.wald(1 / (b * np.abs(beta).clip(1e-12)), 1 / b**2)
        precision = gram / variance[:, None, None] + inverse[:, :, None] * np.eye(p)
        factor = np.linalg.cholesky(np.linalg.inv(precision))
        mean = np.linalg.solve(precision, (right / variance[:, None])[..., None])[..., 0]
        beta = mean + np.einsum("cij,cj->ci", factor, rng.normal(size=(chains, p)))
        # The intercept is independent of the rest, for centred predictors, given sigma.
        intercept = y.mean() + np.sqrt(variance / n) * rng.normal(size=chains)
        squares = ((y - intercept[:, None] - beta @ x.T) ** 2).sum(axis=1)
        variance = squares / 2 / rng.gamma((n - 1) / 2, size=chains)
        if step >= warm:
            total += np.column_stack([beta, np.sqrt(variance)]) / (steps - warm)
    found = known(regression.reference(one.data, prior))
    value = np.append(found["beta"].value, found["sigma"].value)
    error = np.append(found["beta"].error, found["sigma"].error)
    within_errors(total.mean(axis=0), value, np.hypot(total.std(axis=0) / np.sqrt(chains), error))


# Importance sampling.


def test_importance_sampling_knows_a_normal_and_a_student() -> None:
    covariance = np.array([[2.0, 0.9], [0.9, 1.0]])
    normal = stats.multivariate_normal([1, -2], covariance)
    means, errors = importance_means(
        normal.logpdf, np.zeros(2), np.eye(2) * 3, lambda u: np.column_stack([u, u[:, 0] ** 2])
    )
    within_errors(means, [1, -2, 3], errors)
    # No importance sampler from a t beats independent draws by much, and a matching one loses little.
    ideal = np.sqrt(np.array([2, 1, 2 * 2**2 + 4 * 2]) / 60_000)
    assert np.all((errors > 0.7 * ideal) & (errors < 1.5 * ideal))
    student = stats.multivariate_t([3, 0], covariance, df=8)
    means, errors = importance_means(student.logpdf, np.zeros(2), np.eye(2), lambda u: u)
    within_errors(means, [3, 0], errors)


def test_the_error_of_importance_sampling_is_neither_too_small_nor_too_large() -> None:
    """Over 120 sizes, hence 120 sets of points, squared standardised errors add up to chi squared."""
    target = stats.gamma(3)
    scores = []
    for size in range(4_000, 4_000 + 120 * 13, 13):
        # log of a gamma variable: skewed, on the whole line
        means, errors = importance_means(
            lambda u: target.logpdf(np.exp(u[:, 0])) + u[:, 0], np.ones(1), np.eye(1), np.exp, size=size
        )
        scores.append(((means - 3) / errors)[0])
    total = float(np.sum(np.square(scores)))
    low, high = stats.chi2.ppf([3e-7, 1 - 3e-7], len(scores))
    assert low < total < high


def test_importance_sampling_that_fails_says_so() -> None:
    def far(u: Array) -> Array:
        return np.asarray(-0.5 * ((u - 40) ** 2).sum(axis=1) / 1e-6)

    with pytest.raises(ArithmeticError, match="effective points of 60000"):
        importance_means(far, np.zeros(3), np.eye(3), lambda u: u, rounds=1)


def test_without_independent_means_there_is_no_reference_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> tuple[Array, Array]:
        raise ArithmeticError("importance sampling failed: planted")

    for module, helper, fit in ((regression, linear_reference, "regression"), (logistic, logit, "logistic-challenger")):
        monkeypatch.setattr(helper, "importance_means", fails)
        one = case(fit, "laplace")
        assert not known(module.reference(one.data, one.prior))
        assert known(module.reference(one.data, one.prior), "map")


@pytest.mark.parametrize("n", [2, 3])
def test_gaussian_reference_gives_the_closed_forms_of_the_maximum(n: int) -> None:
    data = dataset({"y": ("observation", np.arange(float(n)))}, title="few", source="here")
    found = known(gaussian.reference(data, gaussian.priors(data)["weak"]), "mle")
    assert (found["mu"].value, found["sigma"].value) == ((n - 1) / 2, np.sqrt((n**2 - 1) / 12))


@pytest.mark.parametrize(("low", "high"), [(1.99, 2.01), (1.0, 1.03), (0.2, 40.0), (5.0, 5.5)])
def test_linear_posterior_keeps_to_the_support_of_sigma(low: float, high: float) -> None:
    rng = np.random.default_rng(8)
    design, y = np.ones((12, 1)), rng.normal(0, 2, 12)
    prior = Distribution("Uniform", lower=low, upper=high)
    _, sigma = linear_posterior(design, y, np.zeros(1), np.full(1, np.inf), prior)
    squares = ((y - y.mean()) ** 2).sum()
    top = float(np.clip(np.sqrt(squares / 11), low, high))

    def density(s: float) -> float:
        return float(np.exp(-11 * np.log(s / top) - squares / 2 * (s**-2 - top**-2)))

    expected = quad(lambda s: s * density(s), low, high, limit=500)[0] / quad(density, low, high, limit=500)[0]
    assert sigma == pytest.approx(expected, rel=1e-5)
