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


def accepted(request: Usual, what: str, answer: Exchange) -> None:
    """The answer is that of a caller who was let in."""
    if answer.status != request.status:
        raise Mismatch(f"{request.status}, since {what}", answer.answer(), answer)


def other_secret(token: str) -> str:
    """A token of the same identifier with another secret."""
    identifier, _, secret = token.partition("-")
    return f"{identifier}-{'A' if secret[0] != 'A' else 'B'}{secret[1:]}"
