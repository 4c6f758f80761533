"""Servers whose answers contradict themselves, or hold what should be left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conformance.faults.pieces.makers import at
from tests.conformance.faults.pieces.places import GET, NOBODY, SHOWN
from tests.conformance.faults.pieces.workspaces import deep, only, put
from tests.conformance.faulty import Fault, Json, on_workspaces

Change = Callable[[Json], None]
BODY, SCHEMA = "contract/consistent-body", "contract/response-schema"


def _built(shown: Json) -> bool:
    return bool(shown["latest_build"]["job"]["status"] == "succeeded")


def _job(value: Any, *path: str) -> Change:
    return only(_built, put(value, "latest_build", "job", *path))


def _matched(**fields: Any) -> Change:
    def change(shown: Json) -> None:
        shown["latest_build"]["matched_provisioners"].update(fields)

    return only(_built, change)


def _ill(shown: Json) -> None:
    """Every agent that is connected is said to be unwell, in words of the server's own."""
    failing: list[str] = shown["health"]["failing_agents"]

    def each(agent: Json) -> None:
        if agent["status"] == "connected":
            agent["status"], agent["health"] = "disconnected", {"healthy": False, "reason": "gone"}
            failing.append(agent["id"])

    deep(each)(shown)
    shown["health"]["healthy"] = not failing


def _unwell(shown: Json) -> None:
    """Agents that are well are told to fail."""
    failing: list[str] = shown["health"]["failing_agents"]

    def each(agent: Json) -> None:
        if agent["lifecycle_state"] == "ready":
            agent["health"] = {"healthy": False, "reason": "agent is not running"}
            failing.append(agent["id"])

    deep(each)(shown)
    shown["health"]["healthy"] = not failing


def _lost(agent: Json) -> None:
    if agent["status"] == "connected":
        agent["status"] = "disconnected"


def _behaviour(agent: Json) -> None:
    old = agent["startup_script_behavior"]
    agent["startup_script_behavior"] = "non-blocking" if old == "blocking" else "blocking"


def _of_app(**fields: Any) -> Change:
    def each(agent: Json) -> None:
        for app in agent["apps"]:
            for name, value in fields.items():
                app.setdefault(name, value)

    return deep(each)


def _status(name: str) -> Change:
    """Every application has reported something, as another one."""

    def change(shown: Json) -> None:
        def each(agent: Json) -> None:
            for app in agent["apps"]:
                said = {"workspace_id": shown["id"], "agent_id": agent["id"], "app_id": app["id"]}
                told = {"message": "", "uri": "", "icon": "", "needs_user_attention": False}
                first = {"id": NOBODY, "created_at": agent["created_at"], "state": "working"}
                app["statuses"] = [{**first, **said, **told, name: NOBODY}]

        deep(each)(shown)

    return change


def _of_resources(name: str) -> Change:
    def change(shown: Json) -> None:
        for resource in shown["latest_build"]["resources"]:
            resource.setdefault(name, [])

    return change


def _of_agents(name: str, value: Any) -> Change:
    return deep(lambda agent: agent.setdefault(name, value))


def _fault(name: str, sentence: str, requirement: str, change: Change) -> Fault:
    return at(SHOWN, name, sentence, requirement, GET, alter=on_workspaces(change))


FAULTS: list[Fault] = [
    *(
        _fault(name, sentence, BODY, change)
        for name, sentence, change in (
            (
                "builds-are-done-by-imports",
                "The job of a build is said to import a template.",
                _job("template_version_import", "type"),
            ),
            ("jobs-name-no-build", "The input of a job names no build.", _job({}, "input")),
            (
                "done-jobs-wait",
                "A job that has ended has a place in the queue.",
                _job(1, "queue_position"),
            ),
            (
                "more-provisioners-than-there-are",
                "More provisioners are available than there are.",
                _matched(available=1),
            ),
            (
                "nobody-was-seen-lately",
                "Where no provisioners are counted, one was seen.",
                _matched(most_recently_seen="2026-01-02T03:04:05Z"),
            ),
            ("agents-that-are-well-fail", "An agent that is ready is not healthy.", _unwell),
            ("lost-agents-are-well", "An agent that was lost is healthy.", deep(_lost)),
            (
                "logins-wait-the-other-way",
                "Whether logins wait is told the other way round.",
                deep(_behaviour),
            ),
            (
                "statuses-of-other-apps",
                "The statuses of an application name another one.",
                _status("app_id"),
            ),
            (
                "statuses-of-other-workspaces",
                "The statuses of an application name another workspace.",
                _status("workspace_id"),
            ),
        )
    ),
    *(
        _fault(f"{name}-are-empty", f"{words} are there, and empty.", SCHEMA, change)
        for name, words, change in (
            ("absent-agents", "The agents of a resource without any", _of_resources("agents")),
            ("absent-facts", "The facts of a resource without any", _of_resources("metadata")),
            ("absent-latencies", "Latencies that were not measured", _of_agents("latency", {})),
            ("absent-instances", "Names of no instances", _of_agents("instance_id", "")),
            (
                "absent-headings",
                "Headings and commands of applications",
                _of_app(group="", command=""),
            ),
            (
                "absent-workers",
                "Names of provisioners that have none",
                lambda w: w["latest_build"]["job"].setdefault("worker_name", ""),
            ),
        )
    ),
    _fault(
        "agents-fail-in-own-words",
        "Why an agent is not healthy is told in other words than the fixed ones.",
        "lifecycle/health-reasons",
        _ill,
    ),
]
