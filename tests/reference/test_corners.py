"""States that take some arranging: what the others may do, what a deletion leaves, forbidden."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from coder_conformance.reference.rules.go import format_time
from coder_conformance.reference.seed.default import default_seed
from coder_conformance.reference.seed.model import (
    OrganizationSeed,
    Seed,
    TemplateSeed,
    UserSeed,
    VersionSeed,
)

from .support import PASSWORD, Api, fields_of

TOKEN = "{}-abcdefghijklmnopqrstuv"


def token(name: str) -> str:
    """Return the token of a seeded user."""
    return TOKEN.format(name.ljust(10, "0"))


def person(name: str, **more: Any) -> UserSeed:
    """Return a user with a token."""
    return UserSeed(username=name, token=token(name), **more)


def deleted(api: Api) -> str:
    """Return the path of a workspace that was deleted."""
    workspace = api.running(ttl_ms=3_600_000)["id"]
    api.build(workspace, "delete")
    api.clock.advance(10)
    return f"/workspaces/{workspace}"


def test_a_deleted_workspace_keeps_answering(make_api: Callable[..., Api]) -> None:
    """Everything below a deleted workspace works on; only reading it by id asks for the flag."""
    api = make_api(allow_renames=True, experiments=frozenset({"workspace-sharing"}))
    path = deleted(api)
    assert api.send("GET", path).status_code == 410
    cases: list[tuple[str, str, object, int]] = [
        ("PUT", "/autostart", {"schedule": "0 9 * * *"}, 204),
        ("PUT", "/ttl", {"ttl_ms": 60_000}, 204),
        ("PUT", "/autoupdates", {"automatic_updates": "always"}, 204),
        ("PUT", "/favorite", None, 204),
        ("DELETE", "/favorite", None, 204),
        ("POST", "/usage", None, 204),
        ("PATCH", "/acl", {}, 204),
        ("GET", "/timings", None, 200),
        ("GET", "/resolve-autostart", None, 200),
        ("GET", "/builds", None, 200),
        ("PUT", "/extend", {"deadline": "2030-01-01T00:00:00Z"}, 409),
        ("PATCH", "", {"name": "dev"}, 204),
        ("PATCH", "", {"name": "other"}, 405),
        ("PUT", "/dormant", {"dormant": True}, 200),
        ("PUT", "/dormant", {"dormant": False}, 200),
    ]
    for method, leaf, body, status in cases:
        response = api.send(method, f"{path}{leaf}", body)
        assert response.status_code == status, (method, leaf, response.text)
    shown = api.get(f"{path}?include_deleted=true")
    assert (shown["ttl_ms"], shown["autostart_schedule"]) == (60_000, "0 9 * * *")
    assert api.send("POST", f"{path}/builds", {"transition": "start"}).status_code == 201


def test_a_deleted_template_hides_its_workspaces(api: Api) -> None:
    """Without its template a workspace is 403 by id, whatever is asked for, and 404 by name."""
    path = f"/workspaces/{api.running()['id']}"
    template = next(iter(api.world.store.templates.values()))
    template.deleted = True
    for query in ("", "?include_deleted=true"):
        response = api.send("GET", f"{path}{query}")
        assert (response.status_code, response.json()["message"]) == (403, "Forbidden.")
    assert api.send("GET", "/users/me/workspace/dev").status_code == 404
    assert api.get("/workspaces") == {"workspaces": [], "count": 1}


def test_templates_may_forbid_schedules(make_api: Callable[..., Api]) -> None:
    """A forbidden schedule is refused even when cleared, but not when a workspace is made."""
    seed = default_seed()
    seed.templates[0].allow_user_autostart = False
    api = make_api(seed)
    path = f"/workspaces/{api.running(autostart_schedule='0 13 * * *')['id']}"
    for schedule in ("0 9 * * *", ""):
        response = api.send("PUT", f"{path}/autostart", {"schedule": schedule})
        assert response.status_code == 400
        text = "Autostart is not allowed for workspaces using this template."
        assert response.json()["message"] == text
        assert fields_of(response) == {"schedule": text}


def test_templates_may_forbid_ttls(make_api: Callable[..., Api]) -> None:
    """Then the template's own default is shown, even if it is 0, and no other is accepted."""
    seed = default_seed()
    seed.templates[0].allow_user_autostop = False
    api = make_api(seed)
    path = f"/workspaces/{api.running(ttl_ms=3_600_000)['id']}"
    assert api.get(path)["ttl_ms"] == 0
    for milliseconds in (None, 1, 60_000):
        response = api.send("PUT", f"{path}/ttl", {"ttl_ms": milliseconds})
        assert fields_of(response) == {
            "ttl_ms": "Custom autostop TTL is not allowed for workspaces using this template."
        }
    template = next(iter(api.world.store.templates.values()))
    template.default_ttl_ms = 7_200_000
    api.world.store.save(template)
    assert api.get(path)["ttl_ms"] == 7_200_000


def test_the_latest_moment_of_a_deadline(api: Api) -> None:
    """Where a build has a last moment, no extension goes beyond it."""
    workspace = api.running(ttl_ms=3_600_000)
    build = next(iter(api.world.store.builds.values()))
    build.max_deadline = api.clock.now() + timedelta(hours=2)
    path = f"/workspaces/{workspace['id']}/extend"
    late = {"deadline": format_time(api.clock.now() + timedelta(hours=3))}
    response = api.send("PUT", path, late)
    assert response.status_code == 400
    assert response.json() == {"message": "Cannot extend workspace beyond max deadline."}
    good = {"deadline": format_time(api.clock.now() + timedelta(hours=2))}
    assert api.send("PUT", path, good).status_code == 200
    assert api.send("PUT", f"/workspaces/{workspace['id']}/ttl", {}).status_code == 204
    shown = api.get(f"/workspaces/{workspace['id']}")["latest_build"]
    assert shown["deadline"] == shown["max_deadline"] == good["deadline"]


def test_who_may_read_but_not_use_a_template(api: Api) -> None:
    """An auditor sees every template and makes workspaces only from those open to all."""
    auditor = api.user("audrey", "auditor")
    template = next(iter(api.world.store.templates.values()))
    template.everyone = ""
    body = {"name": "dev", "template_id": str(template.id)}
    response = api.send("POST", "/users/me/workspaces", body, token=auditor)
    assert response.status_code == 403
    assert response.json()["message"] == 'Unauthorized access to use the template "docker".'
    response = api.send("POST", "/users/me/workspaces", body, token=api.member)
    assert fields_of(response) == {"template_id": "template not found"}
    template.everyone = "use"
    api.create(token=auditor)


def two_organizations() -> Seed:
    """Return contents with a second organization and people of different standing in it."""
    seed = default_seed()
    seed.organizations.append(OrganizationSeed(name="acme"))
    seed.users += [
        person("boss", organizations={"acme": ["organization-admin"]}),
        person("tess", organizations={"acme": ["organization-template-admin"]}),
        person("ada", organizations={"acme": []}),
        person("ban", organizations={"acme": ["organization-workspace-creation-ban"]}),
        person("eve", organizations={"coder": []}),
    ]
    seed.templates.append(
        TemplateSeed(name="vm", organization="acme", versions=[VersionSeed(name="v")])
    )
    return seed


def test_roles_in_an_organization(make_api: Callable[..., Api]) -> None:
    """Its admin does everything there, its template admin reads, others see nothing."""
    api = make_api(two_organizations())
    template = api.template("vm")["id"]
    path = f"/workspaces/{api.running(template_id=template, token=token('ada'))['id']}"
    assert api.get(path, token=token("boss"))["organization_name"] == "acme"
    assert api.send("PUT", f"{path}/ttl", {}, token=token("boss")).status_code == 204
    assert api.get(path, token=token("tess"))["owner_name"] == "ada"
    assert api.send("PUT", f"{path}/ttl", {}, token=token("tess")).status_code == 403
    for stranger in ("ban", "eve"):
        assert api.send("GET", path, token=token(stranger)).status_code == 404
    assert api.get("/workspaces", token=token("tess"))["count"] == 1
    body = {"name": "dev", "template_id": template}
    assert api.send("POST", "/users/ada/workspaces", body | {"name": "x"}).status_code == 201
    send = api.send("POST", "/users/ada/workspaces", body | {"name": "y"}, token=token("boss"))
    assert send.status_code == 201
    response = api.send("POST", "/users/me/workspaces", body, token=token("ban"))
    assert response.json()["message"] == "Unauthorized to create workspace."


def test_a_workspace_lands_in_its_templates_organization(make_api: Callable[..., Api]) -> None:
    """The organization of the path only says where the user has to be a member."""
    api = make_api(two_organizations())
    body = {"name": "dev", "template_id": api.template("vm")["id"]}
    path = "/organizations/{}/members/me/workspaces"
    response = api.send("POST", path.format("coder"), body)
    assert response.status_code == 201
    assert response.json()["organization_name"] == "acme"
    assert api.send("POST", path.format("acme"), body).status_code == 404
    assert api.send("POST", path.format("zz z"), body).status_code == 404
    outsider = "/organizations/acme/members/eve/workspaces"
    assert api.send("POST", outsider, body, token=token("boss")).status_code == 404


def test_strangers_of_another_organization(make_api: Callable[..., Api]) -> None:
    """An admin who sees only memberships elsewhere than in the template's gets a 404."""
    seed = two_organizations()
    seed.users[-1].organizations = {"acme": []}
    api = make_api(seed)
    body = {"name": "dev", "template_id": api.template("docker")["id"]}
    response = api.send("POST", "/users/eve/workspaces", body, token=token("boss"))
    assert response.status_code == 400
    assert fields_of(response) == {"template_id": "template not found"}
    assert api.send("POST", "/users/owner/workspaces", body, token=token("ada")).status_code == 404


def test_keys_for_apps_see_no_workspaces(api: Api) -> None:
    """A token for connecting to applications reads no workspace, its owner's neither."""
    workspace = api.running()["id"]
    body = {"scope": "application_connect"}
    key = api.send("POST", "/users/me/keys/tokens", body).json()["key"]
    assert api.send("GET", f"/workspaces/{workspace}", token=key).status_code == 404
    assert api.get("/workspaces", token=key) == {"workspaces": [], "count": 0}
    assert api.send("POST", "/users/me/keys/tokens", {}, token=key).status_code == 403


def test_markup_in_json_is_escaped(make_api: Callable[..., Api]) -> None:
    """Characters that end scripts or lines of them never stand in an answer as they are."""
    seed = default_seed()
    seed.templates[0].description = "<b>&\u2028é"
    api = make_api(seed)
    response = api.send("GET", "/templates")
    assert rb"\u003cb\u003e\u0026\u2028" in response.content
    assert response.json()[0]["description"] == "<b>&\u2028é"


@pytest.mark.parametrize(
    ("more", "status", "text"),
    [
        ({"status": "suspended"}, 401, "suspended"),
        ({"login_type": "github"}, 403, "login type"),
        ({"status": "dormant"}, 201, ""),
    ],
)
def test_who_may_log_in(
    make_api: Callable[..., Api], more: dict[str, Any], status: int, text: str
) -> None:
    """Suspended users and those who log in elsewhere may not, dormant ones become active."""
    seed = default_seed()
    seed.users.append(person("ada", password=PASSWORD, **more))
    api = make_api(seed)
    body = {"email": "ada@coder.example", "password": PASSWORD}
    response = api.send("POST", "/users/login", body, token=None)
    assert response.status_code == status
    assert text in response.json().get("message", "")
    if status == 201:
        assert api.get("/users/ada")["status"] == "active"


def test_what_a_dormant_workspace_hides(make_api: Callable[..., Api]) -> None:
    """Sharing and the reading of template admins end with dormancy and come back after it."""
    api = make_api(experiments=frozenset({"workspace-sharing"}))
    workspace = api.running()["id"]
    path = f"/workspaces/{workspace}"
    member = api.get("/users/member")["id"]
    api.send("PATCH", f"{path}/acl", {"user_roles": {member: "use"}})
    admin = api.user("tina", "template-admin")
    for asleep, status in ((True, 404), (False, 200)):
        api.send("PUT", f"{path}/dormant", {"dormant": asleep})
        for reader in (api.member, admin):
            assert api.send("GET", path, token=reader).status_code == status
        api.get(path)
