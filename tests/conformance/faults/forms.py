"""More faults of answers: in some states only, in lists only, of errors and of headers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from tests.conformance.faults.kit import (
    BY_NAME,
    CREATE,
    CREATES,
    DORMANT,
    GET,
    LIST,
    NAMED,
    RENAME,
    TTL,
    WS,
    deep,
    only,
    put,
    without,
)
from tests.conformance.faults.more_kit import NOBODY
from tests.conformance.faulty import (
    SHOWS,
    WORKSPACE,
    Answer,
    Fault,
    Json,
    Message,
    on_error,
    on_workspaces,
)


def _stopped(workspace: Json) -> bool:
    return bool(workspace["latest_build"]["transition"] == "stop")


def _busy(workspace: Json) -> bool:
    return workspace["latest_build"]["job"]["status"] in {"pending", "running"}


def _null_when_busy(workspace: Json) -> None:
    workspace["latest_build"]["job"].setdefault("completed_at", None)


def _whole_second(workspace: Json) -> None:
    workspace["created_at"] = re.sub(r"\.\d+", "", workspace["created_at"])


def _title(workspace: Json) -> None:
    workspace["template_name"] = workspace["template_display_name"] or "x"


def _fresh_ids(workspace: Json) -> None:
    for resource in workspace["latest_build"]["resources"]:
        resource["id"] = str(uuid4())


def _no_deadline(workspace: Json) -> None:
    if workspace["latest_build"]["deadline"] is None:
        del workspace["latest_build"]["deadline"]


def _null_ttl(workspace: Json) -> None:
    workspace.setdefault("ttl_ms", None)


def _empty_schedule(workspace: Json) -> None:
    workspace.setdefault("autostart_schedule", "")


def _fraction(answer: Answer) -> None:
    answer.body = re.sub(rb'("ttl_ms":\d+)([,}])', rb"\1.0\2", answer.body)


def _problem(answer: Answer) -> None:
    if answer.status >= 400 and answer.body:
        answer.headers["content-type"] = "application/problem+json"


def _plain_404(answer: Answer) -> None:
    if answer.status == 404 and b"Route not found." in answer.body:
        answer.body = b"404 page not found\n"
        answer.headers["content-type"] = "text/plain; charset=utf-8"


def _typed_nothing(answer: Answer) -> None:
    if answer.status == 204:
        answer.headers["content-type"] = "application/json; charset=utf-8"


def _not_modified_typed(answer: Answer) -> None:
    if answer.status == 304:
        answer.headers["content-type"] = "application/json; charset=utf-8"


def _validation_for_syntax(error: Json) -> None:
    if error["message"] == "Request body must be valid JSON.":
        error["message"] = "Validation failed."


def _first_only(error: Json) -> None:
    if "validations" in error:
        error["validations"] = error["validations"][:1]


def _capital_fields(error: Json) -> None:
    for entry in error.get("validations", []):
        entry["field"] = entry["field"].title().replace("_", "")


def _no_detail_of_field(error: Json) -> None:
    for entry in error.get("validations", []):
        entry.pop("detail", None)


def _code(error: Json) -> None:
    error["message"], error["detail"] = "", error["message"]


def _no_taken_field(error: Json) -> None:
    if error["message"].endswith("already exists."):
        error.pop("validations", None)


def _uuid_field(error: Json) -> None:
    if error["message"].startswith("Invalid UUID"):
        error["validations"] = [{"field": "workspace", "detail": "must be a UUID"}]


def _unknown_workspace(error: Json) -> None:
    if error["message"].startswith("Resource not found"):
        error["message"] = "Workspace not found."


def _secured(answer: Answer) -> None:
    if answer.status >= 400:
        answer.headers.pop("x-content-type-options", None)


def _untraced(answer: Answer) -> None:
    if answer.status == 204:
        answer.headers.pop("x-coder-request-id", None)


def _echoed(answer: Answer) -> None:
    sent = answer.call.headers.get("x-coder-request-id") if answer.call else None
    if sent:
        answer.headers["x-coder-request-id"] = sent


def _one_vary(answer: Answer) -> None:
    answer.headers["vary"] = "Origin"


def _open_to_all(answer: Answer) -> None:
    if answer.call and "origin" in answer.call.headers:
        answer.headers["access-control-allow-origin"] = answer.call.headers["origin"]
        answer.headers["access-control-allow-credentials"] = "true"


def _unchallenged(message: Message, _: Json) -> Iterable[Message]:
    kept = [h for h in message.get("headers", []) if h[0].lower() != b"www-authenticate"]
    return [{**message, "headers": kept} if "headers" in message else message]


def _located(answer: Answer) -> None:
    if answer.status == 201:
        answer.headers["location"] = f"/api/v2/workspaces/{answer.json['id']}"


def _no_line_break(answer: Answer) -> None:
    if answer.headers.get("content-type", "").startswith("application/json"):
        answer.body = answer.body.rstrip(b"\n")


def _of_workspaces(
    name: str, sentence: str, requirement: str, change: Any, path: str = SHOWS, op: str = GET
) -> Fault:
    return Fault(name, op, requirement, "GET", path, alter=on_workspaces(change), sentence=sentence)


def _of_errors(
    name: str, sentence: str, requirement: str, change: Any, path: str = ".*", op: str = TTL
) -> Fault:
    return Fault(name, op, requirement, ".*", path, alter=on_error(change), sentence=sentence)


def _of_answers(
    name: str, sentence: str, requirement: str, change: Any, path: str = ".*", op: str = GET
) -> Fault:
    return Fault(name, op, requirement, ".*", path, alter=change, sentence=sentence)


_LISTED = "/workspaces"
FAULTS = [
    _of_workspaces(
        "failing-agents-are-null-when-stopped",
        "A stopped workspace's list of failing agents is null.",
        "ttl/reads-back",
        only(_stopped, put(None, "health", "failing_agents")),
        op=TTL,
    ),
    _of_workspaces(
        "unfinished-jobs-have-a-null-end",
        "A job that has not ended shows a null end instead of none.",
        "lifecycle/while-building",
        only(_busy, _null_when_busy),
    ),
    _of_workspaces(
        "listed-builds-are-always-the-first",
        "Lists show every build with the number 1.",
        "list/agrees-with-get",
        put(1, "latest_build", "build_number"),
        _LISTED,
        LIST,
    ),
    _of_workspaces(
        "stopped-ones-are-listed-as-started",
        "Lists show the transition of stopped workspaces as start.",
        "list/agrees-with-get",
        only(_stopped, put("start", "latest_build", "transition")),
        _LISTED,
        LIST,
    ),
    _of_workspaces(
        "lists-leave-resources-out",
        "Lists show no resources, though the builds have some.",
        "list/in-depth",
        put([], "latest_build", "resources"),
        _LISTED,
        LIST,
    ),
    _of_workspaces(
        "lists-cut-times-to-seconds",
        "Lists show the time of creation without its fraction.",
        "list/agrees-with-get",
        _whole_second,
        _LISTED,
        LIST,
    ),
    _of_workspaces(
        "names-show-titles-of-templates",
        "Read by name, a workspace shows its template's title as the name.",
        "get-by-name/same-as-by-id",
        _title,
        NAMED,
        BY_NAME,
    ),
    _of_workspaces(
        "resources-change-at-every-reading",
        "Resources have other identifiers at every reading.",
        "get/lasting-identifiers",
        _fresh_ids,
    ),
    _of_workspaces(
        "a-null-deadline-is-left-out",
        "A build without a deadline leaves the field out.",
        "contract/response-schema",
        _no_deadline,
    ),
    _of_workspaces(
        "a-missing-ttl-is-null",
        "A workspace without a time to stop shows it as null in lists.",
        "contract/response-schema",
        _null_ttl,
        _LISTED,
        LIST,
    ),
    _of_workspaces(
        "a-missing-schedule-is-empty",
        "A workspace without a schedule shows an empty one.",
        "get-by-name/same-as-by-id",
        _empty_schedule,
        NAMED,
        BY_NAME,
    ),
    _of_workspaces(
        "version-names-stay-empty",
        "The name of a build's version stays empty after its creation.",
        "list/agrees-with-get",
        put("", "latest_build", "template_version_name"),
        WORKSPACE,
        op=LIST,
    ),
    _of_workspaces(
        "the-initiator-is-nobody",
        "Builds read by name are nobody's: the initiator's name is empty.",
        "get-by-name/same-as-by-id",
        put("", "latest_build", "initiator_name"),
        NAMED,
        BY_NAME,
    ),
    _of_workspaces(
        "no-status-is-an-empty-one",
        "Without a status of an application there is an empty object.",
        "contract/response-schema",
        put({}, "latest_app_status"),
    ),
    _of_workspaces(
        "agents-are-of-another-resource",
        "Agents in lists name a resource that is not theirs.",
        "list/agrees-with-get",
        deep(put(NOBODY, "resource_id")),
        _LISTED,
        LIST,
    ),
    _of_workspaces(
        "listed-agents-lack-their-apps",
        "Agents in lists have no applications.",
        "list/in-depth",
        deep(put([], "apps")),
        _LISTED,
        LIST,
    ),
    _of_workspaces(
        "scripts-time-out-in-text",
        "The time limit of an agent's script is a text.",
        "contract/response-schema",
        deep(lambda a: [s.update(timeout=f"{s['timeout']}ns") for s in a["scripts"]]),
    ),
    _of_workspaces(
        "parents-are-left-out",
        "Agents without a parent leave the field out.",
        "contract/response-schema",
        deep(without("parent_id")),
    ),
    _of_workspaces(
        "stopped-ones-have-a-prebuild",
        "Stopped workspaces are shown as prebuilt ones.",
        "list/agrees-with-get",
        only(_stopped, put(True, "is_prebuild")),
        op=LIST,
    ),
    _of_answers(
        "whole-numbers-have-a-fraction",
        "Whole numbers are written with a fraction.",
        "json/whole-milliseconds",
        _fraction,
        SHOWS,
    ),
    _of_answers(
        "errors-are-problems",
        "Errors have the content type application/problem+json.",
        "headers/content-type",
        _problem,
    ),
    _of_answers(
        "unknown-routes-get-a-text",
        "Unknown routes are answered in plain text.",
        "routes/unknown-route",
        _plain_404,
        op=LIST,
    ),
    _of_answers(
        "no-content-has-a-type",
        "Answers without content have a content type.",
        "contract/content-type",
        _typed_nothing,
        op=TTL,
    ),
    _of_answers(
        "not-modified-has-a-type",
        "A dormancy that is already so is answered with a content type.",
        "contract/content-type",
        _not_modified_typed,
        op=DORMANT,
    ),
    _of_errors(
        "syntax-is-validation",
        "A body that is no JSON is said to have failed validation.",
        "envelope/parse-errors",
        _validation_for_syntax,
    ),
    _of_errors(
        "one-finding-at-a-time",
        "Of several wrong inputs just the first one is named.",
        "create/all-bad-fields-named",
        _first_only,
        op=CREATE,
    ),
    _of_errors(
        "fields-are-named-as-in-the-code",
        "Validations name fields as the code does, not as JSON does.",
        "ttl/limits",
        _capital_fields,
        op=TTL,
    ),
    _of_errors(
        "findings-have-no-text",
        "Validations name a field without saying what is wrong.",
        "ttl/limits",
        _no_detail_of_field,
    ),
    _of_errors(
        "messages-are-empty",
        "The message of errors is empty, the detail has it.",
        "envelope/not-found",
        _code,
    ),
    _of_errors(
        "a-taken-name-names-no-field",
        "A name that is taken does not name the field.",
        "rename/taken-name",
        _no_taken_field,
        op=RENAME,
    ),
    _of_errors(
        "bad-identifiers-are-validated",
        "Bad identifiers are told as validations.",
        "envelope/invalid-identifier",
        _uuid_field,
    ),
    _of_errors(
        "workspaces-are-not-found-by-name",
        "Unknown names are told with a text of their own.",
        "envelope/not-found-by-name",
        _unknown_workspace,
        NAMED,
        op=BY_NAME,
    ),
    _of_answers(
        "errors-may-be-sniffed",
        "Errors lack X-Content-Type-Options.",
        "headers/no-sniffing",
        _secured,
    ),
    _of_answers(
        "no-content-is-not-traced",
        "Answers without content have no request id.",
        "contract/headers",
        _untraced,
        op=TTL,
    ),
    _of_answers(
        "request-ids-come-from-clients",
        "A request id that the client sends comes back as the server's.",
        "headers/nothing-is-echoed",
        _echoed,
    ),
    _of_answers("cookies-do-not-vary", "Vary leaves the cookie out.", "headers/vary", _one_vary),
    _of_answers(
        "any-site-may-ask",
        "Any origin is allowed, with credentials.",
        "headers/nothing-is-echoed",
        _open_to_all,
    ),
    Fault(
        "sockets-do-not-challenge",
        WS,
        "watch-ws/needs-a-token",
        "GET",
        f"{WORKSPACE}/watch-ws",
        messages=_unchallenged,
        sentence="Handshakes are answered 401 without a challenge.",
    ),
    _of_answers(
        "creation-has-a-location",
        "Creation sends a Location.",
        "headers/no-caching-of-changes",
        _located,
        CREATES,
        op=CREATE,
    ),
    _of_answers(
        "json-lacks-its-line-break",
        "JSON does not end with a line break.",
        "json/compact",
        _no_line_break,
    ),
]
