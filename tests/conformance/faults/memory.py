"""Faults of servers that mix up what they know of a workspace: its state, its past."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.conformance.faults.kit import PATHS
from tests.conformance.faulty import Answer, Call, Fault, Further, Json

# All requests but streams by WebSocket.
_SEEN = r".*"


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


def identifier(call: Call) -> str:
    """The identifier of the workspace in a path."""
    found = re.match(r"/workspaces/([0-9a-f-]{36})", call.path)
    return found[1] if found else ""


def is_about(call: Call, operation: str) -> bool:
    """Whether a request is for an operation."""
    method, path = PATHS[operation]
    return call.method == method and bool(re.fullmatch(path, call.path))


def status(workspace: Json) -> str:
    """The status of its latest build."""
    return str(workspace.get("latest_build", {}).get("status", ""))


def minding(
    name: str, operation: str, requirement: str, sentence: str, when: Judge, **how: Any
) -> Fault:
    """A fault of an operation that refuses some workspaces because of what they look like."""
    memory = Memory()

    def refuse(call: Call) -> bool:
        return is_about(call, operation) and when(call, memory.of(call), memory)

    return Fault(
        name,
        operation,
        requirement,
        ".*",
        _SEEN,
        alter=memory.see,
        refuse=refuse,
        sentence=sentence,
        **how,
    )


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
        return more(call, memory.of(call), memory) if is_about(call, operation) else []

    return Fault(
        name,
        operation,
        requirement,
        ".*",
        _SEEN,
        alter=memory.see,
        also=also,
        sentence=sentence,
        **how,
    )


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

    return Fault(name, operation, requirement, ".*", _SEEN, alter=alter, sentence=sentence, **how)
