"""For every operation requests that get answers of all kinds, to be sent with any headers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

from ...exchange import Exchange
from .scenario import Scenario
from .usual import Usual, attempt

Json = dict[str, Any]
# Sends a request with these headers on top.
Question = Callable[[Mapping[str, str]], Exchange]
RIGHT, FORGED = "right", "forged"
_METHODS = ("PATCH", "PUT", "POST", "DELETE")
_WRONG = (("workspace", ""), ("workspace", "x"), ("user", "no-such-user"))


def questions(scenario: Scenario, request: Usual) -> dict[str, Question]:
    """Requests by what is wrong with them: one that is right, and all that are refused."""
    token = scenario.wire.token

    def ask(asked: Usual = request, **how: Any) -> Question:
        also: Json = how.pop("headers", {})
        return lambda headers: attempt(scenario, asked, headers={**also, **headers}, **how)

    found = {RIGHT: ask(), "nobody's": ask(token=None)}
    for name, wrong in _WRONG:
        if name in request.path:
            path = {**request.path, name: wrong or str(uuid4())}
            found[f"{name} {wrong}"] = ask(replace(request, path=path))
    found["unknown route"] = lambda headers: scenario.wire.send(
        request.operation.method, f"{request.target}/no-such-thing", headers=headers
    )
    if scenario.wire.readonly:
        return found
    if request.operation.raw.get("requestBody"):
        found["no JSON"] = ask(content=b"{")
    known = scenario.context.contract.methods(request.operation.path)
    wrong_method = next(method for method in _METHODS if method not in known)
    found["wrong method"] = ask(method=wrong_method)
    if request.operation.method != "GET":
        cookie = {"cookie": f"coder_session_token={token}"}
        found[FORGED] = ask(token=None, headers=cookie)
    return found
