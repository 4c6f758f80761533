"""Arguments at the corners of what the contract allows, where clients are easily wrong."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from coder_conformance.client import Arguments
from coder_conformance.suite.client.calls import some_arguments
from coder_spec import Contract, Operation
from coder_spec.lint import schema_validator

Json = dict[str, Any]
# What many a program takes for nothing, or for one another.
_EMPTY: tuple[Any, ...] = (None, False, True, 0, 1, "", [], {})
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


def corners(contract: Contract, operation: Operation) -> list[Arguments]:
    """Arguments of which one is null, false, zero, empty, the least or the most each time.

    A field of a body is so once beside the others of the contract's example and once alone.
    """
    usual = some_arguments(operation)
    found: list[Arguments] = []
    for parameter in operation.parameters:
        if parameter["in"] == "query":
            name = parameter["name"]
            found += [
                Arguments(usual.path, {name: value}, usual.body)
                for value in _allowed(contract, parameter["schema"])
            ]
    described = operation.raw.get("requestBody")
    if described is not None:
        schema: Json = described["content"]["application/json"]["schema"]
        found += [Arguments(usual.path, {}, body) for body in _bodies(contract, schema, usual.body)]
    return found


def _bodies(contract: Contract, schema: Json, usual: Json | None) -> list[Json]:
    fits = schema_validator(contract.closed(), schema)
    fields = contract.resolve(schema).get("properties", {})
    bodies = [
        body
        for name, described in fields.items()
        for value in _allowed(contract, described)
        for body in ({**(usual or {}), name: value}, {name: value})
        if fits.is_valid(body)
    ]
    return _once(bodies)


def _allowed(contract: Contract, schema: Json) -> list[Any]:
    """Corners that a schema allows."""
    fits = schema_validator(contract.document, schema)
    options = [contract.resolve(option) for option in (schema, *schema.get("oneOf", ()))]
    numbers = [
        holder[bound]
        for option in options
        for holder in (option, option.get("not", {}))
        for bound in _BOUNDS
        if bound in holder
    ]
    listed = [value for option in options for value in option.get("enum", ())]
    return _once(value for value in (*_EMPTY, *numbers, *listed) if fits.is_valid(value))


def _once(values: Iterable[Any]) -> list[Any]:
    """The values without repetitions, where false is not 0."""
    return list({json.dumps(value): value for value in values}.values())
