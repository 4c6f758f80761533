"""More faults of sharing: servers without it, roles, groups, and what a shared one shows."""

from __future__ import annotations

import copy
from collections.abc import Callable

from tests.conformance.faults.kit import (
    ACL,
    GET,
    HEADER,
    RESOLVE,
    TIMINGS,
    by_member,
    field,
    identifier,
    is_json,
)
from tests.conformance.faults.more_kit import (
    ALL,
    BUILD,
    MEMBER,
    OWNER,
    Alter,
    Rewrite,
    at,
    strangers,
    turned,
)
from tests.conformance.faulty import WORKSPACE, Answer, Call, Fault, Json, on_workspaces

ALONE: Json = {"experiments": frozenset({"workspace-usage"})}
KINDS = ("user_roles", "group_roles")


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


def _of_the_member(answer: Answer) -> bool:
    return answer.status == 200 and answer.call is not None and by_member(answer.call)


def _only_own(answer: Answer) -> None:
    if _of_the_member(answer):
        page = answer.json
        own = [w for w in page["workspaces"] if w["owner_name"] == MEMBER.username]
        answer.json = {"workspaces": own, "count": len(own)}


def _still_listed() -> Alter:
    """What was shared stays in the list that it was in."""
    seen: dict[str, Json] = {}

    def alter(answer: Answer) -> None:
        if not _of_the_member(answer):
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


def _nothing(name: str) -> Alter:
    """What the second user reads is empty in a place."""

    def change(answer: Answer) -> None:
        if _of_the_member(answer):
            value = answer.json
            if value.get(name):
                answer.json = {**value, name: []}

    return change


def _no_resources(answer: Answer) -> None:
    if _of_the_member(answer) and answer.json["owner_name"] != MEMBER.username:
        on_workspaces(lambda w: w["latest_build"].update(resources=[]))(answer)


FAULTS: list[Fault] = [
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
        ACL,
        "groups-get-nothing",
        "Roles of groups are accepted and not stored.",
        "acl/group-of-all",
        rewrite=_no_groups,
    ),
    at(
        ACL,
        "who-is-removed-has-to-have-a-role",
        "The removal of a user without a role is refused.",
        "acl/removal-of-unknown",
        refuse=_never_given("user_roles"),
    ),
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
        ("GET", WORKSPACE),
        "readers-see-no-resources",
        "Who reads a workspace of another user sees no resources.",
        "isolation/reader-can-read",
        GET,
        alter=_no_resources,
    ),
    at(
        TIMINGS,
        "readers-see-no-connections",
        "Who reads a workspace of another user sees no connections of its agents.",
        "isolation/reader-can-read",
        alter=_nothing("agent_connection_timings"),
    ),
    at(
        RESOLVE,
        "readers-do-not-resolve",
        "Who reads a workspace of another user cannot ask whether it starts.",
        "isolation/reader-can-read",
        alter=turned(200, 403, by_member),
    ),
]
