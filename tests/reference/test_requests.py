from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from coder_conformance.reference.seed.model import Seed

from .support import ABSENT_ID, PASSWORD, Api

SIGNED_OUT = "You are signed out or your session has expired. Please sign in again to continue."


@pytest.mark.parametrize(
    ("token", "detail"),
    [
        (None, 'Cookie "coder_session_token" or query parameter must be provided.'),
        ("abc", "Invalid API key format: incorrect amount of API key parts, expected 2 got 1"),
        ("a-b-c", "Invalid API key format: incorrect amount of API key parts, expected 2 got 3"),
        ("abc-def", "Invalid API key format: invalid API key ID length, expected 10 got 3"),
        (
            "abcdefghij-def",
            "Invalid API key format: invalid API key secret length, expected 22 got 3",
        ),
        ("abcdefghij-abcdefghijklmnopqrstuv", "API key is invalid."),
        ("refowner01-abcdefghijklmnopqrstuv", "API key secret is invalid."),
    ],
)
def test_every_reason_for_401(api: Api, token: str | None, detail: str) -> None:
    """The envelope tells the reason, WWW-Authenticate always says expired."""
    response = api.send("GET", "/workspaces", token=token)
    assert response.status_code == 401
    assert response.json() == {"message": SIGNED_OUT, "detail": detail}
    assert response.headers["www-authenticate"] == (
        'Bearer realm="coder", error="invalid_token", '
        'error_description="The access token has expired", '
        'resource_metadata="http://coder.test/.well-known/oauth-protected-resource"'
    )


def test_expired_and_suspended(api: Api) -> None:
    """An expired key and a suspended user are refused in their own words."""
    response = api.send("POST", "/users/me/keys/tokens", {"lifetime": 60_000_000_000})
    key = response.json()["key"]
    api.get("/workspaces", token=key)
    api.clock.advance(61)
    response = api.send("GET", "/workspaces", token=key)
    assert response.json()["detail"] == 'API key expired at "2025-09-01 12:01:00 +0000 UTC".'
    user = api.world.store.user_named("member")
    assert user is not None
    user.status = "suspended"
    response = api.send("GET", "/workspaces", token=api.member)
    assert response.status_code == 401
    assert response.json()["message"].startswith('User is not active (status = "suspended").')
    assert "detail" not in response.json()
    assert "The access token is invalid" in response.headers["www-authenticate"]


def test_token_sources_and_their_precedence(api: Api) -> None:
    """Cookie, query, header, bearer, access_token: the first that is there decides."""
    good, bad = api.owner, "abc"
    sources: list[tuple[str, dict[str, str]]] = [
        ("", {"Cookie": "other=1; coder_session_token={}"}),
        ("coder_session_token={}", {}),
        ("", {"Coder-Session-Token": "{}"}),
        ("", {"Authorization": "bEARER {}"}),
        ("access_token={}", {}),
    ]
    for index, (query, headers) in enumerate(sources):
        sent = {name: value.format(good) for name, value in headers.items()}
        path = f"/workspaces?{query.format(good)}"
        assert api.send("GET", path, token=None, headers=sent).status_code == 200
        for later_query, later in sources[index + 1 :]:
            both = {name: value.format(bad) for name, value in headers.items()}
            both |= {name: value.format(good) for name, value in later.items()}
            path = f"/workspaces?{query.format(bad)}&{later_query.format(good)}"
            assert api.send("GET", path, token=None, headers=both).status_code == 401


def test_a_cookie_alone_does_not_change_anything(api: Api) -> None:
    """A writing request with only a session cookie is refused in plain text."""
    workspace = api.create()["id"]
    path, cookie = f"/workspaces/{workspace}/favorite", f"coder_session_token={api.owner}"
    response = api.send("PUT", path, token=None, headers={"Cookie": cookie})
    assert response.status_code == 400
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert api.send("GET", "/workspaces", token=None, headers={"Cookie": cookie}).is_success
    first = api.send("GET", "/workspaces")
    csrf = first.headers["set-cookie"].partition(";")[0]
    passes = [
        {"Cookie": cookie, "Coder-Session-Token": api.owner},
        {"Cookie": cookie, "Authorization": "Bearer x"},
        {"Cookie": f"{cookie}; {csrf}", "X-CSRF-TOKEN": csrf.partition("=")[2]},
    ]
    for headers in passes:
        assert api.send("PUT", path, token=None, headers=headers).status_code == 204
    query = f"{path}?coder_session_token={api.owner}"
    assert api.send("PUT", query, token=None, headers={"Cookie": cookie}).status_code == 204


def test_common_headers(api: Api) -> None:
    """Every answer carries version, request id, nosniff and two Vary lines."""
    seen: set[str] = set()
    for path in ("/buildinfo", "/nowhere", "/workspaces/zzz"):
        response = api.send("GET", path)
        assert response.headers["content-type"] == "application/json; charset=utf-8"
        assert response.headers.get_list("vary") == ["Origin", "Cookie"]
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["x-coder-build-version"] == api.settings.version
        assert response.headers["set-cookie"].startswith("csrf_token=")
        assert "x-ratelimit-limit" not in response.headers
        assert response.content.endswith(b"}\n")
        assert b'": ' not in response.content
        seen.add(response.headers["x-coder-request-id"])
    assert len(seen) == 3


def test_a_valid_csrf_cookie_is_not_replaced(api: Api) -> None:
    """The cookie is set only while the request lacks a proper one."""
    cookie = api.send("GET", "/buildinfo").headers["set-cookie"].partition(";")[0]
    assert "set-cookie" not in api.send("GET", "/buildinfo", headers={"Cookie": cookie}).headers
    headers = {"Cookie": "csrf_token=short"}
    assert "set-cookie" in api.send("GET", "/buildinfo", headers=headers).headers


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "/workspaces", ["GET"]),
        ("HEAD", "/workspaces", ["GET"]),
        ("OPTIONS", "/workspaces", ["GET"]),
        ("GET", "/workspaces/{id}/favorite", ["DELETE", "PUT"]),
        ("DELETE", "/workspaces/{id}", ["GET", "PATCH"]),
        ("BREW", "/workspaces", []),
        ("BREW", "/nowhere", []),
    ],
)
def test_a_wrong_method_is_405(api: Api, method: str, path: str, allow: list[str]) -> None:
    """The answer is empty, without content type, with one Allow line for each method."""
    response = api.send(method, path.format(id=api.create()["id"]))
    assert response.status_code == 405
    assert response.content == b""
    assert "content-type" not in response.headers
    assert response.headers.get_list("allow") == allow


def test_a_preflight_is_answered_at_once(api: Api) -> None:
    """OPTIONS with Access-Control-Request-Method is 200 and allows nothing."""
    headers = {"Access-Control-Request-Method": "PUT", "Origin": "http://elsewhere"}
    response = api.send("OPTIONS", "/workspaces", token=None, headers=headers)
    assert (response.status_code, response.content) == (200, b"")
    assert not [name for name in response.headers if name.startswith("access-control")]


def test_trailing_slashes(api: Api) -> None:
    """Some paths accept one, the other leaves do not exist with it; repeated ones collapse."""
    workspace = api.create()["id"]
    accepted = [
        ("GET", "/workspaces/"),
        ("GET", f"/workspaces/{workspace}/"),
        ("PUT", f"/workspaces/{workspace}/autostart/"),
        ("PUT", f"/workspaces/{workspace}/ttl/"),
        ("GET", f"/workspaces/{workspace}/builds/"),
        ("GET", "/users/me/workspace/dev/"),
        ("GET", f"//workspaces///{workspace}"),
        ("GET", f"/workspaces%2F{workspace}"),
    ]
    for method, path in accepted:
        response = api.send(method, path, {} if method == "PUT" else None)
        assert response.status_code in (200, 204), path
    for leaf in ("favorite", "extend", "dormant", "timings", "usage", "watch", "autoupdates"):
        response = api.send("GET", f"/workspaces/{workspace}/{leaf}/")
        assert response.status_code == 404
        assert response.json() == {"message": "Route not found."}


def test_order_of_judgement(api: Api) -> None:
    """Route, then authentication, then the workspace, then sub-route and method."""
    workspace = api.create()["id"]
    assert api.send("GET", "/nowhere", token=None).status_code == 404
    assert api.send("GET", "/workspaces/zzz/nowhere", token=None).status_code == 401
    assert api.send("POST", "/workspaces", token=None).status_code == 401
    assert api.send("GET", "/workspaces/zzz/nowhere").status_code == 400
    assert api.send("DELETE", f"/workspaces/{ABSENT_ID}/ttl").status_code == 404
    response = api.send("GET", f"/workspaces/{workspace}/nowhere")
    assert response.json() == {"message": "Route not found."}
    assert api.send("PUT", f"/workspaces/{workspace}/ttl", content=b"nonsense").status_code == 400
    response = api.send("PUT", f"/workspaces/{workspace}/acl", content=b"nonsense")
    assert response.status_code == 403
    assert "'workspace-sharing' experiment" in response.json()["message"]
    assert api.send("PUT", f"/workspaces/{workspace}/acl", token=None).status_code == 401


def test_rate_limit(make_api: Callable[..., Api]) -> None:
    """The limit holds for each client and path, comes before routing and slides."""
    api = make_api(rate_limit=3)
    for left in (2, 1, 0):
        response = api.send("GET", "/nowhere", token=None)
        assert response.status_code == 404
        assert response.headers["x-ratelimit-limit"] == "3"
        assert response.headers["x-ratelimit-remaining"] == str(left)
        assert response.headers["x-ratelimit-reset"] == "1756728060"
    response = api.send("GET", "/nowhere", token=None)
    assert response.status_code == 429
    assert response.headers["retry-after"] == "60"
    assert response.json()["message"] == (
        "You've been rate limited for sending more than 3 requests in 1m0s."
    )
    assert api.send("GET", "/elsewhere").status_code == 404
    api.clock.advance(65)
    assert api.send("GET", "/nowhere").status_code == 429
    api.clock.advance(45)
    assert api.send("GET", "/nowhere").status_code == 404


def test_login(api: Api) -> None:
    """A session starts with 201, a token and a cookie, and lasts 24 hours unless it is used."""
    body = {"email": "owner@coder.example", "password": "reference-Owner-1"}
    response = api.send("POST", "/users/login", body, token=None)
    assert response.status_code == 201
    token = response.json()["session_token"]
    cookies = response.headers.get_list("set-cookie")
    assert f"coder_session_token={token}; Path=/; HttpOnly; SameSite=Lax" in cookies
    for _ in range(3):
        api.clock.advance(timedelta(hours=20))
        assert api.get("/users/me", token=token)["username"] == "owner"
    api.clock.advance(timedelta(hours=25))
    assert api.send("GET", "/users/me", token=token).status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"email": "owner@coder.example", "password": "wrong"}, 401),
        ({"email": "nobody@coder.example", "password": "wrong"}, 401),
        ({"email": "owner", "password": "wrong"}, 400),
        ({}, 400),
    ],
)
def test_failed_logins(api: Api, body: dict[str, str], status: int) -> None:
    """Unknown users and wrong passwords look the same; missing fields are reported."""
    response = api.send("POST", "/users/login", body, token=None)
    assert response.status_code == status
    if status == 401:
        assert response.json() == {"message": "Incorrect email or password."}
    else:
        assert response.json()["message"] == "Validation failed."


def test_users_are_created_and_become_active(api: Api) -> None:
    """A new user is dormant and becomes active by the first request."""
    token = api.user("ada")
    assert api.get("/users/ada")["status"] == "dormant"
    assert api.get("/users/ada")["last_seen_at"] == "0001-01-01T00:00:00Z"
    assert api.get("/users/me", token=token)["status"] == "active"
    organization = api.get("/organizations")[0]["id"]
    body: dict[str, object] = {
        "username": "ADA",
        "email": "x@coder.example",
        "password": PASSWORD,
        "organization_ids": [organization],
    }
    assert api.send("POST", "/users", body).status_code == 409
    body |= {"username": "eve", "password": "weak"}
    response = api.send("POST", "/users", body)
    assert response.json()["message"] == "Password is invalid"
    assert api.send("POST", "/users", body | {"organization_ids": []}).status_code == 400
    assert api.send("POST", "/users", body | {"organization_ids": [ABSENT_ID]}).status_code == 404
    assert api.send("POST", "/users", body, token=api.member).status_code == 403


def test_users_see_only_themselves(api: Api) -> None:
    """Another user's record is as unknown to a member as one that does not exist."""
    for name in ("owner", "nobody", "a%00b"):
        response = api.send("GET", f"/users/{name}", token=api.member)
        assert response.status_code == 400
        assert response.json()["message"] == '"user" must be an existing uuid or username.'
    assert api.get("/users/MEMBER", token=api.member)["roles"] == []


def test_first_user(make_api: Callable[..., Api]) -> None:
    """A fresh deployment takes one first user, who is its owner."""
    api = make_api(Seed())
    assert api.send("GET", "/users/first", token=None).status_code == 404
    body = {"email": "a@coder.example", "username": "boss", "password": PASSWORD}
    response = api.send("POST", "/users/first", body, token=None)
    assert response.status_code == 201
    assert set(response.json()) == {"user_id", "organization_id"}
    assert api.send("POST", "/users/first", body, token=None).status_code == 409
    assert api.send("GET", "/users/first", token=None).status_code == 200
    assert api.send("PUT", "/users/first").headers.get_list("allow") == ["GET", "POST"]
    login = {"email": "a@coder.example", "password": PASSWORD}
    token = api.send("POST", "/users/login", login, token=None).json()["session_token"]
    assert api.get("/users/me", token=token)["roles"][0]["name"] == "owner"


def test_roles_are_replaced_by_owners_only(api: Api) -> None:
    """Unknown roles are refused, own roles stay, others are replaced."""
    api.user("ada", "auditor")
    response = api.send("PUT", "/users/ada/roles", {"roles": ["template-admin"]})
    assert [role["name"] for role in response.json()["roles"]] == ["template-admin"]
    assert api.send("PUT", "/users/ada/roles", {"roles": ["boss"]}).status_code == 400
    assert api.send("PUT", "/users/owner/roles", {"roles": []}).status_code == 400
    response = api.send("PUT", "/users/me/roles", {"roles": ["owner"]}, token=api.member)
    assert response.status_code == 403


def test_health(api: Api) -> None:
    """The health check needs no token."""
    assert api.send("GET", "/healthz", token=None).text == "OK"


def test_line_breaks_in_paths_are_like_any_other_character(api: Api) -> None:
    """A path segment with a line break is judged, not lost on the way to the routes."""
    answer = api.send("GET", "/workspaces/a%0Ab/timings")
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Invalid UUID")
