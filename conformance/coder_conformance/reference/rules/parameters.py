"""How the parameters of a build are chosen and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from coder_conformance.reference.domain.model import Parameter, Preset, TemplateVersion
from coder_conformance.reference.rules.go import FALSE_WORDS, TRUE_WORDS, ParseError, parse_int


@dataclass(frozen=True, slots=True)
class Resolution:
    """The values of a build, and what is wrong with them by parameter name."""

    values: Mapping[str, str]
    problems: Mapping[str, str]


def resolve(
    version: TemplateVersion,
    given: Mapping[str, str],
    *,
    preset: Preset | None = None,
    previous: Mapping[str, str] | None = None,
) -> Resolution:
    """Choose a value for every parameter of ``version``.

    A preset wins over the given value, that over the value of the previous build (unless the
    parameter is ephemeral), that over the default. Names that the version does not have are
    dropped. ``previous`` is ``None`` for the first build, in which nothing is immutable yet.
    """
    values: dict[str, str] = {}
    problems: dict[str, str] = {}
    for parameter in version.parameters:
        name = parameter.name
        before = None if previous is None or parameter.ephemeral else previous.get(name)
        chosen = given.get(name)
        if preset is not None and name in preset.parameters:
            chosen = preset.parameters[name]
        if chosen is not None and before is not None and not parameter.mutable and chosen != before:
            problems[name] = f'Parameter "{name}" is not mutable, so it can\'t be updated.'
            continue
        if chosen is None:
            chosen = before
        if chosen is None:
            if parameter.required:
                problems[name] = "Required parameter not provided"
                continue
            chosen = parameter.default
            if not chosen:
                values[name] = chosen
                continue
        problem = check_value(parameter, chosen)
        if problem is None:
            values[name] = chosen
        else:
            problems[name] = problem
    return Resolution(values, problems)


def check_value(parameter: Parameter, value: str) -> str | None:
    """Return what is wrong with ``value``, ``None`` if nothing is."""
    if "\x00" in value:
        return "Value must not contain a NUL character"
    if parameter.options:
        if any(option.value == value for option in parameter.options):
            return None
        return f'Value "{value}" is not one of the options of the parameter'
    match parameter.type:
        case "number":
            return _check_number(parameter, value)
        case "bool":
            return None if value in TRUE_WORDS | FALSE_WORDS else f'Value "{value}" is not a bool'
        case "string" if parameter.regex and re.search(parameter.regex, value) is None:
            return parameter.regex_error or f"Value does not match {parameter.regex}"
        case _:
            return None


def _check_number(parameter: Parameter, value: str) -> str | None:
    try:
        number = parse_int(value, bits=64)
    except ParseError:
        return f'Value "{value}" is not a number'
    low, high = parameter.minimum, parameter.maximum
    if low is not None and number < low:
        return f"Value {number} is less than the minimum {low}"
    if high is not None and number > high:
        return f"Value {number} is more than the maximum {high}"
    return None
