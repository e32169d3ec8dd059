"""Small results made with NumPy, as a fit would store them, and what is read off the pages built from them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from bs4 import BeautifulSoup

from comparisons import sensitivity, store
from comparisons.measures import measures
from models.contract import Distribution
from tests.made_up import predictions

ROOT = Path(__file__).parents[1]
CHAINS, DRAWS, LEVEL = 4, 250, 0.95
EVIL = '<script>alert("$x_1$")</script>'
REASON = "infinite: the predictors separate the events completely"
LOCAL = "unbounded: shown is the largest local maximum found"
STATISTICS = ["estimate", "sd", "lower", "upper", "wald_lower", "wald_upper"]
NO_VALUE = dict.fromkeys(STATISTICS, np.nan)


@dataclass
class Toy:
    """A made-up fit: draws per prior and parameter, and what is wrong with it."""

    data: xr.Dataset
    outcome: str
    priors: dict[str, dict[str, Distribution]]
    draws: dict[str, xr.Dataset]
    missing: str = ""
    local: str = ""
    extras: xr.Dataset | None = None
    modes: xr.Dataset | None = None


def written(toy: Toy, how: Callable[[Distribution], Any]) -> str:
    """The priors as a fit stores them."""
    return json.dumps({key: {name: how(one) for name, one in prior.items()} for key, prior in toy.priors.items()})


def labels_of(variable: xr.DataArray) -> list[str]:
    """Labels as ArviZ writes them."""
    dims = variable.dims[2:]
    if not dims:
        return [str(variable.name)]
    texts = [[str(value) for value in variable[dim].values] for dim in dims]
    return [
        f"{variable.name}[{', '.join(text[i] for text, i in zip(texts, index, strict=True))}]"
        for index in np.ndindex(*variable.shape[2:])
    ]


def point_of(values: np.ndarray, reading: str, toy: Toy) -> dict[str, float]:
    """Numbers of a point reading, near the draws."""
    if reading == "mle" and toy.missing:
        return NO_VALUE
    sd = float(values.std())
    centre = float(values.mean()) + sd * (0.4 if reading == "mle" else -0.2)
    ends = {"lower": centre - 2 * sd, "upper": centre + 2 * sd}
    return {"estimate": centre, "sd": sd, **ends, "wald_lower": ends["lower"], "wald_upper": ends["upper"]}


def rows_of(name: str, prior: str, toy: Toy, truth: bool) -> list[dict[str, Any]]:
    """Rows of the comparison table."""
    rows = []
    for variable in toy.draws[prior].values():
        shape = variable.shape[2:]
        for label, index in zip(labels_of(variable), np.ndindex(*shape), strict=True):
            values = variable.values[:, :, *index]
            common = {"scenario": name, "data": "teaching", "prior": prior, "parameter": label, "level": LEVEL}
            common |= {"truth": 0.125} if truth else {}
            for reading in ("mle", "map"):
                row = {**common, "reading": reading, **point_of(values, reading, toy)}
                row["interval"] = "profile likelihood" if reading == "mle" else "laplace, declared scale"
                if reading == "mle":
                    row |= {"reason": toy.missing or toy.local, "failed": "maximum exists" if toy.local else ""}
                    row |= {} if toy.missing else {"reference": row["estimate"], "source": "by hand", "limit": 1.0}
                    row |= {} if toy.missing else {"distance": 0.25, "unit": "0.0001 posterior sd"}
                rows.append(row)
            low, middle, high = np.quantile(values, [0.025, 0.5, 0.975])
            row = {**common, "reading": "posterior", "estimate": values.mean(), "sd": values.std(), "lower": low}
            row |= {"upper": high, "median": middle, "interval": "equal-tailed", "mcse": values.std() / 30}
            rows.append(row | {"ess_bulk": 912.7, "ess_tail": 850.2, "r_hat": 1.0012})
    return rows


def checks_of(prior: str, toy: Toy) -> list[dict[str, Any]]:
    """Checks as `comparisons.checks` writes them."""
    common = {"prior": prior, "parameters": []}
    exists = {"name": "maximum exists", "reading": "mle", "passed": not (toy.local or toy.missing)}
    return [
        {**common, **exists, "detail": toy.local or toy.missing or "a maximum in the interior"},
        {**common, "name": "gradient", "reading": "map", "passed": True, "detail": "largest slope 1.0e-12"},
        {**common, "name": "r_hat", "reading": "posterior", "passed": True, "detail": "worst 1.001, allowed 1.01"},
    ]


def write_fit(results: Path, name: str, toy: Toy) -> None:
    """Write a fit in the layout of `comparisons.fit`."""
    rng = np.random.default_rng(len(name))
    observed, sizes = toy.data[toy.outcome], (CHAINS, DRAWS)
    groups: dict[str, xr.Dataset] = {"/data": toy.data}
    tables, checks = [], []
    for prior, draws in toy.draws.items():
        proper = all(one.proper for one in toy.priors[prior].values())
        for reading in ("mle", "map"):
            variables = {}
            for key, variable in draws.items():
                shape = variable.shape[2:]
                points = [point_of(variable.values[:, :, *i], reading, toy) for i in np.ndindex(*shape)]
                values = np.array([[point[statistic] for point in points] for statistic in STATISTICS])
                variables[str(key)] = (("statistic", *variable.dims[2:]), values.reshape(-1, *shape))
            audit = {"exists": int(reading == "map" or not (toy.missing or toy.local)), "log_density": -12.5}
            audit |= {"gradient": 1e-12, "starts": 10, "agreeing": 9, "collapsed": 1, "level": LEVEL}
            groups[f"/{prior}/{reading}"] = xr.Dataset(variables, coords={"statistic": STATISTICS}).assign_attrs(audit)
        groups[f"/{prior}/posterior"] = draws
        energy = rng.normal(size=sizes)
        statistics = {"energy": (("chain", "draw"), energy), "diverging": (("chain", "draw"), energy > 99)}
        groups[f"/{prior}/sample_stats"] = xr.Dataset(statistics)
        dims = ("chain", "draw", *observed.dims)
        log_likelihood = rng.normal(-1, 0.2, (*sizes, observed.sizes["observation"]))
        groups[f"/{prior}/log_likelihood"] = xr.Dataset({toy.outcome: (dims[:3], log_likelihood.astype("f4"))})
        first = next(iter(draws.values())).values.reshape(*sizes, -1)[:, :, 0]
        groups[f"/{prior}/log_prior"] = xr.Dataset({"p": (("chain", "draw"), -(first**2) if proper else 0 * first)})
        new = rng.choice(observed.values, (CHAINS, 20, observed.sizes["observation"]))
        groups[f"/{prior}/posterior_predictive"] = xr.Dataset({toy.outcome: (dims, new)})
        groups[f"/{prior}/observed_data"] = toy.data[[toy.outcome]]
        if proper:
            groups[f"/{prior}/prior"] = draws.isel(chain=[0]) * 1.5
            terms = (groups[f"/{prior}/{name}"] for name in ("log_prior", "log_likelihood"))
            numbers = {"chain": np.arange(CHAINS), "draw": np.arange(DRAWS)}
            scaled = sensitivity.of_posterior(draws, *(one.assign_coords(numbers) for one in terms))
            assert scaled is not None
            groups[f"/{prior}/sensitivity"] = scaled
        if toy.extras is not None:
            groups[f"/{prior}/extras"] = toy.extras
        if toy.modes is not None:
            groups[f"/{prior}/modes"] = toy.modes
        n = observed.sizes["observation"]
        why = "one row is alone" if n == 1 else ""
        found = predictions(mle=np.nan if why else 0.1, n=n)
        groups[f"/{prior}/prediction"] = found.assign_attrs(reason_mle=why, reason_map=why, reason_posterior=why)
        one = pd.DataFrame(rows_of(name, prior, toy, truth="true" in toy.data.attrs))
        tables.append(one.join(measures(one, draws)))
        checks += checks_of(prior, toy)
    tree = xr.DataTree.from_dict(groups)
    tree.attrs = {"fit": name, "scenario": name, "dataset": "teaching", "question": "Is this a toy?", "level": LEVEL}
    tree.attrs |= {"lesson": "It is.", "formula": "y ~ Toy(a, b)", "identified": "By hand." if toy.extras else ""}
    tree.attrs |= {"parameters": json.dumps(list(toy.draws[prior])), "priors": written(toy, str)}
    tree.attrs["distributions"] = written(toy, Distribution.as_json)
    folder = results / name
    folder.mkdir(parents=True)
    tree.to_netcdf(folder / "fit.nc", engine="netcdf4")
    for beside in ("verdict.md", "fit.ipynb"):
        (folder / beside).write_text("made by toys\n")
    columns = ["median", "mcse", "ess_bulk", "ess_tail", "r_hat", "truth", "reference", "source", "distance", "unit"]
    table = pd.concat(tables, ignore_index=True)
    table.reindex(columns=list(dict.fromkeys([*table.columns, *columns, "limit", "reason", "failed"]))).to_csv(
        folder / "comparison.csv", index=False
    )
    record: dict[str, Any] = {
        "fit": name,
        "inputs": "0" * 64,
        "checks": checks,
        "versions": {"numpy": "2"},
        "command": "make toys",
    }
    record |= {"seed": 1, "level": LEVEL, "chains": CHAINS, "draws": DRAWS, "tune": 100, "data_sha256": "1" * 64}
    store.write_json(folder / "checks.json", record)


def values_toy() -> Toy:
    """Two parameters, a proper and a flat prior, a hostile title."""
    rng = np.random.default_rng(1)
    data = xr.Dataset({"y": ("observation", rng.normal(5, 2, 40))}, coords={"observation": np.arange(40)})
    data.attrs = {"title": f"values {EVIL}", "source": "simulated & made up", "seed": 7, "true": 1}

    def draws(scale: float) -> xr.Dataset:
        centre = {"mu": rng.normal(5, 0.3 * scale, (CHAINS, DRAWS)), "sigma": rng.gamma(40, 0.05, (CHAINS, DRAWS))}
        return xr.Dataset({key: (("chain", "draw"), value) for key, value in centre.items()})

    priors = {
        "weak": {"mu": Distribution("Normal", mu=5, sigma=4), "sigma": Distribution("Exponential", lam=0.5)},
        "flat": {"mu": Distribution("Flat"), "sigma": Distribution("HalfFlat")},
    }
    return Toy(data, "y", priors, {"weak": draws(1), "flat": draws(2)})


def separated_toy() -> Toy:
    """A binary outcome whose MLE does not exist, with a hostile name of a predictor."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(30, 2))
    y = (x[:, 0] > 0).astype(int)
    data = xr.Dataset(
        {"x": (("observation", "predictor"), x), "y": ("observation", y)},
        coords={"predictor": [EVIL, "x2"], "observation": np.arange(30)},
        attrs={"title": "separated", "source": "made up"},
    )
    beta = xr.DataArray(rng.normal([3, 0], 1, (CHAINS, DRAWS, 2)), dims=("chain", "draw", "predictor"))
    draws = xr.Dataset({"beta": beta}, coords={"predictor": [EVIL, "x2"]})
    return Toy(
        data,
        "y",
        {"normal": {"beta": Distribution("Normal", mu=0, sigma=[2.5, 2.5])}},
        {"normal": draws},
        missing=REASON,
    )


def blend_toy() -> Toy:
    """A mixture in two dimensions with all optional extras."""
    rng = np.random.default_rng(3)
    n, k = 60, 3
    y = rng.normal(size=(n, 2)) + 4 * (np.arange(n) % 2)[:, None]
    coords = {"component": ["1", "2", "3"], "feature": ["y1", "y2"], "pair": ["y1~y2"]}
    data = xr.Dataset({"y": (("observation", "feature"), y)}, coords={**coords, "observation": np.arange(n)})
    data.attrs = {"title": "blend", "source": "made up"}
    lead = ("chain", "draw", "component")
    draws = xr.Dataset(
        {
            "weight": (lead, rng.dirichlet([20] * k, (CHAINS, DRAWS))),
            "mu": ((*lead, "feature"), rng.normal(0, 0.2, (CHAINS, DRAWS, k, 2)) + np.arange(k)[:, None]),
            "sigma": ((*lead, "feature"), rng.gamma(50, 0.02, (CHAINS, DRAWS, k, 2))),
            "rho": ((*lead, "pair"), rng.uniform(-0.5, 0.5, (CHAINS, DRAWS, k, 1))),
        },
        coords=coords,
    )
    share = rng.dirichlet([0.3] * k, (3, n))
    extras = xr.Dataset(
        {
            "responsibility": (("reading", "observation", "component"), share),
            "tail": (("reading", "observation"), rng.uniform(size=(3, n))),
            "anomaly": (("reading", "observation"), rng.uniform(size=(3, n)) < 0.03),
            "new_points": (("reading", "new_point", "feature"), rng.normal(size=(3, n, 2))),
            "bic": (("components", "restart"), 900.0 + rng.uniform(0, 50, (4, 5))),
            "bic_type": ("covariance_type", [910.0, 905.5, 990.0]),
            "kmeans": ("observation", np.arange(n) % 3),
        },
        coords={"reading": ["mle", "map", "posterior"], "components": [1, 2, 3, 4], "component": ["1", "2", "3"]},
        attrs={"false_discovery_rate": 0.05},
    ).assign_coords(covariance_type=["full", "tied", "spherical"])
    texts = {
        "weight": Distribution("Dirichlet", a=2),
        "mu": Distribution("Normal", mu=0, sigma=2),
        "sigma": Distribution("LogNormal", mu=0, sigma=0.7),
    }
    return Toy(data, "y", {"weak": texts}, {"weak": draws}, local=LOCAL, extras=extras)


def coin_toy() -> Toy:
    """A single count: leave-one-out and pairs do not apply."""
    rng = np.random.default_rng(4)
    data = xr.Dataset({"heads": ("observation", [3]), "flips": ("observation", [3])}, coords={"observation": [0]})
    data.attrs = {"title": "three heads", "source": "made up"}
    draws = {prior: xr.Dataset({"theta": (("chain", "draw"), rng.beta(5, 2, (CHAINS, DRAWS)))}) for prior in ("a", "b")}
    priors = {prior: {"theta": Distribution("Beta", alpha=2, beta=2)} for prior in draws}
    modes = xr.Dataset(
        {
            "theta": ("on", [0.8, 5 / 7, 0.75, 5 / 7]),  # of Beta(5, 2) on these scales
            "lower": ("on", [0.45, 0.33, 0.36, 0.33]),
            "upper": ("on", [1.15, 0.93, 0.98, 0.93]),
            "reason": ("on", ["", "", "", ""]),
        },
        coords={"on": ["declared", "logit", "arcsine", "unconstrained"]},
        attrs={"parameter": "theta", "level": LEVEL},
    )
    return Toy(data, "heads", priors, draws, modes=modes)


TOYS: dict[str, Callable[[], Toy]] = {
    "values": values_toy,
    "separated": separated_toy,
    "blend": blend_toy,
    "coin": coin_toy,
}


def soup(home: Path, name: str) -> BeautifulSoup:
    return BeautifulSoup((home / "site" / f"{name}.html").read_text(encoding="utf-8"), "html5lib")


def text(node: Any) -> str:
    return re.sub(r"\s+", " ", node.get_text(" "))
