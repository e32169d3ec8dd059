"""How many components: leave-one-out prediction with other numbers of them, beside that of the fit."""

from __future__ import annotations

import altair as alt
import arviz as az
import numpy as np

from comparisons.digits import number, significant
from comparisons.rules import LOSS
from reports import charts
from reports.charts import COLOURS, QUIET, Chart
from reports.components import Table
from reports.groups import extras, log_likelihoods
from reports.rivals import ERRORS, total
from reports.stored import Fit
from reports.words import listed, plural


def by_number(fit: Fit) -> tuple[Chart, Table, list[str]] | None:
    """Leave-one-out prediction with other numbers of components beside this fit's; None if it was not made."""
    sweep, own = fit.sweep("sweep_k"), fit.dataset(fit.default, "prediction")
    if sweep is None or own is None:
        return None
    mine = own["elpd"].sel(reading="posterior").values
    if mine.shape != (sweep.sizes["observation"],) or not np.isfinite(mine).all():
        return None
    used = fit.data.sizes["component"]
    elpd = {used: mine} | {int(k): sweep["elpd"].sel(components=k).values for k in sweep["components"].values}
    bad = {used: int(np.sum(~(own["khat"].values <= float(own.attrs["good_k"]))))}
    bad |= {
        int(k): int((~(sweep["khat"].sel(components=k) <= sweep.attrs["good_k"])).sum())
        for k in sweep["components"].values
    }
    chains = log_likelihoods(fit)
    r_hat = {int(k): float(sweep["r_hat"].sel(components=k)) for k in sweep["components"].values}
    if chains is not None:
        r_hat[used] = float(az.rhat(chains))
    counts = sorted(elpd)
    found = {k: total(elpd[k] - mine, len(mine)) for k in counts}
    bic = _bic(fit, counts)
    rows = []
    for k in counts:
        gap, error = found[k]
        size = "0, by definition" if k == used else f"{number(gap, error / 10)} ± {significant(error, 2)}"
        more = "—" if k not in bic else f"{bic[k] - min(bic.values()):,.1f}"
        rows.append([str(k), size, str(bad[k]), f"{r_hat[k]:.2f}" if k in r_hat else "—", more])
    table = Table(
        f"Expected log density of a point left out, against that of this fit's {plural(used, 'component')}, prior "
        f"{fit.default}; R-hat is that of the log likelihood, and only the fit's own chains are long",
        [
            "Components",
            "Difference ± SE",
            f"k-hat above {float(sweep.attrs['good_k']):.2g}",
            "R-hat",
            "BIC above lowest",
        ],
        rows,
    )
    said = number_sentences(found, used, {k for k in r_hat if r_hat[k] > 1.05} | {k for k in bad if bad[k]})
    return _differences(found, used, said), table, said


def _bic(fit: Fit, counts: list[int]) -> dict[int, float]:
    found = extras(fit, fit.default)
    if "bic" not in found or "components" not in found["bic"].dims:
        return {}
    best = found["bic"].min("restart") if "restart" in found["bic"].dims else found["bic"]
    return {k: float(best.sel(components=k)) for k in counts if k in best["components"].values}


def number_sentences(found: dict[int, tuple[float, float]], used: int, doubtful: set[int]) -> list[str]:
    """Which numbers of components predict clearly worse or better than that of the fit, and which do not."""
    others = [k for k in found if k != used]
    clear = {k: max(ERRORS * found[k][1], LOSS) for k in others}
    worse = [k for k in others if found[k][0] < -clear[k]]
    better = [k for k in others if found[k][0] > clear[k]]
    open_ones = [k for k in others if k not in worse and k not in better]
    said = []
    for group, text in ((worse, "worse"), (better, "better")):
        if group:
            verb = "predicts" if len(group) == 1 else "predict"
            said.append(
                f"{_counted(group)} {verb} {text} than {used}, by more than {ERRORS:g} standard errors of the "
                f"difference and more than {LOSS:g} in log density."
            )
    if open_ones:
        said.append(
            f"For {_counted(open_ones)} against {used}, leave-one-out prediction does not decide: no winner is "
            "declared."
        )
    if doubtful:
        said.append(f"What is said of {_counted(sorted(doubtful))} is rough: R-hat above 1.05, or k-hat too large.")
    return said


def _counted(numbers_: list[int]) -> str:
    names = listed([str(k) for k in numbers_])
    return f"{names} component" if numbers_ == [1] else f"{names} components"


def _differences(found: dict[int, tuple[float, float]], used: int, said: list[str]) -> Chart:
    k = np.array(list(found))
    gap, error = (np.array([found[one][part] for one in found]) for part in (0, 1))
    shown = charts.data(charts.rows(k=k, gap=gap, low=gap - ERRORS * error, high=gap + ERRORS * error))
    x = alt.X("k:O", title="number of components", axis=alt.Axis(labelAngle=0))
    base = alt.Chart(shown)
    zero = alt.Chart(charts.data([{"zero": 0}])).mark_rule(color=QUIET, strokeDash=[2, 3]).encode(y=alt.Y("zero:Q"))
    drawing = charts.layer(
        zero,
        base.mark_rule(color=COLOURS["posterior"], strokeWidth=2).encode(
            x=x, y=alt.Y("low:Q", title="difference in elpd"), y2=alt.Y2("high:Q")
        ),
        base.mark_point(color=COLOURS["posterior"], filled=True, size=70, opacity=1, shape="diamond").encode(
            x=x, y=alt.Y("gap:Q")
        ),
        height=200,
    )
    return charts.chart(
        "groups-numbers",
        drawing,
        f"Difference in expected log predictive density against {used} components, with {ERRORS:g} standard errors. "
        + " ".join(said),
        f"Above the dashed line: predicts better than the {used} of this fit. Bars: {ERRORS:g} standard errors of the "
        "difference to either side. A bar across the line is no decision.",
    )
