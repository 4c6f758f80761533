"""The keys of a search, one by one, each judged by the unfiltered list."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from itertools import product
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder_conformance.agents import agents_of
from coder_conformance.results import Mismatch
from coder_conformance.suite.server.search import NO, YES, Search, has

Json = dict[str, Any]
MARK = pytest.mark.requirement
STATUSES = ("pending", "starting", "running", "stopping", "stopped", "failed", "canceling",
            "canceled", "deleting", "deleted")  # fmt: skip
OF_ANY_TRANSITION = {"pending", "failed", "canceling", "canceled"}


@MARK("list/q-name")
def test_name(search: Search) -> None:
    """Every part of every name, in any case."""
    names = st.sampled_from([w["name"] for w in search.mine])

    @given(names, st.integers(0, 31), st.integers(1, 32), st.booleans())
    def check(name: str, start: int, length: int, upper: bool) -> None:
        part = name[start % len(name) :][:length]
        search.finds(f'owner:me name:"{part.upper() if upper else part}"', has(part))

    check()
    search.nothing(f"name:{uuid4().hex}{uuid4().hex}")


@MARK("list/q-name-wildcards")
def test_name_wildcards(search: Search) -> None:
    """As in the patterns of SQL: any text, and any character."""
    name = search.one["name"]
    for pattern in (
        f"{name[:3]}%{name[-1]}",
        f"{name[0]}_{name[2:]}",
        f"{name[:-1]}_",
        f"%{name}%",
    ):
        search.finds(f"name:{pattern}", _like(pattern))


def _like(pattern: str) -> Callable[[Json], bool]:
    """Whether a workspace has something of a pattern in its name."""
    wanted = "".join({"%": ".*", "_": "."}.get(c, re.escape(c)) for c in pattern)
    return lambda w: re.search(wanted, w["name"], re.IGNORECASE) is not None


@MARK("list/q-owner")
def test_owner(search: Search) -> None:
    """The whole username."""
    owner = search.one["owner_name"]
    for query in ("owner:me", "owner:ME", f"owner:{owner}", f"owner:{owner.upper()}"):
        search.finds(query, lambda w: w["owner_name"] == owner)
    for other in (owner[:-1] or "x-y-z", f"{owner}x{uuid4().hex[:5]}", "no-such-user", "%"):
        if other != owner:
            answer = search(f"owner:{other}")
            if any(w["owner_name"] == owner for w in answer.json()["workspaces"]):
                raise Mismatch(f"owner:{other} not to find {owner}", answer.answer(), answer)


@MARK("list/q-template")
def test_template(search: Search) -> None:
    """The whole name."""
    name = search.one["template_name"]
    for query in (f"template:{name}", f"template:{name.upper()}"):
        search.finds(f"{search.base} {query}", lambda w: w["template_name"] == name)
    for other in filter(None, (name[:-1], f"{name}{uuid4().hex[:5]}", "%")):
        search.finds(f"{search.base} template:{other}", _made_from(other))


def _made_from(template: str) -> Callable[[Json], bool]:
    """Whether a workspace was made from the template of this name."""
    return lambda w: bool(w["template_name"].lower() == template.lower())


@MARK("list/q-organization")
def test_organization(search: Search) -> None:
    """Identifier or name."""
    identifier, name = search.one["organization_id"], search.one["organization_name"]
    for value in (identifier, identifier.upper(), name, name.upper()):
        query = f"{search.base} organization:{value}"
        search.finds(query, lambda w: w["organization_id"] == identifier)
    search.nothing(f"organization:{uuid4()}")
    search.refuses("organization:no-such-organization", "organization")


@MARK("list/q-id")
def test_id(search: Search) -> None:
    """One, several by commas, several by repetition."""
    ids = [w["id"] for w in search.mine]
    search.just(f"id:{search.one['id']}")
    search.just(f"id:{search.one['id'].upper()}")

    @given(st.sets(st.sampled_from(ids), min_size=1), st.booleans())
    def check(chosen: set[str], commas: bool) -> None:
        some = sorted(chosen)
        query = "id:" + ",".join(some) if commas else " ".join(f"id:{i}" for i in some)
        search.finds(query, lambda w: w["id"] in chosen)

    check()
    search.nothing(f"id:{uuid4()}")
    search.just(f"id:{uuid4()},{search.one['id']}")


@MARK("list/q-id-malformed")
def test_id_malformed(search: Search) -> None:
    """Also one among good ones."""
    for text in ("x", search.one["id"][:-1], f"{search.one['id']},x", search.one["name"]):
        search.refuses(f"id:{text}", "id")


@MARK("list/q-status")
def test_status(search: Search) -> None:
    """As each workspace shows it; some statuses are those of the job."""
    for status in STATUSES:
        by_job = status in OF_ANY_TRANSITION

        def shows(workspace: Json, status: str = status, by_job: bool = by_job) -> bool:
            build = workspace["latest_build"]
            return bool((build["job"]["status"] if by_job else build["status"]) == status)

        search.finds(f"{search.base} status:{status}", shows)
        search.finds(f"{search.base} status:{status.upper()}", shows)


@MARK("list/q-status-unknown")
def test_status_unknown(search: Search) -> None:
    """Words of other lists."""
    for status in ("started", "unknown", "succeeded", "run", "running,stopped", "true"):
        search.refuses(f"status:{status}", "status")


@MARK("list/q-has-agent")
def test_has_agent(search: Search) -> None:
    """The state of at least one agent."""
    for state in ("connecting", "connected", "disconnected", "timeout"):

        def with_agent(workspace: Json, state: str = state) -> bool:
            starts = workspace["latest_build"]["transition"] == "start"
            return starts and any(a["status"] == state for a in agents_of(workspace))

        search.finds(f"{search.base} has-agent:{state}", with_agent)
    search.nothing("has-agent:nonsense")


@MARK("list/q-dormant")
def test_dormant(search: Search) -> None:
    """Yes means only these, no means nothing."""
    for text in YES:
        search.finds(f"{search.base} dormant:{text}", lambda w: w["dormant_at"] is not None)
    for text in NO:
        search.finds(f"{search.base} dormant:{text}", lambda _: True)


@MARK("list/q-outdated")
def test_outdated(search: Search) -> None:
    """As each workspace shows it."""
    for text in YES:
        search.finds(f"{search.base} outdated:{text}", lambda w: w["outdated"])
    for text in NO:
        search.finds(f"{search.base} outdated:{text}", lambda w: not w["outdated"])


@MARK("list/q-has-ai-task")
def test_has_ai_task(search: Search) -> None:
    """As the latest build shows it."""
    search.finds(f"{search.base} has-ai-task:true", _has_task)
    search.finds(f"{search.base} has-ai-task:false", lambda w: not _has_task(w))


def _has_task(workspace: Json) -> bool:
    return workspace["latest_build"].get("has_ai_task", False) is True


@MARK("list/q-booleans")
def test_booleans(search: Search) -> None:
    """The spellings of Go, and no others."""
    for key in ("dormant", "outdated", "has-ai-task"):
        for text in (*YES, *NO):
            search(f"{key}:{text}")
        for text in ("yes", "2", "maybe", "-1"):
            search.refuses(f"{key}:{text}", key)


@MARK("list/q-last-used")
def test_last_used(search: Search) -> None:
    """A microsecond before, the moment itself, and a microsecond after, in any zone."""
    step = timedelta(microseconds=1)
    zones = [UTC, *(timezone(timedelta(hours=h)) for h in (14, 5.5, -3.5, -12))]
    for workspace in search.mine[:3]:
        used = datetime.fromisoformat(workspace["last_used_at"]).astimezone(UTC)
        for moment, zone in product((used - step, used, used + step), zones):
            stamp = moment.astimezone(zone).isoformat(timespec="microseconds")
            stamp = stamp.replace("+00:00", "Z")
            search.finds(f'{search.base} last_used_after:"{stamp}"', _used(moment, after=True))
            search.finds(f'{search.base} last_used_before:"{stamp}"', _used(moment, after=False))


def _used(moment: datetime, *, after: bool) -> Callable[[Json], bool]:
    def fits(workspace: Json) -> bool:
        used = datetime.fromisoformat(workspace["last_used_at"])
        return used >= moment if after else used <= moment

    return fits


@MARK("list/q-bad-times")
def test_bad_times(search: Search) -> None:
    """Days, words, numbers, and times that lack something."""
    bad = ("2026-01-02", "yesterday", "0", '"2026-01-02T03:04:05"', '"2026-01-02 03:04:05Z"',
           '"2026-13-02T03:04:05Z"', '"2026-02-30T03:04:05Z"')  # fmt: skip
    for key in ("last_used_after", "last_used_before"):
        for text in bad:
            search.refuses(f"{key}:{text}", key)


@MARK("list/q-param")
def test_param(search: Search) -> None:
    """A parameter that no template has finds nothing, by name and by value."""
    name = f"x-{uuid4().hex}"
    search.nothing(f"{search.base} param:{name}")
    search.nothing(f'{search.base} param:"{name}=1"')
    search.nothing(f"{search.base} param:{name},{name}-2")


@MARK("list/q-param-malformed")
def test_param_malformed(search: Search) -> None:
    """A name without its value, and a value with another."""
    for text in ("x=", "x=1=2"):
        search.refuses(f'param:"{text}"', "param")


@MARK("list/q-words-are-anded")
def test_words_are_anded(search: Search) -> None:
    """Any choice of words finds what each of them finds."""
    words: dict[str, Callable[[Json], bool]] = {
        f"id:{','.join(w['id'] for w in search.mine[:3])}": lambda w: (
            w["id"] in {m["id"] for m in search.mine[:3]}
        ),
        "status:running": lambda w: w["latest_build"]["status"] == "running",
        "dormant:true": lambda w: w["dormant_at"] is not None,
        f"name:{search.one['name']}": has(search.one["name"]),
        "owner:me": lambda _: True,
        f"template:{search.one['template_name']}": lambda w: (
            w["template_id"] == search.one["template_id"]
        ),
    }

    @given(st.sets(st.sampled_from(sorted(words)), min_size=2))
    def check(chosen: set[str]) -> None:
        query = " ".join(sorted(chosen))
        search.finds(query, lambda w: all(words[word](w) for word in chosen))

    check()
