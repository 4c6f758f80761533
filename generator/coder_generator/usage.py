"""Which schemas the contract uses in requests, and which in answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from coder_spec import Contract

_PREFIX = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class Usage:
    """Names of schemas by direction.

    Attributes:
        requests: Reachable from request bodies.
        responses: Reachable from answers and stream events.
    """

    requests: frozenset[str]
    responses: frozenset[str]

    def only_in_requests(self, name: str) -> bool:
        """Whether only clients send the schema."""
        return name in self.requests and name not in self.responses


def schema_usage(contract: Contract) -> Usage:
    """Follow the references of every operation."""
    schemas: dict[str, Any] = contract.document["components"]["schemas"]
    requests: set[str] = set()
    responses: set[str] = set()
    for operation in contract.operations:
        body = operation.raw.get("requestBody")
        if body is not None:
            _reach(contract.resolve(body), schemas, requests)
        for response in operation.raw["responses"].values():
            _reach(contract.resolve(response), schemas, responses)
        _reach(operation.raw.get("x-stream"), schemas, responses)
    return Usage(frozenset(requests), frozenset(responses))


def _reach(node: Any, schemas: dict[str, Any], found: set[str]) -> None:
    for name in references(node):
        if name not in found:
            found.add(name)
            _reach(schemas[name], schemas, found)


def references(node: Any) -> Iterator[str]:
    """Yield the names of the schemas that a part of the document refers to."""
    if isinstance(node, dict):
        for key, value in cast("dict[str, Any]", node).items():
            if key == "$ref" and isinstance(value, str) and value.startswith(_PREFIX):
                yield value.removeprefix(_PREFIX)
            else:
                yield from references(value)
    elif isinstance(node, list):
        for item in cast("Iterable[Any]", node):
            yield from references(item)
