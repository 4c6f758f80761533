"""The self-test itself: reading progress, keeping records, and saying what was found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coder_conformance.reference.seed.default import OWNER
from tests.conformance.faults.catalogue import ALL_FAULTS, SERVER_FAULTS
from tests.conformance.faulty import Answer, Call, Fault, Message
from tests.conformance.faulty_server import HEALTHY
from tests.conformance.selftest import page, plain
from tests.conformance.selftest.records import Journal, Record
from tests.conformance.selftest.suite import recorded
from tests.conformance.selftest.watching import Marks, Watched


def test_marks_are_read_as_they_come() -> None:
    """Each failed and errored test is noticed at once, whatever pieces the output comes in."""
    output = (
        "9 tests; . passed, F failed\n  ttl/limits    ..F.\n  list/pages  sE\nFAILED ttl/limits\n"
    )
    marks = Marks()
    one_by_one = [found for character in output for found in marks.feed(character)]
    assert one_by_one == list(Marks().feed(output)) == [("ttl/limits", "F"), ("list/pages", "E")]


@pytest.mark.parametrize(
    ("failed", "status", "occasions", "verdict"),
    [
        ({"a/x": 2.0, "a/b": 3.0}, 3, 1, "found"),
        ({"a/b": 3.0}, 3, None, "found"),
        ({"a/b": 3.0}, 3, 0, "never"),
        ({"a/x": 2.0}, 1, 1, "elsewhere"),
        ({}, 3, 1, "inconclusive"),
        ({}, 0, 1, "missed"),
    ],
)
def test_verdicts(
    failed: dict[str, float], status: int, occasions: int | None, verdict: str
) -> None:
    """Found is only what failed the requirement that is broken, by a fault that was there."""
    seen = Watched("a/b", failed=failed, status=status, seconds=9.0)
    assert recorded("one", seen, occasions).verdict == verdict


def test_records_survive_an_interruption(tmp_path: Path) -> None:
    """The last record of a fault counts, half a line is passed over, and some can be forgotten."""
    journal = Journal(tmp_path / "some" / "suite.jsonl")
    journal.add(Record("one", "suite", "missed", 5.0))
    journal.add(Record("two", "suite", "found", 1.0))
    journal.add(Record("one", "suite", "found", 4.0, ["a/b"], facts={"seed": "1"}))
    with journal.path.open("a", encoding="utf-8") as file:
        file.write('{"fault": "three", "to')
    assert {name: r.verdict for name, r in journal.read().items()} == {
        "one": "found",
        "two": "found",
    }
    journal.forget(["two"])
    assert list(journal.read()) == ["one"]
    assert journal.read()["one"].facts == {"seed": "1"}


def test_every_fault_has_a_sentence() -> None:
    """It begins with a capital letter, ends with a full stop, and fits a cell of a table."""
    for fault in ALL_FAULTS:
        text = page.sentence(fault)
        assert text[0].isupper() or not text[0].isalpha(), fault.id
        assert text.endswith("."), fault.id
        assert "\n" not in text, fault.id


def test_the_page_tells_what_was_found_and_what_was_not() -> None:
    """Totals, times, misses with their reason, and every fault, measured or not."""
    one, two, three = SERVER_FAULTS[:3]
    facts = {"date": "2026-11-24", "commit": "abc", "schemathesis": "4", "python": "3"}
    facts |= {"seed": "1", "jobs": "2", "cores": "2"}
    suite = {
        one.id: Record(one.id, "suite", "found", 4.0, [one.requirement], facts=facts),
        two.id: Record(two.id, "suite", "elsewhere", 9.0, ["other/one"], facts=facts),
        three.id: Record(three.id, "suite", "never", 9.0, [], facts=facts),
    }
    alone = {
        one.id: Record(one.id, "schemathesis", "missed", 60.0, facts=facts | {"budget": "60"}),
        two.id: Record(two.id, "schemathesis", "found", 7.0, ["x"], facts=facts | {"budget": "60"}),
    }
    narrow = {two.id: Record(two.id, "requirement", "found", 1.5, [two.requirement], facts=facts)}
    text = page.render({"suite": suite, "requirement": narrow, "schemathesis": alone})
    many = len(SERVER_FAULTS)
    assert f"| servers, the whole suite | 3 of {many} | 1 (33.3 %) | 1 | 1 | 4.0 s |" in text
    assert (
        f"| servers, that requirement alone | 1 of {many} | 1 (100.0 %) | 0 | 0 | 1.5 s |" in text
    )
    missed = f"(breaks `{two.requirement}`; the whole suite): only other requirements failed"
    assert f"- `{two.id}` {missed}" in text
    never = f"(breaks `{three.requirement}`; the whole suite): the fault had no occasion"
    assert f"- `{three.id}` {never}" in text
    assert f"by schemathesis alone and not by the suite: `{two.id}`." in text
    assert all(f"| `{fault.id}` |" in text for fault in ALL_FAULTS)


def test_schemathesis_is_told_what_exists() -> None:
    """The contract without the WebSocket, a token, and names that are there."""
    known = {"workspaces": ["w"], "names": ["n"], "user": ["u"], "organization": "o"}
    written = plain.configuration(known | {"template": "t", "version": "v"})
    assert str(OWNER.token) in written
    assert '"path.workspace" = { dictionary = "path_workspace"' in written
    paths = json.dumps(plain.document()["paths"])
    assert f'"operationId": "{plain.SOCKET}"' not in paths
    assert '"operationId": "watchWorkspaceById"' in paths


def test_a_failure_elsewhere_is_no_detection() -> None:
    """What schemathesis says of an operation counts for the faults of that operation."""
    fault = Fault("x", "o", "r", "GET|PUT", "/workspaces/[^/]+/ttl")
    assert plain.touches(fault, "PUT /workspaces/{workspace}/ttl: Server error (500): x")
    assert not plain.touches(fault, "PATCH /workspaces/{workspace}/ttl: Server error (500): x")
    assert not plain.touches(fault, "PUT /workspaces/{workspace}/dormant: Server error (500): x")


@pytest.mark.anyio
async def test_occasions_are_counted(tmp_path: Path) -> None:
    """Only answers that really were changed count."""
    del tmp_path
    from tests.conformance.faulty_app import Faulty, Send, Tally  # noqa: PLC0415

    async def app(scope: object, receive: object, send: Send) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    def alter(answer: Answer) -> None:
        assert isinstance(answer.call, Call)
        if answer.call.path.endswith("/bad"):
            answer.body = b"[]"

    tally = Tally()
    fault = Fault("x", "o", "r", "GET", "/things/.*", alter)
    faulty = Faulty(app, fault, tally)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        del message

    for path in ("/things/good", "/things/bad", "/other"):
        scope = {"type": "http", "method": "GET", "path": f"/api/v2{path}", "headers": []}
        await faulty({**scope, "query_string": b""}, receive, send)
    assert tally.occasions == 1


def test_the_healthy_server_is_no_fault() -> None:
    """Its name is free for the control."""
    assert HEALTHY not in {fault.id for fault in SERVER_FAULTS}
