"""Faults of the way into a WebSocket, which no plain request shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from coder_conformance.reference.seed.default import OWNER
from tests.conformance.faults.pieces.places import HEADER, WS, WS_PATH
from tests.conformance.faults.pieces.requests import as_owner
from tests.conformance.faulty import Call, Fault, Json, Message


def _ws(name: str, sentence: str, requirement: str, **how: Any) -> Fault:
    return Fault(name, WS, requirement, "GET", WS_PATH, sentence=sentence, **how)


def _handshakes(change: Callable[[Call], None]) -> Callable[[Call], None]:
    """Change requests for a WebSocket and no plain ones."""

    def rewrite(call: Call) -> None:
        if call.headers.get("upgrade", "").lower() == "websocket":
            change(call)

    return rewrite


def _anybody(call: Call) -> None:
    for name in ("cookie", "authorization"):
        call.headers.pop(name, None)
    call.headers[HEADER] = str(OWNER.token)


def _wrong_secret(call: Call) -> None:
    """Whoever knows the first part of a token has it."""
    known = str(OWNER.token)
    if call.headers.get(HEADER, "").partition("-")[0] == known.partition("-")[0]:
        call.headers[HEADER] = known


def _header_first(call: Call) -> None:
    if call.headers.get(HEADER):
        call.headers.pop("cookie", None)


def _answered(old: int, new: int) -> Callable[[Message, Json], Iterable[Message]]:
    """Refuse handshakes with another status than plain requests."""

    def messages(message: Message, _: Json) -> Iterable[Message]:
        if message["type"] == "websocket.http.response.start" and message["status"] == old:
            return [{**message, "status": new}]
        return [message]

    return messages


FAULTS = [
    _ws(
        "handshakes-need-no-token",
        "A handshake is let in with any token and with none.",
        "authentication/token-required",
        rewrite=_handshakes(_anybody),
    ),
    _ws(
        "handshakes-need-half-a-token",
        "The secret of a token is not looked at in handshakes.",
        "authentication/token-checked",
        rewrite=_handshakes(_wrong_secret),
    ),
    _ws(
        "handshakes-ask-the-header-first",
        "In handshakes the header of the token comes before the cookie.",
        "authentication/cookie-comes-first",
        rewrite=_handshakes(_header_first),
    ),
    _ws(
        "sockets-show-what-is-hidden",
        "A WebSocket shows every workspace to every user.",
        "authentication/isolation",
        rewrite=_handshakes(as_owner),
    ),
    _ws(
        "handshakes-know-no-malformed-identifiers",
        "A handshake about a malformed identifier is answered with 404.",
        "paths/refuses-near-identifiers",
        messages=_answered(400, 404),
    ),
    _ws(
        "handshakes-about-nothing-are-forbidden",
        "A handshake about an unknown workspace is answered with 403.",
        "authentication/isolation",
        messages=_answered(404, 403),
    ),
]
