"""Faults of reading by identifier: what is there, what is deleted, what lasts."""

from __future__ import annotations

import copy
import re
from uuid import uuid4

from tests.conformance.faults.pieces.answers import answered
from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.places import GET, SHOWN
from tests.conformance.faults.pieces.workspaces import is_deleted, only, put
from tests.conformance.faulty import Answer, Call, Fault, Json, on_success, on_workspaces


def _with_deleted(call: Call) -> None:
    call.set("include_deleted", "true")


def _later_update(workspace: Json) -> None:
    workspace["updated_at"] = workspace["last_used_at"].replace("2026", "2027")


def _deleted_is_404(answer: Answer) -> None:
    if answer.status == 410:
        answer.status = 404


class _Swapped:
    """Answers with the workspace that was asked for before."""

    def __init__(self) -> None:
        self.last: Json | None = None

    def __call__(self, answer: Answer) -> None:
        if answer.status == 200:
            fresh = answer.json
            if self.last is not None:
                answer.json = self.last
            self.last = copy.deepcopy(fresh)


def _fresh_ids(workspace: Json) -> None:
    for resource in workspace["latest_build"]["resources"]:
        resource["id"] = str(uuid4())


def _by_its_name(value: Json) -> None:
    value["message"] = re.sub(r'"[0-9a-f-]{36}"', '"that"', value["message"])


def _no_way(value: Json) -> None:
    value["message"] = value["message"].split(",")[0] + "."


def _suffix(shown: Json) -> None:
    shown["name"] += "-deleted"


def _no_settings(shown: Json) -> None:
    shown.pop("ttl_ms", None)
    shown.pop("autostart_schedule", None)
    shown["automatic_updates"] = "never"


class _EveryFifth:
    """Each fifth read of a workspace shows what the one before showed."""

    def __init__(self) -> None:
        self.reads: dict[str, tuple[int, bytes]] = {}

    def __call__(self, answer: Answer) -> None:
        if answer.status == 200 and answer.call is not None:
            key = f"{answer.call.path}{answer.call.query}"
            count, last = self.reads.get(key, (0, answer.body))
            fresh = answer.body
            if count % 5 == 4:
                answer.body = last
            self.reads[key] = count + 1, fresh


def _of_its_resource(shown: Json) -> None:
    for resource in shown["latest_build"]["resources"]:
        for agent in resource.get("agents", []):
            agent["id"] = resource["id"]


def _one_resource(shown: Json) -> None:
    for resource in shown["latest_build"]["resources"]:
        resource["id"] = shown["latest_build"]["resources"][0]["id"]


FAULTS: list[Fault] = [
    named(GET, "deleted-ones-are-always-shown", "get/deleted", rewrite=_with_deleted),
    named(GET, "deleted-is-404", "get/deleted", alter=_deleted_is_404),
    at(
        SHOWN,
        "the-deleted-are-deleting",
        "A deleted workspace is shown as being deleted.",
        "get/deleted-build",
        GET,
        alter=on_workspaces(only(is_deleted, put("deleting", "latest_build", "status"))),
    ),
    at(
        GET,
        "deleted-ones-lose-their-name",
        "A deleted workspace is shown with a name that says so.",
        "get/deleted-keeps-its-data",
        alter=on_workspaces(only(is_deleted, _suffix)),
    ),
    at(
        GET,
        "deleted-ones-lose-their-settings",
        "A deleted workspace is shown without its settings.",
        "get/deleted-keeps-its-data",
        alter=on_workspaces(only(is_deleted, _no_settings)),
    ),
    at(
        GET,
        "what-is-gone-is-not-named",
        "The 410 does not tell the identifier.",
        "get/deleted-message",
        alter=answered(410, _by_its_name),
    ),
    at(
        GET,
        "what-is-gone-cannot-be-seen",
        "The 410 does not tell how to see deleted ones.",
        "get/deleted-message",
        alter=answered(410, _no_way),
    ),
    at(
        GET,
        "what-is-gone-is-told-in-detail",
        "The 410 has a detail.",
        "get/deleted-message",
        alter=answered(410, put("It is gone.", "detail")),
    ),
    at(
        SHOWN,
        "resources-change-at-every-reading",
        "Resources have other identifiers at every reading.",
        "get/lasting-identifiers",
        GET,
        alter=on_workspaces(_fresh_ids),
    ),
    at(
        GET,
        "each-fifth-read-is-old",
        "Each fifth read shows what the one before showed.",
        "get/monotonic-reads",
        alter=_EveryFifth(),
    ),
    named(GET, "updated-at-moves", "get/never-updated", alter=on_success(_later_update)),
    named(
        SHOWN,
        "the-owner-is-unknown",
        "get/owner-facts",
        GET,
        alter=on_workspaces(put("/nobody.png", "owner_avatar_url")),
    ),
    at(
        GET,
        "agents-are-resources",
        "An agent has the identifier of its resource.",
        "get/resources",
        alter=on_workspaces(_of_its_resource),
    ),
    at(
        GET,
        "resources-are-one",
        "Resources have the identifier of the first one.",
        "get/resources",
        alter=on_workspaces(_one_resource),
    ),
    named(GET, "another-workspace-is-shown", "get/returns-the-one-asked-for", alter=_Swapped()),
]
