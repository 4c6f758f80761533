"""What all answers have in common: the way JSON is written, the form of errors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from coder_conformance.exchange import Exchange
from coder_conformance.results import Mismatch
from coder_conformance.shared import Shared
from coder_conformance.suite.server.births import answer_of
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.usual import attempt, still, usual
from coder_spec import Contract, Operation
from coder_spec.files import is_array, is_object

Json = dict[str, Any]
MARK = pytest.mark.requirement
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
TIDY = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,5}[1-9])?(Z|[+-]\d\d:\d\d)")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ANY_UUID = re.compile(
    r"\{?(urn:uuid:)?[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}\}?", re.IGNORECASE
)
LISTS = {"workspaces", "resources", "failing_agents", "apps", "subsystems", "display_apps",
         "log_sources", "scripts", "statuses", "provisioner_timings", "agent_script_timings",
         "agent_connection_timings"}  # fmt: skip


@MARK("envelope/leaves-out-what-is-empty")
def test_leaves_out(answers: list[Exchange]) -> None:
    """Absent, not null and not empty."""
    for answer in answers:
        if answer.status < 400 or answer.media_type != "application/json":
            continue
        body = answer.json()
        if not isinstance(body.get("message"), str) or not body["message"]:
            raise Mismatch("a message", answer.answer(), answer)
        for name in ("detail", "validations"):
            if name in body and not body[name]:
                raise Mismatch(f"no {name}", f"{name} = {body[name]!r}", answer)
        for entry in body.get("validations", []):
            if set(entry) != {"field", "detail"} or not entry["field"]:
                raise Mismatch("validations of field and detail", repr(entry), answer)


@MARK("json/compact")
def test_compact(answers: list[Exchange]) -> None:
    """No blanks outside texts, one line break at the end."""
    for answer in answers:
        if answer.media_type != "application/json":
            continue
        text = answer.body.decode()
        outside = re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
        if not outside.endswith("\n") or re.search(r"\s", outside[:-1]):
            shown = repr(f"{text[:80]}…{text[-20:]}")
            raise Mismatch("compact JSON and a line break", shown, answer)


@MARK("json/markup-is-escaped")
def test_markup(scenario: Scenario) -> None:
    """A text with markup comes back without a bare < or >."""
    answer = scenario.call("getWorkspaceMetadataById", {"workspace": "<b>&amp;<"}, 400)
    if b"\\u003cb\\u003e\\u0026amp;" not in answer.body or re.search(rb"[<>&]", answer.body):
        raise Mismatch("\\u003c, \\u003e and \\u0026", answer.answer(), answer)


@MARK("json/stable")
def test_stable(scenario: Scenario, operation: Operation, some: Json) -> None:
    """Of six answers in a row two that follow each other may differ: somebody may have done that.

    Lists are of the suite's own workspaces, or of one where it has none.
    """
    request, query = usual(scenario, operation, some), dict[str, str]()
    if operation.id == "listWorkspaces":
        own = f"owner:me name:{scenario.world.prefix}"
        query = {"q": f"id:{some['id']}" if scenario.wire.readonly else own}
    seen = [still(attempt(scenario, request, query=query).json()) for _ in range(6)]
    changes = [(one, other) for one, other in pairwise(seen) if one != other]
    if len(changes) > 1:
        one, other = changes[0]
        raise Mismatch(repr(one)[:300], repr(other)[:300], scenario.wire.last)


def _each(contract: Contract, schema: Json, value: Any) -> Iterator[tuple[str, Json, Any]]:
    """Every field of a JSON value with its schema, however deep.

    Fields without one, and maps that hold what users and templates name, are passed over.
    """
    plain = contract.resolve(schema)
    choices: list[Json] = plain.get("oneOf", [])
    for choice in choices:
        yield from _each(contract, choice, value)
    if is_object(value):
        properties: dict[str, Json] = plain.get("properties", {})
        for name, inner in properties.items():
            if name in value:
                yield name, contract.resolve(inner), value[name]
                yield from _each(contract, inner, value[name])
    elif is_array(value):
        for item in value:
            yield from _each(contract, plain.get("items", {}), item)


Fields = list[tuple[str, Json, Any, Exchange]]


@pytest.fixture
def fields(scenario: Scenario, operation: Operation, structured: list[Exchange]) -> Fields:
    """Every field of these successes, with its schema."""
    contract = scenario.context.contract
    found: Fields = []
    for answer in structured:
        response = contract.resolve(operation.raw["responses"][str(answer.status)])
        schema = response["content"]["application/json"]["schema"]
        found += [(*each, answer) for each in _each(contract, schema, answer.json())]
    return found


@pytest.fixture
def structured(
    scenario: Scenario, shared: Shared, operation: Operation, some: Json
) -> list[Exchange]:
    """Successes that show workspaces or timings, where it reads of two in different states."""
    if operation.method == "GET":
        both = (some, shared.spare())
        return [attempt(scenario, usual(scenario, operation, workspace)) for workspace in both]
    if operation.id == "updateWorkspaceDormancyStatusById":
        on = [
            scenario.on(some, operation.id, 200, body={"dormant": dormant})
            for dormant in (True, False)
        ]
        scenario.on(some, "updateWorkspaceTtlById", 204, body={"ttl_ms": 28_800_000})
        return on
    return [answer_of(scenario, shared, operation.id)]


@MARK("json/timestamps")
def test_timestamps(fields: Fields) -> None:
    """Micro-seconds at most, without zeros at the end."""
    for name, schema, value, answer in fields:
        is_time = schema.get("format") == "date-time" and isinstance(value, str)
        if is_time and STAMP.fullmatch(value) and not TIDY.fullmatch(value):
            raise Mismatch(f"a tidy time in {name}", value, answer)


@MARK("json/identifiers")
def test_identifiers(fields: Fields) -> None:
    """One spelling."""
    for name, schema, value, answer in fields:
        is_id = schema.get("format") == "uuid" and isinstance(value, str)
        if is_id and ANY_UUID.fullmatch(value) and not UUID.fullmatch(value):
            raise Mismatch(f"lower case and hyphens in {name}", value, answer)


@MARK("json/lists-are-never-null")
def test_lists(fields: Fields) -> None:
    """An empty list is a list."""
    for name, _, value, answer in fields:
        if name in LISTS and not isinstance(value, list):
            raise Mismatch(f"a list in {name}", repr(value), answer)


@MARK("json/whole-milliseconds")
def test_milliseconds(fields: Fields) -> None:
    """Whole, and written so."""
    for name, _, value, answer in fields:
        # A latency is a measured time, which has fractions.
        if name.endswith("_ms") and name != "latency_ms" and not isinstance(value, int):
            raise Mismatch(f"a whole number in {name}", repr(value), answer)


@MARK("json/no-duplicate-fields")
def test_no_duplicates(structured: list[Exchange]) -> None:
    """Programs differ about which one they take."""

    def once(pairs: list[tuple[str, Any]]) -> Json:
        names = [name for name, _ in pairs]
        if len(set(names)) != len(names):
            raise Mismatch("each field once", repr(sorted(names)), structured[0])
        return dict(pairs)

    for answer in structured:
        json.loads(answer.body, object_pairs_hook=once)
