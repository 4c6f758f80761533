"""Faults of tokens: whether there has to be one, where it may stand, and what a 401 says."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl

from coder_conformance.reference.seed.default import OWNER
from tests.conformance.faults.pieces.answers import Alter, answered
from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.places import (
    BY_NAME,
    GET,
    HEADER,
    LIST,
    MARK,
    SSE,
    TIMINGS,
    TOKEN_QUERY,
    USAGE,
)
from tests.conformance.faulty import Answer, Call, Fault, Json


def _without(name: str) -> Any:
    return lambda call: call.headers.pop(name, None)


def _no_secret(call: Call) -> None:
    """Only the first half of a token is looked at."""
    token = str(OWNER.token)
    if call.headers.get(HEADER, "").startswith(token.split("-", maxsplit=1)[0] + "-"):
        call.headers[HEADER] = token


def _everyone(call: Call) -> None:
    if HEADER not in call.headers and "authorization" not in call.headers:
        call.headers[HEADER] = str(OWNER.token)


def _bearer_case(call: Call) -> None:
    if not call.headers.get("authorization", "Bearer").startswith("Bearer"):
        call.headers.pop("authorization")


def _bare_challenge(answer: Answer) -> None:
    if answer.status == 401:
        answer.headers["www-authenticate"] = "Bearer"


def _no_bearer(call: Call) -> None:
    call.headers.pop("authorization", None)


def _said(old: str, new: str) -> Alter:
    """Other words in the detail of a 401."""

    def change(value: Json) -> None:
        if re.search(old, value.get("detail", "")):
            value["detail"] = re.sub(old, new, value["detail"])

    return answered(401, change)


def _shown_token(answer: Answer) -> None:
    """The session is told again with each answer."""
    token = answer.call.headers.get(HEADER) if answer.call is not None else None
    if token and answer.status == 200:
        more = f"{TOKEN_QUERY}={token}; Path=/; HttpOnly; SameSite=Lax"
        answer.headers["set-cookie"] = more


def _told_token(answer: Answer) -> None:
    """An error tells who asked, and how."""
    if answer.status in (400, 404) and answer.call is not None and HEADER in answer.call.headers:
        told = f"Nothing to see for session {answer.call.headers[HEADER]}."
        answer.json = {**answer.json, "detail": told}


def _asked_again(answer: Answer) -> None:
    """An error shows the query that it is about."""
    call = answer.call
    if (
        call is not None
        and answer.status == 200
        and (call.get(TOKEN_QUERY) or call.get("access_token"))
    ):
        pairs = parse_qsl("&".join(f"{name}={value}" for name, value in call.query))
        answer.headers["x-coder-request-query"] = json.dumps(pairs)


FAULTS: list[Fault] = [
    named(
        GET, "bearer-has-to-be-capital", "authentication/bearer-in-any-case", rewrite=_bearer_case
    ),
    named(MARK, "the-challenge-is-bare", "authentication/challenge", alter=_bare_challenge),
    at(
        LIST,
        "what-is-malformed-is-not-told",
        "The 401 does not say which part of a token is too short.",
        "authentication/detail-malformed",
        alter=_said("(invalid API key ID length|invalid API key secret length).*", "bad length"),
    ),
    at(
        LIST,
        "no-token-is-a-wrong-one",
        "Without a token the 401 says that the key is invalid.",
        "authentication/detail-no-token",
        alter=_said('^Cookie ".*', "API key is invalid."),
    ),
    at(
        LIST,
        "unknown-keys-have-wrong-secrets",
        "For an unknown id the 401 says that the secret is invalid.",
        "authentication/detail-unknown-key",
        alter=_said(r"^API key is invalid\.$", "API key secret is invalid."),
    ),
    at(
        LIST,
        "wrong-secrets-are-unknown-keys",
        "For a wrong secret the 401 says that the key is invalid.",
        "authentication/detail-wrong-secret",
        alter=_said(r"^API key secret is invalid\.$", "API key is invalid."),
    ),
    at(
        TIMINGS,
        "sessions-are-told-again",
        "Each answer sets the cookie of the session again.",
        "authentication/no-token-in-answers",
        alter=_shown_token,
    ),
    at(
        BY_NAME,
        "errors-tell-the-session",
        "Of what is not found is told by which token it was asked for.",
        "authentication/no-token-in-answers",
        alter=_told_token,
    ),
    at(
        LIST,
        "queries-are-told-again",
        "A header of the answer repeats the query, with the token in it.",
        "authentication/no-token-in-answers",
        alter=_asked_again,
    ),
    at(
        SSE,
        "streams-take-no-bearer",
        "The event stream does not look at bearer tokens.",
        "authentication/stream-sources",
        rewrite=_no_bearer,
        frames=lambda piece, _: [piece],
    ),
    named(USAGE, "secrets-are-not-checked", "authentication/token-checked", rewrite=_no_secret),
    named(TIMINGS, "everyone-is-let-in", "authentication/token-required", rewrite=_everyone),
    named(
        BY_NAME,
        "bearer-tokens-are-not-accepted",
        "authentication/token-sources",
        rewrite=_without("authorization"),
    ),
    named(
        LIST,
        "access-tokens-are-not-accepted",
        "authentication/token-sources",
        rewrite=lambda c: c.set("access_token", None),
    ),
]
