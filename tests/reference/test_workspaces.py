from __future__ import annotations

from collections.abc import Callable

import pytest

from .support import ABSENT_ID, Api, fields_of

ZERO = "00000000-0000-0000-0000-000000000000"


def test_creation_answers_201_with_a_pending_workspace(api: Api) -> None:
    """The first answer shows a pending build without version name and resources."""
    workspace = api.create("dev")
    build = workspace["latest_build"]
    assert workspace["owner_name"] == "owner"
    assert (build["status"], build["job"]["status"]) == ("pending", "pending")
    assert build["template_version_name"] == ""
    assert build["resources"] == []
    assert build["build_number"] == 1
    assert build["reason"] == "initiator"
    assert "has_ai_task" not in build
    assert (build["job"]["queue_position"], build["job"]["queue_size"]) == (0, 0)
    assert "autostart_schedule" not in workspace
    assert "ttl_ms" not in workspace
    assert workspace["latest_app_status"] is None
    assert workspace["last_used_at"] == workspace["created_at"]


def test_a_pending_workspace_shows_version_and_queue(api: Api) -> None:
    """A later GET shows the version's name and the place in the queue."""
    api.create("one")
    second = api.create("two")
    build = api.get(f"/workspaces/{second['id']}")["latest_build"]
    assert build["template_version_name"] == "v2"
    assert (build["job"]["queue_position"], build["job"]["queue_size"]) == (2, 2)


def test_a_build_runs_through_its_states(api: Api) -> None:
    """pending, starting, running; then the agent connects and becomes ready."""
    path = f"/workspaces/{api.create()['id']}"
    assert api.get(path)["latest_build"]["status"] == "pending"
    api.clock.advance(1.5)
    assert api.get(path)["latest_build"]["status"] == "starting"
    api.clock.advance(2.5)
    build = api.get(path)["latest_build"]
    agent = build["resources"][0]["agents"][0]
    assert build["status"] == "running"
    assert build["has_ai_task"] is False
    assert agent["status"] == "connecting"
    assert agent["health"] == {"healthy": True}
    api.clock.advance(1)
    agent = api.get(path)["latest_build"]["resources"][0]["agents"][0]
    assert (agent["status"], agent["lifecycle_state"]) == ("connected", "starting")
    api.clock.advance(1)
    agent = api.get(path)["latest_build"]["resources"][0]["agents"][0]
    assert agent["lifecycle_state"] == "ready"
    assert agent["apps"][0]["health"] == "healthy"


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"template_id": "required_without", "template_version_id": "required_without",
              "name": "workspace_name"}),
        ({"name": "x", "template_id": ABSENT_ID, "template_version_id": ABSENT_ID},
         {"template_id": "excluded_with", "template_version_id": "excluded_with"}),
        ({"name": "new", "template_id": ABSENT_ID}, {"name": "workspace_name"}),
        ({"name": "a--b", "template_id": ABSENT_ID}, {"name": "workspace_name"}),
        ({"name": "a" * 33, "template_id": ABSENT_ID}, {"name": "workspace_name"}),
        ({"name": "a\x00b", "template_id": ABSENT_ID}, {"name": "workspace_name"}),
    ],
)  # fmt: skip
def test_declarative_faults_name_field_and_tag(
    api: Api, body: dict[str, object], fields: dict[str, str]
) -> None:
    """Each bad field is reported once, in struct order, with its first failing tag."""
    response = api.send("POST", "/users/me/workspaces", body)
    assert response.status_code == 400
    assert response.json()["message"] == "Validation failed."
    assert "detail" not in response.json()
    found = fields_of(response)
    assert list(found) == list(fields)
    for name, tag in fields.items():
        assert f'Validation failed for tag "{tag}" with value: "' in found[name]


def test_zero_uuid_counts_as_absent(api: Api) -> None:
    """The UUID of zeros is as good as none."""
    template = api.template()["id"]
    body = {"name": "dev", "template_id": template, "template_version_id": ZERO}
    assert api.send("POST", "/users/me/workspaces", body).status_code == 201


@pytest.mark.parametrize(
    ("extra", "message", "field"),
    [
        ({"autostart_schedule": "* * *"}, "Invalid Autostart Schedule.", "schedule"),
        ({"ttl_ms": 59_999}, "Invalid Workspace Time to Shutdown.", "ttl_ms"),
        ({"automatic_updates": "Always"}, "Invalid Workspace Automatic Updates setting.",
         "automatic_updates"),
        ({"rich_parameter_values": [{"name": "cpu", "value": "99"}]},
         "Unable to validate parameters", "cpu"),
        ({"rich_parameter_values": [{"name": "region", "value": "a\x00b"}]},
         "Unable to validate parameters", "region"),
        ({"template_version_preset_id": ABSENT_ID}, f'Preset "{ABSENT_ID}" doesn\'t exist.',
         "template_version_preset_id"),
        ({"template_id": ABSENT_ID}, f'Template "{ABSENT_ID}" doesn\'t exist.', "template_id"),
    ],
)  # fmt: skip
def test_bad_settings_leave_no_workspace(
    api: Api, extra: dict[str, object], message: str, field: str
) -> None:
    """Every refused creation answers 400 for its field and creates nothing."""
    body = {"name": "dev", "template_id": api.template()["id"], **extra}
    response = api.send("POST", "/users/me/workspaces", body)
    assert response.status_code == 400
    assert response.json()["message"] == message
    assert list(fields_of(response)) == [field]
    assert api.get("/workspaces") == {"workspaces": [], "count": 0}


def test_unknown_parameters_are_dropped_and_presets_win(api: Api) -> None:
    """A preset's value replaces the given one; names the template lacks are ignored."""
    version = api.template()["active_version_id"]
    preset = next(p for v in api.world.store.versions.values() for p in v.presets)
    values = [{"name": "cpu", "value": "3"}, {"name": "nonsense", "value": "1"}]
    made = api.create(
        template_version_id=version,
        rich_parameter_values=values,
        template_version_preset_id=str(preset.id),
    )
    assert made["latest_build"]["template_version_preset_id"] == str(preset.id)
    assert api.get("/workspaces?q=param:cpu=8")["count"] == 1
    assert api.get("/workspaces?q=param:nonsense")["count"] == 0


def test_names_are_unique_per_owner_ignoring_case(api: Api) -> None:
    """The same name in other letters is taken for the owner and free for others."""
    api.create("dev")
    body = {"name": "DEV", "template_id": api.template()["id"]}
    response = api.send("POST", "/users/me/workspaces", body)
    assert response.status_code == 409
    assert response.json()["message"] == 'Workspace "DEV" already exists.'
    assert fields_of(response) == {"name": "This value is already in use and should be unique."}
    api.create("dev", token=api.member)


def test_creation_by_organization_needs_a_member(api: Api) -> None:
    """The deprecated route answers 404 for users outside and 201 for members."""
    body = {"name": "dev", "template_id": api.template()["id"]}
    for organization in ("default", "coder", "CODER", ZERO):
        path = f"/organizations/{organization}/members/me/workspaces"
        body["name"] = f"dev-{organization[:7]}".lower().replace("0000000", "zero")
        if organization == "CODER":
            body["name"] = "upper"
        assert api.send("POST", path, body).status_code == 201
    path = "/organizations/nope/members/me/workspaces"
    assert api.send("POST", path, body).status_code == 404


def test_who_may_create_for_whom(api: Api) -> None:
    """A stranger is 404 for a member, 403 for a reader of users, 201 for an owner."""
    template = api.template()["id"]
    body = {"name": "dev", "template_id": template}
    admin = api.user("tina", "template-admin")
    path = "/users/owner/workspaces"
    assert api.send("POST", path, body, token=api.member).status_code == 404
    response = api.send("POST", path, body, token=admin)
    assert (response.status_code, response.json()["message"]) == (
        403,
        "Unauthorized to create workspace.",
    )
    assert api.send("POST", "/users/member/workspaces", body).status_code == 201
    response = api.send("POST", "/users/nobody/workspaces", body)
    assert response.status_code == 400
    assert response.json()["detail"] == 'queried user="nobody"'


def test_deletion_turns_into_410_and_404(api: Api) -> None:
    """A deleted workspace is 410 by id, 404 by name, in no list, and comes back when asked for."""
    path = f"/workspaces/{api.running()['id']}"
    api.build(path.rpartition("/")[2], "delete")
    assert api.get(path)["latest_build"]["status"] == "pending"
    api.clock.advance(5)
    response = api.send("GET", path)
    assert response.status_code == 410
    assert "?deleted=true" in response.json()["message"]
    by_name = "/users/me/workspace/dev"
    assert api.send("GET", by_name).status_code == 404
    assert api.get("/workspaces")["count"] == 0
    assert api.get(f"{path}?include_deleted=1")["latest_build"]["status"] == "deleted"
    assert api.get(f"{by_name}?include_deleted=true")["latest_build"]["status"] == "deleted"
    fresh = api.create("dev")
    assert api.get(f"{by_name}?include_deleted=true")["id"] == fresh["id"]


@pytest.mark.parametrize(
    ("path", "field"),
    [("/workspaces/{id}", "deleted"), ("/users/me/workspace/dev", "include_deleted")],
)
def test_include_deleted_has_to_be_a_boolean(api: Api, path: str, field: str) -> None:
    """Go's spellings are understood, others are reported for the operation's own field."""
    path = path.format(id=api.create()["id"])
    for good in (
        "1",
        "t",
        "T",
        "TRUE",
        "true",
        "True",
        "0",
        "f",
        "F",
        "FALSE",
        "false",
        "False",
        "",
    ):
        api.get(f"{path}?include_deleted={good}")
    response = api.send("GET", f"{path}?include_deleted=yes")
    assert response.status_code == 400
    assert fields_of(response) == {field: "Must be a valid boolean"}


def test_workspace_is_found_by_every_spelling_of_its_id(api: Api) -> None:
    """Canonical in both cases, urn, wrapped and without dashes."""
    found = api.create()["id"]
    spellings = (found.upper(), f"urn:uuid:{found}", f"{{{found}}}", found.replace("-", ""))
    for spelling in spellings:
        assert api.get(f"/workspaces/{spelling}")["id"] == found


def test_a_bad_id_and_an_unknown_one_differ(api: Api) -> None:
    """Not a UUID is 400 with a reason, an unknown one the fixed 404."""
    response = api.send("GET", "/workspaces/zzz")
    assert response.status_code == 400
    assert response.json() == {
        "message": 'Invalid UUID "zzz".',
        "detail": "invalid UUID length: 3",
    }
    for unknown in (ABSENT_ID, ZERO):
        response = api.send("GET", f"/workspaces/{unknown}")
        assert response.status_code == 404
        assert response.json() == {
            "message": "Resource not found or you do not have access to this resource"
        }


def test_names_are_found_in_any_case(api: Api) -> None:
    """Owner and workspace are found in any letter case; odd names are simply unknown."""
    made = api.create("Dev")
    assert api.get("/users/OWNER/workspace/dEV")["id"] == made["id"]
    assert api.send("GET", "/users/me/workspace/a%00b").status_code == 404
    assert api.send("GET", "/users/owner@coder.example/workspace/dev").status_code == 400


def test_rename_is_refused_by_default(api: Api) -> None:
    """Without the switch only the present name is accepted."""
    path = f"/workspaces/{api.create()['id']}"
    assert api.send("PATCH", path, {"name": "dev"}).status_code == 204
    response = api.send("PATCH", path, {"name": "other"})
    assert response.status_code == 400
    assert response.json() == {"message": "Workspace renames are not allowed."}
    response = api.send("PATCH", path, {})
    assert fields_of(response) == {"name": 'Validation failed for tag "username" with value: ""'}


def test_rename(make_api: Callable[..., Api]) -> None:
    """With the switch a new name is taken, conflicts are 409, a deleted workspace is 405."""
    api = make_api(allow_renames=True)
    path = f"/workspaces/{api.running()['id']}"
    api.create("taken")
    assert api.send("PATCH", path, {"name": "TAKEN"}).status_code == 409
    assert api.send("PATCH", path, {"name": "Dev"}).status_code == 204
    workspace = api.get(path)
    assert (workspace["name"], workspace["latest_build"]["workspace_name"]) == ("Dev", "Dev")
    assert workspace["allow_renames"] is True
    assert workspace["updated_at"] == workspace["created_at"]
    api.build(workspace["id"], "delete")
    api.clock.advance(5)
    response = api.send("PATCH", path, {"name": "later"})
    assert response.status_code == 405
    assert "allow" not in response.headers
    assert response.json()["message"] == 'Workspace "Dev" is deleted and cannot be updated.'


def test_timings_are_empty_until_the_build_ends(api: Api) -> None:
    """All three lists are arrays from the start and filled by build and agent."""
    path = f"/workspaces/{api.create()['id']}/timings"
    empty: dict[str, list[object]] = {
        "provisioner_timings": [],
        "agent_script_timings": [],
        "agent_connection_timings": [],
    }
    assert api.get(path) == empty
    api.clock.advance(10)
    timings = api.get(path)
    stages = [timing["stage"] for timing in timings["provisioner_timings"]]
    assert stages == sorted(stages, key=["init", "plan", "graph", "apply"].index)
    assert [t["stage"] for t in timings["agent_script_timings"]] == ["start"]
    assert timings["agent_script_timings"][0]["status"] == "ok"
    assert [t["stage"] for t in timings["agent_connection_timings"]] == ["connect"]


def test_resolve_autostart_sees_a_lost_option(api: Api) -> None:
    """Only with automatic updates, an older version and a value that the active one refuses."""
    versions = api.world.store.versions.values()
    old = str(next(v.id for v in versions if v.name == "v1"))
    lost = [{"name": "region", "value": "ap-south"}]
    path = (
        f"/workspaces/{api.create('a', template_version_id=old, rich_parameter_values=lost)['id']}"
    )
    kept = f"/workspaces/{api.create('b', template_version_id=old)['id']}"
    assert api.get(path)["outdated"] is True
    assert api.get(f"{path}/resolve-autostart") == {"parameter_mismatch": False}
    for each in (path, kept):
        body = {"automatic_updates": "always"}
        assert api.send("PUT", f"{each}/autoupdates", body).status_code == 204
    assert api.get(f"{path}/resolve-autostart") == {"parameter_mismatch": True}
    assert api.get(f"{kept}/resolve-autostart") == {"parameter_mismatch": False}


def test_the_queue_moves_on(api: Api) -> None:
    """A waiting build moves up when the one before it is taken."""
    api.create("one")
    api.clock.advance(0.5)
    path = f"/workspaces/{api.create('two')['id']}"
    job = api.get(path)["latest_build"]["job"]
    assert (job["queue_position"], job["queue_size"]) == (2, 2)
    api.clock.advance(0.6)
    job = api.get(path)["latest_build"]["job"]
    assert (job["queue_position"], job["queue_size"]) == (1, 1)
