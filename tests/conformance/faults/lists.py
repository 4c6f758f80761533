"""Faults of lists: what is on them, in which order, and what queries are refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.conformance.faults.kit import LIST, first_validation, query, says
from tests.conformance.faults.memory import Memory, remembering, status
from tests.conformance.faults.queries import gone, on_page
from tests.conformance.faulty import Answer, Call, Fault, Json, on_error

_PARTS = re.compile(r'(?:[^\s"]|"[^"]*"?)+')
_KEYS = (
    "name|owner|template|organization|id|status|has-agent|dormant|outdated|has-ai-task"
    "|last_used_after|last_used_before|param"
)
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def _f(name: str, sentence: str, requirement: str, **how: Any) -> Fault:
    return Fault(name, LIST, requirement, "GET", "/workspaces", sentence=sentence, **how)


def _leaving_out(when: Callable[[Json, Call], bool]) -> Callable[[Answer], None]:
    def change(page: Json, call: Call) -> None:
        kept = [w for w in page["workspaces"] if not when(w, call)]
        page["count"] -= len(page["workspaces"]) - len(kept)
        page["workspaces"] = kept

    return on_page(change)


def _with_ghosts(answer: Answer, memory: Memory) -> None:
    """Add the deleted ones that a simple query asks for."""
    call = answer.call
    if call is None or call.path != "/workspaces" or answer.status != 200 or call.get("offset"):
        return
    words = call.get("q").replace("owner:me", "").split()
    wanted = [word.removeprefix("name:").lower() for word in words]
    page = answer.json
    there = {w["id"] for w in page["workspaces"]}
    for workspace in memory.shown.values():
        fits = all(word in workspace["name"].lower() for word in wanted)
        if status(workspace) == "deleted" and fits and workspace["id"] not in there:
            page["workspaces"].append(workspace)
            page["count"] += 1
    answer.json = page


def _by_bytes(page: Json, _: Call) -> None:
    def place(workspace: Json) -> tuple[bool, bool, str, str]:
        running = status(workspace) == "running"
        owner = workspace["owner_name"].lower()
        return not workspace["favorite"], not running, owner, workspace["name"]

    page["workspaces"].sort(key=place)


def _one_word(which: int) -> Callable[[str], str]:
    def change(q: str) -> str:
        words = _PARTS.findall(q)
        return words[which] if len(words) > 1 else q

    return change


def _owner_first(q: str) -> str:
    """Forget an owner who does not come first."""
    return re.sub(r"(?<=\S )\s*owner:\S+", "", q).strip()


def _unnamed(error: Json) -> None:
    error.pop("validations", None)


def _renamed(old: str, new: str) -> Callable[[Answer], None]:
    def change(error: Json) -> None:
        for validation in error.get("validations", []):
            if validation["field"] == old:
                validation["field"] = new

    return on_error(change)


def _more(answer: Answer) -> None:
    """Report the next error as well."""
    call = answer.call
    if answer.status == 400 and call is not None and len(_PARTS.findall(call.get("q"))) > 1:
        value = answer.json
        if [v["field"] for v in value.get("validations", [])] == ["q"]:
            more = {"field": "status", "detail": 'Query param "status" has invalid value'}
            answer.json = {**value, "validations": [*value["validations"], more]}


def _lowest(name: str) -> Callable[[Call], None]:
    """Take numbers below 0 for 0."""

    def rewrite(call: Call) -> None:
        if re.fullmatch(r"-\d+", call.get(name)):
            call.set(name, "0")

    return rewrite


def _with_nul(answer: Answer) -> bool:
    return answer.call is not None and "\x00" in answer.call.get("q")


def _on_every_other(call: Call) -> None:
    """Forget the name when another key comes with it."""
    if re.search(r"(?:^|\s)status:", call.get("q")):
        gone(r"(?<!\S)name:\S+")(call)


def _with_q(answer: Answer) -> None:
    """Report an error of the query beside those of the numbers."""
    call = answer.call
    if answer.status == 400 and call is not None and call.get("q"):
        value = answer.json
        fields = {v["field"] for v in value.get("validations", [])}
        if fields & {"limit", "offset"}:
            more = {"field": "q", "detail": "Invalid workspace search query."}
            answer.json = {**value, "validations": [*value["validations"], more]}


def _unescaped(value: str) -> bool:
    return bool(re.search(r"%(?![0-9a-fA-F]{2})", value))


def _void(call: Call) -> None:
    """Take a query with one bad escape for none at all."""
    if any(_unescaped(key + value) for key, value in call.query):
        call.query = []


def _in_lower_case(call: Call) -> None:
    call.query = [(key.lower(), value) for key, value in call.query]


def _numbers_last(call: Call) -> None:
    """Look at the numbers only when the query is right."""
    if call.get("q") and not re.fullmatch(r"[\w-]+", call.get("q")):
        for name in ("limit", "offset"):
            if re.search(r"[^+\d]", call.get(name)):
                call.set(name, None)


FAULTS = [
    remembering(
        "deleted-ones-stay-on-the-list",
        LIST,
        "list/leaves-out-deleted",
        "Deleted workspaces are listed at the end.",
        _with_ghosts,
    ),
    _f(
        "keys-of-nobody-are-ignored",
        "A word with an unknown key is ignored.",
        "list/refuses-bad-queries",
        rewrite=gone(rf"(?<!\S)(?!(?:{_KEYS}):)[\w-]+:[^\s:]+"),
    ),
    _f(
        "offsets-below-zero-are-zero",
        "An offset below 0 counts as 0.",
        "list/refuses-bad-queries",
        rewrite=_lowest("offset"),
    ),
    _f(
        "what-is-wrong-is-not-named",
        "A refused list does not say which input is wrong.",
        "list/refuses-bad-queries",
        alter=on_error(_unnamed),
    ),
    _f(
        "those-being-built-are-not-listed",
        "Workspaces are listed only once their build has ended.",
        "list/shows-pending",
        alter=_leaving_out(lambda w, _: status(w) in {"pending", "starting"}),
    ),
    _f(
        "dormant-ones-have-to-be-asked-for",
        "Dormant workspaces are listed only if the query speaks of them.",
        "list/keeps-dormant",
        alter=_leaving_out(lambda w, c: bool(w["dormant_at"]) and "dormant:" not in c.get("q")),
    ),
    _f(
        "capitals-come-first",
        "Names that begin with capitals are listed before all others.",
        "list/names-in-any-case",
        alter=on_page(_by_bytes),
    ),
    _f(
        "an-owner-has-to-come-first",
        "An owner who is not the first word of the query is ignored.",
        "list/q-word-order",
        rewrite=query(_owner_first),
    ),
    _f(
        "values-may-have-colons",
        "A word is split at its first colon only.",
        "list/q-many-colons",
        rewrite=query(lambda q: re.sub(r'(?<!\S)([\w-]+):([^\s":]+:[^\s"]+)', r'\1:"\2"', q)),
    ),
    _f(
        "slashes-in-quotes-divide",
        "A slash within quotes parts an owner from a name.",
        "list/q-slash-in-quotes",
        rewrite=query(lambda q: re.sub(r'"([^"\s/:]+/[^"\s/:]+)"', r"\1", q)),
    ),
    _f(
        "the-deleted-may-be-asked-for",
        "The key deleted is known.",
        "list/q-no-deleted-key",
        rewrite=gone(r"(?<!\S)deleted:(?:true|false|1|0)\b"),
    ),
    _f(
        "syntax-errors-are-not-alone",
        "A syntax error is reported with the errors of other words.",
        "list/q-syntax-errors-alone",
        alter=_more,
    ),
    _f(
        "ids-that-are-none-are-left-out",
        "An id that is no UUID is ignored.",
        "list/q-id-malformed",
        rewrite=gone(rf'(?<!\S)id:(?!"?{_UUID})\S+', 'id:"00000000-0000-0000-0000-000000000000"'),
    ),
    _f(
        "bad-ids-are-blamed-on-the-query",
        "Of an id that is no UUID the query is named as the wrong input.",
        "list/q-id-malformed",
        alter=_renamed("id", "q"),
    ),
    _f(
        "times-without-a-zone-are-utc",
        "A searched time without a zone is taken as UTC.",
        "list/q-bad-times",
        rewrite=gone(r'(last_used_\w+:"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)"', r'\1Z"'),
    ),
    _f(
        "days-are-times",
        "A searched time may be a day.",
        "list/q-bad-times",
        rewrite=gone(r'(last_used_\w+:)"?(\d{4}-\d\d-\d\d)"?(?=\s|$)', r'\1"\2T00:00:00Z"'),
    ),
    _f(
        "a-parameter-may-have-no-value",
        "A parameter with = and no value is searched by its name.",
        "list/q-param-malformed",
        rewrite=gone(r'(param:"?[^\s="]+)=(?="?(?:\s|$))', r"\1"),
    ),
    _f(
        "values-of-parameters-end-at-the-second-sign",
        "Of a parameter with two = the rest is ignored.",
        "list/q-param-malformed",
        rewrite=gone(r"""(param:"?[^\s="]+=[^\s="]+)=[^\s"]*""", r"\1"),
    ),
    _f(
        "only-the-first-word-counts",
        "Of several words only the first one counts.",
        "list/q-words-are-anded",
        rewrite=query(_one_word(0)),
    ),
    _f(
        "names-yield-to-a-status",
        "A name is ignored where a status is searched.",
        "list/q-words-are-anded",
        rewrite=_on_every_other,
    ),
    _f(
        "a-nul-in-a-query-is-too-much",
        "A NUL in a query ends in an internal error.",
        "list/q-nul",
        alter=says(500, "An internal server error occurred.", _with_nul),
    ),
    _f(
        "bad-escapes-are-refused",
        "A malformed percent-escape is refused.",
        "query/malformed-escapes",
        refuse=lambda c: any(_unescaped(key + value) for key, value in c.query),
    ),
    _f(
        "bad-escapes-void-the-query",
        "A malformed percent-escape makes all parameters vanish.",
        "query/malformed-escapes",
        rewrite=_void,
    ),
    _f(
        "one-bad-number-is-named",
        "Of two bad numbers only one is named.",
        "query/all-bad-ones-named",
        alter=first_validation,
    ),
    _f(
        "queries-are-judged-with-the-numbers",
        "A query is named beside a bad number.",
        "query/numbers-before-search",
        alter=_with_q,
    ),
    _f(
        "queries-are-judged-before-the-numbers",
        "Of a bad query and a bad number only the query is named.",
        "query/numbers-before-search",
        rewrite=_numbers_last,
    ),
    _f(
        "parameters-have-no-case",
        "Names of query parameters are recognised in any case.",
        "query/names-are-case-sensitive",
        rewrite=_in_lower_case,
    ),
]
