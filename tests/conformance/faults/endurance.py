"""Faults of connections: slow ones, broken ones, many, and clients that do not wait."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import Any

from tests.conformance.faults.kit import AUTOSTART, CREATE, DORMANT, GET, LIST, TTL
from tests.conformance.faults.wires import Requests
from tests.conformance.faulty import WORKSPACE, Answer, Call, Fault, Json
from tests.conformance.faulty_wire import CutError, Line

_REFUSAL = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class _WholeHeads(Line):
    """Takes what comes at once for the head of a request."""

    def sent(self, piece: bytes) -> bytes:
        begins = re.match(rb"[A-Z]+ ", piece) is not None
        if begins and b"\r\n\r\n" not in piece:
            raise CutError(_REFUSAL)
        return piece


class _NoExtensions(Line):
    """Knows no extensions of chunks."""

    def sent(self, piece: bytes) -> bytes:
        if re.search(rb"(?m)^[0-9a-f]+;", piece):
            raise CutError(_REFUSAL)
        return piece


class _NoContinue(Line):
    """Never tells a client to go on."""

    def told(self, piece: bytes) -> bytes:
        return piece.replace(_CONTINUE, b"")


class _OneOfEach(Line):
    """Serves one request of those that come together."""

    def sent(self, piece: bytes) -> bytes:
        starts = [found.start() for found in re.finditer(rb"GET /[^ ]* HTTP/1.1\r\n", piece)]
        return piece[: starts[1]] if len(starts) > 1 else piece


class _Few(Line):
    """Refuses connections beyond sixteen."""

    there = 0
    lock = threading.Lock()

    def __init__(self) -> None:
        with self.lock:
            type(self).there += 1
        self.counted = True
        self.place = type(self).there

    def sent(self, piece: bytes) -> bytes:
        if self.place > 16:
            raise CutError(_REFUSAL.replace(b"400 Bad Request", b"503 Service Unavailable"))
        return piece

    def over(self) -> None:
        with self.lock:
            type(self).there -= self.counted
        self.counted = False


class _OneWorker(Requests):
    """Reads one request to its end before it reads another one; whoever is late is cut off."""

    turn = threading.Lock()

    def __init__(self) -> None:
        super().__init__()
        self.mine = False

    def sent(self, piece: bytes) -> bytes:
        if not self.mine and not self.turn.acquire(timeout=1):
            raise CutError
        self.mine = True
        passed = super().sent(piece)
        if not self.waiting:
            self._release()
        return passed

    def ended(self) -> None:
        self._release()

    def _release(self) -> None:
        if self.mine:
            self.mine = False
            self.turn.release()


class _Workers(Requests):
    """Loses one of four workers with each request that breaks off."""

    lost = 0

    def sent(self, piece: bytes) -> bytes:
        if type(self).lost >= 4:
            raise CutError
        return super().sent(piece)

    def ended(self) -> None:
        type(self).lost += self.waiting


class _Accepting(Requests):
    """Says that half a body is fine."""

    def ended(self) -> None:
        if self.missing:
            raise CutError(b"HTTP/1.1 204 No Content\r\n\r\n")


class _Spelling(Requests):
    """Knows a header in one spelling only."""

    def __init__(self, name: str, spellings: tuple[str, ...]) -> None:
        super().__init__()
        self.name = re.compile(rf"(?i)\r\n({name}):".encode())
        self.known = {spelling.encode() for spelling in spellings}

    def head(self, head: bytes) -> bytes:
        def change(found: re.Match[bytes]) -> bytes:
            return found[0] if found[1] in self.known else b"\r\nX-Unknown:"

        return self.name.sub(change, head)


def _line(
    name: str,
    operation: str,
    subject: str,
    sentence: str,
    line: Callable[[], Line],
    profile: str = "standard",
) -> Fault:
    return Fault(
        name,
        operation,
        f"robustness/{subject}",
        "",
        "",
        wire=line,
        sentence=sentence,
        profile=profile,
    )


def _first_piece(call: Call) -> None:
    """Read the body as far as it came at once."""
    if len(call.pieces) > 1:
        call.body = call.pieces[0]


def _nothing_came(call: Call) -> None:
    """Take a body that broke off for an empty object."""
    if call.broken:
        call.body, call.broken = b"{}", False


def _completed(call: Call) -> None:
    """Guess what is missing of a body that broke off."""
    if call.broken:
        call.body, call.broken = b'{"dormant": true}', False


class _Replica:
    """Reads by identifier come from one of two copies, and one of them is behind."""

    def __init__(self) -> None:
        self.old: dict[str, tuple[Any, float]] = {}
        self.reads = 0

    def __call__(self, answer: Answer) -> None:
        if answer.status != 200 or answer.call is None or answer.call.method != "GET":
            return
        value = answer.json
        now = value.get("ttl_ms")
        old, since = self.old.get(value["id"], (now, 0.0))
        if old == now:
            self.old[value["id"]] = now, time.monotonic()
            return
        self.reads += 1
        if self.reads % 2 == 0:
            value["ttl_ms"] = old
            answer.json = value
        elif time.monotonic() - since > 3:
            self.old[value["id"]] = now, time.monotonic()


def _half_done(call: Call) -> list[Any]:
    """Remove what was set where nobody waits for the answer."""
    return [("PUT", call.path, {"ttl_ms": 3_000_000})] if call.left else []


class _LeftBehind:
    """Spoils what is shown of workspaces whose creators did not wait for them."""

    def __init__(self, spoil: Callable[[Json, set[str]], None]) -> None:
        self.spoil = spoil
        self.names: set[str] = set()

    def __call__(self, answer: Answer) -> None:
        call = answer.call
        if call is None or not answer.body.startswith(b"{"):
            return
        value = answer.json
        if call.method != "POST":
            self.spoil(value, self.names)
            answer.json = value
        elif call.left and answer.status == 201:
            self.names.add(value["name"])


def _never_started(value: Json, names: set[str]) -> None:
    for workspace in value.get("workspaces", [value]):
        if workspace.get("name") in names:
            build = workspace["latest_build"]
            build["status"] = build["job"]["status"] = "canceled"


def _listed_twice(value: Json, names: set[str]) -> None:
    if "workspaces" in value:
        value["workspaces"] += [w for w in value["workspaces"] if w["name"] in names]
        value["count"] = max(value["count"], len(value["workspaces"]))


FAULTS = [
    _line(
        "heads-come-at-once",
        GET,
        "slow-request",
        "The head of a request has to come in one piece.",
        _WholeHeads,
    ),
    Fault(
        "bodies-come-at-once",
        TTL,
        "robustness/slow-request",
        "PUT",
        f"{WORKSPACE}/ttl",
        rewrite=_first_piece,
        sentence="Of a body the first piece is read.",
    ),
    Fault(
        "chunks-come-at-once",
        AUTOSTART,
        "robustness/slow-chunks",
        "PUT",
        f"{WORKSPACE}/autostart",
        rewrite=_first_piece,
        sentence="Of a body in chunks the first piece is read.",
    ),
    _line(
        "chunks-have-no-extensions",
        TTL,
        "slow-chunks",
        "A chunk with an extension is refused.",
        _NoExtensions,
    ),
    _line(
        "nobody-says-continue",
        TTL,
        "expect-continue",
        "A client that waits for 100 is not told to go on.",
        _NoContinue,
    ),
    Fault(
        "broken-off-bodies-count-as-empty",
        TTL,
        "robustness/half-sent",
        "PUT",
        f"{WORKSPACE}/ttl",
        rewrite=_nothing_came,
        sentence="A body that breaks off counts as empty, which removes the time to stop.",
    ),
    _line(
        "broken-off-requests-cost-a-worker",
        TTL,
        "half-sent",
        "After four requests that broke off nobody is served.",
        _Workers,
    ),
    Fault(
        "cut-off-bodies-are-guessed",
        DORMANT,
        "robustness/cut-off-body",
        "PUT",
        f"{WORKSPACE}/dormant",
        rewrite=_completed,
        sentence="What is missing of a body is guessed.",
    ),
    _line(
        "cut-off-bodies-are-accepted",
        AUTOSTART,
        "cut-off-body",
        "Half a body is answered with 204, and nothing is done.",
        _Accepting,
    ),
    Fault(
        "one-of-two-copies-is-behind",
        TTL,
        "robustness/unread-answer",
        "GET",
        WORKSPACE,
        alter=_Replica(),
        sentence="For a while every second read shows the time to stop that was set before.",
    ),
    Fault(
        "what-nobody-waits-for-is-half-done",
        TTL,
        "robustness/unread-answer",
        "PUT",
        f"{WORKSPACE}/ttl",
        minds=True,
        also=_half_done,
        sentence="A change of which nobody waits for the answer sets another time.",
    ),
    Fault(
        "orphans-never-start",
        CREATE,
        "robustness/unread-creation",
        "GET|POST",
        r"/users/[^/]+/workspaces|/workspaces|" + WORKSPACE,
        minds=True,
        alter=_LeftBehind(_never_started),
        profile="full",
        sentence="A workspace whose creator did not wait for the answer never starts.",
    ),
    Fault(
        "orphans-are-listed-twice",
        CREATE,
        "robustness/unread-creation",
        "GET|POST",
        r"/users/[^/]+/workspaces|/workspaces",
        minds=True,
        alter=_LeftBehind(_listed_twice),
        profile="full",
        sentence="A workspace whose creator did not wait for the answer is listed twice.",
    ),
    _line(
        "tokens-have-two-spellings",
        LIST,
        "header-names-in-any-case",
        "The token is not found in a header in capitals.",
        lambda: _Spelling("coder-session-token", ("coder-session-token", "Coder-Session-Token")),
    ),
    _line(
        "lengths-have-two-spellings",
        TTL,
        "header-names-in-any-case",
        "The length of the body is not found in a header in capitals.",
        lambda: _Spelling("content-length", ("content-length", "Content-Length")),
    ),
    _line(
        "requests-wait-for-answers",
        GET,
        "pipelining",
        "Of requests that come together the first one is answered.",
        _OneOfEach,
    ),
    _line(
        "sixteen-connections-are-enough",
        GET,
        "many-connections",
        "Connections beyond sixteen are refused.",
        _Few,
    ),
    _line(
        "there-is-one-worker",
        GET,
        "many-connections",
        "While one request is not whole, others are cut off after a second.",
        _OneWorker,
    ),
]
