r"""How libraries write their penalties: one table, from which every translation follows.

A penalised estimate is the mode of a posterior. With noise :math:`\sigma`, a prior Normal(0, :math:`\tau`) of the
coefficients makes minus the log posterior :math:`|y - X\beta|^2 / (2\sigma^2) + |\beta|_2^2 / (2\tau^2)`, a prior
Laplace(0, :math:`b`) makes the second term :math:`|\beta|_1 / b`. Every library minimises a multiple of that, each
another one: scikit-learn's Ridge multiplies by :math:`2\sigma^2`, its Lasso by :math:`\sigma^2 / n`, and so forth.
So each penalty is a product of powers of the prior scale, of sigma, of the number of rows and, in one case, of the
standard deviation of y; `KINDS` is the table of these powers.

glmnet is that case. For ``family = "gaussian"`` it divides y by ``sd_y``, its standard deviation with divisor n, and
lambda too, solves its documented problem there, and multiplies the coefficients by ``sd_y``. On the scale of y it has
minimised :math:`|y - X\beta|^2 / (2n) + \lambda (1 - a) |\beta|_2^2 / (2 \mathrm{sd}_y) + \lambda a |\beta|_1`: the
lasso's lambda is what the documentation says, the ridge's is ``sd_y`` times that. (Only with ``family = "gaussian"``,
the default, and an intercept; its family objects, ``gaussian()``, leave y as it is.)

Sources: the documented objectives of scikit-learn and statsmodels, and their code; Friedman, J., Hastie, T. and
Tibshirani, R. (2010), Regularization paths for generalized linear models via coordinate descent,
doi:10.18637/jss.v033.i01, and glmnet's vignette and code; Hoerl, A. E. and Kennard, R. W. (1970), doi:10.2307/1267351;
Tibshirani, R. (1996), section 5, doi:10.1111/j.2517-6161.1996.tb02080.x; Zou, H. and Hastie, T. (2005), section 2,
doi:10.1111/j.1467-9868.2005.00503.x.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.contract.bad_input import BadInput


@dataclass(frozen=True)
class Form:
    """How one library writes one penalty.

    Attributes
    ----------
    library : str
    name : str
        What the library calls the number: ``alpha``, ``lambda`` or ``C``.
    call : str
        The call, with ``{}`` for the number.
    objective : str
        What it minimises, up to a factor, in plain text.
    powers : mapping of str to int
        The penalty is the product of these powers of ``scale`` (of the prior), ``sigma``, ``n`` and ``sd_y``.
    """

    library: str
    name: str
    call: str
    objective: str
    powers: Mapping[str, int]

    def formula(self, scale: str) -> str:
        """Return the penalty as text, for example ``sigma^2 / (n tau^2)``."""
        texts: dict[bool, list[str]] = {True: [], False: []}
        for symbol, power in self.powers.items():
            word = scale if symbol == "scale" else symbol
            texts[power > 0].append(word if abs(power) == 1 else f"{word}^{abs(power)}")
        above, below = " ".join(texts[True]) or "1", " ".join(texts[False])
        return f"{above} / ({below})" if len(texts[False]) > 1 else f"{above} / {below}" if below else above


@dataclass(frozen=True)
class Kind:
    """One kind of penalty: the family of its prior, the name of the prior's scale, and how each library writes it."""

    family: str
    scale: str
    objective: str
    forms: tuple[Form, ...]

    def form(self, library: str) -> Form:
        """Return the form of one library.

        Raises
        ------
        BadInput
            If the library is not one of this kind.
        """
        known = {form.library: form for form in self.forms}
        if library not in known:
            raise BadInput(f"--library {library}: for this penalty give one of {', '.join(known)}")
        return known[library]

    @property
    def noisy(self) -> bool:
        """Whether the likelihood has a noise standard deviation."""
        return any("sigma" in form.powers for form in self.forms)


_OLS = "OLS(y, add_constant(x)).fit_regularized(alpha=[0, {{}}, ...], L1_wt={})"
_GLM = "GLM(y, add_constant(x), Binomial()).fit_regularized(alpha=[0, {{}}, ...], L1_wt={})"
_LOGIT = 'Logit(y, add_constant(x)).fit_regularized(method="l1", alpha=[0, {}, ...])'
_SAGA = 'LogisticRegression(C={}, l1_ratio=1, solver="saga")'
_GAUSSIAN = "glmnet(x, y, alpha={}, lambda={{}}, standardize=FALSE)"
_BINOMIAL = 'glmnet(x, y, family="binomial", alpha={}, lambda={{}}, standardize=FALSE)'
_L2, _L1 = "|beta|^2 / 2", "|beta|_1"
_RSS, _NLL = "RSS / (2 n) +", "NLL / n +"

_RIDGE = (
    Form("scikit-learn", "alpha", "Ridge(alpha={})", "RSS + alpha |beta|^2", {"sigma": 2, "scale": -2}),
    Form(
        "glmnet",
        "lambda",
        _GAUSSIAN.format(0),
        f"{_RSS} lambda |beta|^2 / (2 sd_y)",
        {"sigma": 2, "sd_y": 1, "n": -1, "scale": -2},
    ),
    Form("statsmodels", "alpha", _OLS.format(0), f"{_RSS} alpha {_L2}", {"sigma": 2, "n": -1, "scale": -2}),
)
_BY_ROWS = {"sigma": 2, "n": -1, "scale": -1}
_LASSO = (
    Form("scikit-learn", "alpha", "Lasso(alpha={})", f"{_RSS} alpha {_L1}", _BY_ROWS),
    Form("glmnet", "lambda", _GAUSSIAN.format(1), f"{_RSS} lambda {_L1}", _BY_ROWS),
    Form("statsmodels", "alpha", _OLS.format(1), f"{_RSS} alpha {_L1}", _BY_ROWS),
)
_LOGISTIC_RIDGE = (
    Form("scikit-learn", "C", "LogisticRegression(C={})", f"C NLL + {_L2}", {"scale": 2}),
    Form("glmnet", "lambda", _BINOMIAL.format(0), f"{_NLL} lambda {_L2}", {"n": -1, "scale": -2}),
    Form("statsmodels", "alpha", _GLM.format(0), f"{_NLL} alpha {_L2}", {"n": -1, "scale": -2}),
)
_LOGISTIC_LASSO = (
    Form("scikit-learn", "C", _SAGA, f"C NLL + {_L1}", {"scale": 1}),
    Form("glmnet", "lambda", _BINOMIAL.format(1), f"{_NLL} lambda {_L1}", {"n": -1, "scale": -1}),
    Form("statsmodels", "alpha", _GLM.format(1), f"{_NLL} alpha {_L1}", {"n": -1, "scale": -1}),
    Form("statsmodels-logit", "alpha", _LOGIT, f"NLL + alpha {_L1}", {"scale": -1}),
)
KINDS: dict[str, Kind] = {
    "ridge": Kind("Normal", "tau", "RSS / (2 sigma^2) + |beta|^2 / (2 tau^2)", _RIDGE),
    "lasso": Kind("Laplace", "b", "RSS / (2 sigma^2) + |beta|_1 / b", _LASSO),
    "logistic-ridge": Kind("Normal", "tau", "NLL + |beta|^2 / (2 tau^2)", _LOGISTIC_RIDGE),
    "logistic-lasso": Kind("Laplace", "b", "NLL + |beta|_1 / b", _LOGISTIC_LASSO),
}

# The quadratic part of an elastic net; its other part is the lasso's. scikit-learn's is not that of its Ridge.
QUADRATIC: dict[str, Mapping[str, int]] = {
    "scikit-learn": KINDS["ridge"].form("statsmodels").powers,
    "glmnet": KINDS["ridge"].form("glmnet").powers,
    "statsmodels": KINDS["ridge"].form("statsmodels").powers,
}
