"""Settings of the switches of every scenario: of one kind, each once, and as broken as they say."""

from __future__ import annotations

import numpy as np
import pytest

import models
from models import coin, family, logistic
from models.contract import Broken, flat

NAMES = [name for name in models.names() if models.load(name).broken is not None]


def settings(name: str) -> list[Broken]:
    broken = models.load(name).broken
    assert broken is not None
    return broken()


@pytest.mark.parametrize("name", NAMES)
def test_settings_are_of_one_kind_and_each_once(name: str) -> None:
    found = settings(name)
    assert len({tuple(one.at) for one in found}) == 1
    assert len({tuple(one.at.values()) for one in found}) == len(found)
    families = {tuple((key, prior.name) for key, prior in one.prior.items()) for one in found}
    assert len(families) == 1
    assert all(prior.proper for one in found for prior in one.prior.values())


def test_a_coin_without_heads_has_its_maximum_on_the_boundary() -> None:
    for one in settings("coin"):
        heads, flips = int(one.at["heads"]), int(one.at["flips"])
        assert (int(one.data["heads"].sum()), int(one.data["flips"].sum())) == (heads, flips)
        assert bool(coin.obstacle(one.data, flat(one.prior))) == (heads in (0, flips))


def test_events_are_separated_where_the_gap_is_open() -> None:
    for one in settings("logistic"):
        x, y, gap = one.data["x"].values[:, 0], one.data["y"].values, float(one.at["gap"])
        assert x[y == 1].min() - x[y == 0].max() == pytest.approx(gap)
        np.testing.assert_allclose(np.sort(x), np.sort(-x))
        assert ("separation" in logistic.obstacle(one.data, flat(one.prior))) == (gap > 0)


def test_one_waiting_time_is_wrong() -> None:
    first, *others = settings("family")
    assert first.at["slip"] == "1"
    for one in others:
        differs = one.data["y"].values != first.data["y"].values
        assert differs.sum() == 1
        ratio = one.data["y"].values[differs] / first.data["y"].values[differs]
        assert ratio == pytest.approx(float(one.at["slip"]))
    assert first.data["y"].equals(family.SCENARIO.datasets["teaching"]()["y"])
