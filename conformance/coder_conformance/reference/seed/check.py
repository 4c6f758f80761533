"""Finds out what is wrong with single values of a seed that their types do not tell."""

from __future__ import annotations

import re
from collections.abc import Sequence

from coder_conformance.reference.domain.model import AgentPlan, Parameter, ResourcePlan
from coder_conformance.reference.ids import ALPHABET, KEY_ID_LENGTH, KEY_SECRET_LENGTH
from coder_conformance.reference.rules.names import is_valid_email, is_valid_name
from coder_conformance.reference.rules.parameters import check_value

PARAMETER_TYPES = ("string", "number", "bool", "list(string)")
SHARING_LEVELS = ("owner", "authenticated", "organization", "public")
TRANSITIONS = ("start", "stop", "delete")
YEAR_SECONDS = 365 * 86_400
INT32 = (1 << 31) - 1


class SeedError(ValueError):
    """Contents that do not fit together; ``str()`` is a sentence that names the place."""


def check_name(name: str, place: str) -> None:
    """Raise unless ``name`` may name a user, workspace, template or organization."""
    if not is_valid_name(name):
        raise SeedError(
            f"{place}: {name!r} is not a name; use up to 32 letters, digits and single dashes, "
            "and neither new nor create"
        )


def check_email(email: str, place: str) -> None:
    """Raise unless ``email`` looks like an address."""
    if not is_valid_email(email):
        raise SeedError(f"{place}: {email!r} is not an e-mail address")


def split_token(token: str, place: str) -> tuple[str, str]:
    """Return the id and the secret of ``token``, which is not repeated in the error."""
    key_id, _, secret = token.partition("-")
    lengths = (len(key_id), len(secret)) == (KEY_ID_LENGTH, KEY_SECRET_LENGTH)
    if not lengths or not set(key_id + secret) <= set(ALPHABET):
        raise SeedError(
            f"{place}: write a token as {KEY_ID_LENGTH} letters and digits, a dash and "
            f"{KEY_SECRET_LENGTH} letters and digits"
        )
    return key_id, secret


def check_parameter(parameter: Parameter, place: str) -> None:
    """Raise unless a parameter is of a known type and allows its own default."""
    check_choice(parameter.type, PARAMETER_TYPES, f"{place}.type")
    try:
        re.compile(parameter.regex)
    except (re.error, OverflowError, RecursionError) as error:
        raise SeedError(f"{place}.regex: is not a regular expression: {error}") from None
    if parameter.default and not parameter.required:
        problem = check_value(parameter, parameter.default)
        if problem is not None:
            raise SeedError(f"{place}.default: {problem}")


def check_resources(plans: Sequence[ResourcePlan], place: str) -> None:
    """Raise unless all resources can be shown to clients."""
    for index, plan in enumerate(plans):
        here = f"{place}[{index}]"
        for transition in plan.transitions:
            check_choice(transition, TRANSITIONS, f"{here}.transitions")
        check_range(plan.daily_cost, INT32, f"{here}.daily_cost")
        for number, agent in enumerate(plan.agents):
            _check_agent(agent, f"{here}.agents[{number}]")


def _check_agent(agent: AgentPlan, place: str) -> None:
    check_range(agent.connection_timeout, YEAR_SECONDS, f"{place}.connection_timeout")
    for index, app in enumerate(agent.apps):
        check_choice(app.sharing_level, SHARING_LEVELS, f"{place}.apps[{index}].sharing_level")
    for index, script in enumerate(agent.scripts):
        here = f"{place}.scripts[{index}]"
        check_range(script.timeout, YEAR_SECONDS, f"{here}.timeout")
        check_range(script.exit_code, INT32, f"{here}.exit_code")


def check_range(value: float, most: int, place: str) -> None:
    """Raise unless ``value`` is from 0 to ``most``."""
    if not 0 <= value <= most:
        raise SeedError(f"{place}: {value} is out of range; use a number from 0 to {most}")


def check_choice(value: str, choices: Sequence[str], place: str) -> None:
    """Raise unless ``value`` is one of ``choices``."""
    if value not in choices:
        raise SeedError(f"{place}: {value!r} is none of {', '.join(choices)}")
