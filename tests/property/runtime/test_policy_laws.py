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
from services.kernel.runtime.policy import Fuse, FuseRule, RetryRule, WaitRule, decide

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
    kinds = type(error).__mro__
    expected = next((EXPECTED[kind] for kind in kinds if kind in EXPECTED), None)
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
    deliveries=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3), verdicts), max_size=60),
    limit=st.integers(1, 5),
    projects=st.integers(1, 4),
)
def test_the_fuse_blows_at_so_many_keys_of_so_many_projects_in_a_row(
    deliveries: list[tuple[int, int, Verdict]], limit: int, projects: int
) -> None:
    fuse = Fuse(FuseRule(records=limit, projects=projects), now=lambda: 0.0)
    keys: set[str] = set()
    sources: set[int] = set()
    for key, project, verdict in deliveries:
        judged = fuse.judge("g", f"{project}/{key}", verdict, project=f"p{project}")
        if isinstance(verdict, Ack | Ignore):
            keys.clear()
            sources.clear()
        if isinstance(verdict, SetAside):
            keys.add(f"{project}/{key}")
            sources.add(project)
        blown = len(keys) >= limit and len(sources) >= projects
        assert isinstance(judged, Halt) == (isinstance(verdict, SetAside) and blown)
        if not isinstance(judged, Halt):
            assert judged == verdict
    assert fuse.judge("another", "k", Ack()) == Ack()


@given(
    limit=st.integers(1, 4),
    bad=st.integers(0, 12),
    first=st.floats(1, 60),
    longest=st.floats(60, 900),
)
def test_bad_records_of_many_projects_never_stop_a_group_for_ever(
    limit: int, bad: int, first: float, longest: float
) -> None:
    """A bus that tries again after each halt comes through all of them; waits grow and are
    bounded; a good record ends it.
    """
    now = 0.0
    rule = FuseRule(records=limit, projects=min(limit, 2), first_wait=first, longest_wait=longest)
    fuse = Fuse(rule, now=lambda: now)
    waits: list[float] = []
    for number in range(bad):
        tries = 0
        while True:
            tries += 1
            judged = fuse.judge("g", f"k{number}", SetAside("odd"), project=f"p{number}")
            if isinstance(judged, SetAside):
                break
            assert isinstance(judged, Halt)
            assert fuse.blown
            waits.append(judged.seconds)
            now += judged.seconds
        assert tries <= 2
    assert waits == sorted(waits)
    assert all(first <= wait <= max(first, longest) for wait in waits)
    fuse.judge("g", "good", Ack(), project="p")
    assert fuse.blown == {}
