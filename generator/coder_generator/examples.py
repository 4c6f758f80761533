"""Example calls for docstrings, made of the contract's own examples."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from coder_generator.naming import snake_case
from coder_generator.usage import references

if TYPE_CHECKING:
    from coder_generator.operations import OperationView
    from coder_spec import Contract

Json = dict[str, Any]

_INDENT = "    "
_WIDTH = 64


def example_call(contract: Contract, operation: OperationView) -> tuple[str, ...]:
    """Return the arguments of an example call as source code, one line each or more.

    Path parameters come first, then the body; a query parameter is shown where there is nothing
    else. A path parameter without an example in the contract is shown with its name, a body with
    the name of its model.
    """
    lines = [
        f"{json.dumps(_example(parameter, parameter['name']))},"
        for parameter in operation.parameters
        if parameter["in"] == "path"
    ]
    if operation.body is not None:
        raw = contract.resolve(operation.raw_body)
        value = _example(raw["content"]["application/json"], None)
        body = f"{operation.body.model}(...)"
        if value is not None:
            body = _code(contract, value, operation.body.schema)
        lines.extend(f"body={body},".split("\n"))
    queries = [item for item in operation.parameters if item["in"] == "query"]
    if not lines and queries:
        value = _example(queries[0], None)
        if value is not None:
            lines.append(f"{snake_case(queries[0]['name'])}={_code(contract, value, {})},")
    return tuple(lines)


def _example(node: Json, default: str | None) -> Any:
    """Return the first example of a parameter or media type."""
    if "example" in node:
        return node["example"]
    examples: Json = node.get("examples") or {}
    return next((item["value"] for item in examples.values()), default)


def _code(contract: Contract, value: object, schema: Json) -> str:
    """Return the expression for a value of a schema, possibly of several lines."""
    names = list(references({"$ref": schema.get("$ref", "")}))
    if names:
        return _named(contract, value, names[0])
    if isinstance(value, dict):
        below: Json = schema.get("additionalProperties") or {}
        items = [
            f"{json.dumps(key)}: {_code(contract, item, below)},"
            for key, item in cast("Json", value).items()
        ]
        return _lines("{", items, "}")
    if isinstance(value, list):
        below = schema.get("items") or {}
        items = [f"{_code(contract, item, below)}," for item in cast("list[object]", value)]
        return _lines("[", items, "]")
    if isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
        conversions = {"uuid": "UUID", "date-time": "datetime.fromisoformat"}
        conversion = conversions.get(str(schema.get("format")), "")
        return f"{conversion}({text})" if conversion else text
    return repr(value)


def _named(contract: Contract, value: object, name: str) -> str:
    schema: Json = contract.document["components"]["schemas"][name]
    if "properties" not in schema or not isinstance(value, dict):
        return f"{name}({_code(contract, value, {})})" if isinstance(value, str) else repr(value)
    arguments = [
        f"{snake_case(field)}={_code(contract, item, schema['properties'].get(field, {}))},"
        for field, item in cast("Json", value).items()
    ]
    return _lines(f"{name}(", arguments, ")")


def _lines(opening: str, items: list[str], closing: str) -> str:
    if not items:
        return opening + closing
    short = f"{opening}{items[0].removesuffix(',')}{closing}"
    if len(items) == 1 and "\n" not in short and len(short) <= _WIDTH:
        return short
    inner = "\n".join(_INDENT + line for item in items for line in item.split("\n"))
    return f"{opening}\n{inner}\n{closing}"
