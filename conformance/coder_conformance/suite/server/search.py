"""Queries of the list, and what they must find."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...exchange import Exchange
from ...results import Mismatch
from .scenario import Scenario
from .several import Several

Json = dict[str, Any]
LIST = "listWorkspaces"
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
        """The answer to a query, whose count is that of what was found."""
        answer = self.scenario.call(LIST, {}, 200, query={"q": query})
        surplus = _surplus(answer)
        if surplus and not 0 < surplus <= _surplus(self.scenario.call(LIST, {}, 200)):
            page = answer.json()
            found = len(page["workspaces"])
            raise Mismatch(f"count = {found} for {query!r}", f"count = {page['count']}", answer)
        return answer

    def finds(self, query: str, fits: Callable[[Json], bool]) -> None:
        """The query finds, of the run's own workspaces, just those that fit, in their order.

        What other users do at the same time is left aside. Agents connect by themselves: where
        that changed what has to be found, it is looked for once more.
        """
        own = {w["id"] for w in self.mine}
        for last in (False, False, False, True):
            expected = [w["id"] for w in self.mine if fits(w)]
            answer = self(query)
            found = [w["id"] for w in answer.json()["workspaces"] if w["id"] in own]
            if found == expected:
                return
            now = self(self.base).json()["workspaces"]
            self.mine = [workspace for workspace in now if workspace["id"] in own]
            if last or expected == [w["id"] for w in self.mine if fits(w)]:
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


def _surplus(answer: Exchange) -> int:
    """How many were counted and not shown, which happens where a template cannot be read."""
    page = answer.json()
    return int(page["count"]) - len(page["workspaces"])


def has(text: str) -> Callable[[Json], bool]:
    """Whether a workspace has this in its name."""
    return lambda w: text.lower() in w["name"].lower()
