"""What was seen when workspaces came and went, for all requirements that are about that.

A workspace costs minutes on a real server. So few are made, everything about their first and last
moments is kept, and many requirements are judged by it. Nothing is judged here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .exchange import Exchange
from .results import CannotJudgeError, Mismatch

Json = dict[str, Any]


@dataclass(slots=True)
class Birth:
    """A request that creates a workspace, and what could be seen after it.

    Attributes:
        operation: The operationId.
        fields: Body of the request.
        answer: The answer, also when it is a refusal.
        moment: When the answer came.
        at_once: Reads right after that: by identifier, by name, a list by name, and one by
            identifier.
        steps: Reads by identifier until the first build had ended.
        settled: Reads after that: by identifier, by name, and a list by name.
    """

    operation: str
    fields: Json
    answer: Exchange
    moment: datetime
    at_once: list[Exchange] = field(default_factory=list[Exchange])
    steps: list[Exchange] = field(default_factory=list[Exchange])
    settled: list[Exchange] = field(default_factory=list[Exchange])

    @property
    def accepted(self) -> bool:
        """Whether there is a workspace."""
        return self.answer.status == 201

    @property
    def workspace(self) -> Json:
        """What the answer shows."""
        shown: Json = self.answer.json()
        return shown


@dataclass(slots=True)
class Sought:
    """A search by status for a workspace whose build was under way before and after it.

    Attributes:
        workspace: Its identifier.
        status: The status that it had.
        answer: What was found.
    """

    workspace: str
    status: str
    answer: Exchange


@dataclass(slots=True)
class Race:
    """Requests for one name at the same moment.

    Attributes:
        operation: The operationId.
        name: The name.
        answers: What was answered to each.
        page: A list by the name after that.
    """

    operation: str
    name: str
    answers: list[Exchange]
    page: Exchange


@dataclass(slots=True)
class Told:
    """What a stream told of something that was done meanwhile.

    Attributes:
        opened: The request that opened it; None when that failed.
        payloads: Its data events, up to the one that shows that it is done.
        complete: Whether that one came.
        error: Why there are no more.
        ended: Whether the stream itself ended soon after that.
    """

    opened: Exchange | None = None
    payloads: list[Json] = field(default_factory=list[Json])
    complete: bool = False
    error: Mismatch | CannotJudgeError | None = None
    ended: bool = False


@dataclass(slots=True)
class Turn:
    """One build of a workspace.

    Attributes:
        transition: What was asked for.
        ttl: The time to stop at that moment, in milliseconds.
        said: The answer.
        steps: Reads until it had ended; none when it was refused.
        views: Reads after that: by identifier, by name, and a list by name.
        timings: The timings after that; None when it was refused.
        early: The answer to a new deadline that was asked for right after it had begun; None where
            none was, since its event could be taken for one of the build.
        late: The answers to new deadlines after it had ended, by what was asked for.
    """

    transition: str
    ttl: int | None
    said: Exchange
    steps: list[Exchange] = field(default_factory=list[Exchange])
    views: list[Exchange] = field(default_factory=list[Exchange])
    timings: Exchange | None = None
    early: Exchange | None = None
    late: dict[str, Exchange] = field(default_factory=dict[str, Exchange])


@dataclass(slots=True)
class Cycle:
    """A workspace that was stopped, and started and stopped twice.

    Attributes:
        before: The stopped workspace.
        settings: What it was given before that, as reads show it.
        given: The answers to the requests that gave it, by operationId.
        turns: The builds, up to the first one that was refused.
        told: What its streams told of the second and the third one.
        beside: What the streams of another workspace told meanwhile, up to a new deadline of it.
        other: Identifier of that one.
        agents: A read after the first start that is watched which shows all of its agents
            connected and ready; None if there was none in time.
    """

    before: Json
    settings: Json
    given: dict[str, Exchange]
    turns: list[Turn]
    told: dict[bool, Told]
    beside: dict[bool, Told]
    other: str
    agents: Exchange | None = None


@dataclass(slots=True)
class Burial:
    """The deletion of a workspace that was put to sleep and stopped before.

    Attributes:
        sleep: The answer to the request that made it dormant.
        stop: The answer to the request that stopped it.
        stop_steps: Reads by identifier until that build had ended.
        before: The workspace before its deletion.
        delete: The answer to the request that deleted it.
        steps: Reads, with deleted ones included, until that build had ended.
        reads: Reads by each of two readers meanwhile, without deleted ones.
        by_id: A read by identifier after that.
        by_name: One by name.
        found: One by name, with deleted ones included.
        lists: Lists: of everything, by identifier, by name.
        told: What either stream told, by whether it is a WebSocket.
    """

    sleep: Exchange
    stop: Exchange
    stop_steps: list[Exchange]
    before: Json
    delete: Exchange
    steps: list[Exchange]
    reads: list[list[Exchange]]
    by_id: Exchange
    by_name: Exchange
    found: Exchange
    lists: list[Exchange]
    told: dict[bool, Told]

    @property
    def after(self) -> Json:
        """The workspace after its deletion."""
        shown: Json = self.steps[-1].json()
        return shown


@dataclass(slots=True)
class Heir:
    """A workspace that got the name of a deleted one, and was deleted, too.

    Attributes:
        old: Identifier of the deleted one.
        birth: Its own creation.
        named: Reads by the name, by whether deleted ones were included.
        old_read: A read of the old one, with deleted ones included.
        old_gone: One without them.
        last: A read by the name, with deleted ones included, after it was deleted.
    """

    old: str
    birth: Birth
    named: dict[bool, Exchange] = field(default_factory=dict[bool, Exchange])
    old_read: Exchange | None = None
    old_gone: Exchange | None = None
    last: Exchange | None = None


@dataclass(slots=True)
class Neighbour:
    """A workspace of the second user under the name of one of the first one's.

    Attributes:
        mine: Identifier of the first user's.
        birth: Creation of the second user's.
        given: How the first user asked for it, if that one may do everything; the same creation
            where it was made like that.
        seen: Reads by the name right after that, by the first user and by the second one.
    """

    mine: str
    birth: Birth
    given: Birth | None = None
    seen: tuple[Exchange, Exchange] | None = None
