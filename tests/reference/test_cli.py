from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import sqlite3
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from websockets.sync.client import connect

from coder_conformance.reference import Settings
from coder_conformance.reference.application import create_world
from coder_conformance.reference.cli import main
from coder_conformance.reference.persistence import StateError

from .processes import Process, call

SEED = """
organizations: [{name: acme}]
users:
  - {username: boss, roles: [owner], token: bosstoken1-abcdefghijklmnopqrstuv}
  - {username: ada, token: adatoken12-abcdefghijklmnopqrstuv}
templates:
  - name: vm
    default_ttl_ms: 3600000
    versions:
      - name: one
        parameters: [{name: size, type: number, default: 2, minimum: 1, maximum: 9}]
workspaces:
  - {name: box, owner: ada, template: vm, state: stopped, parameters: {size: 4}}
generate:
  - {count: 30, template: vm, owners: [ada, boss], prefix: bulk, states: [running, stopped]}
"""


@pytest.fixture
def launch(tmp_path: Path) -> Generator[Callable[..., Process]]:
    """Give a starter of servers, which are killed at the end."""
    started: list[Process] = []

    def start(*arguments: str) -> Process:
        started.append(Process(tmp_path, *arguments))
        return started[-1]

    yield start
    for each in started:
        each.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ready_file_and_prompt_stop(launch: Callable[..., Process], number: int) -> None:
    """The file is private, the server stops at once with a stream open, no token is printed."""
    server = launch("--build-seconds", "0", "--log-level", "debug")
    ready = server.ready()
    assert server.ready_file.stat().st_mode & 0o777 == 0o600
    assert set(ready) == {"url", "owner", "member"}
    url, owner = ready["url"], ready["owner"]["token"]
    template = call(url, "GET", "/templates", owner)[0]["id"]
    body = {"name": "dev", "template_id": template}
    workspace = call(url, "POST", "/users/me/workspaces", owner, body)["id"]
    watch = f"{url}/api/v2/workspaces/{workspace}/watch?coder_session_token={owner}"
    messages = f"{watch.replace('http', 'ws', 1).replace('/watch?', '/watch-ws?')}"
    headers = {"Coder-Session-Token": owner}
    with connect(messages, additional_headers=headers) as opened:
        assert opened.recv(timeout=5) == '{"type":"ping","data":null}\n'
    with urllib.request.urlopen(watch, timeout=5) as stream:  # noqa: S310 - loopback
        assert stream.readline() == b"event: ping\n"
        start = time.monotonic()
        code, out, err = server.stop(number)
        took = time.monotonic() - start
    assert code == 0
    assert took < 2
    assert out == f"{url}\n"
    assert "Traceback" not in err
    for secret in (owner, owner.partition("-")[2], "reference-Owner-1"):
        assert secret not in out + err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--port", "70000"],
        ["--port", "x"],
        ["--build-seconds", "-1"],
        ["--build-seconds", "nan"],
        ["--tick-seconds", "0"],
        ["--rate-limit", "0"],
        ["--experiment", "everything"],
        ["--log-level", "loud"],
        ["--access-url", "coder.example"],
        ["--access-url", "http://x\r\nSet-Cookie: a"],
        ["--access-url", "http://[::1"],
        ["--nonsense"],
    ],
)
def test_bad_options(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A bad value ends with status 2 and a sentence about it."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "error: " in capsys.readouterr().err


def test_bad_places(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A port in use, a missing folder and an odd host are one sentence each."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        cases = [
            (["--port", port], f"port {port}"),
            (["--port", "0", "--host", "no.such.host.invalid"], "no.such.host.invalid"),
            (["--port", "0", "--ready-file", str(tmp_path / "a" / "b")], "ready file"),
            (["--port", "0", "--ready-file", str(tmp_path)], "is a directory"),
            (["--port", "0", "--ready-file", str(tmp_path / ("x" * 300))], "ready file"),
            (["--port", "0", "--host", "x" * 70], "--host"),
            (["--port", "0", "--host", "a..b"], "--host"),
            (["--port", "0", "--host", "192.0.2.1"], "192.0.2.1"),
        ]
        for arguments, part in cases:
            assert main(arguments) == 2
            error = capsys.readouterr().err
            assert part in error
            assert error.count("\n") == 1
            assert "Traceback" not in error


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a: [", "seed.yaml:1:5"),
        ("users: [{name: x}]", "users[0].username"),
        ("users: [{username: x, roles: [boss]}]\norganizations: [{name: a}]", "users[0].roles[0]"),
        ("nonsense: 1", "nonsense"),
        ("[]", "the file"),
        ("users: [{username: x}]", "users[0]"),
        ("organizations: [{name: 'a b'}]", "organizations[0].name"),
        (SEED.replace("owner: ada", "owner: eve"), "workspaces[0].owner"),
        (SEED.replace("size: 4", "size: 40"), "workspaces[0].parameters.size"),
        (SEED.replace("adatoken12", "ada"), "users[1].token"),
        (SEED.replace("default: 2", "default: x"), "templates[0].versions[0].parameters[0]"),
        (SEED.replace("type: number", "type: numeral"), "templates[0].versions[0].parameters[0]"),
        (SEED.replace("state: stopped", "state: asleep"), "workspaces[0].state"),
        (SEED.replace("template: vm, state", "template: ux, state"), "workspaces[0].template"),
    ],
)  # fmt: skip
def test_bad_seed_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, part: str
) -> None:
    """A wrong seed file is one sentence that names the place."""
    file = tmp_path / "seed.yaml"
    file.write_text(text)
    assert main(["--port", "0", "--seed", str(file)]) == 2
    error = capsys.readouterr().err
    assert part in error
    assert error.count("\n") == 1


def test_an_unreadable_seed_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing file and one that is no text are one sentence each."""
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "missing.yaml", binary):
        assert main(["--port", "0", "--seed", str(path)]) == 2
        assert str(path) in capsys.readouterr().err


def test_seed_file(launch: Callable[..., Process], tmp_path: Path) -> None:
    """Users, templates, workspaces in their states and generated ones are there."""
    file = tmp_path / "seed.yaml"
    file.write_text(SEED)
    ready = launch("--seed", str(file)).ready()
    assert ready["owner"]["username"] == "boss"
    assert ready["member"]["username"] == "ada"
    found = call(ready["url"], "GET", "/workspaces", ready["owner"]["token"])
    assert found["count"] == 31
    box = call(ready["url"], "GET", "/users/me/workspace/box", ready["member"]["token"])
    assert box["latest_build"]["status"] == "stopped"
    assert box["ttl_ms"] == 3_600_000
    path = "/workspaces?q=status:running"
    assert call(ready["url"], "GET", path, ready["member"]["token"])["count"] == 15


def test_state_survives_a_kill(launch: Callable[..., Process], tmp_path: Path) -> None:
    """What was acknowledged is there after kill -9, and builds under way go on."""
    state = str(tmp_path / "state.db")
    first = launch("--state", state, "--build-seconds", "0.3")
    ready = first.ready()
    url, owner = ready["url"], ready["owner"]["token"]
    template = call(url, "GET", "/templates", owner)[0]["id"]
    body = {"name": "dev", "template_id": template, "ttl_ms": 3_600_000}
    workspace = call(url, "POST", "/users/me/workspaces", owner, body)["id"]
    call(url, "PUT", f"/workspaces/{workspace}/autostart", owner, {"schedule": "0 9 * * 1"})
    call(url, "PUT", f"/workspaces/{workspace}/favorite", owner)
    deployment = call(url, "GET", "/buildinfo", owner)["deployment_id"]
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.wait()
    second = launch("--state", state, "--build-seconds", "0.3")
    url = second.ready()["url"]
    assert call(url, "GET", "/buildinfo", owner)["deployment_id"] == deployment
    deadline = time.monotonic() + 5
    while True:
        found = call(url, "GET", f"/workspaces/{workspace}", owner)
        if found["latest_build"]["status"] == "running" or time.monotonic() > deadline:
            break
        time.sleep(0.05)
    assert found["latest_build"]["status"] == "running"
    assert (found["autostart_schedule"], found["favorite"]) == ("0 9 * * 1", True)
    third = launch("--state", state)
    _, error = third.process.communicate(timeout=10)
    assert third.process.returncode == 2
    assert error.count("\n") == 1
    assert "another server uses it" in error
    assert second.stop()[0] == 0


def test_bad_state_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is no database, or in a folder that is not there, is one sentence."""
    text = tmp_path / "text.db"
    text.write_text("hello, this is certainly no database" * 10)
    for path in (text, tmp_path / "missing" / "state.db"):
        assert main(["--port", "0", "--state", str(path)]) == 2
        error = capsys.readouterr().err
        assert str(path) in error
        assert error.count("\n") == 1


def damage(path: Path, statement: str, *values: object) -> None:
    """Change a state file behind the server's back."""
    database = sqlite3.connect(path)
    assert database.execute(statement, values).rowcount
    database.commit()
    database.close()


@pytest.mark.parametrize(
    ("statement", "values", "part"),
    [
        ("UPDATE records SET body = ? WHERE kind = 'User'", (b"{",), "holds a User"),
        ("UPDATE records SET body = ? WHERE kind = 'ApiKey'", (b"\xff\xfe",), "holds a ApiKey"),
        ("DELETE FROM records WHERE kind = 'Organization'", (), "without its"),
        ("DELETE FROM records WHERE kind = 'TemplateVersion'", (), "without its"),
        ("UPDATE facts SET value = 'x' WHERE name = 'deployment_id'", (), "id of the deployment"),
        ("UPDATE facts SET value = '99' WHERE name = 'format'", (), "another version"),
    ],
)
def test_damaged_state_files(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    statement: str,
    values: tuple[object, ...],
    part: str,
) -> None:
    """Records that cannot be read or lack their like are one sentence with what to do."""
    path = tmp_path / "state.db"
    create_world(Settings(), state=path).close()
    damage(path, statement, *values)
    assert main(["--port", "0", "--state", str(path)]) == 2
    error = capsys.readouterr().err
    assert part in error
    assert "name a new file" in error
    assert error.count("\n") == 1


def test_any_damage_is_told_or_harmless(tmp_path: Path) -> None:
    """Whichever bytes of a state file are changed, it is read or refused in one line."""
    good, path = tmp_path / "good.db", tmp_path / "state.db"
    create_world(Settings(), state=good).close()
    source, content = random.Random(5), good.read_bytes()  # noqa: S311 - the same in every run
    told: list[str] = []
    for _ in range(150):
        damaged = bytearray(content[: source.choice([len(content), source.randrange(9000)])])
        for _ in range(source.randint(1, 20)):
            damaged[source.randrange(len(damaged))] = source.randrange(256)
        path.write_bytes(damaged)
        try:
            world = create_world(Settings(), state=path)
        except StateError as error:
            told.append(str(error))
            continue
        with contextlib.suppress(sqlite3.Error):
            world.close()
    assert told
    assert not [sentence for sentence in told if "\n" in sentence]


def test_start_is_quick(launch: Callable[..., Process]) -> None:
    """The default deployment is ready within two seconds even on a busy machine."""
    start = time.monotonic()
    launch().ready()
    assert time.monotonic() - start < 2


def test_stop_does_not_wait_for_clients_that_do_not_read(launch: Callable[..., Process]) -> None:
    """Watchers who stopped reading and a request that never ends are cut off, without noise."""
    server = launch("--build-seconds", "0", "--allow-renames")
    ready = server.ready()
    url, owner = ready["url"], ready["owner"]["token"]
    template = call(url, "GET", "/templates", owner)[0]["id"]
    body = {"name": "dev", "template_id": template}
    workspace = call(url, "POST", "/users/me/workspaces", owner, body)["id"]
    address = ("127.0.0.1", int(url.rpartition(":")[2]))
    upgrade = (
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    )
    token = f"Host: x\r\nCoder-Session-Token: {owner}\r\n"
    requests = [
        f"GET /api/v2/workspaces/{workspace}/watch HTTP/1.1\r\n{token}\r\n",
        f"GET /api/v2/workspaces/{workspace}/watch-ws HTTP/1.1\r\n{token}{upgrade}\r\n",
        "POST /api/v2/users/login HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
    ]
    clients: list[socket.socket] = []
    for request in requests:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.connect(address)
        client.sendall(request.encode())
        clients.append(client)
    for number in range(400):
        call(url, "PATCH", f"/workspaces/{workspace}", owner, {"name": f"dev-{number}"})
    start = time.monotonic()
    code, _, err = server.stop()
    assert time.monotonic() - start < 2.5
    assert (code, err) == (0, "")
    for client in clients:
        client.close()
