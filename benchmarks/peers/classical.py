"""Point readings as taught: scikit-learn, statsmodels or SciPy, whichever one would take for the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.contract import Answer, Array, Job, Watch, main

PACKAGES = {
    ("coin", "mle"): "statsmodels",
    ("gaussian", "mle"): "scipy",
    ("regression", "mle"): "statsmodels",
    ("mixture", "mle"): "sklearn",
    ("logistic", "mle"): "statsmodels",
    ("logistic", "map"): "sklearn",
}
"""What answers; where sigma is unknown no penalty is the mode under a prior of scale tau, so the list is short."""


def answer(job: Job, folder: Path) -> Answer:
    """Find the point, and find it again to see what the second one costs."""
    watch = Watch()
    find, package = finder(job)
    imported = watch.lap()
    point = find()
    first = watch.lap()
    find()
    again = watch.lap()
    label = f"{package.__name__.replace('sklearn', 'scikit-learn')} {package.__version__}"
    return Answer(label, imported, first, again, point, repeated=again)


def finder(job: Job) -> tuple[Any, Any]:
    """The function that finds the point, and the package it is from."""
    data, seed = job.data, job.seed
    if (job.scenario, job.reading) == ("coin", "mle"):
        import statsmodels
        from statsmodels.stats.proportion import proportion_confint

        def proportion() -> dict[str, Array]:
            heads, flips = data["heads"].sum(), data["flips"].sum()
            proportion_confint(heads, flips, method="wilson")
            return {"theta": np.asarray(heads / flips)}

        return proportion, statsmodels
    if job.scenario == "gaussian":
        import scipy
        from scipy.stats import norm

        return lambda: dict(zip(("mu", "sigma"), map(np.asarray, norm.fit(data["y"])), strict=True)), scipy
    if job.scenario == "regression":
        import statsmodels
        from statsmodels.regression.linear_model import OLS

        def least_squares() -> dict[str, Array]:
            fit = OLS(data["y"], np.column_stack([np.ones(len(data["y"])), data["x"]])).fit()
            fit.conf_int()
            return {**_split(fit.params), "sigma": np.sqrt(np.mean(fit.resid**2))}

        return least_squares, statsmodels
    if job.scenario == "mixture":
        import sklearn
        from sklearn.mixture import GaussianMixture

        def expectation_maximisation() -> dict[str, Array]:
            fit = GaussianMixture(job.components, n_init=10, tol=1e-6, max_iter=1_000, random_state=seed).fit(data["y"])
            sigma = np.sqrt(np.diagonal(fit.covariances_, axis1=1, axis2=2))
            rho = fit.covariances_[:, 0, 1] / sigma.prod(axis=1)
            order = np.argsort(fit.means_[:, 0])
            point = {"weight": fit.weights_, "mu": fit.means_, "sigma": sigma, "rho": rho}
            return {name: values[order] for name, values in point.items()}

        return expectation_maximisation, sklearn
    if job.reading == "mle":
        import statsmodels
        from statsmodels.discrete.discrete_model import Logit

        def logit() -> dict[str, Array]:
            fit = Logit(data["y"], np.column_stack([np.ones(len(data["y"])), data["x"]])).fit(disp=False)
            fit.conf_int()
            return _split(fit.params)

        return logit, statsmodels
    import sklearn
    from sklearn.linear_model import LogisticRegression

    def penalised() -> dict[str, Array]:
        # In units of its prior standard deviation every coefficient, the intercept too, has penalty 1.
        scale = np.append(job.prior["intercept"]["sigma"], job.prior["beta"]["sigma"])
        design = np.column_stack([np.ones(len(data["y"])), data["x"]]) * scale
        fit = LogisticRegression(C=1.0, fit_intercept=False, tol=1e-10, max_iter=10_000).fit(design, data["y"])
        return _split(fit.coef_[0] * scale)

    return penalised, sklearn


def _split(coefficients: Array) -> dict[str, Array]:
    return {"intercept": coefficients[0], "beta": coefficients[1:]}


if __name__ == "__main__":
    main(answer)
