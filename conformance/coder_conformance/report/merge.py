"""Shards of a run, joined into one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from ..results import Outcome, Result, Run, Unjudged
from ..settings import SettingsError
from .compare import Key

_SHARD = re.compile(r"--shard=(\d{1,6})/(\d{1,6})\b")
# The most telling outcome of several is the one that counts, as it is within a run.
_SEVERITY = (Outcome.SKIPPED, Outcome.PASSED, Outcome.ERROR, Outcome.FAILED)


def merge(shards: list[tuple[str, Run]]) -> Run:
    """One run that found out what all the shards did.

    Args:
        shards: Name and content of each report.

    Raises:
        SettingsError: They are not about the same thing.
    """
    _check(shards)
    _complete(shards)
    runs = [run for _, run in shards]
    merged = Run(
        target=_one(runs, lambda run: run.target, without="none"),
        server_version=_one(runs, lambda run: run.server_version, without=""),
        seed=runs[0].seed,
        started=min(run.started for run in runs),
        profile=runs[0].profile,
        features=sorted({feature for run in runs for feature in run.features}),
        created=sum(run.created for run in runs),
        unjudged=_unjudged(runs),
        leftovers=_distinct(leftover for run in runs for leftover in run.leftovers),
        deviation_problems=_problems(runs),
        trouble="; ".join(_distinct(run.trouble for run in runs if run.trouble)),
        seconds=sum(run.seconds for run in runs),
        command="\n".join(_distinct(run.command for run in runs if run.command)),
        contract=runs[0].contract,
        documented=runs[0].documented,
    )
    merged.results = _results(runs)
    merged.timings = [timing for run in runs for timing in run.timings]
    for run in runs:
        for operation, seen in run.statuses.items():
            total = merged.statuses.setdefault(operation, {})
            for status, count in seen.items():
                total[status] = total.get(status, 0) + count
    return merged


def _check(shards: list[tuple[str, Run]]) -> None:
    for n, (name, run) in enumerate(shards):
        for other_name, other in shards[:n]:
            if run == other:
                raise SettingsError(
                    f"{other_name} and {name} are the same report; name each shard once"
                )
            for what, mine, theirs in (
                ("contracts", run.contract, other.contract),
                ("seeds", run.seed, other.seed),
                ("profiles", run.profile, other.profile),
                ("server versions", run.server_version, other.server_version),
            ):
                if mine != theirs and "" not in {mine, theirs}:
                    raise SettingsError(
                        f"{other_name} and {name} are no shards of one run: they have different "
                        f"{what}, {theirs} and {mine}; use compare for such reports"
                    )


def _complete(shards: list[tuple[str, Run]]) -> None:
    """Refuse a set of numbered shards with a gap: what is in it, nobody has judged."""
    there = {found for _, run in shards for found in _SHARD.findall(run.command)}
    counts = {int(count) for _, count in there}
    if len(counts) > 1:
        shown = ", ".join(f"{index}/{count}" for index, count in sorted(there))
        raise SettingsError(f"these are shards of different divisions: {shown}")
    for count in counts:
        missing = set(range(1, count + 1)) - {int(index) for index, _ in there}
        if missing:
            first = [f"{index}/{count}" for index in sorted(missing)[:5]]
            shown = ", ".join(first) + (" …" if len(missing) > len(first) else "")
            raise SettingsError(f"no report is of the shard {shown}; name all of them")


def _one(runs: list[Run], what: Callable[[Run], str], without: str) -> str:
    """What the runs say of the server; shards about a client alone say nothing."""
    return ", ".join(_distinct(what(run) for run in runs if what(run) != without)) or without


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _problems(runs: list[Run]) -> list[str]:
    """Problems with the known deviations; one that is unused in some shards is no problem."""
    counts: dict[str, int] = {}
    for run in runs:
        for problem in run.deviation_problems:
            counts[problem] = counts.get(problem, 0) + 1
    return [
        problem
        for problem, count in counts.items()
        if " is unused" not in problem or count == len(runs)
    ]


def _results(runs: list[Run]) -> list[Result]:
    merged: dict[Key, Result] = {}
    for run in runs:
        for result in run.results:
            key = (result.requirement.id, result.operation)
            known = merged.get(key)
            if known is None:
                merged[key] = replace(result, failures=list(result.failures))
            else:
                _join(known, result)
    return list(merged.values())


def _unjudged(runs: list[Run]) -> list[Unjudged]:
    """What no shard judged, once."""
    judged = {(result.requirement.id, result.operation) for run in runs for result in run.results}
    entries = {
        (entry.requirement.id, entry.operation): entry for run in runs for entry in run.unjudged
    }
    return [entry for key, entry in entries.items() if key not in judged]


def _join(known: Result, other: Result) -> None:
    """Add what another shard found out about the same."""
    known.seconds += other.seconds
    known.checked += other.checked
    known.failures += other.failures
    worse, better = (
        (other, known)
        if _SEVERITY.index(other.outcome) > _SEVERITY.index(known.outcome)
        else (known, other)
    )
    # A failure that is known in one shard and not in another is not known.
    both_failed = worse.outcome is better.outcome is Outcome.FAILED
    deviation = worse.deviation if not both_failed or better.deviation else ""
    known.outcome, known.reason, known.deviation = worse.outcome, worse.reason, deviation
