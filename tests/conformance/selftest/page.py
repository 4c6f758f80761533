"""The published page: what was detected of all faults, and what was not."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence

from coder_conformance import catalogue as requirements
from coder_conformance.report.visible import visible
from tests.conformance.faults.catalogue import ALL_FAULTS, CLIENT_FAULTS, SERVER_FAULTS
from tests.conformance.faults.clients import ClientFault
from tests.conformance.faulty import Fault
from tests.conformance.faulty_server import HEALTHY
from tests.conformance.selftest.plain import LEARNING, SOCKET
from tests.conformance.selftest.records import VERDICTS, Record, Tool
from tests.conformance.selftest.specimens import SPECIMENS

Records = dict[str, Record]
Measured = Mapping[Tool, Records]
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


def render(measured: Measured) -> str:
    """The page as Markdown.

    Args:
        measured: What each tool found, by fault.
    """
    suite = measured["suite"]
    parts = [
        _introduction(measured),
        _summary(measured),
        _misses(measured),
        _table("Servers", SERVER_FAULTS, measured),
        _table("Clients", CLIENT_FAULTS, {**measured, "schemathesis": {}}),
        _specimens(suite),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _introduction(measured: Measured) -> str:
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
- The **whole suite** takes hours for all faults. So there are also runs of the tests of **that
  requirement alone**, with `--only`, which take seconds.
- Beside it stands what `schemathesis run` finds by itself with the same contract, all checks, and a
  configuration that names existing workspaces, users and templates. It speaks no WebSocket. A fault
  counts as detected when it reports a failure or an error, about an operation that the fault
  touches, that it did not report of the healthy server in any of {LEARNING} looks. What it reports
  of other operations only is listed as *elsewhere*.

{_how(measured["suite"], "make selftest")}
{_how(measured["requirement"], "make selftest ARGS=--narrow")}
{_how(measured["schemathesis"], "make selftest ARGS=--schemathesis")}"""


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


def _summary(measured: Measured) -> str:
    suite, narrow, plain = measured["suite"], measured["requirement"], measured["schemathesis"]
    lines = [
        "## In short",
        "",
        "| | faults | detected | elsewhere | not detected | median time | 90 % within |",
        "|---|---|---|---|---|---|---|",
        _line("servers, the whole suite", SERVER_FAULTS, suite),
        _line("servers, that requirement alone", SERVER_FAULTS, narrow),
        _line("servers, schemathesis alone", SERVER_FAULTS, plain),
        _line("clients, the whole suite", CLIENT_FAULTS, suite),
        _line("clients, that requirement alone", CLIENT_FAULTS, narrow),
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


def _misses(measured: Measured) -> str:
    lines: list[str] = []
    tools: dict[Tool, str] = {
        "suite": "the whole suite",
        "requirement": "that requirement alone",
    }
    for tool, said in tools.items():
        records = measured[tool]
        missed = [fault for fault in ALL_FAULTS if _was_missed(records.get(fault.id))]
        lines += [_miss(fault, records[fault.id], said) for fault in missed]
    if not measured["suite"] and not measured["requirement"]:
        return ""
    shown = lines or ["Every fault that was tried was detected by the requirement that it breaks."]
    return "\n".join(["## Not detected by the requirement that is broken", "", *shown])


def _was_missed(record: Record | None) -> bool:
    return record is not None and record.verdict != "found"


def _miss(fault: Fault | ClientFault, record: Record, said: str) -> str:
    why = VERDICTS[record.verdict]
    if record.verdict == "elsewhere":
        why += f": {', '.join(f'`{name}`' for name in record.by[:4])}"
    elif record.errors:
        why += f"; it could not judge {', '.join(f'`{name}`' for name in record.errors[:4])}"
    breaks = f"breaks `{fault.requirement}`; {said}"
    return f"- `{fault.id}` ({breaks}): {why}. {record.trouble}".rstrip()


def _table(title: str, faults: Sequence[Fault | ClientFault], measured: Measured) -> str:
    known = requirements.load()
    plain = measured["schemathesis"]
    alone = " schemathesis alone |" if plain else ""
    lines = [
        f"## {title}",
        "",
        f"| fault | what is wrong | requirement | whole suite | alone |{alone}",
        "|---|---|---|---|---|" + ("---|" if plain else ""),
    ]
    for fault in sorted(faults, key=lambda fault: (fault.operation, fault.id)):
        text = f"{sentence(fault)} ({fault.operation})"
        if isinstance(fault, Fault) and fault.profile != "standard":
            text += f" Needs `--profile={fault.profile}`."
        level = known[fault.requirement].level
        broken = f"`{fault.requirement}`" + ("" if level == "MUST" else f" ({level})")
        cells = [f"`{fault.id}`", _cell(text), broken]
        whole, narrow = measured["suite"].get(fault.id), measured["requirement"].get(fault.id)
        cells += [_seconds(whole), _seconds(narrow)]
        if plain:
            spoken = fault.operation != SOCKET
            cells.append(_seconds(plain.get(fault.id)) if spoken else "not spoken")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _seconds(record: Record | None) -> str:
    if record is None:
        return ""
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
