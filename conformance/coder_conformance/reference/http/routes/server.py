"""Facts about the deployment itself."""

from __future__ import annotations

from coder_conformance.reference.http.context import Context
from coder_conformance.reference.http.reply import TEXT_TYPE, Reply, json_reply
from coder_conformance.reference.lifecycle.agents import AGENT_API_VERSION

PROVISIONER_API_VERSION = "1.7"


def get_build_info(context: Context) -> Reply:
    """Tell which version this is."""
    return json_reply(
        200,
        {
            "external_url": "https://github.com/coder/coder",
            "version": context.world.settings.version,
            "dashboard_url": context.access_url,
            "telemetry": False,
            "workspace_proxy": False,
            "agent_api_version": AGENT_API_VERSION,
            "provisioner_api_version": PROVISIONER_API_VERSION,
            "upgrade_message": "",
            "deployment_id": str(context.world.deployment_id),
        },
    )


def healthz(_context: Context) -> Reply:
    """Tell that the server answers."""
    return Reply(200, b"OK", [TEXT_TYPE])
