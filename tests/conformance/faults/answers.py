"""Faults of answers: their fields, statuses, headers and the way JSON is written."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.conformance.faults.kit import (
    AUTOSTART,
    CREATE,
    CREATE_IN,
    DORMANT,
    EXTEND,
    MARK,
    RENAME,
    RESOLVE,
    TIMINGS,
    TTL,
    UPDATES,
    USAGE,
    WS,
)
from tests.conformance.faults.more_kit import NOBODY
from tests.conformance.faulty import (
    SHOWS,
    WORKSPACE,
    Answer,
    Fault,
    on_error,
    on_success,
    on_workspaces,
    status,
)

Json = dict[str, Any]
GET, LIST = "getWorkspaceMetadataById", "listWorkspaces"


def _drop(*path: str) -> Any:
    def change(value: Json) -> None:
        for name in path[:-1]:
            value = value[name]
        value.pop(path[-1], None)

    return change


def _put(value: Any, *path: str) -> Any:
    def change(holder: Json) -> None:
        for name in path[:-1]:
            holder = holder[name]
        holder[path[-1]] = value

    return change


def _agents(change: Any) -> Any:
    def each(workspace: Json) -> None:
        for resource in workspace["latest_build"]["resources"]:
            for agent in resource.get("agents", []):
                change(agent)

    return each


def _of(answer: Answer, *headers: str) -> None:
    for name in headers:
        answer.headers.pop(name, None)


def _later_update(workspace: Json) -> None:
    workspace["updated_at"] = workspace["last_used_at"].replace("2026", "2027")


def _upper(workspace: Json) -> None:
    workspace["template_id"] = workspace["template_id"].upper()


def _nine_digits(workspace: Json) -> None:
    workspace["created_at"] = re.sub(r"(\.\d+)?Z$", ".123456000Z", workspace["created_at"])


def _no_zone(workspace: Json) -> None:
    workspace["last_used_at"] = workspace["last_used_at"].rstrip("Z")


def _empty_parts(value: Json) -> None:
    value.setdefault("validations", [])


def _null_detail(value: Json) -> None:
    value.setdefault("detail", None)


def _pretty(answer: Answer) -> None:
    if answer.body:
        answer.body = json.dumps(answer.json, indent=2).encode()


def _twice(answer: Answer) -> None:
    if answer.status == 200:
        answer.body = answer.body.replace(b'{"id":', b'{"id":"x","id":', 1)


def _same_request_id(answer: Answer) -> None:
    answer.headers["x-coder-request-id"] = NOBODY


def _other_version(answer: Answer) -> None:
    answer.headers["x-coder-build-version"] = "v2.24.0"


def _plain_json(answer: Answer) -> None:
    if "content-type" in answer.headers:
        answer.headers["content-type"] = "application/json"


def _bare_challenge(answer: Answer) -> None:
    if answer.status == 401:
        answer.headers["www-authenticate"] = "Bearer"


def _no_allow(answer: Answer) -> None:
    if answer.status == 405:
        _of(answer, "allow")


def _unescaped(answer: Answer) -> None:
    answer.body = answer.body.replace(b"\\u003c", b"<").replace(b"\\u003e", b">")


def _etag(answer: Answer) -> None:
    answer.headers["etag"] = '"1"'


def _no_validations(answer: Answer) -> None:
    on_error(_drop("validations"))(answer)


def _wrong_field(value: Json) -> None:
    for entry in value.get("validations", []):
        entry["field"] = "ttl"


def _only_listed(workspace: Json) -> None:
    workspace["latest_build"].pop("deadline")


def _stopping(workspace: Json) -> None:
    if workspace["latest_build"]["status"] == "stopped":
        workspace["latest_build"]["status"] = "stopping"


def _body_with_405(answer: Answer) -> None:
    if answer.status == 405:
        answer.body = b"Method Not Allowed"
        answer.headers["content-type"] = "text/plain"


def _deleted_is_404(answer: Answer) -> None:
    if answer.status == 410:
        answer.status = 404


FAULTS = [
    Fault(
        "a-required-field-is-missing",
        GET,
        "contract/response-schema",
        "GET",
        WORKSPACE,
        on_success(_drop("latest_build", "deadline")),
    ),
    Fault(
        "a-field-is-missing-in-lists",
        LIST,
        "contract/response-schema",
        "GET",
        "/workspaces",
        on_workspaces(_only_listed),
    ),
    Fault(
        "a-field-has-the-wrong-type",
        CREATE,
        "contract/response-schema",
        "POST",
        r"/users/[^/]+/workspaces",
        on_success(_put(7, "template_id")),
    ),
    Fault(
        "a-list-is-null",
        GET,
        "contract/response-schema",
        "GET",
        WORKSPACE,
        on_success(_put(None, "health", "failing_agents")),
    ),
    Fault(
        "an-agent-lacks-a-field",
        GET,
        "contract/response-schema",
        "GET",
        WORKSPACE,
        on_success(_agents(_drop("lifecycle_state"))),
    ),
    Fault(
        "an-enum-has-an-unknown-value",
        DORMANT,
        "dormancy/takes-effect",
        "PUT",
        f"{WORKSPACE}/dormant",
        on_success(_put("sleeping", "latest_build", "status")),
    ),
    Fault(
        "a-stopped-one-is-stopping",
        GET,
        "contract/consistent-body",
        "GET",
        WORKSPACE,
        on_success(_stopping),
    ),
    Fault(
        "healthy-is-turned-round",
        GET,
        "contract/consistent-body",
        "GET",
        WORKSPACE,
        on_success(_put(False, "health", "healthy")),
    ),
    Fault(
        "outdated-is-always-true",
        LIST,
        "contract/consistent-body",
        "GET",
        "/workspaces",
        on_workspaces(_put(True, "outdated")),
    ),
    Fault(
        "an-identifier-is-in-upper-case",
        GET,
        "json/identifiers",
        "GET",
        WORKSPACE,
        on_success(_upper),
    ),
    Fault(
        "a-time-has-nine-digits", GET, "json/timestamps", "GET", WORKSPACE, on_success(_nine_digits)
    ),
    Fault(
        "a-time-has-no-zone",
        LIST,
        "contract/response-schema",
        "GET",
        "/workspaces",
        on_workspaces(_no_zone),
    ),
    Fault(
        "updated-at-moves", GET, "get/never-updated", "GET", WORKSPACE, on_success(_later_update)
    ),
    Fault(
        "the-owner-is-unknown",
        GET,
        "get/owner-facts",
        "GET",
        SHOWS,
        on_workspaces(_put("/nobody.png", "owner_avatar_url")),
    ),
    Fault("json-is-indented", GET, "json/compact", "GET", WORKSPACE, _pretty),
    Fault("a-field-stands-twice", GET, "json/no-duplicate-fields", "GET", WORKSPACE, _twice),
    Fault("markup-is-not-escaped", GET, "json/markup-is-escaped", "GET", WORKSPACE, _unescaped),
    Fault(
        "errors-have-empty-validations",
        TIMINGS,
        "envelope/leaves-out-what-is-empty",
        "GET",
        f"{WORKSPACE}/timings",
        on_error(_empty_parts),
    ),
    Fault(
        "errors-have-a-null-detail",
        RESOLVE,
        "contract/response-schema",
        "GET",
        f"{WORKSPACE}/resolve-autostart",
        on_error(_null_detail),
    ),
    Fault(
        "validations-are-missing",
        TTL,
        "ttl/minimum",
        "PUT",
        f"{WORKSPACE}/ttl",
        _no_validations,
    ),
    Fault(
        "validations-name-another-field",
        AUTOSTART,
        "autostart/refuses-bad-schedules",
        "PUT",
        f"{WORKSPACE}/autostart",
        on_error(_wrong_field),
    ),
    Fault(
        "not-found-tells-more",
        TIMINGS,
        "envelope/not-found",
        "GET",
        f"{WORKSPACE}/timings",
        on_error(lambda v: v.update(detail="no rows")),
    ),
    Fault(
        "create-is-200",
        CREATE_IN,
        "contract/documented-status",
        "POST",
        r"/organizations/.*",
        status(201, 200),
    ),
    Fault(
        "no-change-is-204",
        DORMANT,
        "dormancy/no-change",
        "PUT",
        f"{WORKSPACE}/dormant",
        status(304, 204),
    ),
    Fault(
        "unknown-is-410",
        TIMINGS,
        "routes/unknown-workspace",
        "GET",
        f"{WORKSPACE}/timings",
        status(404, 410),
    ),
    Fault("deleted-is-404", GET, "get/deleted", "GET", WORKSPACE, _deleted_is_404),
    Fault(
        "a-taken-name-is-400",
        CREATE,
        "create/conflict",
        "POST",
        r"/users/[^/]+/workspaces",
        status(409, 400),
    ),
    Fault(
        "a-stopped-one-is-400",
        EXTEND,
        "extend/stopped",
        "PUT",
        f"{WORKSPACE}/extend",
        status(409, 400),
    ),
    Fault(
        "refused-is-500",
        RENAME,
        "contract/no-server-error",
        "PATCH",
        WORKSPACE,
        status(400, 500),
    ),
    Fault(
        "a-plain-request-is-400",
        WS,
        "watch-ws/missing-upgrade",
        "GET",
        f"{WORKSPACE}/watch-ws",
        status(426, 400),
    ),
    Fault(
        "a-header-is-missing",
        USAGE,
        "contract/headers",
        "POST",
        f"{WORKSPACE}/usage",
        lambda a: _of(a, "x-coder-request-id"),
    ),
    Fault(
        "the-request-id-is-constant",
        TIMINGS,
        "headers/request-ids-differ",
        "GET",
        f"{WORKSPACE}/timings",
        _same_request_id,
    ),
    Fault(
        "the-version-is-another",
        TTL,
        "headers/build-version",
        "PUT",
        f"{WORKSPACE}/ttl",
        _other_version,
    ),
    Fault(
        "the-charset-is-missing", LIST, "headers/content-type", "GET", "/workspaces", _plain_json
    ),
    Fault(
        "types-may-be-guessed",
        LIST,
        "headers/no-sniffing",
        "GET",
        "/workspaces",
        lambda a: _of(a, "x-content-type-options"),
    ),
    Fault("caches-mix-users-up", GET, "headers/vary", "GET", WORKSPACE, lambda a: _of(a, "vary")),
    Fault("answers-have-an-etag", GET, "headers/no-caching", "GET", WORKSPACE, _etag),
    Fault(
        "the-challenge-is-bare",
        MARK,
        "authentication/challenge",
        "PUT",
        f"{WORKSPACE}/favorite",
        _bare_challenge,
    ),
    Fault(
        "allow-is-missing",
        UPDATES,
        "routes/method-not-allowed",
        "GET|POST|OPTIONS|PATCH|DELETE",
        f"{WORKSPACE}/autoupdates",
        _no_allow,
    ),
    Fault(
        "a-wrong-method-gets-a-text",
        GET,
        "routes/method-not-allowed",
        "PUT|POST|DELETE",
        WORKSPACE,
        _body_with_405,
    ),
    Fault(
        "a-mismatch-that-is-none",
        RESOLVE,
        "resolve-autostart/no-mismatch-without-updates",
        "GET",
        f"{WORKSPACE}/resolve-autostart",
        on_success(_put(True, "parameter_mismatch")),
    ),
    Fault(
        "timings-of-another-job",
        TIMINGS,
        "timings/of-the-latest-build",
        "GET",
        f"{WORKSPACE}/timings",
        on_success(lambda v: [t.update(job_id=NOBODY) for t in v["provisioner_timings"]] and None),
    ),
    Fault(
        "timings-run-backwards",
        TIMINGS,
        "contract/consistent-body",
        "GET",
        f"{WORKSPACE}/timings",
        on_success(lambda v: v["provisioner_timings"].reverse()),
    ),
    Fault(
        "the-deadline-is-not-named",
        EXTEND,
        "extend/moves-the-deadline",
        "PUT",
        f"{WORKSPACE}/extend",
        on_success(_put("Done.", "message")),
    ),
]
