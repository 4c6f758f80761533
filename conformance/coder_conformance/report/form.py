"""The JSON report: its form, writing it, and reading it back."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import jsonschema_rs

from coder_spec.files import Json, is_object

from ..catalogue import Requirement
from ..results import Failure, Outcome, Result, Run, Timing, Unjudged
from ..settings import SettingsError

# Version of the form; it grows with every change that a reader would notice.
FORM = 1
SCHEMA = Path(__file__).parent / "report.schema.json"


def as_text(run: Run) -> str:
    """The whole run as the text of `report.json`."""
    return json.dumps(as_object(run), indent=2, ensure_ascii=False) + "\n"


def as_object(run: Run) -> Json:
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
        "contract": run.contract,
        "seed": run.seed,
        "command": run.command,
        "started": run.started,
        "seconds": round(run.seconds, 2),
        "counts": {outcome.value: run.count(outcome) for outcome in Outcome},
        "created": run.created,
        "leftovers": run.leftovers,
        "deviation_problems": run.deviation_problems,
        "documented": {name: list(statuses) for name, statuses in sorted(run.documented.items())},
        "statuses": {
            operation: {str(status): count for status, count in sorted(seen.items())}
            for operation, seen in sorted(run.statuses.items())
        },
        "timings": [_timing(timing) for timing in run.timings],
        "results": [_result(result) for result in run.results],
        "unjudged": [_unjudged(entry) for entry in run.unjudged],
    }


def _about(judgement: Result | Unjudged) -> Json:
    return {
        "requirement": judgement.requirement.id,
        "role": judgement.requirement.role,
        "level": judgement.requirement.level,
        "text": judgement.requirement.text,
        "needs": list(judgement.requirement.features),
        "writes": judgement.requirement.writes,
        "operation": judgement.operation,
    }


def _timing(timing: Timing) -> Json:
    return {
        "operation": timing.operation,
        "load": timing.load,
        "answers": timing.answers,
        "failed": timing.failed,
        "per_second": round(timing.per_second, 3),
        "percentiles": {f"p{p}": round(ms, 3) for p, ms in sorted(timing.percentiles.items())},
    }


def _unjudged(entry: Unjudged) -> Json:
    return {**_about(entry), "kind": entry.kind, "reason": entry.reason}


def _result(result: Result) -> Json:
    return {
        **_about(result),
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


def read(path: Path) -> Run:
    """The run that a JSON report tells of.

    Raises:
        SettingsError: The file is no report of this form.
    """
    try:
        content: object = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_constant)
    except OSError as error:
        raise SettingsError(f"the report {path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        message = f"{path} is not JSON; name a report.json that a run wrote"
        raise SettingsError(message) from None
    if not is_object(content) or "form" not in content:
        raise SettingsError(f"{path} is no report; name a report.json that a run wrote")
    form: object = content["form"]
    if form != FORM or isinstance(form, bool):
        message = f"{path} has the form {form!r}, and this program reads form {FORM}"
        raise SettingsError(f"{message}; use the version of coder-conformance that wrote it")
    return from_object(content, str(path))


def _no_constant(name: str) -> None:
    message = f"{name} is no JSON"
    raise ValueError(message)


def from_object(content: Json, where: str) -> Run:
    """The run behind the JSON values of a report.

    Args:
        content: The values.
        where: Where they are from, for the message of an error.

    Raises:
        SettingsError: They do not fit the schema.
    """
    try:
        error = next(iter(_validator().iter_errors(content)), None)
    except ValueError:  # such as half of a character
        raise SettingsError(f"{where} is no valid report: it has text that is no text") from None
    if error is not None:
        place = "/".join(str(part) for part in error.instance_path) or "the top"
        what = error.message if len(error.message) < 200 else "a value of the wrong form"
        raise SettingsError(f"{where} is no valid report: at {place}, {what}")
    run = Run(
        target=content["target"],
        server_version=content["server_version"],
        seed=content["seed"],
        started=content["started"],
        profile=content["profile"],
        features=content["features"],
        statuses={
            operation: {int(status): count for status, count in seen.items()}
            for operation, seen in content["statuses"].items()
        },
        created=content["created"],
        leftovers=content["leftovers"],
        deviation_problems=content["deviation_problems"],
        trouble=content["trouble"],
        seconds=content["seconds"],
        command=content["command"],
        contract=content["contract"],
        documented=content["documented"],
    )
    requirements = _requirements([*content["results"], *content["unjudged"]])
    run.results = [_read_result(entry, requirements) for entry in content["results"]]
    run.timings = [
        Timing(
            entry["operation"],
            entry["load"],
            entry["answers"],
            entry["failed"],
            entry["per_second"],
            {int(name[1:]): ms for name, ms in entry["percentiles"].items()},
        )
        for entry in content["timings"]
    ]
    run.unjudged = [
        Unjudged(
            requirements[entry["requirement"]], entry["operation"], entry["kind"], entry["reason"]
        )
        for entry in content["unjudged"]
    ]
    return run


def _requirements(results: list[Json]) -> dict[str, Requirement]:
    operations: dict[str, list[str]] = {}
    for entry in results:
        operations.setdefault(entry["requirement"], []).append(entry["operation"])
    return {
        entry["requirement"]: Requirement(
            id=entry["requirement"],
            role=entry["role"],
            level=entry["level"],
            text=entry["text"],
            operations=tuple(operations[entry["requirement"]]),
            writes=entry["writes"],
            features=tuple(entry["needs"]),
        )
        for entry in results
    }


def _read_result(entry: Json, requirements: dict[str, Requirement]) -> Result:
    return Result(
        requirement=requirements[entry["requirement"]],
        operation=entry["operation"],
        outcome=Outcome(entry["outcome"]),
        seconds=entry["seconds"],
        reason=entry["reason"],
        failures=[
            Failure(found["expected"], found["actual"], found["request"], found["answer"])
            for found in entry["failures"]
        ],
        checked=entry["checked"],
        deviation=entry["deviation"],
    )


@lru_cache(maxsize=1)
def _validator() -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(json.loads(SCHEMA.read_text(encoding="utf-8")))
