"""Groups: labels, pairs, restarts and numbers of components, with failures planted for each to show."""

from __future__ import annotations

import re
from itertools import permutations
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from comparisons.rules import LOSS
from models import mixture
from models.contract import expectation_maximisation
from models.contract.components import draw_points, responsibilities
from reports import by_number, components, labels, restarts

Array = NDArray[np.float64]
TRUTH = {
    "weight": np.array([0.5, 0.3, 0.2]),
    "mu": np.array([[-2.0, 0.0], [0.5, 2.0], [2.0, -1.0]]),
    "sigma": np.full((3, 2), 0.7),
    "rho": np.zeros((3, 1)),
}
DIMS: dict[str, tuple[str, ...]] = {
    "weight": ("component",),
    "mu": ("component", "feature"),
    "sigma": ("component", "feature"),
    "rho": ("component", "pair"),
}
CHAINS, DRAWS = 4, 50


def fit(numbering: NDArray[np.int64] | None = None, n: int = 80, peers: xr.Dataset | None = None) -> Any:
    """A mixture whose draws stand around the truth, and the numbering that the sampler is said to have used."""
    rng = np.random.default_rng(1)
    data = mixture.labelled(draw_points(rng, n, **TRUTH), 3, ["y1", "y2"], title="made up", source="here")
    lead = (CHAINS, DRAWS)
    draws = {key: value + rng.normal(0, 0.04, (*lead, *value.shape)) for key, value in TRUTH.items()}
    draws["weight"] /= draws["weight"].sum(axis=-1, keepdims=True)
    coords = {key: data[key] for key in ("component", "feature", "pair")}
    posterior = xr.Dataset({k: (("chain", "draw", *DIMS[k]), v) for k, v in draws.items()}, coords=coords)
    point = xr.Dataset({k: (("statistic", *DIMS[k]), v[None]) for k, v in TRUTH.items()}, coords=coords)
    point = point.assign_coords(statistic=["estimate"])
    share = responsibilities(data["y"].values, point.isel(statistic=0, drop=True))
    extras = xr.Dataset(
        {"responsibility": (("reading", "observation", "component"), np.stack([share] * 3))},
        coords={"reading": ["mle", "map", "posterior"]},
    )
    groups = {"posterior": posterior, "map": point, "extras": extras}
    if numbering is not None:
        groups["sample_stats"] = xr.Dataset({"drawn": (("chain", "draw", "component"), numbering)})
    terms = rng.normal(-3, 0.2, (*lead, n))
    groups["log_likelihood"] = xr.Dataset({"y": (("chain", "draw", "observation"), terms)})
    tree = {f"/weak/{key}": group for key, group in groups.items()} | ({} if peers is None else {"/peers": peers})
    return SimpleNamespace(
        default="weak",
        data=data,
        tree=xr.DataTree.from_dict(tree),
        dataset=lambda prior, group: groups.get(group),
        log_likelihood=lambda prior: groups["log_likelihood"],
        sweep=lambda name: None,
    )


def constant(*orders: tuple[int, ...]) -> NDArray[np.int64]:
    """A numbering per chain, kept for all its draws."""
    return np.repeat(np.array(orders)[:, None], DRAWS, axis=1)


# Labels.


def test_traces_as_drawn_are_the_relabelled_ones_in_another_order() -> None:
    number_of = constant((0, 1, 2), (2, 0, 1), (1, 0, 2), (0, 1, 2))
    before, after, title = labels.means(fit(number_of))
    assert title == "mean of y1"
    # The component shown in place k was drawn with the number number_of[k].
    for chain in range(CHAINS):
        for k in range(3):
            np.testing.assert_array_equal(before[chain, :, number_of[chain, 0, k]], after[chain, :, k])


def test_chains_with_other_numberings_disagree_only_as_drawn() -> None:
    table = labels.convergence(fit(constant((0, 1, 2), (2, 0, 1), (1, 0, 2), (0, 1, 2))))
    for row in table.rows[:3]:
        assert float(row[2]) > 1.1
        assert float(row[5]) < 1.1
    assert table.rows[3][1:4] == table.rows[3][4:]


@given(st.lists(st.sampled_from(list(permutations(range(3)))), min_size=CHAINS, max_size=CHAINS), st.integers(0, 5))
def test_switches_are_counted(orders: list[tuple[int, ...]], many: int) -> None:
    number_of = constant(*orders)
    for place in range(many):  # one draw with its first two labels exchanged: there and back again
        number_of[0, 2 + 4 * place] = number_of[0, 2 + 4 * place][[1, 0, 2]]
    within, numberings = labels.switches(number_of)
    assert within == 2 * many
    known = set(orders) | ({tuple(np.array(orders[0])[[1, 0, 2]].tolist())} if many else set())
    assert numberings == len(known)
    said = " ".join(labels.switch_sentences(number_of))
    if len(known) == 1:
        own = "that of this page" if orders[0] == (0, 1, 2) else "another than"
        assert f"kept one numbering, {own}" in said
    else:
        assert f"used {len(known)} of them" in said
        assert f"changed {2 * many} time" in said


def test_without_stored_labels_there_is_nothing_to_show() -> None:
    assert labels.drawn(fit()) is None


def test_the_traces_are_drawn_both_ways() -> None:
    drawn = labels.traces(fit(constant(*[(0, 1, 2)] * CHAINS)))
    assert drawn.knobs[0].settings == ["as drawn", "relabelled"]
    assert len(drawn.stills) == 2


# Pairs.


def test_pairs_do_not_know_labels_and_follow_from_memberships() -> None:
    one = fit()
    found = labels.together(one, "y")
    assert found is not None
    probability, plugged, component = found
    assert (np.diff(component) >= 0).all()
    np.testing.assert_allclose(probability, probability.T)
    assert ((probability >= 0) & (probability <= 1 + 1e-12)).all()
    other = fit()
    posterior = other.tree["weak/posterior"].to_dataset().isel(component=[2, 0, 1])
    other.tree["weak/posterior"] = xr.DataTree(posterior)
    again = labels.together(other, "y")
    assert again is not None
    np.testing.assert_allclose(again[0], probability)
    # Two points in the middle of far groups, and the chance that both are of one component, by hand.
    share = responsibilities(one.data["y"].values, one.tree["weak/map"].to_dataset().isel(statistic=0, drop=True))
    order = np.lexsort((-share.max(axis=1), share.argmax(axis=1)))
    by_hand = share[order[0]] @ share[order[-1]]
    assert plugged[0, -1] == pytest.approx(by_hand)


@given(st.integers(3, 12), st.integers(0, 2**31))
def test_open_pairs_are_counted(m: int, seed: int) -> None:
    one, other = (np.random.default_rng(seed + part).beta(0.3, 0.3, (m, m)) for part in (0, 1))
    one, other = (one + one.T) / 2, (other + other.T) / 2
    (said,) = labels.together_sentences(one, other)
    pairs = [one[i, j] for i in range(m) for j in range(i)]
    share = 100 * np.mean([labels.SURE < p < 1 - labels.SURE for p in pairs])
    stated = float(re.search(r"of points, ([\d.]+) %", said).group(1))  # type: ignore[union-attr]
    assert stated == pytest.approx(share, rel=0.06, abs=1e-9)


def test_the_matrix_is_a_picture() -> None:
    found = labels.matrix(fit(), "y")
    assert found is not None
    assert "data:image/png;base64," in found[0].stills[0][1]


# Where EM lands.


@given(st.lists(st.integers(0, 6), min_size=1, max_size=40), st.integers(0, 2**31))
def test_ends_of_em_are_sorted_into_maxima(levels: list[int], seed: int) -> None:
    noise = np.random.default_rng(seed).uniform(0, restarts.SAME / 50, len(levels))
    height = np.sort(-10.0 * np.array(levels) + noise)[::-1]
    found = restarts.maxima(height)
    assert [many for _, many in found] == [levels.count(level) for level in sorted(set(levels))]
    chains = np.random.default_rng(seed).normal(-20, 2, (4, 50))
    said = " ".join(restarts.atlas_sentences(height, chains))
    assert f"{levels.count(min(levels))} ended at the highest" in said
    assert ("would not have told" in said) == (len(set(levels)) > 1)
    assert f"none above {chains.max():.1f}" in said


def test_landings_are_maxima_of_the_likelihood_in_the_units_of_the_data() -> None:
    from scipy.stats import norm

    rng = np.random.default_rng(2)
    y = np.concatenate([rng.normal(0, 3, 60), rng.normal(40, 5, 40)])[:, None]
    found = expectation_maximisation.landings(y, 2, np.random.default_rng(3))
    height = found["landing_log_likelihood"].values
    assert (np.diff(height) <= 0).all()
    weight, mu, sigma = (found[f"landing_{key}"].values[0] for key in ("weight", "mu", "sigma"))
    terms = weight * norm(mu[:, 0], sigma[:, 0]).pdf(y)
    assert height[0] == pytest.approx(float(np.log(terms.sum(axis=1)).sum()), abs=0.01)
    np.testing.assert_allclose(mu[:, 0], [y[:60].mean(), y[60:].mean()], atol=0.1)
    assert mu[0, 0] < mu[1, 0]
    assert weight.sum() == pytest.approx(1)


def atlas_fit(one_dimension: bool = False) -> Any:
    made = fit()
    peers = expectation_maximisation.landings(made.data["y"].values, 3, np.random.default_rng(4))
    made = fit(peers=peers)
    if one_dimension:
        made.data = made.data.isel(feature=[0])
    return made


def test_the_atlas_is_drawn() -> None:
    found = restarts.atlas(atlas_fit(), "y")
    assert found is not None
    assert all("<svg" in drawn.stills[0][1] for drawn in found[:2])
    assert restarts.atlas(fit(peers=xr.Dataset()), "y") is None


# How many components.


@given(
    st.dictionaries(st.integers(1, 6), st.tuples(st.floats(-50, 50), st.floats(0.1, 20)), min_size=1),
    st.sets(st.integers(1, 6)),
)
def test_number_sentences_declare_no_winner_within_the_errors(
    found: dict[int, tuple[float, float]], doubtful: set[int]
) -> None:
    used = 7
    said = by_number.number_sentences(found | {used: (0.0, 0.0)}, used, doubtful)
    clear = {k: abs(gap) > max(2 * error, LOSS) for k, (gap, error) in found.items()}

    def counted(word: str) -> set[int]:
        lines = [line for line in said if word in line]
        return {
            int(one) for line in lines for one in re.findall(r"\d+", line.split(word)[0].replace(f"against {used}", ""))
        }

    assert counted(" worse than") == {k for k, (gap, _) in found.items() if clear[k] and gap < 0}
    assert counted(" better than") == {k for k, (gap, _) in found.items() if clear[k] and gap > 0}
    assert counted(", leave-one-out prediction does not decide") == {k for k in found if not clear[k]}
    assert any("rough" in line for line in said) == bool(doubtful)


def test_a_spike_among_the_lowest_is_not_read() -> None:
    bic = np.array([[100.0, 101.0], [90.0, 80.0], [95.0, 70.0]])
    peers = xr.Dataset(
        {
            "bic": (("components", "restart"), bic),
            "bic_width": (("components", "restart"), [[1.0, 1.0], [0.5, 0.5], [0.5, 0.001]]),
        },
        coords={"components": [1, 2, 3]},
    )
    said, _ = components.criterion(fit(peers=peers))
    assert any(line.startswith("With 3 components the lowest has one narrower") for line in said)
    peers["bic_width"][2, 1] = 0.3
    said, _ = components.criterion(fit(peers=peers))
    assert not any("narrower" in line for line in said)


def test_ties_make_a_spike_that_the_width_shows() -> None:
    rng = np.random.default_rng(5)
    y = np.concatenate([rng.normal(0, 1, 80), np.full(8, 0.3), rng.normal(6, 1, 40)])[:, None]
    found = expectation_maximisation.peers(y, 2, np.random.default_rng(6))
    lowest = found["bic"].argmin("restart")
    width = found["bic_width"].isel(restart=lowest)
    assert float(width.sel(components=1)) == pytest.approx(1, abs=1e-3)
    assert float(width.min()) < components.SPIKE


# K-means.


@given(st.integers(2, 5), st.integers(0, 2**31), st.integers(0, 5))
def test_clusters_get_the_number_of_their_component(k: int, seed: int, moved: int) -> None:
    rng = np.random.default_rng(seed)
    component = np.repeat(np.arange(k), 20)
    numbering = rng.permutation(k)
    cluster = numbering[component]
    cluster[:moved] = numbering[1]
    found = restarts.matched(cluster, component, k)
    assert int((found != component).sum()) == moved
    said = " ".join(restarts.kind_sentences(found, component, rng.uniform(0.5, 1, len(component))))
    assert ("alike" in said) == (moved == 0)
    assert (f"disagree on {moved} point" in said) == (moved > 0)


def test_the_two_colourings_are_drawn() -> None:
    made = fit()
    labels_ = xr.Dataset({"kmeans": ("observation", np.arange(made.data.sizes["observation"]) % 3)})
    found = restarts.kinds(fit(peers=labels_), "y")
    assert found is not None
    assert len(found[0].stills) == 2
    assert "disagree" in found[1][0]
