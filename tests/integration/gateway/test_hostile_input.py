"""What a hostile or broken caller sends is that caller's error, quickly, and nobody else's."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import struct_pb2
from memloom.v1 import memloom_pb2 as pb
from memloom.v1 import memloom_pb2_grpc

from services.kernel.adapters.public_grpc import PublicGrpcServer
from tests.support.gateway import API, KEY, Door, opened_door

WRONG, MISSING = 40000, 40002
# No request of this file takes longer; a check for hangs, not a measurement.
HANG_SECONDS = 5.0


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with opened_door(tmp_path) as opened:
        yield opened


async def sent(door: Door, path: str, content: bytes, **headers: str) -> dict[str, Any]:
    """The envelope of a raw body; it is HTTP 200, as business errors are."""
    answer = await door.http.post(
        API + path,
        content=content,
        headers={**door.headers, "content-type": "application/json", **headers},
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def message(**extra: Any) -> dict[str, Any]:
    return {"user_id": "u1", "messages": [{"role": "user", "content": "hello"} | extra]}


BAD_TIMES = [
    2**63 - 1,
    -(2**63) + 1,
    1e300,
    -1e300,
    9e15,
    "99999-01-01",
    "0000-00-00",
    "9999-12-31",
    "0001-01-01",
    "9" * 5000,
    "١" * 12,
    "²" * 12,
    "-" * 90,
]


@pytest.mark.parametrize("when", BAD_TIMES)
async def test_impossible_times_are_the_callers_error(door: Door, when: Any) -> None:
    told = await door.post("/add/message", message(chat_time=when))
    assert told["code"] == WRONG, told
    assert "chat_time" in told["message"]
    feedback = {"user_id": "u1", "feedback_content": "600, not 800", "feedback_time": when}
    told = await door.post("/add/feedback", feedback)
    assert told["code"] == WRONG, told
    assert "feedback_time" in told["message"]


@pytest.mark.parametrize("operator", ["gt", "gte", "lt", "lte"])
@pytest.mark.parametrize("when", [*BAD_TIMES, 0, 1.5, "9999-12-30", "1970-01-01"])
async def test_any_bound_of_a_filter_is_read_or_refused(
    door: Door, when: Any, operator: str
) -> None:
    where = {"and": [{"create_time": {operator: when}}]}
    for path, body in (
        ("/search/memory", {"user_id": "u1", "query": "x", "filter": where}),
        ("/get/memory", {"user_id": "u1", "filter": where}),
    ):
        assert (await door.post(path, body))["code"] in (0, WRONG)


async def test_the_last_day_that_dates_have_is_a_bound(door: Door) -> None:
    for operator in ("lte", "gt"):
        where = {"and": [{"create_time": {operator: "9999-12-31"}}]}
        await door.ok("/search/memory", {"user_id": "u1", "query": "x", "filter": where})


@pytest.mark.parametrize("page", ["²", "①", "٣", "9" * 5000, "-1", "1.5", "", "1e3", "%00"])
async def test_pages_are_plain_numbers(door: Door, page: str) -> None:
    kb = await door.create_kb()
    base = f"/api/v1/knowledge-bases/{kb}"
    for path, names in (("documents", ["limit"]), ("corrections", ["page", "page_size"])):
        for name in names:
            answer = await door.get(f"{base}/{path}?{name}={page}")
            assert answer.status_code == 400, (path, answer.text)


def nested(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


BODIES = {
    "two million keys": b'{"query":"x","user_id":"u","x":{'
    + b",".join(b'"%d":0' % n for n in range(2_000_000))
    + b"}}",
    "two million values": b'{"query":"x","user_id":"u","x":[' + b"0," * 2_000_000 + b"0]}",
    "two million lists": b'{"query":"x","user_id":"u","x":[' + b"[]," * 2_000_000 + b"[]]}",
    "quotes without end": b'{"query":"' + b'\\"' * 2_000_000,
    "commas without end": b'{"query":"' + b"," * 2_000_000 + b'\\"' * 1_000_000,
    "deep": b'{"query":"x","user_id":"u","x":' + nested(500).encode() + b"}",
    "far deeper": b'{"query":"x","user_id":"u","x":' + b"[" * 100_000,
    "NaN": b'{"query":"x","user_id":"u","relativity":NaN}',
    "infinite": b'{"query":"x","user_id":"u","relativity":Infinity}',
    "infinite number": b'{"query":"x","user_id":"u","relativity":1e999}',
    "huge whole number": b'{"query":"x","user_id":"u","memory_limit_number":' + b"9" * 5000 + b"}",
    "more than 63 bits": b'{"query":"x","user_id":"u","x":18446744073709551615}',
    "lone surrogate": b'{"query":"\\ud800","user_id":"u"}',
    "lone surrogate in a key": b'{"query":"x","user_id":"u","\\udfff":1}',
    "no UTF-8": b'{"query":"\xff\xfe","user_id":"u"}',
    "encoded surrogate": b'{"query":"\xed\xa0\x80","user_id":"u"}',
    "UTF-16": '{"query":"x","user_id":"u"}'.encode("utf-16"),
    "NUL in an id": b'{"query":"x","user_id":"u\\u0000"}',
    "line feed in an id": b'{"query":"x","user_id":"u\\n1"}',
    "control character in a list of ids": b'{"query":"x","user_id":"u",'
    b'"knowledgebase_ids":["a\\u0007"]}',
    "a list": b"[]",
    "a text": b'"query"',
    "half": b'{"query":"x","user_',
    "several": b'{"query":"x","user_id":"u"}{}',
    "form": b"query=x&user_id=u",
}


@pytest.mark.parametrize("name", BODIES)
async def test_a_broken_body_is_refused_at_once_and_holds_nobody_up(door: Door, name: str) -> None:
    began = time.monotonic()
    told = await sent(door, "/search/memory", BODIES[name])
    assert time.monotonic() - began < HANG_SECONDS
    assert told["code"] in (WRONG, MISSING), told
    assert len(told["message"]) < 3000
    assert door.retrieval.asked == []


async def test_values_are_counted_outside_of_texts(door: Door) -> None:
    """A long text of commas and brackets is one value."""
    await door.ok("/search/memory", {"user_id": "u", "query": ',[{:"' * 30_000})


async def test_an_encoded_body_is_named_as_such(door: Door) -> None:
    told = await sent(door, "/search/memory", b"\x1f\x8b\x08\x00", **{"content-encoding": "gzip"})
    assert told["code"] == WRONG
    assert "gzip" in told["message"]


async def test_the_content_type_is_not_asked_for(door: Door) -> None:
    body = b'{"query":"x","user_id":"u","query":"y"}'
    for kind in ("text/plain", "", "application/json; charset=latin-1", "\xff/\xfe", "x" * 9000):
        headers = {**door.headers, "content-type": kind.encode("latin-1")}
        answer = await door.http.post(API + "/search/memory", content=body, headers=headers)  # type: ignore[arg-type] # bytes are headers too
        assert answer.json()["code"] == 0
    assert {asked.query for asked in door.retrieval.asked} == {"y"}, "of two, the last one counts"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("info", {str(n): n for n in range(1000)}),
        ("info", {"x": "y" * 20_000}),
        ("info", {"x" * 20_000: "y"}),
        ("info", {"a": {"b": {"c": {"d": {"e": 1}}}}}),
        ("tags", ["x"] * 101),
        ("tags", ["x" * 201]),
        ("filter", {"and": [{"scene": "x" * 70_000}]}),
        ("filter", {"and": [{"scene": ["x"] * 3000}]}),
    ],
)
async def test_metadata_and_filters_have_bounds(door: Door, field: str, value: Any) -> None:
    path = "/search/memory" if field == "filter" else "/add/message"
    body = {"user_id": "u", "query": "x"} if field == "filter" else message()
    told = await door.post(path, {**body, field: value})
    assert told["code"] == WRONG, told
    assert field in told["message"]


async def test_metadata_within_bounds_is_kept(door: Door) -> None:
    info = {"scene": "chat", "\x00n": [1, 2.5, True], "deep": {"x": {"y": "z\x00"}}}
    await door.ok("/add/message", message() | {"info": info, "tags": ["t\x00"]})
    (event,) = await door.events()
    told = event.model_dump()
    assert told["info"] == {"scene": "chat", "n": [1, 2.5, True], "deep": {"x": {"y": "z"}}}
    assert told["tags"] == ("t",)


@pytest.mark.parametrize("path", ["knowledge-bases/{}", "documents/{}", "memories/{}/history"])
@pytest.mark.parametrize("name", ["a%00b", "%01", "%0d%0aX-Y:%201", "%7f", "%C2%80"])
async def test_control_characters_in_an_address_are_refused(
    door: Door, path: str, name: str
) -> None:
    answer = await door.get("/api/v1/" + path.format(name))
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] == WRONG


async def test_a_long_name_in_an_address_is_refused(door: Door) -> None:
    base = f"/api/v1/knowledge-bases/{'x' * 5000}"
    for path in (base, f"{base}/documents", f"{base}/corrections"):
        assert (await door.get(path)).status_code in (400, 404)
    answer = await door.http.post(
        f"{base}/corrections", json={"content": "600, not 800"}, headers=door.headers
    )
    assert answer.status_code in (400, 404), answer.text


async def test_odd_headers_do_no_harm(door: Door) -> None:
    body = b'{"query":"x","user_id":"u"}'
    for name, value in (
        ("x-request-id", b"\xff\xfe\x80"),
        ("x-request-id", b"a" * 5000),
        ("idempotency-key", b"\xff\xfe"),
        ("traceparent", b"00-zz-\xff-01"),
        ("host", b"[::1"),
        ("host", b"a b"),
    ):
        headers: Any = [*door.headers.items(), (name, value)]
        answer = await door.http.post(API + "/search/memory", content=body, headers=headers)
        assert answer.json()["code"] == 0, name
        answer = await door.http.post("/no/such/route", content=body, headers=headers)
        assert answer.status_code == 404, (name, answer.text)


UPLOAD = API + "/add/knowledgebase-file"


def form(head: bytes, boundary: bytes = b"b") -> bytes:
    return b"--%s\r\n%s\r\n\r\n# Title\r\n--%s--\r\n" % (boundary, head, boundary)


FILE = b'Content-Disposition: form-data; name="file"; '
NAMES = {
    "idna": FILE + b"filename*=idna''%ff%fe.md",
    "punycode": FILE + b"filename*=punycode''%ff%fe.md",
    "undefined": FILE + b"filename*=undefined''a.md",
    "rot13": FILE + b"filename*=rot13''a.md",
    "base64": FILE + b"filename*=base64''a.md",
    "utf-7 surrogate": FILE + b"filename*=utf-7''+2AA-.md",
    "unicode_escape": FILE + b"filename*=unicode_escape''%5Cud800.md",
    "utf-16-surrogatepass": FILE + b"filename*=utf-16-le''%00%d8.md",
    "no charset": FILE + b"filename*=''%ff.md",
    "continued": FILE + b"filename*0*=utf-8''%ff; filename*1=b.md; filename*9*=%00",
    "control": FILE + b'filename="a\x01\x02.md"',
    "percent": FILE + b"filename*=utf-8''%zz%.md",
    "charset of the field": b"Content-Disposition: form-data; name*=undefined''x",
    "long": FILE + b'filename="' + b"a" * 100_000 + b'.md"',
}


@pytest.mark.parametrize("name", NAMES)
async def test_file_names_of_forms_in_any_charset(door: Door, name: str) -> None:
    kb = await door.create_kb()
    answer = await door.http.post(
        UPLOAD,
        params={"knowledgebase_id": kb},
        content=form(NAMES[name]),
        headers={**door.headers, "content-type": "multipart/form-data; boundary=b"},
    )
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["code"] < 50000 or told["code"] == 50103, told


@pytest.mark.parametrize(
    "boundary",
    [
        "boundary*=utf-7''+2AA-",
        "boundary*=undefined''b",
        "boundary*=idna''%ff",
        "boundary=",
        "boundary=" + "b" * 5000,
        'boundary="\xff"',
        "",
    ],
)
async def test_boundaries_of_forms_in_any_charset(door: Door, boundary: str) -> None:
    kb = await door.create_kb()
    headers: Any = {
        **door.headers,
        "content-type": f"multipart/form-data; {boundary}".encode("latin-1"),
    }
    answer = await door.http.post(
        UPLOAD, params={"knowledgebase_id": kb}, content=form(FILE), headers=headers
    )
    assert answer.status_code == 200, answer.text
    assert 40000 <= answer.json()["code"] < 50000, answer.text


@pytest.mark.parametrize("kb", ["", " ", "a\x00b", "x" * 101, "a\nb"])
async def test_the_knowledge_base_of_a_form_is_an_id(door: Door, kb: str) -> None:
    answer = await door.http.post(
        UPLOAD,
        params={"knowledgebase_id": kb},
        files={"file": ("a.md", b"# a", "text/markdown")},
        headers=door.headers,
    )
    assert answer.status_code == 200
    assert answer.json()["code"] in (WRONG, MISSING), answer.text


@pytest.mark.parametrize(
    "url", ["http://h/\x01", "http://h/a\x00.md", "http://h\r\nX: 1/", "http://[h/a.md"]
)
async def test_addresses_of_documents_hold_no_control_characters(door: Door, url: str) -> None:
    kb = await door.create_kb()
    body = {"knowledgebase_id": kb, "file": [{"content": url}]}
    told = await door.post("/add/knowledgebase-file", body)
    assert told["code"] in (0, 50179), told


async def test_grpc_refuses_what_json_has_not(door: Door) -> None:
    server = PublicGrpcServer(
        door.gateway.grpc, services=door.gateway.grpc_services, address="127.0.0.1:0"
    )
    await server.start()
    deep = struct_pb2.Struct()
    inner = deep
    for _ in range(12):
        inner = inner.get_or_create_struct("a")
    odd = [
        struct_pb2.Struct(fields={"x": struct_pb2.Value(number_value=float("nan"))}),
        struct_pb2.Struct(fields={"x": struct_pb2.Value(number_value=float("inf"))}),
        struct_pb2.Struct(fields={str(n): struct_pb2.Value(number_value=n) for n in range(500)}),
        deep,
    ]
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            api = memloom_pb2_grpc.MemloomStub(channel)
            for info in odd:
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await api.AddMessage(
                        pb.AddMessageRequest(
                            user_id="u1",
                            messages=[pb.MessageIn(role="user", content="x")],
                            info=info,
                        ),
                        metadata=(("authorization", f"Token {KEY}"),),
                    )
                assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT, caught.value
            for raw in (b"\xff\xff\xff", b"\x0a\xff", b"\x0a\x02\xff\xfe", b"\x0b" * 5000):
                call = channel.unary_unary("/memloom.v1.Memloom/SearchMemory", None, None)
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await call(raw, metadata=(("authorization", f"Token {KEY}"),))
                assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT, caught.value
    finally:
        await server.stop(0)


async def test_a_message_of_an_error_is_short_whatever_it_repeats(door: Door) -> None:
    names = [f"{n:0100d}" for n in range(1000)]
    told = await door.post("/get/knowledgebase-file", {"file_ids": names})
    assert told["code"] == 40001
    assert len(told["message"]) < 3000


async def test_while_large_bodies_are_read_others_are_answered(door: Door) -> None:
    body = json.dumps({"user_id": "u", "query": "x" * 20_000_000}).encode()
    large = [asyncio.create_task(sent(door, "/search/memory", body)) for _ in range(3)]
    longest = 0.0
    while not all(task.done() for task in large):
        began = time.monotonic()
        await door.ok("/search/memory", {"user_id": "u", "query": "x"})
        longest = max(longest, time.monotonic() - began)
    assert longest < HANG_SECONDS
    assert {task.result()["code"] for task in large} == {40305}
