"""Least squares problems with certified answers: Statistical Reference Datasets of NIST (public domain).

National Institute of Standards and Technology, StRD, doi:10.18434/T43G6C: linear least squares and univariate
statistics. Answers were computed there with 500 digits and are given to 15.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.contract.reference import Array


@dataclass(frozen=True)
class Certified:
    """One problem.

    Attributes
    ----------
    x : array, shape (n, p)
    y : array, shape (n,)
    coefficients : array
        The intercept first, if there is one.
    residual : float
        Residual standard deviation, divisor n - k.
    intercept : bool
    """

    x: Array
    y: Array
    coefficients: Array
    residual: float
    intercept: bool = True


def powers(x: Array, degree: int) -> Array:
    """Columns x, x^2, ..."""
    return x[:, None] ** np.arange(1, degree + 1)


def numbers(text: str) -> Array:
    """Numbers separated by white space."""
    return np.array(text.split(), dtype=float)


def norris() -> Certified:
    """36 calibrations of ozone monitors, a straight line; lower difficulty."""
    x = numbers(
        """0.2 337.4 118.2 884.6 10.1 226.5 666.3 996.3 448.6 777.0 558.2 0.4 0.6 775.5 666.9 338.0 447.5 11.6 556.0
        228.1 995.8 887.6 120.2 0.3 0.3 556.8 339.1 887.2 999.0 779.0 11.1 118.3 229.2 669.1 448.9 0.5"""
    )
    y = numbers(
        """0.1 338.8 118.1 888.0 9.2 228.1 668.5 998.5 449.1 778.9 559.2 0.3 0.1 778.1 668.8 339.3 448.9 10.8 557.7
        228.3 998.0 888.8 119.6 0.3 0.6 557.6 339.3 888.0 998.5 778.9 10.2 117.6 228.9 668.4 449.2 0.2"""
    )
    return Certified(x[:, None], y, np.array([-0.262323073774029, 1.00211681802045]), 0.884796396144373)


def no_intercept() -> Certified:
    """NoInt1: eleven points, a line through the origin; average difficulty."""
    x, y = np.arange(60.0, 71.0), np.arange(130.0, 141.0)
    return Certified(x[:, None], y, np.array([2.07438016528926]), 3.56753034006338, intercept=False)


def longley() -> Certified:
    """Employment in the United States, six nearly collinear predictors; higher difficulty."""
    from statsmodels.datasets import longley as published

    table = published.load_pandas().data
    coefficients = numbers(
        """-3482258.63459582 15.0618722713733 -0.0358191792925910 -2.02022980381683 -1.03322686717359
        -0.0511041056535807 1829.15146461355"""
    )
    y, x = table["TOTEMP"].to_numpy(float), table.drop(columns="TOTEMP").to_numpy(float)
    return Certified(x, y, coefficients, 304.854073561965)


def wampler(number: int) -> Certified:
    """Polynomials of degree five at 0, 1, ..., 20; 1 and 2 fit exactly, 3, 4 and 5 with ever more noise."""
    x = np.arange(21.0)
    noise = numbers("759 -2048 2048 -2048 2523 -2048 2048 -2048 1838 -2048 2048")
    noise = np.concatenate([noise, noise[-2::-1]]) * {3: 1, 4: 100, 5: 10_000}.get(number, 0)
    coefficients = np.power(0.1 if number == 2 else 1.0, np.arange(6.0))
    residual = {3: 2360.14502379268, 4: 236014.502379268, 5: 23601450.2379268}.get(number, 0.0)
    exact = sum(int(10 ** (5 - j) if number == 2 else 1) * x**j for j in range(6)) / (1e5 if number == 2 else 1)
    return Certified(powers(x, 5), exact + noise, coefficients, residual)


def filip() -> Certified:
    """Filippelli's polynomial of degree ten, 82 points; higher difficulty, and the hardest of all."""
    x = -numbers(
        """6.860120914 4.324130045 4.358625055 4.358426747 6.955852379 6.661145254 6.355462942 6.118102026 7.115148017
        6.815308569 6.519993057 6.204119983 5.853871964 6.109523091 5.79832982 5.482672118 5.171791386 4.851705903
        4.517126416 4.143573228 3.709075441 3.499489089 6.300769497 5.953504836 5.642065153 5.031376979 4.680685696
        4.329846955 3.928486195 8.56735134 8.363211311 8.107682739 7.823908741 7.522878745 7.218819279 6.920818754
        6.628932138 6.323946875 5.991399828 8.781464495 8.663140179 8.473531488 8.247337057 7.971428747 7.676129393
        7.352812702 7.072065318 6.774174009 6.478861916 6.159517513 6.835647144 6.53165267 6.224098421 5.910094889
        5.598599459 5.290645224 4.974284616 4.64454848 4.290560426 3.885055584 3.408378962 3.13200249 8.726767166
        8.66695597 8.511026475 8.165388579 7.886056648 7.588043762 7.283412422 6.995678626 6.691862621 6.392544977
        6.067374056 6.684029655 6.378719832 6.065855188 5.752272167 5.132414673 4.811352704 4.098269308 3.66174277
        3.2644011"""
    )
    y = numbers(
        """.8116 .9072 .9052 .9039 .8053 .8377 .8667 .8809 .7975 .8162 .8515 .8766 .8885 .8859 .8959 .8913 .8959 .8971
        .9021 .909 .9139 .9199 .8692 .8872 .89 .891 .8977 .9035 .9078 .7675 .7705 .7713 .7736 .7775 .7841 .7971 .8329
        .8641 .8804 .7668 .7633 .7678 .7697 .77 .7749 .7796 .7897 .8131 .8498 .8741 .8061 .846 .8751 .8856 .8919 .8934
        .894 .8957 .9047 .9129 .9209 .9219 .7739 .7681 .7665 .7703 .7702 .7761 .7809 .7961 .8253 .8602 .8809 .8301
        .8664 .8834 .8898 .8964 .8963 .9074 .9119 .9228"""
    )
    coefficients = numbers(
        """-1467.48961422980 -2772.17959193342 -2316.37108160893 -1127.97394098372 -354.478233703349 -75.1242017393757
        -10.8753180355343 -1.06221498588947 -0.0670191154593408 -0.00246781078275479 -0.0000402962525080404"""
    )
    return Certified(powers(x, 10), y, coefficients, 0.00334801051324544)


def accuracy(number: int) -> Array:
    """NumAcc3 and NumAcc4: 1001 values of mean 1000000.2 or 10000000.2 and standard deviation 0.1 exactly."""
    base = {3: 1_000_000, 4: 10_000_000}[number]
    return np.array([base + 0.2, *[base + 0.1, base + 0.3] * 500])
