"""From when a correction holds: "下月起", "as of 1 March"."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.feedback.domain.folding import fold
from services.feedback.domain.values import normalise

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HAN_DAYS = "一二三四五六日"
_NUMBER = r"(?:\d{1,2}|[一二三四五六七八九十]{1,3})"
_FROM_ZH = re.compile(
    rf"(?:自|从|由|打)?(?P<when>(?:(?:\d{{4}}|今|明|后|本)年)?(?:的)?(?:{_NUMBER}月份?)?(?:{_NUMBER}[日号])?"
    r"|(?:下个?|本|这个?)月(?:份)?(?:初|底|\d{1,2}[日号])?|(?:下个?|本|这)(?:周|星期|礼拜)[一二三四五六日天]?"
    r"|明天|后天|今天|今日|明日|即日|现在|下(?:个?)(?:季度|学期)|\d{4}-\d{1,2}-\d{1,2})"
    r"(?:开始)?(?:起|开始|以后|之后|后(?=[，,])|生效|执行|实施)"
)
_LEAD_EN = (
    r"(?:as of|as from|from|starting(?: from| on| in)?|effective(?: from| as of| on)?|beginning"
    r"(?: on| in)?|with effect from|since)"
)
_MONTH_EN = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
_FROM_EN = re.compile(
    rf"\b{_LEAD_EN}\s+(?P<when>(?:the\s+)?(?:first|1st|start|beginning)\s+of\s+next\s+month"
    r"|next\s+(?:week|month|year|quarter|(?:mon|tues|wednes|thurs|fri|satur|sun)day)"
    r"|tomorrow|today|now on|(?:this|coming|next)\s+(?:mon|tues|wednes|thurs|fri|satur|sun)day"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day"
    rf"|(?:the\s+)?\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH_EN}(?:,?\s+\d{{4}})?"
    rf"|{_MONTH_EN}(?:\s+\d{{1,2}}(?:st|nd|rd|th)?(?!\d))?(?:,?\s+\d{{4}})?"
    r"|\d{4}-\d{1,2}-\d{1,2})\b(?!\s*(?:to|until|till|through|-|–)\b)"
    r"|\b(?P<bare>(?:next\s+(?:week|month|year)|tomorrow))\b"
)


def valid_from(text: str, *, now: int, timezone: str) -> tuple[int | None, tuple[int, int] | None]:
    """Epoch milliseconds at which the words say that something begins, and where they say it;
    (None, None) where they do not, or where it began already with no date named.
    """
    zone = _zone(timezone)
    today = datetime.fromtimestamp(now / 1000, UTC).astimezone(zone).date()
    folded = fold(text)
    for pattern, read in ((_FROM_ZH, _chinese), (_FROM_EN, _english)):
        for match in pattern.finditer(folded):
            groups = match.groupdict()
            words = groups["when"] or groups.get("bare") or ""
            day = _safe(read, words, today)
            if day is not None:
                start = datetime(day.year, day.month, day.day, tzinfo=zone)
                return int(start.timestamp() * 1000), match.span()
    return None, None


def _safe(read: Callable[[str, date], date | None], words: str, today: date) -> date | None:
    try:
        return read(words.strip(), today) if words.strip() else None
    except (ValueError, OverflowError):  # 31 February; the day after the last one
        return None


def _chinese(words: str, today: date) -> date | None:
    relative = {"明": 1, "后": 2, "今": 0, "即": 0, "现": None}
    if words in ("明天", "明日", "后天", "今天", "今日", "即日", "现在"):
        days = relative[words[0]]
        return None if days is None else today + timedelta(days=days)
    if re.match(r"(?:下个?|本|这个?)月", words):
        first = _month_on(today, 1 if words.startswith("下") else 0)
        day = re.search(r"(\d{1,2})[日号]", words)
        return first.replace(day=int(day[1])) if day else first
    week = re.match(r"(下个?|本|这)(?:周|星期|礼拜)([一二三四五六日天]?)", words)
    if week:
        index = _HAN_DAYS.index(week[2].replace("天", "日")) if week[2] else 0
        monday = today - timedelta(days=today.weekday())
        return monday + timedelta(days=7 * week[1].startswith("下") + index)
    iso = re.match(r"(\d{4})-(\d{1,2})-(\d{1,2})", words)
    if iso:
        return date(int(iso[1]), int(iso[2]), int(iso[3]))
    return _chinese_date(words, today)


def _chinese_date(words: str, today: date) -> date | None:
    year = re.match(r"(\d{4}|今|明|后|本)年", words)
    month = re.search(rf"({_NUMBER})月", words)
    day = re.search(rf"({_NUMBER})[日号]", words)
    if not (year or month or day):
        return None
    number = today.year
    if year:
        steps = {"今": 0, "本": 0, "明": 1, "后": 2}
        number = int(year[1]) if year[1].isdigit() else today.year + steps[year[1]]
    which = int(normalise(month[1])) if month else (today.month if day else 1)
    return date(number, which, int(normalise(day[1])) if day else 1)


def _english(  # noqa: PLR0911 - one line a wording
    words: str, today: date
) -> date | None:
    if "next month" in words:
        return _month_on(today, 1)
    if words in ("tomorrow", "today"):
        return today + timedelta(days=words == "tomorrow")
    if words == "next week":
        return today + timedelta(days=7 - today.weekday())
    if words == "next year":
        return date(today.year + 1, 1, 1)
    if words == "next quarter":
        return _month_on(today, 3 - (today.month - 1) % 3)
    weekday = re.search(r"(mon|tue|wed|thu|fri|sat|sun)[a-z]*day", words)
    if weekday:
        ahead = (_DAYS.index(weekday[1]) - today.weekday()) % 7
        return today + timedelta(days=ahead or 7)
    iso = re.match(r"(\d{4})-(\d{1,2})-(\d{1,2})", words)
    if iso:
        return date(int(iso[1]), int(iso[2]), int(iso[3]))
    month = re.search(r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)", words)
    if month is None:
        return None
    year = re.search(r"\b(\d{4})\b", words)
    day = re.search(r"\b(\d{1,2})(?!\d)", words)
    number = int(year[1]) if year else today.year
    return date(number, _MONTHS.index(month[1]) + 1, int(day[1]) if day else 1)


def _month_on(today: date, months: int) -> date:
    index = today.year * 12 + today.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
