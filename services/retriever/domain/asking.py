"""What kind of answer a question wants, and whether a value can be one."""

import re

from services.kernel.language import wording

_I = re.IGNORECASE
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "phone",
        re.compile(
            r"(?:哪个?|什么|多少|几)号?的?(?:电话|号码|分机|热线|手机)"
            r"|(?:电话|号码|分机|热线|手机号?)(?:号码?)?(?:是|为)?(?:多少|几|什么|哪|[？?]?$)"
            r"|\b(?:phone|telephone|mobile|fax|hotline|extension)\b"
            r"|\b(?:what|which) number\b"
            r"|\bnumber (?:to|do|should|can) (?:i |we )?(?:call|ring|dial)\b",
            _I,
        ),
    ),
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
    (
        "how",
        re.compile(
            r"怎么|怎样|如何|(?:什么|哪[种些])(?:方[式法]|办法|手段)"
            r"|\bhow (?:to|do|does|did|can|is|are)\b",
            _I,
        ),
    ),
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
# Questions inside a sentence, as in “…的答案” or (question: …).
_INSIDE = re.compile(
    r"几(?![乎何])|何[时地处人年月日种]|为何|多[大长高久远重宽深快]|的(?:正确)?(?:答案|回答)|问题\s*[:：]"
    r"|[\"“'‘(（:：]\s*(?:what|which|who|whose|where|when|why|how)\b"
    r"|\b(?:answer to|question)\b",
    _I,
)
_QUESTION_WORDS = re.compile(
    r"为什么|什么(?:地方|时候|时间|样|东西)?|哪(?:里|儿|[些个种位年月日天]|一[年月日天个种位条家所座只])?|谁"
    r"|何[时地处人种]|为何|怎么样?|怎样|如何|多少|多[大长高久远重宽深快]|第?几|请问|是否|是不是|有没有|[吗呢]"
    r"|\b(?:what|which|who|whom|whose|where|when|why|how)\b",
    _I,
)
_ERA = re.compile(r"[代朝]|时期|世纪|间|年|\b(?:age|era|century|period)\b", _I)
_NUMBER = re.compile(
    r"\d|[零〇一二三四五六七八九十百千万亿两]+[^\s，。]?"
    r"|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty"
    r"|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|dozen|half|twice|double)\b",
    _I,
)
_QUANTITY = re.compile(r"^\D{0,4}\d[\d,.]*\s*(?:[-–~至到]\s*\d[\d,.]*\s*)?(?:[^\W\d]{1,6}|%)?$")
_DIALLED = re.compile(r"(?<![\d.])\d{3,}(?!\s*[元块%€$£.])|\d[\d\s-]{5,}\d")
_PLACED = re.compile(r"楼|层|室|号|区|厅|\b(?:room|floor|level|gate|building)\b", _I)


def _kinds_of(question: str) -> list[str]:
    return [name for name, pattern in _KINDS if pattern.search(question)]


def kind_of(question: str) -> str:
    """`phone`, `amount`, `when`, `where`, `who`, `how`, `why` or `name`; "" where it is
    none of these, or more than one (a date asked as an amount is a date).
    """
    found = _kinds_of(question)
    if found[:2] == ["phone", "amount"]:
        found = found[:1]
    if found[:2] == ["amount", "when"]:
        found = found[1:]
    return found[0] if len(found) == 1 else ""


def can_answer(question: str, value: str, asked_before: str) -> bool:
    """Whether `value` may answer `question`. asked_before: words that came with the value; a
    question among them tells what it answers.
    """
    kind = kind_of(question)
    before = kind_of(asked_before)
    if not kind:
        # A question of no kind is not the one of a kind that was answered.
        plain = _kinds_of(question) or not (is_question(question) and is_question(asked_before))
        return bool(plain or not before)
    if before:
        return before == kind
    if kind in {"how", "why"} and is_question(asked_before):
        return False
    if not value:
        return True
    if kind in {"phone", "amount", "when"}:
        return can_hold(kind, value)
    return not (_QUANTITY.match(value.strip()) and not _PLACED.search(value))


def can_hold(kind: str, text: str) -> bool:
    """Whether a text has anything of the kind that is asked for; True where that shows nowhere."""
    if kind == "phone":
        return bool(_DIALLED.search(text))
    if kind in {"amount", "when"}:
        return bool(_NUMBER.search(text) or (kind == "when" and _ERA.search(text)))
    return True


def is_question(text: str) -> bool:
    """Whether it asks anything, rather than names a topic."""
    asked = wording.QUESTION_WORD.search(text) or _INSIDE.search(text)
    return asked is not None or text.rstrip().endswith(("?", "？"))


def without_question_words(text: str) -> str:
    """The text with a space for each word that only asks."""
    return _QUESTION_WORDS.sub(" ", text)
