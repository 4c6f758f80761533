from __future__ import annotations

import http.client
import json
import random
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from coder_conformance.reference.seed.default import OWNER

from .processes import Process
from .support import PASSWORD

ROUNDS = 4
UNSET = object()


class Writer:
    """Writes at random and remembers what was acknowledged.

    ``known`` maps (path, field) to the last acknowledged value, ``doubtful`` to that of the write
    that the kill interrupted, which may have come through or not.
    """

    def __init__(self, source: random.Random) -> None:
        self.source = source
        self.known: dict[tuple[str, str], object] = {}
        self.doubtful: dict[tuple[str, str], object] = {}
        self.workspaces: list[str] = []
        self.written = 0
        self.number = 0
        self.connection: http.client.HTTPConnection | None = None

    def connect(self, url: str) -> None:
        """Talk to this server from now on."""
        self.close()
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)

    def close(self) -> None:
        """Close the connection."""
        if self.connection is not None:
            self.connection.close()

    def send(self, method: str, path: str, body: object = None) -> Any:
        """Send a request that has to succeed and return the JSON of its answer."""
        assert self.connection is not None
        content = None if body is None else json.dumps(body)
        headers = {"Coder-Session-Token": OWNER.token}
        self.connection.request(method, f"/api/v2{path}", content, headers)
        with self.connection.getresponse() as response:
            data = response.read()
        assert response.status < 300, (method, path, body, response.status, data)
        return json.loads(data) if data else None

    def write_until_killed(self) -> None:
        """Write until the server is gone."""
        template = self.send("GET", "/templates")[0]["id"]
        try:
            while True:
                self.number += 1
                if self.source.random() < 0.15 or not self.workspaces:
                    self._create(template)
                else:
                    self._change(self.source.choice(self.workspaces))
                self.doubtful.clear()
                self.written += 1
        except (OSError, http.client.HTTPException):
            return

    def _create(self, template: str) -> None:
        if self.source.random() < 0.3:
            name = f"u{self.number}"
            body: dict[str, object] = {
                "username": name,
                "email": f"{name}@coder.example",
                "password": PASSWORD,
                "organization_ids": ["00000000-0000-0000-0000-000000000000"],
            }
            self.send("POST", "/users", body)
            self.known[f"/users/{name}", "username"] = name
            return
        body = {"name": f"w{self.number}", "template_id": template}
        made = self.send("POST", "/users/me/workspaces", body)
        path = f"/workspaces/{made['id']}"
        self.workspaces.append(path)
        self.known[path, "name"] = made["name"]

    def _change(self, path: str) -> None:
        number = self.number
        options: list[tuple[str, str, str, object]] = [
            ("PUT", "autostart", "schedule", f"{number % 60} 9 * * *"),
            ("PUT", "ttl", "ttl_ms", (1 + number % 1000) * 60_000),
            ("PUT", "autoupdates", "automatic_updates", ("always", "never")[number % 2]),
            ("PATCH", "", "name", f"r{number}"),
        ]
        method, leaf, name, value = self.source.choice(options)
        shown = {"schedule": "autostart_schedule"}.get(name, name)
        self.doubtful[path, shown] = value
        self.send(method, f"{path}/{leaf}".rstrip("/"), {name: value})
        self.known[path, shown] = value

    def check(self) -> None:
        """Assert that everything acknowledged is there."""
        for (path, name), expected in self.known.items():
            found = self.send("GET", path).get(name)
            in_doubt = self.doubtful.get((path, name), UNSET)
            assert found in (expected, in_doubt), (path, name, expected, found)
            self.known[path, name] = found
        assert self.send("GET", "/workspaces")["count"] >= len(self.workspaces)
        self.doubtful.clear()


@pytest.mark.parametrize("seed", [1, 2])
def test_what_was_acknowledged_survives_every_kill(tmp_path: Path, seed: int) -> None:
    """The server is killed in the middle of writing, again and again, and forgets nothing."""
    source = random.Random(seed)  # noqa: S311 - the moments of the kills only
    writer = Writer(source)
    arguments = ("--state", str(tmp_path / "state.db"), "--allow-renames", "--build-seconds", "0.1")
    for _ in range(ROUNDS):
        server = Process(tmp_path, *arguments)
        try:
            writer.connect(server.ready()["url"])
            writer.check()
            killer = threading.Timer(source.uniform(0.02, 0.5), server.process.kill)
            killer.start()
            writer.write_until_killed()
            killer.join()
        finally:
            server.kill()
    server = Process(tmp_path, *arguments)
    try:
        writer.connect(server.ready()["url"])
        writer.check()
        assert writer.written > 50
    finally:
        writer.close()
        server.kill()
