"""Faults of what is asked for: queries, paths, tokens and bodies."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.conformance.faults.kit import (
    BY_NAME,
    CREATE_IN,
    DORMANT,
    EXTEND,
    GET,
    HEADER,
    LIST,
    NAMED,
    RESOLVE,
    SSE,
    TTL,
    UNMARK,
    UPDATES,
    as_owner,
    by_member,
    changed,
    parameter,
    query,
    says,
)
from tests.conformance.faulty import WORKSPACE, Answer, Call, Fault, Json, on_error

_UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_BAD_QUERY = "Invalid workspace search query."
_NO_USER = '"user" must be an existing uuid or username.'


def _kept(answer: Answer, keep: Callable[[Json], bool]) -> None:
    if answer.status == 200:
        value = answer.json
        left = [w for w in value["workspaces"] if keep(w)]
        if len(left) < len(value["workspaces"]):
            answer.json = {**value, "workspaces": left, "count": len(left)}


def _word(answer: Answer, key: str) -> str:
    q = answer.call.get("q") if answer.call else ""
    found = re.findall(rf'\b{key}:"?([\w-]+)"?(?= |$)', q.strip().lower())
    return str(found[-1]) if found else ""


def _beginning(answer: Answer) -> None:
    if word := _word(answer, "name"):
        _kept(answer, lambda w: w["name"].lower().startswith(word))


def _uncounted(answer: Answer) -> None:
    if answer.status == 200 and answer.call and answer.call.get("offset") not in {"", "0"}:
        value = answer.json
        if not value["workspaces"]:
            answer.json = {**value, "count": 0}


def _counts_all(answer: Answer) -> None:
    if answer.status == 200 and answer.call and by_member(answer.call):
        value = answer.json
        answer.json = {**value, "count": value["count"] + 3}


def _refused(pattern: str) -> Callable[[Answer], None]:
    """Refuse searches that look like this."""
    return says(
        400,
        _BAD_QUERY,
        lambda a: bool(
            a.status == 200 and a.call and re.search(pattern, a.call.get("q"), re.IGNORECASE)
        ),
    )


def _nothing_found(answer: Answer) -> bool:
    asked = answer.call is not None and "template:" in answer.call.get("q")
    return bool(answer.status == 200 and asked and answer.json["count"] == 0)


def _filled(call: Call) -> None:
    if not call.body.strip():
        call.body = b"{}"


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _truth(value: Any) -> Any:
    return {"true": True, "false": False, 1: True, 0: False}.get(value, value)


def _with_a_t(value: Any) -> Any:
    return value.replace(" ", "T") if isinstance(value, str) else value


def _access_before_bearer(call: Call) -> None:
    if call.get("access_token"):
        call.headers.pop("authorization", None)


def _cookie_will_do(call: Call) -> None:
    found = re.search(r"coder_session_token=([^;]+)", call.headers.get("cookie", ""))
    if found and HEADER not in call.headers:
        call.headers[HEADER] = found[1]


def _no_bearer(call: Call) -> None:
    call.headers.pop("authorization", None)


def _first_error(error: Json) -> None:
    if error["message"] == _BAD_QUERY:
        error["validations"] = error["validations"][:1]


def _lists(
    name: str, sentence: str, requirement: str, *, alter: Any = None, rewrite: Any = None
) -> Fault:
    return Fault(
        name,
        LIST,
        requirement,
        "GET",
        "/workspaces",
        alter=alter,
        rewrite=rewrite,
        sentence=sentence,
    )


def _strangers(name: str, sentence: str, operation: str, method: str, path: str) -> Fault:
    return Fault(
        name,
        operation,
        "authentication/isolation",
        method,
        path,
        rewrite=as_owner,
        sentence=sentence,
    )


def _bodies(
    name: str, sentence: str, operation: str, requirement: str, part: str, rewrite: Any
) -> Fault:
    return Fault(
        name,
        operation,
        requirement,
        "PUT",
        f"{WORKSPACE}/{part}",
        rewrite=rewrite,
        sentence=sentence,
    )


def _sub(pattern: str, new: str) -> Callable[[Call], None]:
    return query(lambda q: re.sub(pattern, new, q, flags=re.IGNORECASE))


def _few(value: str) -> str:
    return str(min(int(value), 1)) if value.isdecimal() and int(value) else value


FAULTS = [
    _lists(
        "pages-hold-one-at-most",
        "A limit above 1 is taken for 1.",
        "list/pages",
        rewrite=parameter("limit", _few),
    ),
    _lists(
        "names-are-found-by-their-beginning",
        "A search by name finds only what begins with it.",
        "list/q-name",
        alter=_beginning,
    ),
    Fault(
        "me-is-nobody-in-searches",
        TTL,
        "ttl/reads-back",
        "GET",
        "/workspaces",
        rewrite=_sub(r"owner:\"?me\b", "owner:nobody-of-this-name"),
        sentence="A search for owner:me finds nothing.",
    ),
    _lists(
        "unknown-templates-are-refused",
        "A search for a template that there is not is refused.",
        "list/q-template",
        alter=says(400, _BAD_QUERY, _nothing_found),
    ),
    _lists(
        "organizations-have-no-names-in-searches",
        "A search by an organization's name finds nothing.",
        "list/q-organization",
        rewrite=_sub(
            rf"organization:(?!\"?{_UUID})\S+", "organization:5f3a1c52-6f43-4a39-9d5a-0d6a53f0f001"
        ),
    ),
    _lists(
        "the-last-of-repeated-ids-counts",
        "Of identifiers in words of their own only the last is looked for.",
        "list/q-id",
        rewrite=_sub(r"(id:\S+ +)+(?=id:)", ""),
    ),
    _lists(
        "agent-states-are-checked",
        "An agent state that there is not is refused.",
        "list/q-has-agent",
        alter=_refused(r"has-agent:\"?(?!connecting|connected|disconnected|timeout|\")\w"),
    ),
    _lists(
        "colons-at-the-end-are-dropped",
        "A colon at the end of a word is ignored.",
        "list/q-colon-at-an-edge",
        rewrite=_sub(r":( |$)", r"\1"),
    ),
    _lists(
        "nothing-is-counted-past-the-end",
        "Past the end the count is 0.",
        "list/past-the-end",
        alter=_uncounted,
    ),
    _lists(
        "signs-are-refused",
        "A limit with a plus sign is refused.",
        "query/lowest-and-highest-numbers",
        rewrite=parameter("limit", lambda v: v.replace("+", "x")),
    ),
    _lists(
        "patterns-are-letters",
        "A % in a name stands for itself.",
        "list/q-name-wildcards",
        rewrite=_sub("%", "zz"),
    ),
    _lists(
        "a-slash-finds-any-owner",
        "A search for owner/name finds the name of any owner.",
        "list/q-owner-and-name",
        rewrite=_sub(r"^([\w-]+)/([\w-]+)$", r"name:\2"),
    ),
    _lists(
        "counts-tell-of-hidden-ones",
        "The count of another user's list counts what is hidden.",
        "list/another-user",
        alter=_counts_all,
    ),
    _lists(
        "one-search-error-at-a-time",
        "Of several errors of a search the first is told.",
        "list/q-errors-collected",
        alter=on_error(_first_error),
    ),
    _lists(
        "after-id-is-not-read",
        "The parameter after_id is not looked at, whatever it is.",
        "query/after-id",
        rewrite=parameter("after_id", lambda _: None),
    ),
    Fault(
        "a-false-flag-is-a-flag",
        BY_NAME,
        "query/booleans",
        "GET",
        NAMED,
        rewrite=parameter("include_deleted", lambda _: "true"),
        sentence="Any include_deleted shows deleted ones, also false.",
    ),
    Fault(
        "letters-are-no-flags",
        GET,
        "query/booleans",
        "GET",
        WORKSPACE,
        rewrite=parameter("include_deleted", lambda v: "x" if v in {"t", "T", "f", "F"} else v),
        sentence="The short t and f are refused for include_deleted.",
    ),
    Fault(
        "braces-are-refused-below",
        TTL,
        "paths/identifier-spellings",
        "PUT",
        r"/workspaces/\{.*\}/ttl",
        alter=says(400, "Invalid UUID.", lambda a: a.status < 300),
        sentence="Identifiers in braces are refused when a time to stop is set.",
    ),
    Fault(
        "owners-have-a-case",
        BY_NAME,
        "get-by-name/returns-the-one-asked-for",
        "GET",
        r"/users/(?=[^/]*[A-Z])[^/]+/workspace/[^/]+",
        alter=says(400, _NO_USER, lambda a: a.status == 200),
        sentence="Usernames in upper case are unknown.",
    ),
    Fault(
        "default-is-no-organization",
        CREATE_IN,
        "paths/organization-default",
        "POST",
        "/organizations/default/.*",
        drop=False,
        alter=says(
            404,
            "Resource not found or you do not have access to this resource",
            lambda a: a.status != 401,
        ),
        sentence="The default organization cannot be asked for as such.",
    ),
    Fault(
        "repeated-slashes-are-a-route",
        GET,
        "paths/repeated-slashes",
        "GET",
        r".*//.*",
        alter=says(404, "Route not found.", lambda a: a.status == 200),
        sentence="A repeated slash makes a path unknown.",
    ),
    Fault(
        "access-tokens-come-before-bearers",
        GET,
        "authentication/bearer-before-access-token",
        ".*",
        ".*(?<!/watch)",
        rewrite=_access_before_bearer,
        sentence="The header access_token comes before a bearer token.",
    ),
    Fault(
        "a-cookie-will-do-for-dormancy",
        DORMANT,
        "authentication/cookie-needs-proof",
        "PUT",
        f"{WORKSPACE}/dormant",
        rewrite=_cookie_will_do,
        sentence="A cookie alone suffices to change the dormancy.",
    ),
    Fault(
        "streams-take-no-bearer",
        SSE,
        "authentication/stream-sources",
        "GET",
        f"{WORKSPACE}/watch",
        rewrite=_no_bearer,
        frames=lambda piece, _: [piece],
        sentence="The event stream does not look at bearer tokens.",
    ),
    _strangers(
        "strangers-resolve",
        "Other users may ask about parameters.",
        RESOLVE,
        "GET",
        f"{WORKSPACE}/resolve-autostart",
    ),
    _strangers(
        "strangers-set-updates",
        "Other users may change the mode of updates.",
        UPDATES,
        "PUT",
        f"{WORKSPACE}/autoupdates",
    ),
    _strangers(
        "strangers-extend",
        "Other users may move the deadline.",
        EXTEND,
        "PUT",
        f"{WORKSPACE}/extend",
    ),
    _strangers(
        "strangers-remove-marks",
        "Other users may remove the mark.",
        UNMARK,
        "DELETE",
        f"{WORKSPACE}/favorite",
    ),
    _bodies(
        "no-body-is-an-empty-one",
        "An empty body counts as an empty object.",
        DORMANT,
        "bodies/end-of-input",
        "dormant",
        _filled,
    ),
    _bodies(
        "whole-fractions-are-read",
        "A time to stop may be 60000.0 or 6e4.",
        TTL,
        "ttl/whole-numbers",
        "ttl",
        changed("ttl_ms", _whole),
    ),
    _bodies(
        "dormancy-is-read-from-text",
        "Dormancy may be given as a text or a number.",
        DORMANT,
        "routes/malformed-body",
        "dormant",
        changed("dormant", lambda v: _truth(v) if isinstance(v, str | int) else v),
    ),
    _bodies(
        "deadlines-with-a-blank-are-read",
        "A blank may stand between date and time of a deadline.",
        EXTEND,
        "extend/bad-times",
        "extend",
        changed("deadline", _with_a_t),
    ),
]
