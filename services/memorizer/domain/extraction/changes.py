# ruff: noqa: E501 - a pattern is read as one line, however long
"""What a statement says has changed: by it an older statement in other words is told as past.

"The party is now on August 23" names the party; an older "planning a party on August 16" keeps its
other words and gets the newer ones beside them.
"""

import re
from functools import cache

from services.memorizer.domain.extraction.language import is_chinese

_TO_ZH = (
    r"(?:改|换|调|加|涨|降|减|推迟|提前|延期?|挪|移|升|变|迁|缩短|延长|增加|减少|转)(?:到|成|为|至)"
)
_ZH = (
    rf"(?P<x>[\u3400-\u9fffA-Za-z0-9]{{2,10}}?)(?:的?(?:时间|日期|金额|数量))?(?:现在|已经|又|被|也|都|统一|临时|最后|后来|给){{0,6}}{_TO_ZH}",
    r"[把将](?P<x>[\u3400-\u9fffA-Za-z0-9]{2,10}?)(?:改|换|调|加|涨|降|减|推迟|提前|延|挪|移|升|变|迁|转)",
    r"换(?:了|个)?(?:新)?(?P<x>[\u3400-\u9fff]{2,6}?)了?[，,]",
    r"不(?:用|去|学|做|坐|吃|喝|住|买|请|开|穿)(?P<x>[\u3400-\u9fffA-Za-z0-9]{2,8}?)了",
    r"(?P<x>[\u3400-\u9fff]{1,6}?)(?:[昨前今]天|上周|上个月|去年|前几天|刚刚?|已经|不幸)*(?:去世|过世|离世|走丢|病死|死)了",
    r"新的?(?P<x>[\u3400-\u9fff]{2,5})(?:是|叫|为|在)",
)
_CHANGED_EN = (
    r"(?:(?:has|have|had|was|were|is|are|got|been|just|now|since|also)\s+)*(?:moved|changed|switched|updated|increased|decreased|reduced|raised|lowered|extended|postponed|pushed back|"
    r"pushed|rescheduled|bumped up|bumped|shifted|upgraded|downgraded|delayed|cut|dropped|went up|went down|gone up|gone down|came down|grown|grew|risen|rose|fell|brought forward)"
    r"(?:\s+(?:back|up|down))?(?:\s+from\s+[^,.;]{1,40}?)?\s+to\b"
)
_EN = (
    rf"(?<![\w'’-])(?P<x>[\w'’-]+(?:\s+[\w'’-]+){{0,3}}?)\s+{_CHANGED_EN}",
    r"(?<![\w'’-])(?P<x>[\w'’-]+(?:\s+[\w'’-]+){0,3}?)\s+(?:is|are)\s+now\b",
    r"\bnew\s+(?P<x>[a-z]+(?:\s+[a-z]+)?)\s+(?:is|are|will be|['’]s)\b",
    r"\b(?:moved|changed|switched|promoted|transferred)\s+to\s+(?P<x>[a-z]{3,})\s+\d",
    r"(?<![\w'’-])(?P<x>[\w'’-]+)\s+(?:(?:has|had|just|sadly|recently)\s+)*(?:died|passed away|was put down|ran away)\b",
    r"\bup to\s+[$€£]?\d[\d,.]*+\s*\w*\s+in\s+(?P<x>[a-z]+)\b",
)
_EMPTY_ZH = re.compile(
    r"我们?|咱们?|用户|教练|医生|老板|公司|客户|让|叫|说|最近|现在|已经|决定|打算|又|的|了|他们?|她们?|它|家里?|时间|日期|金额|数量|那个|这个|统一|大家"
)
_EMPTY_EN = frozenset(
    [
        "the", "a", "an", "my", "our", "his", "her", "their", "its", "this", "that", "i", "we", "it", "he", "she", "they", "has", "have", "had",
        "been", "was", "is", "are", "got", "just", "also", "time", "date", "day", "amount", "number", "price", "total", "new", "current", "old", "and",
        "but", "so", "then", "i've", "we've", "now", "there", "which", "who", "what", "of", "for", "in", "on", "at", "to", "with", "from", "by", "s",
    ]
)  # fmt: skip
_SHORTEST_ZH, _SHORTEST_EN = 2, 3


@cache
def _rules(chinese: bool) -> tuple[re.Pattern[str], ...]:
    flags = re.NOFLAG if chinese else re.IGNORECASE
    return tuple(re.compile(one, flags) for one in (_ZH if chinese else _EN))


def changed_things(words: str) -> tuple[str, ...]:
    """Names of what the words say has changed, lower case."""
    chinese = is_chinese(words)
    names: list[str] = []
    for pattern in _rules(chinese):
        for match in pattern.finditer(words):
            thing = match.group("x").casefold()
            if chinese:
                names += [one for one in _EMPTY_ZH.split(thing) if len(one) >= _SHORTEST_ZH]
            else:
                parts = re.split(r"[\s'’]+", thing)
                names += [one for one in parts if len(one) >= _SHORTEST_EN and one not in _EMPTY_EN]
    return tuple(dict.fromkeys(names))


_VALUE = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day|[一二两三四五六七八九十百千万]+(?:点|号|月|块|元|个|天|岁|人|次|千|百|万|大卡)|(?:周|星期)[一二三四五六日天末]",
    re.IGNORECASE,
)


def has_value(text: str) -> bool:
    """Whether it names an amount, a date or a time, which another can replace."""
    return bool(_VALUE.search(text))
