"""The list: laws that hold for it whatever it holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder_conformance.agents import agents_of
from coder_conformance.exchange import Exchange
from coder_conformance.results import Mismatch
from coder_conformance.shared import Shared
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.search import Search
from coder_conformance.suite.server.several import Several, in_order
from coder_conformance.suite.server.several import listed as _list

Json = dict[str, Any]
GET = "getWorkspaceMetadataById"
OF_BUILDS = (
    "id",
    "build_number",
    "transition",
    "status",
    "deadline",
    "template_version_name",
)
ALL_OPTIONAL = {"autostart_schedule", "ttl_ms"}


@pytest.mark.requirement("list/agrees-with-get")
def test_list_agrees_with_get(scenario: Scenario, shared: Shared, several: Several) -> None:
    """Each entry of the list is what reading the workspace before and after that shows."""
    if not shared.readonly:  # so that a list that was kept from before shows
        changed = shared.stopped()
        ttl = {"ttl_ms": (changed.get("ttl_ms") or 0) % 3_600_000 + 3_660_000}
        scenario.on(changed, "updateWorkspaceTtlById", 204, body=ttl)

    def read() -> dict[str, Exchange]:
        ids = [w["id"] for w in several.workspaces]
        return {i: scenario.call(GET, {"workspace": i}, 200) for i in ids}

    before, found, after = read(), _list(scenario, several.query), read()
    for shown in (w for w in found if w["id"] in before):
        was, now = (_parts(each[shown["id"]].json()) for each in (before, after))
        for name, value in _parts(shown).items():
            if was.get(name) == now.get(name) != value:
                expected = f"{name} = {was.get(name)!r} in the list"
                raise Mismatch(expected, repr(value), after[shown["id"]])


def _parts(workspace: Json) -> Json:
    """What is compared; the resources of its build are a matter of their own."""
    build = {f"latest_build.{name}": workspace["latest_build"][name] for name in OF_BUILDS}
    names = workspace.keys() | ALL_OPTIONAL
    return {name: workspace.get(name) for name in names if name != "latest_build"} | build


@pytest.mark.requirement("list/leaves-out-deleted")
def test_list_leaves_out_deleted(scenario: Scenario, deleted: Json) -> None:
    """A deleted workspace is in no list."""
    for query in ("", f"name:{deleted['name']}", f"id:{deleted['id']}", "status:deleted"):
        answer = scenario.call("listWorkspaces", {}, 200, query={"q": query})
        if any(item["id"] == deleted["id"] for item in answer.json()["workspaces"]):
            raise Mismatch("a list without the deleted workspace", "a list with it", answer)


@pytest.mark.requirement("list/pages")
def test_list_pages(scenario: Scenario, several: Several) -> None:
    """Pages put together are the whole, count never changes, and past the end there is nothing."""
    query = several.query
    whole = [item["id"] for item in several.workspaces]

    @given(st.integers(1, len(whole) + 1), st.integers(0, len(whole) + 2))
    def check(limit: int, start: int) -> None:
        seen: list[str] = []
        for offset in range(start, len(whole) + limit, limit):
            parameters = {"q": query, "limit": str(limit), "offset": str(offset)}
            answer = scenario.call("listWorkspaces", {}, 200, query=parameters)
            page = answer.json()
            if page["count"] != len(whole):
                raise Mismatch(f"count = {len(whole)}", f"count = {page['count']}", answer)
            found = [item["id"] for item in page["workspaces"]]
            if found != whole[offset : offset + limit]:
                raise Mismatch(f"{whole[offset : offset + limit]}", f"{found}", answer)
            seen += found
        if seen != whole[start:]:
            raise Mismatch(f"{whole[start:]}", f"{seen}", scenario.wire.last)

    check()
    for parameters in ({"limit": "0"}, {"limit": ""}, {"limit": "2147483647", "offset": "+0"}):
        if [item["id"] for item in _list(scenario, query, **parameters)] != whole:
            raise Mismatch("the whole list", "another one", scenario.wire.last)


@pytest.mark.requirement("list/order")
def test_list_order(scenario: Scenario, several: Several) -> None:
    """Favourites, running ones, owner, name."""
    in_order(several.workspaces, scenario.wire.last)
    # Of all that is there only what this run made: others may work on theirs meanwhile.
    prefix = scenario.world.prefix
    ours = [w for w in _list(scenario, "") if w["name"].lower().startswith(prefix)]
    in_order(ours, scenario.wire.last)


def _has_agent(state: str) -> Callable[[Json], bool]:
    return lambda workspace: (
        workspace["latest_build"]["transition"] == "start"
        and any(agent["status"] == state for agent in agents_of(workspace))
    )


@pytest.mark.requirement("list/search")
def test_list_search(scenario: Scenario, search: Search) -> None:
    """A query finds what a plain reading of its words finds in the unfiltered list."""
    mine = search.mine
    one = mine[0]
    moment = datetime.fromisoformat(one["last_used_at"])
    after = (moment + timedelta(milliseconds=1)).astimezone(UTC)
    stamp = after.isoformat(timespec="microseconds").replace("+00:00", "Z")
    words: dict[str, Callable[[Json], bool]] = {
        "": lambda _: True,
        "owner:me": lambda w: w["owner_id"] == scenario.world.me["id"],
        f"owner:{one['owner_name'].upper()}": lambda w: w["owner_id"] == one["owner_id"],
        "owner:no-such-user-at-all": lambda _: False,
        f"template:{one['template_name']}": lambda w: w["template_id"] == one["template_id"],
        "template:no-such-template-at-all": lambda _: False,
        f"organization:{one['organization_name']}": lambda w: (
            w["organization_id"] == one["organization_id"]
        ),
        f"organization:{one['organization_id']}": lambda w: (
            w["organization_id"] == one["organization_id"]
        ),
        f"id:{one['id']}": lambda w: w["id"] == one["id"],
        f"id:{one['id']},{mine[-1]['id']}": lambda w: w["id"] in {one["id"], mine[-1]["id"]},
        "status:running": lambda w: w["latest_build"]["status"] == "running",
        "status:stopped": lambda w: w["latest_build"]["status"] == "stopped",
        "status:pending": lambda w: w["latest_build"]["job"]["status"] == "pending",
        "status:failed": lambda w: w["latest_build"]["job"]["status"] == "failed",
        "has-agent:connected": _has_agent("connected"),
        "has-agent:timeout": _has_agent("timeout"),
        "dormant:true": lambda w: w["dormant_at"] is not None,
        "dormant:false": lambda _: True,
        "outdated:true": lambda w: w["outdated"],
        "outdated:false": lambda w: not w["outdated"],
        f'last_used_after:"{stamp}"': lambda w: datetime.fromisoformat(w["last_used_at"]) >= after,
        f'last_used_before:"{stamp}"': lambda w: datetime.fromisoformat(w["last_used_at"]) <= after,
    }
    names: dict[str, Callable[[Json], bool]] = {
        "owner:me": lambda _: True,
        f"name:{one['name']}": lambda w: one["name"].lower() in w["name"].lower(),
        one["name"].upper(): lambda w: one["name"].lower() in w["name"].lower(),
        f'"{one["name"][1:]}"': lambda w: one["name"][1:].lower() in w["name"].lower(),
        f"{one['owner_name']}/{one['name']}": lambda w: one["name"].lower() in w["name"].lower(),
    }

    @given(st.sampled_from(sorted(words)), st.sampled_from(sorted(names)), st.booleans())
    def check(word: str, name: str, name_first: bool) -> None:
        if "/" in name and word.startswith("owner:"):
            return  # the owner would be given twice, which is refused
        if name == "owner:me" and word.startswith("owner:"):
            name = ""
        query = " ".join((name, word) if name_first else (word, name)).strip()
        named = names.get(name, _anything)
        search.finds(query, lambda w: words[word](w) and named(w))

    for word in sorted(words):
        check.hypothesis.inner_test(word, "owner:me", True)  # type: ignore[attr-defined]
    check()


def _anything(_: Json) -> bool:
    return True
