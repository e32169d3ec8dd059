"""The glossary: every link resolves, every term is used, and only running text is touched."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urldefrag

import html5lib
import pytest
from bs4 import BeautifulSoup

from reports import glossary
from reports.glossary import link, term, terms
from tests.toys import ROOT, TOYS, soup


def test_every_link_resolves(home: Path) -> None:
    known = {str(tag["id"]) for tag in soup(home, "glossary").select("dt[id]")}
    assert known == {one.key for one in terms()}
    assert len(known) == len(terms())
    for name in (*TOYS, "index", "reading", "glossary"):
        links = soup(home, name).select("a.term")
        assert links, name
        for tag in links:
            page, fragment = urldefrag(str(tag["href"]))
            assert page == ("" if name == "glossary" else glossary.PAGE)
            assert fragment in known, (name, fragment)


def test_every_term_is_used_somewhere() -> None:
    """In a template or in the code of the pages, the entries of the glossary themselves left out."""
    files = [path for kind in ("*.py", "*.j2") for path in (ROOT / "reports").rglob(kind) if "site" not in path.parts]
    texts = [path.read_text(encoding="utf-8") for path in files if path.name != "glossary.py"]
    texts += [(ROOT / "comparisons" / name).read_text(encoding="utf-8") for name in ("writing.py", "rules.py")]
    texts += [one.meaning for one in terms()]
    everything = re.sub(r'"\s*\n\s*f?"', "", "\n".join(texts))  # what one literal begins and the next goes on with
    own = {one.name: one.meaning for one in terms()}
    for one in terms():
        pattern = rf"(?<![\w-])(?:{one.words or re.escape(one.name)})(?![\w-])"
        uses = len(re.findall(pattern, everything)) - len(re.findall(pattern, own[one.name]))
        assert uses > 0, one.name


def test_every_term_is_found_by_its_own_words() -> None:
    """A regular expression that another one swallows would never become a link."""
    for one in terms():
        found = BeautifulSoup(link(f"<p>See: {one.name}.</p>"), "html5lib").select("a.term")
        assert found, one.name
        assert str(found[0]["href"]).endswith(f"#{one.key}"), one.name


def test_links_are_made_once_and_in_running_text_only() -> None:
    html = '<p title="R-hat">R-hat and <b>R-hat</b>, <a href="#x">MLE</a>.</p><h3>MAP</h3><pre>MCSE</pre><td>ESS</td>'
    found = BeautifulSoup(link(html), "html5lib")
    assert [tag.get_text() for tag in found.select("a.term")] == ["R-hat"]
    assert link(html).replace(str(term("R-hat")), "R-hat") == html
    svg = "<p><svg><text>R-hat</text></svg> <code>R-hat</code></p>"
    assert link(svg) == svg


def test_longer_terms_win() -> None:
    found = BeautifulSoup(link("<p>The posterior predictive, a posterior mean, the posterior.</p>"), "html5lib")
    assert [tag.get_text() for tag in found.select("a.term")] == ["posterior predictive", "posterior mean", "posterior"]


def test_names_from_data_stay_data() -> None:
    assert link("<p>&lt;b&gt;MLE&lt;/b&gt;</p>").count("<b>") == 0


def test_a_term_that_is_not_there_is_an_error() -> None:
    assert 'href="glossary.html#r-hat"' in term("R-hat")
    assert term("Posterior", "it").endswith(">it</a>")
    with pytest.raises(KeyError):
        term("r-hat")


def test_the_page_is_valid_and_says_every_term_in_a_few_sentences() -> None:
    html = glossary.render("0" * 64)
    html5lib.HTMLParser(strict=True).parse(html)
    for one in terms():
        assert 1 <= len(re.findall(r"[.:;](?: |$)", one.meaning)) <= 4, one.name
        assert len(one.short) < 200, one.name
        assert f'id="{one.key}"' in html


def test_nothing_hidden_from_screen_readers_can_be_focused(home: Path) -> None:
    """A link in a small multiple would be reached by keyboard and not be read."""
    for name in TOYS:
        assert not soup(home, name).select("[aria-hidden] a, [aria-hidden] [tabindex], [role=img] a")
