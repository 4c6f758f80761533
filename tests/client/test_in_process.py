"""The blocking client and the reference server in one process."""

from __future__ import annotations

import pytest

from coder_workspaces import Client
from coder_workspaces.models import CreateWorkspaceRequest, WorkspaceStatus

# Not there where only the client is installed.
application = pytest.importorskip("coder_conformance.reference.application")
reference = pytest.importorskip("coder_conformance.reference")
default = pytest.importorskip("coder_conformance.reference.seed.default")


def test_calls_waiting_and_watching_need_no_socket() -> None:
    """Waiting looks again and again, and a watch goes over server-sent events."""
    app = application.create_app(reference.Settings(build_seconds=0.1))
    transport = reference.InProcessTransport(app)
    with Client("http://coder.test", default.OWNER.token, transport=transport) as client:
        template = client.templates.list_templates()[0]
        body = CreateWorkspaceRequest(name="dev", template_id=template.id)
        made = client.workspaces.create_user_workspace("me", body=body)
        found = client.workspaces.wait_for(made.id, WorkspaceStatus.RUNNING, timeout=20)
        assert found.latest_build.status is WorkspaceStatus.RUNNING
        client.workspaces.stop_workspace(made.id, wait=False)
        with client.workspaces.watch_workspace(made.id) as changes:
            assert any(seen.latest_build.status is WorkspaceStatus.STOPPED for seen in changes)
