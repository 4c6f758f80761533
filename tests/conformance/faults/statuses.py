"""Faults of statuses: what is accepted, what is refused, and what is never answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conformance.faults.pieces.answers import Alter, accepts, headers_dropped
from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.places import (
    ACL,
    CREATE_IN,
    DORMANT,
    EVERYWHERE,
    LIST,
    RENAME,
    RESOLVE,
    TIMINGS,
    TTL,
    USAGE,
)
from tests.conformance.faults.pieces.requests import field, ttl
from tests.conformance.faulty import Answer, Call, Fault, status


def _typed(status: int) -> Alter:
    """Give nothing a content type."""

    def alter(answer: Answer) -> None:
        if answer.status == status:
            answer.headers["content-type"] = "application/json; charset=utf-8"

    return alter


def _untraced(answer: Answer) -> None:
    if answer.status == 204:
        answer.headers.pop("x-coder-request-id", None)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _text_number(name: str) -> Callable[[Call], bool]:
    return lambda c: isinstance(field(c, name), str)


def _any_role(call: Call) -> bool:
    roles: Any = field(call, "user_roles")
    return roles is not None and not isinstance(roles, dict)


FAULTS: list[Fault] = [
    at(
        LIST,
        "pages-have-a-thousand-at-most",
        "A limit above a thousand is refused.",
        "contract/accepts-valid-input",
        refuse=lambda c: _number(c.get("limit")) > 1000,
    ),
    at(
        TTL,
        "milliseconds-are-small-numbers",
        "A time to stop that takes more than 31 bits is refused.",
        "contract/accepts-valid-input",
        refuse=lambda c: ttl(c) >= 1 << 31,
    ),
    at(
        EVERYWHERE,
        "no-content-has-a-type",
        "Answers without content have a content type.",
        "contract/content-type",
        TTL,
        alter=_typed(204),
    ),
    at(
        EVERYWHERE,
        "not-modified-has-a-type",
        "A dormancy that is already so is answered with a content type.",
        "contract/content-type",
        DORMANT,
        alter=_typed(304),
    ),
    named(
        ("POST", r"/organizations/.*"),
        "create-is-200",
        "contract/documented-status",
        CREATE_IN,
        alter=status(201, 200),
    ),
    named(
        USAGE,
        "a-header-is-missing",
        "contract/headers",
        alter=lambda a: headers_dropped(a, "x-coder-request-id"),
    ),
    at(
        EVERYWHERE,
        "no-content-is-not-traced",
        "Answers without content have no request id.",
        "contract/headers",
        TTL,
        alter=_untraced,
    ),
    at(
        TIMINGS,
        "one-question-is-never-answered",
        "The server never answers requests for timings.",
        "contract/is-answered",
        silent=True,
    ),
    at(
        TTL,
        "one-change-is-never-answered",
        "The time to stop is stored, but the request is never answered.",
        "contract/is-answered",
        silent=True,
    ),
    at(
        RESOLVE,
        "answers-break-off",
        "The connection is closed in the middle of the body.",
        "contract/is-answered",
        cut=True,
    ),
    named(RENAME, "refused-is-500", "contract/no-server-error", alter=status(400, 500)),
    at(
        TTL,
        "texts-are-numbers",
        "A time to stop that is a text is accepted.",
        "contract/refuses-invalid-input",
        alter=accepts(_text_number("ttl_ms")),
    ),
    at(
        ACL,
        "roles-need-no-map",
        "Roles that are no map are accepted.",
        "contract/refuses-invalid-input",
        alter=accepts(_any_role),
    ),
]
