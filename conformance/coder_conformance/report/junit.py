"""JUnit XML, for CI systems."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ..results import Outcome, Result, Run, Unjudged
from .text import TITLES, describe
from .visible import in_xml


def as_text(run: Run) -> str:
    """The run as the text of `junit.xml`."""
    root = as_xml(run)
    ET.indent(root)
    return f"<?xml version='1.0' encoding='utf-8'?>\n{ET.tostring(root, encoding='unicode')}\n"


def as_xml(run: Run) -> ET.Element:
    """The run as JUnit XML: a suite for each role, a case for each requirement and operation.

    It says the same as the verdict: what does not count against it, namely a known deviation or
    something that is less than a MUST, is a skipped case with the finding as its message. So is
    what cannot be judged, with the reason.
    """
    root = ET.Element(
        "testsuites",
        name="coder-conformance",
        tests=str(len(run.results) + len(run.unjudged)),
        time=f"{run.seconds:.3f}",
    )
    for role in ("server", "client"):
        results = [result for result in run.results if result.requirement.role == role]
        unjudged = [entry for entry in run.unjudged if entry.requirement.role == role]
        if results or unjudged:
            _suite(root, run, role, results, unjudged)
    problems = [f"known deviations: {problem}" for problem in run.deviation_problems]
    if run.trouble:
        problems.append(run.trouble)
    if problems:
        suite = _open(root, run, "run", [("errors", len(problems)), ("tests", len(problems))])
        for problem in problems:
            case = ET.SubElement(suite, "testcase", classname="run", name="the run as a whole")
            ET.SubElement(case, "error", message=in_xml(problem), type="run")
    return root


def _suite(
    root: ET.Element, run: Run, role: str, results: list[Result], unjudged: list[Unjudged]
) -> None:
    kinds = [_kind(result) for result in results]
    suite = _open(
        root,
        run,
        role,
        [
            ("tests", len(results) + len(unjudged)),
            ("failures", kinds.count("failure")),
            ("errors", kinds.count("error")),
            ("skipped", kinds.count("skipped") + len(unjudged)),
        ],
    )
    suite.set("time", f"{sum(result.seconds for result in results):.3f}")
    for result in results:
        case = _case(suite, result)
        case.set("time", f"{result.seconds:.3f}")
        _outcome(case, result)
    for entry in unjudged:
        said = f"{TITLES[entry.kind].lower()}: {entry.reason}"
        ET.SubElement(_case(suite, entry), "skipped", message=in_xml(said))


def _case(suite: ET.Element, about: Result | Unjudged) -> ET.Element:
    return ET.SubElement(
        suite,
        "testcase",
        classname=in_xml(f"{about.requirement.role}.{about.operation}"),
        name=in_xml(about.requirement.id),
    )


def _open(root: ET.Element, run: Run, name: str, counts: list[tuple[str, int]]) -> ET.Element:
    suite = ET.SubElement(
        root,
        "testsuite",
        {key: str(count) for key, count in counts},
        name=name,
        timestamp=in_xml(run.started),
    )
    properties = ET.SubElement(suite, "properties")
    for key, value in (
        ("target", run.target),
        ("version", run.server_version),
        ("seed", str(run.seed)),
        ("profile", run.profile),
        ("verdict", run.verdict.value),
        ("contract", run.contract),
    ):
        ET.SubElement(properties, "property", name=key, value=in_xml(value))
    return suite


def _kind(result: Result) -> str:
    """Name of the element that tells the outcome; empty for a pass."""
    if result.outcome is Outcome.PASSED:
        return ""
    counts = result.requirement.level == "MUST" and not result.deviation
    if result.outcome is Outcome.SKIPPED or not counts:
        return "skipped"
    return "failure" if result.outcome is Outcome.FAILED else "error"


def _outcome(case: ET.Element, result: Result) -> None:
    kind = _kind(result)
    if not kind:
        return
    if result.outcome is Outcome.SKIPPED:
        ET.SubElement(case, "skipped", message=in_xml(result.reason))
        return
    first = result.failures[0] if result.failures else None
    failed = result.outcome is Outcome.FAILED and first is not None
    said = f"expected {first.expected}; got {first.actual}" if failed and first else result.reason
    if kind == "skipped":
        why = f"known deviation ({result.deviation})" if result.deviation else "not a MUST"
        said = f"{why}: {said}"
    element = ET.SubElement(case, kind, message=in_xml(said), type=in_xml(result.requirement.id))
    element.text = in_xml("\n".join(describe(result)))
