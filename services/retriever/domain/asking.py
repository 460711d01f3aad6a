"""What kind of answer a question wants, and whether a value can be one."""

import re

from services.retriever.domain.background import wording

_I = re.IGNORECASE
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "amount",
        re.compile(
            r"多少|多[大长高重久远宽深快]|几[^何乎]|第几"
            r"|\bhow (?:many|much|long|far|often|old|tall|big|heavy|large|high|deep)\b",
            _I,
        ),
    ),
    (
        "when",
        re.compile(
            r"什么时[候间]|何时|哪一?[年月日天]|几[年月日号点时]|哪个(?:年|月|时|世纪|朝代)|哪一?时期"
            r"|\bwhen\b|\b(?:what|which) (?:year|month|day|date|time)\b",
            _I,
        ),
    ),
    (
        "where",
        re.compile(
            r"哪[里儿]|何[处地]|在哪|什么地方|哪[个些]?(?:地方|地区|城市|国家|省|市|区)|籍贯|地址"
            r"|\bwhere\b|\b(?:what|which) (?:place|city|country|region)\b",
            _I,
        ),
    ),
    ("who", re.compile(r"谁|何人|哪位|什么人|\bwho(?:m|se)?\b", _I)),
    ("why", re.compile(r"(?<![称作认名])为什么|为何|为啥|原因|\bwhy\b", _I)),
    (
        "name",
        re.compile(
            r"叫做?什么|又[名称]|别[名称号]|俗名|[名称]什么|称[为作]什么|什么名|绰号|前身"
            r"|\bcalled\b|\bnames?\b|\bknown as\b",
            _I,
        ),
    ),
)
_ERA = re.compile(r"[代朝]|时期|世纪|间|年|\b(?:age|era|century|period)\b", _I)
_NUMBER = re.compile(r"\d|[零〇一二三四五六七八九十百千万亿两]+[^\s，。]?")
_QUANTITY = re.compile(r"^\D{0,4}\d[\d,.]*\s*(?:[-–~至到]\s*\d[\d,.]*\s*)?(?:[^\W\d]{1,6}|%)?$")
_PLACED = re.compile(r"楼|层|室|号|区|厅|\b(?:room|floor|level|gate|building)\b", _I)


def kind_of(question: str) -> str:
    """`amount`, `when`, `where`, `who`, `why` or `name`; "" where it is none of these, or more
    than one (a date asked as an amount is a date).
    """
    found = [name for name, pattern in _KINDS if pattern.search(question)]
    if found[:2] == ["amount", "when"]:
        found = found[1:]
    return found[0] if len(found) == 1 else ""


def can_answer(question: str, value: str, asked_before: str) -> bool:
    """Whether `value` may answer `question`. asked_before: words that came with the value; a
    question among them tells what it answers.
    """
    kind = kind_of(question)
    if not kind:
        return True
    before = kind_of(asked_before)
    if before:
        return before == kind
    if not value:
        return True
    if kind in {"amount", "when"}:
        return bool(_NUMBER.search(value) or (kind == "when" and _ERA.search(value)))
    return not (_QUANTITY.match(value.strip()) and not _PLACED.search(value))


def is_question(text: str) -> bool:
    """Whether it asks anything, rather than names a topic."""
    return wording.QUESTION_WORD.search(text) is not None or text.rstrip().endswith(("?", "？"))
