"""The contract as programs use it."""

from __future__ import annotations

import copy
import hashlib
import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from .bundle import Bundler, pointer
from .errors import ContractError
from .files import Json, is_array, is_object
from .versions import Span

Transport = Literal["sse", "websocket"]
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclass(frozen=True, slots=True)
class Stream:
    """How an operation streams.

    Attributes:
        transport: `sse` for server-sent events, `websocket` for JSON text messages.
        events: For each kind of event the name of its payload's schema, or None for no payload.
    """

    transport: Transport
    events: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the contract.

    Attributes:
        id: The operationId, the operation's one name.
        method: HTTP method in upper case.
        path: Path template below the server's URL.
        tag: Resource that the operation belongs to.
        in_scope: Whether servers are judged by it.
        deprecated: Whether users should prefer another operation.
        stream: How it streams, or None for an ordinary answer.
        versions: The server versions that have it.
        raw: The operation object of the bundled document.
        parameters: Its parameters and those of its path, references resolved.
    """

    id: str
    method: str
    path: str
    tag: str
    in_scope: bool
    deprecated: bool
    stream: Stream | None
    versions: Span
    raw: Json = field(repr=False)
    parameters: tuple[Json, ...] = field(repr=False)

    @property
    def statuses(self) -> tuple[int, ...]:
        """The documented statuses, ascending."""
        return tuple(sorted(int(status) for status in self.raw["responses"]))


@dataclass(frozen=True, slots=True)
class Contract:
    """A whole contract.

    Attributes:
        document: One OpenAPI 3.1 document whose references all start with `#/components/`.
        operations: The operations in the order of the document.
        digest: SHA-256 of the document, for telling contracts apart.
        unused: Components that nothing refers to, as `file#/Name`.
    """

    document: Json = field(repr=False)
    operations: tuple[Operation, ...] = field(repr=False)
    digest: str
    unused: tuple[str, ...] = field(repr=False)

    def operation(self, operation_id: str) -> Operation:
        """The operation of that name.

        Raises:
            KeyError: There is none.
        """
        for operation in self.operations:
            if operation.id == operation_id:
                return operation
        raise KeyError(operation_id)

    def methods(self, path: str) -> set[str]:
        """The methods of a path."""
        return {operation.method for operation in self.operations if operation.path == path}

    def resolve(self, node: Json) -> Json:
        """The node, or what it refers to with the reference's siblings on top."""
        if "$ref" not in node:
            return node
        target: Any = self.document
        for part in node["$ref"].split("/")[1:]:
            target = target[part.replace("~1", "/").replace("~0", "~")]
        siblings = {key: value for key, value in node.items() if key != "$ref"}
        return {**self.resolve(target), **siblings}

    def closed(self) -> Json:
        """A copy of the document in which open enums admit the known values only."""
        document = copy.deepcopy(self.document)
        _close(document)
        return document


def _close(node: Any) -> None:
    if is_object(node):
        if "x-extensible-enum" in node:
            node["enum"] = node.pop("x-extensible-enum")
        for value in node.values():
            _close(value)
    elif is_array(node):
        for item in node:
            _close(item)


def default_root() -> Path:
    """Folder of this project's own contract: the copy in a wheel, or the checkout's spec/."""
    here = Path(__file__).resolve().parent
    packaged = here / "contract"
    return packaged if packaged.is_dir() else here.parent


def load(root: Path | None = None) -> Contract:
    """Read and bundle a contract.

    Args:
        root: Folder that holds `openapi.yaml`; this project's own contract by default.

    Raises:
        ContractError: The contract cannot be used.
    """
    return _load((root or default_root()).resolve())


@lru_cache(maxsize=4)
def _load(root: Path) -> Contract:
    bundler = Bundler(root)
    document = bundler.bundle()
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return Contract(
        document=document,
        operations=tuple(_operations(document)),
        digest=hashlib.sha256(text.encode()).hexdigest(),
        unused=tuple(bundler.unused()),
    )


def _operations(document: Json) -> list[Operation]:
    found: dict[str, Operation] = {}
    for path, item in document["paths"].items():
        shared = item.get("parameters", [])
        for method in _METHODS:
            if method not in item:
                continue
            operation = _operation(document, path, method, item[method], shared)
            if operation.id in found:
                other = found[operation.id]
                message = (
                    f"the operationId {operation.id!r} is also that of {other.method} {other.path}"
                )
                raise _wrong(path, method, message, "rename one of them")
            found[operation.id] = operation
    return list(found.values())


def _versions(path: str, method: str, raw: Json) -> Span:
    span = Span(since=str(raw.get("x-since", "")))
    if span.problem():
        message = f"{raw['operationId']} has the x-since {span.since!r}"
        raise _wrong(path, method, message, "use a version such as v2.25.0")
    return span


def _operation(document: Json, path: str, method: str, raw: Json, shared: list[Json]) -> Operation:
    operation_id = raw.get("operationId")
    if not isinstance(operation_id, str) or not operation_id:
        raise _wrong(path, method, "the operation has no operationId", "give it one")
    tags: list[str] = raw.get("tags") or []
    if len(tags) != 1:
        message = f"{operation_id} has {len(tags)} tags"
        raise _wrong(path, method, message, "give it exactly one, the resource it belongs to")
    responses: Json = raw.get("responses") or {}
    if not responses:
        raise _wrong(path, method, f"{operation_id} documents no response", "document its statuses")
    for status in responses:
        if not (status.isdecimal() and len(status) == 3):
            message = f"{operation_id} documents the status {status!r}"
            raise _wrong(path, method, message, "use a number of three digits")
    parameters: list[Json] = []
    for parameter in [*shared, *raw.get("parameters", [])]:
        while "$ref" in parameter:
            _, _, kind, name = parameter["$ref"].split("/")
            parameter = document["components"][kind][name]  # noqa: PLW2901 -- follow the reference
        parameters.append(parameter)
    return Operation(
        id=operation_id,
        method=method.upper(),
        path=path,
        tag=tags[0],
        in_scope=bool(raw.get("x-conformance-scope", False)),
        deprecated=bool(raw.get("deprecated", False)),
        stream=_stream(path, method, raw),
        versions=_versions(path, method, raw),
        raw=raw,
        parameters=tuple(parameters),
    )


def _stream(path: str, method: str, raw: Json) -> Stream | None:
    if "x-stream" not in raw:
        return None
    name = raw["operationId"]
    stream: Any = raw["x-stream"] or {}
    transport: Transport
    match stream.get("transport"):
        case "sse" | "websocket" as known:
            transport = known
        case other:
            message = f"the stream of {name} has the unknown transport {other!r}"
            raise _wrong(path, method, message, "use sse or websocket")
    events: dict[str, str | None] = {}
    payloads: dict[str, Any] = stream.get("events") or {}
    for kind, payload in payloads.items():
        if payload is not None and "$ref" not in payload:
            message = f"the event {kind!r} of {name} has no usable payload"
            raise _wrong(path, method, message, "refer to a schema, or use null for no payload")
        events[kind] = payload["$ref"].rsplit("/", 1)[1] if payload else None
    if not events:
        message = f"the stream of {name} has no events"
        raise _wrong(path, method, message, "list each kind with its payload")
    return Stream(transport, events)


def _wrong(path: str, method: str, problem: str, remedy: str) -> ContractError:
    return ContractError("openapi.yaml", pointer("paths", path, method), problem, remedy)
