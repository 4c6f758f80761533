"""A deployment in the test's own process, with a clock that the test moves."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2

from coder_conformance.reference import ManualClock, Settings, create_app
from coder_conformance.reference.ids import Ids
from coder_conformance.reference.seed.default import MEMBER, OWNER
from coder_conformance.reference.seed.model import Seed
from coder_conformance.reference.world import World

BASE = "http://coder.test"
PASSWORD = "A-Good-Enough-Password-1"
ABSENT_ID = "11111111-2222-4333-8444-555555555555"


@dataclass
class Api:
    """Sends requests to a deployment and moves its clock."""

    settings: Settings = field(default_factory=lambda: Settings(build_seconds=4))
    seed: Seed | None = None

    def __post_init__(self) -> None:
        """Make the deployment."""
        self.clock = ManualClock()
        self.app = create_app(
            self.settings,
            clock=self.clock,
            seed=self.seed,
            ids=Ids(random.Random(1)),  # noqa: S311 - the same ids in every run
        )
        self.world: World = self.app.state.world
        self.runner = asyncio.Runner()
        self.owner = OWNER.token
        self.member = MEMBER.token

    def close(self) -> None:
        """Give back the event loop."""
        self.runner.close()

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = "",
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx2.Response:
        """Send one request without any cookie jar; ``token`` None sends none."""
        sent = dict(headers or {})
        if token is not None:
            sent["Coder-Session-Token"] = token or self.owner
        if content is None and body is not None:
            content = json.dumps(body).encode()
        url = path if path.startswith("/healthz") else f"/api/v2{path}"

        async def run() -> httpx2.Response:
            transport = httpx2.ASGITransport(app=self.app)
            async with httpx2.AsyncClient(transport=transport, base_url=BASE) as client:
                return await client.request(method, url, headers=sent, content=content)

        return self.runner.run(run())

    def get(self, path: str, **options: Any) -> Any:
        """Return the JSON of a successful GET."""
        response = self.send("GET", path, **options)
        assert response.status_code == 200, response.text
        return response.json()

    def template(self, name: str = "docker") -> Any:
        """Return a template by name."""
        return next(t for t in self.get("/templates") if t["name"] == name)

    def create(
        self, name: str = "dev", *, token: str = "", user: str = "me", **fields: object
    ) -> Any:
        """Create a workspace and return it as it was answered."""
        body: dict[str, object] = {"name": name, **fields}
        if "template_version_id" not in body and "template_id" not in body:
            body["template_id"] = self.template()["id"]
        response = self.send("POST", f"/users/{user}/workspaces", body, token=token)
        assert response.status_code == 201, response.text
        return response.json()

    def running(self, name: str = "dev", **options: Any) -> Any:
        """Create a workspace, wait until it runs with its agent and return it."""
        workspace = self.create(name, **options)
        self.clock.advance(10)
        return self.get(f"/workspaces/{workspace['id']}")

    def build(self, workspace_id: str, transition: str, token: str = "") -> Any:
        """Queue a build and return it as it was answered."""
        body = {"transition": transition}
        response = self.send("POST", f"/workspaces/{workspace_id}/builds", body, token=token)
        assert response.status_code == 201, response.text
        return response.json()

    def user(self, name: str, *roles: str) -> str:
        """Create an active user with site roles and return a token."""
        organization = self.get("/organizations")[0]["id"]
        body = {
            "username": name,
            "email": f"{name}@coder.example",
            "password": PASSWORD,
            "organization_ids": [organization],
        }
        assert self.send("POST", "/users", body).status_code == 201
        if roles:
            response = self.send("PUT", f"/users/{name}/roles", {"roles": list(roles)})
            assert response.status_code == 200, response.text
        response = self.send("POST", f"/users/{name}/keys/tokens", {})
        assert response.status_code == 201, response.text
        key: str = response.json()["key"]
        return key


def fields_of(response: httpx2.Response) -> dict[str, str]:
    """Return the validations of an error by field."""
    found: dict[str, str] = {}
    for entry in response.json()["validations"]:
        found[entry["field"]] = entry["detail"]
    return found
