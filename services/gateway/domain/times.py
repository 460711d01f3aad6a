"""Times as callers write them: epoch numbers, ISO 8601, Chinese, plain words."""

import re
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from services.kernel.contracts.errors import InvalidInput

_DIGITS: Final = re.compile(r"-?\d{9,16}(\.\d+)?")
# Epoch numbers from here on are milliseconds (1e11 s is the year 5138).
_MILLISECONDS_FROM: Final = 100_000_000_000
_NOON: Final = 12
_CHINESE: Final = re.compile(
    r"(?P<year>\d{4})\s*[年./-]\s*(?P<month>\d{1,2})\s*[月./-]\s*(?P<day>\d{1,2})\s*[日号號]?"
    r"[\s,，]*(?:[（(]?(?:星期|周|週|礼拜)[一二三四五六日天][）)]?)?[\s,，]*"
    r"(?P<part>凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|深夜|AM|PM|am|pm)?\s*"
    r"(?:(?P<hour>\d{1,2})\s*[:：点點时時]\s*(?:(?P<half>半)|(?P<minute>\d{1,2})?)"
    r"\s*[:：分]?\s*(?P<second>\d{1,2})?\s*秒?)?\s*(?P<after>AM|PM|am|pm)?"
)
_AFTERNOON: Final = ("下午", "傍晚", "晚上", "夜里", "深夜", "PM", "pm")
_DAY_ONLY: Final = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
_LONGEST: Final = 100


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _epoch(number: float) -> int:
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
    except ValueError:
        return None


def _iso(text: str, zone: ZoneInfo) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return _ms(moment if moment.tzinfo is not None else moment.replace(tzinfo=zone))


def _words(text: str, zone: ZoneInfo, now_ms: int) -> int | None:
    import dateparser  # noqa: PLC0415 - heavy, and needed for rare spellings only

    base = datetime.fromtimestamp(now_ms / 1000, tz=zone).replace(tzinfo=None)
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


def parse_time(value: str | float, *, zone: ZoneInfo, now_ms: int, field: str) -> int:
    """Epoch milliseconds of a time as a caller wrote it; without a zone, in `zone`.

    Epoch seconds or milliseconds (number or digits), ISO 8601, `2025年6月10日 下午3点`, or words
    in English or Chinese ("10 June 2025, 9 am", "昨天"). InvalidInput for anything else.
    """
    if isinstance(value, int | float):
        return _epoch(value)
    text = value.strip()
    if _DIGITS.fullmatch(text):
        return _epoch(float(text))
    found = _iso(text, zone) if len(text) <= _LONGEST else None
    if found is None and len(text) <= _LONGEST:
        found = _chinese(text, zone)
    if found is None and 0 < len(text) <= _LONGEST and not _CHINESE.fullmatch(text):
        found = _words(text, zone, now_ms)
    if found is None:
        raise InvalidInput(
            f"`{field}` is no time that we can read: {text[:50]!r}; write it as "
            "2025-06-10 09:00:00, as epoch milliseconds, or as 2025年6月10日 9点"
        )
    return found


def parse_bound(
    value: str, *, zone: ZoneInfo, now_ms: int, operator: str, field: str
) -> tuple[str, int]:
    """Operator and epoch milliseconds of a filter's bound. A bound of a day alone takes the whole
    day: `lte 2025-01-01` is before 2 January, `gt 2025-01-01` is from 2 January.
    """
    moment = parse_time(value, zone=zone, now_ms=now_ms, field=field)
    if _DAY_ONLY.fullmatch(value.strip()) and operator in ("lte", "gt"):
        day = datetime.fromtimestamp(moment / 1000, tz=zone)
        following = _ms((day.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=zone))
        return ("lt" if operator == "lte" else "gte"), following
    return operator, moment
