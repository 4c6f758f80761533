"""The search grammar, key by key, each judged by the unfiltered list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder_conformance.exchange import Exchange
from coder_conformance.results import Mismatch
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.several import Several

Json = dict[str, Any]
MARK = pytest.mark.requirement
LIST = "listWorkspaces"
STATUSES = ("pending", "starting", "running", "stopping", "stopped", "failed", "canceling",
            "canceled", "deleting", "deleted")  # fmt: skip
OF_ANY_TRANSITION = {"pending", "failed", "canceling", "canceled"}
YES = ("1", "t", "T", "TRUE", "true", "True")
NO = ("0", "f", "F", "FALSE", "false", "False")


class Search:
    """Queries, and what they must find among the workspaces of this run."""

    def __init__(self, scenario: Scenario, several: Several) -> None:
        self.scenario = scenario
        self.mine = several.workspaces
        self.one = several.workspaces[0]
        self.base = several.query

    def __call__(self, query: str) -> Exchange:
        """The answer to a query."""
        return self.scenario.call(LIST, {}, 200, query={"q": query})

    def finds(self, query: str, fits: Callable[[Json], bool]) -> None:
        """The query finds, of the run's own workspaces, just those that fit, in their order.

        What other users do at the same time is left aside.
        """
        own = {w["id"] for w in self.mine}
        expected = [w["id"] for w in self.mine if fits(w)]
        answer = self(query)
        found = [w["id"] for w in answer.json()["workspaces"] if w["id"] in own]
        if found != expected:
            raise Mismatch(f"{query!r} to find {expected}", f"{found}", answer)

    def nothing(self, query: str) -> None:
        """The query finds nothing at all."""
        answer = self(query)
        if answer.json() != {"workspaces": [], "count": 0}:
            raise Mismatch(f"{query!r} to find nothing, count 0", answer.answer(), answer)

    def just(self, query: str) -> None:
        """The query finds one certain workspace."""
        self.finds(query, lambda w: bool(w["id"] == self.one["id"]))

    def refuses(self, query: str, *fields: str) -> None:
        """The query is refused, naming these fields."""
        answer = self.scenario.call(LIST, {}, 400, query={"q": query})
        self.scenario.refused(answer, *fields)


@pytest.fixture
def search(scenario: Scenario, several: Several) -> Search:
    """Queries over at least five workspaces in different states."""
    return Search(scenario, several)


def _has(text: str) -> Callable[[Json], bool]:
    return lambda w: text.lower() in w["name"].lower()


@MARK("list/q-any-case")
def test_any_case(search: Search) -> None:
    """Keys and values."""
    name = search.one["name"]
    for query in (f"NAME:{name}", f"Name:{name.upper()}", f"OWNER:ME name:{name}", name.title()):
        search.finds(query, _has(name))
    search.finds(f"{search.base} STATUS:RUNNING", _is_running)


def _is_running(workspace: Json) -> bool:
    return bool(workspace["latest_build"]["status"] == "running")


@MARK("list/q-blanks")
def test_blanks(search: Search) -> None:
    """As many as one likes."""
    name = search.one["name"]
    for query in (f"  owner:me   name:{name}  ", f" name:{name}", f"name:{name} "):
        search.finds(query, _has(name))
    search.finds("   ", lambda _: True)


@MARK("list/q-word-order")
def test_word_order(search: Search) -> None:
    """Any order."""
    words = [f"name:{search.one['name']}", "owner:me", "dormant:false", f"id:{search.one['id']}"]
    for turn in range(len(words)):
        search.just(" ".join(words[turn:] + words[:turn]))
        search.just(" ".join(reversed(words[turn:] + words[:turn])))


@MARK("list/q-quotes")
def test_quotes(search: Search) -> None:
    """Around the value, the key, both, and a bare word."""
    name = search.one["name"]
    for query in (f'name:"{name}"', f'"name":{name}', f'"name":"{name}"', f'"{name}"'):
        search.finds(query, _has(name))
    search.nothing(f'"{name} {uuid4().hex}"')


@MARK("list/q-open-quote")
def test_open_quote(search: Search) -> None:
    """To the end, blanks included."""
    name = search.one["name"]
    search.finds(f'name:"{name}', _has(name))
    search.nothing(f'name:"{name} owner:me')


@MARK("list/q-colon-at-an-edge")
def test_colon_at_an_edge(search: Search) -> None:
    """Neither a key without a value nor a value without a key."""
    for query in (":", "name:", ":x", "owner:me :x", "owner:me name:", "::", ":a:"):
        search.refuses(query, "q")


@MARK("list/q-double-colon")
def test_double_colon(search: Search) -> None:
    """Nothing between them, so nothing there."""
    search.finds(f"name::{search.one['name']}", _has(search.one["name"]))


@MARK("list/q-many-colons")
def test_many_colons(search: Search) -> None:
    """Unless they are quoted."""
    for query in ("a:b:c", "name:a:b", "owner:me a:b:c:d", "last_used_after:2026-01-02T03:04:05Z"):
        search.refuses(query, "q")


@MARK("list/q-owner-and-name")
def test_owner_and_name(search: Search) -> None:
    """The owner exactly, the name in part."""
    owner, name = search.one["owner_name"], search.one["name"]
    for query in (f"{owner}/{name}", f"{owner.upper()}/{name[:-1]}", f"me/{name}"):
        part = query.partition("/")[2]
        search.finds(query, _has(part))
    search.nothing(f"{owner[:-1]}{uuid4().hex[:4]}/{name}")


@MARK("list/q-many-slashes")
def test_many_slashes(search: Search) -> None:
    """More than one, or nothing on either side."""
    for query in ("a/b/c", "/", "owner:me a/b/c", "a/b/c/d"):
        search.refuses(query, "q")


@MARK("list/q-slash-in-quotes")
def test_slash_in_quotes(search: Search) -> None:
    """A name, which no workspace has."""
    search.nothing(f'"{search.one["owner_name"]}/{search.one["name"]}"')


@MARK("list/q-unknown-key")
def test_unknown_key(search: Search) -> None:
    """Also ones that look right."""
    for key in ("nonsense", "names", "owner_id", "has_agent", "last-used-after", "state", "user"):
        search.refuses(f"{key}:1", key)
        search.refuses(f"owner:me {key}:1", key)


@MARK("list/q-no-deleted-key")
def test_no_deleted_key(search: Search) -> None:
    """Deleted workspaces are never listed."""
    for key in ("deleted", "include_deleted"):
        search.refuses(f"{key}:true", key)


@MARK("list/q-two-bare-words")
def test_two_bare_words(search: Search) -> None:
    """Each is a name."""
    for query in ("foo bar", "a b c", "name:a b", f"{search.one['owner_name']}/a b"):
        search.refuses(query, "name")


@MARK("list/q-key-twice")
def test_key_twice(search: Search) -> None:
    """All keys but id and param, even with the same value."""
    for key, value in (
        ("owner", "me"),
        ("name", "a"),
        ("template", "a"),
        ("status", "running"),
        ("dormant", "true"),
        ("outdated", "true"),
        ("has-agent", "connected"),
        ("has-ai-task", "false"),
        ("last_used_after", '"2026-01-02T03:04:05Z"'),
        ("last_used_before", '"2026-01-02T03:04:05Z"'),
    ):
        search.refuses(f"{key}:{value} {key}:{value}", key)


@MARK("list/q-empty-value")
def test_empty_value(search: Search) -> None:
    """As if the word were not there."""
    for key in ("name", "owner", "template", "status", "has-agent", "dormant", "id"):
        search.finds(f'{search.base} {key}:""' if key not in search.base else f'{key}:""',
                     lambda _: True)  # fmt: skip


@MARK("list/q-syntax-errors-alone")
def test_syntax_errors_alone(search: Search) -> None:
    """What cannot be read cannot be judged further."""
    for query in ("nonsense:1 :x", "status:started a:b:c"):
        search.refuses(query, "q")


@MARK("list/q-errors-collected")
def test_errors_collected(search: Search) -> None:
    """Each bad key once."""
    search.refuses("status:started nonsense:1 dormant:maybe", "status", "nonsense", "dormant")
    search.refuses("foo bar id:x outdated:2", "name", "id", "outdated")


@MARK("list/q-name")
def test_name(search: Search) -> None:
    """Every part of every name, in any case."""
    names = st.sampled_from([w["name"] for w in search.mine])

    @given(names, st.integers(0, 31), st.integers(1, 32), st.booleans())
    def check(name: str, start: int, length: int, upper: bool) -> None:
        part = name[start % len(name) :][:length]
        search.finds(f'owner:me name:"{part.upper() if upper else part}"', _has(part))

    check()
    search.nothing(f"name:{uuid4().hex}{uuid4().hex}")


@MARK("list/q-name-wildcards")
def test_name_wildcards(search: Search) -> None:
    """As in the patterns of SQL."""
    name = search.one["name"]
    search.finds(f"name:{name[:3]}%{name[-1]}", lambda w: _like(w["name"], name[:3], name[-1]))
    search.finds(f"name:{name[0]}_{name[2:]}", lambda w: _has(name[2:])(w) and len(name) > 3)


def _like(text: str, start: str, end: str) -> bool:
    found = text.lower().find(start.lower())
    return found >= 0 and end.lower() in text.lower()[found + len(start) :]


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
    for other in (name[:-1], f"{name}{uuid4().hex[:5]}", "%"):
        search.nothing(f"{search.base} template:{other}")


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

        def has(workspace: Json, state: str = state) -> bool:
            build = workspace["latest_build"]
            agents = (a for r in build["resources"] for a in r.get("agents", []))
            return build["transition"] == "start" and any(a["status"] == state for a in agents)

        search.finds(f"{search.base} has-agent:{state}", has)
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
    """A microsecond before, the moment itself, and a microsecond after."""
    step = timedelta(microseconds=1)
    for workspace in search.mine[:3]:
        used = datetime.fromisoformat(workspace["last_used_at"]).astimezone(UTC)
        for moment in (used - step, used, used + step):
            stamp = moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
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
        f"name:{search.one['name']}": _has(search.one["name"]),
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


@MARK("list/q-odd-text")
def test_odd_text(search: Search) -> None:
    """Any text at all."""
    text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
    grammar = st.text(st.sampled_from(list("ab:/\",=% '\\_")), max_size=20)

    @given(st.one_of(text, grammar))
    def check(query: str) -> None:
        answer = search.scenario.wire.send("GET", "/workspaces", query={"q": query})
        search.scenario.context.expect(LIST, answer, 200, 400)

    check()
    for query in ("x" * 6000, "owner:me " * 400, "%", "_", "'", "\\", "😀", "İ", "\u202e"):
        answer = search.scenario.wire.send("GET", "/workspaces", query={"q": query})
        search.scenario.context.expect(LIST, answer, 200, 400)


@MARK("list/q-nul")
def test_nul(search: Search) -> None:
    """Databases stumble over it."""
    for query in ("\0", "name:\0", '"a\0b"'):
        answer = search.scenario.wire.send("GET", "/workspaces", query={"q": query})
        search.scenario.context.expect(LIST, answer, 200, 400)
