"""The reading guide: its planted faults are what they are said to be, and its page is the same at every build."""

from __future__ import annotations

from pathlib import Path

import arviz as az
import html5lib
import numpy as np
import pytest
from scipy import stats

from comparisons.checks import R_HAT
from reports import digests, guide, planted
from tests.toys import soup


def test_chains_are_healthy_or_faulty_as_named() -> None:
    chains = planted.chains(np.random.default_rng(planted.SEED))
    assert az.rhat(chains["healthy"]) < R_HAT
    for name in ("slow", "stuck", "shifted"):
        assert az.rhat(chains[name]) > R_HAT, name
    assert np.all(np.diff(chains["stuck"][-1, planted.STUCK]) == 0)


def test_slow_chains_remember_as_they_should() -> None:
    slow = planted.chains(np.random.default_rng(planted.SEED))["slow"]
    lagged = np.corrcoef(slow[:, :-1].ravel(), slow[:, 1:].ravel())[0, 1]
    assert lagged == pytest.approx(0.97, abs=0.02)


def test_the_funnel_lacks_its_neck_and_r_hat_does_not_see_it() -> None:
    draws, diverging = planted.funnel(np.random.default_rng(planted.SEED))
    reached, free = draws["log scale"], draws["log scale, free"]
    assert reached.min() > planted.REACHED - 0.5
    assert free.min() < planted.REACHED - 1
    assert diverging.any()
    assert reached[diverging].max() < np.quantile(reached, 0.5)
    assert az.rhat(reached) < R_HAT
    assert reached.mean() - free.mean() > 0.1


def test_places_are_uniform_or_not_as_named() -> None:
    places = planted.places(np.random.default_rng(planted.SEED))
    p = {name: stats.kstest(value, "uniform").pvalue for name, value in places.items()}
    assert p["calibrated"] > 0.05
    assert all(p[name] < 1e-4 for name in p if name != "calibrated")
    variance = {name: float(np.var(value)) for name, value in places.items()}
    assert variance["too wide"] < variance["calibrated"] < variance["too narrow"]
    assert places["too low"].mean() > 0.5


def test_predictions_differ_in_shape_only() -> None:
    trees = planted.predictive(np.random.default_rng(planted.SEED))
    good, bad = (tree["posterior_predictive"].to_dataset()["y"].values for tree in trees.values())
    assert good.mean() == pytest.approx(bad.mean(), abs=0.1)
    assert good.std() == pytest.approx(bad.std(), abs=0.1)
    assert stats.skew(good.ravel()) == pytest.approx(2 / np.sqrt(2), abs=0.2)
    assert stats.skew(bad.ravel()) == pytest.approx(0, abs=0.1)
    assert good.min() > 0 > bad.min()


def test_the_page_is_valid_and_the_same_bytes_again(home: Path) -> None:
    written = (home / "site" / "reading.html").read_text(encoding="utf-8")
    assert written == guide.render(digests.guide_digest())
    html5lib.HTMLParser(strict=True).parse(written)
    page = soup(home, "reading")
    assert len(page.select("main section")) == 7
    assert all(len(str(image["alt"])) > 20 for image in page.select("img"))
    assert all(figure.select_one("figcaption") for figure in page.select("figure"))


def test_it_is_not_drawn_anew_for_other_code(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = digests.guide_digest()
    monkeypatch.setattr(digests, "code_digest", lambda: "1" * 64)
    assert digests.guide_digest() == before
    monkeypatch.setattr(digests, "GUIDE", (*digests.GUIDE, "words.py"))
    assert digests.guide_digest() != before
