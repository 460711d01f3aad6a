"""The policy is total: every error and count has one verdict, of the kind that the table says."""

import math

from hypothesis import given
from hypothesis import strategies as st

from services.kernel.contracts import errors
from services.kernel.contracts.errors import MemloomError
from services.kernel.contracts.verdicts import (
    Ack,
    Fail,
    Halt,
    Ignore,
    Retry,
    SetAside,
    Verdict,
    Wait,
)
from services.kernel.runtime.policy import Fuse, RetryRule, WaitRule, decide

OURS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, MemloomError)
]
EXPECTED: dict[type[MemloomError], type[Verdict]] = {
    errors.StaleEvent: Ignore,
    errors.DependencyUnavailable: Wait,
    errors.TooManyRequests: Wait,
    errors.InvalidInput: Fail,
    errors.NotFound: Fail,
    errors.Unauthorized: Fail,
    errors.Forbidden: Fail,
    errors.QuotaExceeded: Fail,
    errors.Unintelligible: SetAside,
}


def _make(kind: type[Exception], text: str) -> Exception:
    if kind is errors.TooManyRequests:
        return errors.TooManyRequests(text, retry_after=7.0)
    return kind(text)


exceptions = st.builds(
    _make,
    st.sampled_from([*OURS, ValueError, KeyError, MemoryError, TimeoutError, RecursionError]),
    st.text(max_size=50),
)
counts = st.integers(min_value=1, max_value=10**9)
rules = st.builds(
    RetryRule,
    attempts=st.integers(min_value=1, max_value=50),
    first_wait=st.floats(min_value=0, max_value=10),
    longest_wait=st.floats(min_value=0, max_value=100),
)
waits = st.builds(
    WaitRule,
    first=st.floats(min_value=0.01, max_value=10),
    longest=st.floats(min_value=10, max_value=100),
)


@given(error=exceptions, attempt=counts, waited=counts, retry=rules, wait=waits)
def test_every_error_has_the_verdict_of_the_table(
    error: Exception, attempt: int, waited: int, retry: RetryRule, wait: WaitRule
) -> None:
    verdict = decide(error, attempt=attempt, waits=waited, retry=retry, wait=wait)
    expected = EXPECTED.get(type(error))  # type: ignore[arg-type] # others are simply absent
    if expected is None:
        expected = SetAside if attempt >= retry.attempts else Retry
    assert type(verdict) is expected
    if isinstance(verdict, Wait):
        assert wait.first <= verdict.seconds <= wait.longest
    if isinstance(verdict, Retry):
        assert 0 <= verdict.seconds <= max(retry.longest_wait, 0)
        assert math.isfinite(verdict.seconds)


@given(attempt=counts, waited=st.lists(counts, min_size=2, max_size=5).map(sorted))
def test_waiting_grows_and_an_outage_is_never_set_aside(attempt: int, waited: list[int]) -> None:
    down = errors.DependencyUnavailable("down")
    seconds = []
    for count in waited:
        verdict = decide(down, attempt=attempt, waits=count)
        assert isinstance(verdict, Wait)
        seconds.append(verdict.seconds)
    assert seconds == sorted(seconds)


verdicts = st.sampled_from([Ack(), Ignore(), Fail(1, ""), SetAside("x"), Wait(1), Retry(1, 1)])


@given(
    deliveries=st.lists(st.tuples(st.integers(0, 6), verdicts), max_size=60),
    limit=st.integers(1, 5),
)
def test_the_fuse_blows_exactly_at_so_many_keys_in_a_row(
    deliveries: list[tuple[int, Verdict]], limit: int
) -> None:
    fuse = Fuse(limit=limit)
    in_a_row: set[int] = set()
    for key, verdict in deliveries:
        judged = fuse.judge("g", str(key), verdict)
        if isinstance(verdict, Ack | Ignore):
            in_a_row.clear()
        if isinstance(verdict, SetAside):
            in_a_row.add(key)
        blown = isinstance(verdict, SetAside) and len(in_a_row) >= limit
        assert isinstance(judged, Halt) == blown
        if not blown:
            assert judged == verdict
    assert fuse.judge("another", "k", Ack()) == Ack()
