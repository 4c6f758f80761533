"""Faults of tokens, isolation, paths, bodies and queries."""

from __future__ import annotations

import json
import re
from typing import Any

from coder_conformance.reference.seed.default import MEMBER, OWNER
from tests.conformance.faults.kit import (
    AUTOSTART,
    DORMANT,
    MARK,
    SSE,
    UPDATES,
    USAGE,
    as_owner,
    query,
)
from tests.conformance.faulty import (
    WORKSPACE,
    Answer,
    Call,
    Fault,
    on_success,
    on_workspaces,
    status,
)

Json = dict[str, Any]
GET, LIST, TTL = "getWorkspaceMetadataById", "listWorkspaces", "updateWorkspaceTtlById"
BY_NAME = "getWorkspaceMetadataByUserAndWorkspaceName"
TIMINGS, RESOLVE = "getWorkspaceTimingsById", "resolveWorkspaceAutostartById"
HEADER = "coder-session-token"


def _without(name: str) -> Any:
    return lambda call: call.headers.pop(name, None)


def _no_secret(call: Call) -> None:
    """Only the first half of a token is looked at."""
    token = str(OWNER.token)
    if call.headers.get(HEADER, "").startswith(token.split("-", maxsplit=1)[0] + "-"):
        call.headers[HEADER] = token


def _later_source(call: Call) -> None:
    """A wrong header is passed over when a bearer token follows."""
    if "authorization" in call.headers and call.headers.get(HEADER) not in {OWNER.token, None}:
        call.headers.pop(HEADER)


def _everyone(call: Call) -> None:
    if HEADER not in call.headers and "authorization" not in call.headers:
        call.headers[HEADER] = str(OWNER.token)


def _bearer_case(call: Call) -> None:
    if not call.headers.get("authorization", "Bearer").startswith("Bearer"):
        call.headers.pop("authorization")


def _confirmed(call: Call) -> None:
    """A cookie is enough, whoever made the browser send it."""
    found = re.search(r"coder_session_token=([^;]+)", call.headers.get("cookie", ""))
    if found:
        call.headers.setdefault(HEADER, found[1])
        call.headers["authorization"] = f"Bearer {found[1]}"


def _strict(call: Call) -> bool:
    try:
        json.loads(call.body)
    except ValueError:
        return bool(call.body)
    return False


def _unknown_fields(call: Call) -> bool:
    return "x_unknown" in call.json if isinstance(call.json, dict) else False


def _upper_names(call: Call) -> bool:
    value = call.json
    return isinstance(value, dict) and any(name != name.lower() for name in value)


def _nulls(call: Call) -> bool:
    value = call.json
    return value is None or (isinstance(value, dict) and None in value.values())


def _not_json(call: Call) -> bool:
    return not call.headers.get("content-type", "").startswith("application/json")


def _words(*drop: str) -> Any:
    pattern = "|".join(rf"\b{word}:(\"[^\"]*\"|\S+)" for word in drop)
    return query(lambda q: re.sub(r"\s+", " ", re.sub(pattern, "", q)).strip())


def _count_of_page(value: Json) -> None:
    value["count"] = len(value["workspaces"])


def _one_less(value: Json) -> None:
    value["count"] = max(0, value["count"] - 1)


def _sort(key: Any) -> Any:
    return on_success(lambda v: v["workspaces"].sort(key=key))


def _reversed(value: Json) -> None:
    value["workspaces"].reverse()


def _empty_is_404(answer: Answer) -> None:
    if answer.status == 200 and answer.json["count"] == 0:
        answer.status = 404
        answer.json = {"message": "Nothing found."}


def _null_list(answer: Answer) -> None:
    if answer.status == 200 and not answer.json["workspaces"]:
        answer.json = {**answer.json, "workspaces": None}


def _number(name: str, change: Any) -> Any:
    def rewrite(call: Call) -> None:
        if re.fullmatch(r"-?\d+", call.get(name)):
            call.set(name, str(change(int(call.get(name)))))

    return rewrite


def _forbidden(answer: Answer) -> None:
    token = answer.call.headers.get(HEADER) if answer.call is not None else None
    if answer.status == 404 and token == MEMBER.token:
        answer.status = 403
        answer.json = {"message": "Forbidden."}


def _with_deleted(call: Call) -> None:
    call.set("include_deleted", "true")


def _path(change: Any) -> Any:
    return lambda call: setattr(call, "path", change(call.path))


def _odd_q(answer: Answer) -> None:
    if answer.call is not None and not answer.call.get("q").isascii():
        answer.status = 500
        answer.json = {"message": "An internal server error occurred."}


FAULTS = [
    Fault(
        "strangers-read-timings",
        TIMINGS,
        "authentication/isolation",
        "GET",
        f"{WORKSPACE}/timings",
        rewrite=as_owner,
    ),
    Fault(
        "strangers-set-the-ttl",
        TTL,
        "authentication/isolation",
        "PUT",
        f"{WORKSPACE}/ttl",
        rewrite=as_owner,
    ),
    Fault(
        "strangers-watch",
        SSE,
        "authentication/isolation",
        "GET",
        f"{WORKSPACE}/watch",
        frames=lambda piece, _: [piece],
        rewrite=as_owner,
    ),
    Fault(
        "strangers-list-all",
        LIST,
        "list/hides-what-cannot-be-read",
        "GET",
        "/workspaces",
        rewrite=as_owner,
    ),
    Fault(
        "strangers-mark",
        MARK,
        "authentication/isolation",
        "PUT",
        f"{WORKSPACE}/favorite",
        rewrite=as_owner,
    ),
    Fault(
        "strangers-report-use",
        USAGE,
        "authentication/isolation",
        "POST",
        f"{WORKSPACE}/usage",
        rewrite=as_owner,
    ),
    Fault(
        "hidden-ones-are-forbidden",
        RESOLVE,
        "authentication/isolation",
        "GET",
        f"{WORKSPACE}/resolve-autostart",
        _forbidden,
    ),
    Fault(
        "everyone-is-let-in",
        TIMINGS,
        "authentication/token-required",
        "GET",
        f"{WORKSPACE}/timings",
        rewrite=_everyone,
    ),
    Fault(
        "secrets-are-not-checked",
        USAGE,
        "authentication/token-checked",
        "POST",
        f"{WORKSPACE}/usage",
        rewrite=_no_secret,
    ),
    Fault(
        "a-later-source-is-tried",
        RESOLVE,
        "authentication/header-before-bearer",
        "GET",
        f"{WORKSPACE}/resolve-autostart",
        rewrite=_later_source,
    ),
    Fault(
        "bearer-tokens-are-not-accepted",
        BY_NAME,
        "authentication/token-sources",
        "GET",
        r"/users/[^/]+/workspace/[^/]+",
        rewrite=_without("authorization"),
    ),
    Fault(
        "bearer-has-to-be-capital",
        GET,
        "authentication/bearer-in-any-case",
        "GET",
        WORKSPACE,
        rewrite=_bearer_case,
    ),
    Fault(
        "access-tokens-are-not-accepted",
        LIST,
        "authentication/token-sources",
        "GET",
        "/workspaces",
        rewrite=lambda c: c.set("access_token", None),
    ),
    Fault(
        "forged-forms-are-accepted",
        TTL,
        "authentication/cookie-needs-proof",
        "PUT",
        f"{WORKSPACE}/ttl",
        rewrite=_confirmed,
    ),
    Fault(
        "trailing-data-is-refused",
        TTL,
        "bodies/trailing-data",
        "PUT",
        f"{WORKSPACE}/ttl",
        refuse=_strict,
    ),
    Fault(
        "unknown-fields-are-refused",
        UPDATES,
        "bodies/unknown-fields",
        "PUT",
        f"{WORKSPACE}/autoupdates",
        refuse=_unknown_fields,
    ),
    Fault(
        "names-of-fields-have-a-case",
        AUTOSTART,
        "bodies/field-names-in-any-case",
        "PUT",
        f"{WORKSPACE}/autostart",
        refuse=_upper_names,
    ),
    Fault(
        "nulls-are-refused", TTL, "bodies/null-is-absent", "PUT", f"{WORKSPACE}/ttl", refuse=_nulls
    ),
    Fault(
        "the-content-type-is-checked",
        DORMANT,
        "bodies/content-type-is-not-checked",
        "PUT",
        f"{WORKSPACE}/dormant",
        refuse=_not_json,
    ),
    Fault(
        "upper-case-identifiers-are-refused",
        TIMINGS,
        "paths/identifier-spellings",
        "GET",
        f"{WORKSPACE}/timings",
        refuse=lambda c: c.path != c.path.lower(),
    ),
    Fault(
        "names-have-a-case",
        BY_NAME,
        "get-by-name/returns-the-one-asked-for",
        "GET",
        r"/users/[^/]+/workspace/[^/]+",
        refuse=lambda c: c.path.rsplit("/", 1)[1].isupper(),
    ),
    Fault(
        "names-are-found-in-part",
        BY_NAME,
        "get-by-name/whole-name",
        "GET",
        r"/users/[^/]+/workspace/[^/]+",
        rewrite=_path(lambda p: re.sub(r"( |%20)$", "", p)),
    ),
    Fault(
        "deleted-ones-are-always-shown", GET, "get/deleted", "GET", WORKSPACE, rewrite=_with_deleted
    ),
    Fault(
        "deleted-ones-are-never-shown",
        BY_NAME,
        "get-by-name/deleted",
        "GET",
        r"/users/[^/]+/workspace/[^/]+",
        rewrite=lambda c: c.set("include_deleted", None),
    ),
    Fault(
        "any-flag-is-no",
        GET,
        "query/bad-booleans",
        "GET",
        WORKSPACE,
        rewrite=lambda c: (
            c.set("include_deleted", None) if c.get("include_deleted") == "yes" else None
        ),
    ),
    Fault("count-is-one-less", LIST, "list/pages", "GET", "/workspaces", on_success(_one_less)),
    Fault(
        "count-is-that-of-the-page",
        LIST,
        "list/pages",
        "GET",
        "/workspaces",
        on_success(_count_of_page),
    ),
    Fault("the-order-is-reversed", LIST, "list/order", "GET", "/workspaces", on_success(_reversed)),
    Fault(
        "favorites-are-not-first",
        LIST,
        "list/favorites-first",
        "GET",
        "/workspaces",
        _sort(
            lambda w: (w["latest_build"]["status"] != "running", w["owner_name"], w["name"].lower())
        ),
    ),
    Fault(
        "names-are-ordered-by-case",
        LIST,
        "list/order",
        "GET",
        "/workspaces",
        _sort(
            lambda w: (
                not w["favorite"],
                w["latest_build"]["status"] != "running",
                w["owner_name"],
                w["name"],
            )
        ),
    ),
    Fault(
        "running-ones-are-not-first",
        LIST,
        "list/running-first",
        "GET",
        "/workspaces",
        _sort(lambda w: (not w["favorite"], w["owner_name"], w["name"].lower())),
    ),
    Fault(
        "offset-is-ignored",
        LIST,
        "list/pages",
        "GET",
        "/workspaces",
        rewrite=lambda c: c.set("offset", None) if c.get("offset").isdigit() else None,
    ),
    Fault(
        "limit-is-one-more",
        LIST,
        "list/pages",
        "GET",
        "/workspaces",
        rewrite=_number("limit", lambda n: n + 1 if 0 < n < 1000 else n),
    ),
    Fault(
        "offset-is-one-more",
        LIST,
        "list/pages",
        "GET",
        "/workspaces",
        rewrite=_number("offset", lambda n: n + 1 if 0 < n < 1000 else n),
    ),
    Fault(
        "a-limit-of-zero-is-nothing",
        LIST,
        "list/limit-zero",
        "GET",
        "/workspaces",
        None,
        rewrite=lambda c: c.set("offset", "2147483647") if c.get("limit") == "0" else None,
    ),
    Fault(
        "negative-offsets-are-zero",
        LIST,
        "query/numbers-out-of-range",
        "GET",
        "/workspaces",
        rewrite=_number("offset", lambda n: max(n, 0)),
    ),
    Fault(
        "the-highest-limit-is-refused",
        LIST,
        "query/lowest-and-highest-numbers",
        "GET",
        "/workspaces",
        refuse=lambda c: c.get("limit") == "2147483647",
    ),
    Fault(
        "one-above-the-highest-is-accepted",
        LIST,
        "query/numbers-out-of-range",
        "GET",
        "/workspaces",
        rewrite=_number("limit", lambda n: 2_147_483_647 if n == 2_147_483_648 else n),
    ),
    Fault(
        "owners-are-ignored", LIST, "list/q-owner", "GET", "/workspaces", rewrite=_words("owner")
    ),
    Fault(
        "statuses-are-ignored",
        LIST,
        "list/q-status",
        "GET",
        "/workspaces",
        rewrite=_words("status"),
    ),
    Fault(
        "dormancy-is-ignored",
        LIST,
        "list/q-dormant",
        "GET",
        "/workspaces",
        rewrite=_words("dormant"),
    ),
    Fault(
        "dormant-false-hides",
        LIST,
        "list/q-dormant",
        "GET",
        "/workspaces",
        lambda a: on_success(
            lambda v: v.update(
                workspaces=[
                    w
                    for w in v["workspaces"]
                    if "dormant:false" not in (a.call.get("q") if a.call else "")
                    or not w["dormant_at"]
                ]
            )
        )(a),
    ),
    Fault(
        "times-exclude-the-moment",
        LIST,
        "list/q-last-used",
        "GET",
        "/workspaces",
        lambda a: on_success(
            lambda v: v.update(
                workspaces=[
                    w
                    for w in v["workspaces"]
                    if w["last_used_at"].rstrip("Z") not in (a.call.get("q") if a.call else "")
                ]
            )
        )(a),
    ),
    Fault(
        "unknown-keys-are-ignored",
        LIST,
        "list/q-unknown-key",
        "GET",
        "/workspaces",
        rewrite=_words("nonsense"),
    ),
    Fault(
        "the-first-id-counts",
        LIST,
        "list/q-id",
        "GET",
        "/workspaces",
        rewrite=query(lambda q: re.sub(r"id:([^,\s]+),\S+", r"id:\1", q)),
    ),
    Fault(
        "started-is-running",
        LIST,
        "list/q-status-unknown",
        "GET",
        "/workspaces",
        rewrite=query(lambda q: q.replace("status:started", "status:running")),
    ),
    Fault(
        "values-have-a-case",
        LIST,
        "list/q-any-case",
        "GET",
        "/workspaces",
        refuse=lambda c: c.get("q") != c.get("q").lower() and "T" not in c.get("q"),
    ),
    Fault(
        "quotes-are-kept",
        LIST,
        "list/q-quotes",
        "GET",
        "/workspaces",
        rewrite=query(lambda q: re.sub(r'^name:"([^"]+)"$', r"name:\1zz", q)),
    ),
    Fault(
        "two-words-are-one-name",
        LIST,
        "list/q-two-bare-words",
        "GET",
        "/workspaces",
        rewrite=query(lambda q: "foo" if q == "foo bar" else q),
    ),
    Fault("nothing-found-is-404", LIST, "list/no-match", "GET", "/workspaces", _empty_is_404),
    Fault("an-empty-page-is-null", LIST, "list/past-the-end", "GET", "/workspaces", _null_list),
    Fault("other-scripts-break-the-search", LIST, "list/q-odd-text", "GET", "/workspaces", _odd_q),
    Fault(
        "others-see-the-mark",
        MARK,
        "favorite/per-owner",
        "GET",
        WORKSPACE,
        rewrite=as_owner,
    ),
    Fault("head-is-get", GET, "routes/no-head", "HEAD", WORKSPACE, status(405, 200)),
    Fault(
        "options-is-allowed",
        TTL,
        "routes/no-options",
        "OPTIONS",
        f"{WORKSPACE}/ttl",
        status(405, 204),
    ),
    Fault(
        "a-slash-is-a-page-that-is-not-there",
        GET,
        "routes/trailing-slash-accepted",
        "GET",
        f"{WORKSPACE}/",
        status(200, 404),
    ),
    Fault(
        "owners-are-swapped",
        LIST,
        "list/agrees-with-get",
        "GET",
        "/workspaces",
        on_workspaces(lambda w: w.update(template_display_name=w["template_name"] + "!")),
    ),
]
