"""Faults of the order of tokens: which source counts, and what is judged before what."""

from __future__ import annotations

import re

from coder_conformance.reference.seed.default import OWNER
from tests.conformance.faults.pieces.answers import turned
from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.places import (
    ACL,
    BY_NAME,
    CREATE,
    DORMANT,
    EXTEND,
    GET,
    HEADER,
    LIST,
    MARK,
    RESOLVE,
    SSE,
    TIMINGS,
    TOKEN_QUERY,
    TTL,
    UNMARK,
    UPDATES,
    USAGE,
    UUID,
)
from tests.conformance.faults.pieces.requests import Rewrite, When, identifier, is_json
from tests.conformance.faulty import WORKSPACE, Call, Fault

COOKIE = re.compile(r"coder_session_token=([^;]*)")


def _later_source(call: Call) -> None:
    """A wrong header is passed over when a bearer token follows."""
    if "authorization" in call.headers and call.headers.get(HEADER) not in {OWNER.token, None}:
        call.headers.pop(HEADER)


def _confirmed(call: Call) -> None:
    """A cookie is enough, whoever made the browser send it."""
    found = re.search(r"coder_session_token=([^;]+)", call.headers.get("cookie", ""))
    if found:
        call.headers.setdefault(HEADER, found[1])
        call.headers["authorization"] = f"Bearer {found[1]}"


def _access_before_bearer(call: Call) -> None:
    if call.get("access_token"):
        call.headers.pop("authorization", None)


def _cookie_will_do(call: Call) -> None:
    found = re.search(r"coder_session_token=([^;]+)", call.headers.get("cookie", ""))
    if found and HEADER not in call.headers:
        call.headers[HEADER] = found[1]


def _cookie(call: Call) -> str | None:
    found = COOKIE.search(call.headers.get("cookie", ""))
    return found[1] if found else None


def _no_cookie(call: Call) -> None:
    call.headers.pop("cookie", None)


def _valid(token: str) -> bool:
    return token == OWNER.token


def _headers_valid(call: Call) -> bool:
    bearer = call.headers.get("authorization", "").removeprefix("Bearer ")
    return _valid(call.headers.get(HEADER, "")) or _valid(bearer)


def _wrong_cookie_passed(call: Call) -> None:
    """A cookie that is wrong is passed over when a header is right."""
    if _cookie(call) is not None and _headers_valid(call):
        _no_cookie(call)


def _wrong_query_passed(call: Call) -> None:
    if call.get(TOKEN_QUERY) and _headers_valid(call):
        call.set(TOKEN_QUERY, None)


def _header_first(call: Call) -> None:
    """The header is asked before the cookie."""
    if call.headers.get(HEADER) and _cookie(call):
        _no_cookie(call)


def _access_first(call: Call) -> None:
    """The last source is asked first."""
    if call.get("access_token"):
        call.headers = {k: v for k, v in call.headers.items() if k not in (HEADER, "authorization")}


def _bearer_first(call: Call) -> None:
    if "authorization" in call.headers:
        call.headers.pop(HEADER, None)


def _empty_counts(source: str) -> Rewrite:
    """An empty source is one that is wrong."""

    def rewrite(call: Call) -> None:
        there = {"cookie": _cookie(call), "header": call.headers.get(HEADER)}
        there["query"] = call.get(TOKEN_QUERY) if TOKEN_QUERY in dict(call.query) else None
        if there[source] == "":
            call.headers = {k: v for k, v in call.headers.items() if k != "authorization"}
            call.headers[HEADER] = "-"
            _no_cookie(call)
            call.set(TOKEN_QUERY, None)
            call.set("access_token", None)

    return rewrite


def _proof_is_not(source: str) -> Rewrite:
    """Beside a cookie a proof is not noticed."""

    def rewrite(call: Call) -> None:
        if _cookie(call) and source == "query":
            call.set(TOKEN_QUERY, None)
        elif _cookie(call):
            call.headers.pop(source, None)

    return rewrite


def _cookie_needs_header(call: Call) -> None:
    if HEADER not in call.headers:
        _no_cookie(call)


def _malformed(call: Call) -> bool:
    return bool(identifier(call)) and not UUID.fullmatch(identifier(call))


def _never_served() -> When:
    """Whether no request about that workspace came with the owner's token."""
    known: set[str] = set()

    def unknown(call: Call) -> bool:
        if _headers_valid(call):
            known.add(identifier(call))
        return identifier(call) not in known and not _malformed(call)

    return unknown


FAULTS: list[Fault] = [
    at(
        (".*", ".*(?<!/watch)"),
        "access-tokens-come-before-bearers",
        "The header access_token comes before a bearer token.",
        "authentication/bearer-before-access-token",
        GET,
        rewrite=_access_before_bearer,
    ),
    at(
        EXTEND,
        "bodies-are-judged-before-tokens",
        "A malformed body is answered before a wrong token.",
        "authentication/comes-before-the-body",
        alter=turned(401, 400, lambda c: not is_json(c)),
    ),
    at(
        CREATE,
        "empty-bodies-are-judged-before-tokens",
        "An empty body is answered before a wrong token.",
        "authentication/comes-before-the-body",
        alter=turned(401, 400, lambda c: not c.body),
    ),
    at(
        ("(?!GET|HEAD).*", f"{WORKSPACE}/timings"),
        "methods-are-judged-before-tokens",
        "A wrong method is answered with 405 before a token is missed.",
        "authentication/comes-before-the-method",
        TIMINGS,
        alter=turned(401, 405),
    ),
    at(
        TIMINGS,
        "identifiers-are-judged-before-tokens",
        "A malformed identifier is answered before a wrong token.",
        "authentication/comes-before-the-path",
        alter=turned(401, 400, _malformed),
    ),
    at(
        UNMARK,
        "workspaces-are-found-before-tokens",
        "An unknown workspace is answered before a wrong token.",
        "authentication/comes-before-the-path",
        alter=turned(401, 404, _never_served()),
    ),
    at(
        RESOLVE,
        "a-wrong-cookie-is-passed-over",
        "A wrong cookie does not count when a header is right.",
        "authentication/cookie-comes-first",
        rewrite=_wrong_cookie_passed,
    ),
    at(
        ("GET", f"{WORKSPACE}/watch"),
        "streams-pass-over-wrong-cookies",
        "A stream opens in spite of a wrong cookie when a header is right.",
        "authentication/cookie-comes-first",
        SSE,
        frames=lambda piece, _: [piece],
        rewrite=_wrong_cookie_passed,
    ),
    named(
        TTL, "forged-forms-are-accepted", "authentication/cookie-needs-proof", rewrite=_confirmed
    ),
    at(
        DORMANT,
        "a-cookie-will-do-for-dormancy",
        "A cookie alone suffices to change the dormancy.",
        "authentication/cookie-needs-proof",
        rewrite=_cookie_will_do,
    ),
    at(
        RESOLVE,
        "a-cookie-alone-reads-nothing",
        "A cookie needs the header for reading, too.",
        "authentication/cookie-reads-alone",
        rewrite=_cookie_needs_header,
    ),
    at(
        UPDATES,
        "proof-in-the-query-is-none",
        "A cookie with the token in the query is not enough for a change.",
        "authentication/cookie-with-proof",
        rewrite=_proof_is_not("query"),
    ),
    at(
        ACL,
        "a-bearer-is-no-proof",
        "A cookie with a bearer token is not enough for a change.",
        "authentication/cookie-with-proof",
        rewrite=_proof_is_not("authorization"),
    ),
    at(
        UNMARK,
        "a-header-is-no-proof",
        "A cookie with the token in the header is not enough for a change.",
        "authentication/cookie-with-proof",
        rewrite=_proof_is_not(HEADER),
    ),
    at(
        USAGE,
        "an-empty-cookie-counts",
        "An empty cookie is a wrong token.",
        "authentication/empty-source-is-passed-over",
        rewrite=_empty_counts("cookie"),
    ),
    at(
        GET,
        "an-empty-header-counts",
        "An empty header is a wrong token.",
        "authentication/empty-source-is-passed-over",
        rewrite=_empty_counts("header"),
    ),
    at(
        MARK,
        "an-empty-query-counts",
        "An empty token in the query is a wrong one.",
        "authentication/empty-source-is-passed-over",
        rewrite=_empty_counts("query"),
    ),
    named(
        RESOLVE,
        "a-later-source-is-tried",
        "authentication/header-before-bearer",
        rewrite=_later_source,
    ),
    at(
        BY_NAME,
        "a-wrong-query-is-passed-over",
        "A wrong token in the query does not count when a header is right.",
        "authentication/query-before-headers",
        rewrite=_wrong_query_passed,
    ),
    at(
        LIST,
        "the-header-comes-before-the-cookie",
        "A header is asked before the cookie.",
        "authentication/right-source-wins",
        rewrite=_header_first,
    ),
    at(
        TTL,
        "the-last-source-comes-first",
        "An access token in the query is asked before the headers.",
        "authentication/right-source-wins",
        rewrite=_access_first,
    ),
    at(
        UPDATES,
        "bearer-comes-before-the-header",
        "A bearer token is asked before the header of sessions.",
        "authentication/right-source-wins",
        rewrite=_bearer_first,
    ),
]
