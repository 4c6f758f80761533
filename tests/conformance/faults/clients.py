"""Faults of clients: a change of a few characters in a copy of the generated one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ClientFault:
    """One way for a client to be wrong.

    Attributes:
        id: Name of the fault, which says what is wrong.
        operation: An operation that is wrong.
        requirement: A requirement that it breaks.
        file: The file that is changed.
        was: What stands there.
        becomes: What is put in its place.
        count: How many places are changed; -1 for all.
        more: Other files that are changed in the same way.
        sentence: What is wrong, in words; the id says it by default.
    """

    id: str
    operation: str
    requirement: str
    file: str
    was: str
    becomes: str
    count: int = -1
    more: tuple[str, ...] = ()
    sentence: str = ""


API = "api/workspaces"
REQUESTS, DECODES = "client/valid-requests", "client/decodes-answers"
FAULTS = [
    ClientFault(
        "a-parameter-is-forgotten",
        "listWorkspaces",
        REQUESTS,
        f"{API}/list_workspaces.py",
        '("offset"',
        '("start"',
    ),
    ClientFault(
        "two-parameters-are-swapped",
        "listWorkspaces",
        REQUESTS,
        f"{API}/list_workspaces.py",
        '("limit", limit)',
        '("limit", offset)',
    ),
    ClientFault(
        "the-query-is-not-sent",
        "listWorkspaces",
        REQUESTS,
        f"{API}/list_workspaces.py",
        '("q", q)',
        '("q", None)',
    ),
    ClientFault(
        "the-path-is-wrong",
        "updateWorkspaceTtlById",
        REQUESTS,
        f"{API}/update_workspace_ttl_by_id.py",
        "/ttl",
        "/autostop",
    ),
    ClientFault(
        "the-method-is-wrong",
        "updateWorkspaceAcl",
        REQUESTS,
        f"{API}/update_workspace_acl.py",
        'method="PATCH"',
        'method="PUT"',
    ),
    ClientFault(
        "path-parameters-are-swapped",
        "getWorkspaceMetadataByUserAndWorkspaceName",
        REQUESTS,
        f"{API}/get_workspace_metadata_by_user_and_workspace_name.py",
        "path_segment('workspacename', workspacename)",
        "path_segment('workspacename', user)",
    ),
    ClientFault(
        "the-body-is-not-sent",
        "updateWorkspaceAutostartScheduleById",
        REQUESTS,
        f"{API}/update_workspace_autostart_schedule_by_id.py",
        "body=json_body(",
        "body=b'{}' or json_body(",
    ),
    ClientFault(
        "paths-are-not-encoded",
        "getWorkspaceMetadataByUserAndWorkspaceName",
        REQUESTS,
        "_call.py",
        'return quote(_encodable(name, text), safe="")',
        'return quote(_encodable(name, text), safe="/")',
    ),
    ClientFault(
        "blanks-are-plus-signs-in-paths",
        "getWorkspaceMetadataByUserAndWorkspaceName",
        REQUESTS,
        "_call.py",
        'return quote(_encodable(name, text), safe="")',
        'return quote(_encodable(name, text), safe="").replace("%20", "+")',
    ),
    ClientFault(
        "queries-are-in-lower-case",
        "listWorkspaces",
        REQUESTS,
        "_call.py",
        "encoded.append((name, _encodable(name, _text(name, value))))",
        "encoded.append((name, _encodable(name, _text(name, value)).lower()))",
    ),
    ClientFault(
        "the-prefix-is-forgotten",
        "getWorkspaceMetadataById",
        REQUESTS,
        "_contract.py",
        '"/api/v2"',
        '"/api"',
    ),
    ClientFault(
        "a-success-is-taken-for-none",
        "getWorkspaceTimingsById",
        DECODES,
        f"{API}/get_workspace_timings_by_id.py",
        "200:",
        "204:",
    ),
    ClientFault(
        "no-change-is-an-error",
        "updateWorkspaceDormancyStatusById",
        DECODES,
        f"{API}/update_workspace_dormancy_status_by_id.py",
        "304:",
        "305:",
    ),
    ClientFault(
        "created-is-an-error",
        "createUserWorkspace",
        DECODES,
        f"{API}/create_user_workspace.py",
        "201:",
        "200:",
    ),
    ClientFault(
        "a-field-has-another-name",
        "listWorkspaces",
        DECODES,
        "models/workspaces_response.py",
        "count: int",
        "total: int",
    ),
    ClientFault(
        "a-nullable-field-is-not",
        "getWorkspaceMetadataById",
        DECODES,
        "models/workspace.py",
        "dormant_at: AwareDatetime | None",
        "dormant_at: AwareDatetime",
    ),
    ClientFault(
        "an-optional-field-is-required",
        "getWorkspaceMetadataById",
        DECODES,
        "models/workspace.py",
        "ttl_ms: int | None = None",
        "ttl_ms: int",
    ),
    ClientFault(
        "what-is-new-is-lost",
        "getWorkspaceMetadataById",
        "client/keeps-what-is-new",
        "_model.py",
        'extra="allow"',
        'extra="ignore"',
    ),
    ClientFault(
        "the-token-is-not-sent",
        "getWorkspaceMetadataById",
        "client/hides-the-token",
        "_config.py",
        '"Coder-Session-Token"',
        '"Coder-Token"',
    ),
    ClientFault(
        "not-found-is-a-conflict",
        "getWorkspaceMetadataById",
        "client/raises-documented-errors",
        "errors.py",
        'detail = fields.get("detail")',
        'detail = fields.get("details")',
    ),
    ClientFault(
        "the-message-is-lost",
        "updateWorkspaceTtlById",
        "client/raises-documented-errors",
        "errors.py",
        "self.message = envelope.message",
        "self.message = reason",
    ),
    ClientFault(
        "validations-are-lost",
        "createUserWorkspace",
        "client/raises-documented-errors",
        "errors.py",
        "self.validations = envelope.validations",
        "self.validations = ()",
    ),
    ClientFault(
        "the-status-is-lost",
        "extendWorkspaceDeadlineById",
        "client/raises-documented-errors",
        "errors.py",
        "self.status = status\n        self.message",
        "self.status = 500\n        self.message",
    ),
    ClientFault(
        "events-are-passed-over",
        "watchWorkspaceById",
        "client/streams-events",
        f"{API}/watch_workspace_by_id.py",
        'frozenset(["data"])',
        'frozenset(["update"])',
    ),
    ClientFault(
        "pings-are-data",
        "watchWorkspaceByIdViaWebsockets",
        "client/streams-events",
        f"{API}/watch_workspace_by_id_via_websockets.py",
        'frozenset(["data"])',
        'frozenset(["data", "ping"])',
    ),
    ClientFault(
        "errors-are-passed-over",
        "watchWorkspaceById",
        "client/stream-errors",
        f"{API}/watch_workspace_by_id.py",
        'frozenset(["error"])',
        'frozenset(["failure"])',
    ),
    ClientFault(
        "stream-errors-lose-their-message",
        "watchWorkspaceByIdViaWebsockets",
        "client/stream-errors",
        "_events.py",
        "envelope = ErrorEnvelope.from_object(payload) or",
        "envelope =",
    ),
    ClientFault(
        "the-stream-has-another-path",
        "watchWorkspaceByIdViaWebsockets",
        REQUESTS,
        f"{API}/watch_workspace_by_id_via_websockets.py",
        "/watch-ws",
        "/watch",
    ),
]
