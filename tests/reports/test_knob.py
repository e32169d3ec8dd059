"""Knobs: what is drawn is what was stored, and a sentence never says what its numbers do not."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from reports import swept, swept_words
from reports.sections import knob
from reports.stored import Fit
from reports.swept_words import World
from tests.toys import blend_toy, coin_toy, values_toy, write_fit

STRENGTHS = np.logspace(-2, 2, 5)
number = st.floats(-1e3, 1e3).filter(lambda value: value == 0 or abs(value) > 1e-3)
maybe = st.one_of(number, st.just(math.nan))
spread = st.floats(1e-2, 1e2)


@st.composite
def sweep_worlds(draw: Any) -> list[World]:
    settings = sorted(draw(st.sets(st.floats(0.01, 1000), min_size=2, max_size=6)))
    same = draw(st.one_of(st.none(), maybe))
    return [
        World(
            setting,
            draw(maybe) if same is None else same,
            draw(maybe),
            draw(number),
            draw(spread),
            draw(st.floats(1e-4, 1e-2)),
            draw(st.booleans()),
        )
        for setting in settings
    ]


@given(sweep_worlds())
def test_a_sentence_on_strength_says_what_the_ends_do(worlds: list[World]) -> None:
    said = swept_words.prior_sentence("theta", "weak", worlds)
    assert "nan" not in said
    good = [world for world in worlds if not world.failed]
    if len(good) < 2:
        assert "do not read" in said
        return
    first, last = good[0], good[-1]
    assert f"from {first.setting:.3g} to {last.setting:.3g} times" in said
    for name, before, after in (("MAP", first.map, last.map), ("posterior mean", first.mean, last.mean)):
        if not (math.isfinite(before) and math.isfinite(after)):
            assert f"the {name} does not exist" in said
        elif f"the {name} rises" in said:
            assert after > before
        elif f"the {name} falls" in said:
            assert after < before
        else:
            assert f"the {name} stays" in said
    values = [world.mle for world in worlds]
    known = [value for value in values if math.isfinite(value)]
    assert ("MLE does not exist" in said) == (not known)
    if "the MLE stays" in said:
        assert len(known) == len(values)
        assert max(known) - min(known) <= swept_words.STILL * max(world.sd for world in good)


@given(sweep_worlds())
def test_a_sentence_on_size_says_how_the_spread_falls(worlds: list[World]) -> None:
    said = swept_words.size_sentence("theta", worlds)
    assert "nan" not in said
    good = [world for world in worlds if not world.failed]
    if len(good) < 2:
        assert "nothing can be said" in said
        return
    first, last = good[0], good[-1]
    against = (first.sd / last.sd) / math.sqrt(last.setting / first.setting)
    assert ("does not fall" in said) == (last.sd >= first.sd)
    if "about as" in said:
        assert 0.8 <= against <= 1.25
    if "faster than" in said:
        assert against > 1
    if "more slowly" in said:
        assert against < 1
    both = all(math.isfinite(value) for world in (first, last) for value in (world.map, world.mle))
    assert ("do not both exist" in said) == (not both)


def test_noise_of_a_posterior_mean_is_no_movement() -> None:
    """Coin flips: the exact mean falls by 4.4e-6 (beta priors), and draws said that it rises."""
    noisy = [World(s, 0.5077, 0.5077, mean, 0.0018, 1.7e-5) for s, mean in ((0.01, 0.50770), (100.0, 0.50774))]
    assert "the posterior mean stays within its error" in swept_words.prior_sentence("theta", "weak", noisy)
    real = [World(s, 0.5077, 0.5077, mean, 0.0018, 1.7e-5) for s, mean in ((0.01, 0.50770), (100.0, 0.50780))]
    assert "the posterior mean rises" in swept_words.prior_sentence("theta", "weak", real)


def test_noise_of_a_spread_is_no_movement() -> None:
    # At 400 effective draws the error of an sd is 3.5 %, of a ratio of two 5 %.
    spreads = [World(n, 0.0, 0.0, 0.0, sd, sd / 20) for n, sd in ((10.0, 1.1), (20.0, 1.0))]
    assert "falls by no more than its error" in swept_words.size_sentence("theta", spreads)
    spreads[1] = World(40.0, 0.0, 0.0, 0.0, 0.5, 0.025)
    assert "falls from" in swept_words.size_sentence("theta", spreads)


def made_sweep(fit: Fit, along: str, settings: np.ndarray, seed: int = 0) -> xr.Dataset:
    """A sweep as `comparisons.sweeps` stores it: the posterior mean moves by one per step."""
    rng = np.random.default_rng(seed)
    labels, worlds = fit.labels, len(settings)
    centre = np.stack([np.arange(worlds) + 0.1 * q for q in range(len(labels))], axis=-1).astype(float)
    draws = centre[:, None, :] + rng.normal(0, 0.3, (worlds, 100, len(labels)))
    estimate = np.stack([np.zeros_like(centre), centre - 0.1, draws.mean(axis=1)], axis=1)
    dims = (along, "reading", "parameter")
    return xr.Dataset(
        {
            "estimate": (dims, estimate),
            "sd": (dims, np.full(estimate.shape, 0.3)),
            "lower": (dims, estimate - 0.6),
            "upper": (dims, estimate + 0.6),
            "draws": ((along, "draw", "parameter"), draws.astype("f4")),
            "ess_bulk": ((along, "parameter"), np.full((worlds, len(labels)), 400.0)),
            "failed": (along, np.zeros(worlds, dtype=bool)),
        },
        coords={along: settings, "parameter": labels, "reading": ["mle", "map", "posterior"]},
        attrs={"level": 0.95, "swept": "mu, theta", "prior": fit.default},
    )


def written(folder: Path, toy: Any, change: Any = None) -> Fit:
    write_fit(folder, "toy", toy)
    fit = Fit(folder / "toy")
    prior = made_sweep(fit, "strength", STRENGTHS).expand_dims(prior=[fit.default])
    size = made_sweep(fit, "n", np.array([3, 10, 40]), 1)
    if change is not None:
        change(prior, size)
    prior.to_netcdf(folder / "toy" / "sweep_prior.nc", engine="netcdf4")
    size.to_netcdf(folder / "toy" / "sweep_n.nc", engine="netcdf4")
    return fit


def test_marks_are_those_of_the_sweep(tmp_path: Path) -> None:
    fit = written(tmp_path, values_toy())
    context = knob.context(fit)
    assert context is not None
    drawn = context["prior"]["chart"]
    spec = json.loads(drawn.spec)
    sweep = fit.sweep("sweep_prior")
    assert sweep is not None
    marks = spec["datasets"]["marks"]
    assert len(marks) == len(STRENGTHS) * 3 * len(fit.labels)
    for mark in marks:
        one = sweep.isel(prior=mark["kind"], strength=mark["step"]).sel(
            parameter=mark["label"], reading=mark["reading"]
        )
        assert mark["x"] == pytest.approx(float(one["estimate"]), rel=1e-4, abs=1e-6)
    assert {curve["step"] for curve in spec["datasets"]["curves"]} == set(range(len(STRENGTHS)))
    assert len(drawn.stills) == 3
    assert "the MLE stays at 0" in context["prior"]["sentences"][0]


def test_many_parameters_share_a_forest_of_their_variable(tmp_path: Path) -> None:
    fit = written(tmp_path, blend_toy())
    context = knob.context(fit)
    assert context is not None
    names = [part.name for part in swept.parts(fit, fit.labels)]
    assert names == ["weight", "mu, y1", "mu, y2", "sigma, y1", "sigma, y2", "rho, y1~y2"]
    members = [member for part in swept.parts(fit, fit.labels) for member in part.members]
    assert sorted(members) == list(range(len(fit.labels)))
    for part in swept.parts(fit, fit.labels):
        assert all(fit.labels[member].startswith(part.name.split(",")[0]) for member in part.members)
    assert "curves" not in json.loads(context["prior"]["chart"].spec)["datasets"]


def test_what_failed_or_does_not_exist_says_so(tmp_path: Path) -> None:
    def change(prior: xr.Dataset, size: xr.Dataset) -> None:
        prior["failed"][0, 0] = True
        prior["estimate"][0, :, 0] = np.nan
        size["lower"][0, 0] = np.nan
        size["estimate"][2, 0] = 1e6

    fit = written(tmp_path, coin_toy(), change)
    context = knob.context(fit)
    assert context is not None
    prior, size = context["prior"]["chart"], context["size"]["chart"]
    marks = json.loads(prior.spec)["datasets"]["marks"]
    notes = {(mark["step"], mark["reading"]): mark["note"] for mark in marks}
    assert notes[0, "posterior"] == swept.DO_NOT_READ
    assert notes[1, "posterior"] == ""
    assert all(notes[step, "mle"] == "does not exist" for step in range(len(STRENGTHS)))
    assert all(curve["step"] != 0 for curve in json.loads(prior.spec)["datasets"]["curves"])
    assert swept.DO_NOT_READ in prior.stills[0][1]
    assert swept.DO_NOT_READ not in prior.stills[1][1]
    assert "MLE does not exist" in context["prior"]["sentences"][0]
    notes = {(mark["step"], mark["reading"]): mark["note"] for mark in json.loads(size.spec)["datasets"]["marks"]}
    assert notes[0, "mle"] == "no interval"
    assert notes[2, "mle"] == "lies further right: 1000000"


def test_without_sweeps_there_is_no_section(tmp_path: Path) -> None:
    write_fit(tmp_path, "toy", values_toy())
    assert knob.context(Fit(tmp_path / "toy")) is None
