"""Servers that are no servers: each ends in one sentence, the documented status, and a report."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path

import httpx2
import pytest

from coder_conformance.reference.seed.default import OWNER

Talk = Callable[[socket.socket], None]
HTML = b"<!doctype html><title>Another site</title>"


def _answer(body: bytes, kind: bytes, *, length: bool = True) -> bytes:
    size = b"content-length: %d\r\n" % len(body) if length else b""
    return (
        b"HTTP/1.1 200 OK\r\ncontent-type: "
        + kind
        + b"\r\n"
        + size
        + b"connection: close\r\n\r\n"
        + body
    )


def html(connection: socket.socket) -> None:
    """Another web site."""
    connection.recv(65_536)
    connection.sendall(_answer(HTML, b"text/html"))


def other_json(connection: socket.socket) -> None:
    """Another API."""
    connection.recv(65_536)
    connection.sendall(_answer(b'{"hello": "world"}', b"application/json"))


def closes(connection: socket.socket) -> None:
    """Closes at once."""
    connection.recv(65_536)


def hangs(connection: socket.socket) -> None:
    """Never answers."""
    connection.recv(65_536)
    time.sleep(3)


def garbage(connection: socket.socket) -> None:
    """Speaks something else."""
    connection.recv(65_536)
    connection.sendall(b"220 mail.example.com ESMTP\r\n")


def endless(connection: socket.socket) -> None:
    """Sends without end."""
    connection.recv(65_536)
    connection.sendall(_answer(b"[", b"application/json", length=False))
    piece = b" " * 1_000_000
    while True:
        connection.sendall(piece)


@pytest.fixture
def serve() -> Generator[Callable[[Talk], str]]:
    """Start a server that talks in a certain way to each connection; its address."""
    listeners: list[socket.socket] = []

    def start(talk: Talk) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=one, args=(connection,), daemon=True).start()

        def one(connection: socket.socket) -> None:
            with connection:
                try:
                    talk(connection)
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def judge(
    url: str, reports: Path, *arguments: str, token: str = str(OWNER.token)
) -> tuple[int, str]:
    """Judge a server; the exit status and everything that was said."""
    done = subprocess.run(
        [
            sys.executable, "-m", "coder_conformance", "run", "--role=server",
            f"--url={url}", f"--reports={reports}", "--request-timeout=1", *arguments,
        ],
        env={**os.environ, "CODER_SESSION_TOKEN": token},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("talk", "says"),
    [
        (html, "was not answered with JSON"),
        (other_json, "does not answer like a Coder server ('version' is missing)"),
        (closes, "got no answer"),
        (hangs, "got no answer (ReadTimeout"),
        (garbage, "got no answer"),
        (endless, "is longer than"),
    ],
    ids=["html", "other-json", "closes", "hangs", "garbage", "endless"],
)
def test_what_is_no_coder_server_gives_no_verdict(
    serve: Callable[[Talk], str], tmp_path: Path, talk: Talk, says: str
) -> None:
    """Inconclusive, exit status 3, no traceback, and reports that are whole."""
    status, said = judge(serve(talk), tmp_path)
    assert status == 3, said
    assert says in said
    assert "Traceback" not in said
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["verdict"] == "inconclusive"
    assert (tmp_path / "junit.xml").exists()


def test_a_server_that_goes_away_ends_the_run(tmp_path: Path) -> None:
    """After a few requests without an answer nothing more is sent, and what is left is named."""
    ready = tmp_path / "ready.json"
    server = subprocess.Popen(
        [sys.executable, "-m", "coder_conformance.reference", "--port=0", f"--ready-file={ready}"]
    )
    try:
        deadline = time.monotonic() + 20
        while not ready.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        facts = json.loads(ready.read_text(encoding="utf-8"))
        headers = {"coder-session-token": facts["owner"]["token"]}

        def kill_when_there_is_something_to_leave() -> None:
            while time.monotonic() < deadline:
                answer = httpx2.get(f"{facts['url']}/api/v2/workspaces", headers=headers)
                if answer.json()["count"] >= 2:
                    break
                time.sleep(0.05)
            server.kill()

        killer = threading.Thread(target=kill_when_there_is_something_to_leave)
        killer.start()
        status, said = judge(facts["url"], tmp_path / "reports")
        killer.join()
    finally:
        server.kill()
        server.wait()
    assert status == 3, said
    assert "the server does not answer any more" in said, said[-1500:]
    assert "Left on the server" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("token", [OWNER.token, "my.own.jwt-like_token"])
def test_a_token_that_is_repeated_is_not_shown(
    serve: Callable[[Talk], str], tmp_path: Path, token: str
) -> None:
    """Of whatever form it is, and whatever stands beside it."""

    def echo(connection: socket.socket) -> None:
        head = connection.recv(65_536).decode()
        given = head.lower().partition("coder-session-token: ")[2].partition("\r\n")[0]
        place = head.lower().index(given)
        given = head[place : place + len(given)]
        said = json.dumps({"message": f"<{given}>", "detail": f"a\n{given}_b"})
        body = said.replace("<", "\\u003c").encode()
        answer = _answer(body, b"application/json").replace(b"200 OK", b"401 Unauthorized")
        connection.sendall(answer)

    status, said = judge(serve(echo), tmp_path, token=token)
    files = "".join(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())
    assert status == 3
    assert r"a\n" in said  # it was said
    assert token not in said + files
