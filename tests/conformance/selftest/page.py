"""The published page: what was detected of all faults, and what was not."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence

from coder_conformance import catalogue as requirements
from coder_conformance.report.visible import visible
from tests.conformance.faults.catalogue import ALL_FAULTS, CLIENT_FAULTS, SERVER_FAULTS
from tests.conformance.faults.clients import ClientFault
from tests.conformance.faulty import Fault
from tests.conformance.faulty_server import HEALTHY
from tests.conformance.selftest.plain import LEARNING, SOCKET
from tests.conformance.selftest.records import VERDICTS, Record
from tests.conformance.selftest.specimens import SPECIMENS

Records = dict[str, Record]
_SPELLING = {
    word: word.upper()
    for word in ("ttl", "json", "crlf", "id", "etag", "utc", "uuid", "sse", "csrf", "acl")
}


def sentence(fault: Fault | ClientFault) -> str:
    """What is wrong, in words."""
    if fault.sentence:
        return fault.sentence
    words = [_SPELLING.get(word, word) for word in fault.id.split("-")]
    text = " ".join(words)
    return f"{text[0].upper()}{text[1:]}."


def render(suite: Records, plain: Records) -> str:
    """The page as Markdown.

    Args:
        suite: What the suite found, by fault.
        plain: What schemathesis alone found, by fault.
    """
    parts = [
        _introduction(suite, plain),
        _summary(suite, plain),
        _misses(suite),
        _table("Servers", SERVER_FAULTS, suite, plain),
        _table("Clients", CLIENT_FAULTS, suite, None),
        _specimens(suite),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _introduction(suite: Records, plain: Records) -> str:
    return f"""\
# What the suite detects

<!-- Written by make selftest ARGS="--page docs/selftest.md"; changes made here are lost. -->

A conformance suite is worth what it detects. So it is run on servers and clients that are wrong in
one way each, and this page says which of them it finds, and in how many seconds.

- A **faulty server** is the reference server behind a piece of middleware that spoils requests,
  answers or events. It counts how often it does so: a fault that never had an occasion to show
  counts as not detected.
- A **faulty client** is a copy of the generated client in which a few characters were changed.
- A fault counts as **detected** when the requirement that it breaks has failed. Where only others
  failed, it is listed as *elsewhere*.
- The time is that from the start of the command to that failure, start of Python and getting to
  know the server included.
- Beside it stands what `schemathesis run` finds by itself with the same contract, all checks, and a
  configuration that names existing workspaces, users and templates. It speaks no WebSocket. A fault
  counts as detected when it reports a failure or an error, about an operation that the fault
  touches, that it did not report of the healthy server in any of {LEARNING} looks. What it reports
  of other operations only is listed as *elsewhere*.

{_how(suite, "make selftest")}
{_how(plain, "make selftest ARGS=--schemathesis")}"""


def _how(records: Records, command: str) -> str:
    if not records:
        return f"Nothing was measured with `{command}` yet."
    sets = [record.facts for record in records.values()]
    said: dict[str, str] = {}
    for name in dict.fromkeys(name for one in sets for name in one):
        values = sorted({one[name] for one in sets if name in one})
        said[name] = values[0] if len(values) == 1 else f"{values[0]} to {values[-1]}"
    budget = f", {said['budget']} s for each server" if "budget" in said else ""
    return (
        f"`{command}`: {said['date']}, commit {said['commit']}, schemathesis "
        f"{said['schemathesis']}, Python {said['python']}, seed {said['seed']}{budget}, "
        f"{said['jobs']} runs at a time on {said['cores']} cores."
    )


def _summary(suite: Records, plain: Records) -> str:
    lines = [
        "## In short",
        "",
        "| | faults | detected | elsewhere | not detected | median time | 90 % within |",
        "|---|---|---|---|---|---|---|",
        _line("servers, the suite", SERVER_FAULTS, suite),
        _line("servers, schemathesis alone", SERVER_FAULTS, plain),
        _line("clients, the suite", CLIENT_FAULTS, suite),
    ]
    both = [fault for fault in SERVER_FAULTS if {fault.id} <= suite.keys() & plain.keys()]
    only_plain = [
        fault.id
        for fault in both
        if plain[fault.id].verdict == "found" and suite[fault.id].verdict != "found"
    ]
    if both:
        named = ", ".join(f"`{name}`" for name in only_plain) or "none"
        lines += ["", f"Detected by schemathesis alone and not by the suite: {named}."]
    control = plain.get(HEALTHY)
    if control is not None:
        said = "As a control schemathesis looked at the healthy server once more"
        lines += ["", f"{said}: {len(control.by)} failures that it had not reported before."]
    return "\n".join(lines)


def _line(title: str, faults: Sequence[Fault | ClientFault], records: Records) -> str:
    found = [records[fault.id] for fault in faults if fault.id in records]
    if not found:
        return f"| {title} | {len(faults)} | not measured | | | | |"
    counts = Counter(record.verdict for record in found)
    times = sorted(record.seconds for record in found if record.verdict == "found")
    detected = counts["found"]
    share = f"{detected} ({100 * detected / len(found):.1f} %)"
    rest = len(found) - detected - counts["elsewhere"]
    median = f"{statistics.median(times):.1f} s" if times else "-"
    most = f"{times[max(0, -(-9 * len(times) // 10) - 1)]:.1f} s" if times else "-"
    measured = str(len(faults)) if len(found) == len(faults) else f"{len(found)} of {len(faults)}"
    return (
        f"| {title} | {measured} | {share} | {counts['elsewhere']} | {rest} | {median} | {most} |"
    )


def _misses(suite: Records) -> str:
    lines: list[str] = []
    for fault in ALL_FAULTS:
        record = suite.get(fault.id)
        if record is None or record.verdict == "found":
            continue
        why = VERDICTS[record.verdict]
        if record.verdict == "elsewhere":
            why += f": {', '.join(f'`{name}`' for name in record.by[:4])}"
        elif record.errors:
            why += f"; it could not judge {', '.join(f'`{name}`' for name in record.errors[:4])}"
        breaks = f"breaks `{fault.requirement}`"
        lines.append(f"- `{fault.id}` ({breaks}): {why}. {record.trouble}".rstrip())
    if not suite:
        return ""
    shown = lines or ["Every fault that was tried was detected by the requirement that it breaks."]
    return "\n".join(["## Not detected by the requirement that is broken", "", *shown])


def _table(
    title: str, faults: Sequence[Fault | ClientFault], suite: Records, plain: Records | None
) -> str:
    known = requirements.load()
    alone = "" if plain is None else " schemathesis alone |"
    lines = [
        f"## {title}",
        "",
        f"| fault | what is wrong | requirement | suite |{alone}",
        "|---|---|---|---|" + ("" if plain is None else "---|"),
    ]
    for fault in sorted(faults, key=lambda fault: (fault.operation, fault.id)):
        text = f"{sentence(fault)} ({fault.operation})"
        if isinstance(fault, Fault) and fault.profile != "standard":
            text += f" Needs `--profile={fault.profile}`."
        level = known[fault.requirement].level
        broken = f"`{fault.requirement}`" + ("" if level == "MUST" else f" ({level})")
        cells = [f"`{fault.id}`", _cell(text), broken, _seconds(suite.get(fault.id))]
        if plain is not None:
            spoken = fault.operation != SOCKET
            cells.append(_seconds(plain.get(fault.id)) if spoken else "not spoken")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _seconds(record: Record | None) -> str:
    if record is None:
        return "not measured"
    return f"{record.seconds:.1f} s" if record.verdict == "found" else record.verdict


def _specimens(suite: Records) -> str:
    lines = ["## Clients of other generators", ""]
    for specimen in SPECIMENS:
        record = suite.get(specimen.id)
        said = "not measured"
        if record is not None:
            failed = ", ".join(f"`{name}`" for name in record.by) or "none"
            said = f"requirements that it does not meet: {failed}"
        lines.append(f"- **{specimen.id}**. {specimen.sentence} {said[0].upper()}{said[1:]}.")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return visible(text).replace("|", "\\|")
