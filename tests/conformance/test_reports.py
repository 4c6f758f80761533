"""The reports of a run: what they say, and that nothing of a server can take them over."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema_rs
import pytest

from coder_conformance import arguments, catalogue, options
from coder_conformance.report import coverage, files, form, junit, markdown, progress, repeat, text
from coder_conformance.report.page import run_page, runs_page
from coder_conformance.report.page.difference import difference
from coder_conformance.report.page.markup import KINDS, UNJUDGED
from coder_conformance.results import Failure, Outcome, Run

from . import samples
from .samples import HOSTILE


class Elements(HTMLParser):
    """Every element of a page, with the text of the whole."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += data


def test_the_text_report_says_everything() -> None:
    """Requirement in words, request, expected, got, what was not tested, deviations, verdict."""
    shown = text.render(samples.mixed("because"))
    for part in (
        "FAILED list/order · listWorkspaces",
        "MUST: The sentence of list/order.",
        "request:  curl because",
        "expected: expected because",
        "got:      actual because",
        "answer:   because",
        "could not be judged: because",
        "Known deviation: ttl/known · updateWorkspaceTtlById: accepted: because",
        "Not tested (because): ttl/limits",
        "Cannot be tested (because): ttl/no-test",
        "Not applicable (because): list/other",
        "listWorkspaces  alone           100       0        81.5  1.2  2.0  3.0  40.0",
        "listWorkspaces  under load        7       7         3.5    -    -    -     -",
        "Left on the server: cf-1-2: because",
    ):
        assert part in shown, part
    assert "FAILED ttl/known" not in shown
    assert shown.endswith(
        "NON-CONFORMANT: 1 passed, 2 failed, 1 skipped, 1 error, 1 untestable, 1 not applicable"
    )


def test_problems_with_the_list_of_deviations_are_said_everywhere() -> None:
    """They make the verdict, so every report has to name them."""
    run = samples.run(samples.result("list/pages", "listWorkspaces", Outcome.PASSED))
    run.deviation_problems = ["the deviation from x/y expired"]
    for render in (text.render, junit.as_text, markdown.render, run_page.render):
        assert "the deviation from x/y expired" in render(run), render


def test_a_server_cannot_steer_the_terminal() -> None:
    """No control character arrives there, and no line of a server's text stands for itself."""
    shown = text.render(samples.mixed(HOSTILE))
    assert re.findall("[\x00-\x09\x0b-\x1f\x7f\u2028\u202e\ud800]", shown) == []
    assert "\\x1b[31mred" in shown
    assert not any(line.lstrip().startswith("::") for line in shown.splitlines())


@pytest.mark.parametrize(
    "said", ["plain", HOSTILE, "", "x" * 300_000], ids=["plain", "hostile", "empty", "long"]
)
def test_every_report_can_hold_every_text(said: str, tmp_path: Path) -> None:
    """All four files are written and can be read again, whatever came over the wire."""
    run = samples.mixed(said)
    written = {path.name: path for path in files.write(run, tmp_path / "new" / "folder")}
    assert sorted(written) == ["junit.xml", "report.html", "report.json", "report.md"]
    assert sorted(path.name for path in written["report.md"].parent.iterdir()) == sorted(written)
    ET.parse(written["junit.xml"])  # noqa: S314 -- written a line above
    for path in written.values():
        path.read_text(encoding="utf-8")
    assert form.as_object(form.read(written["report.json"])) == form.as_object(run)


@pytest.mark.parametrize(
    "run",
    [samples.mixed(), samples.mixed(HOSTILE), samples.run()],
    ids=["plain", "hostile", "empty"],
)
def test_json_reports_fit_the_published_schema(run: Run) -> None:
    """The schema is a schema, and what is written fits it."""
    schema = json.loads(form.SCHEMA.read_text(encoding="utf-8"))
    assert jsonschema_rs.meta.is_valid(schema)
    validator = jsonschema_rs.validator_for(schema)
    report = json.loads(form.as_text(run))
    assert [error.message for error in validator.iter_errors(report)] == []
    del report["results"]
    assert not validator.is_valid(report)


def test_junit_says_what_the_verdict_says() -> None:
    """Failures and errors are those that count; the rest is skipped, with its reason."""
    run = samples.mixed("because")
    should = samples.result("list/should", "listWorkspaces", Outcome.FAILED)
    should.requirement = samples.requirement("list/should", "listWorkspaces", level="SHOULD")
    run.results.append(should)
    root = ET.fromstring(junit.as_text(run))  # noqa: S314 -- our own
    suite = root.find("testsuite[@name='server']")
    assert suite is not None
    counts = [suite.get(name) for name in ("tests", "failures", "errors", "skipped")]
    assert counts == ["8", "1", "1", "5"]
    failure = "expected expected because; got actual because"
    found = {
        case.get("name"): [(child.tag, child.get("message")) for child in case]
        for case in suite.iter("testcase")
    }
    assert found == {
        "list/pages": [],
        "list/order": [("failure", failure)],
        "ttl/limits": [("skipped", "because")],
        "ttl/reads-back": [("error", "because")],
        "ttl/known": [
            ("skipped", f"known deviation (accepted: because): {failure}"),
        ],
        "ttl/no-test": [("skipped", "cannot be tested: because")],
        "list/other": [("skipped", "not applicable: because")],
        "list/should": [("skipped", "not a MUST: expected expected why; got actual why")],
    }
    assert "curl because" in (suite.findtext("testcase/failure") or "")
    properties = {p.get("name"): p.get("value") for p in suite.iter("property")}
    assert properties == {
        "target": "http://127.0.0.1:1",
        "version": "because",
        "seed": "7",
        "profile": "standard",
        "verdict": "non-conformant",
        "contract": "c0ffee" * 10,
    }


def test_junit_shows_that_a_run_is_no_verdict() -> None:
    """An interrupted run without a failure is still an error to CI."""
    run = samples.run(samples.result("list/pages", "listWorkspaces", Outcome.PASSED))
    run.trouble = "the run was interrupted"
    root = ET.fromstring(junit.as_text(run))  # noqa: S314 -- our own
    error = root.find("testsuite[@name='run']/testcase/error")
    assert error is not None
    assert error.get("message") == "the run was interrupted"


def test_markdown_says_everything() -> None:
    """Verdict, counts by operation, evidence, what was not tested, what was left."""
    shown = markdown.render(samples.mixed("because"))
    for part in (
        "Conformance: non-conformant",
        "| <code>listWorkspaces</code> | 1 | 1 |  |  | 400, 401 |",
        "MUST: The sentence of list/order.",
        "curl because",
        "- `because`: `ttl/limits`",
        "### Cannot be tested\n\n- `because`: `ttl/no-test`",
        "### Not applicable\n\n- `because`: `list/other`",
        "1 error, 1 untestable, 1 not applicable**",
        "| <code>listWorkspaces</code> | alone | 100 | 0 | 81.5 | 1.2 | 2.0 | 3.0 | 40.0 |",
        "- `cf-1-2: because`",
        "- `ttl/known` · `updateWorkspaceTtlById`: `accepted: because`",
        "2 of 5 documented statuses were seen",
        "coder-conformance run --only=list/order --operation=listWorkspaces",
    ):
        assert part in shown, part
    assert shown.count("<details>") == shown.count("</details>") == 2


def test_a_server_cannot_take_over_the_markdown() -> None:
    """Its text stays within fences and code: none of its markup, links, headings or cells."""
    shown = markdown.render(samples.mixed(HOSTILE))
    outside: list[str] = []
    fence = ""
    for line in shown.splitlines():
        if fence:
            fence = "" if line == fence else fence
        elif found := re.match("(`{3,})[a-z]+$", line):
            fence = found[1]
        else:
            outside.append(re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", line))
    assert fence == ""
    rest = "\n".join(outside)
    for part in ("<script", "<img", "\n## heading", "\n# out", "](javascript", "@everyone"):
        assert part not in rest, part
    times = outside.index("### Milliseconds to answer")
    for rows, bars in ((outside[:times], 7), (outside[times:], 10)):
        assert {line.count("|") for line in rows if line.startswith("| <code>")} == {bars}
    assert {line.count("|") for line in outside if line.startswith("| version")} == {3}


def test_markdown_fits_a_ci_summary() -> None:
    """GitHub takes one MiB at most; however much failed, the summary stays below."""
    run = samples.run(
        *(
            samples.result(f"list/r{n}", "listWorkspaces", Outcome.FAILED, "ö" * 50_000)
            for n in range(120)
        )
    )
    shown = markdown.render(run)
    assert len(shown.encode()) < 2**20
    assert "… and 70 more" in shown


def test_the_page_says_everything() -> None:
    """Identity, verdict, evidence, matrix, statuses seen and never seen, leftovers."""
    page = Elements(run_page.render(samples.mixed("because")))
    for part in (
        "Non-conformant",
        "http://127.0.0.1:1",
        "coder-conformance run --url=http://127.0.0.1:1 --seed=7 --role=server",
        "The sentence of list/order.",
        "curl because",
        "expected because",
        "Known and accepted: accepted: because",
        "cf-1-2: because",
        "2 of 5 documented statuses were seen",
        "400 never",
        "Cannot be tested 1",
        "Not applicable 1",
        "under load773.5----",
        "418 ×1 undocumented",  # noqa: RUF001 -- as the page has it
    ):
        assert part in page.text, part


def test_outcomes_are_told_by_more_than_colour() -> None:
    """Each cell of the matrix has a sign and a word, and leads to what is known about it."""
    page = run_page.render(samples.mixed())
    cells = re.findall(r'<td class="(\w+)" data-column.*?href="#(\w+)">(.*?)</a>', page)
    assert [css for css, _, _ in cells] == [
        "passed", "failed", "inapplicable", "skipped", "error", "known", "untestable",
    ]  # fmt: skip
    by_name = {kind.name: kind for kind in (*KINDS, *UNJUDGED)}
    for css, anchor, content in cells:
        assert by_name[css].symbol in content
        assert f">{by_name[css].word}<" in content
        assert page.count(f'id="{anchor}"') == 1


@pytest.mark.parametrize("several", [False, True])
def test_a_server_cannot_take_over_the_page(*, several: bool) -> None:
    """Its text adds no element and no attribute, and shows what cannot be seen."""
    if several:
        hostile = runs_page.render([(HOSTILE, samples.mixed(HOSTILE))] * 2)
        plain = runs_page.render([("a", samples.mixed("why"))] * 2)
    else:
        hostile, plain = run_page.render(samples.mixed(HOSTILE)), run_page.render(samples.mixed())
    found, expected = Elements(hostile), Elements(plain)
    ours = [(tag, sorted(a)) for tag, a in found.found if tag not in {"del", "ins"}]
    assert ours == [(tag, sorted(a)) for tag, a in expected.found]
    assert "<script>alert(1)</script>" in found.text or several
    assert not re.search("[\x00\x1b\u2028\u2029\u202e\ufeff\ud800\uffff]", hostile)


def test_the_page_loads_nothing() -> None:
    """No element names anything outside of the page, and its policy forbids loading."""
    page = Elements(run_page.render(samples.mixed()))
    for tag, attributes in page.found:
        assert "style" not in attributes, tag  # the policy would ignore it
        for name in ("src", "href", "action", "data", "srcset"):
            assert (attributes.get(name) or "#").startswith(("#", "data:")), (tag, attributes)
    policy = next(a["content"] for t, a in page.found if "http-equiv" in a) or ""
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "@import" not in page.text
    assert "url(" not in page.text


def test_long_texts_are_cut_where_nobody_reads_on() -> None:
    """A page with a megabyte of answer is no page; the JSON report has the whole."""
    page = run_page.render(samples.mixed("y" * 1_000_000))
    assert "1000000 characters in all; report.json has them" in page
    assert len(page) < 400_000


def test_differences_are_marked_where_that_helps() -> None:
    """Long texts that are alike have marks, JSON on lines of its own; others are left alone."""
    old = {"id": "7b6c2a1e-5d0f-4c7a-9a3e-1f2d3c4b5a69", "name": "<one>", "ttl_ms": 60000, "x": []}
    new = {**old, "ttl_ms": 60}
    padding = {"filler": "words " * 20}
    marked = difference(json.dumps({**old, **padding}), json.dumps({**new, **padding}))
    assert marked is not None
    assert "&quot;ttl_ms&quot;: <del>60000</del>,\n" in marked[0]
    assert "&quot;ttl_ms&quot;: <ins>60</ins>,\n" in marked[1]
    assert "&lt;one&gt;" in marked[0]
    assert difference("short", "text") is None
    assert difference("a b c d e f " * 20, "1 2 3 4 5 6 " * 20) is None
    assert difference("a " * 50_000, "b " * 50_000) is None


def test_coverage_tells_what_was_never_seen() -> None:
    """Documented and seen, documented and never seen, seen and not documented."""
    found = coverage.coverage(samples.mixed())
    assert [(one.operation, one.met, one.undocumented) for one in found] == [
        ("listWorkspaces", (200,), (418,)),
        ("updateWorkspaceTtlById", (204,), ()),
    ]
    nobody = samples.run()
    nobody.statuses = {}
    assert coverage.coverage(nobody) == []


def test_a_run_learns_what_the_contract_documents() -> None:
    """Reports of this contract name all of its operations; those of another one keep theirs."""
    run = samples.run()
    coverage.note_contract(run)
    assert sorted(run.documented) == ["listWorkspaces", "updateWorkspaceTtlById"]
    run.contract, run.documented = "", {}
    coverage.note_contract(run)
    assert len(run.contract) == 64
    assert len(run.documented) == 19


def test_the_command_that_repeats_a_run_is_that_run() -> None:
    """Whatever was said on the command line, in the environment or in a file is in it."""
    typed = [
        "run", "--url=http://127.0.0.1:3000", "--profile=full", "--operation=listWorkspaces",
        "--only=list/*", "--only=a b", "--examples=3", "--keep", "--level=MUST",
    ]  # fmt: skip
    environment = {"CODER_CONFORMANCE_TEMPLATE": "it's"}
    nothing: dict[str, arguments.Command] = dict.fromkeys(
        ("run", "sweep", "list", "options"), lambda _: 0
    )
    parser = arguments.parser(nothing)
    values = options.resolve(parser.parse_args(typed), environment, None)
    words = shlex.split(repeat.command(values))
    assert words[:2] == ["coder-conformance", "run"]
    assert "--seed=1" in words
    again = options.resolve(parser.parse_args(words[1:]), {}, None)
    assert {k: list(v) if isinstance(v, list | tuple) else v for k, v in again.items()} == {
        k: list(v) if isinstance(v, list | tuple) else v for k, v in values.items()
    }


def test_one_requirement_can_be_judged_alone_as_in_the_run() -> None:
    """Same server and seed, without what narrowed the run down; damage does no harm."""
    run = samples.mixed()
    words = repeat.one("list/order", "listWorkspaces", run).split()
    assert words == [
        "coder-conformance", "run", "--only=list/order", "--operation=listWorkspaces",
        "--url=http://127.0.0.1:1", "--seed=7",
    ]  # fmt: skip
    run.command = "it's broken"
    assert repeat.one("x/y", None, run) == "coder-conformance run --only=x/y"


def test_progress_in_lines() -> None:
    """A line for each requirement, begun before its first test, and a mark for each test."""
    stream = StringIO()
    shown = progress.to(stream)
    shown.note("server x")
    shown.started(3)
    for name, outcome in (("a/b", Outcome.PASSED), ("a/b", Outcome.FAILED), ("c/d", Outcome.ERROR)):
        result = samples.result(name, "listWorkspaces", outcome)
        shown.judging(result.requirement, result.operation)
        shown.judged(outcome, result)
    shown.finished()
    lines = stream.getvalue().splitlines()
    assert lines[0] == "server x"
    assert lines[1].startswith("3 tests")
    assert [line.split() for line in lines[2:]] == [["a/b", ".F"], ["c/d", "E"]]


def test_progress_of_a_real_run(tmp_path: Path) -> None:
    """It names what is judged, although pytest catches all output of tests."""
    done = subprocess.run(
        [
            sys.executable, "-m", "coder_conformance", "run", "--role=client", "--examples=1",
            "--operation=favoriteWorkspaceById", "--only=client/hides-the-token",
            f"--reports={tmp_path}",
        ],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert re.search(r"^  client/hides-the-token +\.+$", done.stderr, re.MULTILINE)


def _read_all(descriptor: int) -> str:
    """What is written to a pseudo-terminal until its other end is closed."""
    parts: list[bytes] = []
    try:
        while part := os.read(descriptor, 65536):
            parts.append(part)
    except OSError:  # Linux's way to say that this was all
        pass
    return b"".join(parts).decode()


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no pseudo-terminals")
def test_progress_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Done and total, what is being judged, and each failure as it comes, made harmless."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "140")
    ours, theirs = os.openpty()
    with ThreadPoolExecutor(1) as pool, os.fdopen(theirs, "w", encoding="utf-8") as stream:
        reading = pool.submit(_read_all, ours)
        shown = progress.to(stream)
        shown.started(2)
        failed = samples.result("a/b", "listWorkspaces", Outcome.FAILED, "\x1b]0;evil\x07")
        shown.judging(failed.requirement, failed.operation)
        shown.judged(Outcome.FAILED, failed)
        shown.finished()
        stream.close()
        seen = reading.result(timeout=20)
    os.close(ours)
    assert "FAILED a/b · listWorkspaces: expected" in seen
    assert "1/2" in seen
    assert "1 bad" in seen
    assert "\x1b]0;evil" not in seen
    assert "\\x1b]0;evil" in seen


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no pseudo-terminals")
def test_progress_for_dumb_terminals_is_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing can be redrawn, nothing is."""
    monkeypatch.setenv("TERM", "dumb")
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as stream:
        shown = progress.to(stream)
        assert isinstance(shown, progress.Lines)
        shown.finished()
    os.close(ours)


def test_real_requirements_make_good_reports() -> None:
    """Every requirement of the catalogue finds its place in every report."""
    results = [
        samples.result(r.id, operation, Outcome.FAILED)
        for r in catalogue.load().values()
        for operation in r.operations
    ]
    run = samples.run(*results)
    page = Elements(run_page.render(run))
    anchors = [attributes["id"] for _, attributes in page.found if "id" in attributes]
    assert len(anchors) == len(set(anchors))
    links = {a["href"] for tag, a in page.found if tag == "a" and a.get("href") != "data:,"}
    assert links <= {f"#{anchor}" for anchor in anchors}
    run.results[0].failures = [Failure("a", "b")] * 50
    assert "and 40 more findings" in run_page.render(run)
