"""Faults of sharing: who gets which role, and what they can do with it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from coder_conformance.reference.seed.default import MEMBER, OWNER
from tests.conformance.faults.pieces.answers import Alter, accepts, read_by_member, turned
from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.places import ACL, ALL, BUILD, HEADER
from tests.conformance.faults.pieces.requests import (
    Rewrite,
    by_member,
    field,
    identifier,
    is_json,
    strangers,
)
from tests.conformance.faulty import WORKSPACE, Answer, Call, Fault, Json, compact

ALONE: Json = {"experiments": frozenset({"workspace-usage"})}
KINDS = ("user_roles", "group_roles")


def _roles_hold(role: str) -> Callable[[Call], bool]:
    def holds(call: Call) -> bool:
        return any(role in (field(call, kind) or {}).values() for kind in ("user_roles",))

    return holds


def _readable(answer: Answer) -> None:
    if answer.status == 405:
        answer.status, answer.body = 200, compact({"users": [], "group": []})
        answer.headers.pop("allow", None)
        answer.headers["content-type"] = "application/json; charset=utf-8"


def _null_roles(call: Call) -> bool:
    return any(None in (field(call, kind) or {}).values() for kind in ("user_roles", "group_roles"))


def _roles(call: Call, kind: str) -> Json:
    value = field(call, kind)
    return value if isinstance(value, dict) else {}


def _forgets(forgotten: str, given: str) -> Rewrite:
    """Where some roles are given, those that were given before and are not named are removed."""
    known: dict[str, set[str]] = {}

    def rewrite(call: Call) -> None:
        before = known.setdefault(identifier(call), set())
        named = _roles(call, forgotten)
        if is_json(call) and field(call, given) and before - set(named):
            removed = dict.fromkeys(before - set(named), "")
            call.json = {**call.json, forgotten: {**removed, **named}}
        before.update(named)

    return rewrite


def _no_groups(call: Call) -> None:
    if _roles(call, "group_roles"):
        call.json = {k: v for k, v in call.json.items() if k != "group_roles"}


def _named(call: Call) -> list[tuple[str, str]]:
    return [(str(user), str(role)) for kind in KINDS for user, role in _roles(call, kind).items()]


def _never_given(kind: str) -> Callable[[Call], bool]:
    """Whether somebody is removed who was never given a role."""
    given: set[str] = set()

    def refuses(call: Call) -> bool:
        roles = _roles(call, kind)
        given.update(user for user, role in roles.items() if role)
        return any(not role and user not in given for user, role in roles.items())

    return refuses


def _only_own(answer: Answer) -> None:
    if read_by_member(answer):
        page = answer.json
        own = [w for w in page["workspaces"] if w["owner_name"] == MEMBER.username]
        answer.json = {"workspaces": own, "count": len(own)}


def _still_listed() -> Alter:
    """What was shared stays in the list that it was in."""
    seen: dict[str, Json] = {}

    def alter(answer: Answer) -> None:
        if not read_by_member(answer):
            return
        page = answer.json
        listed = page["workspaces"]
        there = {w["id"] for w in listed}
        listed += [copy.deepcopy(w) for key, w in seen.items() if key not in there]
        seen.update({w["id"]: w for w in listed if w["owner_name"] != MEMBER.username})
        answer.json = {**page, "count": page["count"] + len(listed) - len(there)}

    return alter


def _dormant_shown() -> Rewrite:
    """Dormant workspaces are shown to those they were shared with."""
    shared: set[str] = set()
    dormant: set[str] = set()

    def rewrite(call: Call) -> None:
        name = identifier(call)
        if call.path.endswith("/acl") and any(role for _, role in _named(call)):
            shared.add(name)
        if call.path.endswith("/dormant") and field(call, "dormant") is True:
            dormant.add(name)
        if call.method == "GET" and name in shared & dormant and by_member(call):
            call.headers[HEADER] = str(OWNER.token)

    return rewrite


def _other_too() -> Callable[[Call], tuple[str, str, Json | None] | None]:
    """Another workspace of the owner is shared as well."""
    seen: list[str] = []

    def also(call: Call) -> tuple[str, str, Json | None] | None:
        name = identifier(call)
        if not by_member(call) and name not in seen and not call.path.endswith("/acl"):
            seen.append(name)
        others = [other for other in seen if other != name]
        if call.path.endswith("/acl") and others and is_json(call) and call.json:
            return "PATCH", f"/workspaces/{others[-1]}/acl", call.json
        return None

    return also


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


FAULTS: list[Fault] = [
    at(
        ACL,
        "keys-that-are-none-are-ignored",
        "A key that is no identifier is ignored.",
        "acl/bad-identifier",
        rewrite=_on_roles(_uuid_keys),
    ),
    at(
        ACL,
        "any-role-is-given",
        "Any role is accepted.",
        "acl/bad-role",
        alter=accepts(_roles_hold("owner")),
    ),
    at(
        ACL,
        "unknown-roles-are-ignored",
        "A role that is none is ignored.",
        "acl/bad-role",
        rewrite=_on_roles(_known_roles),
    ),
    at(
        ACL,
        "what-is-off-reads-bodies",
        "A server without sharing answers 400 to what is no JSON.",
        "acl/before-the-body",
        deployment=ALONE,
        alter=turned(403, 400, lambda c: not is_json(c)),
    ),
    at(
        ACL,
        "what-is-off-finds-nothing-out",
        "A server without sharing answers 403 for workspaces that do not exist.",
        "acl/before-the-body",
        deployment=ALONE,
        alter=turned(404, 403),
    ),
    at(
        ALL,
        "dormant-ones-stay-shared",
        "A dormant workspace is shown to those it is shared with.",
        "acl/dormant-is-hidden",
        ACL,
        rewrite=_dormant_shown(),
    ),
    at(
        ("GET", "/workspaces"),
        "dormant-ones-stay-listed",
        "A dormant workspace stays in the lists of those it is shared with.",
        "acl/dormant-is-hidden",
        ACL,
        alter=_still_listed(),
    ),
    at(
        ACL,
        "an-empty-change-is-refused",
        "A change of nothing is refused.",
        "acl/empty",
        refuse=lambda c: c.body.strip() == b"{}",
    ),
    at(
        ACL,
        "groups-get-nothing",
        "Roles of groups are accepted and not stored.",
        "acl/group-of-all",
        rewrite=_no_groups,
    ),
    at(
        ACL,
        "users-who-are-not-named-lose-their-role",
        "Roles of users replace those that were there.",
        "acl/merges",
        rewrite=_forgets("user_roles", "user_roles"),
    ),
    at(
        ACL,
        "roles-of-groups-replace-those-of-users",
        "Users lose their roles when groups are given some.",
        "acl/merges",
        rewrite=_forgets("user_roles", "group_roles"),
    ),
    at(
        ("GET", f"{WORKSPACE}/acl"),
        "roles-can-be-read",
        "Roles can be read.",
        "acl/no-reading",
        ACL,
        alter=_readable,
    ),
    at(
        ACL, "null-is-no-role", "A role of null is refused.", "acl/null-removes", refuse=_null_roles
    ),
    at(
        ACL,
        "null-does-not-remove",
        "The role null changes nothing.",
        "acl/null-removes",
        rewrite=_on_roles(_no_removals),
    ),
    at(
        ACL,
        "nothing-may-be-shared-anyway",
        "A server without sharing accepts empty roles.",
        "acl/off-by-default",
        deployment=ALONE,
        alter=turned(403, 204, lambda c: field(c, "user_roles") == {}),
    ),
    at(
        ACL,
        "sharing-is-nowhere",
        "A server without sharing answers 404 when somebody is named.",
        "acl/off-by-default",
        deployment=ALONE,
        alter=turned(403, 404, lambda c: is_json(c) and any(_named(c))),
    ),
    at(
        ALL,
        "one-shares-two",
        "Another workspace of the owner is shared as well.",
        "acl/only-this-workspace",
        ACL,
        also=_other_too(),
    ),
    at(
        ACL,
        "those-who-use-may-share",
        "The role use allows to share further.",
        "acl/reader-cannot-share",
        rewrite=strangers(),
    ),
    at(
        ACL,
        "who-is-removed-has-to-have-a-role",
        "The removal of a user without a role is refused.",
        "acl/removal-of-unknown",
        refuse=_never_given("user_roles"),
    ),
    named(ACL, "access-is-not-stored", "acl/shares", drop=True),
    at(
        ("GET", "/workspaces"),
        "lists-are-of-own-ones",
        "A shared workspace is not in the list of the other user.",
        "acl/shows-in-list",
        ACL,
        alter=_only_own,
    ),
    at(
        ("GET", "/workspaces"),
        "what-was-shared-stays-listed",
        "A workspace that is shared no longer stays in the list of the other user.",
        "acl/shows-in-list",
        ACL,
        alter=_still_listed(),
    ),
    at(
        ACL,
        "unknown-users-may-be-added",
        "A user who does not exist may be given access.",
        "acl/unknown-user",
        alter=accepts(lambda c: b"user_roles" in c.body),
    ),
    at(
        BUILD,
        "those-who-use-may-stop",
        "The role use allows to stop a workspace.",
        "acl/use-cannot-build",
        ACL,
        rewrite=strangers(lambda c: field(c, "transition") == "stop"),
    ),
    at(
        BUILD,
        "those-who-use-may-start",
        "The role use allows to start a workspace.",
        "acl/use-cannot-build",
        ACL,
        rewrite=strangers(lambda c: field(c, "transition") == "start"),
    ),
]
