"""Quantities against ranges: two and a half years against "2-4 years", 13 kg against "under 12"."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter

from services.kernel.language.bounds import squeezed
from services.kernel.language.counting import (
    AGE_EN,
    CURRENCIES,
    EN_NUMBERS,
    MONEY,
    MULTIPLE,
    MULTIPLES,
    NUMBER,
    THING,
    UNIT,
    UNITS,
    value_of,
)
from services.kernel.language.text import lowered
from services.kernel.language.versions import version_ranges, versions

# All patterns take text in small letters (`lowered`): half the time of ignoring case.
_ANY_NUMBER = re.compile(NUMBER)
_TO = r"(?:\s*[-–—~～至到]\s*|\s+to\s+|\s+and\s+)"
_RANGE = re.compile(
    rf"(?P<aged>\bage[sd]?\s+|\bbetween\s+)?(?P<money>{MONEY})?(?P<low>(?>{NUMBER}))"
    rf"(?P<lowtimes>{MULTIPLE})?\s*(?P<lowunit>{UNIT})?{_TO}(?:{MONEY})?"
    rf"(?P<high>(?>{NUMBER}))(?P<times>{MULTIPLE})?(?P<half>半)?[\s-]*"
    rf"(?P<unit>{AGE_EN}|{UNIT})?(?![a-z])(?:[ -]?(?P<thing>{THING}))?",
)
_BEFORE = (
    r"\b(?:under|below|less than|fewer than|up to|at most|no more than|not more than|within"
    r"|maximum(?: of)?|max\.?|over|above|more than|at least|from|minimum(?: of)?|min\.?|older than"
    r"|younger than|aged|age)\s+|不超过|不高于|不大于|不多于|最多|至多|低于|小于|少于|未满|不满"
    r"|不足|不到|超过|高于|大于|多于|至少|不少于|不低于|最少|满|年满|[<>≤≥]=?"
)
_BOUND = re.compile(
    rf"(?P<before>{_BEFORE})?\s*(?P<money>{MONEY})?(?P<number>(?>{NUMBER}))(?P<times>{MULTIPLE})?"
    rf"(?P<half>半|\s+and\s+a\s+half)?(?:多个?|来|余)?[\s-]*"
    rf"(?P<unit>{AGE_EN}|{UNIT})?(?P<half2>半)?\s*(?P<after>及?以下|以内|之内|以上|及以上|起"
    rf"|and under|and below|or less|or fewer|or under|or younger"
    rf"|and over|and above|and up|or more|or older|or over|and older|\+)?"
    rf"(?:\s*(?P<unit2>{UNIT})|[ -]?(?P<thing>{THING}))?",
)
# What may stand before the number of either, and how far back that is looked for.
_LEAD = re.compile(rf"(?:{_BEFORE}|\bage[sd]?\s+|\bbetween\s+)?\s*(?:{MONEY})?$")
_LONGEST_LEAD = 24
_BEHIND = 12
_LOW_WORDS = re.compile(
    r"under|below|less|fewer|up to|at most|no more|not more|within|max|younger|不超过|不高于"
    r"|不大于|不多于|最多|至多|低于|小于|少于|未满|不满|不足|不到|<|≤|以下|以内|之内",
)
_HIGH_WORDS = re.compile(
    r"over|above|more than|at least|from|min|older|超过|高于|大于|多于|至少|不少于|不低于|最少"
    r"|满|>|≥|以上|起|\+|and up|or more",
)
_PROHIBITION = re.compile(
    r"禁|不宜|不得|不能|不可|勿|慎用|不适|\bnot\b|\bdo not\b|\bforbidden\b|\bunsuitable\b"
    r"|\bavoid\b|\bnever\b|\bprohibited\b",
)
_AGE_HINT = re.compile(
    r"岁|年龄|儿童|幼|婴|老人|\bage|\bchild|\bkids?\b|\badults?\b|\binfants?\b|\btoddlers?\b"
    r"|\bseniors?\b|\bpensioners?\b|\bteen"
    r"|(?<![\d.])\d{1,2} (?:and|or) (?:over|under|older|younger)\b"
    r"|\b(?:over|under)[ -]\d{1,2}s\b"
    r"|\b(?:people|persons?|anyone|anybody|everyone|those|travell?ers?|passengers?|drivers?|guests?"
    r"|members?|applicants?|customers?|patients?|visitors?|students?|adults?) (?:aged )?"
    r"(?:over|under|above|below)\b",
)
# "I'm 67", "she just turned 12".
_PLAIN_AGE = re.compile(
    r"\b(?:i['’]m|i am|he['’]s|she['’]s|is|turn(?:s|ed|ing)|aged?)\s+(?:just |already |almost "
    r"|now )?"
    r"(?P<years>\d{1,2}|" + "|".join(EN_NUMBERS) + r")\b(?![.:/%-]\d)",
)
# "今年 38", "快四十了".
_PLAIN_AGE_ZH = re.compile(
    r"(?:今年|刚满|虚岁|周岁|年近|年过|快|都|已经|马上|奔)\s*(?P<years>\d{1,2}|[一二三四五六七八九十]{1,3})"
    r"(?=(?:多|出头)?(?:了|啦)|多?岁?[，,。！!；]|$)"
)
# "in my early thirties": some years above the ten.
_DECADE = re.compile(
    r"\bin (?:my|his|her|their|our) (?:(?P<part>early|mid|late)[\s-])?"
    r"(?P<ten>[2-9]0|twen|thir|for|fif|six|seven|eigh|nine)(?:['’]?s|ties)\b",
)
_DECADES = "twen thir for fif six seven eigh nine"
_PARTS = {"early": 2.0, "mid": 5.0, "late": 8.0, "": 5.0}
# "a team of 14", "there are five of us".
_GROUP = re.compile(
    rf"\b(?:team|group|party|family|crew|class|staff|household|bunch|company|headcount) of "
    rf"(?:about |around |roughly |just )?(?P<of>{NUMBER})(?![.,%]?\d)"
    rf"|(?<![\d零〇一二两三四五六七八九十百千])(?<!\d,)(?P<us>(?>{NUMBER})) of (?:us|them)\b",
)
_BARE_UNIT = re.compile(rf"[\s-]{{0,8}}(?:{UNIT}|%|°)(?![a-z])|[a-z]")


_PLAIN = "plain"
_THINGS = "thing:"
_LARGE = 1000.0
_EARLIEST, _LATEST = 1900, 2101  # years
# Dimensions that may measure the same, in the same base unit: of a quantity, and of a range.
_MAY_BE = frozenset(
    {("age", "years"), ("months", "years"), ("years", "months")}
    | {(_PLAIN, money) for money in ("cny", "usd", "gbp", "eur")}
    | {(money, _PLAIN) for money in ("cny", "usd", "gbp", "eur")}
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value in the base unit of its dimension."""

    dimension: str
    value: float


@dataclass(frozen=True, slots=True)
class Range:
    """low <= value <= high in the base unit; forbidden: what lies inside is excluded; main: it
    stands in the heading, as what the text is about.
    """

    dimension: str
    low: float
    high: float
    forbidden: bool = False
    main: bool = False

    def concerns(self, quantity: Quantity) -> bool:
        """Whether both measure the same: bare years may be somebody's age, as bare months in a
        heading; bare large numbers may be money.
        """
        pair = (quantity.dimension, self.dimension)
        return pair[0] == pair[1] or pair in _MAY_BE or (self.main and pair == ("age", "months"))

    @property
    def closed(self) -> bool:
        """Whether it has two ends that admit what lies between."""
        return self.low > 0 and self.high < float("inf") and not self.forbidden

    def admits(self, value: float) -> bool:
        """Whether the text speaks of this value."""
        inside = self.low <= value <= self.high
        return inside != self.forbidden


def is_unit(term: str) -> bool:
    """Whether a term only measures."""
    return term in UNITS


def quantities(text: str) -> list[Quantity]:
    """Plain values with units, no bounds: "13 kg", "两岁半", "three-month-old"."""
    text = lowered(squeezed(text))
    found = []
    taken = [
        match.span()
        for match in _around_numbers(_RANGE, "low", text)
        if _measure(match, text, value_of(match["low"])) is not None
    ]
    for match in _around_numbers(_BOUND, "number", text):
        if _overlaps(match, taken):
            continue
        bounded = (match["before"] or "").strip() not in {"", "aged", "age", "满", "年满"}
        value = value_of(match["number"]) + (0.5 if match["half"] or match["half2"] else 0.0)
        measure = _measure(match, text, value)
        if bounded or match["after"] or measure is None:
            continue
        found.append(Quantity(measure[0], value * measure[1]))
    found.extend(
        Quantity("age", value_of(match["years"]) * 12)
        for match in _PLAIN_AGE.finditer(text)
        if not _BARE_UNIT.match(text, match.end())
    )
    found.extend(_plainly(text))
    found.extend(Quantity("version", value) for value in versions(text))
    return found


def _plainly(text: str) -> Iterator[Quantity]:
    """Ages and headcounts without their unit."""
    for match in _PLAIN_AGE_ZH.finditer(text):
        yield Quantity("age", value_of(match["years"]) * 12)
    for match in _DECADE.finditer(text):
        ten = match["ten"]
        tens = float(ten) if ten.isdigit() else 10.0 * (2 + _DECADES.split().index(ten))
        yield Quantity("age", (tens + _PARTS[match["part"] or ""]) * 12)
    for match in _GROUP.finditer(text):
        yield Quantity("people", value_of(match["of"] or match["us"]))


def ranges(text: str) -> list[Range]:
    """Ranges and bounds: "2-12 月龄", "under 12", "65 and over", "不超过 5 公斤"."""
    text = lowered(squeezed(text))
    found: list[Range] = []
    taken: list[tuple[int, int]] = []
    for match in _around_numbers(_RANGE, "low", text):
        value = value_of(match["high"]) + (0.5 if match["half"] else 0.0)
        measure = _measure(match, text, value)
        if measure is None:
            continue
        dimension, factor = measure
        low, high = _lowest(match, text, dimension, factor), value * factor
        if low > high:
            continue
        # Whole ages and sizes run up to the next one: "4-6 years" holds five and a half.
        if dimension == "age":
            high += factor * 0.99
        found.append(Range(dimension, low, high, _forbidden(text, match.start(), match.end())))
        taken.append(match.span())
    found.extend(
        bound
        for match in _around_numbers(_BOUND, "number", text)
        if not _overlaps(match, taken) and (bound := _bound(match, text)) is not None
    )
    found.extend(Range("version", low, high) for low, high in version_ranges(text))
    return found


def _around_numbers(pattern: re.Pattern[str], group: str, text: str) -> Iterator[re.Match[str]]:
    """As `pattern.finditer(text)`, in a fifth of the time: tried only where its number, `group`,
    stands, and where what leads to one begins.
    """
    last = 0
    for number in _ANY_NUMBER.finditer(text):
        start = number.start()
        if start < last:
            continue
        lead = _LEAD.search(text, max(last, start - _LONGEST_LEAD), start)
        first = lead.start() if lead is not None else start
        for place in range(first, start + 1):
            match = pattern.match(text, place)
            if match is not None and match.start(group) == start:
                last = match.end()
                yield match
                break


def _overlaps(match: re.Match[str], taken: Sequence[tuple[int, int]]) -> bool:
    """Whether the match has characters of a span; these are in order and apart."""
    place = bisect_left(taken, match.end(), key=itemgetter(0))
    return place > 0 and match.start() < taken[place - 1][1]


def _bound(match: re.Match[str], text: str) -> Range | None:
    """A one-sided range; None for a plain value."""
    words = f"{match['before'] or ''} {match['after'] or ''}"
    below, above = _LOW_WORDS.search(words), _HIGH_WORDS.search(words)
    if not below and not above:
        return None
    value = value_of(match["number"]) + (0.5 if match["half"] else 0.0)
    measure = _measure(match, text, value)
    if measure is None or measure[0].startswith(_THINGS):
        near = text[max(0, match.start() - 16) : match.end() + 12]
        measure = ("age", 12.0) if _AGE_HINT.search(near) else measure
    if measure is None:
        return None
    dimension, factor = measure
    value *= factor
    forbidden = _forbidden(text, match.start(), match.end())
    low, high = (0.0, value) if below else (value, float("inf"))
    return Range(dimension, low, high, forbidden)


def _forbidden(text: str, start: int, end: int) -> bool:
    """Whether a prohibition stands right before or after the range, in its clause."""
    # A heading's range is what the section is about; a prohibition below does not reverse it.
    end = start + len(text[start:end].rstrip())
    after = re.split(r"[，,。；;.\n]", text[end : end + 16])[0]
    before = re.split(r"[，,。；;.\n]", text[max(0, start - 26) : start])[-1]
    before = re.sub(r"不超过|不少于|不低于|不高于|no more than|not more than", "", before)
    return bool(_PROHIBITION.search(after) or _PROHIBITION.search(before))


def _measure(match: re.Match[str], text: str, value: float) -> tuple[str, float] | None:
    """Dimension and factor of a number; None where it measures nothing."""
    said = match.groupdict()
    times = MULTIPLES[said["times"].strip()] if said["times"] else 1.0
    unit = said["unit"] or said.get("lowunit") or said.get("unit2")
    if unit:
        dimension, factor = _unit(unit, text, match.end())
        return dimension, factor * times
    if said["money"]:
        return CURRENCIES[said["money"].strip()], times
    if said.get("aged"):
        return ("age", 12.0) if said["aged"].startswith("age") else _counted(said, value)
    if times > 1.0 and not said["times"].isascii():
        return "cny", times
    if value * times >= _LARGE:
        grouped = "," in (said.get("number") or said.get("high") or "")
        return (
            None
            if times == 1.0 and not grouped and _EARLIEST <= value < _LATEST
            else (_PLAIN, times)
        )
    return _counted(said, value)


def _counted(said: dict[str, str], value: float) -> tuple[str, float] | None:
    """Whatever else is counted, by its name."""
    if value >= _LARGE:
        return _PLAIN, 1.0
    thing = said["thing"]
    return (f"{_THINGS}{thing.rstrip('s')}", 1.0) if thing else None


def _lowest(match: re.Match[str], text: str, dimension: str, factor: float) -> float:
    """The lower end of a range in the base unit: by its own unit, else by that of the upper."""
    low = value_of(match["low"])
    if match["lowtimes"] and not match["lowunit"]:
        own = MULTIPLES[match["lowtimes"].strip()]
        return low * own * factor / (MULTIPLES[match["times"].strip()] if match["times"] else 1.0)
    if match["lowunit"]:
        low_dimension, low_factor = _unit(match["lowunit"], text, match.end())
        own = MULTIPLES[match["lowtimes"].strip()] if match["lowtimes"] else 1.0
        return low * own * (low_factor if low_dimension == dimension else factor)
    high = value_of(match["high"])
    # "5 to 10 thousand" is 5,000 to 10,000; "5,000 to 1万" is not.
    if match["times"] and low >= high:
        factor /= MULTIPLES[match["times"].strip()]
    return low * factor


def _unit(unit: str, text: str, end: int) -> tuple[str, float]:
    unit = unit.strip()
    if re.search(r"old|of age|^y/?o$", unit):
        if unit.startswith("month"):
            return "age", 1.0
        return ("age", 0.23) if unit.startswith("week") else ("age", 12.0)
    dimension, factor = UNITS[unit]
    if dimension in {"months", "years"}:
        near = text[max(0, end - 28) : end + 12]
        behind = text[end : end + _BEHIND]
        if re.match(r"\s*大|\s*的?(?:宝宝|婴儿|幼)", behind) or _AGE_HINT.search(near):
            return "age", factor
    return dimension, factor
