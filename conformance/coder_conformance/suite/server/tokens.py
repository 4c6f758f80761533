"""Tokens from one source or from several, and whether a request with them was let in."""

from __future__ import annotations

from typing import Any

from ...exchange import Exchange
from ...results import Mismatch
from ...wire import Source
from .scenario import Scenario
from .usual import Usual

Json = dict[str, Any]
WRONG = "abcdefghij-0123456789abcdefABCDEF"
COOKIE = "coder_session_token"
REFUSED = "You are signed out or your session has expired. Please sign in again to continue."
EXPIRED = 'error_description="The access token has expired"'


def where(source: Source, value: str) -> Json:
    """Headers and query with a token from one source and no other."""
    match source:
        case "header":
            return {"headers": {"coder-session-token": value}}
        case "bearer":
            return {"headers": {"authorization": f"Bearer {value}"}}
        case "cookie":
            return {"headers": {"cookie": f"{COOKIE}={value}"}}
        case "session-query":
            return {"query": {COOKIE: value}}
        case "access-query":
            return {"query": {"access_token": value}}


def both(first: tuple[Source, str], *rest: tuple[Source, str]) -> Json:
    """Options that send tokens from several sources at once."""
    merged: Json = {"token": None, "headers": {}, "query": {}}
    for source, value in (first, *rest):
        for kind, values in where(source, value).items():
            merged[kind].update(values)
    return merged


def refused(scenario: Scenario, request: Usual, what: str, answer: Exchange) -> None:
    """The answer is a 401."""
    if answer.status != 401:
        raise Mismatch(f"401 for {what}", answer.answer(), answer)
    scenario.context.expect(request.operation.id, answer, 401)


def says(scenario: Scenario, request: Usual, answer: Exchange, *details: str) -> None:
    """A 401 with the one message, and a detail with these parts."""
    refused(scenario, request, "such a token", answer)
    body = answer.json()
    if body["message"] != REFUSED:
        raise Mismatch(f"the message {REFUSED!r}", repr(body["message"]), answer)
    for detail in details:
        if detail not in body.get("detail", ""):
            raise Mismatch(f"a detail with {detail!r}", repr(body.get("detail")), answer)


def challenged(answer: Exchange) -> None:
    """The answer has a challenge of the one form."""
    challenge = answer.headers.get("www-authenticate", "")
    for part in (
        'Bearer realm="coder"',
        'error="invalid_token"',
        'error_description="',
        "/.well-known/oauth-protected-resource",
    ):
        if part not in challenge:
            raise Mismatch(f"a challenge with {part}", challenge or "none", answer)


def described(answer: Exchange) -> None:
    """The challenge of an answer describes what is wrong in the words that go with its message."""
    challenge = answer.headers.get("www-authenticate", "")
    if EXPIRED not in challenge:
        raise Mismatch(f"a challenge with {EXPIRED}", challenge or "none", answer)


def accepted(request: Usual, what: str, answer: Exchange) -> None:
    """The answer is that of a caller who was let in."""
    if answer.status != request.status:
        raise Mismatch(f"{request.status}, since {what}", answer.answer(), answer)


def other_secret(token: str) -> str:
    """A token of the same identifier with another secret."""
    identifier, _, secret = token.partition("-")
    return f"{identifier}-{'A' if secret[0] != 'A' else 'B'}{secret[1:]}"
