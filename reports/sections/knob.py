"""One knob: the same data under a prior from weak to strong, and more and more of the data."""

from __future__ import annotations

from typing import Any

import xarray as xr

from reports import closed_form, swept, swept_words
from reports.charts import Knob
from reports.stored import Fit
from reports.words import is_local

TITLE = "One knob"


def context(fit: Fit) -> dict[str, Any] | None:
    """A figure and a sentence per sweep; None for own data, which are not swept."""
    found = {"prior": prior_strength(fit), "size": sample_size(fit)}
    return found if any(found.values()) else None


def prior_strength(fit: Fit) -> dict[str, Any] | None:
    """The same data under one prior of each kind, from weak to strong."""
    sweep = fit.sweep("sweep_prior")
    if sweep is None:
        return None
    sweep = closed_form.swept(fit, sweep, "strength")
    strengths = [float(strength) for strength in sweep["strength"].values]
    knob = Knob(
        "step",
        "prior counts",
        ["once" if one == 1 else swept_words.times(one) for one in strengths],
        len(strengths) // 2,
    )
    drawn = swept.figure(
        fit,
        sweep,
        "knob-prior",
        "strength",
        knob,
        f"The same data under priors from {strengths[0]:.3g} to {swept_words.times(strengths[-1])} as strong",
        "Turn the prior up: MAP and posterior go where it pulls, the MLE stays where it is.",
    )
    label = _said(fit, sweep)
    sentences = [
        swept_words.prior_sentence(
            label,
            str(prior),
            swept_words.worlds(sweep.sel(prior=prior, parameter=label), "strength"),
            is_local(fit, fit.default, label),
        )
        for prior in sweep["prior"].values
    ]
    return {"chart": drawn, "sentences": sentences, "swept": str(sweep.attrs["swept"])}


def sample_size(fit: Fit) -> dict[str, Any] | None:
    """More and more of the rows; None where there is only one."""
    sweep = fit.sweep("sweep_n")
    if sweep is None or sweep.sizes["n"] < 2:
        return None
    sweep = sweep.expand_dims(prior=[str(sweep.attrs["prior"])])
    sweep = closed_form.swept(fit, sweep, "n")
    sizes = [int(n) for n in sweep["n"].values]
    knob = Knob("step", "n =", [f"{n:,}" for n in sizes], 0)
    drawn = swept.figure(
        fit,
        sweep,
        "knob-n",
        "n",
        knob,
        f"The first {sizes[0]:,} to {sizes[-1]:,} rows, in a random order",
        "Add rows: the posterior narrows, and in the end the three readings come together where the model is regular.",
    )
    label = _said(fit, sweep)
    one = sweep.isel(prior=0).sel(parameter=label)
    return {"chart": drawn, "sentences": [swept_words.size_sentence(label, swept_words.worlds(one, "n"))]}


def _said(fit: Fit, sweep: xr.Dataset) -> str:
    """The parameter that the sentences are about: of the part shown first, the one that moves farthest."""
    labels = [str(label) for label in sweep["parameter"].values]
    chosen = swept.parts(fit, labels)
    members = chosen[swept.farthest(sweep, chosen)].members
    alone = [swept.Part(labels[member], [member]) for member in members]
    return alone[swept.farthest(sweep, alone)].name
