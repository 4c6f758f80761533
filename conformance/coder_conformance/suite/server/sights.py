"""Each way to look at one workspace, and the places at which one look differs from others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from coder_spec.files import is_array, is_object

from ... import streams
from ...exchange import Exchange
from ...results import Mismatch
from .scenario import Scenario

Json = dict[str, Any]
View = tuple[Json, Exchange]
Look = Callable[[Scenario, Json], View]
GET, LIST = "getWorkspaceMetadataById", "listWorkspaces"
BY_NAME = "getWorkspaceMetadataByUserAndWorkspaceName"
ABSENT = "absent"
TRIES = 3


def by_id(scenario: Scenario, workspace: Json) -> View:
    """As its identifier leads to it."""
    answer = scenario.on(workspace, GET, 200)
    return answer.json(), answer


def by_name(scenario: Scenario, workspace: Json) -> View:
    """As its owner and its name lead to it."""
    path = {"user": workspace["owner_name"], "workspacename": workspace["name"]}
    answer = scenario.call(BY_NAME, path, 200)
    return answer.json(), answer


def listed(scenario: Scenario, workspace: Json) -> View:
    """As a list by identifier shows it."""
    answer = scenario.call(LIST, {}, 200, query={"q": f"id:{workspace['id']}"})
    found = answer.json()["workspaces"]
    if len(found) != 1:
        raise Mismatch("a list of one", f"a list of {len(found)}", answer)
    return found[0], answer


def _streamed(scenario: Scenario, workspace: Json, *, websocket: bool) -> View:
    limit = scenario.context.settings.timeouts.event
    with streams.opening(scenario.wire, workspace["id"], limit, websocket=websocket) as stream:
        return stream.next_data(), stream.opened


def event(scenario: Scenario, workspace: Json) -> View:
    """As the first event of the one stream shows it."""
    return _streamed(scenario, workspace, websocket=False)


def message(scenario: Scenario, workspace: Json) -> View:
    """As the first message of the other stream shows it."""
    return _streamed(scenario, workspace, websocket=True)


def agrees(
    scenario: Scenario, workspace: Json, look: Look, by: Scenario | None = None, *but: str
) -> View:
    """Check that a look shows what the owner reads before and after it, time and again.

    Args:
        scenario: Knows the contract, and reads as the owner.
        workspace: The workspace.
        look: The look.
        by: Who looks; the owner by default.
        *but: Fields that may differ.

    Returns:
        What was seen last.
    """
    found, view = _wrong(scenario, workspace, look, by or scenario)
    for _ in range(TRIES - 1):
        again, view = _wrong(scenario, workspace, look, by or scenario) if found else ({}, view)
        found = {at: again[at] for at in again if at in found}
    for at, (expected, actual) in found.items():
        if at not in but:
            raise Mismatch(f"{at} = {expected!r}, as reading it shows", f"{actual!r}", view[1])
    return view


def _wrong(
    scenario: Scenario, workspace: Json, look: Look, by: Scenario
) -> tuple[dict[str, tuple[Any, Any]], View]:
    """Places at which a view differs from what was read before and after it."""
    before, _ = by_id(scenario, workspace)
    view = look(by, workspace)
    after, _ = by_id(scenario, workspace)
    leaves = (dict(leaves_of(seen)) for seen in (before, view[0], after))
    return dict(differing(*leaves)), view


def leaves_of(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Every value that holds no others, with its place; what has an identifier is found by it."""
    if is_object(value) and value:
        for name, inner in value.items():
            yield from leaves_of(inner, f"{at}.{name}" if at else name)
    elif is_array(value) and value:
        for number, inner in enumerate(value):
            key = inner.get("id", number) if is_object(inner) else number
            yield from leaves_of(inner, f"{at}[{key}]")
    else:
        yield at, value


def differing(before: Json, view: Json, after: Json) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Places whose value stayed while the view shows another one."""
    for at in sorted(before.keys() | view.keys() | after.keys()):
        was, seen, now = (each.get(at, ABSENT) for each in (before, view, after))
        if was == now != seen:
            yield at, (was, seen)
