from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from coder_conformance.reference import Settings, create_app
from coder_conformance.reference.seed.default import OWNER

from .contract_watch import Watch

HEADERS = {"Coder-Session-Token": OWNER.token}
BASE = "http://coder.test/api/v2"
TEST_FILE = """
import urllib.request

def test_fixtures(reference_url, reference_owner_token, reference_member_token):
    for token in (reference_owner_token, reference_member_token):
        headers = {"Coder-Session-Token": token}
        request = urllib.request.Request(reference_url + "/api/v2/users/me", headers=headers)
        with urllib.request.urlopen(request, timeout=5) as response:
            assert response.status == 200

def test_the_deployment_is_within_reach(reference_server):
    count = reference_server.call(lambda: len(reference_server.app.state.world.store.users))
    assert count == 2
"""


def test_in_process_without_lifespan(tmp_path: Path) -> None:
    """Mounted without lifespan events and on the system's clock, builds still go on."""

    async def use(app: Any) -> str:
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, headers=HEADERS) as client:
            template = (await client.get(f"{BASE}/templates")).json()[0]["id"]
            body = {"name": "dev", "template_id": template}
            made = await client.post(f"{BASE}/users/me/workspaces", json=body)
            events = app.state.world.events
            told: list[int] = []
            events.subscribe(app.state.world.store.live_workspaces()[0].id, lambda: told.append(1))
            await asyncio.sleep(0.3)
            assert len(told) >= 3
            path = f"{BASE}/workspaces/{made.json()['id']}"
            status: str = (await client.get(path)).json()["latest_build"]["status"]
            return status

    for state in (None, tmp_path / "state.db"):
        app = create_app(Settings(build_seconds=0.1), state=state)
        assert asyncio.run(use(app)) == "running"
        app.state.world.close()


def test_a_disk_that_fails_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keeps_to_the_contract: Watch
) -> None:
    """A write that cannot be made durable is a 500 envelope; the next one works again."""
    keeps_to_the_contract.allow_server_errors = True
    app = create_app(Settings(build_seconds=0), state=tmp_path / "state.db")
    world = app.state.world
    body = {"email": OWNER.email, "password": OWNER.password}

    async def login() -> httpx2.Response:
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport) as client:
            return await client.post(f"{BASE}/users/login", json=body)

    def fail() -> None:
        raise sqlite3.OperationalError("disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(world, "commit", fail)
        response = asyncio.run(login())
    assert response.status_code == 500
    assert response.json()["message"] == "An internal server error occurred."
    assert asyncio.run(login()).status_code == 201
    world.close()


def test_pytest_plugin(tmp_path: Path) -> None:
    """The fixtures give a running server and working tokens to somebody else's tests."""
    (tmp_path / "test_it.py").write_text(TEST_FILE)
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p"]
    plugin = "coder_conformance.reference.pytest_plugin"
    done = subprocess.run(
        [*command, plugin, "-p", "no:cacheprovider", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout
