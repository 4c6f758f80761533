"""The search grammar: words, quotes, colons, errors."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder_conformance import formats
from coder_conformance.suite.server.search import LIST, Search, has

Json = dict[str, Any]
MARK = pytest.mark.requirement
# All keys of a search, each with a value; of two of them several values are a list.
KEYS = {
    "owner": "me",
    "name": "a",
    "template": "a",
    "organization": "default",
    "id": "2c7d8b19-ae1f-4074-99f6-8b7a6f5e4d3c",
    "status": "running",
    "has-agent": "connected",
    "dormant": "true",
    "outdated": "true",
    "has-ai-task": "false",
    "last_used_after": '"2026-01-02T03:04:05Z"',
    "last_used_before": '"2026-01-02T03:04:05Z"',
    "param": "a",
}
LISTS = {"id", "param"}


@MARK("list/q-any-case")
def test_any_case(search: Search) -> None:
    """Keys and values."""
    name = search.one["name"]
    for query in (f"NAME:{name}", f"Name:{name.upper()}", f"OWNER:ME name:{name}", name.title()):
        search.finds(query, has(name))
    search.finds(f"{search.base} STATUS:RUNNING", _is_running)


def _is_running(workspace: Json) -> bool:
    return bool(workspace["latest_build"]["status"] == "running")


@MARK("list/q-blanks")
def test_blanks(search: Search) -> None:
    """As many as one likes."""
    name = search.one["name"]
    for query in (f"  owner:me   name:{name}  ", f" name:{name}", f"name:{name} "):
        search.finds(query, has(name))
    search.finds("   ", lambda _: True)


@MARK("list/q-other-blanks")
def test_other_blanks(search: Search) -> None:
    """What other programs take for the end of a word is a character like any other here."""
    name = search.one["name"]
    for blank in "\t\n\r\v\f\u0085\u00a0\u2003\u2028\u3000":
        search.refuses(f"owner:me{blank}name:{name}", "q")
        search.nothing(f"{name}{blank}{name}")
        search.nothing(f"name:{name}{blank}")


@MARK("list/count")
def test_count(search: Search) -> None:
    """Whatever is asked for; `Search` looks at it with each query."""

    @given(formats.queries())
    def check(query: str) -> None:
        search(query)

    check()
    search("")


@MARK("list/q-word-order")
def test_word_order(search: Search) -> None:
    """Any order."""
    words = [f"name:{search.one['name']}", "owner:me", "dormant:false", f"id:{search.one['id']}"]
    for turn in range(len(words)):
        search.just(" ".join(words[turn:] + words[:turn]))
        search.just(" ".join(reversed(words[turn:] + words[:turn])))
    # Each word counts, wherever it stands: one that nothing fits leaves nothing.
    for key, nobody in (("name", uuid4().hex), ("owner", uuid4().hex), ("id", str(uuid4()))):
        others = [word for word in words if not word.startswith(f"{key}:")]
        for place in range(len(others) + 1):
            search.nothing(" ".join([*others[:place], f"{key}:{nobody}", *others[place:]]))


@MARK("list/q-quotes")
def test_quotes(search: Search) -> None:
    """Around the value, the key, both, and a bare word."""
    name = search.one["name"]
    for query in (f'name:"{name}"', f'"name":{name}', f'"name":"{name}"', f'"{name}"'):
        search.finds(query, has(name))
    search.nothing(f'"{name} {uuid4().hex}"')


@MARK("list/q-open-quote")
def test_open_quote(search: Search) -> None:
    """To the end, blanks included."""
    name = search.one["name"]
    search.finds(f'name:"{name}', has(name))
    search.nothing(f'name:"{name} owner:me')


@MARK("list/q-colon-at-an-edge")
def test_colon_at_an_edge(search: Search) -> None:
    """Neither a key without a value nor a value without a key."""
    for query in (":", "name:", ":x", "owner:me :x", "owner:me name:", "::", ":a:"):
        search.refuses(query, "q")


@MARK("list/q-double-colon")
def test_double_colon(search: Search) -> None:
    """Nothing between them, so nothing there."""
    search.finds(f"name::{search.one['name']}", has(search.one["name"]))


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
        search.finds(query, has(part))
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
    values = KEYS | {"organization": search.one["organization_id"]}
    for key, value in values.items():
        if key not in LISTS:
            search.refuses(f"{key}:{value} {key}:{value}", key)
    search.refuses("owner:me me/x", "owner")
    search.refuses("name:x me/x", "name")


@MARK("list/q-empty-value")
def test_empty_value(search: Search) -> None:
    """As if the word were not there."""
    for key in KEYS:
        if key != "outdated":  # where it counts as true
            search.finds(f'{search.base} {key}:""' if key not in search.base else f'{key}:""',
                         lambda _: True)  # fmt: skip
    search.finds(f'{search.base} outdated:""', lambda w: bool(w["outdated"]))


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
