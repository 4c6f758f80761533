"""Faults of dormancy, updates, sharing, use and flags: every value and what is none."""

from __future__ import annotations

from typing import Any

from tests.conformance.faults.kit import (
    ACL,
    BY_NAME,
    DORMANT,
    GET,
    UPDATES,
    USAGE,
    accepts,
    changed,
    field,
    is_json,
    null,
    of,
    parameter,
)
from tests.conformance.faulty import Answer, Call


def _boolean(value: Any) -> Any:
    return {"true": True, "false": False, "1": True, "0": False}.get(str(value).lower(), value)


def _on_roles(change: Any) -> Any:
    def rewrite(call: Call) -> None:
        value = call.json
        if isinstance(value, dict):
            for name in ("user_roles", "group_roles"):
                if isinstance(value.get(name), dict):
                    value[name] = change(value[name])
            call.json = value

    return rewrite


def _known_roles(roles: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in roles.items() if v in ("admin", "use", "", None)}


def _uuid_keys(roles: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in roles.items() if len(k) >= 32}


def _no_removals(roles: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in roles.items() if v is not None}


def _unknown_app(call: Call) -> None:
    if field(call, "app_name") not in (None, "", "vscode", "jetbrains", "reconnecting-pty", "ssh"):
        call.json = {**call.json, "app_name": "ssh"}


def _half_usage(call: Call) -> None:
    if field(call, "agent_id") and not field(call, "app_name"):
        call.json = {}


def _any_agent(answer: Answer) -> None:
    if answer.status == 404 and answer.call and field(answer.call, "agent_id"):
        answer.status, answer.body = 204, b""
        answer.headers.pop("content-type", None)
        answer.headers.pop("content-length", None)


FAULTS = [
    of(
        DORMANT,
        "texts-are-booleans",
        "The text true is true.",
        "routes/malformed-body",
        rewrite=changed("dormant", _boolean),
    ),
    of(
        DORMANT,
        "absent-is-refused",
        "A body that does not say whether is refused.",
        "dormancy/default-is-active",
        refuse=lambda c: (
            is_json(c)
            and isinstance(c.json, dict)
            and not any(k.lower() == "dormant" for k in c.json)
        ),
    ),
    of(
        DORMANT,
        "null-dormancy-is-refused",
        "The value null is refused.",
        "bodies/null-is-absent",
        refuse=null("dormant"),
    ),
    of(
        UPDATES,
        "an-empty-mode-is-never",
        "An empty mode is taken for never.",
        "autoupdates/exact-words",
        rewrite=changed("automatic_updates", lambda v: "never" if v == "" else v),
    ),
    of(
        UPDATES,
        "a-null-mode-is-never",
        "The mode null is taken for never.",
        "autoupdates/exact-words",
        rewrite=changed("automatic_updates", lambda v: "never" if v is None else v),
    ),
    of(
        ACL,
        "unknown-roles-are-ignored",
        "A role that is none is ignored.",
        "acl/bad-role",
        rewrite=_on_roles(_known_roles),
    ),
    of(
        ACL,
        "keys-that-are-none-are-ignored",
        "A key that is no identifier is ignored.",
        "acl/bad-identifier",
        rewrite=_on_roles(_uuid_keys),
    ),
    of(
        ACL,
        "unknown-users-may-be-added",
        "A user who does not exist may be given access.",
        "acl/unknown-user",
        alter=accepts(lambda c: b"user_roles" in c.body),
    ),
    of(
        ACL,
        "null-does-not-remove",
        "The role null changes nothing.",
        "acl/null-removes",
        rewrite=_on_roles(_no_removals),
    ),
    of(
        ACL,
        "an-empty-change-is-refused",
        "A change of nothing is refused.",
        "acl/empty",
        refuse=lambda c: c.body.strip() == b"{}",
    ),
    of(
        USAGE,
        "any-application-will-do",
        "An application that is unknown is accepted.",
        "usage/unknown-app",
        rewrite=_unknown_app,
    ),
    of(
        USAGE,
        "half-a-report-will-do",
        "An agent without an application is accepted.",
        "usage/both-or-neither",
        rewrite=_half_usage,
    ),
    of(
        USAGE,
        "any-agent-will-do",
        "An agent that does not exist is accepted.",
        "usage/unknown-agent",
        alter=_any_agent,
    ),
    of(
        USAGE,
        "use-needs-a-body",
        "A report without a body is refused.",
        "usage/accepted",
        refuse=lambda c: not c.body,
    ),
    of(
        USAGE,
        "terminals-are-unknown",
        "The application reconnecting-pty is refused.",
        "usage/each-app",
        refuse=lambda c: field(c, "app_name") == "reconnecting-pty",
    ),
    of(
        GET,
        "yes-is-true",
        "The flag include_deleted may be yes.",
        "query/bad-booleans",
        rewrite=parameter("include_deleted", lambda v: "true" if v.lower() == "yes" else v),
    ),
    of(
        BY_NAME,
        "flags-are-true-or-false",
        "The flag include_deleted cannot be 1 or T.",
        "query/booleans",
        refuse=lambda c: c.get("include_deleted") in ("1", "T", "t", "0", "f", "F"),
    ),
    of(
        GET,
        "an-empty-flag-is-refused",
        "An empty flag is refused.",
        "query/empty-is-absent",
        refuse=lambda c: any(k == "include_deleted" and not v for k, v in c.query),
    ),
    of(
        BY_NAME,
        "flags-have-any-case",
        "The flag include_deleted may be tRuE.",
        "query/bad-booleans",
        rewrite=parameter("include_deleted", lambda v: v.lower()),
    ),
]
