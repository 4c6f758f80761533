"""What people say, in the terms of the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from coder_workspaces.errors import InvalidArgumentError

if TYPE_CHECKING:
    from coder_workspaces.models.put_extend_workspace_request import PutExtendWorkspaceRequest
    from coder_workspaces.models.update_workspace_ttl_request import UpdateWorkspaceTTLRequest

_SHORTEST = timedelta(minutes=1)
_LONGEST = timedelta(days=30)
_MILLISECOND = timedelta(milliseconds=1)


def split_name(name: str) -> tuple[str, str]:
    """Return owner and name of a workspace; the owner is ``me`` when none is given.

    Raises:
        InvalidArgumentError: It has another form.
    """
    owner, slash, workspace = name.rpartition("/")
    if not slash:
        owner = "me"
    if not owner or not workspace or "/" in owner:
        raise InvalidArgumentError(f"{name!r} is no workspace; write owner/name, or only the name.")
    return owner, workspace


def ttl_request(ttl: timedelta | None) -> UpdateWorkspaceTTLRequest:
    """Return the request that sets a time to live.

    Raises:
        InvalidArgumentError: The time is out of range.
    """
    from coder_workspaces.models.update_workspace_ttl_request import (  # noqa: PLC0415 - on first use
        UpdateWorkspaceTTLRequest,
    )

    if ttl is None:
        return UpdateWorkspaceTTLRequest(ttl_ms=None)
    if not _SHORTEST <= ttl <= _LONGEST:
        raise InvalidArgumentError(f"The ttl is {ttl}; it can be from one minute to 30 days.")
    return UpdateWorkspaceTTLRequest(ttl_ms=ttl // _MILLISECOND)


def extension_request(until: datetime | timedelta) -> PutExtendWorkspaceRequest:
    """Return the request that moves a deadline.

    Raises:
        InvalidArgumentError: The deadline has no time zone, or is beyond all calendars.
    """
    from coder_workspaces.models.put_extend_workspace_request import (  # noqa: PLC0415 - on first use
        PutExtendWorkspaceRequest,
    )

    try:
        deadline = datetime.now(UTC) + until if isinstance(until, timedelta) else until
    except OverflowError:
        raise InvalidArgumentError(f"The time {until} from now is in no calendar.") from None
    if deadline.tzinfo is None:
        raise InvalidArgumentError(f"The deadline {deadline.isoformat()} has no time zone.")
    return PutExtendWorkspaceRequest(deadline=deadline)
