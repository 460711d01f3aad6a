"""Times as people write them."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from services.gateway.domain.times import parse_bound, parse_time
from services.kernel.contracts.errors import InvalidInput

ZONE = ZoneInfo("Asia/Shanghai")
NOW = int(datetime(2025, 6, 11, 4, 0, tzinfo=UTC).timestamp() * 1000)  # noon in Shanghai


def at(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=timezone(timedelta(hours=8))).timestamp() * 1000)  # type: ignore[arg-type, misc] # parts are year to second


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (1_749_517_200_000, at(2025, 6, 10, 9)),
        (1_749_517_200, at(2025, 6, 10, 9)),
        ("1749517200000", at(2025, 6, 10, 9)),
        ("1749517200.5", at(2025, 6, 10, 9) + 500),
        ("2025-06-10", at(2025, 6, 10)),
        ("2025-06-10 09:00:00", at(2025, 6, 10, 9)),
        ("2025-06-10T09:00", at(2025, 6, 10, 9)),
        ("2025-06-10T01:00:00Z", at(2025, 6, 10, 9)),
        ("2025-06-10T09:00:00.250+08:00", at(2025, 6, 10, 9) + 250),
        ("2025/6/10 9:05", at(2025, 6, 10, 9, 5)),
        ("2025.6.10", at(2025, 6, 10)),
        ("2025年6月10日", at(2025, 6, 10)),
        ("2025年6月10日 上午9点", at(2025, 6, 10, 9)),
        ("2025年6月10日下午3点20分", at(2025, 6, 10, 15, 20)),
        ("2025年6月10日 晚上8点半", at(2025, 6, 10, 20, 30)),
        ("2025年6月10日 中午12点", at(2025, 6, 10, 12)),
        ("2025年6月10日 中午1点", at(2025, 6, 10, 13)),
        ("2025年6月10日 星期二 15:04:05", at(2025, 6, 10, 15, 4, 5)),
        ("2025年6月10日（周二）15时4分5秒", at(2025, 6, 10, 15, 4, 5)),
        ("2025-6-10 3:20 PM", at(2025, 6, 10, 15, 20)),
        ("2025-6-10 12:20 AM", at(2025, 6, 10, 0, 20)),
        ("June 10, 2025 at 9am", at(2025, 6, 10, 9)),
        ("1:56 pm on 8 May, 2023", at(2023, 5, 8, 13, 56)),
        ("10 June 2025", at(2025, 6, 10)),
        ("昨天", at(2025, 6, 10, 12)),
        ("yesterday", at(2025, 6, 10, 12)),
    ],
)
def test_readable_times(text: str | float, expected: int) -> None:
    assert parse_time(text, zone=ZONE, now_ms=NOW, field="chat_time") == expected


@pytest.mark.parametrize("text", ["", "whenever", "2025-13-40", "2025年13月1日", "x" * 5000])
def test_unreadable_times_say_so(text: str) -> None:
    with pytest.raises(InvalidInput, match="chat_time"):
        parse_time(text, zone=ZONE, now_ms=NOW, field="chat_time")


def test_a_bound_of_a_day_takes_the_whole_day() -> None:
    def bound(operator: str, value: str) -> tuple[str, int]:
        return parse_bound(value, zone=ZONE, now_ms=NOW, operator=operator, field="f")

    assert bound("gte", "2025-01-01") == ("gte", at(2025, 1, 1))
    assert bound("lt", "2025-01-01") == ("lt", at(2025, 1, 1))
    assert bound("lte", "2025-01-01") == ("lt", at(2025, 1, 2))
    assert bound("gt", "2025-01-01") == ("gte", at(2025, 1, 2))
    assert bound("lte", "2025-01-01 10:00:00") == ("lte", at(2025, 1, 1, 10))
