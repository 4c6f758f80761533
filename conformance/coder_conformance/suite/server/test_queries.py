"""Query parameters: how they are read, and what is refused."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder_conformance.exchange import Exchange
from coder_conformance.results import Mismatch
from coder_conformance.shared import Shared
from coder_conformance.suite.server import raw
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.usual import attempt, usual
from coder_spec import Operation
from coder_spec.files import is_object

Json = dict[str, Any]
MARK = pytest.mark.requirement
LIST = "listWorkspaces"
HIGHEST = 2_147_483_647
# What a refusal calls the flag, which is not what it is called in the query everywhere.
FLAGS = {
    "getWorkspaceMetadataById": "deleted",
    "getWorkspaceMetadataByUserAndWorkspaceName": "include_deleted",
}
YES = ("1", "t", "T", "TRUE", "true", "True")
NO = ("0", "f", "F", "FALSE", "false", "False")


def listed(scenario: Scenario, target: str, status: int = 200) -> Exchange:
    """The list for a query string that is sent as it is written."""
    answer = raw.send(scenario.wire, "GET", f"/workspaces?{target}")
    return scenario.context.expect(LIST, answer, status)


def own(scenario: Scenario, shared: Shared) -> str:
    """The query for what is the run's alone; others may make and delete workspaces meanwhile."""
    return quote("owner:me" if shared.readonly else f"owner:me name:{scenario.world.prefix}")


def names(scenario: Scenario, target: str, *fields: str) -> None:
    """The query string is refused, naming just these parameters."""
    scenario.refused(listed(scenario, target, 400), *fields)


@MARK("query/booleans")
def test_booleans(scenario: Scenario, operation: Operation, deleted: Json) -> None:
    """Each spelling of yes shows the deleted workspace; all else, and another name, hides it."""
    path = usual(scenario, operation, deleted).path
    hidden = 410 if operation.id == "getWorkspaceMetadataById" else 404
    for text in YES:
        scenario.call(operation.id, path, 200, query={"include_deleted": text})
    for text in (*NO, ""):
        scenario.call(operation.id, path, hidden, query={"include_deleted": text})
    for name in ("deleted", "Include_Deleted", "include-deleted"):
        scenario.call(operation.id, path, hidden, query={name: "true"})


@MARK("query/bad-booleans")
def test_bad_booleans(scenario: Scenario, operation: Operation, some: Json) -> None:
    """No other spelling."""
    path = usual(scenario, operation, some).path
    for text in ("yes", "no", "2", "tRUE", " true", "true ", "on", "null", "-1"):
        answer = scenario.call(operation.id, path, 400, query={"include_deleted": text})
        if len(answer.json().get("validations", [])) != 1:
            raise Mismatch("one validation", answer.answer(), answer)
        scenario.refused(answer, FLAGS[operation.id])


@MARK("query/empty-is-absent")
def test_empty_is_absent(scenario: Scenario, operation: Operation, some: Json) -> None:
    """A name without a value, with and without an equals sign."""
    request = usual(scenario, operation, some)
    plain = attempt(scenario, request)
    query = {p["name"]: "" for p in operation.parameters if p["in"] == "query"}
    answer = attempt(scenario, request, query=query)
    same_answer(scenario, plain, answer)


def same_answer(scenario: Scenario, one: Exchange, other: Exchange) -> None:
    """Both have the same status, and the same workspaces of the caller's or fields."""
    if one.status != other.status:
        raise Mismatch(f"the status {one.status}", other.answer(), other)
    if _gist(scenario, one) != _gist(scenario, other):
        raise Mismatch(f"the same as without it: {one.answer()}", other.answer(), other)


def _gist(scenario: Scenario, answer: Exchange) -> Any:
    """What nobody but the run and no agent changes."""
    value = answer.json()
    if not is_object(value):
        return value
    if "workspaces" in value:
        me, found = scenario.world.me["id"], value["workspaces"]
        return [item["id"] for item in found if item["owner_id"] == me]
    return value.get("id", value.get("provisioner_timings", value))


@MARK("query/unknown-parameters")
def test_unknown_parameters(scenario: Scenario, operation: Operation, some: Json) -> None:
    """A newer client may ask for more than this server knows."""
    request = usual(scenario, operation, some)
    query = {"x_unknown": "1", "deleted": "true", "page": "7", "sort": "name"}
    same_answer(scenario, attempt(scenario, request), attempt(scenario, request, query=query))


@MARK("query/malformed-escapes")
def test_malformed_escapes(scenario: Scenario, some: Json) -> None:
    """The broken pair is gone, the others are there."""
    q = quote(f"id:{some['id']}")
    for target in (f"limit=%zz&q={q}", f"q={q}&x=%", f"q={q}&%4=1"):
        found = listed(scenario, target).json()
        if [item["id"] for item in found["workspaces"]] != [some["id"]]:
            raise Mismatch(f"just {some['id']}", repr(found)[:200], scenario.wire.last)
    for target in (f"limit=%zz&q=id:{uuid4()}", f"q=id:{uuid4()}&x=%"):
        found = listed(scenario, target).json()
        if found["count"]:
            raise Mismatch("nothing, since no workspace fits the query", repr(found)[:200])


@MARK("query/lowest-and-highest-numbers")
@pytest.mark.usefixtures("spare")
def test_numbers_in_range(scenario: Scenario, shared: Shared, some: Json) -> None:
    """Both ends of the range, and ways to write a number; there are two to choose from."""
    q = own(scenario, shared)
    count = listed(scenario, f"q={q}&limit=1").json()["count"]
    for name in ("limit", "offset"):
        for text in ("0", "1", str(HIGHEST), "%2B0", "%2B7", "007"):
            page = listed(scenario, f"q={q}&{name}={text}").json()
            if page["count"] != count:
                raise Mismatch(f"count = {count}", repr(page["count"]), scenario.wire.last)
    for text in ("1", "%2B1", "001"):
        shown = listed(scenario, f"q={q}&limit={text}").json()["workspaces"]
        if len(shown) > 1:
            raise Mismatch(f"one for limit={text}", str(len(shown)), scenario.wire.last)
    if count < 1:
        raise Mismatch(f"at least {some['name']}", "nothing", scenario.wire.last)


@MARK("query/numbers-out-of-range")
def test_numbers_out_of_range(scenario: Scenario) -> None:
    """One beyond each end, and far beyond."""
    far = st.one_of(st.integers(max_value=-1), st.integers(min_value=HIGHEST + 1))

    @given(st.sampled_from(["limit", "offset"]), far)
    def check(name: str, number: int) -> None:
        names(scenario, f"{name}={number}", name)

    for name in ("limit", "offset"):
        for number in (-1, HIGHEST + 1, 2**32, 2**63, 2**64, -(2**63)):
            names(scenario, f"{name}={number}", name)
    check()


@MARK("query/numbers-that-are-none")
def test_no_numbers(scenario: Scenario) -> None:
    """Nothing but decimal digits."""
    for name in ("limit", "offset"):
        for text in ("1.5", "1e3", "0x10", "1_000", "%2B", "-", "ten", "%201", "1%20", "٣", "1,2"):
            names(scenario, f"{name}={quote(text, safe='%')}", name)


@MARK("query/given-twice")
def test_given_twice(scenario: Scenario) -> None:
    """Even the same value twice."""
    for name in ("limit", "offset"):
        names(scenario, f"{name}=1&{name}=2", name)
        names(scenario, f"{name}=1&{name}=1", name)


@MARK("query/all-bad-ones-named")
def test_all_named(scenario: Scenario) -> None:
    """Both at once."""
    names(scenario, "limit=-1&offset=x", "limit", "offset")


@MARK("query/numbers-before-search")
def test_numbers_first(scenario: Scenario) -> None:
    """A bad search is not mentioned while the numbers are bad."""
    names(scenario, "limit=x&q=nonsense:1", "limit")
    names(scenario, "q=nonsense:1&offset=-1", "offset")


@MARK("query/first-search-counts")
def test_first_search(scenario: Scenario, some: Json) -> None:
    """The second one is not even read."""
    q = quote(f"id:{some['id']}")
    found = listed(scenario, f"q={q}&q=nonsense:1").json()
    if [item["id"] for item in found["workspaces"]] != [some["id"]]:
        raise Mismatch(f"just {some['id']}", repr(found)[:200], scenario.wire.last)
    names(scenario, f"q=nonsense:1&q={q}", "nonsense")


@MARK("query/after-id")
def test_after_id(scenario: Scenario, shared: Shared, some: Json) -> None:
    """Read, and then of no effect."""
    target = f"q={own(scenario, shared)}&limit=5"
    with_it = listed(scenario, f"{target}&after_id={some['id']}")
    same_answer(scenario, listed(scenario, target), with_it)
    names(scenario, "after_id=nonsense", "after_id")


@MARK("query/names-are-case-sensitive")
def test_names_are_case_sensitive(scenario: Scenario) -> None:
    """LIMIT is not limit."""
    with_them = listed(scenario, "LIMIT=x&Offset=-1&Q=nonsense:1")
    same_answer(scenario, listed(scenario, ""), with_them)


@MARK("envelope/query-errors")
def test_query_errors(scenario: Scenario) -> None:
    """One message for numbers, one for searches, and never a detail."""
    for target, message in (
        ("limit=x", "Query parameters have invalid values."),
        ("q=nonsense:1", "Invalid workspace search query."),
        ("q=:", "Invalid workspace search query."),
    ):
        answer = listed(scenario, target, 400)
        body = answer.json()
        if body["message"] != message or "detail" in body:
            raise Mismatch(f"{message!r} without a detail", answer.answer(), answer)
