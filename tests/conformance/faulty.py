"""Servers that are wrong in one way: what a fault is, and what faults are made of."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.conformance.faulty_wire import Line

Message = MutableMapping[str, Any]
Json = dict[str, Any]
# A further request: method, path, body.
Further = tuple[str, str, Json | None]
WORKSPACE = r"/workspaces/[^/]+"
# Anything that shows a workspace.
SHOWS = rf"{WORKSPACE}|/users/[^/]+/workspace/[^/]+|/workspaces"


@dataclass
class Call:
    """A request on its way to the server.

    Attributes:
        method: Its method.
        path: Its path below the API's prefix, decoded.
        query: Its query parameters.
        headers: Its headers by lower-case name.
        body: Its body.
        pieces: The pieces in which the body came.
        broken: Whether the client broke off before the body was there.
        left: Whether the client was gone when the answer was ready, where the fault asks for it.
    """

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes
    pieces: list[bytes] = field(default_factory=list[bytes])
    broken: bool = False
    left: bool = False

    @property
    def json(self) -> Any:
        """The body as a JSON value; an empty object when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return {}

    @json.setter
    def json(self, value: Any) -> None:
        self.body = json.dumps(value).encode()

    def get(self, name: str) -> str:
        """A query parameter, empty when it is not there."""
        return dict(self.query).get(name, "")

    def set(self, name: str, value: str | None) -> None:
        """Put another value in place of a query parameter; None removes it."""
        self.query = [pair for pair in self.query if pair[0] != name]
        if value is not None:
            self.query.append((name, value))


@dataclass
class Answer:
    """An answer on its way to the client."""

    status: int
    headers: dict[str, str]
    body: bytes
    call: Call | None = None

    @property
    def json(self) -> Any:
        """The body as a JSON value."""
        return json.loads(self.body)

    @json.setter
    def json(self, value: Any) -> None:
        self.body = compact(value)


def compact(value: Any) -> bytes:
    """JSON as the server writes it."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    for plain, escape in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(plain, escape)
    return text.encode("utf-8", "surrogatepass") + b"\n"


@dataclass(frozen=True)
class Fault:
    """One way to be wrong.

    Attributes:
        id: Name of the fault, which says what is wrong.
        operation: The operation that is wrong.
        requirement: A requirement that it breaks.
        method: Pattern of the methods of the requests that it touches.
        path: Pattern of their paths, below the API's prefix.
        alter: Changes an answer; None lets it pass. Of a stream it sees the head only.
        rewrite: Changes a request before the server sees it.
        drop: Whether the request is answered without being carried out.
        when: Which requests are dropped; all of them by default.
        answer: What a dropped request gets.
        refuse: Which requests are refused although they are right.
        refusal: What these are answered with.
        also: Further requests that are carried out after a successful one; None if there is none.
        minds: Whether it is found out if the client waits for the answer.
        frames: What becomes of each piece of an event stream; an empty one ends the stream. The
            memory of a stream also tells its path (`path`), and how many watchers were there when
            it began (`place`), had gone before (`before`) and have gone since (`left`).
        messages: What becomes of each message that a WebSocket sends, with the same memory.
        deaf: Which messages of a WebSocket's client are not noticed.
        wire: Makes what stands between the two ends of each connection.
        pause: Seconds before an answer, or before each event of a stream but the first ones.
        silent: Whether there is no answer at all.
        cut: Whether the second half of a body is missing, and then the connection.
        profile: The first profile that judges the requirement.
        arguments: What the suite has to be told besides, for requirements that are only judged
            where that is asked for.
        alone: Whether the suite gets the token of the first user only, and makes the second one.
        deployment: Settings of the server that differ from the usual ones. Where nothing else is
            said it is these that are wrong, for each request that the fault touches.
        sentence: What is wrong, in words; the id says it by default.
    """

    id: str
    operation: str
    requirement: str
    method: str
    path: str
    alter: Callable[[Answer], None] | None = None
    rewrite: Callable[[Call], None] | None = None
    drop: bool = False
    when: Callable[[Call], bool] | None = None
    answer: int = 204
    refuse: Callable[[Call], bool] | None = None
    refusal: int = 400
    also: Callable[[Call], Further | list[Further] | None] | None = None
    minds: bool = False
    frames: Callable[[bytes, Json], Iterable[bytes]] | None = None
    messages: Callable[[Message, Json], Iterable[Message]] | None = None
    deaf: Callable[[Message], bool] | None = None
    wire: Callable[[], Line] | None = None
    pause: float = 0.0
    silent: bool = False
    cut: bool = False
    profile: str = "standard"
    arguments: tuple[str, ...] = ()
    alone: bool = False
    deployment: Json = field(default_factory=dict[str, Any], hash=False)
    sentence: str = ""

    @property
    def is_deployed(self) -> bool:
        """Whether the settings of the server are what is wrong."""
        others = (self.alter, self.rewrite, self.refuse, self.also, self.frames, self.messages,
                  self.deaf, self.wire, self.drop, self.pause, self.silent, self.cut)  # fmt: skip
        return bool(self.deployment) and not any(others)


def without_content(headers: dict[str, str]) -> dict[str, str]:
    """Headers of an answer without a body."""
    return {k: v for k, v in headers.items() if k not in {"content-type", "content-length"}}


def on_success(change: Callable[[Json], object]) -> Callable[[Answer], None]:
    """Change the JSON of successful answers."""

    def alter(answer: Answer) -> None:
        if 200 <= answer.status < 300 and answer.body:
            value = answer.json
            change(value)
            answer.json = value

    return alter


def on_workspaces(change: Callable[[Json], None]) -> Callable[[Answer], None]:
    """Change every workspace that a successful answer shows."""

    def each(value: Json) -> None:
        for workspace in value.get("workspaces", [value]):
            if "latest_build" in workspace:
                change(workspace)

    return on_success(each)


def on_error(change: Callable[[Json], None]) -> Callable[[Answer], None]:
    """Change the JSON of errors."""

    def alter(answer: Answer) -> None:
        if answer.status >= 400 and answer.headers.get("content-type", "").startswith(
            "application/json"
        ):
            value = answer.json
            change(value)
            answer.json = value

    return alter


def status(old: int, new: int) -> Callable[[Answer], None]:
    """Answer with another status, and keep the rest."""

    def alter(answer: Answer) -> None:
        if answer.status == old:
            answer.status = new
            if new == 204:
                answer.body = b""
                answer.headers = without_content(answer.headers)

    return alter
