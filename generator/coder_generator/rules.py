"""Rules of request schemas that pydantic has no field-level form for, as generated validators.

What is understood here is checked by the client before it sends; other rules are the server's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from coder_generator.naming import snake_case

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]

_RANGE = {"type", "exclusiveMinimum", "exclusiveMaximum"}
_METHOD = '''

    @model_validator(mode="after")
    def _keep_to_the_contract(self) -> Self:
        """Check what the contract says about fields together."""
        {calls}
        return self
'''


def with_rules(source: str, schema: Json) -> str:
    """Return the source of a request model with a validator for the rules of its schema.

    Args:
        source: The module, with its one class at the end.
        schema: The schema as it stands in the contract.
    """
    calls = list(_calls(schema))
    if not calls:
        return source
    names = sorted({call.partition("(")[0] for call in calls})
    imports = (
        "from typing import Self\n"
        "from pydantic import model_validator\n"
        f"from coder_workspaces._rules import {', '.join(names)}\n"
    )
    method = _METHOD.format(calls="\n        ".join(calls))
    return imports + source.rstrip() + method


def _calls(schema: Json) -> Iterator[str]:
    properties: Json = schema.get("properties", {})
    for name, field in properties.items():
        yield from _field_calls(name, field)
    alternatives = schema.get("oneOf")
    if isinstance(alternatives, list):
        fields = _single_fields(cast("list[Json]", alternatives))
        if fields:
            yield f"require_one_of(self, {_texts(fields)})"
    together: Json = schema.get("dependentRequired", {})
    for name, others in together.items():
        yield f"require_together(self, {_texts([name, *others])})"


def _field_calls(name: str, field: Json) -> Iterator[str]:
    forbidden = field.get("not")
    if isinstance(forbidden, dict):
        rule = cast("Json", forbidden)
        if set(rule) == {"enum"}:
            yield f"forbid(self, {_texts([name])}, {_values(rule['enum'])})"
        elif set(rule) == {"const"}:
            yield f"forbid(self, {_texts([name])}, {_values([rule['const']])})"
        elif set(rule) == _RANGE:
            above, below = rule["exclusiveMinimum"], rule["exclusiveMaximum"]
            yield f"forbid_between(self, {_texts([name])}, {above!r}, {below!r})"
    if field.get("propertyNames") == {"format": "uuid"}:
        yield f"require_uuid_keys(self, {_texts([name])})"


def _single_fields(alternatives: list[Json]) -> list[str]:
    """Return the fields of which exactly one is required, if that is what alternatives say."""
    fields: list[str] = []
    for alternative in alternatives:
        required = alternative.get("required", [])
        if set(alternative) != {"required"} or len(required) != 1:
            return []
        fields.append(required[0])
    return fields


def _texts(names: list[str]) -> str:
    return ", ".join(repr(snake_case(name)) for name in names)


def _values(values: list[Any]) -> str:
    return ", ".join(repr(value) for value in values)
