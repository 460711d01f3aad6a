"""Times as callers write them: epoch numbers, ISO 8601, Chinese, plain words."""

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from services.kernel.contracts.errors import InvalidInput

_DIGITS: Final = re.compile(r"-?[0-9]{9,16}(\.[0-9]+)?")
# Conversations take place in these years.
_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 2199
_DAY_MS: Final = 86_400_000
# Epoch numbers from here on are milliseconds (1e11 s is the year 5138).
_MILLISECONDS_FROM: Final = 100_000_000_000
_NOON: Final = 12
# What the parser of words raises over words that it mistakes for a date.
_ODD_WORDS: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
_CHINESE: Final = re.compile(
    r"(?P<year>\d{4})\s*+[年./-]\s*+(?P<month>\d{1,2})\s*+[月./-]\s*+(?P<day>\d{1,2})\s*+[日号號]?"
    r"[\s,，]*+(?:[（(]?(?:星期|周|週|礼拜)[一二三四五六日天][）)]?)?[\s,，]*+"
    r"(?P<part>凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|深夜|AM|PM|am|pm)?\s*+"
    r"(?:(?P<hour>\d{1,2})\s*+[:：点點时時]\s*+(?:(?P<half>半)|(?P<minute>\d{1,2})?)"
    r"\s*+[:：分]?\s*+(?P<second>\d{1,2})?\s*+秒?)?\s*+(?P<after>AM|PM|am|pm)?"
)
_AFTERNOON: Final = ("下午", "傍晚", "晚上", "夜里", "深夜", "PM", "pm")
_DAY_ONLY: Final = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
_LONGEST: Final = 100
# The end of the year 9999 in epoch milliseconds: dates end there.
_FARTHEST_MS: Final = 253_402_300_800_000


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _epoch(number: float) -> int | None:
    """Milliseconds of epoch seconds or milliseconds; None beyond all calendars."""
    if not math.isfinite(number) or abs(number) > _FARTHEST_MS:
        return None
    return int(number if abs(number) >= _MILLISECONDS_FROM else number * 1000)


def _hour(hour: int, part: str | None) -> int:
    if part in _AFTERNOON and hour < _NOON:
        return hour + _NOON
    if part == "中午" and hour < 3:  # noqa: PLR2004 - 中午1点 is 13:00
        return hour + _NOON
    if part in ("AM", "am", "凌晨", "深夜") and hour == _NOON:
        return 0
    return hour


def _chinese(text: str, zone: ZoneInfo) -> int | None:
    found = _CHINESE.fullmatch(text)
    if found is None:
        return None
    part = found["part"] or found["after"]
    minute = 30 if found["half"] else int(found["minute"] or 0)
    try:
        return _ms(
            datetime(
                int(found["year"]),
                int(found["month"]),
                int(found["day"]),
                _hour(int(found["hour"] or 0), part),
                minute,
                int(found["second"] or 0),
                tzinfo=zone,
            )
        )
    except (ValueError, OverflowError):
        return None


def _iso(text: str, zone: ZoneInfo) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
        return _ms(moment if moment.tzinfo is not None else moment.replace(tzinfo=zone))
    except (ValueError, OverflowError):
        return None


def _words(text: str, zone: ZoneInfo, now_ms: int) -> int | None:
    import dateparser  # noqa: PLC0415 - heavy, and needed for rare spellings only

    base = datetime.fromtimestamp(now_ms / 1000, tz=zone).replace(tzinfo=None)
    try:
        moment = dateparser.parse(
            text,
            languages=["zh", "en"],
            settings={
                "TIMEZONE": zone.key,
                "RETURN_AS_TIMEZONE_AWARE": True,
                "RELATIVE_BASE": base,
                "PREFER_DATES_FROM": "past",
            },
        )
        return None if moment is None else _ms(moment)
    except _ODD_WORDS:
        return None


def parse_time(value: str | float, *, zone: ZoneInfo, now_ms: int, field: str) -> int:
    """Return when something in a conversation was said, as `read_time`; InvalidInput also for a
    time before 1900 or after 2200.
    """
    found = read_time(value, zone=zone, now_ms=now_ms, field=field)
    first = _ms(datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC))
    if not first <= found < _ms(datetime(_LAST_YEAR + 1, 1, 1, tzinfo=UTC)):
        raise InvalidInput(
            f"`{field}` lies outside of the years {_FIRST_YEAR} to {_LAST_YEAR}: "
            f"{str(value)[:50]!r}; write epoch milliseconds, or 2025-06-10 09:00:00"
        )
    return found


def read_time(value: str | float, *, zone: ZoneInfo, now_ms: int, field: str) -> int:
    """Epoch milliseconds of a time as a caller wrote it; without a zone, in `zone`.

    Epoch seconds or milliseconds (number or digits), ISO 8601, `2025年6月10日 下午3点`, or words
    in English or Chinese ("10 June 2025, 9 am", "昨天"). InvalidInput for anything else.
    """
    text = str(value).strip()
    if isinstance(value, int | float):
        found = _epoch(value)
    elif _DIGITS.fullmatch(text):
        found = _epoch(float(text))
    else:
        found = _written(text, zone, now_ms) if 0 < len(text) <= _LONGEST else None
    if found is None:
        raise InvalidInput(
            f"`{field}` is no time that we can read: {text[:50]!r}; write it as "
            "2025-06-10 09:00:00, as epoch milliseconds, or as 2025年6月10日 9点"
        )
    return found


def _written(text: str, zone: ZoneInfo, now_ms: int) -> int | None:
    found = _iso(text, zone)
    if found is None:
        found = _chinese(text, zone)
    if found is None and not _CHINESE.fullmatch(text):
        found = _words(text, zone, now_ms)
    return found


def parse_bound(
    value: str | float, *, zone: ZoneInfo, now_ms: int, operator: str, field: str
) -> tuple[str, int]:
    """Operator and epoch milliseconds of a filter's bound. A bound of a day alone takes the whole
    day: `lte 2025-01-01` is before 2 January, `gt 2025-01-01` is from 2 January.
    """
    moment = read_time(value, zone=zone, now_ms=now_ms, field=field)
    day_only = isinstance(value, str) and _DAY_ONLY.fullmatch(value.strip())
    if day_only and operator in ("lte", "gt"):
        try:
            day = datetime.fromtimestamp(moment / 1000, tz=zone).replace(tzinfo=None)
            following = _ms((day + timedelta(days=1)).replace(tzinfo=zone))
        except (ValueError, OverflowError):  # the first and the last day that dates have
            following = moment + _DAY_MS
        return ("lt" if operator == "lte" else "gte"), following
    return operator, moment
