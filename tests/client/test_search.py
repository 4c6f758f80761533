"""What the query builder writes, the server reads back to the same meaning."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder_workspaces import InvalidArgumentError, workspace_query

search = pytest.importorskip("coder_conformance.reference.rules.search")

# Everything that means something in the grammar, and some that does not.
_TEXTS = st.text(st.sampled_from(list("ab1 :/,=%_-.'\"\t\\äß%()")), min_size=1, max_size=8)
_FLAGS = st.booleans()
_TIMES = st.integers(946_684_800, 4_102_444_800).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC)
)


def _read(text: str) -> Any:
    query, terms = search.parse_workspace_query(text)
    assert terms.problems == []
    return query


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "name": _TEXTS,
            "owner": _TEXTS,
            "template": _TEXTS,
            "organization": _TEXTS,
            "ids": st.lists(st.uuids(), min_size=1, max_size=3),
            "status": st.sampled_from(search.STATUSES),
            "has_agent": st.sampled_from(["connecting", "connected", "disconnected", "timeout"]),
            "dormant": _FLAGS,
            "outdated": _FLAGS,
            "has_ai_task": _FLAGS,
            "last_used_after": _TIMES,
            "last_used_before": _TIMES,
            "parameters": st.dictionaries(
                st.text(st.sampled_from(list("ab :/ä")), min_size=1, max_size=5),
                st.none() | st.text(st.sampled_from(list("ab1 :/ä")), min_size=1, max_size=5),
                min_size=1,
                max_size=3,
            ),
        },
    )
)
def test_conditions_come_back(conditions: dict[str, Any]) -> None:
    """Every condition arrives as it was given, whatever the others are; case does not count."""
    if any('"' in str(value) for value in conditions.values() if isinstance(value, str)):
        return  # what cannot be written is refused, see the next test
    text = workspace_query(**conditions)
    query = _read(text)
    for name in ("name", "owner", "template", "organization", "has_agent", "status"):
        assert getattr(query, name).lower() == str(conditions.get(name, "")).lower(), text
    assert query.ids == conditions.get("ids", [])
    for name in ("dormant", "outdated", "has_ai_task"):
        assert getattr(query, name) == conditions.get(name), text
    assert query.used_after == conditions.get("last_used_after")
    assert query.used_before == conditions.get("last_used_before")
    parameters = conditions.get("parameters", {})
    assert sorted(query.parameter_names) == sorted(
        name.lower() for name, value in parameters.items() if value is None
    )
    assert sorted(query.parameter_values) == sorted(
        (name.lower(), value.lower()) for name, value in parameters.items() if value is not None
    )


@given(_TEXTS)
def test_only_what_cannot_be_written_is_refused(text: str) -> None:
    """Double quotes are the one thing that the grammar has no way to write."""
    if '"' in text:
        with pytest.raises(InvalidArgumentError):
            workspace_query(name=text)
    else:
        assert _read(workspace_query(name=text)).name.lower() == text.lower()


@given(_TEXTS, _TEXTS)
def test_free_text_comes_back(owner: str, name: str) -> None:
    """So does free text, with and without an owner."""
    if set('"/') & set(owner + name):
        return
    query = _read(workspace_query(f"{owner}/{name}"))
    assert (query.owner.lower(), query.name.lower()) == (owner.lower(), name.lower())
    assert _read(workspace_query(name)).name.lower() == name.lower()


@pytest.mark.parametrize("parameters", [{"a,b": None}, {"a": "b,c"}, {"a=": None}, {"": "b"}])
def test_parameters_that_would_be_others(parameters: dict[str, str | None]) -> None:
    """A comma or an equals sign would make other parameters of one."""
    with pytest.raises(InvalidArgumentError, match="comma"):
        workspace_query(parameters=parameters)


def test_times_keep_their_zone() -> None:
    """A time in another zone is the same moment on the server."""
    moment = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    elsewhere = moment.astimezone(timezone(timedelta(hours=-7, minutes=-30)))
    assert _read(workspace_query(last_used_after=elsewhere)).used_after == moment
