"""Requests made from the contract: valid ones, and ones that are wrong in one way or another."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterable
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

import coder_spec

from .target import Target

KIND = "contract"
# In one go hypothesis tries to be new all the time, which gets slower and slower.
BATCH = 200
# What a request cannot be sent for because the sender's library finds it wrong.
UNSENDABLE = (requests.exceptions.InvalidHeader, requests.exceptions.InvalidURL, UnicodeError)


class Attack:
    """Sends requests of all operations, valid and invalid ones alike."""

    def __init__(self, target: Target, source: random.Random) -> None:
        self._target = target
        self._source = source
        contract = coder_spec.load()
        schema = schemathesis.openapi.from_dict(dict(contract.document))
        self._strategies = [
            (operation, schema[operation.path][operation.method].as_strategy(generation_mode=mode))
            for operation in contract.operations
            for mode in GenerationMode
        ]

    def __call__(self, count: int, goes_on: Callable[[], bool]) -> int:
        """Send ``count`` requests and return how many it were."""
        sent = 0
        with requests.Session() as session:
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
            while sent < count and goes_on():
                share = max(1, min(BATCH, (count - sent) // len(self._strategies)))
                self._source.shuffle(self._strategies)
                for operation, strategy in self._strategies:
                    for case in _cases(strategy, share, self._source.getrandbits(64)):
                        if sent >= count or not goes_on():
                            return sent
                        _send(self._target, session, operation, case, self._source)
                        sent += 1
        return sent


def _cases(strategy: Any, count: int, seed: int) -> Iterable[Any]:
    found: list[Any] = []

    @seeded(seed)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(case: Any) -> None:
        found.append(case)

    # Not everything can be made invalid: some operations take nothing.
    with contextlib.suppress(Unsatisfiable):
        collect()
    return found


def _send(
    target: Target, session: requests.Session, operation: Any, case: Any, source: random.Random
) -> None:
    for name in list(case.path_parameters or {}):
        # Most requests should come to something that exists.
        if source.random() < 0.8:
            case.path_parameters[name] = target.names[name]
    if source.random() < 0.9:
        case.headers = {**(case.headers or {}), "Coder-Session-Token": target.token}
        case.cookies = {}
        for name in ("coder_session_token", "access_token"):
            (case.query or {}).pop(name, None)
    what = f"{operation.id} {case.path_parameters} {case.query} {case.headers} {case.body!r}"
    try:
        arguments = case.as_transport_kwargs(base_url=f"http://{target.host}/api/v2")
        with session.request(**arguments, timeout=20, stream=True) as response:
            if operation.stream is None:
                response.content  # noqa: B018 - has the body read
            target.count(KIND, response.status_code, what)
    except UNSENDABLE:
        target.unanswered[KIND] += 1
    except (requests.RequestException, ValueError) as error:
        target.failures.append(f"no answer ({error}): {what}"[:500])
