"""The blocking and the asynchronous client can do the same things in the same way."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

import coder_workspaces
from coder_workspaces import AsyncClient, Client

# What is spelt differently because of the language.
_SPELLINGS = {
    "aclose": "close",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "__aiter__": "__iter__",
    "__anext__": "__next__",
}


def _plain(text: str) -> str:
    """What a signature or docstring of the asynchronous side says, in the words of the other."""
    text = re.sub(r"\bAsync(?=Iterator\b|Generator\b|[A-Z])", "", text)
    text = re.sub(r"\bawait |\basync ", "", text)
    text = re.sub(r"\bAwaitable\[(.*?\]?)\](?=[,\])]|$)", r"\1", text)
    for theirs, ours in _SPELLINGS.items():
        text = text.replace(theirs, ours)
    return " ".join(text.split())


def _members(kind: type[Any]) -> dict[str, Any]:
    return {
        _SPELLINGS.get(name, name): inspect.getattr_static(kind, name)
        for name in dir(kind)
        if (not name.startswith("_") or name in {*_SPELLINGS, *_SPELLINGS.values()})
    }


def _pairs() -> Iterator[Any]:
    """Each class of the blocking side with its counterpart."""
    for name in coder_workspaces.__all__:
        if name.startswith("Async"):
            pair = getattr(coder_workspaces, name[5:]), getattr(coder_workspaces, name)
            yield pytest.param(*pair, id=name[5:])
    for name in vars(Client):
        if not name.startswith("_"):
            classes = [
                getattr(import_module(f"coder_workspaces.{package}.{name}"), f"{prefix}{kind}")
                for package, prefix in (("resources", ""), ("async_resources", "Async"))
                for kind in [f"{name.title()}Resource"]
            ]
            yield pytest.param(*classes, id=name)


_ALL = pytest.mark.parametrize(("blocking", "asynchronous"), list(_pairs()))


def test_every_resource_is_on_both() -> None:
    """No resource is missing on either side."""
    assert {name for name in vars(Client) if name[0] != "_"} == {
        name for name in vars(AsyncClient) if name[0] != "_"
    }
    assert len(list(_pairs())) >= 11


@_ALL
def test_they_have_the_same_members(blocking: type[Any], asynchronous: type[Any]) -> None:
    """Every public method, attribute and protocol of one is on the other."""
    assert _members(blocking).keys() == _members(asynchronous).keys()


@_ALL
def test_members_take_and_return_the_same(blocking: type[Any], asynchronous: type[Any]) -> None:
    """Names, order, defaults and types of arguments are equal, and so are results."""
    theirs = _members(asynchronous)
    for name, member in _members(blocking).items():
        other = theirs[name]
        if not callable(member):
            assert type(member) is type(other), name
            continue
        mine, its = inspect.signature(member), inspect.signature(other)
        assert [
            (parameter.name, parameter.kind, repr(parameter.default), parameter.annotation)
            for parameter in mine.parameters.values()
            if name != "__init__"
        ] == [
            (parameter.name, parameter.kind, repr(parameter.default), _plain(parameter.annotation))
            if isinstance(parameter.annotation, str)
            else (parameter.name, parameter.kind, repr(parameter.default), parameter.annotation)
            for parameter in its.parameters.values()
            if name != "__init__"
        ], name
        assert str(mine.return_annotation) == _plain(str(its.return_annotation)), name


def test_the_clients_are_made_in_the_same_way() -> None:
    """Both take the same settings."""
    mine, its = (inspect.signature(kind).parameters for kind in (Client, AsyncClient))
    assert list(mine) == list(its)
    for name, parameter in mine.items():
        assert repr(parameter.default) == repr(its[name].default)
        assert parameter.annotation == _plain(its[name].annotation).replace(
            "httpx2.AsyncClient", "httpx2.Client"
        )


@_ALL
def test_they_are_described_in_the_same_words(blocking: type[Any], asynchronous: type[Any]) -> None:
    """What is documented for one is documented for the other: arguments, units and exceptions."""
    theirs = _members(asynchronous)
    for name, member in _members(blocking).items():
        if not callable(member):
            continue
        sections = [
            re.findall(r"^(\w+):(?: |$)|^    (\w+): ", inspect.getdoc(each) or "", re.MULTILINE)
            for each in (member, theirs[name])
        ]
        assert sections[0] == sections[1], name
