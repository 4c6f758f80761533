"""What the contract says about request fields beside their types is checked before sending."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from coder_workspaces.models import (
    CreateFirstUserRequest,
    CreateWorkspaceRequest,
    LoginWithPasswordRequest,
    PostWorkspaceUsageRequest,
    UpdateWorkspaceACL,
    UpdateWorkspaceRequest,
    UpdateWorkspaceTTLRequest,
)

_ID = uuid4()


@pytest.mark.parametrize(
    ("model", "fields", "text"),
    [
        (UpdateWorkspaceRequest, {"name": "new"}, "name: 'new' is not allowed"),
        (UpdateWorkspaceRequest, {"name": "create"}, "name: 'create' is not allowed"),
        (
            CreateWorkspaceRequest,
            {"name": "a", "template_id": _ID, "template_version_id": _ID},
            "give one of template_id and template_version_id, not both",
        ),
        (
            CreateWorkspaceRequest,
            {"name": "a"},
            "give one of template_id and template_version_id, not neither",
        ),
        (
            CreateWorkspaceRequest,
            {"name": "a", "template_id": UUID(int=0)},
            "template_id: '00000000-0000-0000-0000-000000000000' is not allowed",
        ),
        (
            UpdateWorkspaceTTLRequest,
            {"ttl_ms": 1},
            "ttl_ms: 1 is not allowed; give 0, or at least 60000",
        ),
        (UpdateWorkspaceTTLRequest, {"ttl_ms": 59_999}, "at least 60000"),
        (PostWorkspaceUsageRequest, {"agent_id": _ID}, "agent_id needs app_name as well"),
        (PostWorkspaceUsageRequest, {"app_name": "ssh"}, "app_name needs agent_id as well"),
        (UpdateWorkspaceACL, {"user_roles": {"alice": "use"}}, "the key 'alice' is no UUID"),
        (UpdateWorkspaceACL, {"group_roles": {"": None}}, "group_roles: the key '' is no UUID"),
    ],
)
def test_what_the_server_would_refuse(model: Any, fields: dict[str, Any], text: str) -> None:
    """A request that breaks a rule cannot be made, and the message says what to do."""
    with pytest.raises(ValidationError) as caught:
        model(**fields)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (UpdateWorkspaceRequest, {"name": "news"}),
        (CreateWorkspaceRequest, {"name": "a", "template_version_id": _ID, "ttl_ms": 60_000}),
        (CreateWorkspaceRequest, {"name": "a", "template_id": _ID, "ttl_ms": None}),
        (UpdateWorkspaceTTLRequest, {}),
        (UpdateWorkspaceTTLRequest, {"ttl_ms": None}),
        (UpdateWorkspaceTTLRequest, {"ttl_ms": 0}),
        (UpdateWorkspaceTTLRequest, {"ttl_ms": 60_000}),
        (PostWorkspaceUsageRequest, {}),
        (PostWorkspaceUsageRequest, {"agent_id": _ID, "app_name": "ssh"}),
        (UpdateWorkspaceACL, {"user_roles": {str(_ID): "use"}, "group_roles": None}),
        (UpdateWorkspaceACL, {}),
    ],
)
def test_what_keeps_to_the_rules(model: Any, fields: dict[str, Any]) -> None:
    """Requests at the edge of what is allowed are made."""
    assert set(model(**fields).to_dict()) == set(fields)


def test_messages_show_no_passwords() -> None:
    """An exception about a request with a password can be logged."""
    for make in (
        lambda: LoginWithPasswordRequest.model_validate({"email": 1, "password": "hunter2"}),
        lambda: CreateFirstUserRequest(email="a@b.c", username="new", password="hunter2"),
    ):
        with pytest.raises(ValidationError) as caught:
            make()
        assert "hunter2" not in str(caught.value)
