"""Faults of refused tokens: what is told before and with a 401, and which tokens are looked at."""

from __future__ import annotations

import re

from tests.conformance.faults.pieces.answers import answered, turned
from tests.conformance.faults.pieces.makers import at
from tests.conformance.faults.pieces.places import (
    BY_NAME,
    CREATE,
    CREATE_IN,
    EVERYWHERE,
    GET,
    HEADER,
    LIST,
    MARK,
    NAMED,
    UPDATES,
    UUID,
)
from tests.conformance.faults.pieces.requests import caller, field, recipient
from tests.conformance.faulty import Answer, Call, Fault, Json


def _organization(call: Call) -> str:
    """The organization in the path, empty when there is none."""
    found = re.match(r"/organizations/([^/]+)", call.path)
    return found[1] if found else ""


def _no_other(call: Call) -> None:
    """Whatever stands in the header Authorization is a token."""
    if not call.headers.get("authorization", "Bearer x").lower().startswith("bearer "):
        call.set("access_token", None)


def _no_empty_bearer(call: Call) -> None:
    if call.headers.get("authorization", "").lower() == "bearer":
        call.set("access_token", None)


def _bare_for_tokens(answer: Answer) -> None:
    """Only who sends no token is told where to read about it."""
    if answer.status == 401 and answer.call is not None and caller(answer.call):
        answer.headers["www-authenticate"] = 'Bearer realm="coder"'


def _bare_once_expired(answer: Answer) -> None:
    if answer.status == 401 and b"API key expired" in answer.body:
        answer.headers["www-authenticate"] = 'Bearer realm="coder"'


def _invalid(answer: Answer) -> None:
    """The description goes with the detail, not with the message."""
    challenge = answer.headers.get("www-authenticate", "")
    answer.headers["www-authenticate"] = challenge.replace("has expired", "is invalid")


def _expired_is_unknown(body: Json) -> None:
    if body.get("detail", "").startswith("API key expired"):
        body["detail"] = "API key is invalid."


class _Scopes:
    """Tokens that are limited to something, and by which token each was made."""

    def __init__(self) -> None:
        self._makers: dict[str, str] = {}

    def note(self, answer: Answer) -> None:
        """Remember a token that is made with a limit."""
        call = answer.call
        if call is not None and answer.status == 201 and field(call, "scope"):
            self._makers[str(answer.json["key"])] = caller(call)

    def widen(self, call: Call) -> None:
        """Let such a token do what its maker may."""
        if call.method == "GET" and caller(call) in self._makers:
            call.headers[HEADER] = self._makers[caller(call)]


def _scopes_ignored() -> Json:
    scopes = _Scopes()
    return {"alter": scopes.note, "rewrite": scopes.widen, "alone": True}


_MADE = r"/users/[^/]+/keys/tokens"
FAULTS: list[Fault] = [
    at(
        UPDATES,
        "the-challenge-is-bare-for-wrong-tokens",
        "The challenge for a wrong token names neither an error nor the metadata.",
        "authentication/challenge",
        alter=_bare_for_tokens,
    ),
    at(
        EVERYWHERE,
        "the-challenge-is-bare-for-expired-tokens",
        "The challenge for a token whose time is over names neither an error nor the metadata.",
        "authentication/expired-token",
        GET,
        alter=_bare_once_expired,
        alone=True,
    ),
    at(
        LIST,
        "wrong-tokens-are-described-as-invalid",
        "The challenge says of a wrong token that it is invalid, not that it has expired.",
        "authentication/challenge-description",
        alter=_invalid,
    ),
    at(
        LIST,
        "expired-tokens-are-unknown",
        "For a token whose time is over the 401 says that the key is invalid.",
        "authentication/detail-expired",
        alter=answered(401, _expired_is_unknown),
        alone=True,
    ),
    at(
        (".*", f"{_MADE}|/workspaces"),
        "lists-do-not-look-at-scopes",
        "A token for applications lists the workspaces of its user.",
        "authentication/scoped-token-finds-nothing",
        LIST,
        **_scopes_ignored(),
    ),
    at(
        (".*", f"{_MADE}|{NAMED}"),
        "names-do-not-look-at-scopes",
        "A token for applications finds a workspace of its user by name.",
        "authentication/scoped-token-finds-nothing",
        BY_NAME,
        **_scopes_ignored(),
    ),
    at(
        CREATE,
        "users-are-found-before-tokens",
        "An unknown user is noticed before a token is missed.",
        "authentication/comes-before-the-path",
        alter=turned(401, 400, lambda c: recipient(c) != "me" and not caller(c)),
    ),
    at(
        CREATE_IN,
        "organizations-are-found-before-tokens",
        "An unknown organization is noticed before a token is judged.",
        "authentication/comes-before-the-path",
        alter=turned(401, 404, lambda c: not UUID.fullmatch(_organization(c))),
    ),
    at(
        BY_NAME,
        "owners-are-found-before-wrong-tokens",
        "Wrong tokens tell users that there are from others.",
        "authentication/comes-before-the-path",
        alter=turned(401, 404, lambda c: "/users/me/" not in c.path and bool(caller(c))),
    ),
    at(
        MARK,
        "passwords-are-tokens",
        "A header Authorization of any kind ends the search for a token.",
        "authentication/other-authorization-is-passed-over",
        rewrite=_no_other,
    ),
    at(
        GET,
        "empty-bearers-are-tokens",
        "The word bearer alone ends the search for a token.",
        "authentication/other-authorization-is-passed-over",
        rewrite=_no_empty_bearer,
    ),
]
