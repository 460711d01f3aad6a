# ruff: noqa: E501 - a pattern is read as one line, however long
"""Relative dates, resolved with the time and zone in which they were said."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.memorizer.domain.extraction.language import is_chinese


@dataclass(frozen=True, slots=True)
class Moment:
    """A phrase and the day, month or year (ISO, `2025-06-11`, `2025-06`, `2025`) that it means."""

    phrase: str
    label: str
    first: date

    def epoch_ms(self, zone: tzinfo) -> int:
        """Its first midnight."""
        midnight = datetime(self.first.year, self.first.month, self.first.day, tzinfo=zone)
        return int(midnight.timestamp() * 1000)


def zone_of(name: str) -> tzinfo:
    """The zone of that name; UTC where the name is unknown."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def local_day(chat_time: int, zone: tzinfo) -> date:
    """The calendar day of an epoch in milliseconds."""
    return datetime.fromtimestamp(chat_time / 1000, tz=zone).date()


_Rule = tuple[re.Pattern[str], Callable[[re.Match[str], date], tuple[str, date] | None]]
_DIGITS = {"零": 0, "一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8,
           "九": 9, "十": 10, "日": 7, "天": 7, "末": 6}  # fmt: skip
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WORDS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
          "seven": 7, "eight": 8, "nine": 9, "ten": 10, "a couple of": 2, "a few": 3}  # fmt: skip


def number_zh(text: str) -> int | None:
    """十二 -> 12, 3 -> 3; None beyond 99."""
    if text.isdigit():
        return int(text)
    if "十" in text:
        tens, _, ones = text.partition("十")
        return _DIGITS.get(tens, 1) * 10 + (_DIGITS.get(ones, 0) if ones else 0)
    return _DIGITS.get(text)


def moments(text: str, said: date) -> list[Moment]:
    """Relative dates in the text, in order, without overlaps; absolute ones need no help."""
    found: list[tuple[int, int, Moment]] = []
    for match, label, first in _matches(text, said):
        if any(match.start() < end and start < match.end() for start, end, _ in found):
            continue
        found.append((match.start(), match.end(), Moment(match.group().strip(), label, first)))
    found.sort(key=lambda item: item[0])
    return _in_sequence([moment for _, _, moment in found], said)


_BARE_WEEKDAY = re.compile(
    rf"(?:周|星期|礼拜)[一二三四五六日天]|(?:on|by|until|till)\s+(?:{'|'.join(_WEEKDAYS)})",
    re.IGNORECASE,
)


def _in_sequence(found: list[Moment], said: date) -> list[Moment]:
    """Next Wednesday, back on Friday: a bare weekday comes after the day before it."""
    result: list[Moment] = []
    for moment in found:
        earlier = result[-1].first if result else said
        if _BARE_WEEKDAY.fullmatch(moment.phrase) and said < earlier and moment.first < earlier:
            with suppress(OverflowError):  # beyond the last day of the calendar
                label, first = _coming(earlier, moment.first.weekday())
                result.append(Moment(moment.phrase, label, first))
        else:
            result.append(moment)
    return result


def _matches(text: str, said: date) -> Iterator[tuple[re.Match[str], str, date]]:
    for pattern, meaning in _rules_zh() if is_chinese(text) else _rules_en():
        for match in pattern.finditer(text):
            try:
                meant = meaning(match, said)
            except (ValueError, OverflowError):
                continue
            if meant is not None:
                yield match, *meant


def _day(day: date) -> tuple[str, date]:
    return day.isoformat(), day


def _month(year: int, month: int) -> tuple[str, date]:
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return f"{year:04d}-{month:02d}", date(year, month, 1)


def _weekday(said: date, week: int, weekday: int) -> tuple[str, date]:
    return _day(said - timedelta(days=said.weekday()) + timedelta(weeks=week, days=weekday))


def _coming(said: date, weekday: int) -> tuple[str, date]:
    return _day(said + timedelta(days=(weekday - said.weekday()) % 7))


def _shift(said: date, amount: int, unit: str) -> tuple[str, date]:
    if unit in {"天", "day", "日"}:
        return _day(said + timedelta(days=amount))
    if unit in {"周", "星期", "礼拜", "week"}:
        return _day(said + timedelta(weeks=amount))
    if unit in {"月", "个月", "month"}:
        return _month(said.year, said.month + amount)
    return str(said.year + amount), date(said.year + amount, 1, 1)


@cache
def _rules_zh() -> tuple[_Rule, ...]:
    days = {"今天": 0, "今晚": 0, "今早": 0, "明天": 1, "明晚": 1, "明早": 1, "后天": 2, "大后天": 3,
            "昨天": -1, "昨晚": -1, "前天": -2, "大前天": -3}  # fmt: skip
    weeks = {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1, "下下": 2}
    years = {"今年": 0, "明年": 1, "后年": 2, "去年": -1, "前年": -2}
    number = r"(\d{1,4}|[一两二三四五六七八九十]{1,6})"

    def in_week(match: re.Match[str], said: date) -> tuple[str, date]:
        week, weekday = weeks[match.group(1)], match.group(2)
        if not weekday:
            return _weekday(said, week, 0)
        return _weekday(said, week, (_DIGITS[weekday] - 1) % 7)

    def in_year(match: re.Match[str], said: date) -> tuple[str, date]:
        year = said.year + years[match.group(1)]
        month = number_zh(match.group(2)) if match.group(2) else None
        return _month(year, month) if month else (str(year), date(year, 1, 1))

    def in_month(match: re.Match[str], said: date) -> tuple[str, date]:
        label, first = _month(said.year, said.month + weeks[match.group(1)])
        day = number_zh(match.group(2)) if match.group(2) else None
        return _day(first.replace(day=day)) if day else (label, first)

    def ago(match: re.Match[str], said: date) -> tuple[str, date] | None:
        amount = number_zh(match.group(1))
        if amount is None:
            return None
        return _shift(said, amount if match.group(3) == "后" else -amount, match.group(2))

    return (
        (re.compile(r"(大后天|大前天|今天|今晚|今早|明天|明晚|明早|后天|昨天|昨晚|前天)"),
         lambda match, said: _day(said + timedelta(days=days[match.group(1)]))),
        (re.compile(r"(上上|下下|上|这|本|下)个?(?:周|星期|礼拜)([一二三四五六日天末])?(?!期|报|刊)"), in_week),
        (re.compile(rf"(上上|下下|上|这|本|下)个?月(?:{number}[号日])?"), in_month),
        (re.compile(rf"(今年|明年|后年|去年|前年)(?:{number}月)?"), in_year),
        (re.compile(rf"(?<![\d一两二三四五六七八九十]){number}(天|周|个?星期|个月|年)(?:之|以)?(后|前)"), ago),
        (re.compile(r"(?<![上下这本每个是])(?<!周[一二三四五六日])(?<!周[一二三四五六日][、和到至])(?:周|星期|礼拜)([一二三四五六日天])(?![、和到至]?(?:周|[一二三四五六日]))"),
         lambda match, said: _coming(said, _DIGITS[match.group(1)] - 1)),
    )  # fmt: skip


@cache
def _rules_en() -> tuple[_Rule, ...]:
    days = {"today": 0, "tonight": 0, "this morning": 0, "this evening": 0, "this afternoon": 0,
            "tomorrow": 1, "yesterday": -1, "last night": -1, "the day after tomorrow": 2,
            "the day before yesterday": -2}  # fmt: skip
    step = {"last": -1, "this": 0, "next": 1, "previous": -1, "past": -1, "coming": 1}
    weekday = "|".join(_WEEKDAYS)
    amount = r"(\d+|a couple of|a few|an?|one|two|three|four|five|six|seven|eight|nine|ten)"
    flags = re.IGNORECASE

    def near(match: re.Match[str], said: date) -> tuple[str, date]:
        which, unit = step[match.group(1).casefold()], match.group(2).casefold()
        if unit == "week":
            return _weekday(said, which, 0)
        if unit == "weekend":
            return _weekday(said, which, 5)
        if unit in _WEEKDAYS:
            return _near_weekday(said, which, _WEEKDAYS.index(unit))
        return _shift(said, which, unit)

    def season(match: re.Match[str], said: date) -> tuple[str, date] | None:
        which, name = step[match.group(1).casefold()], match.group(2).casefold()
        if name[:3] not in _MONTHS:
            return None
        month = _MONTHS.index(name[:3]) + 1
        year = said.year
        if which > 0 and month <= said.month:
            year += 1
        if which < 0 and month >= said.month:
            year -= 1
        return _month(year, month)

    def ago(match: re.Match[str], said: date) -> tuple[str, date]:
        count = _count(match.group("n"))
        forward = match.group("ago") is None and match.group("later") is None
        forward = forward or match.group("later") is not None
        unit = match.group("unit").casefold()
        return _shift(said, count if forward else -count, unit)

    months = "january|february|march|april|june|july|august|september|october|november|december"
    return (
        (re.compile(r"\b(the day after tomorrow|the day before yesterday|today|tonight|this morning"
                    r"|this afternoon|this evening|tomorrow|yesterday|last night)\b", flags),
         lambda match, said: _day(said + timedelta(days=days[match.group(1).casefold()]))),
        (re.compile(rf"\b(last|this|next|previous|past|coming) (weekend|week|month|year|{weekday})\b", flags), near),
        (re.compile(rf"\b(last|this|next) ({months})\b", flags), season),
        (re.compile(rf"\b(?:in\s+)?(?P<n>{amount[1:-1]}) (?P<unit>day|week|month|year)s?"
                    r"(?:(?P<ago> ago)|(?P<later> from now| later))", flags), ago),
        (re.compile(rf"\bin (?P<n>{amount[1:-1]}) (?P<unit>day|week|month|year)s?(?P<ago>(?!))?(?P<later>(?!))?\b", flags), ago),
        (re.compile(rf"\b(?P<since>since|last)\s+({weekday})\b", flags),
         lambda match, said: _near_weekday(said, -1, _WEEKDAYS.index(match.group(2).casefold()))),
        (re.compile(rf"\b(?:on|by|until|till|for|this|from)\s+({weekday})\b(?!s)", flags),
         lambda match, said: _coming(said, _WEEKDAYS.index(match.group(1).casefold()))),
    )  # fmt: skip


def _count(words: str) -> int:
    low = words.casefold()
    return int(low) if low.isdigit() else _WORDS[low]


def _near_weekday(said: date, which: int, weekday: int) -> tuple[str, date]:
    if which == 0:
        return _coming(said, weekday)
    if which < 0:
        return _day(said - timedelta(days=(said.weekday() - weekday - 1) % 7 + 1))
    return _weekday(said, 1, weekday)
