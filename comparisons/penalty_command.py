"""``penalty KIND``: what a penalty of another library is as a prior, and what the others call it."""

from __future__ import annotations

from typing import Any

import click
import numpy as np

from comparisons.penalty import OPTIONS, Data, elastic_net_parts, elastic_net_scales, penalty_of, scale_of
from comparisons.penalty_forms import KINDS, Form, Kind
from models.contract.bad_input import BadInput

HELP = """Translate a penalty into a prior, and into the penalties of other libraries.

Give one penalty (by default scikit-learn's) or the scale of the prior; every other way to write it is printed.

\b
  penalty ridge --alpha 3 --sigma 1.5                     what prior is Ridge(alpha=3)?
  penalty ridge --tau 0.866 --sigma 1.5 --n 100           which alpha, which lambda is this prior?
  penalty lasso --alpha 0.02 --sigma 1.5 --n 100
  penalty lasso --library glmnet --lambda 0.02 --sigma 1.5 --n 100
  penalty logistic-ridge --C 4
  penalty elastic-net --alpha 0.1 --l1-ratio 0.5 --sigma 1.5 --n 100

A penalty is not a prior until the noise is known: Ridge(alpha=3) is Normal(0, 0.866) if sigma is 1.5 and
Normal(0, 1.73) if sigma is 3. And lambda is not lambda: one library divides the misfit by n, another does not, and
glmnet divides y by its standard deviation first. A logistic model has no sigma. Each KIND --help has the formulas.
"""
REMEMBER = (
    "Remember: standardise the columns first, one scale is for all of them; the intercept has no penalty, a flat prior"
)
NOTES = {
    "n": "n: the number of rows; --n puts it in.",
    "statsmodels": "statsmodels: this search leaves a coefficient at 0 once it was there, and can miss the minimum; "
    'from 0.15 on, GLM(...).fit_regularized(method="l1_slsqp", alpha=...) finds a lasso.',
    "sd_y": "sd_y: the standard deviation of y with divisor n, by which glmnet divides y first; --sd-y puts it in.",
}
MISFIT = {True: "RSS, the residual sum of squares", False: "NLL, minus the log likelihood"}
ELASTIC = """Elastic net: scikit-learn's alpha and l1_ratio, as the two factors of a prior.

The prior has density proportional to Laplace(0, b) times Normal(0, tau), with

\b
  b     = sigma^2 / (n alpha l1_ratio)
  tau^2 = sigma^2 / (n alpha (1 - l1_ratio))

The product is a proper density but not a named one, and narrower than either factor. Its mode is the elastic net.
statsmodels calls l1_ratio L1_wt; glmnet calls it alpha, and its quadratic part is lambda (1 - alpha) / sd_y.
"""
NETS = {
    "scikit-learn": ("ElasticNet(alpha={}, l1_ratio={})", ("alpha", "l1_ratio")),
    "glmnet": ("glmnet(x, y, lambda={}, alpha={}, standardize=FALSE)", ("lambda", "alpha")),
    "statsmodels": ("OLS(y, add_constant(x)).fit_regularized(alpha=[0, {}, ...], L1_wt={})", ("alpha", "L1_wt")),
}
SIGMA = "Noise standard deviation, in the unit of y."
ROWS = "Number of rows of the data."
SD_Y = "Standard deviation of y with divisor n; only glmnet needs it."
WHOSE = "Whose penalty it is.  [default: scikit-learn, or the one that has a penalty of this name]"


def _option(name: str, text: str, kind: click.ParamType[Any] | type = float) -> click.Option:
    return click.Option([OPTIONS.get(name, f"--{name}"), f"{name}_"], type=kind, help=text)


def _command(name: str, kind: Kind) -> click.Command:
    """One kind of penalty as a subcommand; its options and its help follow from the table."""
    owners: dict[str, list[str]] = {}
    for form in kind.forms:
        owners.setdefault(form.name, []).append(form.library)
    formulas = [f"  {form.library:<19}{form.name:<7}= {form.formula(kind.scale)}" for form in kind.forms]
    objectives = [f"  {form.library:<19}{form.objective}" for form in kind.forms]
    short = f"{name.capitalize().replace('-', ' ')}: the mode under the prior {kind.family}(0, {kind.scale})."
    text = "\n".join(
        [
            f"{short[:-1]} of each coefficient.",
            "\n\b",
            *formulas,
            f"\nThe libraries minimise, with {MISFIT[kind.noisy]}:",
            "\n\b",
            *objectives,
        ]
    )
    symbols = {symbol for form in kind.forms for symbol in form.powers}
    data = {"sigma": (SIGMA, float), "n": (ROWS, int), "sd_y": (SD_Y, float)}
    options = [
        *(_option(own, f"The penalty of {' or '.join(whose)}.") for own, whose in owners.items()),
        _option("library", WHOSE, click.Choice([form.library for form in kind.forms])),
        _option(kind.scale, f"The prior scale: {kind.family}(0, {kind.scale})."),
        *(_option(symbol, *about) for symbol, about in data.items() if symbol in symbols),
    ]

    def callback(**given: Any) -> None:
        _translate(name, kind, given)

    return click.Command(name, params=list(options), help=text, short_help=short, callback=callback)


def _translate(name: str, kind: Kind, options: dict[str, Any]) -> None:
    given = {key.removesuffix("_"): value for key, value in options.items() if value is not None}
    library = given.pop("library", None)
    data = Data(**{symbol: given.pop(symbol, None) for symbol in ("sigma", "n", "sd_y")})
    names = list(dict.fromkeys(form.name for form in kind.forms))
    ways = ", ".join(f"--{own}" for own in [*names, kind.scale])
    if len(given) != 1:
        raise BadInput(f"{name}: give exactly one of {ways}" + (f", not {len(given)} of them" if given else ""))
    ((own, number),) = given.items()
    if own == kind.scale:
        if library:
            raise BadInput(
                f"--library {library}: it says whose penalty is given, and --{own} is a prior scale; drop it"
            )
        scale = number
    else:
        scale = scale_of(name, _owner(kind, own, library).library, number, data)
        if np.isinf(scale):
            click.echo(_flat(kind))
            return
    values = [penalty_of(name, form.library, scale, data) for form in kind.forms]
    rows = [
        (form.library, form.call.format(value), form.objective, f"{form.name} = {value}")
        for form, value in zip(kind.forms, values, strict=True)
    ]
    prior = f"{kind.family}(0, {scale:.6g})"
    call = f'pm.{kind.family}("beta", 0, {scale:.6g})'
    rows.append(("PyMC", call, kind.objective, f"{kind.scale} = {scale:.6g}"))
    topics = {symbol for value in values for symbol in value.unknown}
    if kind.family == "Laplace":
        topics.add("statsmodels")
    _print(f'prior: beta ~ {prior}    in Threefold: --prior "beta ~ {prior}"', rows, topics, data.sigma)


def _owner(kind: Kind, own: str, library: str | None) -> Form:
    """The form whose penalty was given, from the name of the option and, where that is not enough, the library."""
    if library:
        form = kind.form(library)
        if form.name != own:
            hint = "; there --alpha mixes the two penalties" if (library, own) == ("glmnet", "alpha") else ""
            raise BadInput(f"--{own}: the penalty of {library} is --{form.name}{hint}")
        return form
    known = [form for form in kind.forms if form.name == own]
    if len(known) > 1 and known[0].library != "scikit-learn":
        raise BadInput(f"--{own}: say whose with --library, {' or '.join(form.library for form in known)}")
    return known[0]


def _elastic_net(**options: Any) -> None:
    given = {key.removesuffix("_"): value for key, value in options.items() if value is not None}
    data = Data(**{symbol: given.pop(symbol, None) for symbol in ("sigma", "n", "sd_y")})
    library = given.pop("library", None)
    match sorted(given):
        case ["alpha" | "lambda" as own, "l1_ratio"] | ["l1_ratio", "lambda" as own]:
            form = _owner(KINDS["lasso"], own, library)
            if given[own] == 0:
                click.echo(_flat(KINDS["lasso"]))
                return
            b, tau = elastic_net_scales(form.library, given[own], given["l1_ratio"], data)
        case ["b", "tau"] if not library:
            b, tau = given["b"], given["tau"]
        case _:
            raise BadInput(
                "elastic-net: give --alpha and --l1-ratio, or --lambda and --l1-ratio (glmnet), or --b and --tau alone"
            )
    rows, topics = [], {"statsmodels"}
    for name, (call, words) in NETS.items():
        absolute, quadratic = elastic_net_parts(name, b, tau, data)
        topics |= set(quadratic.unknown)
        if quadratic.unknown:
            total, ratio, value = "L", f"{absolute} / L", f"L = {absolute} + {quadratic}"
        else:
            weight = absolute.number + quadratic.number
            total, ratio = f"{weight:.6g}", f"{absolute.number / weight:.6g}"
            value = f"{words[0]} = {total}, {words[1]} = {ratio}"
        below = "(2 sd_y)" if name == "glmnet" else "2"
        objective = "RSS / (2 n) + {0} ({1} |beta|_1 + (1 - {1}) |beta|^2 / {2})".format(*words, below)
        rows.append((name, call.format(total, ratio), objective, value))
    rows.append(
        (
            "PyMC",
            f'pm.Normal("beta", 0, {tau:.6g}), pm.Potential("laplace", -abs(beta).sum() / {b:.6g})',
            f"{KINDS['lasso'].objective} + |beta|^2 / (2 tau^2)",
            f"b = {b:.6g}, tau = {tau:.6g}",
        )
    )
    density = f"prior: density of each beta proportional to Laplace(0, {b:.6g}) times Normal(0, {tau:.6g}), two factors"
    _print(
        f"{density};\n       the product has no name of its own, so there is no --prior for it",
        rows,
        topics,
        data.sigma,
    )


def _flat(kind: Kind) -> str:
    what = "least squares" if kind.noisy else "maximum likelihood, which need not exist (separation)"
    return f'prior: beta ~ Flat()    in Threefold: --prior "beta ~ Flat()"\nA penalty of 0 is a flat prior: {what}.'


def _print(prior: str, rows: list[tuple[str, str, str, str]], topics: set[str], sigma: float | None) -> None:
    table = [("library", "call", "minimises", "value"), *rows]
    widths = [max(len(row[column]) for row in table) for column in range(3)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in table
    ]
    noise = f"; sigma is {sigma:g}: another one is another prior." if sigma else "."
    notes = [note for topic, note in NOTES.items() if topic in topics]
    click.echo("\n".join([prior, "", *lines, "", *notes, REMEMBER + noise]))


penalty = click.Group(
    "penalty",
    help=HELP,
    commands=[
        *(_command(name, kind) for name, kind in KINDS.items()),
        click.Command(
            "elastic-net",
            help=ELASTIC,
            short_help="Elastic net: the mode under Laplace(0, b) times Normal(0, tau).",
            callback=_elastic_net,
            params=[
                _option("alpha", "The penalty of scikit-learn or statsmodels."),
                _option("lambda", "The penalty of glmnet."),
                _option("l1_ratio", "Share of the absolute part, between 0 and 1."),
                _option("library", WHOSE, click.Choice(list(NETS))),
                _option("b", "Scale of the Laplace factor, with --tau."),
                _option("tau", "Scale of the Normal factor, with --b."),
                _option("sigma", SIGMA),
                _option("n", ROWS, int),
                _option("sd_y", SD_Y),
            ],
        ),
    ],
)
