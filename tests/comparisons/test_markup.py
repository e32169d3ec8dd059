"""What a notebook shows of a comparison: correct HTML, the digits of the terminal, nothing that a name can do."""

from __future__ import annotations

import html5lib
import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup, Tag

from comparisons import terminal
from comparisons.markup import LONGEST, html
from tests import made_up

LABEL = f"beta[{made_up.EVIL}]"


def table(labels: list[str]) -> pd.DataFrame:
    """Rows under two priors; the first MLE does not exist, and a check of the first posterior failed."""
    rows = made_up.table(labels, mle_estimate=np.nan, mle_lower=np.nan, mle_reason=f"infinite: {made_up.EVIL}")
    rows.loc[2, "failed"] = "r_hat; mcse"
    rows["interval"] = "equal-tailed"
    return pd.concat([rows.assign(prior="weak"), rows.assign(prior="flat")], ignore_index=True)


def shown(labels: list[str], said: str = "theta ~ Beta(2, 2)") -> str:
    verdicts = [made_up.verdict(made_up.predictions())]
    return html(f"coin {made_up.EVIL}", table(labels), {"weak": said, "flat": "Flat()"}, verdicts)


def cells(row: Tag) -> list[str]:
    return [cell.get_text() for cell in row.find_all(["th", "td"])]


def test_it_is_correct_html_with_one_captioned_table_per_prior() -> None:
    text = shown(["theta", LABEL])
    html5lib.HTMLParser(strict=True).parseFragment(text)
    tables = BeautifulSoup(text, "html.parser").find_all("table")
    captions = [one.find("caption") for one in tables]
    assert [one.get_text() for one in captions if one] == ["Prior weak: theta ~ Beta(2, 2)", "Prior flat: Flat()"]
    for one in tables:
        heads = one.find_all("th", scope="col")
        assert [head.get_text() for head in heads] == [*terminal.head(table(["a"])), "note"]
        names = one.find_all("th", scope="row")
        assert [name["rowspan"] for name in names] == ["3", "3"]
        assert len(one.find_all("tr")) == 1 + 6


def test_names_reasons_and_titles_are_text() -> None:
    soup = BeautifulSoup(shown([LABEL], said=made_up.EVIL), "html.parser")
    assert {tag.name for tag in soup.find_all(True)} <= {
        *("div", "p", "strong", "table", "caption", "thead", "tbody", "tr", "th", "td")
    }
    assert soup.get_text().count("<script>alert(1)</script>") >= 4  # title, caption, label, reason
    assert "\x1b" not in soup.get_text()
    outer = soup.find("div")
    assert isinstance(outer, Tag)
    assert outer["class"] == ["tex2jax_ignore", "mathjax_ignore"]  # the dollar signs are no mathematics


def test_the_numbers_are_those_of_the_terminal_and_the_mark_says_why() -> None:
    soup = BeautifulSoup(shown(["theta"]), "html.parser")
    mle, map_, posterior = (cells(row) for row in soup.find_all("tr")[1:4])
    assert mle[:5] == ["theta", "MLE", "—", "0.500", "—"]
    assert mle[6].startswith("infinite: ")
    assert map_ == ["MAP", "2.000", "0.500", "1.000 to 3.000", "equal-tailed", ""]
    assert posterior[1:3] == ["2.00 !", "0.50"]
    assert posterior[5] == "do not read: r_hat; mcse failed"
    text = terminal.text(table(["theta"]), [made_up.verdict(made_up.predictions())])
    for row in (mle[1:6], map_[:5], posterior[:5]):
        assert any(all(cell in line for cell in row) for line in text.splitlines())


def test_a_long_prior_is_cut() -> None:
    caption = BeautifulSoup(shown(["theta"], said="x" * 1000), "html.parser").find("caption")
    assert isinstance(caption, Tag)
    assert caption.get_text() == f"Prior weak: {'x' * LONGEST}…"


@pytest.mark.parametrize("empty", ["", np.nan, None])
def test_a_table_in_memory_reads_like_one_from_a_file(empty: str | float | None) -> None:
    rows = table(["theta"]).assign(reason=empty, failed=empty)
    text = terminal.text(rows, [made_up.verdict(made_up.predictions())])
    assert "!" not in text.split("\n\n")[0]
    assert all(row.failed == row.reason == "" for row in terminal.cells(rows[:3]))
