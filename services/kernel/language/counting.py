"""Numbers, units and currencies as people write them, English and Chinese."""

import re

_COUNTED = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen
"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
EN_NUMBERS = {word: value for value, word in enumerate(_COUNTED.split())}
EN_NUMBERS |= {word: 10 * value for value, word in enumerate(_TENS.split(), start=2)}
MULTIPLES = {
    "千": 1e3,
    "万": 1e4,
    "百万": 1e6,
    "亿": 1e8,
    "k": 1e3,
    "thousand": 1e3,
    "million": 1e6,
}
CURRENCIES = {"$": "usd", "£": "gbp", "€": "eur", "¥": "cny", "￥": "cny"}
_ZH_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
# unit: (dimension, factor to the base unit). Ages and spans of time are not compared.
UNITS: dict[str, tuple[str, float]] = {}
for _names, _dimension, _factor in (
    ("周岁 岁", "age", 12.0),
    ("月龄 个月大 个多月大", "age", 1.0),
    ("个月 months month", "months", 1.0),
    ("年 years year yrs", "years", 12.0),
    ("天 日 days day", "days", 1.0),
    ("周 星期 个星期 weeks week", "days", 7.0),
    ("晚 个晚上 nights night", "nights", 1.0),
    ("小时 个小时 hours hour hrs h", "minutes", 60.0),
    ("分钟 minutes minute mins min", "minutes", 1.0),
    ("公斤 千克 kg kilos kilo kilograms", "mass", 1.0),
    ("斤", "mass", 0.5),
    ("克 g grams", "mass", 0.001),
    ("磅 lb lbs pounds", "mass", 0.4536),
    ("吨 tonnes tons", "mass", 1000.0),
    ("公里 千米 km kilometres kilometers", "length", 1000.0),
    ("米 m metres meters", "length", 1.0),
    ("厘米 公分 cm", "length", 0.01),
    ("毫米 mm", "length", 0.001),
    ("英寸 寸 inches inch", "inches", 1.0),
    ("平米 平方米 平 ㎡ sqm", "area", 1.0),
    ("元 块 块钱 人民币 yuan rmb cny", "cny", 1.0),
    ("usd dollars $", "usd", 1.0),
    ("eur euros euro €", "eur", 1.0),
    ("gbp £", "gbp", 1.0),
    (
        "人 个人 名 位 口 口人 people person persons guests employees seats users heads",
        "people",
        1.0,
    ),
    ("度 ℃ °c degrees", "degrees", 1.0),
    ("gb", "bytes", 1.0),
    ("tb", "bytes", 1024.0),
    ("mb", "bytes", 1 / 1024),
    ("kw 千瓦", "power", 1.0),
    ("% 百分之", "percent", 1.0),
    ("学分 credits", "credits", 1.0),
    ("次 趟 回 times", "times", 1.0),
    ("bedrooms bedroom beds bed 室 居", "bedrooms", 1.0),
    ("rooms room 间", "rooms", 1.0),
    ("floors floor storeys storey 层", "floors", 1.0),
    ("辆", "vehicles", 1.0),
    ("台", "machines", 1.0),
    ("单 笔", "orders", 1.0),
    ("件", "items", 1.0),
    ("litres litre liters liter l 升", "volume", 1.0),
    ("ml 毫升", "volume", 0.001),
    ("亩", "area", 666.7),
    ("stars star 星", "stars", 1.0),
    ("points", "points", 1.0),
    ("miles mile", "length", 1609.0),
    ("stone", "mass", 6.35),
    ("watts watt w 瓦", "power", 0.001),
    ("mbps 兆", "speed", 1.0),
):
    for _name in _names.split():
        UNITS[_name] = (_dimension, _factor)

NUMBER = (
    r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|(?:[零〇一二两三四五六七八九十百]|千(?![克米瓦]))+|\b(?:(?:"
    + "|".join(_TENS.split())
    + r")[\s-](?:"
    + "|".join(_COUNTED.split()[1:10])
    + r")|(?:(?:a|"
    + "|".join(_COUNTED.split()[1:10])
    + r")\s)?hundred|"
    + "|".join(sorted(EN_NUMBERS, key=len, reverse=True))
    + r")\b"
)
MULTIPLE = r"\s*(?:k(?![a-z])|thousand\b|million\b|百万|千(?![克米瓦])|万|亿)"
MONEY = r"[$£€¥￥]\s*"
# Any other thing that is counted: "4 bedrooms", "12 branches".
_NO_THING = (
    "and or to of in on at by for from the this that these those with more less other years?"
    " months? weeks? days? hours? minutes? am pm st nd rd th was were are has had have who which"
    " but than per percent each every times"
)
THING = rf"(?!(?:{'|'.join(_NO_THING.split())})\b)[a-z]{{3,}}"
UNIT = "|".join(
    re.escape(name) + ("(?![a-z])" if name.isascii() and name.isalpha() else "")
    for name in sorted(UNITS, key=len, reverse=True)
)
AGE_EN = r"(?:months?|weeks?|years?|yrs?)[\s-]*(?:old|of age)|y/?o(?![a-z])"


def value_of(text: str) -> float:
    """The value of what `NUMBER` found."""
    lowered = text.lower()
    if lowered[0].isalpha() and lowered.isascii():
        return _english(lowered)
    if lowered[0].isdigit():  # of any script: `float` reads full-width digits, too
        return float(lowered.replace(",", ""))
    return _chinese(text)


def _english(text: str) -> float:
    """As in "thirty-two", "a hundred"."""
    words = re.split(r"[\s-]", text)
    if words[-1] == "hundred":
        return 100.0 * (EN_NUMBERS.get(words[0], 1))
    return float(sum(EN_NUMBERS[word] for word in words))


_ZH_TENS = {"十": 10, "百": 100, "千": 1000}


def _chinese(text: str) -> float:
    """As in "十二", "一百零五", "两千三": a last digit without its ten is of the next lower one."""
    total, digit, unit = 0, 0, 1
    for character in text:
        if character in _ZH_TENS:
            unit = _ZH_TENS[character]
            total += (digit or 1) * unit
            digit = 0
        else:
            digit = _ZH_DIGITS[character]
            unit = 1 if character in "零〇" else unit
    return float(total + digit * max(1, unit // 10))
