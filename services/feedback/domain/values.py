# ruff: noqa: E501 - tables of phrases and forms are read across
"""Values in a text: amounts with units, times, dates, numbers of rooms and telephones, names."""

import re
from dataclasses import dataclass

from services.feedback.domain.folding import fold

_DIGITS = "零〇一二两三四五六七八九"
_HAN_NUMBER = f"[{_DIGITS}十百千万亿半]{{1,16}}"
_HAN_SMALL = f"[{_DIGITS}十百千万亿半]{{1,4}}"  # of a day, a month or an hour
_WORDS = dict(
    zip(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
            "thirty",
            "forty",
            "fifty",
            "sixty",
            "seventy",
            "eighty",
            "ninety",
            "hundred",
        ],
        [*range(21), 30, 40, 50, 60, 70, 80, 90, 100],
        strict=True,
    )
)
# One name a unit; general measures, money, time, and the counters of Chinese.
_UNITS = (
    ("eur", ("eur", "euros", "euro", "€", "欧元")),
    ("usd", ("usd", "us$", "dollars", "dollar", "$", "美元", "美金", "bucks")),
    ("gbp", ("gbp", "pounds sterling", "£", "英镑")),
    ("元", ("万元", "元人民币", "人民币", "元", "块钱", "块", "¥", "￥", "rmb", "cny", "yuan")),
    ("cent", ("cents", "cent")),
    ("%", ("percent", "per cent", "%", "percentage points", "个百分点")),
    ("折", ("折",)),
    ("kg", ("kilograms", "kilogram", "kilos", "kilo", "kgs", "kg", "公斤", "千克")),
    ("g", ("grams", "gram", "g", "克")),
    ("t", ("tonnes", "tonne", "tons", "ton", "吨")),
    ("斤", ("斤",)),
    ("lb", ("pounds", "pound", "lbs", "lb", "磅")),
    ("km", ("kilometres", "kilometers", "km", "公里", "千米")),
    ("m²", ("square metres", "square meters", "sqm", "m²", "m2", "平方米", "平米")),
    ("cm", ("centimetres", "centimeters", "cm", "厘米", "公分")),
    ("mm", ("millimetres", "millimeters", "mm", "毫米")),
    ("m", ("metres", "meters", "metre", "meter", "m", "米")),
    ("mile", ("miles", "mile", "英里")),
    ("l", ("litres", "liters", "litre", "liter", "l", "升")),
    ("ml", ("millilitres", "milliliters", "ml", "毫升")),
    ("°", ("degrees", "°c", "°f", "℃", "度", "摄氏度")),
    ("gb", ("gigabytes", "gigabyte", "gb", "g内存")),
    ("mb", ("megabytes", "megabyte", "mb", "mbit/s", "mbps", "兆")),
    ("tb", ("terabytes", "terabyte", "tb")),
    ("w", ("watts", "watt", "w", "瓦", "kw", "千瓦")),
    ("v", ("volts", "volt", "v", "伏")),
    ("工作日", ("working days", "working day", "business days", "business day", "个工作日", "工作日")),
    ("天", ("calendar days", "days", "day", "天", "日", "个自然日", "自然日")),
    ("周", ("weeks", "week", "个星期", "星期", "周", "个礼拜", "礼拜")),
    ("月", ("months", "month", "个月")),
    ("年", ("years", "year", "年", "周年")),
    ("小时", ("hours", "hour", "hrs", "h", "个小时", "小时", "个钟头", "钟头")),
    ("分钟", ("minutes", "minute", "mins", "min", "分钟")),
    ("秒", ("seconds", "second", "secs", "sec", "秒钟", "秒")),
    ("岁", ("years old", "year-old", "岁", "周岁")),
    ("楼", ("楼层", "楼", "层", "st floor", "nd floor", "rd floor", "th floor", "floors", "floor")),
    ("室", ("号房间", "号房", "号教室", "号会议室", "室")),
    ("号", ("号线", "号楼", "号门", "号口", "号窗口", "号柜台", "号")),
    ("人", ("people", "persons", "person", "guests", "guest", "seats", "seat", "participants", "places", "人", "名", "位", "个人", "个座位", "座")),
    ("次", ("times", "time", "次", "回", "趟", "遍")),
    ("册", ("books", "book", "册", "本")),
    ("份", ("copies", "copy", "份")),
    ("张", ("sheets", "sheet", "tickets", "ticket", "张")),
    ("页", ("pages", "page", "页")),
    ("件", ("items", "item", "pieces", "piece", "件")),
    ("台", ("台", "部", "辆", "架", "艘")),
    ("项", ("项", "条", "款", "种", "类", "门", "节", "章")),
    ("家", ("家", "所", "座城市")),
    ("盒", ("boxes", "box", "盒", "箱", "包", "袋", "瓶", "罐", "杯", "片", "粒", "枚", "颗", "只", "头", "支", "首", "篇", "集", "期", "届", "代", "级", "倍", "点", "场", "轮", "间", "套", "字", "分", "个")),
    ("版", ("版本", "版")),
)  # fmt: skip
_UNIT_OF = {form: name for name, forms in _UNITS for form in forms}
for _name, _forms in _UNITS:
    if _name == "盒":  # counters stay what they are: 2 枚 are no 2 首
        _UNIT_OF.update({form: form for form in _forms if not form.isascii()})
_INDEFINITE = frozenset(
    "个种条项类部家片层位名只首篇点场间字分次回张份件头支本人".replace("人", "")
)
_FORMS = "|".join(
    re.escape(form) + (r"(?![a-z])" if form[-1].isascii() and form[-1].isalpha() else "")
    for form in sorted(_UNIT_OF, key=len, reverse=True)
)
_NUMBER = rf"(?:\d{{1,3}}(?:,\d{{3}}){{1,6}}(?:\.\d+)?|\d+(?:\.\d+)*|{_HAN_NUMBER}|\b(?:{'|'.join(_WORDS)})\b)"
_WEEKDAY = (
    r"(?:周|星期|礼拜)[一二三四五六日天末]"
    r"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b"
)
_MONTH = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\.?"
)
_VALUE = re.compile(
    r"(?P<email>(?<![\w.+-])[\w.+-]++@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<url>https?://[^\s，。；、）)]+|\bwww\.[^\s，。；、）)]+)"
    r"|(?P<date>\d{4}\s*年\s*\d{1,2}\s*月(?:\s*\d{1,2}\s*[日号])?|\d{4}-\d{1,2}-\d{1,2}"
    rf"|(?:\d{{1,2}}|{_HAN_SMALL})\s*月\s*(?:\d{{1,2}}|{_HAN_SMALL})\s*[日号]"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}(?![a-z])(?:,?\s+\d{{4}})?"
    rf"|\b{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?(?![\d:])(?:,?\s+\d{{4}})?)"
    r"|(?P<time>\d{1,2}[:：]\d{2}(?:\s*[ap]\.?m\b\.?)?|\d{1,2}\s*[ap]\.?m\b\.?"
    rf"|(?:\d{{1,2}}|{_HAN_SMALL})\s*点(?:钟|半|一刻|三刻|\d{{1,2}}\s*分)?)"
    rf"|(?P<weekday>{_WEEKDAY})"
    rf"|(?P<place>\b(?:room|hall|gate|desk|counter|floor|level|building|platform|track|line|bus|door"
    rf"|window|bay|zone|unit|suite|extension|ext\.?|version|v)(?P<placed>\s*\d[\w-]*(?:\.\d+)*|\s+[a-z]\d*\b))"
    rf"|(?P<money>(?:us\$|nt\$|hk\$|[$€£¥￥]|\b(?:eur|usd|gbp|rmb|cny))\s*(?P<sum>{_NUMBER})(?:\s*万)?)"
    rf"|(?P<height>[{_DIGITS}1-9]米[{_DIGITS}1-9](?![{_DIGITS}\d十百]))"
    rf"|(?P<amount>(?P<number>{_NUMBER})\s*-?\s*(?P<unit>{_FORMS}))"
    r"|(?P<code>\+?\d{2,5}[-\s]\d{3,4}(?:[-\s]\d{3,4})+(?!\d)|\d{5}\s\d{6}(?!\d)|\+?\d[\d-]{2,}\d|\b[a-z]{1,4}-?\d+[a-z\d-]*\b)"
    r"|(?P<bare>\d+(?:\.\d+)*)"
)
_NAME = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Sir|Dame)\.?\s+)?\b[A-Z][\w'’-]+(?:\s+(?:[A-Z][\w'’-]+|[A-Z]\.))*"
)
_LABEL = re.compile(
    r"(?<!例如)(?<!比如)(?<!如)(?<!e\.g\.)[:：](?!\d\d)\s*(?P<value>[^,，;；。.!！\n]+)"
)


@dataclass(frozen=True, slots=True)
class Value:
    """A value in a text. kind: what it may be exchanged with ("unit:元", "time", "code", ...).
    number: its number, normalised, as text.
    """

    start: int
    end: int
    text: str
    kind: str
    number: str


def values(text: str) -> list[Value]:
    """Values in order."""
    found = []
    for match in _VALUE.finditer(fold(text)):
        kind, number = _kind(match)
        if kind:
            start, end = match.span()
            found.append(Value(start, end, text[start:end], kind, number))
    return found


def same_kind(first: Value, second: Value) -> bool:
    """Whether one may stand where the other stood."""
    if first.kind == second.kind:
        return True
    loose = {"code", "bare"}
    # A number is no model name: "P-2b" is not exchanged with 5.
    lettered = [any(c.isalpha() for c in value.text) for value in (first, second)]
    return first.kind in loose and second.kind in loose and lettered[0] is lettered[1]


def equal(first: Value, second: Value) -> bool:
    """Whether both say the same, in whatever writing."""
    return same_kind(first, second) and first.number == second.number


def names(text: str) -> list[tuple[int, int]]:
    """Spans of capitalised names (Latin script)."""
    return [match.span() for match in _NAME.finditer(text)]


def labelled(text: str) -> tuple[int, int] | None:
    """The span behind the first colon, up to the next punctuation."""
    match = _LABEL.search(text)
    return match.span("value") if match else None


def _kind(  # noqa: C901, PLR0911 - one line a kind of value
    match: re.Match[str],
) -> tuple[str, str]:
    which = match.lastgroup or ""
    if match["amount"]:
        number = normalise(match["number"])
        unit = _UNIT_OF[match["unit"]]
        if match["unit"] == "年" and re.fullmatch(r"\d{4}", match["number"]):
            return "year", number
        if match["number"] in ("一", "两") and match["unit"] in _INDEFINITE:
            return "", ""
        if unit == "元" and match["unit"].startswith("万"):
            number += "e4"
        return f"unit:{unit}", number
    if match["money"]:
        symbol = re.match(r"[^\d\s零-龥]+", match["money"])
        sign = symbol.group().strip() if symbol else ""
        return f"unit:{_UNIT_OF.get(sign, sign)}", normalise(match["sum"])
    if match["place"]:
        word = re.match(r"[a-z]+", match["place"])
        return f"place:{word.group() if word else ''}", match["placed"].strip()
    if match["height"]:  # 一米二: 1.2 m
        metres, rest = match["height"].split("米")
        return "unit:m", f"{normalise(metres)}.{normalise(rest)}"
    if match["time"]:
        return "time", _clock(match["time"])
    for kind in ("email", "url", "date", "weekday", "code", "bare"):
        if match[kind]:
            return kind, re.sub(r"\s+", "", match[kind])
    return which, ""


def _clock(text: str) -> str:
    text = re.sub(r"[\s.]", "", text)
    match = re.match(rf"(\d{{1,2}}|{_HAN_NUMBER})[:：点]?(\d{{2}}|半|一刻|三刻)?", text)
    if match is None:
        return text
    hour = int(float(normalise(match[1])))
    minute = {"半": "30", "一刻": "15", "三刻": "45", None: "00"}.get(match[2], match[2])
    if text.endswith("pm") and hour < 12:  # noqa: PLR2004 - noon
        hour += 12
    return f"{hour}:{minute}"


def normalise(number: str) -> str:
    """A number as digits: thousands separators, number words and Chinese numerals resolved."""
    text = number.replace(",", "")
    if text[:1].isdigit():
        return text[:-2] if re.fullmatch(r"\d+\.0", text) else text
    if text in _WORDS:
        return str(_WORDS[text])
    return _chinese_number(text)


def _chinese_number(text: str) -> str:
    if text == "半":
        return "0.5"
    total = section = digit = 0
    for character in text:
        if character in _DIGITS:
            index = _DIGITS.index(character)
            digit = digit * 10 * (digit > 0) + (0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9)[index]
        elif character in "十百千":
            section += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[character]
            digit = 0
        elif character in "万亿":
            total = (total + section + digit) * {"万": 10**4, "亿": 10**8}[character]
            section = digit = 0
    return str(total + section + digit)
