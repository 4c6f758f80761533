"""The operations as the templates see them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal

from coder_generator.errors import GenerationError
from coder_generator.naming import identifier, require_distinct
from coder_generator.usage import references

if TYPE_CHECKING:
    from coder_spec import Contract, Operation

Json = dict[str, Any]

_PATH = re.compile(r"(?:/(?:[A-Za-z0-9._~-]+|\{[A-Za-z0-9_-]+\}))+\Z")
_JSON = "application/json"
_ERROR_SCHEMA = "Response"
# Names that every endpoint function has beside the contract's parameters.
_RESERVED = frozenset({"client", "options", "body", "self"})


@dataclass(frozen=True, slots=True)
class Success:
    """A status that ends a call well.

    Attributes:
        status: HTTP status.
        description: What it means.
        schema: Schema of the JSON body, or None for no body.
    """

    status: int
    description: str
    schema: Json | None


@dataclass(frozen=True, slots=True)
class Failure:
    """A status that becomes an exception."""

    status: int
    description: str


@dataclass(frozen=True, slots=True)
class Body:
    """A JSON request body."""

    model: str
    description: str
    required: bool
    schema: Json


@dataclass(frozen=True, slots=True)
class StreamView:
    """How an operation streams.

    Attributes:
        transport: How the events travel.
        item: Schema of the events that carry data.
        data_events: Names of these events.
        error_events: Names of the events that carry an error envelope.
    """

    transport: Literal["sse", "websocket"]
    item: str
    data_events: tuple[str, ...]
    error_events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OperationView:
    """One operation.

    Attributes:
        id: operationId.
        name: Python name of its module and methods.
        method: HTTP method in upper case.
        path: Path template below the API's prefix.
        tag: The contract's tag.
        resource: Python name of the tag.
        summary: One line.
        description: More lines, possibly none.
        deprecated: Whether users should prefer another operation.
        authenticated: Whether it takes a session token.
        parameters: Resolved parameter objects.
        body: Request body, or None.
        raw_body: Request body as it stands in the contract, or an empty object.
        successes: Statuses that end a call well, ascending; none for a stream.
        failures: Documented statuses that become exceptions, ascending.
        stream: How it streams, or None.
    """

    id: str
    name: str
    method: str
    path: str
    tag: str
    resource: str
    summary: str
    description: str
    deprecated: bool
    authenticated: bool
    parameters: tuple[Json, ...]
    body: Body | None
    raw_body: Json
    successes: tuple[Success, ...]
    failures: tuple[Failure, ...]
    stream: StreamView | None

    def parameter(self, name: str) -> Json:
        """The parameter of that name."""
        return next(item for item in self.parameters if item["name"] == name)


def operation_views(contract: Contract) -> list[OperationView]:
    """Read every operation.

    Raises:
        GenerationError: One of them cannot be generated.
    """
    views = [_view(contract, operation) for operation in contract.operations]
    require_distinct(((view.name, view.id) for view in views), "operationIds")
    require_distinct(((view.resource, view.tag) for view in views), "tags")
    return views


def _view(contract: Contract, operation: Operation) -> OperationView:
    raw = operation.raw
    if not _PATH.match(operation.path):
        raise GenerationError(
            f"The path {operation.path!r} has characters that need quoting; write it with letters, "
            "digits and -._~ only."
        )
    security = raw.get("security", contract.document.get("security", []))
    successes, failures = _responses(contract, operation)
    for parameter in operation.parameters:
        _check_parameter(operation, parameter)
    stream = _stream(operation)
    if stream is None and not successes:
        raise GenerationError(
            f"The operation {operation.id} documents no success; add its 2xx answer."
        )
    return OperationView(
        id=operation.id,
        name=identifier(operation.id, "operationId"),
        method=operation.method,
        path=operation.path,
        tag=operation.tag,
        resource=identifier(operation.tag, "tag"),
        summary=str(raw.get("summary") or operation.id).strip(),
        description=str(raw.get("description") or "").strip(),
        deprecated=operation.deprecated,
        authenticated=bool(security),
        parameters=operation.parameters,
        body=_body(contract, operation),
        raw_body=raw.get("requestBody") or {},
        successes=() if stream else tuple(successes),
        failures=tuple(failures),
        stream=stream,
    )


def _check_parameter(operation: Operation, parameter: Json) -> None:
    name, place = parameter["name"], parameter["in"]
    if place not in {"path", "query"}:
        raise GenerationError(
            f"The parameter {name!r} of {operation.id} is in {place!r}; the client sends path and "
            "query parameters only, so move it or leave it to the headers of the client."
        )
    if identifier(name, "parameter") in _RESERVED:
        raise GenerationError(
            f"The parameter {name!r} of {operation.id} has a name that the endpoint functions use "
            "themselves; rename it in the contract."
        )


def _responses(contract: Contract, operation: Operation) -> tuple[list[Success], list[Failure]]:
    successes: list[Success] = []
    failures: list[Failure] = []
    for status in operation.statuses:
        response = contract.resolve(operation.raw["responses"][str(status)])
        description = str(response.get("description") or HTTPStatus(status).phrase).strip()
        if not (200 <= status < 300 or status == 304):
            if status >= 400:
                failures.append(Failure(status, description))
            continue
        content: Json = response.get("content") or {}
        if operation.stream is None and content and set(content) != {_JSON}:
            raise GenerationError(
                f"The {status} answer of {operation.id} is {', '.join(sorted(content))}; the "
                f"client decodes {_JSON} only, so document that or mark a stream with x-stream."
            )
        schema = content[_JSON].get("schema") if _JSON in content else None
        successes.append(Success(status, description, schema))
    return successes, failures


def _body(contract: Contract, operation: Operation) -> Body | None:
    raw = operation.raw.get("requestBody")
    if raw is None:
        return None
    body = contract.resolve(raw)
    content: Json = body.get("content") or {}
    schema: Json = content.get(_JSON, {}).get("schema") or {}
    names = list(references({"$ref": schema.get("$ref", "")}))
    if set(content) != {_JSON} or not names:
        raise GenerationError(
            f"The request body of {operation.id} is not a reference to one JSON schema; give it "
            f"the content type {_JSON} and a $ref to a schema below components/schemas."
        )
    return Body(
        model=names[0],
        description=str(body.get("description") or "").strip(),
        required=bool(body.get("required", False)),
        schema={"$ref": schema["$ref"]},
    )


def _stream(operation: Operation) -> StreamView | None:
    stream = operation.stream
    if stream is None:
        return None
    payloads = {name: schema for name, schema in stream.events.items() if schema is not None}
    data = tuple(sorted(name for name, schema in payloads.items() if schema != _ERROR_SCHEMA))
    errors = tuple(sorted(name for name, schema in payloads.items() if schema == _ERROR_SCHEMA))
    items = {payloads[name] for name in data}
    if len(items) != 1:
        raise GenerationError(
            f"The stream {operation.id} carries {len(items)} kinds of data; give all its data "
            "events one schema."
        )
    return StreamView(stream.transport, items.pop(), data, errors)
