"""Workspaces in rare states: each operation shows all of them, down to their agents.

What moves by itself is no list of fields here. A value is judged when it was the same before and
after the view that is looked at, and is wrong when it differs time and again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from coder_conformance import streams
from coder_conformance.exchange import Exchange
from coder_conformance.results import Mismatch
from coder_conformance.shared import Shared
from coder_conformance.suite.server.furnished import furnish
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.watching import both, extend, watch
from coder_spec.files import is_array, is_object

Json = dict[str, Any]
View = tuple[Json, Exchange]
Look = Callable[[Scenario, Json], View]
GET, LIST = "getWorkspaceMetadataById", "listWorkspaces"
BY_NAME = "getWorkspaceMetadataByUserAndWorkspaceName"
TRIES = 3
ABSENT = "absent"


def _by_id(scenario: Scenario, workspace: Json) -> View:
    answer = scenario.on(workspace, GET, 200)
    return answer.json(), answer


def _by_name(scenario: Scenario, workspace: Json) -> View:
    path = {"user": workspace["owner_name"], "workspacename": workspace["name"]}
    answer = scenario.call(BY_NAME, path, 200)
    return answer.json(), answer


def _listed(scenario: Scenario, workspace: Json) -> View:
    answer = scenario.call(LIST, {}, 200, query={"q": f"id:{workspace['id']}"})
    found = answer.json()["workspaces"]
    if len(found) != 1:
        raise Mismatch("a list of one", f"a list of {len(found)}", answer)
    return found[0], answer


def _streamed(scenario: Scenario, workspace: Json, *, websocket: bool) -> View:
    path = streams.watch_path(workspace["id"], websocket=websocket)
    opened = streams.socket if websocket else streams.event_stream
    with opened(scenario.wire, path, scenario.context.settings.timeouts.event) as stream:
        return stream.next_data(), stream.opened


def _event(scenario: Scenario, workspace: Json) -> View:
    return _streamed(scenario, workspace, websocket=False)


def _message(scenario: Scenario, workspace: Json) -> View:
    return _streamed(scenario, workspace, websocket=True)


def _later(scenario: Scenario, workspace: Json, *, websocket: bool) -> View:
    """What is told of a change, which is put together in another place than what comes first."""
    with watch(scenario, workspace, websocket=websocket) as watched:
        seen = watched.until("the new deadline", extend(scenario, workspace, 270))
        return seen[-1], watched.opened


MARK = pytest.mark.requirement
LOOKS = [
    pytest.param(_listed, marks=MARK("list/in-depth"), id="list"),
    pytest.param(_by_name, marks=MARK("get-by-name/in-depth"), id="get-by-name"),
    pytest.param(_event, marks=MARK("watch/in-depth"), id="watch"),
    pytest.param(_message, marks=MARK("watch-ws/in-depth"), id="watch-ws"),
]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("state", ["running", "dormant", "dormant and running"])
def test_in_depth(scenario: Scenario, shared: Shared, look: Look, state: str) -> None:
    """Every value at every depth, with every setting made and in more than one state."""
    workspace = shared.stopped() if state == "dormant" else shared.running()
    furnish(scenario, workspace, dormant=state != "running")
    _in_depth(scenario, workspace, look)


@both("changes-in-depth")
@pytest.mark.parametrize("dormant", [False, True], ids=["running", "dormant and running"])
def test_changes_in_depth(
    scenario: Scenario, running: Json, websocket: bool, dormant: bool
) -> None:
    """The event that a new deadline causes, with every setting made."""
    furnish(scenario, running, dormant=dormant)
    _in_depth(scenario, running, partial(_later, websocket=websocket))


def _in_depth(scenario: Scenario, workspace: Json, look: Look) -> None:
    found, answer = _wrong(scenario, workspace, look)
    for _ in range(TRIES - 1):
        if not found:
            return
        again, answer = _wrong(scenario, workspace, look)
        found = {at: again[at] for at in again if at in found}
    for at, (expected, actual) in found.items():
        raise Mismatch(f"{at} = {expected!r}, as reading it shows", f"{actual!r}", answer)


def _wrong(
    scenario: Scenario, workspace: Json, look: Look
) -> tuple[dict[str, tuple[Any, Any]], Exchange]:
    """Places at which a view differs from what was read before and after it."""
    before, _ = _by_id(scenario, workspace)
    view, answer = look(scenario, workspace)
    after, _ = _by_id(scenario, workspace)
    leaves = (dict(_leaves(seen)) for seen in (before, view, after))
    return dict(_differing(*leaves)), answer


def _leaves(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Every value that holds no others, with its place; what has an identifier is found by it."""
    if is_object(value) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{at}.{name}" if at else name)
    elif is_array(value) and value:
        for number, inner in enumerate(value):
            key = inner.get("id", number) if is_object(inner) else number
            yield from _leaves(inner, f"{at}[{key}]")
    else:
        yield at, value


def _differing(before: Json, view: Json, after: Json) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Places whose value stayed while the view shows another one."""
    for at in sorted(before.keys() | view.keys() | after.keys()):
        was, seen, now = (leaves.get(at, ABSENT) for leaves in (before, view, after))
        if was == now != seen:
            yield at, (was, seen)


@pytest.mark.requirement("get/lasting-identifiers")
def test_lasting_identifiers(scenario: Scenario, running: Json) -> None:
    """As long as the build is the same, so is everything that has an identifier in it."""
    seen: dict[str, tuple[set[str], Exchange]] = {}
    for _ in range(TRIES):
        workspace, answer = _by_id(scenario, running)
        build = workspace["latest_build"]
        known = {at for at, _ in _leaves(build["resources"]) if at.endswith("].id")}
        first, _ = seen.setdefault(build["id"], (known, answer))
        if known != first:
            raise Mismatch(f"{sorted(first)}", f"{sorted(known)}", answer)
