"""Laws of the gateway's rules."""

import base64
import json
from contextlib import ExitStack
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.domain.buckets import Allowance, full, take, wait_seconds
from services.gateway.domain.encoding import decode, inspect
from services.gateway.domain.fingerprints import fingerprint
from services.gateway.domain.model import DocumentState, Task
from services.gateway.domain.status import advance, progress, reserved_bytes
from services.gateway.domain.tasks import advance_task
from services.gateway.routes.bodies import JsonSpool
from services.kernel.contracts.events import STAGES, DocumentProgressed

numbers = st.none() | st.integers(0, 9)
progressed = st.builds(
    DocumentProgressed,
    project_id=st.just("p"),
    knowledgebase_id=st.just("k"),
    document_id=st.just("d"),
    revision=st.integers(1, 2),
    attempt=st.integers(1, 2),
    stage=st.sampled_from(STAGES[:-1]),
    outcome=st.sampled_from(["running", "completed", "failed"]),
    progress=st.sampled_from([0.0, 0.5, 1.0]),
    error_code=st.sampled_from([0, 50173, 50174]),
    error_message=st.sampled_from(["", "a", "b"]),
    size=numbers,
    pages=numbers,
    passages=numbers,
    memories=numbers,
    memories_pending=st.integers(0, 3),
)


@given(st.lists(progressed, max_size=8), st.randoms(use_true_random=False))
def test_status_does_not_depend_on_order_or_repetition(
    events: list[DocumentProgressed], random: Any
) -> None:
    def end(order: list[DocumentProgressed]) -> DocumentState:
        state = DocumentState()
        for event in order:
            state = advance(state, event)
        return state

    shuffled = [*events, *events[:3]]
    random.shuffle(shuffled)
    assert end(shuffled) == end(events)


@given(st.lists(progressed, max_size=8))
def test_status_never_goes_back_within_an_attempt(events: list[DocumentProgressed]) -> None:
    state = DocumentState()
    for event in events:
        following = advance(state, event)
        if (following.revision, following.attempt) == (state.revision, state.attempt):
            terminal = {"running": 0, "failed": 1, "completed": 2}
            assert terminal[following.outcome] >= terminal[state.outcome]
            if following.outcome == state.outcome:
                assert progress(following) >= progress(state)
        assert 0 <= progress(following) <= 1
        assert reserved_bytes(following, 100) >= 0
        state = following


changes = st.lists(
    st.fixed_dictionaries(
        {
            "memory_id": st.sampled_from(["a", "b", "c"]),
            "kind": st.just("fact"),
            "change": st.sampled_from(["added", "updated"]),
        }
    ),
    max_size=3,
)
told = st.tuples(
    st.sampled_from(["running", "failed", "completed"]), changes, st.sampled_from([0, 50143])
)


@given(st.lists(told, max_size=6), st.randoms(use_true_random=False))
def test_a_task_does_not_depend_on_order_or_repetition(
    events: list[tuple[str, list[dict[str, Any]], int]], random: Any
) -> None:
    def end(order: list[tuple[str, list[dict[str, Any]], int]]) -> Task:
        part = Task("t", "p", "message", "running", 0)
        for status, changed, code in order:
            part = advance_task(part, status=status, changes=changed, error=(code, ""), reason="")
        return part

    shuffled = [*events, *events[:2]]
    random.shuffle(shuffled)
    assert end(shuffled) == end(events)


@given(
    st.binary(max_size=400), st.integers(1, 50), st.sampled_from(["std", "url", "bare", "lines"])
)
def test_base64_comes_back_from_any_cut(content: bytes, cut: int, form: str) -> None:
    text = base64.b64encode(content)
    if form == "url":
        text = base64.urlsafe_b64encode(content)
    if form == "bare":
        text = text.rstrip(b"=")
    if form == "lines":
        text = b"\r\n".join(text[n : n + 7] for n in range(0, len(text), 7))
    pieces = iter([text[n : n + cut] for n in range(0, len(text), cut)])
    assert b"".join(decode(pieces)) == content
    data = b"data:text/plain;charset=utf-8;base64," + text
    head = inspect(data)
    assert (head.kind, head.media_type, data[head.offset :]) == ("base64", "text/plain", text)


leaves = st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=30)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(values, st.integers(1, 40), st.booleans())
def test_a_spooled_body_is_the_body(value: Any, cut: int, ascii_only: bool) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only).encode()
    with ExitStack() as stack:
        spool = JsonSpool(stack)
        for at in range(0, len(body), cut):
            spool.feed(body[at : at + cut])
        found, _ = spool.finish()
    assert found == value


@settings(max_examples=25, deadline=None)
@given(
    st.text(alphabet='ab"\\/\n\u4e2d\U0001f600', min_size=1, max_size=20), st.integers(997, 9000)
)
def test_a_long_string_is_spilled_and_comes_back(piece: str, cut: int) -> None:
    text = piece * (140_000 // len(piece))
    body = json.dumps({"a": "short", "file": [{"content": text}, "b"]}).encode()
    with ExitStack() as stack:
        spool = JsonSpool(stack)
        for at in range(0, len(body), cut):
            spool.feed(body[at : at + cut])
        found, contents = spool.finish()
        assert found["a"] == "short"
        assert found["file"][1] == "b"
        spilled = contents(found["file"][0]["content"])
        spilled.seek(0)
        assert spilled.read().decode() == text
        assert len(found["file"][0]["content"]) < 100


@given(st.dictionaries(st.text(max_size=5), values, min_size=1, max_size=5))
def test_a_fingerprint_knows_content_not_order(body: dict[str, Any]) -> None:
    assert fingerprint(body) == fingerprint(dict(reversed(body.items())))
    assert fingerprint(body) != fingerprint({**body, "one more": 1})


@given(
    st.floats(0.1, 100),
    st.floats(1, 100),
    st.lists(st.tuples(st.floats(0, 5), st.floats(0, 50), st.floats(0, 50)), max_size=30),
)
def test_a_bucket_gives_its_burst_and_its_rate_and_no_more(
    rate: float, burst: float, draws: list[tuple[float, float, float]]
) -> None:
    allowance = Allowance(rate, burst)
    now, given_out = 0.0, 0.0
    bucket = full(allowance, now)
    for pause, first, second in draws:
        now += pause
        least, most = sorted((first, second))
        taken = take(bucket, allowance, now, least=least, most=most)
        assert taken == 0 or least <= taken <= most
        given_out += taken
        if taken == 0 and least <= burst:
            now += wait_seconds(bucket, allowance, least)
        assert given_out <= burst + rate * now + 1e-6
        assert bucket.tokens >= 0
