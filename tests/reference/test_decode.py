from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coder_conformance.reference.http.decode import Body, read_value
from coder_conformance.reference.http.json_syntax import explain
from coder_conformance.reference.http.render import to_json
from coder_conformance.reference.http.reply import Problem


def fault(body: bytes) -> str:
    """Return the detail with which a body for all kinds of fields is refused, or nothing."""
    try:
        read_everything(body)
    except Problem as problem:
        answer = problem
    else:
        return ""
    assert answer.status == 400
    assert answer.envelope["message"] == "Request body must be valid JSON."
    assert set(answer.envelope) == {"message", "detail"}
    return str(answer.envelope["detail"])


def read_everything(body: bytes) -> None:
    """Read a field of every kind."""
    parsed = Body.parse(body, "Thing")
    parsed.text("name")
    parsed.integer("ttl_ms")
    parsed.boolean("dormant")
    parsed.uuid("id")
    parsed.time("when")
    parsed.octets("state")
    parsed.uuids("ids")
    parsed.texts("roles")
    parsed.named_values("values")
    parsed.roles("users")
    parsed.finish()


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "EOF"),
        (b" \n", "EOF"),
        (b"{", "unexpected EOF"),
        (b'{"name":"x', "unexpected EOF"),
        (b"nope", "invalid character 'o' in literal null (expecting 'u')"),
        (b"<a/>", "invalid character '<' looking for beginning of value"),
        (b"'x'", "invalid character '\\'' looking for beginning of value"),
        (b"{name:1}", "invalid character 'n' looking for beginning of object key string"),
        (b'{"name":1,}', "invalid character '}' looking for beginning of object key string"),
        (b'{"name" 1}', "invalid character '1' after object key"),
        (b'{"name":1 2}', "invalid character '2' after object key:value pair"),
        (b'{"a":[1 2]}', "invalid character '2' after array element"),
        (b'{"a":"\\x"}', "invalid character 'x' in string escape code"),
        (b'{"a":"\\u12g4"}', "invalid character 'g' in \\u hexadecimal character escape"),
        (b'{"a":"\n"}', "invalid character '\\n' in string literal"),
        (b'{"a":-x}', "invalid character 'x' in numeric literal"),
        (b'{"a":1.x}', "invalid character 'x' after decimal point in numeric literal"),
        (b'{"a":1ex}', "invalid character 'x' in exponent of numeric literal"),
        (b"NaN", "invalid character 'N' looking for beginning of value"),
        (b'{"ttl_ms":NaN}', "invalid character 'N' looking for beginning of value"),
        (b'{"ttl_ms":Infinity}', "invalid character 'I' looking for beginning of value"),
        (b"[" * 100_000, "exceeded max depth"),
        (b"[]", "json: cannot unmarshal array into Go value of type codersdk.Thing"),
        (b"true", "json: cannot unmarshal bool into Go value of type codersdk.Thing"),
        (b"12", "json: cannot unmarshal number into Go value of type codersdk.Thing"),
        (b'{"name":1}', ("json: cannot unmarshal number into Go struct field Thing.name "
         "of type string")),
        (b'{"ttl_ms":"1"}',
         "json: cannot unmarshal string into Go struct field Thing.ttl_ms of type int64"),
        (b'{"ttl_ms":6e4}',
         "json: cannot unmarshal number 6e4 into Go struct field Thing.ttl_ms of type int64"),
        (b'{"ttl_ms":60000.0}',
         "json: cannot unmarshal number 60000.0 into Go struct field Thing.ttl_ms of type int64"),
        (b'{"ttl_ms":9223372036854775808}', ("json: cannot unmarshal number 9223372036854775808 "
         "into Go struct field Thing.ttl_ms of type int64")),
        (b'{"ttl_ms":true}',
         "json: cannot unmarshal bool into Go struct field Thing.ttl_ms of type int64"),
        (b'{"dormant":"true"}',
         "json: cannot unmarshal string into Go struct field Thing.dormant of type bool"),
        (b'{"id":""}', "invalid UUID length: 0"),
        (b'{"id":"zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz"}', "invalid UUID format"),
        (b'{"id":5}',
         "json: cannot unmarshal number into Go struct field Thing.id of type uuid.UUID"),
        (b'{"when":5}', "Time.UnmarshalJSON: input is not a JSON string"),
        (b'{"values":[{"name":5}]}', ("json: cannot unmarshal number into Go struct field "
         "Thing.values.name of type string")),
        (b'{"users":{"a":5}}', ("json: cannot unmarshal number into Go struct field Thing.users "
         "of type codersdk.WorkspaceRole")),
        (b'{"dormant":1,"name":2}',
         "json: cannot unmarshal number into Go struct field Thing.dormant of type bool"),
    ],
)  # fmt: skip
def test_decoder_texts(body: bytes, detail: str) -> None:
    """Every kind of bad body is told in the decoder's own words."""
    assert fault(body) == detail


@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b"{}",
        b'{"name":null,"ttl_ms":null,"id":null,"when":null,"values":null,"users":null}',
        b'{"unknown":[1,{"deep":true}]}',
        b'{"name":"x"} trailing',
        b'{"name":"x"}{"name":5}',
        b'{"ttl_ms":"x","TTL_MS":5}',
        b'{"when":"2025-01-02T03:04:05.123456789+05:30"}',
        b'{"values":[null,{"NAME":"a","value":"b"}],"users":{"x":null}}',
        b' \r\n\t{"name":"\\ud800"}',
        b'{"name":"\xff"}',
    ],
)
def test_accepted_bodies(body: bytes) -> None:
    """null, unknown fields, trailing data and letter case are no reason to refuse."""
    assert fault(body) == ""


def test_names_match_in_any_case_and_the_last_wins() -> None:
    """Doubled names in different letters are one field."""
    body = Body.parse(b'{"name":"a","NAME":"b","Name":"c"}', "Thing")
    assert body.text("name") == "c"


@pytest.mark.parametrize(
    "bad", ["", "2025-01-02", "2025-01-02T03:04:05", "2025-13-02T03:04:05Z", "now",
            "2025-01-02 03:04:05Z", "0001-01-01T00:00:00+01:00"]
)  # fmt: skip
def test_times_need_a_zone_and_real_values(bad: str) -> None:
    """What is not RFC 3339 with a zone, or no real time, is refused."""
    assert fault(json.dumps({"when": bad}).encode()).startswith("parsing time ")


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_decoded_or_refused(body: bytes) -> None:
    """No input whatsoever ends in anything but a value or the 400 answer."""
    fault(body)


@settings(deadline=None)
@given(json_values, st.binary(max_size=5))
def test_the_scanner_agrees_with_the_parser(value: object, rest: bytes) -> None:
    """Cutting a document anywhere is told as an early end, the whole document is read."""
    text = json.dumps(value).encode()
    read_value(text + b" " + rest)
    if text[:1] in b'{["':
        for cut in range(1, len(text)):
            assert explain(text[:cut]) == "unexpected EOF"


@settings(deadline=None)
@given(json_values)
def test_written_json_reads_back(value: Any) -> None:
    """What is written is compact, escaped and the same value."""
    written = to_json(value)
    assert json.loads(written) == json.loads(json.dumps(value))
    for raw in (b"<", b">", b"&", "\u2028".encode()):
        assert raw not in written
