"""The glossary: what every term of the pages means, and links from the first use of a term in a section to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from markupsafe import Markup, escape

PAGE = "glossary.html"
WITHIN = ("p", "li", "dd", "figcaption")  # where terms become links
NOT_WITHIN = ("a", "svg", "script", "style", "pre", "code", "summary", "label", "button", "h1", "h2", "h3", "h4", "dt")
TAG = re.compile(r"(<[^>]*>)")
NAME = re.compile(r"</?\s*([a-zA-Z0-9]+)")


@dataclass(frozen=True)
class Term:
    """One entry.

    Attributes
    ----------
    name : str
        As the heading of the entry.
    theme : str
        Under which it stands.
    meaning : str
        Two or three sentences; the first alone is what a pointer resting on a link shows.
    formula : str
        In plain text; empty if words are better.
    words : str
        Regular expression of what stands for the term in texts; the name itself if empty.
    """

    name: str
    theme: str
    meaning: str
    formula: str = ""
    words: str = ""

    @property
    def key(self) -> str:
        """Anchor in the page of the glossary."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")

    @property
    def short(self) -> str:
        """The first sentence."""
        return re.split(r"(?<=[.:;]) ", self.meaning)[0].rstrip(":;")


READINGS, INTERVALS, SAMPLER = "The three readings", "Intervals", "The sampler's work"
PREDICTION, LONG_RUN, MODELS = "Prediction and model comparison", "In the long run", "Models and pathologies"

TERMS = (
    Term(
        "Likelihood",
        READINGS,
        "The density of the data that were observed, as a function of the parameters. It is no density of the "
        "parameters: it need not integrate to one, and for continuous data it can exceed one.",
        "L(theta) = p(data | theta)",
        r"[Ll]ikelihood(?! interval)",
    ),
    Term(
        "Prior",
        READINGS,
        "What is believed about the parameters before these data, as a distribution. It is stated on a scale and in "
        "units; a prior that is flat on one scale is not flat on another.",
        "p(theta)",
        r"[Pp]riors?(?! predictive)",
    ),
    Term(
        "Posterior",
        READINGS,
        "What is believed after the data: the distribution of the parameters given the data, the model and the prior. "
        "Here it is represented by draws.",
        "p(theta | data) = p(data | theta) p(theta) / p(data)",
        r"[Pp]osterior(?! (?:predictive|mean|sd|standard))",
    ),
    Term(
        "MLE",
        READINGS,
        "Maximum likelihood estimate: the parameters under which the observed data have the highest density. It goes "
        "along with every change of scale, and need not exist.",
        "argmax of p(data | theta)",
    ),
    Term(
        "MAP",
        READINGS,
        "Maximum a posteriori: the parameters at which the density of the posterior is highest, on a stated scale. "
        "It is a point and not a summary of the posterior, and moves when the scale changes.",
        "argmax of p(data | theta) p(theta)",
    ),
    Term(
        "Posterior mean",
        READINGS,
        "The average of a parameter over the posterior. It is the estimate with the smallest expected squared error, "
        "and the mean of a function is not the function of the mean.",
        "E[theta | data]",
        r"[Pp]osterior means?",
    ),
    Term(
        "Declared scale",
        READINGS,
        "The scale on which parameters and priors are written, without a Jacobian of any change of variables. A MAP "
        "is only defined together with a scale; here it is always this one.",
        "",
        r"[Dd]eclared (?:scale|parametrisation)",
    ),
    Term(
        "Jacobian",
        READINGS,
        "The factor by which a change of variables stretches a density. Because of it a mode on one scale is not the "
        "mode on another.",
        "p(phi) = p(theta) |d theta / d phi|",
    ),
    Term(
        "Pull",
        READINGS,
        "How far the prior moves the mode: from MLE to MAP, in posterior standard deviations.",
        "(MAP - MLE) / posterior sd",
        r"[Pp]ulls?",
    ),
    Term(
        "Skew",
        READINGS,
        "How far the posterior mean lies from the joint mode, in posterior standard deviations: what the shape of the "
        "posterior does, beside the prior. With several parameters that is more than asymmetry: the mean has the "
        "others integrated out, the joint mode has not.",
        "(mean - MAP) / posterior sd",
        r"[Ss]kew(?:ed|ness)?",
    ),
    Term(
        "Shrinkage",
        READINGS,
        "The drawing of estimates towards where the prior is dense, often zero. It trades bias for variance, and "
        "helps on average where the prior is about right.",
        "",
        r"[Ss]hrink(?:age|s)|[Ss]hrunk",
    ),
    Term(
        "Posterior sd",
        INTERVALS,
        "Standard deviation of a parameter over the posterior: how uncertain it is. It is the unit in which "
        "distances are given here, since all parameters share it. Do not mistake it for the Monte Carlo error.",
        "",
        r"[Pp]osterior (?:sd|standard deviations?)",
    ),
    Term(
        "Level",
        INTERVALS,
        "The probability that belongs to an interval. Of a posterior interval it is the probability of the parameter "
        "given these data; of the MLE's it is how often such intervals cover the truth in repeated experiments.",
        "",
        r"[Ll]evels?",
    ),
    Term(
        "Wald interval",
        INTERVALS,
        "The MLE, plus and minus a multiple of its standard error from the curvature of the log likelihood. Quick and "
        "symmetric, poor near boundaries and with few data.",
        "theta ± z se",
        r"Wald(?: intervals?)?",
    ),
    Term(
        "Profile likelihood interval",
        INTERVALS,
        "All values of a parameter that a likelihood ratio test does not reject, with the other parameters at their "
        "best. It need not be symmetric and goes along with changes of scale.",
        "2 (max log L - max log L given theta) <= chi-squared quantile",
        r"[Pp]rofile (?:likelihood|intervals?)",
    ),
    Term(
        "Laplace interval",
        INTERVALS,
        "The MAP, plus and minus a multiple of the standard deviation of the normal distribution that has the same "
        "curvature there. It depends on the scale, and can leave the parameter's range.",
        "",
        r"Laplace(?= (?:interval|approximation)|, declared)",
    ),
    Term(
        "Equal-tailed interval",
        INTERVALS,
        "A posterior interval with the same probability beyond either end (an HDI has not). Its ends are quantiles, "
        "which go along with changes of scale.",
        "",
        r"[Ee]qual-tail(?:ed)?(?: interval)?",
    ),
    Term(
        "HDI",
        INTERVALS,
        "Highest density interval: the shortest interval of its probability. It moves when the scale changes, as a "
        "mode does.",
        "",
        r"HDI|[Hh]ighest[- ]density(?= intervals?)",
    ),
    Term(
        "NUTS",
        SAMPLER,
        "The no-U-turn sampler: a Markov chain that follows the gradient of the log density, and chooses the length "
        "of its steps and paths itself. Its draws are dependent, which ESS accounts for.",
    ),
    Term(
        "MCSE",
        SAMPLER,
        "Monte Carlo standard error: how far a number computed from draws may be from what infinitely many would "
        "give. More draws make it smaller; they leave the posterior sd where it is.",
        "posterior sd / sqrt(ESS)",
        r"MCSE|Monte Carlo (?:standard )?errors?",
    ),
    Term(
        "ESS",
        SAMPLER,
        "Effective sample size: how many independent draws would know a mean (bulk) or the quantiles of the tails "
        "(tail) as well as these dependent ones.",
        "",
        r"ESS|[Ee]ffective (?:sample sizes?|draws)",
    ),
    Term(
        "R-hat",
        SAMPLER,
        "Compares the spread of all chains together with that within each: near 1 if they explore the same "
        "distribution. Chains that all miss the same place have an R-hat of 1 too.",
        "sqrt(variance of all draws / variance within chains), of ranks",
    ),
    Term(
        "Divergence",
        SAMPLER,
        "A step of NUTS at which its numerical path left the true one: the density bends faster than the step can "
        "follow. Several at one place mean that it was not explored, and means cannot be trusted.",
        "",
        r"[Dd]ivergen(?:ces?|t transitions?|t)",
    ),
    Term(
        "BFMI",
        SAMPLER,
        "Compares how much energy changes from draw to draw with how much it varies in all. Low values (below 0.3) "
        "say that the tails are explored slowly.",
    ),
    Term(
        "Trace plot",
        SAMPLER,
        "The draws of each chain in their order. Healthy chains look like one band of noise.",
        "",
        r"[Tt]race plots?|[Tt]races?",
    ),
    Term(
        "Rank plot",
        SAMPLER,
        "The ranks of each chain's draws among those of all chains. If all chains explore the same distribution, the "
        "ranks of each are uniform.",
        "",
        r"[Rr]ank plots?",
    ),
    Term(
        "Plug-in",
        PREDICTION,
        "Putting one estimate into a formula as if it were the truth. What is computed from it forgets the "
        "uncertainty of the estimate, and is too sure.",
        "",
        r"[Pp]lug(?:ged|ging)?[- ]in",
    ),
    Term(
        "Posterior predictive",
        PREDICTION,
        "The distribution of new data, averaged over the posterior.",
        "p(new | data) = integral of p(new | theta) p(theta | data)",
        r"[Pp]osterior predictive(?! check)(?: distribution)?",
    ),
    Term(
        "Prior predictive",
        PREDICTION,
        "The distribution of data before any were seen: what the prior says in units that one can judge.",
        "p(data) = integral of p(data | theta) p(theta)",
        r"[Pp]rior predictive(?: distribution| check)?",
    ),
    Term(
        "PPC",
        PREDICTION,
        "Posterior predictive check: data drawn from the posterior predictive beside the data themselves. Where they "
        "differ, the model misses something; where they do not, it may still be wrong elsewhere.",
        "",
        r"PPC|(?:[Pp]osterior )?[Pp]redictive checks?",
    ),
    Term(
        "LOO",
        PREDICTION,
        "Leave-one-out: every observation is predicted from all others. Computed here from the draws of one fit by "
        "Pareto smoothed importance sampling.",
        "",
        r"LOO(?!-PIT)|[Ll]eave-one-out|[Ll]eft out",
    ),
    Term(
        "elpd",
        PREDICTION,
        "Expected log predictive density (the formula is its leave-one-out estimate): how well new observations are "
        "predicted, in sum; larger is better. Differences are to be read beside their standard error.",
        "sum of log p(y[i] | all others)",
        r"elpd|(?:[Ee]xpected )?[Ll]og (?:predictive )?density",
    ),
    Term(
        "k-hat",
        PREDICTION,
        "Shape of the largest importance weights of an observation that is left out. Above about 0.7 the "
        "leave-one-out density of that observation is not to be trusted.",
        "",
        r"(?:Pareto )?k-hat",
    ),
    Term(
        "LOO-PIT",
        PREDICTION,
        "Where each observation falls in its own leave-one-out predictive distribution, as a probability. Uniform if "
        "the predictions are calibrated.",
    ),
    Term(
        "Loss",
        PREDICTION,
        "What being off costs. Squared loss makes the mean the best estimate, absolute loss the median, an "
        "asymmetric one another quantile; regret is how much more a decision costs than the best one.",
        "q = cost of too low / (cost of too low + cost of too high)",
        r"[Ll]oss",
    ),
    Term(
        "Regret",
        PREDICTION,
        "How much more a decision is expected to cost than the best decision under the posterior. Zero for the "
        "decision that minimises the expected loss.",
        "",
        r"[Rr]egrets?",
    ),
    Term(
        "Bayes factor",
        PREDICTION,
        "The ratio of the probabilities of the data under two models, each averaged over its prior. It depends on "
        "the width of the priors even where the posterior does not.",
        "p(data | model 1) / p(data | model 2)",
        r"Bayes factors?",
    ),
    Term(
        "BIC",
        PREDICTION,
        "A penalised maximum of the likelihood. In regular models it approximates minus twice the log density of the "
        "data, up to a constant; smaller is better. Mixtures with a component too many are not regular.",
        "-2 log L + (number of parameters) log n",
    ),
    Term(
        "Coverage",
        LONG_RUN,
        "How often an interval contains the truth in repeated experiments. For a fixed truth it may differ from the "
        "level; posterior intervals have it on average over truths drawn from their prior.",
        "",
        r"[Cc]over(?:age|s)?",
    ),
    Term(
        "Calibration",
        LONG_RUN,
        "Probabilities that come true as often as they say.",
        "",
        r"[Cc]alibrat(?:ion|ed)",
    ),
    Term(
        "SBC",
        LONG_RUN,
        "Simulation-based calibration: truths drawn from the prior, data from them, and a posterior of each. The "
        "ranks of the truths among their draws are uniform if the computation is right.",
        "",
        r"SBC|[Ss]imulation-based calibration",
    ),
    Term(
        "Bias",
        LONG_RUN,
        "The average of an estimate in repeated experiments, less the truth. A small bias can be worth a smaller "
        "variance.",
        "E[estimate] - theta",
        r"[Bb]ias(?:ed)?|[Uu]nbiased",
    ),
    Term(
        "Improper",
        MODELS,
        "Of a prior: without a finite integral, such as one flat on the whole line. The posterior may be proper all "
        "the same, or not exist: that has to be checked.",
        "",
        r"[Ii]mproper",
    ),
    Term(
        "Ridge",
        MODELS,
        "Least squares with a penalty on squared coefficients: the MAP under Normal priors, at a fixed sigma. The "
        "penalty is sigma squared over the prior variance.",
        "alpha = sigma² / t²",
        r"[Rr]idge",
    ),
    Term(
        "Lasso",
        MODELS,
        "Least squares with a penalty on absolute coefficients: the MAP under Laplace priors, at a fixed sigma. Its "
        "exact zeros are a property of the mode; no draw of the posterior is zero.",
        "alpha = sigma² / (n b)",
        r"[Ll]asso",
    ),
    Term(
        "Odds ratio",
        MODELS,
        "The factor by which the odds of an event change per unit of a predictor: e to its coefficient.",
        "exp(beta)",
        r"[Oo]dds ratios?",
    ),
    Term(
        "Separation",
        MODELS,
        "A combination of predictors divides the events from the others without error. The likelihood of a logistic "
        "regression then has no maximum, and the prior decides how large coefficients are.",
        "",
        r"[Ss]eparation|[Ss]eparates? the events",
    ),
    Term(
        "Label switching",
        MODELS,
        "Components of a mixture have no names: exchanging them leaves the density as it is, so that draws of one "
        "label may belong to several groups. Draws are relabelled before components are averaged.",
        "",
        r"[Ll]abel switching|[Rr]elabell(?:ed|ing)",
    ),
    Term(
        "Responsibility",
        MODELS,
        "The probability that a point belongs to a component, given the parameters. Averaged over the posterior it "
        "is the probability of membership.",
        "weight[k] p(y | k) / sum of all",
        r"[Rr]esponsibilit(?:y|ies)|[Mm]emberships?",
    ),
    Term(
        "Funnel",
        MODELS,
        "A posterior with a neck much narrower than its mouth, as scale parameters of groups make it. No one length "
        "of step suits both, and NUTS diverges in the neck.",
        "",
        r"[Ff]unnels?",
    ),
)


def term(name: str, text: str = "") -> Markup:
    """Link to the entry of a term by its name, with another text if one is given.

    Raises
    ------
    KeyError
        If the glossary has no such entry.
    """
    found = {one.name: one for one in TERMS}[name]
    return _link(found, text or name)


def link(html: str) -> Markup:
    """Link the first use of every term in running text to its entry; what is no running text stays as it is."""
    depth = dict.fromkeys((*WITHIN, *NOT_WITHIN), 0)
    seen: set[str] = set()
    parts = TAG.split(html)
    for at, part in enumerate(parts):
        if part.startswith("<"):
            name = NAME.match(part)
            if name and name[1].lower() in depth and not part.endswith("/>"):
                depth[name[1].lower()] += -1 if part.startswith("</") else 1
        elif part.strip() and any(depth[one] for one in WITHIN) and not any(depth[one] for one in NOT_WITHIN):
            parts[at] = _linked(part, seen)
    return Markup("".join(parts))  # of our own templates, in which names from data are escaped


@cache
def _pattern() -> re.Pattern[str]:
    alternatives = [f"(?P<t{at}>{one.words or re.escape(one.name)})" for at, one in enumerate(TERMS)]
    # More words first: "posterior predictive" before "posterior".
    longest = sorted(alternatives, key=lambda text: -len(text))
    return re.compile(rf"(?<![\w-])(?:{'|'.join(longest)})(?![\w-])")


def _linked(text: str, seen: set[str]) -> str:
    def replace(match: re.Match[str]) -> str:
        found = TERMS[int(str(match.lastgroup)[1:])]
        if found.key in seen:
            return match[0]
        seen.add(found.key)
        return str(_link(found, Markup(match[0])))

    return _pattern().sub(replace, text)


def _link(found: Term, text: str | Markup) -> Markup:
    return Markup('<a class="term" href="{page}#{key}" title="{short}">{text}</a>').format(
        page=PAGE, key=found.key, short=found.short, text=text
    )


def render(digest: str) -> str:
    """Render the page of the glossary; in an entry all other terms are links."""
    from reports.templating import environment

    themes: dict[str, list[dict[str, object]]] = {}
    for one in TERMS:
        meaning = link(f"<p>{escape(one.meaning)}</p>")
        own = re.compile(rf'<a class="term" href="{re.escape(PAGE)}#{one.key}"[^>]*>([^<]*)</a>')
        entry = {"term": one, "meaning": Markup(own.sub(r"\1", meaning).replace(f'href="{PAGE}#', 'href="#'))}
        themes.setdefault(one.theme, []).append(entry)
    return environment().get_template("glossary.html.j2").render(themes=themes, digest=digest)
