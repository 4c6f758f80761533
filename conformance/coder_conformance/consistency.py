"""What must hold between the fields of an answer, beyond the schema of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

from coder_spec import Operation
from coder_spec.files import is_object

from .exchange import Exchange

Json = dict[str, Any]

_STATUS = {
    ("start", "pending"): "pending",
    ("stop", "pending"): "pending",
    ("delete", "pending"): "pending",
    ("start", "running"): "starting",
    ("stop", "running"): "stopping",
    ("delete", "running"): "deleting",
    ("start", "succeeded"): "running",
    ("stop", "succeeded"): "stopped",
    ("delete", "succeeded"): "deleted",
}
# The user whom all prebuilt workspaces belong to until somebody claims them.
_PREBUILDER = "c42fdf75-3097-471c-8c33-fb52454d81c0"
_ENDED = frozenset({"succeeded", "failed", "canceled"})
_SUCCEEDED = frozenset({"succeeded"})
_ALL = frozenset({"pending", "running", "canceling"}) | _ENDED
# For each field the job's states in which it is always there, and those in which it never is.
Rules = dict[str, tuple[frozenset[str], frozenset[str]]]
_JOB_FIELDS: Rules = {
    "completed_at": (_ENDED, _ALL - _ENDED),
    "started_at": (frozenset({"running", "succeeded"}), frozenset({"pending"})),
    # Servers that build without provisioners of their own have none to name.
    "worker_id": (frozenset(), frozenset({"pending"})),
    "canceled_at": (frozenset({"canceling", "canceled"}), frozenset()),
    "error": (frozenset({"failed"}), _ALL - {"failed"}),
}
# Agents that are well: on their way, or there.
_WELL = frozenset({("connecting", "created"), ("connected", "ready")})
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\Z")


def contradictions(operation: Operation, exchange: Exchange, body: Any) -> Iterator[str]:
    """Sentences about fields of a successful answer that contradict each other or the request."""
    match operation.id:
        case "listWorkspaces":
            yield from _page(exchange, body)
        case "getWorkspaceTimingsById":
            yield from _timings(body)
        case _ if is_object(body) and "latest_build" in body:
            yield from workspace(body)
            yield from _asked_for(exchange, body)
        case _:
            return


def workspace(body: Json) -> Iterator[str]:
    """What contradicts itself within one workspace."""
    build: Json = body["latest_build"]
    pairs = {
        "workspace_id": ("id", body["id"]),
        "workspace_name": ("name", body["name"]),
        "workspace_owner_id": ("owner_id", body["owner_id"]),
        "workspace_owner_name": ("owner_name", body["owner_name"]),
    }
    for name, (other, value) in pairs.items():
        if build[name] != value:
            yield f"latest_build.{name} is {build[name]!r} but {other} is {value!r}"
    outdated = build["template_version_id"] != body["template_active_version_id"]
    if body["outdated"] != outdated:
        yield f"outdated is {body['outdated']} but the build's version says {outdated}"
    health: Json = body["health"]
    failing = [
        agent["id"]
        for resource in build["resources"]
        for agent in resource.get("agents", [])
        if not agent["health"]["healthy"]
    ]
    if sorted(health["failing_agents"]) != sorted(failing):
        yield f"health.failing_agents is {health['failing_agents']} but the agents say {failing}"
    if health["healthy"] != (not health["failing_agents"]):
        yield f"health.healthy is {health['healthy']} with failing agents {failing}"
    status = body["latest_app_status"]
    if status is not None and status["workspace_id"] != body["id"]:
        yield "latest_app_status names another workspace"
    if body["is_prebuild"] != (body["owner_id"] == _PREBUILDER):
        yield f"is_prebuild is {body['is_prebuild']} of a workspace of {body['owner_name']}"
    if body["next_start_at"] is not None and "autostart_schedule" not in body:
        yield "there is a next_start_at without an autostart_schedule"
    # Some servers look at the clock twice when they make one.
    if abs(_time(body["updated_at"]) - _time(body["created_at"])) > timedelta(seconds=1):
        yield "updated_at differs from created_at, which nothing may change"
    yield from _build(build)


def _build(build: Json) -> Iterator[str]:
    job: Json = build["job"]
    state = job["status"]
    expected = _STATUS.get((build["transition"], state), state)
    if build["status"] != expected:
        yield (
            f"latest_build.status is {build['status']!r} but {build['transition']} with a job "
            f"{state} means {expected!r}"
        )
    yield from _job(build)
    yield from _presence(job, state, _JOB_FIELDS)
    # Builds of servers that did not know it yet never got it.
    yield from _presence(build, state, {"has_ai_task": (frozenset(), _ALL - _SUCCEEDED)})
    if state in {"pending", "running"}:
        if build["resources"]:
            yield f"a build whose job is {state} has resources already"
        if build["deadline"] is not None:
            yield f"a build whose job is {state} has a deadline already"
    yield from _order(job, "created_at", "started_at", "completed_at")
    for resource in build["resources"]:
        if resource["job_id"] != job["id"]:
            yield "a resource names another job than the build's"
        if resource["workspace_transition"] != build["transition"]:
            yield "a resource names another transition than the build's"
        for agent in resource.get("agents", []):
            yield from _agent(agent, resource)
            yield from _apps(agent, build["workspace_id"])


def _job(build: Json) -> Iterator[str]:
    job, matched = build["job"], build["matched_provisioners"]
    if job["type"] != "workspace_build":
        yield f"the type of a build's job is {job['type']!r}"
    if job["input"].get("workspace_build_id") != build["id"]:
        yield "latest_build.job.input.workspace_build_id is not the build's id"
    if job["status"] != "pending" and job["queue_position"]:
        yield f"a job that is {job['status']} has the place {job['queue_position']} in the queue"
    if matched["available"] > matched["count"]:
        yield f"{matched['available']} of {matched['count']} provisioners are available"
    if not matched["count"] and matched["most_recently_seen"] is not None:
        yield "none of no provisioners was seen at some time"


def _presence(holder: Json, state: str, rules: Rules) -> Iterator[str]:
    for name, (always, never) in rules.items():
        if state in always and name not in holder:
            yield f"with a job in state {state} there is no {name}"
        if state in never and name in holder:
            yield f"with a job in state {state} there is a {name}: {holder[name]!r}"


def _agent(agent: Json, resource: Json) -> Iterator[str]:
    if agent["resource_id"] != resource["id"]:
        yield "an agent names another resource than the one it stands in"
    if agent["status"] in {"connected", "disconnected"} and "first_connected_at" not in agent:
        yield f"an agent that is {agent['status']} has no first_connected_at"
    if agent["lifecycle_state"] == "ready" and not {"started_at", "ready_at"} <= agent.keys():
        yield "an agent that is ready has no started_at or no ready_at"
    yield from _health(agent)
    sources = {source["id"] for source in agent["log_sources"]}
    for script in agent["scripts"]:
        if script["log_source_id"] not in sources:
            yield "a script names a log source that its agent does not have"
    blocking = any(s["run_on_start"] and s["start_blocks_login"] for s in agent["scripts"])
    if (agent["startup_script_behavior"] == "blocking") != blocking:
        yield f"startup_script_behavior is {agent['startup_script_behavior']!r} with its scripts"
    yield from _order(agent, "created_at", "first_connected_at", "last_connected_at")
    yield from _order(agent, "started_at", "ready_at")


def _health(agent: Json) -> Iterator[str]:
    health, state = agent["health"], (agent["status"], agent["lifecycle_state"])
    if health["healthy"] == ("reason" in health):
        yield "an agent's health.reason does not go with health.healthy"
    if state in _WELL and not health["healthy"]:
        yield f"an agent that is {' and '.join(state)} is not healthy"
    if state[0] in {"disconnected", "timeout"} and health["healthy"]:
        yield f"an agent in the state {state[0]} is healthy"


def _apps(agent: Json, workspace: str) -> Iterator[str]:
    for app in agent["apps"]:
        for status in app["statuses"]:
            if (status["app_id"], status["agent_id"]) != (app["id"], agent["id"]):
                yield "a status stands with another application than the one that it names"
            if status["workspace_id"] != workspace:
                yield "a status of an application names another workspace"


def _page(exchange: Exchange, body: Json) -> Iterator[str]:
    query = parse_qs(urlsplit(exchange.url).query)
    found: list[Json] = body["workspaces"]
    limit, offset = (_number(query.get(name, ["0"])[-1]) for name in ("limit", "offset"))
    if limit and len(found) > limit:
        yield f"limit is {limit} but {len(found)} workspaces came"
    if len(found) > max(body["count"] - offset, 0):
        yield f"{len(found)} workspaces came from offset {offset} although count is {body['count']}"
    if len({item["id"] for item in found}) != len(found):
        yield "a workspace stands twice in the page"
    for item in found:
        yield from workspace(item)


def _number(text: str) -> int:
    """A number of the query; 0 for a malformed pair, which servers drop."""
    return int(text) if text.removeprefix("+").isdecimal() else 0


def _timings(body: Json) -> Iterator[str]:
    for kind, stages in (
        ("provisioner_timings", {"init", "plan", "graph", "apply"}),
        ("agent_script_timings", {"start", "stop", "cron"}),
        ("agent_connection_timings", {"connect"}),
    ):
        for timing in body[kind]:
            yield from _order(timing, "started_at", "ended_at")
            if timing["stage"] not in stages:
                yield f"an entry of {kind} has the stage {timing['stage']!r}"
    starts = [_time(timing["started_at"]) for timing in body["provisioner_timings"]]
    if starts != sorted(starts):
        yield "provisioner_timings is not in the order of started_at"


def _asked_for(exchange: Exchange, body: Json) -> Iterator[str]:
    """The workspace in the answer is the one in the path."""
    parts = exchange.path.rstrip("/").split("/")
    if exchange.method == "POST":
        return
    if "workspaces" in parts and parts[-1] != "workspaces":
        asked = parts[parts.index("workspaces") + 1]
        if _UUID.match(asked) and body["id"] != asked:
            yield f"the workspace {asked} was asked for but {body['id']} came"
    if parts[-2:-1] == ["workspace"] and body["name"].lower() != parts[-1].lower():
        yield f"the name {parts[-1]!r} was asked for but {body['name']!r} came"


def _order(holder: Json, *names: str) -> Iterator[str]:
    known = [(name, _time(holder[name])) for name in names if name in holder]
    for (earlier, first), (later, second) in pairwise(known):
        if second < first:
            yield f"{later} is before {earlier}"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
