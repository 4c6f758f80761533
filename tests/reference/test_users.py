"""Users who are deleted."""

from __future__ import annotations

import urllib.error
from pathlib import Path

import pytest

from coder_conformance.reference.seed.default import OWNER

from .processes import Process, call
from .support import ABSENT_ID, PASSWORD, Api


def test_a_deleted_user_is_out(api: Api) -> None:
    """Tokens, sessions and the password are void; the record is found by its identifier alone."""
    token = api.user("ada")
    user = api.get("/users/ada")
    login = {"email": user["email"], "password": PASSWORD}
    session = api.send("POST", "/users/login", login, token=None).json()["session_token"]
    response = api.send("DELETE", "/users/ADA")
    assert response.status_code == 200
    assert response.json() == {"message": "The user was deleted."}
    for void in (token, session):
        response = api.send("GET", "/users/me", token=void)
        assert response.status_code == 401
        assert response.json()["detail"] == "API key is invalid."
    assert api.send("POST", "/users/login", login, token=None).status_code == 401
    assert api.send("GET", "/users/ada").status_code == 400
    assert api.get(f"/users/{user['id']}")["username"] == "ada"
    assert api.send("DELETE", "/users/ada").status_code == 400
    # Both the name and the address can be taken again, by somebody else.
    api.user("ada")
    assert api.get("/users/ada")["id"] != user["id"]
    assert api.send("DELETE", "/users/ada").status_code == 200


def test_who_is_not_deleted(api: Api) -> None:
    """Nobody deletes themselves, who has workspaces stays, and one has to be allowed to."""
    api.running("theirs", token=api.member)
    for me in ("me", "owner"):
        assert api.send("DELETE", f"/users/{me}").status_code == 403
    assert api.send("DELETE", "/users/me", token=api.member).status_code == 403
    assert api.send("DELETE", "/users/member").status_code == 417
    api.user("ada")
    # Whom one cannot see, one cannot delete; whom one can see, only with the right.
    assert api.send("DELETE", "/users/ada", token=api.member).status_code == 400
    assert api.send("DELETE", f"/users/{ABSENT_ID}").status_code == 400
    reader = api.user("reader", "template-admin")
    assert api.send("DELETE", "/users/ada", token=reader).status_code == 403
    assert api.get("/users/ada")["username"] == "ada"
    admin = api.user("admin", "user-admin")
    assert api.send("DELETE", "/users/ada", token=admin).status_code == 200


def test_deleted_workspaces_do_not_keep_a_user(api: Api) -> None:
    """Once all workspaces are deleted the user can be, and they are still there to be read."""
    token = api.user("ada")
    workspace = api.running("theirs", token=token)
    assert api.send("DELETE", "/users/ada").status_code == 417
    api.build(workspace["id"], "delete", token)
    api.clock.advance(10)
    assert api.send("DELETE", "/users/ada").status_code == 200
    seen = api.get(f"/workspaces/{workspace['id']}?include_deleted=true")
    assert seen["owner_name"] == "ada"


@pytest.mark.parametrize("reborn", [False, True], ids=["gone", "taken-again"])
def test_deletion_outlives_a_kill(tmp_path: Path, reborn: bool) -> None:
    """A user who was deleted stays so, and the name belongs to whoever took it afterwards."""
    state = f"--state={tmp_path / 'state'}"
    server = Process(tmp_path, state)
    url = server.ready()["url"]
    made = create(url)
    assert call(url, "DELETE", "/users/ada", OWNER.token)["message"]
    if reborn:
        made = create(url)
    server.kill()
    server = Process(tmp_path, state)
    url = server.ready()["url"]
    if reborn:
        assert call(url, "GET", "/users/ada", OWNER.token)["id"] == made
    else:
        with pytest.raises(urllib.error.HTTPError, match="400"):
            call(url, "GET", "/users/ada", OWNER.token)
        assert call(url, "GET", f"/users/{made}", OWNER.token)["username"] == "ada"
    server.kill()


def create(url: str) -> str:
    """Create a user on a server in another process; the identifier."""
    body = {
        "username": "ada",
        "email": "ada@coder.example",
        "password": PASSWORD,
        "organization_ids": ["00000000-0000-0000-0000-000000000000"],
    }
    made: str = call(url, "POST", "/users", OWNER.token, body)["id"]
    return made
