from __future__ import annotations

import contextlib
import copy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from coder_conformance.reference import ManualClock, Settings
from coder_conformance.reference.application import create_world
from coder_conformance.reference.seed.check import SeedError
from coder_conformance.reference.seed.default import default_seed
from coder_conformance.reference.seed.file import read_seed_file
from coder_conformance.reference.seed.model import Seed

# Passwords are left out, because hashing them is slow on purpose.
GOOD: dict[str, Any] = TypeAdapter(Seed).dump_python(default_seed(), mode="json")
GOOD["users"] = [{**user, "password": ""} for user in GOOD["users"]]
GOOD["workspaces"] = [
    {
        "name": "box",
        "owner": "owner",
        "template": "docker",
        "state": "stopped",
        "parameters": {"cpu": 4},
        "ttl_ms": 3_600_000,
        "autostart_schedule": "0 9 * * *",
        "users": {"member": "use"},
    }
]
GOOD["generate"] = [{"count": 3, "template": "docker", "owners": ["owner"]}]
ODD: list[Any] = [
    None, True, 0, -1, 10**18, 10**400, 1.5, float("inf"), float("nan"), "", "x" * 500, "a\0b",
    "né", "é@x", [], {}, [None], {"a": 1}, {None: 1}, [[[]]], "new", "0 9 * * 1", b"\xff",
    "2020-01-01", "owner", "running",
]  # fmt: skip


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """A good seed file in which something is changed, taken away or doubled."""
    seed = copy.deepcopy(GOOD)
    for _ in range(draw(st.integers(1, 3))):
        place: Any = seed
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(place[key], dict | list) and place[key] and draw(st.integers(0, 4)):
                place = place[key]
                continue
            match draw(st.sampled_from(["change", "drop", "double", "add"])):
                case "drop":
                    del place[key]
                case "double" if isinstance(place, list):
                    place.append(copy.deepcopy(place[key]))
                case "add" if isinstance(place, dict):
                    name = draw(st.sampled_from(["zzz", None, 1, "name"]))
                    place[name] = copy.deepcopy(draw(st.sampled_from(ODD)))
                case _:
                    place[key] = copy.deepcopy(draw(st.sampled_from(ODD)))
            break
    text: bytes = yaml.safe_dump(seed, allow_unicode=True, encoding="utf-8")
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 3]))):
        at = draw(st.integers(0, len(text) - 1))
        text = text[:at] + bytes([draw(st.integers(0, 255))]) + text[at + 1 :]
    return text


def use(path: Path) -> None:
    """Make a deployment of a seed file and let two days pass in it."""
    clock = ManualClock()
    create_world(Settings(), clock=clock, seed=read_seed_file(path))
    clock.advance(timedelta(days=2))


@settings(
    deadline=None,
    max_examples=120,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(broken())
def test_any_seed_file_is_used_or_refused(tmp_path: Path, text: bytes) -> None:
    """Whatever is wrong with a seed file is one line that names the file and the place."""
    path = tmp_path / "seed.yaml"
    path.write_bytes(text)
    with contextlib.suppress(SeedError):
        use(path)
        return
    with pytest.raises(SeedError) as refused:
        use(path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    ["!!int ''", "!!bool x", "!!timestamp x", "!!float ''", "!!binary é", "&a [*a]",
     "a: &a {b: *a}", "!!python/object:os.system x", "? [a]\n: b", "<<: 1", "- - -", "\t",
     "a: b\n---\nc: d", "2001-99-99", "[" * 5000, "users: &a [*a]", "x: 0b", "x: 1:99:99",
     "x: " + "9" * 5000],
)  # fmt: skip
def test_odd_yaml_is_refused(tmp_path: Path, text: str) -> None:
    """Tags, anchors and numbers that the YAML library stumbles over are errors of the file."""
    path = tmp_path / "seed.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SeedError) as refused:
        use(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"users": [{"username": "a", "email": "nobody"}]}, "users[0].email"),
        ({"users": [{"username": "a", "token": "abcdefghij-abcdefghijklmnopqrstuü"}]},
         "users[0].token"),
        ({"templates": [{"name": "t", "versions": [{"name": "v"}, {"name": "v"}]}]},
         "templates[0].versions"),
        ({"templates": [{"name": "t", "versions": [{"name": "v", "build_seconds": -1}]}]},
         "templates[0].versions[0].build_seconds"),
        ({"templates": [{"name": "t", "versions": [{"name": "v"}], "default_ttl_ms": 10**15}]},
         "templates[0].default_ttl_ms"),
        ({"templates": [{"name": "t", "versions": [{"name": "v", "resources": [
            {"type": "vm", "name": "x", "transitions": ["halt"]}]}]}]},
         "templates[0].versions[0].resources[0].transitions"),
        ({"templates": [{"name": "t", "versions": [{"name": "v", "resources": [
            {"type": "vm", "name": "x", "agents": [{"name": "a", "apps": [
                {"slug": "s", "sharing_level": "all"}]}]}]}]}]},
         "templates[0].versions[0].resources[0].agents[0].apps[0].sharing_level"),
        ({"generate": [{"count": 10**9, "template": "docker", "owners": ["owner"]}]},
         "generate[0].count"),
    ],
)  # fmt: skip
def test_values_that_no_client_could_take(
    tmp_path: Path, change: dict[str, Any], place: str
) -> None:
    """Values of the right type that would break answers or the passing of time are refused."""
    path = tmp_path / "seed.yaml"
    organizations, users = GOOD["organizations"], GOOD["users"]
    content = {"organizations": organizations, "users": users, "templates": GOOD["templates"]}
    path.write_text(yaml.safe_dump(content | change), encoding="utf-8")
    with pytest.raises(SeedError) as refused:
        use(path)
    assert place in str(refused.value)
