"""Faults of cookies that come alone: what proves that they were meant, and when that is judged."""

from __future__ import annotations

from coder_conformance.reference.seed.default import MEMBER, OWNER
from tests.conformance.faults.pieces.answers import turned
from tests.conformance.faults.pieces.makers import at
from tests.conformance.faults.pieces.places import (
    AUTOSTART,
    CREATE,
    DORMANT,
    EXTEND,
    HEADER,
    MARK,
    RENAME,
    TOKEN_QUERY,
    TTL,
    UPDATES,
    USAGE,
    UUID,
)
from tests.conformance.faults.pieces.requests import Rewrite, When, identifier, recipient
from tests.conformance.faulty import WORKSPACE, Call, Fault

_NAME = f"{TOKEN_QUERY}="


def _cookie(call: Call) -> str:
    """The session in the cookie, empty when there is none."""
    return call.headers.get("cookie", "").partition(_NAME)[2].partition(";")[0]


def _alone(call: Call) -> bool:
    """Whether there is nothing but a cookie."""
    others = HEADER in call.headers or "authorization" in call.headers
    return bool(_cookie(call)) and not others and not call.query


def _alone_and(when: When) -> When:
    return lambda call: _alone(call) and when(call)


def _confirmed(when: When) -> Rewrite:
    """Take something for a proof."""

    def rewrite(call: Call) -> None:
        if _cookie(call) and when(call):
            call.headers[HEADER] = _cookie(call)

    return rewrite


def _bearer_compared(call: Call) -> None:
    bearer = call.headers.get("authorization", "").removeprefix("Bearer ")
    if _cookie(call) and bearer != _cookie(call):
        call.headers.pop("authorization", None)


FAULTS: list[Fault] = [
    at(
        UPDATES,
        "bearers-have-to-be-the-cookie",
        "Beside a cookie only a bearer token of the same session is a proof.",
        "authentication/any-bearer-is-a-proof",
        rewrite=_bearer_compared,
    ),
    at(
        AUTOSTART,
        "access-tokens-are-proofs",
        "An access token in the query confirms a cookie.",
        "authentication/cookie-needs-proof",
        rewrite=_confirmed(lambda c: bool(c.get("access_token"))),
    ),
    at(
        RENAME,
        "passwords-are-proofs",
        "Any header Authorization confirms a cookie.",
        "authentication/cookie-needs-proof",
        rewrite=_confirmed(lambda c: "authorization" in c.headers),
    ),
    at(
        TTL,
        "any-valid-header-is-a-proof",
        "The token of another user confirms a cookie.",
        "authentication/cookie-needs-proof",
        rewrite=_confirmed(lambda c: c.headers.get(HEADER) == MEMBER.token),
    ),
    at(
        MARK,
        "any-query-is-a-proof",
        "Another token in the query confirms a cookie.",
        "authentication/cookie-needs-proof",
        rewrite=_confirmed(lambda c: bool(c.get(TOKEN_QUERY))),
    ),
    at(
        USAGE,
        "wrong-cookies-are-told-before-their-proof",
        "A wrong cookie is answered with 401 before a proof is missed.",
        "authentication/cookie-needs-proof-first",
        alter=turned(400, 401, _alone_and(lambda c: _cookie(c) != OWNER.token)),
    ),
    at(
        DORMANT,
        "identifiers-are-judged-before-proofs",
        "A malformed identifier is noticed before the proof of a cookie is missed.",
        "authentication/cookie-needs-proof-first",
        alter=turned(400, 404, _alone_and(lambda c: identifier(c) == "nonsense")),
    ),
    at(
        ("(?!GET|OPTIONS).*", f"{WORKSPACE}/extend"),
        "methods-are-judged-before-proofs",
        "A wrong method is answered with 405 before the proof of a cookie is missed.",
        "authentication/cookie-needs-proof-first",
        EXTEND,
        alter=turned(400, 405, _alone_and(lambda c: c.method != "PUT")),
    ),
    at(
        CREATE,
        "users-are-judged-before-proofs",
        "An unknown user is noticed before the proof of a cookie is missed.",
        "authentication/cookie-needs-proof-first",
        alter=turned(400, 400, _alone_and(lambda c: bool(UUID.fullmatch(recipient(c))))),
    ),
    at(
        ("(?!GET|OPTIONS).*", "/no-such-.*"),
        "routes-are-judged-before-proofs",
        "An unknown route is told of before the proof of a cookie is missed.",
        "authentication/cookie-needs-proof-first",
        TTL,
        alter=turned(400, 404, _alone, "Route not found."),
    ),
]
