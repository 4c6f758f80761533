"""The pages in a browser: they work, complain of nothing and ask nobody for anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from coder_conformance.report import files
from coder_conformance.report.page import runs_page
from coder_conformance.results import Outcome

from . import browser, samples
from .samples import HOSTILE

BINARY = browser.find()
pytestmark = [
    pytest.mark.skipif(BINARY is None, reason="no Chromium is installed"),
    pytest.mark.xdist_group("browser"),
]
ROWS = ".results tbody tr"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Page]:
    """A browser, for all tests of this file."""
    assert BINARY is not None
    with browser.browse(BINARY, tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run with every outcome and hostile text in each."""
    folder = tmp_path_factory.mktemp("report")
    run = samples.mixed(HOSTILE)
    run.results.append(samples.result("list/slow", "listWorkspaces", Outcome.PASSED))
    run.results[-1].seconds = 9.5
    files.write(run, folder)
    return folder / "report.html"


@pytest.fixture
def page(opened: browser.Page, report: Path) -> Iterator[browser.Page]:
    """The page, freshly loaded; afterwards it must have been quiet."""
    opened.problems.clear()
    opened.requests.clear()
    opened.open(report)
    yield opened
    opened.run("1")  # whatever was still to be said has been said
    assert opened.problems == []
    assert set(opened.requests) == {report.as_uri()}


def test_hostile_text_runs_nothing(page: browser.Page) -> None:
    """The page has one script, no image, no handler; and the text is there to be read."""
    assert page.run("document.scripts.length") == 1
    assert page.run("document.images.length") == 0
    assert page.run("[...document.querySelectorAll('*')].every((e) => !e.onerror && !e.onload)")
    assert page.run("document.body.innerText.includes('<script>alert(1)</script>')")
    assert page.run("document.title").startswith("Non-conformant: ")


def test_the_policy_stops_what_gets_in(opened: browser.Page, report: Path) -> None:
    """Even markup that got through could neither run nor load anything."""
    opened.open(report)
    opened.run(
        "document.body.insertAdjacentHTML('beforeend', "
        '\'<img src="http://127.0.0.1:1/x" onerror="window.ran = 1" onload="window.ran = 1">\')'
    )
    opened.run("new Promise((done) => setTimeout(done, 100))")
    assert opened.run("window.ran === undefined")
    assert opened.blocked == ["csp"]
    assert any("Content Security Policy" in problem for problem in opened.problems)


def test_filters(page: browser.Page) -> None:
    """Outcome, operation and search hide what does not fit, everywhere; clearing shows it again."""
    assert page.count(ROWS) == 6
    page.run("document.querySelector('[data-filter-outcome=failed]').click()")
    assert page.count(ROWS) == 1
    assert page.count("#failures .finding") == 1
    assert page.count(".matrix [data-row]") == 1
    assert page.count(".matrix thead [data-column]") == 1
    assert page.run("document.querySelector('output').textContent") == "1 of 6 judgements"
    pressed = "document.querySelector('[data-filter-outcome=failed]').ariaPressed"
    assert page.run(pressed) == "true"
    page.run("document.querySelector('[data-filter-outcome=passed]').click()")
    assert page.count(ROWS) == 3
    page.run("document.querySelector('[data-reset]').click()")
    page.run("new Promise((done) => setTimeout(done, 20))")
    assert page.count(ROWS) == 6
    assert page.run(pressed) == "false"
    choose = (
        "(() => {{ const s = document.querySelector('[data-filter={}]'); s.value = '{}';"
        " s.dispatchEvent(new Event('input', {{bubbles: true}})); }})()"
    )
    page.run(choose.format("operation", "updateWorkspaceTtlById"))
    assert page.count(ROWS) == 3
    assert page.count("[data-operation-row]") == 1
    assert page.count("#untested li") == 1
    page.run(choose.format("role", "server"))
    page.run(choose.format("level", "MUST"))
    assert page.count(ROWS) == 3


def test_search(page: browser.Page) -> None:
    """It finds text of the evidence too, wherever that stands, and says when nothing fits."""
    find = (
        "(() => {{ const s = document.querySelector('[data-search]'); s.value = '{}';"
        " s.dispatchEvent(new Event('input', {{bubbles: true}})); }})()"
    )
    page.run(find.format("CURL alert(1)"))
    assert page.count(ROWS) == 2  # only failures have a request
    page.run(find.format("sentence of list/slow"))
    assert page.count(ROWS) == 1
    page.run(find.format("no such thing"))
    assert page.count(ROWS) == 0
    assert page.count("[data-nothing]") == 1
    assert page.count("#failures [data-empty]") == 1


def test_sorting(page: browser.Page) -> None:
    """A head sorts by its column, says so, and turns round the second time."""
    head = "[...document.querySelectorAll('.results thead th')].at(-1)"
    first = f"document.querySelector('{ROWS} code').textContent"
    assert page.run(first) == "list/pages"
    page.run(f"{head}.querySelector('button').click()")
    assert page.run(f"{head}.ariaSort") == "descending"
    assert page.run(first) == "list/slow"
    page.run(f"{head}.querySelector('button').click()")
    assert page.run(f"{head}.ariaSort") == "ascending"
    assert page.run(first) != "list/slow"
    page.run("document.querySelector('.results thead th button').click()")
    assert page.run("document.querySelectorAll('.results [aria-sort]').length") == 1
    assert page.run(first) == "list/order"


def test_copying(page: browser.Page) -> None:
    """The button puts the whole command where it can be pasted, and says that it did."""
    page.run(
        "navigator.clipboard.writeText = async (text) => { window.copied = text; };"
        "document.querySelector('.repeat [data-copy]').click()"
    )
    page.run("new Promise((done) => setTimeout(done, 20))")
    assert page.run("window.copied").startswith("coder-conformance run --url=http://127.0.0.1:1")
    assert page.run("document.querySelector('.repeat [data-copy]').textContent") == "Copied"


def test_keyboard(page: browser.Page) -> None:
    """The first stop leads past the filters, every control can be reached, and shows that it is."""
    page.press("Tab", 9)
    assert page.run("document.activeElement.className") == "skip"
    assert page.run("document.activeElement.getBoundingClientRect().left >= 0")
    page.press("Enter", 13)
    assert page.run("document.activeElement.id") == "content"
    page.run("document.querySelector('[data-filter-outcome=failed]').focus()")
    page.press("Enter", 13)
    assert page.count(ROWS) == 1
    page.press("Tab", 9)
    assert page.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_links_unfold_what_they_lead_to(page: browser.Page) -> None:
    """A failed cell opens the finding even if it is folded or filtered away."""
    page.run("document.querySelectorAll('.finding').forEach((f) => { f.open = false; })")
    page.run("document.querySelector('[data-filter-outcome=passed]').click()")
    page.run("location.hash = document.querySelector('.matrix td.failed a').hash")
    page.run("new Promise((done) => setTimeout(done, 50))")
    assert page.run("document.querySelector('.finding.failed').open")
    assert page.count(".finding.failed") == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(page: browser.Page, scheme: str) -> None:
    """Text of every outcome can be read on its ground: WCAG asks for 4.5 to 1."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    page.send("Emulation.setEmulatedMedia", features=features)
    for selector in (".badge", ".muted", ".matrix td a", ".chip", "pre", "dt", "nav a", ".count"):
        ratios = page.run(CONTRAST.replace("SELECTOR", selector))
        assert ratios
        assert min(ratios) >= 4.5, selector


def test_narrow_windows(page: browser.Page) -> None:
    """On a telephone only tables scroll sideways, never the page."""
    page.send(
        "Emulation.setDeviceMetricsOverride",
        width=360, height=700, deviceScaleFactor=1, mobile=False,
    )  # fmt: skip
    assert page.run("document.documentElement.scrollWidth") <= 360
    page.send("Emulation.clearDeviceMetricsOverride")


def test_printing_unfolds(page: browser.Page) -> None:
    """Paper cannot be clicked: everything is unfolded for it, and folded again."""
    folded = "document.querySelectorAll('details:not([open])').length"
    before = page.run(folded)
    assert before > 0
    page.run("window.dispatchEvent(new Event('beforeprint'))")
    assert page.run(folded) == 0
    page.run("window.dispatchEvent(new Event('afterprint'))")
    assert page.run(folded) == before


def test_the_page_of_several_runs(opened: browser.Page, tmp_path: Path) -> None:
    """It can be narrowed down to what differs."""
    good, bad = samples.mixed(), samples.mixed()
    bad.results[0].outcome = Outcome.FAILED
    file = tmp_path / "runs.html"
    files.write_text(file, runs_page.render([("good", good), ("bad", bad)]))
    opened.problems.clear()
    opened.open(file)
    assert opened.count(".runs [data-row]") == 5
    opened.run("document.querySelector('[data-differing]').click()")
    assert opened.count(".runs [data-row]") == 1
    assert opened.run("document.querySelector('output').textContent") == "1 of 5 judgements"
    assert opened.problems == []


# The contrast of each element's text with the nearest ground behind it, as WCAG 2.2 defines it.
CONTRAST = """
(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (colour) => {
    const [r, g, b] = rgb(colour).map((v) => v / 255)
      .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (rgb(colour)[3] === 255) return colour;
    }
    return "white";
  };
  return [...document.querySelectorAll("SELECTOR")].filter((e) => e.checkVisibility()).map((e) => {
    const [a, b] = [luminance(getComputedStyle(e).color), luminance(ground(e))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  });
})()
"""
