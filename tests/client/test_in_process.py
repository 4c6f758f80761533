"""The blocking client and the reference server in one process."""

from __future__ import annotations

import pytest

from coder_workspaces import Client
from coder_workspaces.models import CreateWorkspaceRequest, WorkspaceStatus

pytest.importorskip("starlette", reason="the reference server is not installed")


def test_calls_waiting_and_watching_need_no_socket() -> None:
    """Waiting looks again and again, and a watch goes over server-sent events."""
    from coder_conformance.reference import InProcessTransport, Settings, create_app
    from coder_conformance.reference.seed.default import OWNER

    transport = InProcessTransport(create_app(Settings(build_seconds=0.1)))
    with Client("http://coder.test", OWNER.token, transport=transport) as client:
        template = client.templates.list_templates()[0]
        body = CreateWorkspaceRequest(name="dev", template_id=template.id)
        made = client.workspaces.create_user_workspace("me", body=body)
        found = client.workspaces.wait_for(made.id, WorkspaceStatus.RUNNING, timeout=20)
        assert found.latest_build.status is WorkspaceStatus.RUNNING
        client.workspaces.stop_workspace(made.id, wait=False)
        with client.workspaces.watch_workspace(made.id) as changes:
            assert any(seen.latest_build.status is WorkspaceStatus.STOPPED for seen in changes)
