from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import quote

import pytest

from coder_conformance.reference.rules.search import like
from coder_conformance.reference.seed.default import default_seed
from coder_conformance.reference.seed.model import TemplateSeed, VersionSeed

from .support import ABSENT_ID, Api, fields_of


@pytest.fixture
def fleet(api: Api) -> Api:
    """Give six workspaces of two owners in several states."""
    old = str(next(v.id for v in api.world.store.versions.values() if v.name == "v1"))
    values = [{"name": "region", "value": "us-east"}]
    for name in ("zeta", "Alpha", "mid-way"):
        api.create(name)
    api.create("dev", token=api.member, template_version_id=old, rich_parameter_values=values)
    api.create("dev-two", token=api.member)
    api.clock.advance(10)
    found = {w["name"]: w["id"] for w in api.get("/workspaces")["workspaces"]}
    api.build(found["zeta"], "stop")
    api.send("PUT", f"/workspaces/{found['mid-way']}/dormant", {"dormant": True})
    api.clock.advance(10)
    api.create("fresh")
    return api


def names(api: Api, q: str = "", token: str = "", more: str = "") -> list[str]:
    """Return the names of the workspaces that a query finds, in order."""
    answer = api.get(f"/workspaces?q={quote(q)}{more}", token=token)
    found = [workspace["name"] for workspace in answer["workspaces"]]
    if not more:
        assert answer["count"] == len(found)
    return found


def test_order(fleet: Api) -> None:
    """Own favourites, then what runs, then owner and name without regard to case."""
    assert names(fleet) == ["dev", "dev-two", "Alpha", "mid-way", "fresh", "zeta"]
    zeta = fleet.get("/users/owner/workspace/zeta")["id"]
    fleet.send("PUT", f"/workspaces/{zeta}/favorite")
    assert names(fleet)[0] == "zeta"
    assert names(fleet, token=fleet.member) == ["dev", "dev-two"]


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("name:DEV", ["dev", "dev-two"]),
        ("dev", ["dev", "dev-two"]),
        ("name:d_v", ["dev", "dev-two"]),
        ("name:%2525way", []),
        ("name:mid%way", ["mid-way"]),
        ("member/two", ["dev-two"]),
        ("MEMBER/dev", ["dev", "dev-two"]),
        ('"member/two"', []),
        ("owner:me", ["Alpha", "mid-way", "fresh", "zeta"]),
        ("owner:nobody", []),
        ("owner:member name:two", ["dev-two"]),
        ("  owner:member   name:two  ", ["dev-two"]),
        ("owner::member", ["dev", "dev-two"]),
        ('"owner":member', ["dev", "dev-two"]),
        ("template:DOCKER", ["dev", "dev-two", "Alpha", "mid-way", "fresh", "zeta"]),
        ("template:nothing", []),
        ("organization:coder status:stopped", ["zeta"]),
        (f"organization:{ABSENT_ID}", []),
        ("status:running", ["dev", "dev-two", "Alpha", "mid-way"]),
        ("status:pending", ["fresh"]),
        ("status:deleted", []),
        ("dormant:true", ["mid-way"]),
        ("dormant:false status:stopped", ["zeta"]),
        ("outdated:true", ["dev"]),
        ('outdated:""', ["dev"]),
        ("outdated:false owner:member", ["dev-two"]),
        ("has-agent:connected name:two", ["dev-two"]),
        ("has-agent:nonsense", []),
        ("has-ai-task:true", []),
        ("has-ai-task:f name:two", ["dev-two"]),
        ("param:region=US-EAST", ["dev"]),
        ("param:re%ion name:two", ["dev-two"]),
        ("param:nothing", []),
        ("param:region=us-east,region=eu-west name:dev", ["dev", "dev-two"]),
        ('name:""', ["dev", "dev-two", "Alpha", "mid-way", "fresh", "zeta"]),
        ('last_used_after:"2025-09-01T12:00:20Z"', ["fresh"]),
        ('last_used_before:"2025-09-01T14:00:00+02:00" name:two', ["dev-two"]),
        ('last_used_after:"2025-09-01T12:00:20.1Z"', []),
        ("name:a\x00b", []),
        ('name:"dev', ["dev", "dev-two"]),
    ],
)
def test_queries(fleet: Api, q: str, expected: list[str]) -> None:
    """Every key means what it says."""
    assert names(fleet, q) == expected


def test_ids(fleet: Api) -> None:
    """Several ids by comma or by repeating the key."""
    found = {w["name"]: w["id"] for w in fleet.get("/workspaces")["workspaces"]}
    a, b = found["dev"], found["zeta"]
    assert names(fleet, f"id:{a},{b}") == ["dev", "zeta"]
    assert names(fleet, f"id:{a.upper()} id:{b}") == ["dev", "zeta"]
    assert names(fleet, f"id:{ABSENT_ID}") == []


@pytest.mark.parametrize(
    ("q", "field", "detail"),
    [
        (":x", "q", "Query element \":x\" cannot start or end with ':'"),
        ("name:", "q", "Query element \"name:\" cannot start or end with ':'"),
        ("a:b:c", "q", "Query element \"a:b:c\" can only contain 1 ':'"),
        ("a/b/c", "q", "Query element \"a/b/c\" can only contain 1 '/'"),
        ("/", "q", "Query element \"/\" can only contain 1 '/'"),
        ("foo bar", "name", ('Query param "name" provided more than once, found 2 times. '
         "Only provide 1 instance of this query param.")),
        ("status:started", "status",
         'Query param "status" has invalid value: "started" is not a valid value'),
        ("colour:red", "colour", '"colour" is not a valid query param'),
        ("dormant:yes", "dormant", ('Query param "dormant" must be a valid boolean: '
         'strconv.ParseBool: parsing "yes": invalid syntax')),
        ("organization:nope", "organization", ('Query param "organization" has invalid value: '
         'organization "nope" either does not exist, or you are unauthorized to view it')),
        ("id:zzz", "id", 'Query param "id" has invalid values: "zzz": invalid UUID length: 3'),
    ],
)  # fmt: skip
def test_query_errors(api: Api, q: str, field: str, detail: str) -> None:
    """Each error is reported for its key."""
    response = api.send("GET", f"/workspaces?q={quote(q)}")
    assert response.status_code == 400
    assert response.json()["message"] == "Invalid workspace search query."
    assert fields_of(response) == {field: detail}


def test_semantic_errors_are_collected(api: Api) -> None:
    """All bad keys are reported together, also bad times and parameters."""
    q = 'dormant:x status:y colour:z last_used_after:"today" param:a= param:b=c=d'
    response = api.send("GET", f"/workspaces?q={quote(q)}")
    assert set(fields_of(response)) == {"dormant", "status", "colour", "last_used_after", "param"}


def test_pages(fleet: Api) -> None:
    """Limit and offset cut the list, the count stays, past the end there is nothing."""
    everything = names(fleet)
    assert names(fleet, more="&limit=2&offset=1") == everything[1:3]
    assert names(fleet, more="&limit=%2B2") == everything[:2]
    assert names(fleet, more="&limit=0&offset=") == everything
    answer = fleet.get("/workspaces?offset=100")
    assert answer == {"workspaces": [], "count": 6}
    assert names(fleet, more="&q=owner:member") == everything
    assert names(fleet, more="&limit=1%zz&offset=%") == everything
    assert names(fleet, more=f"&after_id={ABSENT_ID}") == everything


@pytest.mark.parametrize(
    ("query", "field", "reason"),
    [
        ("limit=-1", "limit", "value is negative"),
        ("offset=x", "offset", 'strconv.ParseInt: parsing "x": invalid syntax'),
        ("limit=1.5", "limit", 'strconv.ParseInt: parsing "1.5": invalid syntax'),
        ("limit=2147483648", "limit",
         'strconv.ParseInt: parsing "2147483648": value out of range'),
        ("limit=" + "9" * 5000, "limit",
         'strconv.ParseInt: parsing "' + "9" * 5000 + '": value out of range'),
        ("limit=1&limit=2", "limit", "found 2 times."),
        ("after_id=zzz", "after_id", 'Query param "after_id" must be a valid uuid'),
    ],
)  # fmt: skip
def test_bad_pages(api: Api, query: str, field: str, reason: str) -> None:
    """Bad page parameters are reported before the query is looked at."""
    response = api.send("GET", f"/workspaces?q=:&{query}")
    assert response.status_code == 400
    assert response.json()["message"] == "Query parameters have invalid values."
    assert reason in fields_of(response)[field]


def test_unreadable_templates_are_counted_but_left_out(api: Api) -> None:
    """Workspaces of a template that the viewer cannot see are only counted."""
    api.create("dev", token=api.member)
    template = next(iter(api.world.store.templates.values()))
    template.everyone = ""
    path = f"/workspaces/{api.get('/workspaces')['workspaces'][0]['id']}"
    assert api.get("/workspaces", token=api.member) == {"workspaces": [], "count": 1}
    response = api.send("GET", path, token=api.member)
    assert (response.status_code, response.json()["message"]) == (403, "Forbidden.")
    assert api.send("GET", "/users/me/workspace/dev", token=api.member).status_code == 404


def test_templates(make_api: Callable[..., Api]) -> None:
    """Templates are listed, searched and described; versions tell of their import."""
    seed = default_seed()
    versions = [VersionSeed(name="only")]
    seed.templates.append(
        TemplateSeed(name="aged", deprecation_message="use docker", versions=versions)
    )
    seed.templates.append(TemplateSeed(name="gone", deleted=True, versions=versions))
    api = make_api(seed)
    for path in ("/templates", "/organizations/coder/templates"):
        assert [t["name"] for t in api.get(path)] == ["docker"]
        assert [t["name"] for t in api.get(f"{path}?q=deprecated:true")] == ["aged"]
        assert api.get(f"{path}?q=exact_name:dock") == []
        assert [t["name"] for t in api.get(f"{path}?q=dock")] == ["docker"]
        assert api.send("GET", f"{path}?q=colour:red").status_code == 400
    template = api.template()
    assert template["build_time_stats"]["start"] == {"P50": None, "P95": None}
    api.running()
    assert api.template()["build_time_stats"]["start"] == {"P50": 3000, "P95": 3000}
    version = api.get(f"/templateversions/{template['active_version_id']}")
    assert version["job"]["status"] == "succeeded"
    assert version["job"]["input"] == {"template_version_id": version["id"]}
    assert api.get(f"/templates/{template['id']}") == api.template()
    deleted = next(t.id for t in api.world.store.templates.values() if t.deleted)
    assert api.send("GET", f"/templates/{deleted}").status_code == 404
    aged = api.get("/templates?q=deprecated:true")[0]["id"]
    response = api.send("POST", "/users/me/workspaces", {"name": "x", "template_id": aged})
    assert (response.status_code, response.json()["detail"]) == (400, "use docker")
    response = api.send("POST", "/users/me/workspaces", {"name": "x", "template_id": str(deleted)})
    assert response.status_code == 404


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        ("abc", "ABC", True), ("ab", "abc", False), ("a_c", "abc", True), ("a_", "a", False),
        ("%", "", True), ("%%", "x", True), ("a%", "abc", True), ("%c", "abc", True),
        ("a%a", "a", False), ("a%b%a", "aba", True), ("a%b%a", "aa", False),
        ("%b_d%", "abcde", True), ("%b_d", "abcde", False), ("_%_", "a", False),
        ("a.c", "abc", False), ("%" + "a%" * 16 + "b", "a" * 32, False),
        ("%" + "_%" * 16, "a" * 32, True), ("", "", True), ("", "a", False),
    ],
)  # fmt: skip
def test_wildcards(pattern: str, value: str, expected: bool) -> None:
    """A percent sign is any text and an underscore any character, in no time whatever the text."""
    start = time.perf_counter()
    assert like(pattern)(value) is expected
    assert time.perf_counter() - start < 0.1


def test_long_queries_do_not_hold_up_the_server(api: Api) -> None:
    """Thousands of wildcards and parameters in one query are answered at once."""
    api.create("a" * 32)
    for q in ("name:" + "%a" * 9000, " ".join(f"param:%{n}%" for n in range(3000))):
        start = time.perf_counter()
        assert api.get(f"/workspaces?q={quote(q)}")["count"] == 0
        assert time.perf_counter() - start < 2
