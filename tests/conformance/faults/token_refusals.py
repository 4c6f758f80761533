"""Faults of refused tokens: what is told before and with a 401, and which tokens are looked at."""

from __future__ import annotations

import re

from tests.conformance.faults.pieces.answers import turned
from tests.conformance.faults.pieces.makers import at
from tests.conformance.faults.pieces.places import (
    BY_NAME,
    CREATE,
    CREATE_IN,
    GET,
    MARK,
    UUID,
)
from tests.conformance.faults.pieces.requests import caller, recipient
from tests.conformance.faulty import Call, Fault


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


FAULTS: list[Fault] = [
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
