"""What passes, at every limit, told without making anything: something else is refused then."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder_conformance import formats
from coder_conformance.exchange import Exchange
from coder_conformance.results import Mismatch
from coder_conformance.suite.server.scenario import Scenario
from coder_spec import Operation

Json = dict[str, Any]
MARK = pytest.mark.requirement
RENAME = "updateWorkspaceMetadataById"
UNKNOWN = "5f3a1c52-6f43-4a39-9d5a-0d6a53f0f002"
MONTH = 2_592_000_000


def _create(scenario: Scenario, operation: Operation, status: int, **fields: Any) -> Exchange:
    """Ask for a workspace that will not be made, for this reason or that."""
    template = scenario.world.template
    path = {"user": "me", "organization": template["organization_id"]}
    body = {"template_id": template["id"], **fields}
    return scenario.call(operation.id, path, status, body=body)


@MARK("create/name-rule")
def test_name_rule(scenario: Scenario, operation: Operation) -> None:
    """Good names get as far as a template that is not there; bad ones do not."""

    @given(formats.names())
    def good(name: str) -> None:
        answer = _create(scenario, operation, 400, name=name, template_id=UNKNOWN)
        scenario.refused(answer, "template_id")

    def refused(name: str) -> None:
        answer = _create(scenario, operation, 400, name=name, template_id=UNKNOWN)
        scenario.refused(answer, "name")

    bad = given(formats.bad_names())(refused)
    good()
    for mark in "_. -":
        for name in (f"{mark}x", f"x{mark}x", f"x{mark}"):
            if name != "x-x":
                refused(name)
    bad()


@MARK("rename/name-rule")
def test_rename_rule(scenario: Scenario, deleted: Json) -> None:
    """Good names get as far as finding that the workspace is gone, or that nothing is renamed."""
    too_late = 405 if deleted["allow_renames"] else 400

    @given(formats.names().filter(lambda name: name != deleted["name"]))
    def good(name: str) -> None:
        answer = scenario.on(deleted, RENAME, too_late, body={"name": name})
        if too_late == 400 and "rename" not in answer.json()["message"].lower():
            raise Mismatch(f"{name!r} to pass the rule for names", answer.answer(), answer)

    @given(formats.bad_names())
    def bad(name: str) -> None:
        answer = scenario.on(deleted, RENAME, 400, body={"name": name})
        scenario.refused(answer, "name")

    good()
    bad()


@MARK("create/good-settings")
def test_good_settings(scenario: Scenario, operation: Operation, stopped: Json) -> None:
    """All of them get as far as finding that the name is taken."""
    ttls = st.one_of(
        st.sampled_from([None, 0, 60_000, 60_001, 119_999, MONTH - 1, MONTH, MONTH + 59_999]),
        st.integers(60_000, MONTH),
    )
    settings = st.fixed_dictionaries(
        {},
        optional={
            "ttl_ms": ttls,
            "autostart_schedule": st.one_of(st.none(), formats.schedules()),
            "automatic_updates": st.sampled_from([None, "", "always", "never"]),
        },
    )

    @given(settings)
    def check(given_settings: Json) -> None:
        answer = _create(scenario, operation, 409, name=stopped["name"], **given_settings)
        scenario.refused(answer, "name")

    check()
    for ttl in (60_000, MONTH, MONTH + 59_999):
        _create(scenario, operation, 409, name=stopped["name"], ttl_ms=ttl)
    for schedule in formats.SPACED_SCHEDULES:
        _create(scenario, operation, 409, name=stopped["name"], autostart_schedule=schedule)
