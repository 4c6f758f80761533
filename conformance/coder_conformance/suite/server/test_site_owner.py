"""A site owner among the workspaces of other users: sees all of them, and marks none.

The second user's workspace has the name of one of the first user's, so that mixing up shows.
"""

from __future__ import annotations

from typing import Any

import pytest

from coder_conformance.exchange import Exchange
from coder_conformance.results import Mismatch
from coder_conformance.shared import Shared
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.several import in_order
from coder_conformance.suite.server.sights import (
    BY_NAME,
    GET,
    LIST,
    Look,
    agrees,
    by_id,
    by_name,
    event,
    listed,
    message,
)
from coder_conformance.suite.server.usual import attempt, still, usual
from coder_conformance.wire import Wire
from coder_conformance.world import World
from coder_spec import Operation

Json = dict[str, Any]
MARK = pytest.mark.requirement
FAVORITE, UNFAVORITE = "favoriteWorkspaceById", "unfavoriteWorkspaceById"
LOOKS: dict[str, Look] = {
    GET: by_id,
    BY_NAME: by_name,
    LIST: listed,
    "watchWorkspaceById": event,
    "watchWorkspaceByIdViaWebsockets": message,
}


@pytest.fixture
def theirs(scenario: Scenario, member: Wire) -> World:
    """What the second user owns."""
    assert member is scenario.context.member
    return scenario.context.theirs()


@pytest.fixture
def owner(scenario: Scenario, theirs: World) -> Scenario:
    """Steps of the second user."""
    return Scenario(scenario.context, theirs.wire, theirs)


@pytest.fixture
def workspace(shared: Shared, theirs: World) -> Json:
    """The second user's workspace."""
    return shared.theirs(theirs)


@MARK("isolation/owner-reads-all")
def test_owner_reads_all(
    scenario: Scenario, owner: Scenario, operation: Operation, workspace: Json
) -> None:
    """As its owner reads it, but for the mark."""
    owner.on(workspace, FAVORITE, 204)
    look = LOOKS.get(operation.id)
    if look is None:
        request = usual(scenario, operation, workspace)
        own, seen = attempt(owner, request), attempt(scenario, request)
        scenario.context.expect(operation.id, seen, 200)
        if still(own.json()).keys() != still(seen.json()).keys():
            raise Mismatch(own.answer(), seen.answer(), seen)
        return
    view, answer = agrees(owner, workspace, look, scenario, "favorite")
    if view["id"] != workspace["id"]:
        raise Mismatch(f"the workspace {workspace['id']}", view["id"], answer)
    if view["favorite"]:
        raise Mismatch("favorite = false for all but the owner", "true", answer)


@MARK("isolation/owner-sees-all")
def test_owner_sees_all(
    scenario: Scenario, theirs: World, owner: Scenario, workspace: Json
) -> None:
    """By every query that fits it and by none that does not, with its owner, not marked."""
    owner.on(workspace, FAVORITE, 204)
    name, user = workspace["name"], theirs.me["username"]
    fitting = ("", f"id:{workspace['id']}", f"owner:{user}", f"owner:{user.upper()} name:{name}",
               f"{user}/{name}", f"name:{name}")  # fmt: skip
    for query in fitting:
        answer = scenario.call(LIST, {}, 200, query={"q": query})
        seen = [(w["owner_id"], w["favorite"]) for w in found(answer) if w["id"] == workspace["id"]]
        if seen != [(theirs.me["id"], False)]:
            raise Mismatch(f"{query!r} to find one of {user}, not marked", repr(seen), answer)
    for query in ("owner:me", f"owner:me id:{workspace['id']}", f"me/{name}"):
        answer = scenario.call(LIST, {}, 200, query={"q": query})
        if any(w["owner_id"] != scenario.world.me["id"] for w in found(answer)):
            raise Mismatch(f"{query!r} to find just the caller's own", answer.answer(), answer)
    answer = scenario.call(LIST, {}, 200, query={"q": f"{user}/{name}"})
    if any(w["owner_id"] != theirs.me["id"] for w in found(answer)):
        raise Mismatch(f"just those of {user}", answer.answer(), answer)


def found(answer: Exchange) -> list[Json]:
    """The workspaces in a list."""
    listed_: list[Json] = answer.json()["workspaces"]
    return listed_


@MARK("isolation/user-decides")
def test_user_decides(scenario: Scenario, shared: Shared, theirs: World, workspace: Json) -> None:
    """Whoever asks: the owner in the path is whose workspaces are looked through."""
    me, other = scenario.world.me, theirs.me
    name, own = workspace["name"], shared.stopped()
    for user in (other["id"], other["id"].upper(), other["username"], other["username"].upper()):
        path = {"user": user, "workspacename": name}
        answer = scenario.call(BY_NAME, path, 200)
        if answer.json()["id"] != workspace["id"]:
            expected = f"{workspace['id']} of {other['username']}"
            raise Mismatch(expected, f"{answer.json()['id']} for the user {user}", answer)
        # A name that only the caller has.
        alone = shared.running()["name"]
        scenario.call(BY_NAME, {"user": user, "workspacename": alone}, 404)
    for user in ("me", me["id"], me["username"]):
        answer = scenario.call(BY_NAME, {"user": user, "workspacename": own["name"]}, 200)
        if answer.json()["id"] != own["id"]:
            raise Mismatch(f"the caller's own {own['id']}", answer.json()["id"], answer)


@MARK("favorite/not-for-site-owners")
def test_not_for_site_owners(
    scenario: Scenario, owner: Scenario, operation: Operation, workspace: Json
) -> None:
    """Whether it is marked or not, and whichever of the two is tried."""
    for own in (FAVORITE, UNFAVORITE):
        owner.on(workspace, own, 204)
        for _ in range(2):
            scenario.on(workspace, operation.id, 403)
            owner.shows(workspace, favorite=own == FAVORITE)


@MARK("list/favorites-of-others")
def test_favorites_of_others(
    scenario: Scenario, shared: Shared, owner: Scenario, workspace: Json
) -> None:
    """Theirs keeps its place among the run's, whether its owner marks it or not."""
    scenario.on(shared.stopped(), FAVORITE, 204)
    shared.running()
    places: list[list[str]] = []
    for mark in (UNFAVORITE, FAVORITE):
        owner.on(workspace, mark, 204)
        query = {"q": f"name:{scenario.world.prefix}"}
        answer = scenario.call(LIST, {}, 200, query=query)
        in_order(found(answer), answer)
        places.append([w["id"] for w in found(answer)])
    scenario.on(shared.stopped(), UNFAVORITE, 204)
    if places[0] != places[1]:
        raise Mismatch(f"the order {places[0]}", repr(places[1]), scenario.wire.last)


@MARK("create/for-others")
def test_for_others(scenario: Scenario, shared: Shared, theirs: World) -> None:
    """It is the other user's; who asked for it began its build."""
    given = shared.neighbour(theirs).given
    assert given is not None
    answer = scenario.context.expect(given.operation, given.answer, 201)
    made = answer.json()
    build, me = made["latest_build"], scenario.world.me
    seen = {name: made[name] for name in ("owner_id", "owner_name")}
    seen |= {name: build[name] for name in ("initiator_id", "initiator_name")}
    ids = (theirs.me["id"], theirs.me["username"], me["id"], me["username"])
    expected: Json = dict(zip(seen, ids, strict=True))
    if seen != expected:
        raise Mismatch(repr(expected), repr(seen), answer)
