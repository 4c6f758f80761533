"""The reports that other programs read: JSON and JUnit XML."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from ..results import Outcome, Result, Run
from .text import describe

# Version of the JSON report's form; it grows with every change that a reader would notice.
FORM = 1
# XML 1.0 cannot carry these at all.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(run: Run, folder: Path) -> list[Path]:
    """Write `report.json` and `junit.xml`; the files written.

    Raises:
        OSError: The folder cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    as_json = folder / "report.json"
    as_json.write_text(
        json.dumps(as_object(run), indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    as_junit = folder / "junit.xml"
    ET.ElementTree(as_xml(run)).write(as_junit, encoding="utf-8", xml_declaration=True)
    return [as_json, as_junit]


def as_object(run: Run) -> dict[str, Any]:
    """The whole run as JSON values."""
    return {
        "form": FORM,
        "verdict": run.verdict.value,
        "exit_status": run.exit_status,
        "sentence": run.sentence(),
        "trouble": run.trouble,
        "profile": run.profile,
        "features": run.features,
        "target": run.target,
        "server_version": run.server_version,
        "seed": run.seed,
        "started": run.started,
        "seconds": round(run.seconds, 2),
        "counts": {outcome.value: run.count(outcome) for outcome in Outcome},
        "created": run.created,
        "leftovers": run.leftovers,
        "deviation_problems": run.deviation_problems,
        "statuses": {
            operation: {str(status): count for status, count in sorted(seen.items())}
            for operation, seen in sorted(run.statuses.items())
        },
        "results": [_result(result) for result in run.results],
    }


def _result(result: Result) -> dict[str, Any]:
    return {
        "requirement": result.requirement.id,
        "role": result.requirement.role,
        "level": result.requirement.level,
        "text": result.requirement.text,
        "operation": result.operation,
        "outcome": result.outcome.value,
        "reason": result.reason,
        "deviation": result.deviation,
        "checked": result.checked,
        "seconds": round(result.seconds, 3),
        "failures": [
            {
                "expected": failure.expected,
                "actual": failure.actual,
                "request": failure.curl,
                "answer": failure.answer,
            }
            for failure in result.failures
        ],
    }


def as_xml(run: Run) -> ET.Element:
    """The run as JUnit XML: a suite for each role, a case for each requirement and operation."""
    root = ET.Element("testsuites", name="coder-conformance", time=f"{run.seconds:.3f}")
    for role in ("server", "client"):
        results = [result for result in run.results if result.requirement.role == role]
        suite = ET.SubElement(
            root,
            "testsuite",
            name=role,
            tests=str(len(results)),
            failures=str(run.count(Outcome.FAILED, None, role)),
            errors=str(run.count(Outcome.ERROR, None, role)),
            skipped=str(run.count(Outcome.SKIPPED, None, role)),
            time=f"{sum(result.seconds for result in results):.3f}",
            timestamp=run.started,
        )
        for result in results:
            case = ET.SubElement(
                suite,
                "testcase",
                classname=f"{role}.{result.operation}",
                name=result.requirement.id,
                time=f"{result.seconds:.3f}",
            )
            _outcome(case, result)
    if run.trouble:
        suite = ET.SubElement(root, "testsuite", name="run", tests="1", errors="1")
        case = ET.SubElement(suite, "testcase", classname="run", name="the run as a whole")
        ET.SubElement(case, "error", message=_xml(run.trouble))
    return root


def _outcome(case: ET.Element, result: Result) -> None:
    match result.outcome:
        case Outcome.FAILED | Outcome.ERROR:
            kind = "failure" if result.outcome is Outcome.FAILED else "error"
            first = result.failures[0].actual if result.failures else result.reason
            element = ET.SubElement(case, kind, message=_xml(first), type=result.requirement.id)
            element.text = _xml("\n".join(describe(result)))
        case Outcome.SKIPPED:
            ET.SubElement(case, "skipped", message=_xml(result.reason))
        case Outcome.PASSED:
            pass


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
