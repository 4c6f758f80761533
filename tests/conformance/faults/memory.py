"""Faults of servers that mix up what they know of a workspace: its state, its past."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conformance.faults.kit import PATHS, identifier, of_place
from tests.conformance.faulty import Answer, Call, Fault, Further, Json


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


def status(workspace: Json) -> str:
    """The status of its latest build."""
    return str(workspace.get("latest_build", {}).get("status", ""))


def in_status(wanted: str) -> Judge:
    """Whether the latest build of a workspace has a status."""
    return lambda _, workspace, __: status(workspace) == wanted


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
