"""Runs to make reports of."""

from __future__ import annotations

from coder_conformance.catalogue import Level, Requirement
from coder_conformance.results import Failure, Outcome, Result, Run, Timing, Unjudged

# Whatever a server might send to take over a page, a terminal, a table or a parser.
HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"' onload='alert(3)' &lt; "
    "\x00\x1b[31mred\x1b]0;title\x07\u2028\u2029\u202eevil\ufeff\ud800\uffff ``` ```` | $(x) ${y} "
    "\n```\n# out of the fence\n"
    "::error::injected\n\n## heading\n]]> <!-- --> {{ x }} [a](javascript:alert(4)) @everyone"
)


def requirement(name: str, *operations: str, level: Level = "MUST") -> Requirement:
    """A requirement of the server role."""
    return Requirement(name, "server", level, f"The sentence of {name}.", operations, True, ())


def result(name: str, operation: str, outcome: Outcome, text: str = "why") -> Result:
    """A judgement, with evidence where there would be some."""
    made = Result(requirement(name, operation), operation, outcome, 0.25, checked=3)
    if outcome is Outcome.FAILED:
        made.failures = [Failure(f"expected {text}", f"actual {text}", f"curl {text}", text)]
    elif outcome is not Outcome.PASSED:
        made.reason = text
    return made


def run(*results: Result, text: str = "v2.25.0") -> Run:
    """A run of these results."""
    return Run(
        target="http://127.0.0.1:1",
        server_version=text,
        seed=7,
        started="2026-11-24T08:00:00+00:00",
        features=["renames"],
        results=list(results),
        statuses={"listWorkspaces": {200: 5, 418: 1}, "updateWorkspaceTtlById": {204: 2}},
        created=3,
        seconds=12.5,
        command="coder-conformance run --url=http://127.0.0.1:1 --seed=7 --role=server",
        contract="c0ffee" * 10,
        documented={"listWorkspaces": [200, 400, 401], "updateWorkspaceTtlById": [204, 400]},
    )


def mixed(text: str = "why") -> Run:
    """A run with each kind of result, and of what has none, each saying the same text."""
    made = run(
        result("list/pages", "listWorkspaces", Outcome.PASSED, text),
        result("list/order", "listWorkspaces", Outcome.FAILED, text),
        result("ttl/limits", "updateWorkspaceTtlById", Outcome.SKIPPED, text),
        result("ttl/reads-back", "updateWorkspaceTtlById", Outcome.ERROR, text),
        result("ttl/known", "updateWorkspaceTtlById", Outcome.FAILED, text),
        text=text,
    )
    made.results[-1].deviation = f"accepted: {text}"
    made.unjudged = [
        Unjudged(
            requirement("ttl/no-test", "listWorkspaces"), "listWorkspaces", "untestable", text
        ),
        Unjudged(
            requirement("list/other", "listWorkspaces"), "listWorkspaces", "not applicable", text
        ),
    ]
    made.timings = [
        Timing("listWorkspaces", False, 100, 0, 81.5, {50: 1.25, 90: 2, 95: 3, 99: 40.04}),
        Timing("listWorkspaces", True, 7, 7, 3.5, {}),
    ]
    made.leftovers = [f"cf-1-2: {text}"]
    return made
