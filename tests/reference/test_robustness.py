from __future__ import annotations

import socket
from collections.abc import Generator
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coder_conformance.reference import Settings, create_app
from coder_conformance.reference.pytest_plugin import start_server
from coder_conformance.reference.seed.default import OWNER
from coder_conformance.reference.seed.model import WorkspaceSeed
from coder_conformance.reference.seed.plant import _Planter
from coder_conformance.reference.settings import EXPERIMENTS
from coder_conformance.reference.world import World

from .support import Api

LEAVES: list[tuple[str, str]] = [
    ("PUT", "/autostart"),
    ("PUT", "/ttl"),
    ("PUT", "/extend"),
    ("PUT", "/dormant"),
    ("PUT", "/autoupdates"),
    ("PUT", "/favorite"),
    ("POST", "/usage"),
    ("PATCH", "/acl"),
    ("PATCH", ""),
    ("POST", "/builds"),
    ("GET", "/builds"),
    ("GET", "/timings"),
]
ELSEWHERE: list[tuple[str, str]] = [
    ("POST", "/users/me/workspaces"),
    ("POST", "/users"),
    ("POST", "/users/login"),
    ("POST", "/users/first"),
    ("POST", "/users/me/keys/tokens"),
    ("PUT", "/users/member/roles"),
]
NAMES = (
    "name", "template_id", "template_version_id", "autostart_schedule", "ttl_ms", "schedule",
    "deadline", "dormant", "automatic_updates", "agent_id", "app_name", "user_roles",
    "group_roles", "transition", "state", "orphan", "rich_parameter_values", "log_level",
    "template_version_preset_id", "reason", "email", "username", "password", "organization_ids",
    "roles", "lifetime", "scope", "token_name", "login_type", "user_status",
)  # fmt: skip
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["", "start", "stop", "delete", "always", "use", "admin", "\x00", "\ud800"])
    | st.uuids().map(str)
    | st.datetimes().map(lambda moment: moment.isoformat() + "Z")
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | st.uuids().map(str), inner, max_size=3)
    ),
    max_leaves=6,
)
bodies = st.dictionaries(st.sampled_from(NAMES), values, max_size=6) | values
quick = settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def target() -> Generator[tuple[Api, str]]:
    """Give a deployment with everything switched on and a workspace."""
    api = Api(Settings(build_seconds=0, allow_renames=True, experiments=frozenset(EXPERIMENTS)))
    yield api, f"/workspaces/{api.running()['id']}"
    api.close()


@quick
@given(st.sampled_from(LEAVES), bodies)
def test_no_body_ends_in_500(target: tuple[Api, str], leaf: tuple[str, str], body: Any) -> None:
    """Whatever is sent to a workspace is accepted or refused, never a server error."""
    api, path = target
    response = api.send(leaf[0], path + leaf[1], body)
    assert response.status_code < 500, response.text


@quick
@given(st.sampled_from(ELSEWHERE), bodies)
def test_no_body_elsewhere_ends_in_500(
    target: tuple[Api, str], route: tuple[str, str], body: Any
) -> None:
    """The same for users, tokens and creation."""
    response = target[0].send(route[0], route[1], body)
    assert response.status_code < 500, response.text


@quick
@given(st.text(max_size=30), st.sampled_from(["q", "limit", "offset", "after_id", "since"]))
def test_no_query_ends_in_500(target: tuple[Api, str], value: str, name: str) -> None:
    """Whatever stands in the query string of a list is accepted or refused."""
    api, path = target
    encoded = quote(value.encode("utf-8", "surrogatepass"))
    for place in ("/workspaces", f"{path}/builds", "/templates"):
        assert api.send("GET", f"{place}?{name}={encoded}").status_code < 500
    assert api.send("GET", f"/workspaces?q=param:a name:{encoded}").status_code < 500


@quick
@given(st.text(max_size=30))
def test_no_path_ends_in_500(target: tuple[Api, str], segment: str) -> None:
    """Whatever stands in a path is found or refused."""
    api, _ = target
    encoded = quote(segment.encode("utf-8", "surrogatepass"), safe="")
    for path in (f"/workspaces/{encoded}", f"/users/{encoded}", f"/users/me/workspace/{encoded}",
                 f"/organizations/{encoded}/templates", f"/{encoded}"):  # fmt: skip
        assert api.send("GET", path).status_code < 500


def test_huge_bodies_are_refused(target: tuple[Api, str]) -> None:
    """A body beyond the limit is 413, large ones below it are judged as usual."""
    api, path = target
    big = b'{"schedule":"' + b"x" * 4_000_000 + b'"}'
    assert api.send("PUT", f"{path}/autostart", content=big).status_code == 400
    too_big = b" " * (api.settings.max_body_bytes + 1)
    assert api.send("PUT", f"{path}/autostart", content=too_big).status_code == 413


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_garbage_on_the_socket() -> None:
    """Bytes that are no HTTP, half requests and odd headers leave the server running."""
    running = start_server(create_app(Settings()))
    url = next(running).url
    host, port = urlsplit(url).hostname, urlsplit(url).port
    garbage = [
        b"\x00\xff\xfe garbage\r\n\r\n",
        b"GET /api/v2/buildinfo HTTP/1.1\r\n",
        b"GET " + b"/x" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /api/v2/users/login HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{",
        b"GET /api/v2/workspaces HTTP/1.1\r\nHost: x\r\nCookie: =;;coder_session_token\r\n\r\n",
        b"GET /api/v2/workspaces HTTP/1.1\r\nHost: \xff\xfe\r\nAuthorization: Bearer\r\n\r\n",
        b"GET /%zz/%00/%ff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"BREW /api/v2/workspaces HTTP/1.1\r\nHost: x\r\n\r\n",
    ]
    for text in garbage:
        with socket.create_connection((host, port), timeout=5) as client:
            client.sendall(text)
            client.shutdown(socket.SHUT_WR)
            try:
                answer = client.recv(65536)
            except ConnectionResetError:
                answer = b""
            assert not answer.startswith(b"HTTP/1.1 5"), answer
    with socket.create_connection((host, port), timeout=5) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 200")
    running.close()


def test_a_body_that_stops_being_http(caplog: pytest.LogCaptureFixture) -> None:
    """A chunk that is none ends the connection, not in an exception: before and in an answer."""
    running = start_server(create_app(Settings(build_seconds=0)))
    server = next(running)
    world = server.app.state.world
    host, port = urlsplit(server.url).hostname, urlsplit(server.url).port
    workspace = server.call(lambda: _make_workspace(world))
    token = f"Host: x\r\nCoder-Session-Token: {OWNER.token}\r\nTransfer-Encoding: chunked\r\n\r\n"
    requests = [
        f"PUT /api/v2/workspaces/{workspace}/favorite HTTP/1.1\r\n{token}zz\r\n",
        f"PUT /api/v2/workspaces/{workspace}/ttl HTTP/1.1\r\n{token}zz\r\n",
    ]
    for text in requests:
        with socket.create_connection((host, port), timeout=5) as client:
            client.sendall(text.encode())
            assert client.recv(12) in (b"HTTP/1.1 400", b"HTTP/1.1 204")
    with socket.create_connection((host, port), timeout=5) as client:
        client.sendall(f"GET /api/v2/workspaces/{workspace}/watch HTTP/1.1\r\n{token}".encode())
        assert client.recv(12) == b"HTTP/1.1 200"
        client.sendall(b"zz\r\n")
        while client.recv(65536):
            pass
    running.close()
    assert [record for record in caplog.records if record.levelname != "WARNING"] == []


def _make_workspace(world: World) -> UUID:
    """Plant a workspace of the owner and return its id."""
    template = next(iter(world.store.templates.values()))
    planter = _Planter(world)
    planter._templates[template.name] = template
    planter.workspace(WorkspaceSeed(name="dev", owner="owner", template=template.name), "here")
    return world.store.live_workspaces()[0].id
