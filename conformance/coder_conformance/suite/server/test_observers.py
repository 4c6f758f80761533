"""What a user may do who may read all workspaces and change none, as administrators of templates.

The second user gets that role for as long as a test takes, where the run made that user itself.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

import pytest

from coder_conformance.context import Context
from coder_conformance.exchange import Exchange
from coder_conformance.results import DoesNotApplyError, Mismatch
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.usual import Usual, attempt, still, telling, usual
from coder_conformance.wire import Wire
from coder_spec import Operation

Json = dict[str, Any]
MARK = pytest.mark.requirement
DORMANT = "updateWorkspaceDormancyStatusById"
# How servers refuse who may read but not update; what is not here is refused with 403 or 404, or
# with 500 where the refusal comes as late as from the database.
REFUSALS = {
    "updateWorkspaceAutomaticUpdatesById": {404},
    "favoriteWorkspaceById": {403},
    "unfavoriteWorkspaceById": {403},
    "postWorkspaceUsageById": {403},
    # These may be found wrong before anybody asks who wants them.
    "extendWorkspaceDeadlineById": {403, 404, 409, 500},
    "updateWorkspaceMetadataById": {400, 403, 404, 500},
}


def assign(context: Context, *roles: str) -> Exchange:
    """Give the second user these roles and no others."""
    assert context.second is not None
    assert context.wire is not None
    operation = context.contract.operation("updateUserRoles")
    return context.wire.call(operation, {"user": context.second.name}, body={"roles": list(roles)})


@pytest.fixture
def observer(context: Context, member: Wire) -> Generator[Wire]:
    """The second user, who may read all workspaces until the test is over."""
    if context.second is None:
        reason = "the run was given its second user, and gives roles to users of its own only"
        raise DoesNotApplyError(reason)
    try:
        answer = assign(context, "template-admin")
        if answer.status == 403:
            # A right server may leave roles to a directory: it breaks nothing, and shows nothing.
            pytest.skip("the server lets nobody give roles")
        context.expect("updateUserRoles", answer, 200)
        yield member
    finally:
        context.expect("updateUserRoles", assign(context), 200, 403)


def by_owner(scenario: Scenario, request: Usual) -> Usual:
    """The same request with the first user by name where the path has a user."""
    path = {**request.path}
    if "user" in path:
        path["user"] = scenario.world.me["username"]
    return replace(request, path=path)


@MARK("isolation/observer-can-read")
def test_observer_can_read(
    scenario: Scenario, operation: Operation, stopped: Json, observer: Wire
) -> None:
    """What the owner sees, but for the mark."""
    request = by_owner(scenario, usual(scenario, operation, stopped))
    options: Json = {} if request.path else {"query": {"q": f"id:{stopped['id']}"}}
    own = attempt(scenario, request, **options)
    seen = attempt(scenario, request, wire=observer, **options)
    if seen.status != request.status:
        raise Mismatch(f"{request.status}, as for the owner", seen.answer(), seen)
    if operation.stream is not None:
        return
    scenario.context.expect(operation.id, seen, request.status)
    mine, theirs = (_unmarked(answer.json()) for answer in (own, seen))
    if mine != theirs:
        raise Mismatch(own.answer(), seen.answer(), seen)


def _unmarked(body: Json) -> Any:
    shown = still(body)
    for workspace in shown.get("workspaces", [shown]):
        workspace["favorite"] = False
    return shown


@MARK("isolation/observer-cannot-change")
def test_observer_cannot_change(
    scenario: Scenario, operation: Operation, stopped: Json, observer: Wire
) -> None:
    """Whatever the status, it is none of success, and nothing has changed."""
    answer = attempt(scenario, telling(scenario, operation, stopped), wire=observer)
    allowed = REFUSALS.get(operation.id, {403, 404, 500})
    if answer.status not in allowed:
        expected = " or ".join(str(status) for status in sorted(allowed))
        raise Mismatch(f"{expected}, since the user may only read", answer.answer(), answer)
    for transition in ("start", "delete"):
        body = {"transition": transition}
        scenario.on(stopped, "createWorkspaceBuild", 403, wire=observer, body=body)
    scenario.unchanged(stopped, stopped)


@MARK("isolation/observer-does-not-see-dormant")
def test_observer_does_not_see_dormant(
    scenario: Scenario, operation: Operation, stopped: Json, observer: Wire
) -> None:
    """As long as it is dormant, and no longer."""
    request = usual(scenario, operation, stopped)
    query = {"q": f"id:{stopped['id']}"}
    for dormant in (True, False):
        scenario.on(stopped, DORMANT, 200, body={"dormant": dormant})
        answer = attempt(scenario, request, wire=observer)
        status = 404 if dormant else request.status
        if answer.status != status:
            raise Mismatch(f"{status} with dormant = {dormant}", answer.answer(), answer)
        page = scenario.call("listWorkspaces", {}, 200, wire=observer, query=query)
        if page.json()["count"] != int(not dormant):
            raise Mismatch(f"count = {int(not dormant)}", page.answer(), page)
