"""Sharing, and what users may do with what is not theirs."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any
from uuid import uuid4

import pytest

from coder_conformance.exchange import Exchange
from coder_conformance.results import Mismatch
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.sharing import ACL, Share, sharing
from coder_conformance.suite.server.usual import attempt, still, telling, usual
from coder_conformance.wire import Token, Wire
from coder_spec import Operation

Json = dict[str, Any]
MARK = pytest.mark.requirement
GET = "getWorkspaceMetadataById"


@pytest.fixture
def share(scenario: Scenario, stopped: Json, other: str) -> Generator[Share]:
    """Gives the second user a role on the stopped workspace, and takes it back at the end."""
    with sharing(scenario, stopped, other) as give:
        yield give


def sees(scenario: Scenario, member: Wire, workspace: Json, *, visible: bool) -> None:
    """The second user can or cannot read the workspace, by every way to read it."""
    by_id = scenario.on(workspace, GET, 200 if visible else 404, wire=member)
    query = {"q": f"id:{workspace['id']}"}
    page = scenario.call("listWorkspaces", {}, 200, wire=member, query=query)
    if page.json()["count"] != int(visible):
        raise Mismatch(f"count = {int(visible)}", page.answer(), page)
    path = {"user": workspace["owner_id"], "workspacename": workspace["name"]}
    operation = "getWorkspaceMetadataByUserAndWorkspaceName"
    # Whoever may not know of the owner does not find the workspace by this way, shared or not.
    statuses = (200, 400, 404) if visible else (400, 404)
    named = scenario.call(operation, path, *statuses, wire=member)
    if named.status == 200 and by_id.json()["id"] != named.json()["id"]:
        raise Mismatch(by_id.json()["id"], named.json()["id"], named)


@MARK("acl/before-the-body")
def test_before_the_body(scenario: Scenario, stopped: Json) -> None:
    """The feature first, then everything else; token and identifier before it."""
    for content in (b"{", b"", b"[]"):
        scenario.on(stopped, ACL, 403, content=content)
    scenario.call(ACL, {"workspace": str(uuid4())}, 404, body={})
    scenario.call(ACL, {"workspace": "x"}, 400, body={})
    scenario.on(stopped, ACL, 401, body={}, token=None)


@MARK("acl/no-reading")
def test_no_reading(scenario: Scenario, stopped: Json) -> None:
    """The path has no GET."""
    operation = scenario.context.contract.operation(ACL)
    answer = scenario.wire.call(operation, {"workspace": stopped["id"]}, method="GET")
    scenario.context.checked += 1
    if answer.status != 405:
        raise Mismatch("the status 405", answer.answer(), answer)


@MARK("acl/empty")
def test_empty(scenario: Scenario, stopped: Json, deleted: Json) -> None:
    """Nothing, in several ways."""
    nothing: list[Any] = [{}, None, {"user_roles": {}}, {"group_roles": {}, "user_roles": None}]
    for body in nothing:
        scenario.on(stopped, ACL, 204, body=body)
        scenario.on(deleted, ACL, 204, body=body)
    scenario.unchanged(stopped, stopped)


@MARK("acl/merges")
def test_merges(scenario: Scenario, stopped: Json, member: Wire, share: Share, other: str) -> None:
    """Neither an empty request nor one about others takes the role away, be it a user's or not."""
    share("use")
    unknown, everyone = str(uuid4()), stopped["organization_id"]
    others: list[Json] = [
        {},
        {"user_roles": {}},
        {"user_roles": {unknown: ""}},
        {"group_roles": {everyone: "use"}},
        {"group_roles": {unknown: ""}},
        {"group_roles": {everyone: ""}},
    ]
    for body in others:
        scenario.on(stopped, ACL, 204, body=body)
        sees(scenario, member, stopped, visible=True)
    scenario.on(stopped, ACL, 204, body={"user_roles": {other: "admin"}})
    sees(scenario, member, stopped, visible=True)
    scenario.on(stopped, ACL, 204, body={"group_roles": {everyone: "use"}})
    more: list[Json] = [{"user_roles": {other: ""}}, {}, {"group_roles": {unknown: ""}}]
    for body in more:
        scenario.on(stopped, ACL, 204, body=body)
        sees(scenario, member, stopped, visible=True)


@MARK("acl/null-removes")
def test_null_removes(
    scenario: Scenario, stopped: Json, member: Wire, share: Share, other: str
) -> None:
    """Null is the empty role."""
    for role in (None, ""):
        share("use")
        sees(scenario, member, stopped, visible=True)
        scenario.on(stopped, ACL, 204, body={"user_roles": {other: role}})
        sees(scenario, member, stopped, visible=False)


@MARK("acl/group-of-all")
def test_group_of_all(scenario: Scenario, stopped: Json, member: Wire, share: Share) -> None:
    """Whoever is a member of the organization."""
    share("")
    everyone = stopped["organization_id"]
    scenario.on(stopped, ACL, 204, body={"group_roles": {everyone: "use"}})
    sees(scenario, member, stopped, visible=True)  # and the fixture takes it back in any case
    scenario.on(stopped, ACL, 204, body={"group_roles": {everyone: ""}})
    sees(scenario, member, stopped, visible=False)


@MARK("acl/bad-role")
def test_bad_role(scenario: Scenario, stopped: Json) -> None:
    """Two words and the empty one."""
    me, everyone = scenario.world.me["id"], stopped["organization_id"]
    for role in ("Use", "owner", "read", " use", "ADMIN"):
        for field, key in (("user_roles", me), ("group_roles", everyone)):
            answer = scenario.on(stopped, ACL, 400, body={field: {key: role}})
            scenario.refused(answer, field)


@MARK("acl/bad-identifier")
def test_bad_identifier(scenario: Scenario, stopped: Json) -> None:
    """Names are no keys."""
    for field in ("user_roles", "group_roles"):
        for key in ("x", "", scenario.world.me["username"], "me"):
            answer = scenario.on(stopped, ACL, 400, body={field: {key: "use"}})
            scenario.refused(answer, field)


@MARK("acl/unknown-user")
def test_unknown_user(scenario: Scenario, stopped: Json) -> None:
    """Nobody and no group; a good entry beside it is not stored either."""
    for field in ("user_roles", "group_roles"):
        answer = scenario.on(stopped, ACL, 400, body={field: {str(uuid4()): "use"}})
        scenario.refused(answer, field)


@MARK("acl/removal-of-unknown")
def test_removal_of_unknown(scenario: Scenario, stopped: Json) -> None:
    """Users who are gone can be cleared away."""
    for field in ("user_roles", "group_roles"):
        scenario.on(stopped, ACL, 204, body={field: {str(uuid4()): ""}})


@MARK("acl/shows-in-list")
def test_shows_in_list(scenario: Scenario, stopped: Json, member: Wire, share: Share) -> None:
    """As long as it is shared."""
    for role in ("use", "", "admin", ""):
        share(role)
        sees(scenario, member, stopped, visible=bool(role))


@MARK("acl/use-cannot-build")
def test_use_cannot_build(scenario: Scenario, stopped: Json, member: Wire, share: Share) -> None:
    """Nothing is built."""
    share("use")
    for transition in ("start", "stop", "delete"):
        body = {"transition": transition}
        scenario.on(stopped, "createWorkspaceBuild", 403, wire=member, body=body)
    scenario.unchanged(stopped, stopped)


@MARK("acl/dormant-is-hidden")
def test_dormant_is_hidden(scenario: Scenario, stopped: Json, member: Wire, share: Share) -> None:
    """Until it is active again."""
    share("use")
    sees(scenario, member, stopped, visible=True)
    for dormant in (True, False):
        body = {"dormant": dormant}
        scenario.on(stopped, "updateWorkspaceDormancyStatusById", 200, body=body)
        sees(scenario, member, stopped, visible=not dormant)


@MARK("acl/only-this-workspace")
def test_only_this_workspace(scenario: Scenario, running: Json, member: Wire, share: Share) -> None:
    """The others stay hidden."""
    share("admin")
    sees(scenario, member, running, visible=False)


@MARK("acl/reader-cannot-share")
def test_reader_cannot_share(
    scenario: Scenario, stopped: Json, member: Wire, share: Share, other: str
) -> None:
    """Least of all with more rights for oneself."""
    share("use")
    body = {"user_roles": {other: "admin"}}
    scenario.on(stopped, ACL, 403, 404, 500, wire=member, body=body)
    scenario.on(stopped, "createWorkspaceBuild", 403, wire=member, body={"transition": "start"})


@MARK("favorite/only-own")
def test_only_own(
    scenario: Scenario, operation: Operation, stopped: Json, member: Wire, share: Share
) -> None:
    """Not even with all rights."""
    for role in ("use", "admin"):
        share(role)
        for own in ("favoriteWorkspaceById", "unfavoriteWorkspaceById"):
            scenario.on(stopped, own, 204)
            scenario.on(stopped, operation.id, 403, wire=member)
            scenario.shows(stopped, favorite=own == "favoriteWorkspaceById")


@MARK("favorite/per-owner")
def test_per_owner(scenario: Scenario, stopped: Json, member: Wire, share: Share) -> None:
    """A mark is a private matter."""
    share("use")
    scenario.on(stopped, "favoriteWorkspaceById", 204)
    seen = scenario.on(stopped, GET, 200, wire=member)
    page = scenario.call("listWorkspaces", {}, 200, wire=member, query={"q": f"id:{stopped['id']}"})
    for shown in (seen.json(), *page.json()["workspaces"]):
        if shown["favorite"]:
            raise Mismatch("favorite = false for others", "true", seen)
    scenario.on(stopped, "unfavoriteWorkspaceById", 204)


@MARK("isolation/reader-cannot-change")
def test_reader_cannot_change(
    scenario: Scenario, operation: Operation, stopped: Json, member: Wire, share: Share
) -> None:
    """Whatever the status, it is none of success, and nothing has changed."""
    share("use")
    answer = attempt(scenario, telling(scenario, operation, stopped), wire=member)
    # A stopped workspace cannot be extended and a name may not be changed at all, by anyone.
    allowed = {403, 404, 500}
    if operation.id == "extendWorkspaceDeadlineById":
        allowed.add(409)
    if operation.id == "updateWorkspaceMetadataById":
        allowed.add(400)
    if answer.status not in allowed:
        raise Mismatch("403, 404 or 500", answer.answer(), answer)
    scenario.unchanged(stopped, stopped)


@MARK("isolation/reader-can-read")
def test_reader_can_read(
    scenario: Scenario,
    operation: Operation,
    stopped: Json,
    running: Json,
    member: Wire,
    other: str,
) -> None:
    """The same answer as the owner's, but for the mark, of one that runs and of one that does not.

    What agents report moves between two answers, so of a running one their names are compared.
    """
    for workspace in (stopped, running):
        with sharing(scenario, workspace, other) as share:
            share("use")
            request = usual(scenario, operation, workspace)
            own, seen = attempt(scenario, request), attempt(scenario, request, wire=member)
            scenario.context.expect(operation.id, seen, 200)
            mine, theirs = ({**still(a.json()), "favorite": None} for a in (own, seen))
            if mine != theirs:
                raise Mismatch(own.answer(), seen.answer(), seen)


@MARK("isolation/unknown-and-hidden-alike")
def test_alike(scenario: Scenario, operation: Operation, some: Json, member: Wire) -> None:
    """Status and body, also when the request itself is wrong."""
    hidden = usual(scenario, operation, some)
    unknown = hidden.on(str(uuid4()))
    variants: list[dict[str, Any]] = [{}]
    if operation.method != "GET":
        variants += [{"content": b"{"}, {"content": b"{}"}, {"content": b""}]
    for options in variants:
        one, other = (attempt(scenario, r, wire=member, **options) for r in (hidden, unknown))
        same(one, other)


def same(one: Exchange, other: Exchange) -> None:
    """Both answers cannot be told apart."""
    if (one.status, one.body) != (other.status, other.body):
        raise Mismatch(f"as for an unknown one: {other.answer()}", one.answer(), one)


@MARK("isolation/writes-leave-no-trace")
def test_no_trace(scenario: Scenario, operation: Operation, stopped: Json, member: Wire) -> None:
    """By the identifier, and by every spelling of it; by the owner's name for creating."""
    marked = operation.id == "unfavoriteWorkspaceById"
    scenario.on(stopped, f"{'' if marked else 'un'}favoriteWorkspaceById", 204)
    before = scenario.world.read(stopped["id"])
    request = telling(scenario, operation, before)
    if "workspace" in request.path:
        for text in (stopped["id"], stopped["id"].upper(), f"urn:uuid:{stopped['id']}"):
            answer = attempt(scenario, request.on(text), wire=member)
            scenario.context.expect(operation.id, answer, 404)
    else:
        me = scenario.world.me
        for user in (me["id"], me["username"], me["username"].upper()):
            path = {**request.path, "user": user}
            body = {**(request.body or {}), "name": scenario.world.name()}
            scenario.call(operation.id, path, 400, 403, 404, wire=member, body=body)
    scenario.unchanged(before, stopped)


@MARK("isolation/token-decides")
def test_token_decides(scenario: Scenario, operation: Operation, some: Json, member: Wire) -> None:
    """One connection, two users, in turn."""
    request = usual(scenario, operation, some)
    for _ in range(3):
        for token, own in ((Token(scenario.wire.token), True), (Token(member.token), False)):
            answer = attempt(scenario, request, token=token)
            if operation.id == "listWorkspaces":
                found = any(w["id"] == some["id"] for w in answer.json()["workspaces"])
            elif operation.id == "getWorkspaceMetadataByUserAndWorkspaceName":
                found = answer.status == 200 and answer.json()["id"] == some["id"]
            else:
                found = answer.status == 200
            if found != own:
                whose = "the owner" if own else "the second user"
                raise Mismatch(f"the answer for {whose}", answer.answer(), answer)


@MARK("list/another-user")
def test_another_user(scenario: Scenario, several: Any, member: Wire) -> None:
    """Count and pages leave out what is hidden."""
    hidden = {w["id"] for w in several.workspaces}
    for query in ({}, {"limit": "1"}, {"q": f"name:{scenario.world.prefix}"}, {"offset": "1"}):
        page = scenario.call("listWorkspaces", {}, 200, wire=member, query=query)
        body = page.json()
        if hidden & {w["id"] for w in body["workspaces"]}:
            raise Mismatch("none of the first user's workspaces", page.answer(), page)
    # Of the run's own all templates can be read. Others of which that is not so are counted and not
    # shown, so a count of everything may be larger.
    query = {"q": f"name:{scenario.world.prefix}"}
    for options, exact in (({"query": query}, True), ({}, False)):
        page = scenario.call("listWorkspaces", {}, 200, wire=member, **options)
        count, shown = page.json()["count"], len(page.json()["workspaces"])
        if count < shown or (exact and count > shown):
            raise Mismatch(f"count = {shown}", str(count), page)
