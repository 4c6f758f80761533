"""Pieces of faults of searches."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.conformance.faults.kit import query
from tests.conformance.faulty import Answer, Call, Json

Change = Callable[[Json, Call], None]


def on_page(change: Change) -> Callable[[Answer], None]:
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
