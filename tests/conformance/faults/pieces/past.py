"""What faults remember: what was done, what was shown, and when."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.conformance.faults.pieces.answers import Alter, turned
from tests.conformance.faults.pieces.places import CREATED, PATHS, Place
from tests.conformance.faults.pieces.requests import (
    When,
    every,
    field,
    identifier,
    name_as_text,
    new_owner,
    of_place,
)
from tests.conformance.faulty import Answer, Call, Fault, Further, Json, on_workspaces


def in_state(state: str, place: Place, besides: When = every) -> When:
    """Requests about workspaces in a state: dormant, or the last transition.

    The fault has to see all requests about workspaces.
    """
    dormant: dict[str, bool] = {}
    last: dict[str, str] = {}

    def holds(call: Call) -> bool:
        name = identifier(call)
        was = dormant.get(name, False) if state == "dormant" else last.get(name) == state
        if call.method == "PUT" and call.path.endswith("/dormant"):
            dormant[name] = field(call, "dormant") is True
        if call.method == "POST" and call.path.endswith("/builds"):
            last[name] = str(field(call, "transition"))
        return was and of_place(call, place) and besides(call)

    return holds


def again(name: str) -> When:
    """Requests that give a field of a workspace the value that the last request gave it."""
    last: dict[str, Any] = {}

    def repeats(call: Call) -> bool:
        key, value = identifier(call), field(call, name)
        was = last.get(key)
        last[key] = value
        return value is not None and was == value

    return repeats


def hurried(seconds: float, place: Place, after: Place) -> When:
    """Requests about a workspace that come soon after another one about it."""
    last: dict[str, float] = {}

    def soon(call: Call) -> bool:
        now, name = time.monotonic(), identifier(call)
        was = now - last.get(name, 0.0) < seconds
        if of_place(call, after):
            last[name] = now
        return was and of_place(call, place)

    return soon


def once_seen(*path: str, key: Callable[[Json], str] = lambda w: str(w["id"])) -> Alter:
    """Show a field, however deep, as it was when it was shown first."""
    seen: dict[str, Any] = {}

    def change(shown: Json) -> None:
        holder = shown
        for name in path[:-1]:
            holder = holder[name]
        holder[path[-1]] = seen.setdefault(key(shown), holder[path[-1]])

    return on_workspaces(change)


class Memory:
    """What passed by of workspaces.

    Attributes:
        shown: Each as it was shown last.
        marked: Those that somebody marked.
    """

    def __init__(self) -> None:
        self.shown: dict[str, Json] = {}
        self.marked: list[str] = []

    def see(self, answer: Answer) -> None:
        """Take note of what an answer shows."""
        call = answer.call
        if call is None or not 200 <= answer.status < 300:
            return
        if call.path.endswith("/favorite"):
            self._mark(call)
        if answer.body.startswith(b"{"):
            value = answer.json
            for workspace in value.get("workspaces", [value]):
                if "latest_build" in workspace:
                    self.shown[workspace["id"]] = workspace

    def of(self, call: Call) -> Json:
        """The workspace that a request is about; empty when it was never shown."""
        return self.shown.get(identifier(call), {})

    def _mark(self, call: Call) -> None:
        if identifier(call) in self.marked:
            self.marked.remove(identifier(call))
        if call.method == "PUT":
            self.marked.append(identifier(call))


Judge = Callable[[Call, Json, Memory], bool]


def build_status(workspace: Json) -> str:
    """The status of its latest build."""
    return str(workspace.get("latest_build", {}).get("status", ""))


def in_status(wanted: str) -> Judge:
    """Whether the latest build of a workspace has a status."""
    return lambda _, workspace, __: build_status(workspace) == wanted


def minding(
    name: str, operation: str, requirement: str, sentence: str, when: Judge, **how: Any
) -> Fault:
    """A fault of an operation that refuses some workspaces because of what they look like."""
    memory = Memory()

    def refuse(call: Call) -> bool:
        return of_place(call, PATHS[operation]) and when(call, memory.of(call), memory)

    how |= {"alter": memory.see, "refuse": refuse}
    return _seeing(name, operation, requirement, sentence, **how)


def following(
    name: str,
    operation: str,
    requirement: str,
    sentence: str,
    more: Callable[[Call, Json, Memory], list[Further]],
    **how: Any,
) -> Fault:
    """A fault of an operation after which something else is done that depends on the past."""
    memory = Memory()

    def also(call: Call) -> list[Further]:
        about = of_place(call, PATHS[operation])
        return more(call, memory.of(call), memory) if about else []

    how |= {"alter": memory.see, "also": also}
    return _seeing(name, operation, requirement, sentence, **how)


def remembering(
    name: str,
    operation: str,
    requirement: str,
    sentence: str,
    change: Callable[[Answer, Memory], None],
    **how: Any,
) -> Fault:
    """A fault of what is shown, which depends on what was shown before."""
    memory = Memory()

    def alter(answer: Answer) -> None:
        before = Memory()
        before.shown, before.marked = {**memory.shown}, [*memory.marked]
        memory.see(answer)
        if answer.body.startswith(b"{"):
            change(answer, before)

    return _seeing(name, operation, requirement, sentence, alter=alter, **how)


def _seeing(name: str, operation: str, requirement: str, sentence: str, **how: Any) -> Fault:
    """A fault that sees all requests but streams by WebSocket."""
    return Fault(name, operation, requirement, ".*", ".*", sentence=sentence, **how)


class Names:
    """Remembers which names were given, for whom, and which of them belong to deleted ones."""

    def __init__(self) -> None:
        self.made: dict[str, bytes] = {}
        self.by: dict[str, str] = {}
        self.ids: dict[str, str] = {}
        self.free: set[str] = set()

    def see(self, answer: Answer) -> None:
        """Note a new workspace or a deletion."""
        call = answer.call
        if call is None or answer.status != 201:
            return
        if of_place(call, CREATED):
            name = name_as_text(call).lower()
            self.made[name], self.by[name] = answer.body, new_owner(call)
            self.ids[answer.json["id"]] = name
            self.free.discard(name)
        elif field(call, "transition") == "delete":
            self.free.add(self.ids.get(identifier(call), ""))

    def taken_again(self, when: Callable[[Call, Json], bool]) -> Alter:
        """Give the workspace that has a name to whoever wants another one of that name."""

        def alter(answer: Answer) -> None:
            call = answer.call
            if (
                call is not None
                and answer.status == 409
                and name_as_text(call).lower() in self.made
            ):
                there = Answer(201, {}, self.made[name_as_text(call).lower()]).json
                if when(call, there):
                    answer.status, answer.json = 201, there
            else:
                self.see(answer)

        return alter

    def is_old(self, call: Call) -> bool:
        """Whether a name was that of a deleted workspace."""
        return of_place(call, CREATED) and name_as_text(call).lower() in self.free

    def is_anothers(self, call: Call) -> bool:
        """Whether another user has a workspace of that name."""
        owner = self.by.get(name_as_text(call).lower())
        return owner is not None and owner != new_owner(call)

    def conflict_first(self, answer: Answer) -> None:
        """Answer that a name is taken before anything else is said."""
        call = answer.call
        if call is not None and answer.status == 400 and name_as_text(call).lower() in self.made:
            turned(400, 409, message=f'Workspace "{name_as_text(call)}" already exists.')(answer)
        self.see(answer)


def dormant(_: Call, workspace: Json, __: Memory) -> bool:
    """Whether a workspace is dormant and not deleted."""
    return bool(workspace.get("dormant_at")) and build_status(workspace) != "deleted"
