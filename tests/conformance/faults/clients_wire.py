"""Faults of clients: what they send, and what they make of one answer."""

from __future__ import annotations

from tests.conformance.faults.clients import DECODES, REQUESTS, ClientFault

GET, LIST, TTL = "getWorkspaceMetadataById", "listWorkspaces", "updateWorkspaceTtlById"
NEW, ERRORS = "client/keeps-what-is-new", "client/raises-documented-errors"
ODD, TOKEN = "client/survives-odd-answers", "client/hides-the-token"
CREATE = "createUserWorkspace"
_READING = """                    for piece in response.iter_bytes():
                        body.add(piece)
"""
_READING_ASYNC = _READING.replace("for piece in response.iter", "async for piece in response.aiter")
_SUPPRESS = '__import__("contextlib").suppress(httpx2.RemoteProtocolError)'


def _indented(text: str) -> str:
    return "".join(f"    {line}" for line in text.splitlines(keepends=True))


FAULTS = [
    ClientFault(
        "zeros-are-not-sent",
        LIST,
        REQUESTS,
        "_call.py",
        "if value is None:\n            continue",
        "if not value:\n            continue",
        sentence="Parameters that are 0, false or empty are left out.",
    ),
    ClientFault(
        "flags-are-written-as-in-python",
        GET,
        REQUESTS,
        "_call.py",
        '"true" if value else "false"',
        "str(value)",
        sentence="Booleans are sent as True and False.",
    ),
    ClientFault(
        "bodies-are-plain-text",
        TTL,
        REQUESTS,
        "_exchange.py",
        '["content-type"] = "application/json"',
        '["content-type"] = "text/plain"',
    ),
    ClientFault(
        "nulls-are-left-out",
        TTL,
        REQUESTS,
        "_model.py",
        "to_json(self, by_alias=True, exclude_unset=True)",
        "to_json(self, by_alias=True, exclude_none=True)",
        sentence="Fields that are null are not sent.",
    ),
    ClientFault(
        "the-blocking-client-swaps-limit-and-offset",
        LIST,
        REQUESTS,
        "resources/workspaces.py",
        "limit=limit,\n            offset=offset,",
        "limit=offset,\n            offset=limit,",
    ),
    ClientFault(
        "the-asynchronous-client-forgets-the-offset",
        LIST,
        REQUESTS,
        "async_resources/workspaces.py",
        "offset=offset,",
        "offset=None,",
    ),
    ClientFault(
        "the-token-is-in-the-address",
        GET,
        TOKEN,
        "_exchange.py",
        'self._url = f"{settings.base_url}{call.path}"',
        'self._url = f"{settings.base_url}{call.path}?coder_session_token={settings.token}"',
    ),
    ClientFault(
        "the-client-shows-its-token",
        GET,
        TOKEN,
        "_http.py",
        'token = "set" if settings.token else "none"',
        "token = settings.token",
        sentence="The repr of the client contains the token.",
    ),
    ClientFault(
        "the-blocking-client-follows-redirects",
        GET,
        ODD,
        "_sync.py",
        "stream=True, follow_redirects=False",
        "stream=True, follow_redirects=True",
    ),
    ClientFault(
        "the-asynchronous-client-follows-redirects",
        GET,
        ODD,
        "_async.py",
        "stream=True, follow_redirects=False",
        "stream=True, follow_redirects=True",
    ),
    ClientFault(
        "unknown-values-are-refused",
        GET,
        NEW,
        "_model.py",
        "        if not isinstance(value, str):\n            return None",
        "        return None",
        sentence="An enum value of a newer server is an error.",
    ),
    ClientFault(
        "unknown-values-are-the-first-known-one",
        LIST,
        NEW,
        "_model.py",
        "        return unknown",
        "        return next(iter(cls))",
        sentence="An enum value of a newer server becomes the first one of the enum.",
    ),
    ClientFault(
        "any-success-is-the-documented-one",
        TTL,
        ODD,
        "_exchange.py",
        "decoder = self.call.decoders.get(response.status_code)",
        "decoder = self.call.decoders.get(response.status_code) or (next(iter("
        "self.call.decoders.values())) if response.status_code < 300 else None)",
        sentence="202 and 203 are taken for the documented success.",
    ),
    ClientFault(
        "missing-fields-are-none",
        GET,
        ODD,
        "_exchange.py",
        "lenient=self.settings.lenient,",
        "lenient=True,",
        sentence="Fields that the contract requires may be missing in answers.",
    ),
    ClientFault(
        "half-a-body-is-enough-for-the-blocking-client",
        "getWorkspaceTimingsById",
        ODD,
        "_sync.py",
        _READING,
        f"                    with {_SUPPRESS}:\n{_indented(_READING)}",
        sentence="That a connection broke in the middle of a body is overlooked.",
    ),
    ClientFault(
        "half-a-body-is-enough-for-the-asynchronous-client",
        "getWorkspaceTimingsById",
        ODD,
        "_async.py",
        _READING_ASYNC,
        f"                    with {_SUPPRESS}:\n{_indented(_READING_ASYNC)}",
        sentence="That a connection broke in the middle of a body is overlooked.",
    ),
    ClientFault(
        "the-detail-is-lost",
        CREATE,
        ERRORS,
        "errors.py",
        "detail if isinstance(detail, str) else None, tuple(problems)",
        "None, tuple(problems)",
    ),
    ClientFault(
        "only-the-first-validation-counts",
        CREATE,
        ERRORS,
        "errors.py",
        "else None, tuple(problems)",
        "else None, tuple(problems[:1])",
    ),
    ClientFault(
        "field-and-detail-are-swapped",
        "updateWorkspaceAutostartScheduleById",
        ERRORS,
        "errors.py",
        'str(item.get("field", "")), str(item.get("detail", ""))',
        'str(item.get("detail", "")), str(item.get("field", ""))',
    ),
    ClientFault(
        "errors-have-to-be-json",
        GET,
        ODD,
        "errors.py",
        "        except (ValueError, RecursionError):\n            return None\n"
        "        return cls.from_object",
        "        except RecursionError:\n            return None\n        return cls.from_object",
        sentence="An error page of a proxy ends in an error of the JSON parser.",
    ),
    ClientFault(
        "whole-numbers-become-texts",
        LIST,
        DECODES,
        "models/workspaces_response.py",
        "count: int",
        "count: str",
        sentence="A number is decoded as a text.",
    ),
]
