"""The requirements catalogue: what is judged, in words, with stable ids."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path
from typing import Literal
from zlib import crc32

import coder_spec
from coder_spec import Contract, ContractError, Operation, Span
from coder_spec.files import Files, Json
from coder_spec.versions import EVERY

from .settings import Profile, Settings

Role = Literal["server", "client"]
Level = Literal["MUST", "SHOULD", "MAY"]

_STRUCTURED = {"Workspace", "WorkspacesResponse", "WorkspaceBuildTimings"}


def _is_structured(operation: Operation) -> bool:
    """Whether a success has fields that could contradict each other."""
    contents = [
        response.get("content", {}).get("application/json", {}).get("schema", {})
        for status, response in operation.raw["responses"].items()
        if status.startswith("2")
    ]
    return any(schema.get("$ref", "").rsplit("/", 1)[-1] in _STRUCTURED for schema in contents)


# The operations that a requirement with `each` is about, by the word used there.
SELECTORS: dict[str, Callable[[Operation], bool]] = {
    "all": lambda _: True,
    "answers": lambda operation: operation.stream is None,
    "streams": lambda operation: operation.stream is not None,
    "structured": _is_structured,
    "reads": lambda operation: operation.method == "GET" and operation.stream is None,
    "changes": lambda operation: operation.method != "GET",
    # What can be repeated without changing anything more.
    "updates": lambda operation: operation.method in {"PUT", "DELETE"} and operation.stream is None,
    "creates": lambda operation: (
        operation.method == "POST" and operation.path.endswith("/workspaces")
    ),
    # Whose path names something.
    "named": lambda operation: "{" in operation.path,
    "workspace": lambda operation: "{workspace}" in operation.path,
    "workspace-reads": lambda operation: (
        "{workspace}" in operation.path and SELECTORS["reads"](operation)
    ),
    "workspace-changes": lambda operation: (
        "{workspace}" in operation.path and SELECTORS["changes"](operation)
    ),
    # Also those that can do without.
    "bodies": lambda operation: bool(operation.raw.get("requestBody")),
    "body": lambda operation: bool(operation.raw.get("requestBody", {}).get("required")),
}


# Features that whoever starts a run gives it; all others are the server's.
OF_THE_RUN = frozenset({"member", "login"})


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that a server or a client owes.

    Attributes:
        id: Stable name, `<subject>/<what>`.
        role: Who owes it.
        level: How binding it is.
        text: The requirement in one sentence.
        operations: The operationIds that it is judged for.
        writes: Whether judging it changes anything on the server.
        features: What the server or the run must have for it to be judged.
        smoke: Whether even the shortest run judges it.
        full: Whether only the longest run judges it.
        untestable: Why no test can judge it; empty for all others.
        statuses: The documented statuses that judging it brings about.
        versions: The server versions that it is about.
    """

    id: str
    role: Role
    level: Level
    text: str
    operations: tuple[str, ...]
    writes: bool
    features: tuple[str, ...]
    smoke: bool = False
    full: bool = False
    untestable: str = ""
    statuses: tuple[int, ...] = ()
    versions: Span = EVERY

    def allowed(self, operation: Operation, profile: Profile) -> bool:
        """Whether a run of this profile judges it for an operation."""
        match profile:
            case "smoke":
                return self.smoke
            case "readonly":
                return self.role == "client" or (not self.writes and operation.method == "GET")
            case "standard":
                return not self.full
            case "full":
                return True

    def excludes(self, operation: Operation, version: str) -> str:
        """Why it says nothing of an operation on a server of a version; empty when it does.

        Clients owe what they owe whatever server there is.
        """
        if self.role == "client":
            return ""
        return self.versions.within(operation.versions).excludes(version)

    def applies(self, features: set[str] | None) -> bool:
        """Whether the requirement is about a server with these features; None if not yet known.

        A requirement for `x` says nothing of servers without the feature x, and one for `no-x`
        nothing of those with it. What the run itself lacks is another matter: then the requirement
        applies and is not tested.
        """
        if features is None:
            return True
        needed = [feature for feature in self.features if feature not in OF_THE_RUN]
        return all(
            feature.removeprefix("no-") not in features
            if feature.startswith("no-")
            else feature in features
            for feature in needed
        )


@lru_cache(maxsize=2)
def load(root: Path | None = None) -> dict[str, Requirement]:
    """All requirements by id, in the order of the files.

    Raises:
        ContractError: The catalogue contradicts itself or the contract.
    """
    contract = coder_spec.load(root)
    folder = (root or coder_spec.default_root()) / "requirements"
    files = Files(folder)
    found: dict[str, Requirement] = {}
    for path in sorted(folder.glob("*.yaml")):
        content = files.read(path)
        for n, entry in enumerate(content["requirements"]):
            place = f"/requirements/{n}"
            requirement = _requirement(contract, content["role"], entry, path.name, place)
            if requirement.id in found:
                raise ContractError(
                    path.name, place, f"{requirement.id!r} stands twice", "rename one"
                )
            found[requirement.id] = requirement
    return found


def _requirement(contract: Contract, role: Role, entry: Json, file: str, place: str) -> Requirement:
    scope = [operation for operation in contract.operations if operation.in_scope]
    if "each" in entry:
        selector = SELECTORS.get(entry["each"])
        if selector is None:
            message = f"{entry['id']} is for each {entry['each']!r}, which is unknown"
            raise ContractError(file, place, message, f"use one of {', '.join(SELECTORS)}")
        operations = tuple(operation.id for operation in scope if selector(operation))
    else:
        operations = tuple(entry.get("operations") or (entry["operation"],))
        for name in operations:
            if name not in {operation.id for operation in scope}:
                message = f"{entry['id']} is about {name!r}"
                raise ContractError(file, place, message, "name an operation of the scope")
    versions = Span(str(entry.get("since", "")), str(entry.get("until", "")))
    problem = versions.problem()
    if role == "client" and versions != EVERY:
        problem = "versions are those of servers"
    if problem:
        message = f"{entry['id']} is about servers {versions}"
        raise ContractError(file, place, message, problem)
    return Requirement(
        id=entry["id"],
        role=role,
        level=entry["level"],
        text=entry["text"],
        operations=operations,
        writes=bool(entry.get("writes", False)),
        features=tuple(entry.get("features", ())),
        smoke=bool(entry.get("smoke", False)),
        full=bool(entry.get("full", False)),
        untestable=entry.get("untestable", ""),
        statuses=tuple(entry.get("statuses", ())),
        versions=versions,
    )


def chosen(
    requirement: Requirement, operation: Operation, settings: Settings, features: set[str] | None
) -> bool:
    """Whether a run with these settings judges a requirement for an operation."""
    return not requirement.untestable and wanted(requirement, operation, settings, features)


def wanted(
    requirement: Requirement, operation: Operation, settings: Settings, features: set[str] | None
) -> bool:
    """Whether a run with these settings is about a requirement, be it testable or not."""
    return (
        settings.role in {"both", requirement.role}
        and (not settings.operations or operation.id in settings.operations)
        and (not settings.only or any(fnmatch(requirement.id, p) for p in settings.only))
        and (not settings.levels or requirement.level in settings.levels)
        and _in_shard(requirement.id, operation.id, settings.shard)
        and requirement.allowed(operation, settings.profile)
        and requirement.applies(features)
    )


def _in_shard(requirement: str, operation: str, shard: str) -> bool:
    """Whether a judgement belongs to a part; the same on every machine."""
    index, _, count = shard.partition("/")
    return crc32(f"{requirement} {operation}".encode()) % int(count) == int(index) - 1
