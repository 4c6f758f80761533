from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from coder_conformance.reference.rules.go import format_time
from coder_conformance.reference.seed.default import default_seed
from coder_conformance.reference.seed.model import WorkspaceSeed

from .support import ABSENT_ID, Api, fields_of

WEEKDAYS = "CRON_TZ=Europe/Berlin 30 9 * * 1-5"


def test_autostart_is_stored_verbatim_and_planned(api: Api) -> None:
    """The text reads back as given, the next start is in UTC, clearing removes both."""
    path = f"/workspaces/{api.running()['id']}"
    assert api.send("PUT", f"{path}/autostart", {"schedule": WEEKDAYS}).status_code == 204
    workspace = api.get(path)
    assert workspace["autostart_schedule"] == WEEKDAYS
    assert workspace["next_start_at"] == "2025-09-02T07:30:00Z"
    for clear in ({}, {"schedule": None}, {"schedule": ""}):
        api.send("PUT", f"{path}/autostart", {"schedule": WEEKDAYS})
        assert api.send("PUT", f"{path}/autostart", clear).status_code == 204
        workspace = api.get(path)
        assert "autostart_schedule" not in workspace
        assert workspace["next_start_at"] is None
    assert workspace["updated_at"] == workspace["created_at"]


def test_a_bad_schedule_is_reported_for_its_field(api: Api) -> None:
    """Bad text and tabs after the zone are 400, never 500."""
    path = f"/workspaces/{api.create()['id']}/autostart"
    for text in ("@daily", "0 9 1 * *", "CRON_TZ=UTC\t0 9 * * 1", "CRON_TZ=UTC\t0\t9\t*\t*\t1"):
        response = api.send("PUT", path, {"schedule": text})
        assert response.status_code == 400, text
        assert response.json()["message"] == "Invalid autostart schedule."
        assert list(fields_of(response)) == ["schedule"]


def test_autostart_starts_and_autostop_stops(api: Api) -> None:
    """A stopped workspace starts on schedule; at its deadline it is stopped again."""
    workspace = api.running(ttl_ms=3_600_000)["id"]
    path = f"/workspaces/{workspace}"
    assert api.get(path)["latest_build"]["deadline"] == "2025-09-01T13:00:04Z"
    api.clock.advance(timedelta(hours=1, minutes=2))
    build = api.get(path)["latest_build"]
    assert (build["status"], build["reason"], build["transition"]) == (
        "stopped",
        "autostop",
        "stop",
    )
    api.send("PUT", f"{path}/autostart", {"schedule": "0 15 * * *"})
    api.clock.advance(timedelta(hours=1, minutes=50))
    assert api.get(path)["latest_build"]["status"] == "stopped"
    api.clock.advance(timedelta(minutes=9))
    build = api.get(path)["latest_build"]
    assert (build["status"], build["reason"]) == ("running", "autostart")
    assert api.get(path)["next_start_at"] == "2025-09-02T15:00:00Z"


def test_automatic_updates_move_to_the_active_version(api: Api) -> None:
    """With "always" an autostart uses the active version of the template."""
    old = str(next(v.id for v in api.world.store.versions.values() if v.name == "v1"))
    workspace = api.running(template_version_id=old)["id"]
    path = f"/workspaces/{workspace}"
    api.send("PUT", f"{path}/autoupdates", {"automatic_updates": "always"})
    api.build(workspace, "stop")
    api.send("PUT", f"{path}/autostart", {"schedule": "0 13 * * *"})
    assert api.get(path)["outdated"] is True
    api.clock.advance(timedelta(hours=1, seconds=10))
    assert api.get(path)["outdated"] is False


@pytest.mark.parametrize(
    ("given", "stored"),
    [(60_000, 60_000), (90_000, 60_000), (2_592_000_000, 2_592_000_000),
     (2_592_059_999, 2_592_000_000), (0, None), (None, None)],
)  # fmt: skip
def test_ttl_is_cut_to_minutes(api: Api, given: int | None, stored: int | None) -> None:
    """Whole minutes are stored; nothing, null and 0 switch autostop off."""
    path = f"/workspaces/{api.running(ttl_ms=7_200_000)['id']}"
    assert api.send("PUT", f"{path}/ttl", {"ttl_ms": given}).status_code == 204
    workspace = api.get(path)
    assert workspace.get("ttl_ms") == stored
    expected = "2025-09-01T14:00:04Z" if stored else None
    assert workspace["latest_build"]["deadline"] == expected


@pytest.mark.parametrize("bad", [1, 59_999, -60_000, 2_592_060_000, 9223372036854775807])
def test_ttl_out_of_bounds(api: Api, bad: int) -> None:
    """Less than a minute, negative and more than 30 days are refused for the field."""
    path = f"/workspaces/{api.create()['id']}/ttl"
    response = api.send("PUT", path, {"ttl_ms": bad})
    assert response.status_code == 400
    assert list(fields_of(response)) == ["ttl_ms"]


def test_extend_in_all_states(api: Api) -> None:
    """Every refusal in its order, then the new deadline."""
    workspace = api.create(ttl_ms=3_600_000)["id"]
    path = f"/workspaces/{workspace}/extend"

    def extend(minutes: float) -> tuple[int, str]:
        deadline = format_time(api.clock.now() + timedelta(minutes=minutes))
        response = api.send("PUT", path, {"deadline": deadline})
        assert set(response.json()) == {"message"}
        return response.status_code, response.json()["message"]

    assert extend(60) == (409, "Workspace is still building!")
    api.clock.advance(10)
    assert extend(28)[0] == 400
    assert extend(29)[0] == 200
    status, message = extend(60 * 24 * 365)
    assert (status, message) == (200, "Deadline updated to 2026-09-01T12:00:10Z.")
    latest = api.get(f"/workspaces/{workspace}")["latest_build"]
    assert latest["deadline"] == "2026-09-01T12:00:10Z"
    assert api.get(f"/workspaces/{workspace}")["ttl_ms"] == 3_600_000
    api.send("PUT", f"/workspaces/{workspace}/ttl", {"ttl_ms": None})
    assert extend(60) == (409, "Workspace shutdown is manual.")
    api.build(workspace, "stop")
    assert extend(60) == (409, "Workspace must be started, current status: stop")


@pytest.mark.parametrize("body", [{}, {"deadline": None}, {"deadline": "0001-01-01T00:00:00Z"}])
def test_extend_needs_a_deadline(api: Api, body: dict[str, object]) -> None:
    """Missing, null and the zero time are the same validation error."""
    response = api.send("PUT", f"/workspaces/{api.create()['id']}/extend", body)
    assert fields_of(response) == {
        "deadline": 'Validation failed for tag "required" with value: '
        '"0001-01-01 00:00:00 +0000 UTC"'
    }


def test_dormancy(api: Api) -> None:
    """Dormant workspaces cannot be started but stopped; waking up counts as use."""
    workspace = api.running()["id"]
    path = f"/workspaces/{workspace}"
    api.send("PUT", f"{path}/autostart", {"schedule": WEEKDAYS})
    assert api.send("PUT", f"{path}/dormant", {"dormant": False}).status_code == 304
    response = api.send("PUT", f"{path}/dormant", {"dormant": True})
    assert response.status_code == 200
    assert response.json()["dormant_at"] == "2025-09-01T12:00:10Z"
    assert response.json()["next_start_at"] is None
    assert response.json()["latest_build"]["status"] == "running"
    again = api.send("PUT", f"{path}/dormant", {"dormant": True})
    assert (again.status_code, again.content) == (304, b"")
    assert "content-type" not in again.headers
    refused = api.send("POST", f"{path}/builds", {"transition": "start"})
    assert (refused.status_code, refused.json()["message"]) == (403, "insert workspace build")
    api.build(workspace, "stop")
    api.clock.advance(5)
    woken = api.send("PUT", f"{path}/dormant", {}).json()
    assert (woken["dormant_at"], woken["deleting_at"]) == (None, None)
    assert woken["last_used_at"] == "2025-09-01T12:00:15Z"


def test_the_executor_makes_dormant_and_deletes(make_api: Callable[..., Api]) -> None:
    """Unused workspaces become dormant, are stopped, and are deleted when their time is up."""
    seed = default_seed()
    seed.templates[0].time_til_dormant_ms = 86_400_000
    seed.templates[0].time_til_dormant_autodelete_ms = 3_600_000
    api = make_api(seed)
    path = f"/workspaces/{api.running()['id']}"
    api.clock.advance(timedelta(days=1, minutes=1))
    workspace = api.get(path)
    assert workspace["dormant_at"] == "2025-09-02T12:00:00Z"
    assert workspace["deleting_at"] == "2025-09-02T13:00:00Z"
    assert workspace["latest_build"]["reason"] == "dormancy"
    api.clock.advance(timedelta(hours=1))
    gone = api.get(f"{path}?include_deleted=true")
    assert gone["latest_build"]["status"] == "deleted"
    assert gone["latest_build"]["reason"] == "autodelete"


@pytest.mark.parametrize("bad", [{}, {"automatic_updates": ""}, {"automatic_updates": "ALWAYS"}])
def test_automatic_updates_are_always_or_never(api: Api, bad: dict[str, str]) -> None:
    """Everything but the two words in exact case is refused."""
    path = f"/workspaces/{api.create()['id']}"
    response = api.send("PUT", f"{path}/autoupdates", bad)
    assert response.status_code == 400
    assert fields_of(response) == {"automatic_updates": "must be always or never"}
    body = {"automatic_updates": "always"}
    assert api.send("PUT", f"{path}/autoupdates", body).status_code == 204
    assert api.get(path)["automatic_updates"] == "always"


def test_favorites_belong_to_the_owner(api: Api) -> None:
    """Only the owner may mark, and only the owner sees the mark."""
    path = f"/workspaces/{api.create(token=api.member)['id']}"
    for method, word in (("PUT", "favorite"), ("DELETE", "un-favorite")):
        response = api.send(method, f"{path}/favorite")
        assert response.status_code == 403
        assert response.json() == {"message": f"You can only {word} workspaces that you own."}
    for _ in range(2):
        assert api.send("PUT", f"{path}/favorite", token=api.member).status_code == 204
    assert api.get(path, token=api.member)["favorite"] is True
    assert api.get(path)["favorite"] is False
    assert api.send("DELETE", f"{path}/favorite", token=api.member).status_code == 204
    assert api.get(path, token=api.member)["favorite"] is False


def test_usage_is_noted_at_the_next_flush(api: Api) -> None:
    """Without the experiment the body is not read and the time is that of the flush."""
    path = f"/workspaces/{api.create()['id']}"
    assert api.send("POST", f"{path}/usage", content=b"{garbage").status_code == 204
    before = api.get(path)
    assert before["last_used_at"] == before["created_at"]
    api.clock.advance(60)
    assert api.get(path)["last_used_at"] == "2025-09-01T12:01:00Z"


def test_usage_with_the_experiment(make_api: Callable[..., Api]) -> None:
    """Both fields or none, a known app, an agent that exists; then the deadline moves."""
    api = make_api(experiments=frozenset({"workspace-usage"}))
    workspace = api.running(ttl_ms=3_600_000)
    path = f"/workspaces/{workspace['id']}/usage"
    agent = workspace["latest_build"]["resources"][0]["agents"][0]["id"]
    cases: list[tuple[dict[str, str], dict[str, str]]] = [
        ({"app_name": "ssh"}, {"agent_id": "must be set when app_name is set"}),
        ({"agent_id": agent}, {"app_name": "must be set when agent_id is set"}),
        (
            {"agent_id": agent, "app_name": "emacs"},
            {"app_name": "must be one of [vscode jetbrains reconnecting-pty ssh]"},
        ),
    ]
    for body, problem in cases:
        assert fields_of(api.send("POST", path, body)) == problem
    assert api.send("POST", path, content=b"{").status_code == 400
    assert api.send("POST", path).status_code == 204
    assert api.send("POST", path, {}).status_code == 204
    unknown = {"agent_id": ABSENT_ID, "app_name": "ssh"}
    assert api.send("POST", path, unknown).status_code == 404
    api.clock.advance(timedelta(minutes=30))
    assert api.send("POST", path, {"agent_id": agent, "app_name": "ssh"}).status_code == 204
    build = api.get(f"/workspaces/{workspace['id']}")["latest_build"]
    assert build["deadline"] == "2025-09-01T13:30:10Z"


def test_prebuilt_workspaces_keep_their_settings(make_api: Callable[..., Api]) -> None:
    """Autostart, ttl, dormancy and extension answer 409, other settings do not."""
    seed = default_seed()
    seed.workspaces = [WorkspaceSeed(name="pool", template="docker", prebuild=True)]
    api = make_api(seed)
    workspace = api.get("/workspaces")["workspaces"][0]
    assert workspace["is_prebuild"] is True
    path = f"/workspaces/{workspace['id']}"
    deadline = {"deadline": "2030-01-01T00:00:00Z"}
    for leaf, body in (("autostart", {}), ("ttl", {}), ("dormant", {}), ("extend", deadline)):
        assert api.send("PUT", f"{path}/{leaf}", body).status_code == 409
    body = {"automatic_updates": "always"}
    assert api.send("PUT", f"{path}/autoupdates", body).status_code == 204


def test_readers_who_may_not_update(make_api: Callable[..., Api]) -> None:
    """A template admin reads everything and changes nothing, with the status of each route."""
    api = make_api(allow_renames=True, experiments=frozenset({"workspace-sharing"}))
    workspace = api.running(token=api.member, ttl_ms=3_600_000)["id"]
    admin = api.user("tina", "template-admin")
    path = f"/workspaces/{workspace}"
    for leaf in ("", "/timings", "/resolve-autostart", "/builds"):
        api.get(f"{path}{leaf}", token=admin)
    cases: list[tuple[str, str, object, int]] = [
        ("PATCH", "", {"name": "dev"}, 204),
        ("PATCH", "", {"name": "other"}, 403),
        ("PUT", "/autostart", {"schedule": WEEKDAYS}, 403),
        ("PUT", "/ttl", {"ttl_ms": 60_000}, 403),
        ("PUT", "/dormant", {"dormant": False}, 304),
        ("PUT", "/dormant", {"dormant": True}, 403),
        ("PUT", "/extend", {"deadline": "2030-01-01T00:00:00Z"}, 403),
        ("PUT", "/autoupdates", {"automatic_updates": "always"}, 404),
        ("PUT", "/favorite", None, 403),
        ("DELETE", "/favorite", None, 403),
        ("POST", "/usage", None, 403),
        ("PATCH", "/acl", {}, 403),
        ("POST", "/builds", {"transition": "stop"}, 403),
    ]
    before = api.get(path)
    for method, leaf, body, status in cases:
        response = api.send(method, f"{path}{leaf}", body, token=admin)
        assert response.status_code == status, (method, leaf, response.text)
    assert api.get(path) == before
    api.send("PUT", f"{path}/dormant", {"dormant": True}, token=api.member)
    assert api.send("GET", path, token=admin).status_code == 404
    api.get(path)
