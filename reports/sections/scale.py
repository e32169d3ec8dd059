"""Change the scale: the same posterior on other scales of one parameter; what stays there, and what moves."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import xarray as xr
from scipy.stats import norm

from comparisons.digits import MISSING, exists, number, percent
from comparisons.rules import SMALL
from comparisons.scales import UNCONSTRAINED
from reports import closed_form
from reports.scales import View, density, doubt, figure, known, shortest, shortest_error
from reports.stored import Array, Fit
from reports.words import error_of, listed

TITLE = "Change the scale: what stays, what moves"


def context(fit: Fit) -> dict[str, Any] | None:
    """The first parameter that has other scales, under the default prior; None if there is none."""
    prior = fit.default
    modes = fit.dataset(prior, "modes")
    if modes is None:
        return None
    name = str(modes.attrs["parameter"])
    label = label_of(fit, prior, name)
    median = fit.value(prior, label, "posterior", "median")
    if not exists(median):
        return None  # a posterior that cannot be normalised has no scale to be read on
    single, exact = len(fit.labels) == 1, closed_form.known(fit, prior)
    draws = fit.draws(prior)[label].values if exact is None else exact.values()[None]
    curve = density(fit, prior, label, draws.ravel(), modes)
    # A Beta has all moments on its scales.
    reason = fit.reason(prior, label, "posterior") if exact is None else None
    seen = views(modes, name, label, draws, curve, fit.level, reason)
    draws, median = draws.ravel(), median if exact is None else exact.quantile(0.5)
    at = {
        "MLE": fit.value(prior, label, "mle"),
        "MAP": fit.value(prior, label, "map"),
        "median": median,
    }
    sd, error = fit.value(prior, label, "posterior", "sd"), error_of(fit, prior, label, "posterior")
    sd = sd if exists(sd) else float(np.std(draws))
    error = error if exists(error) else sd / 30
    errors = (error, 3 * error) if exact is None else (exact.error, exact.error)
    everywhere = float(modes[name].sel(on=UNCONSTRAINED).values.ravel()[0])
    return {
        "prior": prior,
        "label": label,
        "name": name,
        "other": seen[1].text,
        "several": not single,
        "level": percent(fit.level),
        "figure": figure(fit, prior, label, seen, at, draws, curve, (sd / 100, errors[1])),
        "head": head(label, fit.level),
        "rows": rows(seen, draws, median, fit.level, sd / 100, errors),
        "sentence": sentence(label, median, {view.text: view.mode for view in seen}, sd, errors[1]),
        "missing": missing(seen),
        "refused": listed(fit.failed(prior, label, "posterior")) if fit.failed(prior, label, "posterior") else "",
        "unconstrained": unconstrained(label, everywhere, at["MAP"], sd, single),
        "bell": bell(label, seen, fit, prior),
    }


def label_of(fit: Fit, prior: str, name: str) -> str:
    """Label of the first element of a parameter."""
    posterior, at = fit.tree[prior]["posterior"].to_dataset(), 0
    for one in json.loads(fit.text("parameters")):
        if one == name:
            break
        at += int(posterior[one].isel(chain=0, draw=0).size) if one in posterior else 0
    return fit.labels[at]


def views(
    modes: xr.Dataset, name: str, label: str, draws: Array, curve: tuple[Array, Array], level: float, reason: str | None
) -> list[View]:
    """The first element of a parameter on all its scales, from its draws, (chain, draw), and what moments it lacks.

    Of a posterior in closed form the reason is None: all means exist.
    """
    found = []
    for on in (str(one) for one in modes["on"].values if one != UNCONSTRAINED):
        one, scale = modes.sel(on=on), known()[on]
        why = "" if reason is None else doubt(scale, draws, reason)
        laplace = float(one["lower"].values.ravel()[0]), float(one["upper"].values.ravel()[0])
        found.append(
            View(
                scale=scale,
                text=scale.text.format(label),
                mode=float(one[name].values.ravel()[0]),
                mean=np.nan if why else float(scale.backward(np.asarray(scale.forward(draws).mean()))),
                reason=str(one["reason"].values),
                doubt=why,
                laplace=laplace,
                shortest=shortest(*curve, scale, level),
                error=0.0 if reason is None else shortest_error(draws, scale, level),
            )
        )
    return found


def head(label: str, level: float) -> list[str]:
    """Heads of the table: everything in it is mapped back to the declared scale."""
    kind = percent(level)
    return [
        f"scale ({label}: declared)", "mode there", "posterior below that mode", "mean there", "median",
        f"{kind} equal-tailed", f"{kind} shortest (HDI) there", f"{kind} Laplace there",
    ]  # fmt: skip


def rows(
    seen: list[View], draws: Array, median: float, level: float, fine: float, errors: tuple[float, float]
) -> list[list[str]]:
    """One row per scale: everything that was computed there, mapped back; with the errors of means and of quantiles."""
    shares = ((1 - level) / 2, (1 + level) / 2)
    result = []
    for view in seen:
        scale = view.scale
        there = scale.forward(draws)
        ends = np.sort(scale.backward(np.quantile(there, shares)))
        below = float(np.mean(draws < view.mode))
        result.append(
            [
                view.text,
                number(view.mode, fine),
                percent(round(below, 2)) if exists(view.mode) else MISSING,
                number(view.mean, errors[0]),
                number(median, errors[1]),
                _interval(ends, errors[1]),
                _interval(view.shortest, max(errors[1], view.error)),
                _interval(view.laplace, fine),
            ]
        )
    return result


def _interval(ends: Any, error: float) -> str:
    low, high = (float(end) for end in ends)
    if np.isnan(low) or np.isnan(high):
        return MISSING
    return f"{number(low, error)} to {'∞' if np.isinf(high) else number(high, error)}"


def sentence(label: str, median: float, modes: dict[str, float], sd: float, error: float) -> str:
    """What the change of the scale does to the mode, and does not do to the median.

    Parameters
    ----------
    label : str
    median : float
    modes : dict of str to float
        By scale, mapped back; NaN where there is none.
    sd, error : float
        Of the posterior, and of the median.
    """
    stays = f"The median is {number(median, error)} on every scale, since half of the posterior stays below it."
    known = {text: value for text, value in modes.items() if exists(value)}
    if len(known) < 2:
        return f"{stays} There are fewer than two scales on which {label} has a mode to compare."
    low, high = min(known, key=lambda text: known[text]), max(known, key=lambda text: known[text])
    moved = (known[high] - known[low]) / sd
    ends = f"from {number(known[low], sd / 100)} on the scale {low} to {number(known[high], sd / 100)} on {high}"
    if moved == 0:
        return f"{stays} So is the mode here, {number(known[low], sd / 100)}: as rarely happens, no scale moves it."
    if moved < SMALL:
        return (
            f"{stays} The mode moves too, {ends}, but by less than {SMALL:g} posterior standard deviations: "
            "with data as informative as these, the scale hardly matters."
        )
    return f"{stays} The mode moves {ends}, by {moved:.2g} posterior standard deviations."


def missing(seen: list[View]) -> str:
    """Why there is no mode, or no mean, on some scales."""
    said = []
    for what, reasons in (("mode", [view.reason for view in seen]), ("mean", [view.doubt for view in seen])):
        found = [f"on {view.text}: {reason}" for view, reason in zip(seen, reasons, strict=True) if reason]
        said += [f"Of the {what} {'; '.join(found)}."] if found else []
    return " ".join(said)


def unconstrained(label: str, mode: float, declared: float, sd: float, single: bool) -> str:
    """Where programs that maximise on the unconstrained scale would put the mode."""
    what = "" if single else ", where all parameters are transformed at once"
    lead = f"On the unconstrained scale of the sampler{what}, the mode"
    if not exists(mode):
        return f"{lead} does not exist."
    there = f"{lead} maps back to {label} = {number(mode, sd / 100)}"
    if not exists(declared):
        return f"{there}; on the declared scale there is none."
    gap = abs(mode - declared) / sd
    apart = (
        f"{gap:.2g} posterior standard deviations" if gap >= 0.005 else "less than 0.005 posterior standard deviations"
    )
    return f"{there}, {apart} from the MAP of this page, {number(declared, sd / 100)}."


def bell(label: str, seen: list[View], fit: Fit, prior: str) -> str:
    """The third Laplace approximation: at the declared mode, with the curvature of the unconstrained scale."""
    mode, sd = fit.value(prior, label, "map"), fit.value(prior, label, "map", "sd")
    scale = next((view for view in seen if view.scale.power == 1), None)
    if scale is None or not (exists(mode) and exists(sd)):
        return ""
    reach = float(norm.ppf((1 + fit.level) / 2)) * sd * float(scale.scale.slope(np.asarray(mode)))
    ends = scale.scale.backward(scale.scale.forward(np.asarray(mode)) + np.array([-reach, reach]))
    return (
        f"A third kind is in use: a Normal on {scale.text} around the declared mode, {number(mode, sd / 100)}, without "
        f"Jacobian; its {percent(fit.level)} interval is {_interval(ends, sd / 100)}."
    )
