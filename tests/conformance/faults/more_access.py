"""More faults of tokens: their sources and order, what is judged before what, what 401 says."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qsl

from tests.conformance.faults.kit import (
    ACL,
    BY_NAME,
    CREATE,
    EXTEND,
    GET,
    HEADER,
    LIST,
    MARK,
    RESOLVE,
    SSE,
    TIMINGS,
    TTL,
    UNMARK,
    UPDATES,
    USAGE,
    When,
    identifier,
    is_json,
)
from tests.conformance.faults.more_kit import (
    OWNER,
    UUID,
    Alter,
    Rewrite,
    answered,
    at,
    turned,
)
from tests.conformance.faulty import WORKSPACE, Answer, Call, Fault, Json

COOKIE = re.compile(r"coder_session_token=([^;]*)")
QUERY = "coder_session_token"


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
    if call.get(QUERY) and _headers_valid(call):
        call.set(QUERY, None)


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
        there["query"] = call.get(QUERY) if QUERY in dict(call.query) else None
        if there[source] == "":
            call.headers = {k: v for k, v in call.headers.items() if k != "authorization"}
            call.headers[HEADER] = "-"
            _no_cookie(call)
            call.set(QUERY, None)
            call.set("access_token", None)

    return rewrite


def _proof_is_not(source: str) -> Rewrite:
    """Beside a cookie a proof is not noticed."""

    def rewrite(call: Call) -> None:
        if _cookie(call) and source == "query":
            call.set(QUERY, None)
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
        more = f"{QUERY}={token}; Path=/; HttpOnly; SameSite=Lax"
        answer.headers["set-cookie"] = more


def _told_token(answer: Answer) -> None:
    """An error tells who asked, and how."""
    if answer.status in (400, 404) and answer.call is not None and HEADER in answer.call.headers:
        told = f"Nothing to see for session {answer.call.headers[HEADER]}."
        answer.json = {**answer.json, "detail": told}


def _asked_again(answer: Answer) -> None:
    """An error shows the query that it is about."""
    call = answer.call
    if call is not None and answer.status == 200 and (call.get(QUERY) or call.get("access_token")):
        pairs = parse_qsl("&".join(f"{name}={value}" for name, value in call.query))
        answer.headers["x-coder-request-query"] = json.dumps(pairs)


FAULTS: list[Fault] = [
    at(
        LIST,
        "no-token-is-a-wrong-one",
        "Without a token the 401 says that the key is invalid.",
        "authentication/detail-no-token",
        alter=_said('^Cookie ".*', "API key is invalid."),
    ),
    at(
        LIST,
        "what-is-malformed-is-not-told",
        "The 401 does not say which part of a token is too short.",
        "authentication/detail-malformed",
        alter=_said("(invalid API key ID length|invalid API key secret length).*", "bad length"),
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
        RESOLVE,
        "a-cookie-alone-reads-nothing",
        "A cookie needs the header for reading, too.",
        "authentication/cookie-reads-alone",
        rewrite=_cookie_needs_header,
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
]
