"""Faults of sessions: signing in, cookies, and tokens that are limited in time or purpose."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from coder_conformance.reference.seed.default import MEMBER, OWNER
from tests.conformance.faults.pieces.places import GET, HEADER, LIST
from tests.conformance.faults.pieces.requests import dropped
from tests.conformance.faulty import Answer, Call, Fault

LOGIN = r"/users/login"
TOKENS = r"/users/[^/]+/keys/tokens"
COOKIE = re.compile(r"coder_session_token=([^;]+)")
ANY = ".*"


def _of_a_session(call: Call) -> str:
    """The token of a session in the cookie; nothing when there is none."""
    found = COOKIE.search(call.headers.get("cookie", ""))
    return found[1] if found and found[1] not in {OWNER.token, MEMBER.token} else ""


def _cookie_is_not_enough(call: Call) -> None:
    if _of_a_session(call) and HEADER not in call.headers:
        call.headers.pop("cookie")


def _header_before_cookie(call: Call) -> None:
    if _of_a_session(call) and HEADER in call.headers:
        call.headers.pop("cookie")


def _no_bearer(call: Call) -> None:
    token = call.headers.get("authorization", "").removeprefix("Bearer ")
    if token and token not in {OWNER.token, MEMBER.token}:
        call.headers.pop("authorization")


def _cookie(was: str, becomes: str) -> Callable[[Answer], None]:
    def alter(answer: Answer) -> None:
        cookie = answer.headers.get("set-cookie", "")
        if was in cookie:
            answer.headers["set-cookie"] = cookie.replace(was, becomes)

    return alter


def _no_cookie(answer: Answer) -> None:
    answer.headers.pop("set-cookie", None)


def _one_session() -> Callable[[Answer], None]:
    """Whoever signs in again gets the first session once more."""
    first: dict[bytes, bytes] = {}

    def alter(answer: Answer) -> None:
        if answer.status == 201 and answer.call is not None:
            answer.body = first.setdefault(answer.call.body, answer.body)

    return alter


_SESSION = Fault("", LIST, "", "POST", LOGIN, alone=True)
_READ = Fault("", GET, "", "GET", ANY, alone=True)


FAULTS: list[Fault] = [
    replace(
        _READ,
        id="tokens-never-expire",
        requirement="authentication/expired-token",
        method="POST",
        path=TOKENS,
        rewrite=dropped("lifetime"),
        sentence="The lifetime that a token was made with is ignored.",
    ),
    replace(
        _READ,
        id="tokens-for-applications-open-everything",
        requirement="authentication/scoped-token",
        method="POST",
        path=TOKENS,
        rewrite=dropped("scope"),
        sentence="The scope that a token was made with is ignored.",
    ),
    replace(
        _READ,
        id="a-header-comes-before-the-cookie-of-a-session",
        requirement="session/cookie-decides",
        rewrite=_header_before_cookie,
    ),
    replace(
        _READ,
        id="the-cookie-of-a-session-is-not-enough",
        requirement="session/cookie-is-enough",
        rewrite=_cookie_is_not_enough,
    ),
    replace(
        _SESSION,
        id="signing-in-sets-no-cookie",
        requirement="session/cookie-is-set",
        alter=_no_cookie,
    ),
    replace(
        _SESSION,
        id="scripts-see-the-cookie-of-a-session",
        requirement="session/cookie-is-set",
        alter=_cookie("HttpOnly", "Partitioned"),
    ),
    replace(
        _SESSION,
        id="other-sites-send-the-cookie-of-a-session",
        requirement="session/cookie-is-set",
        alter=_cookie("SameSite=Lax", "SameSite=None"),
    ),
    replace(
        _SESSION,
        id="one-session-for-all",
        requirement="session/several",
        alter=_one_session(),
        sentence="Signing in again gives the token of the first session.",
    ),
    replace(
        _READ,
        id="sessions-are-no-bearer-tokens",
        requirement="session/token-sources",
        rewrite=_no_bearer,
    ),
]
