"""Realistic workspaces, the same in every run: about 10 KB of JSON each, as a server sends them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

Json = dict[str, Any]

_EPOCH: Final = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
_USERS: Final = ("amelie.durand", "bo-lindqvist", "chinwe", "d.okonkwo", "erik-jansen", "fatima.z")
_PROJECTS: Final = ("billing", "checkout", "data-lake", "frontend", "ingest", "search", "ml-train")
_TEMPLATES: Final = (
    ("kubernetes-go", "Kubernetes: Go services", "/icon/k8s.png"),
    ("docker-python", "Docker: Python", "/icon/docker.png"),
    ("aws-linux-gpu", "AWS EC2 with a GPU", "/icon/aws.svg"),
)
_APPS: Final = (
    ("code-server", "code-server", "/icon/code.svg", "http://localhost:13337?folder=/home/coder"),
    ("jupyter", "JupyterLab", "/icon/jupyter.svg", "http://localhost:8888/lab?token=&reset=1"),
    ("filebrowser", "File Browser", "/icon/filebrowser.svg", "http://localhost:13339"),
    ("grafana", "Grafana", "/icon/grafana.svg", "http://localhost:3000/d/overview?orgId=1&kiosk"),
)
_SCRIPTS: Final = (
    (
        "Startup Script",
        (
            "#!/usr/bin/env bash\nset -euo pipefail\nif [ ! -f ~/.init_done ]; then\n"
            "  cp -rT /etc/skel ~ && touch ~/.init_done\nfi\n"
            "curl -fsSL https://code-server.dev/install.sh | sh -s -- --method=standalone "
            "--prefix=/tmp/code-server >> /tmp/install.log 2>&1\n"
            "/tmp/code-server/bin/code-server --auth none --port 13337 > /tmp/code.log 2>&1 &\n"
        ),
    ),
    (
        "Clone repository",
        (
            '#!/usr/bin/env bash\nset -e\nREPO="$GIT_REPOSITORY"\nTARGET=~/src\n'
            'if [ ! -d "$TARGET/.git" ]; then\n  git clone --filter=blob:none "$REPO" "$TARGET"\n'
            'else\n  git -C "$TARGET" fetch --prune && git -C "$TARGET" status -sb\nfi\n'
        ),
    ),
    (
        "Dotfiles",
        (
            '#!/usr/bin/env bash\nset -e\nif [ -n "${DOTFILES_URI// }" ]; then\n'
            '  coder dotfiles "$DOTFILES_URI" -y 2>&1 | tee ~/.dotfiles.log\nfi\n'
        ),
    ),
)
_REGIONS: Final = ("Frankfurt", "Helsinki", "Ashburn", "Singapore", "Sydney")


def page(count: int, *, seed: int = 2026) -> Json:
    """Return a ``WorkspacesResponse`` with ``count`` workspaces."""
    rng = Random(seed)  # noqa: S311 - has to repeat itself, not to be secret
    return {"workspaces": [_Builder(rng).workspace(n) for n in range(count)], "count": count}


def encode(value: Json) -> bytes:
    """Return JSON as a Go server writes it: compact, HTML escaped, with a final newline."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return f"{text}\n".encode()


class _Builder:
    """Builds one workspace, whose parts share identifiers and times."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._start = _EPOCH + timedelta(seconds=rng.randrange(200 * 86_400))

    def workspace(self, number: int) -> Json:
        self._id, self._owner_id, self._organization_id = self._uuid(), self._uuid(), self._uuid()
        self._owner = self._rng.choice(_USERS)
        self._name = f"{self._rng.choice(_PROJECTS)}-{number}"
        self._template_id, self._version_id = self._uuid(), self._uuid()
        self._template = self._rng.choice(_TEMPLATES)
        name, title, icon = self._template
        build = self._build()
        agent = build["resources"][0]["agents"][0]
        app = agent["apps"][0]
        scheduled = self._rng.random() < 0.7
        result: Json = {
            "id": self._id,
            "created_at": self._time(-86_400),
            "updated_at": self._time(-86_400),
            "owner_id": self._owner_id,
            "owner_name": self._owner,
            "owner_avatar_url": f"https://avatars.example.com/u/{self._rng.randrange(10**8)}?v=4",
            "organization_id": self._organization_id,
            "organization_name": "engineering",
            "template_id": self._template_id,
            "template_name": name,
            "template_display_name": title,
            "template_icon": icon,
            "template_allow_user_cancel_workspace_jobs": True,
            "template_active_version_id": self._version_id,
            "template_require_active_version": False,
            "template_use_classic_parameter_flow": False,
            "latest_build": build,
            "latest_app_status": app["statuses"][0] if app["statuses"] else None,
            "outdated": False,
            "name": self._name,
            "last_used_at": self._time(7_200),
            "deleting_at": None,
            "dormant_at": None,
            "health": {"healthy": True, "failing_agents": []},
            "automatic_updates": self._rng.choice(("always", "never")),
            "allow_renames": False,
            "favorite": self._rng.random() < 0.1,
            "next_start_at": self._time(57_600) if scheduled else None,
            "is_prebuild": False,
        }
        if scheduled:
            result["autostart_schedule"] = "CRON_TZ=Europe/Berlin 30 8 * * 1-5"
            result["ttl_ms"] = 28_800_000
        return result

    def _build(self) -> Json:
        build_id, job = self._uuid(), self._uuid()
        version = f"v{self._rng.randrange(40)}"
        return {
            "id": build_id,
            "created_at": self._time(0),
            "updated_at": self._time(40),
            "workspace_id": self._id,
            "workspace_name": self._name,
            "workspace_owner_id": self._owner_id,
            "workspace_owner_name": self._owner,
            "workspace_owner_avatar_url": "https://avatars.example.com/u/9919?v=4",
            "template_version_id": self._version_id,
            "template_version_name": version,
            "build_number": self._rng.randrange(1, 300),
            "transition": "start",
            "initiator_id": self._owner_id,
            "initiator_name": self._owner,
            "job": self._job(job, build_id, version),
            "reason": self._rng.choice(("initiator", "autostart", "dashboard", "cli")),
            "resources": [self._machine(job), self._volume(job), self._network(job)],
            "deadline": self._time(28_800),
            "max_deadline": None,
            "status": "running",
            "daily_cost": self._rng.randrange(30),
            "matched_provisioners": {
                "count": 3,
                "available": 2,
                "most_recently_seen": self._time(0),
            },
            "template_version_preset_id": self._uuid() if self._rng.random() < 0.3 else None,
            "has_ai_task": False,
        }

    def _job(self, job: str, build_id: str, version: str) -> Json:
        name, title, icon = self._template
        return {
            "id": job,
            "created_at": self._time(0),
            "started_at": self._time(1),
            "completed_at": self._time(40),
            "status": "succeeded",
            "worker_id": self._uuid(),
            "worker_name": f"provisioner-{self._rng.randrange(8)}",
            "file_id": self._uuid(),
            "tags": {"owner": "", "scope": "organization", "cluster": "eu-1"},
            "queue_position": 0,
            "queue_size": 0,
            "organization_id": self._organization_id,
            "input": {"workspace_build_id": build_id},
            "type": "workspace_build",
            "available_workers": [self._uuid(), self._uuid()],
            "metadata": {
                "template_version_name": version,
                "template_id": self._template_id,
                "template_name": name,
                "template_display_name": title,
                "template_icon": icon,
                "workspace_id": self._id,
                "workspace_name": self._name,
            },
            "logs_overflowed": False,
        }

    def _machine(self, job: str) -> Json:
        metadata = {
            "cpu": f"{self._rng.choice((2, 4, 8, 16))} cores",
            "memory": f"{self._rng.choice((4, 8, 16, 32))} GiB",
            "image": "registry.example.com/dev/base:2026.03@sha256:4f1c0e",
            "namespace": "coder-workspaces",
            "node": f"ip-10-0-{self._rng.randrange(256)}-{self._rng.randrange(256)}",
        }
        machine = self._resource(job, "kubernetes_deployment", "main", "/icon/k8s.png", metadata)
        return {**machine, "agents": [self._agent(machine["id"])]}

    def _volume(self, job: str) -> Json:
        metadata = {"size": "50 GiB", "class": "gp3", "mount": "/home/coder"}
        kind = "kubernetes_persistent_volume_claim"
        return self._resource(job, kind, "home", "/icon/folder.svg", metadata)

    def _network(self, job: str) -> Json:
        return self._resource(job, "kubernetes_service", "expose", "", {"type": "ClusterIP"})

    def _resource(
        self, job: str, kind: str, name: str, icon: str, metadata: dict[str, str]
    ) -> Json:
        return {
            "id": self._uuid(),
            "created_at": self._time(39),
            "job_id": job,
            "workspace_transition": "start",
            "type": kind,
            "name": name,
            "hide": False,
            "icon": icon,
            "metadata": [
                {"key": key, "value": value, "sensitive": False} for key, value in metadata.items()
            ],
            "daily_cost": 10,
        }

    def _agent(self, resource_id: str) -> Json:
        agent = self._uuid()
        sources = [self._uuid() for _ in _SCRIPTS]
        return {
            "id": agent,
            "parent_id": None,
            "created_at": self._time(39),
            "updated_at": self._time(60),
            "first_connected_at": self._time(52),
            "last_connected_at": self._time(7_190),
            "started_at": self._time(53),
            "ready_at": self._time(58),
            "status": "connected",
            "lifecycle_state": "ready",
            "name": "main",
            "resource_id": resource_id,
            "architecture": self._rng.choice(("amd64", "arm64")),
            "environment_variables": {
                "EDITOR": "vim",
                "GIT_AUTHOR_NAME": self._owner,
                "GIT_AUTHOR_EMAIL": f"{self._owner}@example.com",
                "GIT_REPOSITORY": f"https://git.example.com/shop/{self._name}.git",
                "DOTFILES_URI": "",
            },
            "operating_system": "linux",
            "logs_length": self._rng.randrange(60_000),
            "logs_overflowed": False,
            "directory": "~/src",
            "expanded_directory": "/home/coder/src",
            "version": "v2.25.1+3e2c1f4",
            "api_version": "2.6",
            "apps": [self._app(agent, *app) for app in _APPS],
            "latency": {
                region: {
                    "preferred": region == "Frankfurt",
                    "latency_ms": round(self._rng.uniform(4, 280), 6),
                }
                for region in _REGIONS
            },
            "connection_timeout_seconds": 120,
            "troubleshooting_url": "https://wiki.example.com/coder/agents?from=dashboard",
            "subsystems": ["envbuilder"],
            "health": {"healthy": True},
            "display_apps": ["vscode", "web_terminal", "ssh_helper", "port_forwarding_helper"],
            "log_sources": [
                {
                    "workspace_agent_id": agent,
                    "id": source,
                    "created_at": self._time(39),
                    "display_name": title,
                    "icon": "/icon/terminal.svg",
                }
                for source, (title, _) in zip(sources, _SCRIPTS, strict=True)
            ],
            "scripts": [
                {
                    "id": self._uuid(),
                    "log_source_id": source,
                    "log_path": f"coder-script-{source}.log",
                    "script": script,
                    "cron": "",
                    "run_on_start": True,
                    "run_on_stop": False,
                    "start_blocks_login": title == "Clone repository",
                    "timeout": 300_000_000_000,
                    "display_name": title,
                }
                for source, (title, script) in zip(sources, _SCRIPTS, strict=True)
            ],
            "startup_script_behavior": "non-blocking",
        }

    def _app(self, agent: str, slug: str, title: str, icon: str, url: str) -> Json:
        app = self._uuid()
        reports = slug == "code-server" and self._rng.random() < 0.5
        return {
            "id": app,
            "url": url,
            "external": False,
            "slug": slug,
            "display_name": title,
            "icon": icon,
            "subdomain": True,
            "subdomain_name": f"{slug}--main--{self._name}--{self._owner}",
            "sharing_level": self._rng.choice(("owner", "authenticated")),
            "healthcheck": {
                "url": f"{url.partition('?')[0]}/healthz",
                "interval": 5,
                "threshold": 6,
            },
            "health": "healthy",
            "hidden": False,
            "open_in": "slim-window",
            "statuses": [self._status(agent, app)] if reports else [],
        }

    def _status(self, agent: str, app: str) -> Json:
        return {
            "id": self._uuid(),
            "created_at": self._time(3_600),
            "workspace_id": self._id,
            "agent_id": agent,
            "app_id": app,
            "state": self._rng.choice(("working", "idle", "complete")),
            "message": "Ran the tests of the payment module: 214 passed, 2 skipped",
            "uri": "https://git.example.com/shop/pulls/1482",
            "icon": "",
            "needs_user_attention": False,
        }

    def _uuid(self) -> str:
        return str(UUID(int=self._rng.getrandbits(128), version=4))

    def _time(self, seconds: int) -> str:
        moment = self._start + timedelta(
            seconds=seconds, microseconds=self._rng.randrange(1_000_000)
        )
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
