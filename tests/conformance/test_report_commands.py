"""The commands that read reports: compare, merge and explain."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from coder_conformance import catalogue, cli
from coder_conformance.report import explain, files, form
from coder_conformance.report.compare import compare
from coder_conformance.report.merge import merge
from coder_conformance.results import Outcome, Result, Run, Unjudged, Verdict
from coder_conformance.settings import SettingsError

from . import samples
from .samples import HOSTILE

KNOWN = "known"
TTL = "updateWorkspaceTtlById"
P, F, S, E = Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED, Outcome.ERROR


def single(outcome: Outcome | str, name: str = "ttl/limits") -> Result:
    """One result; `known` is a failure that is a known deviation."""
    made = samples.result(
        name, "updateWorkspaceTtlById", F if outcome == KNOWN else Outcome(outcome)
    )
    made.deviation = "accepted" if outcome == KNOWN else ""
    return made


@pytest.fixture
def save(tmp_path: Path) -> Callable[[str, Run], str]:
    """Writes the JSON report of a run; its path."""

    def write(name: str, run: Run) -> str:
        path = tmp_path / name
        files.write_text(path, form.as_text(run))
        return str(path)

    return write


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        (P, P, "same"), (F, F, "same"), (KNOWN, KNOWN, "same"),
        (P, F, "worse"), (P, S, "worse"), (P, E, "worse"), (P, KNOWN, "worse"),
        (S, F, "worse"), (E, F, "worse"), (KNOWN, F, "worse"),
        (F, P, "better"), (S, P, "better"), (E, P, "better"), (KNOWN, P, "better"),
        (F, S, "changed"), (F, E, "changed"), (F, KNOWN, "changed"), (S, E, "changed"),
        (E, S, "changed"), (KNOWN, S, "changed"),
        (None, F, "new"), (None, P, "new"), (P, None, "gone"), (F, None, "gone"),
    ],
)  # fmt: skip
def test_what_counts_as_worse(
    before: Outcome | str | None, after: Outcome | str | None, where: str
) -> None:
    """Every change is in exactly one list, and only those in `worse` make a difference."""
    old = samples.run(*([single(before)] if before is not None else []))
    new = samples.run(*([single(after)] if after is not None else []))
    found = compare(old, new)
    lists = {
        name: len(getattr(found, name)) for name in ("worse", "better", "changed", "new", "gone")
    }
    lists["same"] = found.same
    assert {name for name, number in lists.items() if number} == {where}
    assert found.got_worse is (where == "worse")


def test_a_wrong_list_of_deviations_is_worse() -> None:
    """It makes the verdict non-conformant, so it has to count here too."""
    new = samples.run(single(P))
    new.deviation_problems = ["expired"]
    assert compare(samples.run(single(P)), new).got_worse
    assert not compare(new, new).got_worse


def test_compare(save: Callable[[str, Run], str], capsys: pytest.CaptureFixture[str]) -> None:
    """What changed, in words; exit status 1 one way, 0 the other."""
    old, new = samples.run(single(P), single(F, "ttl/x")), samples.run(single(F))
    new.seed = 8
    new.statuses = {"listWorkspaces": {200: 1}}
    first, second = save("a.json", old), save("b.json", new)
    assert cli.main(["compare", first, second]) == 1
    shown = capsys.readouterr().out
    for part in (
        f"- {first}: non-conformant",
        "different seeds, 7 and 8",
        "Worse (1):\n  ttl/limits: passed → failed, updateWorkspaceTtlById\n      expected exp",
        "Gone (1):",
        "Statuses no longer seen: listWorkspaces 418, updateWorkspaceTtlById 204",
        "WORSE: 1 worse, 0 better, 0 otherwise changed, 0 new, 1 gone, 0 the same",
    ):
        assert part in shown, part
    assert cli.main(["compare", second, first]) == 0
    assert "NOT WORSE: 0 worse, 1 better" in capsys.readouterr().out


def test_compare_several(
    save: Callable[[str, Run], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each report is compared with the one before, and the page has a column for each."""
    paths = [save(f"{n}.json", samples.run(single(o))) for n, o in enumerate((P, F, P))]
    page = tmp_path / "page.html"
    assert cli.main(["compare", *paths, "--html", str(page)]) == 1
    assert capsys.readouterr().out.count("WORSE: ") == 2
    shown = page.read_text(encoding="utf-8")
    assert "3 runs compared" in shown
    assert [path in shown for path in paths] == [True] * 3
    assert shown.count('class="cell"') == 3
    assert "data-same" not in shown.partition("<script>")[0]


def test_comparing_hostile_reports_is_safe(
    save: Callable[[str, Run], str], capsys: pytest.CaptureFixture[str]
) -> None:
    """What a server said does not reach the terminal as it was."""
    old = samples.run(samples.result("list/order", "listWorkspaces", P))
    paths = [save("a.json", old), save("b.json", samples.mixed(HOSTILE))]
    assert cli.main(["compare", *paths]) == 1
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b'{"form": NaN}', "is not JSON"),
        (b"[]", "is no report"),
        (b'{"a": 1}', "is no report"),
        (b'{"form": 99}', "has the form 99, and this program reads form 1"),
        (b'{"form": true}', "has the form True"),
        (b'{"form": 1}', "is no valid report: at the top"),
    ],
)
@pytest.mark.parametrize("command", ["compare", "merge", "explain"])
def test_bad_reports_end_in_a_sentence(
    command: str, content: bytes, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 2 and what is wrong with which file."""
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    arguments = {
        "compare": [str(path), str(path)],
        "merge": [str(path), "--reports", str(tmp_path)],
        "explain": ["ttl/limits", "--report", str(path)],
    }
    assert cli.main([command, *arguments[command]]) == 2
    captured = capsys.readouterr()
    assert f"{path} {says}" in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_a_damaged_report_is_told_where(tmp_path: Path) -> None:
    """The sentence names the place, so that it can be found."""
    report = form.as_object(samples.mixed())
    report["results"][1]["outcome"] = "perhaps"
    path = tmp_path / "report.json"
    path.write_text(json.dumps(report))
    with pytest.raises(SettingsError, match="at results/1/outcome"):
        form.read(path)


@pytest.mark.parametrize("command", ["compare", "merge", "explain"])
def test_files_that_cannot_be_used_end_in_a_sentence(
    command: str,
    tmp_path: Path,
    save: Callable[[str, Run], str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A file that is not there, a folder in its place, and a place that cannot be written to."""
    good = save("good.json", samples.mixed())
    bad = {
        "compare": [
            [good],
            [good, str(tmp_path / "none")],
            [good, str(tmp_path)],
            [good, good, "--html", str(tmp_path)],
            [good, good, "--html", str(tmp_path / "no" / "folder.html")],
        ],
        "merge": [
            [str(tmp_path / "none"), "--reports", str(tmp_path)],
            [good, "--reports", good],
        ],
        "explain": [
            ["ttl/limits", "--report", str(tmp_path)],
            ["ttl/limit"],
            ["nothing like it"],
        ],
    }
    for arguments in bad[command]:
        assert cli.main([command, *arguments]) == 2, arguments
        assert capsys.readouterr().err.count("\n") == 1


def test_merge(
    save: Callable[[str, Run], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Shards give the results, counts and statuses of both, and the verdict of the worse."""
    one = samples.run(single(P), samples.result("list/pages", "listWorkspaces", P))
    two = samples.run(single(P, "ttl/x"), samples.result("list/pages", "listWorkspaces", F))
    one.unjudged = [
        Unjudged(samples.requirement(name, TTL), TTL, "untestable", "why")
        for name in ("ttl/x", "ttl/y")
    ]
    two.unjudged = list(one.unjudged)
    two.leftovers, two.features, two.target = ["cf-1-1: 500"], ["member"], "none"
    paths = [save("1.json", one), save("2.json", two)]
    folder = tmp_path / "joint"
    assert cli.main(["merge", *paths, "--reports", str(folder)]) == 1
    assert "NON-CONFORMANT: 2 passed, 1 failed" in capsys.readouterr().out
    assert len(list(folder.iterdir())) == 4
    merged = form.read(folder / "report.json")
    assert merged.target == "http://127.0.0.1:1"
    assert merged.features == ["member", "renames"]
    assert merged.statuses["listWorkspaces"] == {200: 10, 418: 2}
    assert merged.created == 6
    assert merged.leftovers == ["cf-1-1: 500"]
    assert merged.seconds == 25
    assert [entry.requirement.id for entry in merged.unjudged] == ["ttl/y"]


@pytest.mark.parametrize(
    ("one", "two", "together"),
    [
        (P, S, Verdict.CONFORMANT),
        (S, P, Verdict.CONFORMANT),
        (P, E, Verdict.INCONCLUSIVE),
        (P, F, Verdict.NON_CONFORMANT),
        (KNOWN, F, Verdict.NON_CONFORMANT),
        (F, KNOWN, Verdict.NON_CONFORMANT),
        (KNOWN, KNOWN, Verdict.KNOWN_DEVIATIONS),
        (P, KNOWN, Verdict.KNOWN_DEVIATIONS),
    ],
)
def test_the_most_telling_outcome_counts(
    one: Outcome | str, two: Outcome | str, together: Verdict
) -> None:
    """What two shards judged alike is one result; merging does not change the shards."""
    shards = [samples.run(single(P, "ttl/y"), single(o)) for o in (one, two)]
    shards[1].created = 9
    before = [form.as_object(shard) for shard in shards]
    merged = merge([("1", shards[0]), ("2", shards[1])])
    assert merged.verdict is together
    assert [result.checked for result in merged.results] == [6, 6]
    assert [form.as_object(shard) for shard in shards] == before


def test_trouble_in_a_shard_is_trouble() -> None:
    """An interrupted shard makes the whole inconclusive."""
    good, bad = samples.run(single(P)), samples.run(single(P, "ttl/x"))
    bad.trouble = "the run was interrupted"
    assert merge([("1", good), ("2", bad)]).verdict is Verdict.INCONCLUSIVE


def test_deviations_that_only_some_shards_use_are_fine() -> None:
    """Each shard is given the whole list, and most entries are about what others judge."""
    shards = [samples.run(single(KNOWN)), samples.run(single(P, "ttl/x"))]
    shards[1].deviation_problems = ["the deviation from ttl/limits is unused: nothing was judged"]
    merged = merge([("1", shards[0]), ("2", shards[1])])
    assert merged.verdict is Verdict.KNOWN_DEVIATIONS


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("seed", 8, "different seeds, 7 and 8"),
        ("profile", "full", "different profiles"),
        ("server_version", "v2.26.0", "different server versions"),
        ("contract", "other", "different contracts"),
        ("seed", 7, "are the same report"),
    ],
)
def test_what_does_not_belong_together_is_not_merged(name: str, value: object, says: str) -> None:
    """Reports of different runs would make a verdict about nothing."""
    other = samples.mixed()
    setattr(other, name, value)
    with pytest.raises(SettingsError, match=says):
        merge([("a.json", samples.mixed()), ("b.json", other)])


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["1/3", "3/3"], "no report is of the shard 2/3"),
        (["1/1000", "2/1000"], "no report is of the shard 3/1000, 4/1000"),
        (["1/2", "2/3"], "shards of different divisions: 1/2, 2/3"),
        (["1/2", "2/2"], None),
    ],
)
def test_a_missing_shard_is_noticed(given: list[str], says: str | None) -> None:
    """A verdict that silently leaves a part out would be worth nothing."""
    shards: list[tuple[str, Run]] = []
    for shard in given:
        run = samples.run(single(P, f"ttl/{shard[0]}"))
        run.command = f"coder-conformance run --seed=7 --shard={shard}"
        shards.append((shard, run))
    if says is None:
        assert merge(shards).verdict is Verdict.CONFORMANT
    else:
        with pytest.raises(SettingsError, match=says):
            merge(shards)


def test_explain(save: Callable[[str, Run], str], capsys: pytest.CaptureFixture[str]) -> None:
    """Requirement, level, operations, test with its promise, command, and what reports say."""
    run = samples.run(single(F))
    assert cli.main(["explain", "ttl/limits", "--report", save("r.json", run)]) == 0
    shown = capsys.readouterr().out
    for part in (
        "ttl/limits  [server, MUST]",
        "Operations (1):\n  updateWorkspaceTtlById",
        "Changes things on the server: yes",
        "test_ttl_limits",
        "coder-conformance run --only=ttl/limits",
        "r.json (http://127.0.0.1:1, version v2.25.0):",
        "  failed: updateWorkspaceTtlById\n    expected expected why; got actual why",
    ):
        assert part in shown, part


def test_explain_suggests(capsys: pytest.CaptureFixture[str]) -> None:
    """A slip of the pen gets the right name."""
    assert cli.main(["explain", "ttl/limit"]) == 2
    assert "did you mean ttl/limits" in capsys.readouterr().err


def test_every_test_of_the_suite_says_what_it_checks() -> None:
    """What `explain` finds of a requirement can be read."""
    tests = explain.all_tests()
    found = [test for name in catalogue.load() for test in tests.get(name, [])]
    assert len(found) > 50
    assert [test.name for test in found if test.promise == explain.NO_PROMISE] == []
