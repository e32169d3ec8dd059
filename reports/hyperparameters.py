"""What the numbers of a prior are called: in words, since their Greek letters are those of parameters too.

Numbers without a word are the ones a family is always given by, in the order of the textbooks: Beta(2, 2).
"""

from __future__ import annotations

WORDS: dict[str, dict[str, str]] = {
    "Fixed": {"value": ""},
    "Normal": {"mu": "mean", "sigma": "sd"},
    "StudentT": {"nu": "degrees of freedom", "mu": "centre", "sigma": "scale"},
    "Cauchy": {"alpha": "centre", "beta": "scale"},
    "Laplace": {"mu": "centre", "b": "scale"},
    "Logistic": {"mu": "centre", "s": "scale"},
    "Gumbel": {"mu": "mode", "beta": "scale"},
    "SkewNormal": {"alpha": "shape", "mu": "location", "sigma": "scale"},
    "Moyal": {"mu": "mode", "sigma": "scale"},
    "ExGaussian": {"mu": "mean of the Normal part", "sigma": "its sd", "nu": "mean of the exponential part"},
    "Exponential": {"lam": "rate"},
    "HalfNormal": {"sigma": "scale"},
    "HalfCauchy": {"beta": "scale"},
    "HalfStudentT": {"nu": "degrees of freedom", "sigma": "scale"},
    "Gamma": {"alpha": "shape", "beta": "rate"},
    "InverseGamma": {"alpha": "shape", "beta": "scale"},
    "Weibull": {"alpha": "shape", "beta": "scale"},
    "Wald": {"mu": "mean", "lam": "shape"},
    "LogNormal": {"mu": "mean of the log", "sigma": "sd of the log"},
    "Pareto": {"alpha": "shape", "m": "least value"},
    "Beta": {"alpha": "", "beta": ""},
    "Kumaraswamy": {"a": "", "b": ""},
    "LogitNormal": {"mu": "mean of the logit", "sigma": "sd of the logit"},
    "Uniform": {"lower": "from", "upper": "to"},
    "Triangular": {"lower": "from", "upper": "to", "c": "peak"},
    "TruncatedNormal": {"mu": "Normal mean", "sigma": "Normal sd", "lower": "from", "upper": "to"},
    "Dirichlet": {"a": "concentration"},
    "Flat": {},
    "HalfFlat": {},
    "Reciprocal": {},
}
"""By family and PyMC's name of the number."""


def word(family: str, name: str) -> str:
    """What a number of a family is called; empty if it needs no name.

    Raises
    ------
    KeyError
        For a family or a number that is not known.
    """
    return WORDS[family][name]
