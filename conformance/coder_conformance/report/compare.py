"""What changed between two runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ..results import Outcome, Result, Run
from .visible import shortened, visible

Key = tuple[str, str]
KNOWN = "failed as known"


@dataclass(frozen=True, slots=True)
class Change:
    """One judgement that is not what it was.

    Attributes:
        key: Requirement and operation.
        before: Outcome in the earlier run; empty when that did not judge it.
        after: Outcome in the later run; empty when that did not judge it.
        said: What the later run says about it.
    """

    key: Key
    before: str
    after: str
    said: str


@dataclass(slots=True)
class Comparison:
    """Two runs beside each other.

    Attributes:
        worse: What fails now and did not, and what passed and is not known to pass any more.
        better: What passes now and did not.
        changed: Other changes, which say nothing for or against the server.
        new: What only the later run judged.
        gone: What only the earlier run judged.
        same: Number of judgements that are what they were.
        unseen: Statuses that only the earlier run has seen, as operation and status.
        problems: What is wrong with the list of known deviations, and was not before.
    """

    worse: list[Change] = field(default_factory=list[Change])
    better: list[Change] = field(default_factory=list[Change])
    changed: list[Change] = field(default_factory=list[Change])
    new: list[Change] = field(default_factory=list[Change])
    gone: list[Change] = field(default_factory=list[Change])
    same: int = 0
    unseen: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    problems: list[str] = field(default_factory=list[str])

    @property
    def got_worse(self) -> bool:
        """Whether anything did."""
        return bool(self.worse or self.problems)


def by_key(run: Run) -> dict[Key, Result]:
    """The results by requirement and operation."""
    return {(result.requirement.id, result.operation): result for result in run.results}


def compare(old: Run, new: Run) -> Comparison:
    """What the later run found that the earlier one did not, and the other way round."""
    found = Comparison()
    before, after = by_key(old), by_key(new)
    for key, result in after.items():
        now = _standing(result)
        if key not in before:
            found.new.append(Change(key, "", now, _said(result)))
            continue
        was = _standing(before[key])
        if was == now:
            found.same += 1
            continue
        change = Change(key, was, now, _said(result))
        if now == Outcome.FAILED or was == Outcome.PASSED:
            found.worse.append(change)
        elif now == Outcome.PASSED:
            found.better.append(change)
        else:
            found.changed.append(change)
    found.gone = [
        Change(key, _standing(result), "", "") for key, result in before.items() if key not in after
    ]
    found.unseen = [
        (operation, status)
        for operation, seen in sorted(old.statuses.items())
        for status in sorted(seen)
        if status not in new.statuses.get(operation, {})
    ]
    found.problems = [p for p in new.deviation_problems if p not in old.deviation_problems]
    return found


def _standing(result: Result) -> str:
    return KNOWN if result.deviation else result.outcome.value


def _said(result: Result) -> str:
    if result.outcome is Outcome.PASSED:
        return ""
    if result.outcome is Outcome.FAILED and result.failures:
        failure = result.failures[0]
        return f"expected {failure.expected}; got {failure.actual}"
    return result.reason


def render(old: tuple[str, Run], new: tuple[str, Run]) -> str:
    """The comparison for a terminal.

    Args:
        old: Name and content of the earlier report.
        new: Name and content of the later one.
    """
    found = compare(old[1], new[1])
    lines = [*_head(old, new)]
    for title, changes in (
        ("Worse", found.worse),
        ("Better", found.better),
        ("Otherwise changed", found.changed),
        ("New", found.new),
        ("Gone", found.gone),
    ):
        lines += _changes(title, changes)
    lines += [f"List of known deviations: {visible(problem)}" for problem in found.problems]
    if found.unseen:
        shown = ", ".join(f"{operation} {status}" for operation, status in found.unseen)
        lines += ["", f"Statuses no longer seen: {visible(shown)}"]
    verdict = "WORSE" if found.got_worse else "NOT WORSE"
    counts = (
        f"{len(found.worse)} worse, {len(found.better)} better, "
        f"{len(found.changed)} otherwise changed, {len(found.new)} new, {len(found.gone)} gone, "
        f"{found.same} the same"
    )
    lines += ["", f"{verdict}: {counts}"]
    return "\n".join(lines)


def _head(old: tuple[str, Run], new: tuple[str, Run]) -> Iterator[str]:
    for sign, (name, run) in (("-", old), ("+", new)):
        about = f"{run.target}, version {run.server_version or 'not known'}, {run.started}"
        yield visible(f"{sign} {name}: {run.verdict.value} ({about})")
    for what, before, after in (
        ("seeds", old[1].seed, new[1].seed),
        ("profiles", old[1].profile, new[1].profile),
        ("contracts", old[1].contract[:12], new[1].contract[:12]),
    ):
        if before != after:
            yield visible(f"Note: the runs have different {what}, {before} and {after}.")


def _changes(title: str, changes: list[Change]) -> Iterator[str]:
    if not changes:
        return
    yield ""
    yield f"{title} ({len(changes)}):"
    # What happened to many operations in the same way is said once.
    groups: dict[tuple[str, str, str], list[str]] = {}
    for change in changes:
        step = " → ".join(part for part in (change.before, change.after) if part)
        groups.setdefault((change.key[0], step, change.said), []).append(change.key[1])
    for (requirement, step, said), operations in groups.items():
        yield visible(f"  {requirement}: {step}, {', '.join(operations)}")
        if said:
            yield f"      {visible(shortened(' '.join(said.split()), 300))}"
