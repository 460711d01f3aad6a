"""Malformed HTTP at the public port: refused in order, quickly, and nobody else's trouble."""

import pytest

from tests.support.embedded import Memloom
from tests.support.fuzzing import HANG_SECONDS, Neighbour, slice_of
from tests.support.raw_http import Malformed, exchange

pytestmark = pytest.mark.slow

SEED = 20250610
DOCUMENTED = {
    100, 200, 201, 202, 204, 206, 304,
    400, 401, 403, 404, 405, 408, 409, 412, 413, 414, 415, 416, 422, 429, 431,
}  # fmt: skip


def test_malformed_requests_are_the_callers_error(memloom: Memloom, neighbour: Neighbour) -> None:
    maker = Malformed(key=memloom.key, seed=SEED)
    odd: list[tuple[str, object]] = []
    slowest = (0.0, "")
    counts: dict[int, int] = {}
    for number in range(slice_of(2400, 240)):
        name, request = maker.request(number)
        try:
            answer = exchange(memloom.port, request, patience=HANG_SECONDS)
        except TimeoutError:
            odd.append((name, "hangs"))
            continue
        slowest = max(slowest, (answer.seconds, name))
        for status in answer.statuses:
            counts[status] = counts.get(status, 0) + 1
            if status not in DOCUMENTED:
                odd.append((name, status))
    print(f"statuses {dict(sorted(counts.items()))}; slowest {slowest[0]:.2f} s: {slowest[1]}")  # noqa: T201 - a measurement
    assert odd == []
    assert counts[400] > 0
    assert slowest[0] < HANG_SECONDS
    assert neighbour.wrong == []
