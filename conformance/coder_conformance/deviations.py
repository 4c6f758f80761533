"""Known deviations: failures that are accepted for a while, each with its reason.

The file is YAML, a list of entries:

    - requirement: ttl/limits
      operation: updateWorkspaceTtlById   # may be left out: all operations of the requirement
      reason: Fixed in the next release.
      ticket: OPS-123
      expires: 2030-01-31
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

from coder_spec.files import is_array, is_object

from .catalogue import Requirement
from .results import Outcome, Result, Run
from .settings import SettingsError

_FIELDS = {"requirement", "operation", "reason", "ticket", "expires"}


@dataclass(frozen=True, slots=True)
class Deviation:
    """One accepted failure.

    Attributes:
        requirement: Id of the requirement that is not met.
        operation: The operationId, or None for all that the requirement is about.
        reason: Why it is accepted.
        ticket: Where it is tracked; may be empty.
        expires: Last day on which it is accepted, or None.
    """

    requirement: str
    operation: str | None
    reason: str
    ticket: str
    expires: date | None

    @property
    def expired(self) -> bool:
        """Whether it is not accepted any more."""
        return self.expires is not None and self.expires < datetime.now(UTC).date()

    def fits(self, result: Result) -> bool:
        """Whether it is about a judgement."""
        about = result.requirement.id == self.requirement
        return about and self.operation in {None, result.operation}

    def __str__(self) -> str:
        about = f" on {self.operation}" if self.operation else ""
        return f"the deviation from {self.requirement}{about}"


def load(path: Path, requirements: dict[str, Requirement]) -> list[Deviation]:
    """Read a list of known deviations.

    Raises:
        SettingsError: The file cannot be read, or an entry is wrong.
    """
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"the deviations in {path} cannot be read: {reason}") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise SettingsError(f"the deviations in {path} are not valid YAML; correct them") from None
    if not is_array(content):
        raise SettingsError(f"{path} holds no list of deviations; begin each entry with a dash")
    return [
        _entry(entry, f"entry {n} of {path}", requirements) for n, entry in enumerate(content, 1)
    ]


def _entry(entry: Any, where: str, requirements: dict[str, Requirement]) -> Deviation:
    if not is_object(entry) or not {"requirement", "reason"} <= entry.keys() <= _FIELDS:
        known = ", ".join(sorted(_FIELDS))
        raise SettingsError(f"{where} needs requirement and reason, and may have only {known}")
    requirement = requirements.get(str(entry["requirement"]))
    if requirement is None:
        raise SettingsError(f"{where} names {entry['requirement']!r}, which is no requirement")
    operation = entry.get("operation")
    if operation is not None and operation not in requirement.operations:
        raise SettingsError(f"{where} names {operation!r}, which {requirement.id} is not about")
    expires = entry.get("expires")
    if expires is not None and type(expires) is not date:
        raise SettingsError(f"{where} expires on {expires!r}; write a day such as 2030-01-31")
    reason, ticket = str(entry["reason"] or "").strip(), str(entry.get("ticket") or "").strip()
    if not reason:
        raise SettingsError(f"{where} gives no reason; say why the failure is accepted")
    return Deviation(requirement.id, operation, reason, ticket, expires)


def apply(deviations: list[Deviation], run: Run, *, whole: bool = True) -> None:
    """Mark the failures that are known, and note what is wrong with the list itself.

    An entry that has expired, that fits no result of the run although its requirement was judged,
    or whose requirement is met, is a problem: the list must tell the truth.

    Args:
        deviations: The list.
        run: The run.
        whole: Whether the run is more than a shard, in which an entry may well fit nothing.
    """
    for deviation in deviations:
        fitting = [result for result in run.results if deviation.fits(result)]
        if deviation.expired:
            run.deviation_problems.append(f"{deviation} expired on {deviation.expires}")
            continue
        if not fitting:
            if whole:
                run.deviation_problems.append(f"{deviation} is unused: nothing of it was judged")
            continue
        failed = [result for result in fitting if result.outcome is Outcome.FAILED]
        for result in failed:
            ticket = f" ({deviation.ticket})" if deviation.ticket else ""
            result.deviation = deviation.reason + ticket
        if whole and not failed and any(result.outcome is Outcome.PASSED for result in fitting):
            run.deviation_problems.append(f"{deviation} is gone: the requirement is met; remove it")
