"""How faults change searches and what they find."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.conformance.faulty import Answer, Call, Json

BAD_QUERY = "Invalid workspace search query."
PARTS = re.compile(r'(?:[^\s"]|"[^"]*"?)+')
PageChange = Callable[[Json, Call], None]


def query(change: Callable[[str], str]) -> Callable[[Call], None]:
    """Give the server another search query."""

    def rewrite(call: Call) -> None:
        if call.get("q"):
            new = change(call.get("q"))
            if new != call.get("q"):
                call.set("q", new)

    return rewrite


def unseen(*drop: str) -> Any:
    """Let the server not see the words of some keys."""
    pattern = "|".join(rf"\b{word}:(\"[^\"]*\"|\S+)" for word in drop)
    return query(lambda q: re.sub(r"\s+", " ", re.sub(pattern, "", q)).strip())


def replaced(pattern: str, new: str) -> Callable[[Call], None]:
    """Replace a pattern in the query."""
    return query(lambda q: re.sub(pattern, new, q, flags=re.IGNORECASE))


def on_page(change: PageChange) -> Callable[[Answer], None]:
    """Change a page that was found."""

    def alter(answer: Answer) -> None:
        if answer.status == 200 and answer.call is not None:
            value = answer.json
            change(value, answer.call)
            answer.json = value

    return alter


def kept(when: str, test: Callable[[Json, str], bool]) -> Callable[[Answer], None]:
    """Of what a query finds keep only some: the pattern's first group is tested."""

    def change(page: Json, call: Call) -> None:
        match = re.search(when, call.get("q"), re.IGNORECASE)
        if match:
            value = match.group(1).strip('"').lower()
            page["workspaces"] = [w for w in page["workspaces"] if test(w, value)]
            page["count"] = len(page["workspaces"])

    return on_page(change)


def gone(pattern: str, new: str = "") -> Callable[[Call], None]:
    """Let the server not see a part of the query."""

    def change(q: str) -> str:
        changed = re.sub(pattern, new, q, flags=re.IGNORECASE)
        return changed.strip(" ") if changed != q else q

    return query(change)


def refused(pattern: str) -> Callable[[Call], bool]:
    """Whether a query matches a pattern, in any case."""
    return lambda call: bool(re.search(pattern, call.get("q"), re.IGNORECASE))


def never(_workspace: Json, _value: str) -> bool:
    """Keep nothing."""
    return False
