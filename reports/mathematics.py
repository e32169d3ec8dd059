"""Plain mathematical text, as scenarios and priors are written, set as MathML when the page is built.

The text stays the one source: nothing is written a second time in TeX. What cannot be parsed is left as text by the
caller.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from docutils.utils.math.latex2mathml import tex2mathml
from markupsafe import Markup

from reports.hyperparameters import word

GREEK = {
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "kappa", "lambda", "mu", "nu", "xi", "pi"),
    *("rho", "sigma", "tau", "phi", "chi", "psi", "omega"),
}
SHOWN = 3  # elements of a vector, beyond which only the first two and the last are set
TOKEN = re.compile(
    r"\s+|sum over (?P<over>[A-Za-z]\w*) of|mean\((?P<mean>[A-Za-z]\w*)\)|(?P<name>[A-Za-z]\w*)"
    r"|(?P<number>\d+\.?\d*(?:e[+-]?\d+)?)|(?P<index>\[\s*[\w, ]+\])|(?P<mark>[-+*/=~(),.<>|])"
)
MARKS = {"~": r"\sim", "*": r"\cdot", ".": r"\cdot", "<": "<", "|": r"\mid"}


class NotMathematics(ValueError):
    """A text that is not in the small grammar of formulas."""


def statements(text: str) -> list[Markup] | None:
    """MathML of every statement of a formula; None if it is not in the grammar.

    Statements are on lines of their own, or separated by a comma and two spaces.
    """
    try:
        return [mathml(_tex(part)) for part in re.split(r"\n|,\s{2,}", text) if part.strip()]
    except NotMathematics:
        return None


def distributed(variable: str, name: str, hyperparameters: Mapping[str, Any]) -> Markup:
    """MathML of ``variable ~ name(hyperparameters)``, which have words for names; of long vectors three elements."""
    if name == "Fixed":
        return mathml(f"{_word(variable)} = {_value(hyperparameters['value'])}", block=False)
    inside = r",\; ".join(_named(word(name, key), _value(value)) for key, value in hyperparameters.items())
    return mathml(rf"{_word(variable)} \sim \mathrm{{{name}}}" + (f"({inside})" if inside else ""), block=False)


def listed(name: str, hyperparameters: Mapping[str, Any]) -> str:
    """The same as plain text, with every element of every vector."""
    texts = {
        key: f"({', '.join(f'{one:.4g}' for one in value)})" if isinstance(value, list) else f"{value:.4g}"
        for key, value in hyperparameters.items()
    }
    inside = ", ".join(f"{word(name, key)} {text}".strip() for key, text in texts.items())
    return f"{name}({inside.replace('inf', '∞')})"


def elided(hyperparameters: Mapping[str, Any]) -> bool:
    """Whether `distributed` leaves something out."""
    return any(isinstance(value, list) and len(_equal(value)) > SHOWN for value in hyperparameters.values())


def mathml(tex: str, block: bool = True) -> Markup:
    """MathML of TeX of our own making; what stands in it from elsewhere has gone through `TOKEN`."""
    drawn = str(tex2mathml(tex, as_block=block)).replace("<mo>&ApplyFunction;</mo>", "")
    return Markup(re.sub(r"\s*\n\s*", "", drawn))


def _tex(text: str) -> str:
    """TeX of one statement."""
    found = list(_tokens(text))
    parts = [found[0][1]] if found else []
    for (before, _), (kind, tex) in pairwise(found):
        # Two words side by side are a product or an operator and its argument.
        parts.append(rf"\;{tex}" if kind == "word" and before in ("word", "index") else tex)
    return " ".join(parts)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        found = TOKEN.match(text, at)
        if found is None:
            raise NotMathematics(text)
        at = found.end()
        part = found.groupdict()
        if part["over"]:
            yield "sum", rf"\sum_{{{_word(part['over'])}}}"
        elif part["mean"]:
            yield "word", rf"\bar{{{_word(part['mean'])}}}"
        elif part["name"]:
            yield "word", _word(part["name"])
        elif part["number"]:
            yield "word", _number(float(part["number"]), part["number"])
        elif part["index"]:
            inside = ", ".join(_word(name) for name in re.findall(r"\w+", part["index"]))
            yield "index", f"_{{{inside}}}"
        elif part["mark"]:
            yield "mark", MARKS.get(part["mark"], part["mark"])


def _word(name: str) -> str:
    """A name: a Greek letter, a letter, or upright words."""
    first, _, rest = name.partition("_")
    greek = {"lam": "lambda"}.get(first, first)  # which Python keeps for itself
    tex = rf"\{greek}" if greek in GREEK else first if len(first) == 1 else rf"\mathrm{{{first}}}"
    return f"{tex}_{{{_word(rest)}}}" if rest else tex


def _named(name: str, tex: str) -> str:
    """A number with its name upright before it."""
    return rf"\text{{{name}}}\; {tex}" if name else tex


def _number(value: float, text: str) -> str:
    if np.isinf(value):
        return r"\infty" if value > 0 else r"-\infty"
    mantissa, _, exponent = text.partition("e")
    return rf"{mantissa} \times 10^{{{int(exponent)}}}" if exponent else text if value >= 0 else f"-{text.lstrip('-')}"


def _value(value: Any) -> str:
    if not isinstance(value, list):
        return _number(float(value), f"{float(value):.4g}")
    values = _equal(value)
    if len(values) == 1:
        return _value(values[0])
    texts = [_value(one) for one in values]
    shown = texts if len(texts) <= SHOWN else [*texts[:2], r"\ldots", texts[-1]]
    return rf"({r',\, '.join(shown)})"


def _equal(values: list[Any]) -> list[Any]:
    """The values; one of them if all are equal."""
    return values[:1] if all(value == values[0] for value in values) else values
