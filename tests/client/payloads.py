"""Bodies as a Coder server sends them, written out by hand."""

from __future__ import annotations

import copy
from typing import Any

WORKSPACE_ID = "7b6c2a1e-5d0f-4c7a-9a3e-1f2d3c4b5a69"
BUILD_ID = "2c7d8b19-ae1f-4074-99f6-8b7a6f5e4d3c"
TOKEN = "AbCdEfGhIj-KlMnOpQrStUvWxYz012345"

_ZERO = "00000000-0000-0000-0000-000000000000"
_TIME = "2025-08-01T10:00:00.123456Z"

_JOB: dict[str, Any] = {
    "id": "3d8e9c20-bf20-4185-aa07-9c8b7a6f5e4d",
    "created_at": _TIME,
    "started_at": _TIME,
    "completed_at": _TIME,
    "status": "succeeded",
    "file_id": "4e9fad31-c031-4296-bb18-ad9c8b7a6f5e",
    "tags": {"owner": "", "scope": "organization"},
    "queue_position": 0,
    "queue_size": 0,
    "organization_id": "5fa0be42-d142-43a7-8c29-bead9c8b7a6f",
    "input": {"workspace_build_id": BUILD_ID},
    "type": "workspace_build",
    "logs_overflowed": False,
    "metadata": {
        "template_version_name": "v1",
        "template_id": _ZERO,
        "template_name": "docker",
        "template_display_name": "Docker",
        "template_icon": "",
        "workspace_id": WORKSPACE_ID,
        "workspace_name": "dev",
    },
}

_BUILD: dict[str, Any] = {
    "id": BUILD_ID,
    "created_at": _TIME,
    "updated_at": _TIME,
    "workspace_id": WORKSPACE_ID,
    "workspace_name": "dev",
    "workspace_owner_id": "60b1cf53-e253-44b8-9d3a-cfbead9c8b7a",
    "workspace_owner_name": "alice",
    "template_version_id": "71c2d064-f364-45c9-ae4b-d0cfbead9c8b",
    "template_version_name": "v1",
    "build_number": 1,
    "transition": "start",
    "initiator_id": "60b1cf53-e253-44b8-9d3a-cfbead9c8b7a",
    "initiator_name": "alice",
    "job": _JOB,
    "reason": "initiator",
    "resources": [],
    "deadline": None,
    "max_deadline": None,
    "status": "running",
    "daily_cost": 0,
    "matched_provisioners": {"count": 0, "available": 0, "most_recently_seen": None},
    "template_version_preset_id": None,
}

_WORKSPACE: dict[str, Any] = {
    "id": WORKSPACE_ID,
    "created_at": _TIME,
    "updated_at": _TIME,
    "owner_id": "60b1cf53-e253-44b8-9d3a-cfbead9c8b7a",
    "owner_name": "alice",
    "owner_avatar_url": "",
    "organization_id": "5fa0be42-d142-43a7-8c29-bead9c8b7a6f",
    "organization_name": "coder",
    "template_id": "82d3e175-0475-46da-bf5c-e1d0cfbead9c",
    "template_name": "docker",
    "template_display_name": "Docker",
    "template_icon": "",
    "template_allow_user_cancel_workspace_jobs": False,
    "template_active_version_id": "71c2d064-f364-45c9-ae4b-d0cfbead9c8b",
    "template_require_active_version": False,
    "template_use_classic_parameter_flow": False,
    "latest_build": _BUILD,
    "latest_app_status": None,
    "outdated": False,
    "name": "dev",
    "last_used_at": "0001-01-01T00:00:00Z",
    "deleting_at": None,
    "dormant_at": None,
    "health": {"healthy": True, "failing_agents": []},
    "automatic_updates": "never",
    "allow_renames": False,
    "favorite": False,
    "next_start_at": None,
    "is_prebuild": False,
}


def workspace(**changes: Any) -> dict[str, Any]:
    """Return a workspace with some fields changed."""
    return copy.deepcopy(_WORKSPACE) | changes


def build(**changes: Any) -> dict[str, Any]:
    """Return a build with some fields changed."""
    return copy.deepcopy(_BUILD) | changes
