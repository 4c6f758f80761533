"""Values that fit a schema of the contract, as hypothesis strategies.

Written for the part of JSON Schema that the contract uses; a keyword that it does not know is an
error rather than ignored.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import hypothesis
from hypothesis import strategies as st

from coder_spec import Contract
from coder_spec.files import Json, is_array

from . import formats

Value = st.SearchStrategy[Any]
_KNOWN = frozenset(
    [
        "$ref",
        "additionalProperties",
        "anyOf",
        "const",
        "contentEncoding",
        "default",
        "dependentRequired",
        "deprecated",
        "description",
        "enum",
        "format",
        "items",
        "maxLength",
        "maximum",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "multipleOf",
        "not",
        "oneOf",
        "pattern",
        "properties",
        "propertyNames",
        "required",
        "type",
        "writeOnly",
        "x-coder-name",
        "x-extensible-enum",
    ]
)
_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
_NEW_FIELDS = st.dictionaries(
    st.sampled_from(["added_later", "x-new", "another_one"]),
    st.one_of(st.none(), st.integers(-9, 9), _TEXT, st.lists(st.booleans(), max_size=2)),
    min_size=1,
    max_size=2,
)


class Payloads:
    """Makes strategies for the schemas of one contract.

    Args:
        contract: The contract.
        new: Whether objects get fields, and open enums get values, that the contract does not know,
            and whether texts, lists and objects are empty that should not be there then, as newer
            and other servers would send.
        seed: What `ready` values depend on.
    """

    def __init__(self, contract: Contract, *, new: bool = False, seed: int = 1) -> None:
        self.contract = contract
        self.new = new
        self.seed = seed
        self._named: dict[str, Value] = {}
        self._ready: dict[str, list[Any]] = {}

    def ready(self, schema: Json) -> Value:
        """One of the values of a schema that are made once for all tests; leave them as they are.

        For what is large, such as whole workspaces: making one takes ten times as long as a call
        of a client with it. There are twice as many as a test takes.
        """
        key = repr(schema)
        if key not in self._ready:
            made: list[Any] = []
            number = 2 * hypothesis.settings().max_examples
            phases = [hypothesis.Phase.generate]

            @hypothesis.seed(self.seed)
            @hypothesis.settings(max_examples=number, phases=phases)
            @hypothesis.given(self.of(schema))
            def collect(value: Any) -> None:
                made.append(value)

            collect()
            self._ready[key] = made
        return st.sampled_from(self._ready[key])

    def of(self, schema: Json) -> Value:
        """A strategy for values of a schema."""
        unknown = schema.keys() - _KNOWN
        if unknown:
            raise ValueError(
                f"no payloads can be made for the keyword(s) {', '.join(sorted(unknown))}"
            )
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        if "$ref" in schema:
            return self._reference(schema["$ref"])
        if "const" in schema:
            return st.just(schema["const"])
        for keyword in ("oneOf", "anyOf"):
            if keyword in schema and "properties" not in schema:
                return st.one_of([self.of(option) for option in schema[keyword]])
        kinds: list[str] = schema["type"] if is_array(schema["type"]) else [schema["type"]]
        makers: dict[str, Callable[[Json], Value]] = {
            "null": lambda _: st.none(),
            "boolean": lambda _: st.booleans(),
            "integer": _integers,
            "number": lambda _: st.floats(0, 1e6, allow_nan=False, width=32),
            "string": self._strings,
            "array": self._arrays,
            "object": self._objects,
        }
        return st.one_of([makers[kind](schema) for kind in kinds])

    def _reference(self, reference: str) -> Value:
        if reference not in self._named:
            # Deferred, so that a schema may refer to itself.
            target = self.contract.resolve({"$ref": reference})
            self._named[reference] = st.deferred(lambda: self.of(target))
        return self._named[reference]

    def _strings(self, schema: Json) -> Value:
        if "x-extensible-enum" in schema:
            known = st.sampled_from(schema["x-extensible-enum"])
            return st.one_of(known, st.sampled_from(["added-later", "Ü"])) if self.new else known
        if schema.get("format", "password") != "password":  # which says nothing about its form
            return _FORMATS[schema["format"]]
        if "contentEncoding" in schema:
            return st.sampled_from(["", "eA==", "e30="])
        if "pattern" in schema:
            pattern: str = schema["pattern"].replace("$", r"\Z")
            found = st.from_regex(pattern, fullmatch=False)
        else:
            found = _TEXT
        excluded = schema.get("not", {}).get("enum", ())
        fits = _within(schema, self._least(schema, "minLength"))
        return found.filter(lambda text: fits(text) and text not in excluded)

    def _arrays(self, schema: Json) -> Value:
        least = self._least(schema, "minItems")
        return st.lists(self.of(schema["items"]), min_size=least, max_size=max(least, 2))

    def _least(self, schema: Json, keyword: str) -> int:
        """A lower bound, which servers that are not like the contract do not keep to."""
        return 0 if self.new else int(schema.get(keyword, 0))

    def _objects(self, schema: Json) -> Value:
        properties: Json = schema.get("properties", {})
        if not properties:
            values = schema.get("additionalProperties", {"type": "string"})
            keys = st.uuids().map(str) if "propertyNames" in schema else _TEXT
            least = self._least(schema, "minProperties")
            return st.dictionaries(keys, self.of(values), min_size=least, max_size=2)
        required = set(schema.get("required", ()))
        strategies = {name: self.of(described) for name, described in properties.items()}
        made = st.fixed_dictionaries(
            {name: strategy for name, strategy in strategies.items() if name in required},
            optional={
                name: strategy for name, strategy in strategies.items() if name not in required
            },
        )
        alternatives: list[Json] = schema.get("oneOf", [])
        if alternatives:
            made = st.tuples(made, st.sampled_from(alternatives)).flatmap(
                lambda pair: self._only(pair[0], pair[1], alternatives, strategies)
            )
        for name, others in schema.get("dependentRequired", {}).items():
            made = made.filter(_goes_with(name, others))
        if self.new and "x-coder-name" in schema:
            return st.tuples(made, _NEW_FIELDS).map(lambda pair: {**pair[1], **pair[0]})
        return made

    @staticmethod
    def _only(
        made: Json, chosen: Json, alternatives: list[Json], strategies: dict[str, Value]
    ) -> Value:
        """An object that has what one alternative requires and nothing that the others do."""
        others = {name for option in alternatives for name in option["required"]}
        kept = {name: value for name, value in made.items() if name not in others}
        return st.fixed_dictionaries({name: strategies[name] for name in chosen["required"]}).map(
            lambda needed: {**kept, **needed}
        )


def _goes_with(name: str, others: list[str]) -> Callable[[Json], bool]:
    return lambda value: name not in value or all(other in value for other in others)


def _within(schema: Json, low: int) -> Callable[[str], bool]:
    high = schema.get("maxLength", 200)
    return lambda text: low <= len(text) <= high


def _integers(schema: Json) -> Value:
    low = schema.get("minimum", -(2**31))
    high = schema.get("maximum", max(low, 0) + 2**31 - 1)
    step = schema.get("multipleOf", 1)
    edges = [edge for edge in (low, high // step * step) if edge % step == 0]
    made = st.one_of(
        st.sampled_from(edges), st.integers(-(-low // step), high // step).map(lambda n: n * step)
    )
    hole = schema.get("not")
    if hole is None:
        return made
    below, above = hole["exclusiveMinimum"], hole["exclusiveMaximum"]
    return made.filter(lambda number: not below < number < above)


def _instant(parts: tuple[datetime, int]) -> str:
    moment, offset = parts
    if not offset:
        return moment.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")
    return moment.replace(tzinfo=timezone(timedelta(minutes=offset))).isoformat()


_INSTANTS = st.one_of(
    st.sampled_from(
        ["0001-01-01T00:00:00Z", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678901Z"]
    ),
    st.tuples(
        st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2100, 1, 1)),  # noqa: DTZ001 -- zones are added above
        st.sampled_from([0, 0, 0, 120, -450]),
    ).map(_instant),
)
_FORMATS: dict[str, Value] = {
    "date-time": _INSTANTS,
    "uuid": st.one_of(st.just(str(UUID(int=1))), st.uuids(version=4).map(str)),
    "uri": st.sampled_from(["https://example.com/avatar.png", "http://127.0.0.1:8080/x?y=z"]),
    "email": st.sampled_from(["owner@example.com", "a.b+c@example.org"]),
    "coder-schedule": formats.schedules(),
    "coder-workspace-query": formats.queries(),
}
