"""Pages built from small results made with NumPy: no fit is run here, and PyMC is never imported by a page."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import html5lib
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from bs4 import BeautifulSoup

from comparisons import store
from comparisons.digits import count, number, percent, significant
from models.contract import Distribution
from reports import __main__ as command
from reports import pipeline
from reports.index import shade
from reports.words import listed, plural

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
    rows, checks = [], []
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
        if toy.extras is not None:
            groups[f"/{prior}/extras"] = toy.extras
        rows += rows_of(name, prior, toy, truth="true" in toy.data.attrs)
        checks += checks_of(prior, toy)
    tree = xr.DataTree.from_dict(groups)
    tree.attrs = {"fit": name, "scenario": name, "dataset": "teaching", "question": "Is this a toy?", "level": LEVEL}
    tree.attrs |= {"lesson": "It is.", "formula": "y ~ Toy(a, b)", "identified": "By hand." if toy.extras else ""}
    tree.attrs |= {"parameters": json.dumps(list(toy.draws[prior])), "priors": written(toy, str)}
    tree.attrs["distributions"] = written(toy, Distribution.as_json)
    folder = results / name
    folder.mkdir(parents=True)
    tree.to_netcdf(folder / "fit.nc", engine="netcdf4")
    columns = ["median", "mcse", "ess_bulk", "ess_tail", "r_hat", "truth", "reference", "source", "distance", "unit"]
    table = pd.DataFrame(rows)
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
    return Toy(data, "heads", {prior: {"theta": Distribution("Beta", alpha=2, beta=2)} for prior in draws}, draws)


TOYS: dict[str, Callable[[], Toy]] = {
    "values": values_toy,
    "separated": separated_toy,
    "blend": blend_toy,
    "coin": coin_toy,
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the toys' results and their site."""
    home = tmp_path_factory.mktemp("home")
    for name, make in TOYS.items():
        write_fit(home / "results", name, make())
    pipeline.build([], 1, list(TOYS), home / "results", home / "site")
    return home


def soup(home: Path, name: str) -> BeautifulSoup:
    return BeautifulSoup((home / "site" / f"{name}.html").read_text(encoding="utf-8"), "html5lib")


def text(node: Any) -> str:
    return re.sub(r"\s+", " ", node.get_text(" "))


PAGES = [*TOYS, "index"]


@pytest.mark.parametrize("name", TOYS)
def test_every_row_of_the_table_is_on_the_page(home: Path, name: str) -> None:
    table = pd.read_csv(home / "results" / name / "comparison.csv")
    shown = soup(home, name).select("table.comparison tbody tr")
    assert len(shown) == len(table)
    for row, found in zip(table.to_dict("records"), shown, strict=True):
        sd = table.query("prior == @row['prior'] and parameter == @row['parameter'] and reading == 'posterior'")
        error = row["mcse"] if row["reading"] == "posterior" else float(sd["sd"].iloc[0]) / 100
        cells = [cell.get_text() for cell in found.select("td")]
        assert cells[0] == number(row["estimate"], error)
        heading = found.select_one("[scope=rowgroup]") or found.find_previous(attrs={"scope": "rowgroup"})
        assert heading is not None
        assert heading.get_text() == row["parameter"]


@pytest.mark.parametrize("name", PAGES)
def test_links_resolve_and_nothing_comes_from_the_network(home: Path, name: str) -> None:
    page = soup(home, name)
    ids = [tag["id"] for tag in page.select("[id]")]
    assert len(ids) == len(set(ids))
    assert not page.select("script, link, iframe")
    for tag in page.select("[href], [src]"):
        address = str(tag.get("href") or tag.get("src"))
        if address.startswith("data:"):
            continue
        parts = urlsplit(address)
        assert not parts.scheme
        if parts.path:
            assert (home / "site" / unquote(parts.path)).resolve().is_file(), address
        else:
            assert parts.fragment in ids


@pytest.mark.parametrize("name", PAGES)
def test_html_is_valid_and_accessible(home: Path, name: str) -> None:
    raw = (home / "site" / f"{name}.html").read_text(encoding="utf-8")
    html5lib.HTMLParser(strict=True).parse(raw)
    page = soup(home, name)
    assert len(page.select("h1")) == 1
    levels = [int(tag.name[1]) for tag in page.select("h1, h2, h3, h4")]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all(len(str(image.get("alt", ""))) > 20 for image in page.select("img"))
    assert all(figure.select_one("figcaption") for figure in page.select("figure"))
    assert all(table.select_one("caption") and table.select("th[scope]") for table in page.select("table"))
    for region in page.select(".scroll"):
        assert region["tabindex"] == "0"
    assert page.html is not None
    assert page.html["lang"] == "en"
    assert len(raw) < 1_500_000


@pytest.mark.parametrize("name", PAGES)
def test_no_page_says_nan(home: Path, name: str) -> None:
    page = soup(home, name)
    said = [text(page), *(str(image["alt"]) for image in page.select("img"))]
    for image in page.select("img[src^='data:image/svg']"):
        drawing = base64.b64decode(str(image["src"]).partition(",")[2]).decode()
        said.append(" ".join(ElementTree.fromstring(drawing).itertext()))
    assert not [part for part in said if re.search(r"\b(nan|inf|None)\b", part)]


@pytest.mark.parametrize("name", ["values", "separated"])
def test_names_from_data_are_data(home: Path, name: str) -> None:
    raw = (home / "site" / f"{name}.html").read_text(encoding="utf-8")
    assert "<script" not in raw
    assert EVIL in text(soup(home, name))
    assert "<script" not in (home / "site" / "index.html").read_text(encoding="utf-8")


def test_a_missing_maximum_says_why(home: Path) -> None:
    rows = [row for row in soup(home, "separated").select("table.comparison tbody tr") if "MLE" in text(row)]
    assert len(rows) == 2
    for row in rows:
        assert row.select("td")[0].get_text() == "—"
        assert REASON in text(row)
    assert REASON in text(soup(home, "index").select("table.matrix")[0])


def test_a_local_maximum_is_called_one(home: Path) -> None:
    page = soup(home, "blend")
    rows = [row for row in page.select("table.comparison tbody tr") if "MLE" in text(row)]
    assert rows
    assert all("largest local maximum" in text(row) and "do not read" in text(row) for row in rows)
    assert LOCAL in text(page.select(".warning")[0])
    assert "local maximum" in text(soup(home, "index").select("table.matrix")[0])


def test_mixture_extras(home: Path) -> None:
    found = text(soup(home, "blend").select("#groups")[0])
    for words in ("moves the membership", "false discovery", "New data", "BIC", "spherical", "k-means 0", "By hand."):
        assert words in found


def test_planted_failure_is_seen_everywhere(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "results", tmp_path / "results")
    place = tmp_path / "results" / "coin"
    record = store.read_json(place / "checks.json")
    record["checks"][-1] |= {"passed": False, "detail": "worst 1.3, allowed 1.01", "parameters": ["theta"]}
    store.write_json(place / "checks.json", record)
    pipeline.build(["coin"], 1, ["coin"], tmp_path / "results", tmp_path / "site")
    page, index = soup(tmp_path, "coin"), soup(tmp_path, "index")
    refused = page.select("table.comparison tr.refused")
    assert len(refused) == 1
    assert "do not read" in text(refused[0])
    assert "worst 1.3" in text(page.select(".warning")[0])
    assert "1 of 6 checks failed" in text(page.select("#checks")[0])
    first = page.select("table.checks")[0]
    assert "failed" in text(first.select("tbody tr")[0])
    assert "1 of 6 checks failed" in text(index)
    assert "do not read" in text(index.select("table.matrix")[0])


def test_second_build_does_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.stat().st_mtime_ns for path in (home / "site").rglob("*") if path.is_file()}
    index = pipeline.build([], 1, list(TOYS), home / "results", home / "site")
    assert index == home / "site" / "index.html"
    assert f"pages: all {len(TOYS)} up to date" in capsys.readouterr().out
    assert before == {path: path.stat().st_mtime_ns for path in (home / "site").rglob("*") if path.is_file()}


def test_nothing_slow_is_imported_for_nothing(home: Path) -> None:
    slow = {"arviz", "matplotlib", "xarray", "pandas", "jinja2", "pymc", "scipy"}
    modules = run(home, home / "site")
    assert not slow & modules


def test_a_change_of_a_template_makes_pages_stale(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "reports"
    shutil.copytree(pipeline.HERE / "templates", copy / "templates")
    monkeypatch.setattr(pipeline, "HERE", copy)
    before = pipeline.code_digest()
    template = copy / "templates" / "page.html.j2"
    template.write_text(template.read_text(encoding="utf-8") + " ", encoding="utf-8")
    after = pipeline.code_digest()
    assert before != after
    folder = home / "results" / "coin"
    assert pipeline.page_digest(folder, before) != pipeline.page_digest(folder, after)


def test_only_the_page_asked_for_is_built_but_all_are_listed(home: Path, tmp_path: Path) -> None:
    pipeline.build(["coin"], 1, ["coin", "values"], home / "results", tmp_path / "site")
    assert (tmp_path / "site" / "coin.html").is_file()
    assert not (tmp_path / "site" / "values.html").exists()
    assert "without a page yet: values" in text(soup(tmp_path, "index"))


def run(home: Path, site: Path) -> set[str]:
    """Build in a process of its own and return the modules it imported."""
    code = (
        "import sys; from pathlib import Path; from reports.pipeline import build;"
        f"build([], 1, {list(TOYS)!r}, Path({str(home / 'results')!r}), Path({str(site)!r}));"
        "print('MODULES', *sorted(set(name.partition('.')[0] for name in sys.modules) | set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "12345"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return set(done.stdout.rpartition("MODULES")[2].split())


def test_rebuilt_pages_are_the_same_bytes_and_pymc_is_not_imported(home: Path) -> None:
    modules = run(home, home / "again")
    assert "arviz" in modules
    assert not {"pymc", "nutpie", "numba", "pytensor", "comparisons.fit", "comparisons.points"} & modules
    for path in sorted((home / "site").rglob("*")):
        if path.is_file():
            assert path.read_bytes() == (home / "again" / path.relative_to(home / "site")).read_bytes(), path.name


def test_bad_input_is_one_clear_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["no-such-fit"]) == 2
    said = capsys.readouterr().err
    assert "no-such-fit" in said
    assert said.count("\n") == 1
    with pytest.raises(pipeline.NoResults, match="no results yet"):
        pipeline.build(["other"], 1, ["other"], home / "results", home / "site")


def test_incomplete_results_are_not_listed(tmp_path: Path) -> None:
    (tmp_path / "coin").mkdir()
    (tmp_path / "coin" / "fit.nc").write_bytes(b"")
    assert not pipeline.is_complete(tmp_path / "coin")


@pytest.mark.parametrize(
    ("value", "error", "expected"),
    [
        (-0.25474, 0.0021, "-0.255"),
        (152.1335, 0.03, "152.13"),
        (1234.5, 40, "1230"),
        (0.64423, None, "0.6442"),
        (-0.0001, 0.01, "0.00"),
        (float("nan"), 0.1, "—"),
        (float("inf"), 0.1, "—"),
        (None, 0.1, "—"),
        (3.0, 0.0, "3.000"),
        (0.0, 0.001, "0"),
        (5e-30, 1e-33, "5.00000000000e-30"),
    ],
)
def test_digits_follow_the_error(value: float | None, error: float | None, expected: str) -> None:
    assert number(value, error) == expected


def test_small_formats() -> None:
    assert significant(0.99999, 2) == "1.0"
    assert significant(float("nan")) == "—"
    assert count(1999.9) == "1,999"
    assert percent(0.95) == "95 %"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(list("abcdefgh"), 3) == "a, b and 6 more"
    assert plural(1, "point") == "1 point"
    assert plural(1000, "point") == "1,000 points"
    assert [shade(gap) for gap in (None, 0.05, 0.2, 0.5, 2, 9)] == [0, 0, 1, 2, 3, 4]
