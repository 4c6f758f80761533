from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from coder_conformance.reference.rules.go import format_time
from coder_conformance.reference.seed.default import default_seed
from coder_conformance.reference.seed.model import Seed, WorkspaceSeed

from .support import Api

HOUR = 3_600_000


def aging(dormant: int = 24 * HOUR, delete: int = 0) -> Seed:
    """Return contents whose template makes unused workspaces dormant and deletes them."""
    seed = default_seed()
    seed.templates[0].time_til_dormant_ms = dormant
    seed.templates[0].time_til_dormant_autodelete_ms = delete
    return seed


def status(api: Api, path: str) -> str:
    """Return the status and reason of the latest build."""
    build = api.get(f"{path}?include_deleted=true")["latest_build"]
    return f"{build['status']} {build['reason']}"


def test_autostop_waits_for_the_deadline(api: Api) -> None:
    """Nothing happens before the deadline, the stop comes with the minute after it."""
    path = f"/workspaces/{api.running(ttl_ms=HOUR)['id']}"
    api.clock.advance(timedelta(minutes=59))
    assert status(api, path) == "running initiator"
    api.clock.advance(timedelta(seconds=111))
    assert status(api, path) == "stopping autostop"


def test_an_extension_moves_autostop(api: Api) -> None:
    """An extended workspace goes on until its new deadline."""
    path = f"/workspaces/{api.running(ttl_ms=HOUR)['id']}"
    deadline = format_time(api.clock.now() + timedelta(hours=3))
    assert api.send("PUT", f"{path}/extend", {"deadline": deadline}).status_code == 200
    api.clock.advance(timedelta(hours=2, minutes=59))
    assert status(api, path) == "running initiator"
    api.clock.advance(timedelta(minutes=3))
    assert status(api, path) == "stopped autostop"


def test_without_a_ttl_nothing_stops(api: Api) -> None:
    """A workspace without a TTL runs on."""
    path = f"/workspaces/{api.running()['id']}"
    api.clock.advance(timedelta(days=30))
    assert status(api, path) == "running initiator"


def test_a_deadline_beyond_the_next_start_counts_from_there(api: Api) -> None:
    """A TTL that reaches over the next scheduled start is counted from that start."""
    workspace = api.running(ttl_ms=4 * HOUR, autostart_schedule="0 14 * * *")
    assert workspace["next_start_at"] == "2025-09-01T14:00:00Z"
    assert workspace["latest_build"]["deadline"] == "2025-09-01T18:00:00Z"


@pytest.mark.parametrize("state", ["running", "failed", "dormant", "suspended"])
def test_who_is_not_started(make_api: Callable[..., Api], state: str) -> None:
    """Running, failed and dormant workspaces and those of suspended users are left alone."""
    seed = default_seed()
    workspace = WorkspaceSeed(
        name="box", owner="member", template="docker", autostart_schedule="0 13 * * *"
    )
    workspace.state = "stopped"
    if state in ("running", "failed"):
        workspace.state = state  # type: ignore[assignment]  # one of its words
    workspace.dormant = state == "dormant"
    seed.workspaces = [workspace]
    api = make_api(seed)
    if state == "suspended":
        member = api.world.store.user_named("member")
        assert member is not None
        member.status = "suspended"
    path = f"/workspaces/{api.get('/workspaces')['workspaces'][0]['id']}"
    before = api.get(path)["latest_build"]["id"]
    api.clock.advance(timedelta(days=2))
    assert api.get(path)["latest_build"]["id"] == before


def test_every_day_anew(api: Api) -> None:
    """Start by schedule, stop by TTL, and the same again the next day."""
    workspace = api.running(ttl_ms=HOUR, autostart_schedule="0 9 * * *")
    path = f"/workspaces/{workspace['id']}"
    api.clock.advance(timedelta(days=3))
    builds = api.get(f"{path}/builds?limit=100")
    reasons = [build["reason"] for build in reversed(builds)]
    assert reasons == ["initiator", "autostop", *["autostart", "autostop"] * 3]
    assert api.get(path)["next_start_at"] == "2025-09-05T09:00:00Z"


def test_use_postpones_dormancy(make_api: Callable[..., Api]) -> None:
    """The time until dormancy counts from the last use, and dormancy stops what runs."""
    api = make_api(aging())
    path = f"/workspaces/{api.running()['id']}"
    api.clock.advance(timedelta(hours=23))
    assert api.send("POST", f"{path}/usage").status_code == 204
    api.clock.advance(timedelta(hours=23))
    assert api.get(path)["dormant_at"] is None
    api.clock.advance(timedelta(hours=2))
    workspace = api.get(path)
    assert workspace["dormant_at"] is not None
    assert workspace["deleting_at"] is None
    assert status(api, path) == "stopped dormancy"


def test_waking_up_saves_from_deletion(make_api: Callable[..., Api]) -> None:
    """A dormant workspace that is woken in time is not deleted, another one is."""
    api = make_api(aging(delete=24 * HOUR))
    paths = [f"/workspaces/{api.running(name)['id']}" for name in ("kept", "lost")]
    for path in paths:
        response = api.send("PUT", f"{path}/dormant", {"dormant": True})
        assert response.json()["deleting_at"] is not None
    api.clock.advance(timedelta(hours=23))
    assert api.send("PUT", f"{paths[0]}/dormant", {"dormant": False}).status_code == 200
    api.clock.advance(timedelta(hours=2))
    assert status(api, paths[0]) == "running initiator"
    assert status(api, paths[1]) == "deleted autodelete"
    assert api.send("GET", paths[1]).status_code == 410


def test_activity_moves_a_near_deadline_only(make_api: Callable[..., Api]) -> None:
    """Use moves the deadline to an hour from now, unless it is later already."""
    api = make_api(experiments=frozenset({"workspace-usage"}))
    workspace = api.running(ttl_ms=2 * HOUR)
    path = f"/workspaces/{workspace['id']}"
    agent = workspace["latest_build"]["resources"][0]["agents"][0]["id"]
    first = workspace["latest_build"]["deadline"]

    def use() -> str:
        body = {"agent_id": agent, "app_name": "ssh"}
        assert api.send("POST", f"{path}/usage", body).status_code == 204
        deadline: str = api.get(path)["latest_build"]["deadline"]
        return deadline

    assert use() == first
    api.clock.advance(timedelta(minutes=30))
    assert use() == first
    api.clock.advance(timedelta(hours=1))
    assert use() == format_time(api.clock.now() + timedelta(hours=1))
    api.clock.advance(timedelta(minutes=50))
    assert status(api, path) == "running initiator"
    api.clock.advance(timedelta(minutes=12))
    assert status(api, path) == "stopped autostop"
