"""Where faults are: the names of operations, and the methods and paths of their requests."""

from __future__ import annotations

import re

from tests.conformance.faulty import SHOWS, WORKSPACE

HEADER = "coder-session-token"
# Patterns of a method and of a path.
Place = tuple[str, str]
GET = "getWorkspaceMetadataById"
LIST = "listWorkspaces"
BY_NAME = "getWorkspaceMetadataByUserAndWorkspaceName"
AUTOSTART = "updateWorkspaceAutostartScheduleById"
EXTEND = "extendWorkspaceDeadlineById"
DORMANT = "updateWorkspaceDormancyStatusById"
UPDATES = "updateWorkspaceAutomaticUpdatesById"
TTL = "updateWorkspaceTtlById"
RENAME = "updateWorkspaceMetadataById"
ACL = "updateWorkspaceAcl"
MARK = "favoriteWorkspaceById"
UNMARK = "unfavoriteWorkspaceById"
USAGE = "postWorkspaceUsageById"
TIMINGS = "getWorkspaceTimingsById"
RESOLVE = "resolveWorkspaceAutostartById"
CREATE = "createUserWorkspace"
CREATE_IN = "createUserWorkspaceByOrganization"
SSE = "watchWorkspaceById"
WS = "watchWorkspaceByIdViaWebsockets"
CREATES = r"/users/[^/]+/workspaces|/organizations/[^/]+/members/[^/]+/workspaces"
SSE_PATH = f"{WORKSPACE}/watch"
WS_PATH = f"{WORKSPACE}/watch-ws"
# The longest time to stop, in milliseconds.
LONGEST = 2_592_000_000
NAMED = r"/users/[^/]+/workspace/[^/]+"
# An identifier of nothing.
NOBODY = "5f3a1c52-6f43-4a39-9d5a-0d6a53f0f001"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
ALL: Place = (".*", rf"{WORKSPACE}(/(?!watch).*)?")
BUILD: Place = ("POST", f"{WORKSPACE}/builds")
EVERYWHERE: Place = (".*", ".*")
SHOWN: Place = ("GET", SHOWS)
TOKEN_QUERY = "coder_session_token"
# Where the operations are that take something.
PATHS: dict[str, Place] = {
    RENAME: ("PATCH", WORKSPACE),
    TTL: ("PUT", f"{WORKSPACE}/ttl"),
    SSE: ("GET", SSE_PATH),
    WS: ("GET", WS_PATH),
    EXTEND: ("PUT", f"{WORKSPACE}/extend"),
    AUTOSTART: ("PUT", f"{WORKSPACE}/autostart"),
    DORMANT: ("PUT", f"{WORKSPACE}/dormant"),
    UPDATES: ("PUT", f"{WORKSPACE}/autoupdates"),
    ACL: ("PATCH", f"{WORKSPACE}/acl"),
    USAGE: ("POST", f"{WORKSPACE}/usage"),
    CREATE: ("POST", r"/users/[^/]+/workspaces"),
    CREATE_IN: ("POST", r"/organizations/[^/]+/members/[^/]+/workspaces"),
    MARK: ("PUT", f"{WORKSPACE}/favorite"),
    UNMARK: ("DELETE", f"{WORKSPACE}/favorite"),
    RESOLVE: ("GET", f"{WORKSPACE}/resolve-autostart"),
    TIMINGS: ("GET", f"{WORKSPACE}/timings"),
    GET: ("GET", WORKSPACE),
    BY_NAME: ("GET", NAMED),
    LIST: ("GET", "/workspaces"),
}
CREATED: Place = ("POST", CREATES)
# Whatever answers with workspaces.
SEEN: Place = ("GET|PUT|POST", f"{SHOWS}|{CREATES}|{WORKSPACE}/dormant")
