# ruff: noqa: E501 - a pattern is read as one line, however long
"""What a user wants, likes and does not want: said outright, or shown by a habit."""

import re
from dataclasses import dataclass
from typing import Literal

from services.memorizer.domain.extraction.language import is_chinese, same_words

Topic = Literal["like", "dislike", "style", "request", "habit"]


@dataclass(frozen=True, slots=True)
class Preference:
    """topic: what sort; about: its object or the side of the answers that it rules ("length").
    explicit: said as such, not shown by a habit. instruction: addressed to the assistant.
    """

    topic: Topic
    about: str
    explicit: bool = True
    instruction: bool = False

    @property
    def name(self) -> str:
        """Attribute name; "" where nothing can replace it."""
        if not self.about:
            return ""
        group = "taste" if self.topic in {"like", "dislike"} else self.topic
        return f"{group}|{self.about}"


_ANSWER_ZH = re.compile(
    r"(?:回答|回复|答复|说话|讲话|解释|输出|写|称呼|推荐|提醒|用(?:中文|英文|简体|繁体|公制)|联系|报价|价格|语气|格式|叫我)",
    re.IGNORECASE,
)
_LASTING_ZH = re.compile(
    r"(?:以后|今后|从现在(?:开始|起)|往后|每次|一律|总是|永远|始终|凡是|都要|一直)",
    re.IGNORECASE,
)
_MUST_ZH = re.compile(
    r"(?:请|麻烦|务必|一定要?|尽量|记得|最好|希望(?:你|您)|不要|别|不许|禁止|千万|避免|(?:少|多)(?:用|说|写|给|推荐|讲|提))",
    re.IGNORECASE,
)
_LIKE_ZH = re.compile(
    r"(?<!不)(?<!不太)(?<!不怎么)(?:更|最|很|特别|非常|比较|挺|超级?|还是|蛮|真的?|都|也|一直|就)*"
    r"(?:喜欢|偏爱|偏好|钟爱|热爱|喜爱|爱吃|爱喝|爱看|爱听|爱玩|爱用|爱好是|倾向于?|宁愿|宁可|感兴趣|青睐|中意|迷上|最爱)",
    re.IGNORECASE,
)
_DISLIKE_ZH = re.compile(
    r"(?:不(?:太|怎么|是很|再|大)?(?:喜欢|爱|习惯|感兴趣|能吃|能喝|能碰|想要)|讨厌|反感|受不了|接受不了|吃不惯|喝不惯|"
    r"(?:从来?|一口都?|一点都?|都|也|坚决|绝对)不(?:吃|喝|碰|用|买|看|想|穿|要)|(?:我|它|他|她|孩子|宝宝|家人)?不(?:吃|喝)(?!完|了|到|饱|下)|"
    r"忌口|不沾|戒了|厌恶|嫌|觉得太)",
    re.IGNORECASE,
)
_HABIT_ZH = re.compile(
    r"(?:一般|通常|平时|习惯|每次|总是|经常|往往)(?:都|会|就)*(?:点|选|买|坐|住|穿|吃|喝|用|看|听|去|挑|订)",
    re.IGNORECASE,
)
_LIKE_EN = re.compile(
    r"\b(?:prefer|prefers|(?:I|we|he|she|they|really|also|always|do|who)\s+(?:(?!feel|felt|look|sound|seem|would|be|something|just|not|more|don|act|smell|taste)\w+\s+)?(?:like|likes|love|"
    r"loves|enjoy|enjoys|adore|adores|favou?r)|would rather|['’]d rather|(?:am|['’]m|is|are|['’]re) (?:really |"
    r"very |so |a big |a huge |a |quite )*(?:into|keen on|fond of|fan of|partial to|passionate about|"
    r"interested in)|favou?rite|works? best for me|soft spot for|like it when|lean toward|leaning toward)\b",
    re.IGNORECASE,
)
_DISLIKE_EN = re.compile(
    r"\b(?:(?:do|does|did)(?: not|n['’]t) (?:really |particularly |much )?(?:like|enjoy|care for|drink|"
    r"wear|touch|buy)|(?:I|we|he|she|it|they|and) never (?:buy|eat|drink|wear|use|watch|touch|order|go)(?:s|es)?|"
    r"hate|hates|dislike|dislikes|detest|can['’]?t stand|cannot stand|not (?:a fan|into|keen on|fond of)|"
    r"(?<!to )avoids?|refuse to|sick of|tired of|annoy(?:s|ed)? me|allergic to the idea)\b",
    re.IGNORECASE,
)
_HABIT_EN = re.compile(
    r"\b(?:I|we)\s+(?:usually|normally|generally|typically|always|often|tend to|mostly)\s+(?:go for|order|"
    r"choose|pick|buy|get|take|book|wear|drink|eat|use|watch|read|listen|work|sit|stay)\b",
    re.IGNORECASE,
)
_INSTRUCT_EN = re.compile(
    r"^(?:(?:and|so|but|also)\s+)?(?:(?:please|pls|kindly)\s+)?(?:from now on|going forward|in (?:the )?future|"
    r"(?:when|if) you (?:give|write|send|answer|reply|explain|quote|recommend|suggest|show|list|talk|mention|tell)\b|whenever|always(?! \w+ed\b)|never|(?:every|each) time (?:you|i (?:ask|say|mention|send|share|want|need|give|write))|remember to|make sure|be sure|"
    r"(?:do not|don['’]t)\s+(?:ever\s+)?(?:use|give|call|send|suggest|recommend|write|include|add|remind|contact|"
    r"ask|show|make|put|say|mention|start|answer|reply)|"
    r"(?:please\s+)?(?:keep (?:it|your|the|answers|replies)|answer|respond|reply|address me|call me|speak|talk|"
    r"format|correct|stick to|avoid|limit|use)|no (?:emojis?|bullet|jargon|small talk|more))\b",
    re.IGNORECASE,
)
_LASTING_EN = re.compile(
    r"\b(?:always|never|from now on|every|each time|whenever|in (?:the )?future|going forward|any time|"
    r"answers?|repl(?:y|ies)|respon[sd]\w*|emojis?|currency|prices|call me|units?|don['’]t|do not|"
    r"contact(?:ed)?|brief|short|concise|bullet)\b",
    re.IGNORECASE,
)
_STYLE = tuple(
    (side, re.compile(words, re.IGNORECASE))
    for side, words in (
    ("length", r"简短|简洁|精简|简明|详细|长一?点|短一?点|字以内|句话|啰嗦|展开|brief|short|concise|long|detail|sentence|words|verbose|thorough|to the point|lengthy"),
    ("emoji", r"表情|emoji|颜文字"),
    ("language", r"用(?:中文|英文|英语|日语|粤语|简体|繁体|普通话)|in (?:English|Chinese|French|German|Spanish|Japanese|Korean|Italian|Portuguese|Dutch)|language"),
    ("currency", r"人民币|美元|欧元|货币|报价|currency|prices?|euros?|dollars?|pounds?|francs?|yen"),
    ("units", r"公制|英制|摄氏|华氏|公里|英里|metric|imperial|celsius|fahrenheit|kilomet|miles"),
    ("format", r"列表|表格|分点|markdown|代码块|要点|编号|bullet|list|table|markdown|heading|code block|step-by-step|numbered"),
    ("tone", r"语气|正式|口语|幽默|严肃|亲切|专业|formal|casual|tone|humou?r|friendly|polite"),
    ("address", r"称呼|叫我|call me|address me"),
    ("contact", r"联系|打电话|发邮件|短信|contact|e-?mail|phone call|calls\b|text me"),
))  # fmt: skip


def preference_of(clause: str) -> Preference | None:
    """The preference that a clause states, None where it states none."""
    return _chinese(clause) if is_chinese(clause) else _english(clause)


def _chinese(clause: str) -> Preference | None:  # noqa: PLR0911 - one rule a line
    answer = _ANSWER_ZH.search(clause)
    lasting = _LASTING_ZH.search(clause)
    must = _MUST_ZH.search(clause)
    third = re.match(r"(?:我们?(?:店|公司|家)|他|她|它)", clause)
    if not third and must and (lasting or (answer and _style(clause))):
        return _instruction(clause)
    when = re.match(
        r"(?:你|您)?(?:给我)?[^，。]{0,6}(?:的时候|时)[，,]?(?:请|就|都)?(?:用|别|不要|尽量|按)",
        clause,
    )
    if when and answer and _style(clause):
        return _instruction(clause)
    own = re.match(r"(?:而且|但是?|其实|不过)?我(?!要求|希望|想让|需要你|的?回[答复])", clause)
    if not third and not own and lasting and answer:
        return _instruction(clause)
    if re.match(r"(?:也|还|请|尽量)*(?:不要|别|不许|禁止)", clause):
        return _instruction(clause) if _style(clause) else None
    if match := _DISLIKE_ZH.search(clause):
        return Preference("dislike", _object_zh(clause, match))
    if match := _LIKE_ZH.search(clause):
        return Preference("like", _object_zh(clause, match))
    if _HABIT_ZH.search(clause) and not re.match(r"(?:我们?(?:店|公司)|他|她)", clause):
        return Preference("habit", "", explicit=False)
    return None


def _english(clause: str) -> Preference | None:
    if _INSTRUCT_EN.match(clause) and _LASTING_EN.search(clause):
        return _instruction(clause)
    if re.search(
        r"\bI(?:['’]d| would)? (?:want|like|need|prefer) you(?:r answers)? to\b"
        r"|\b(?:want|like|prefer) (?:your |all )?(?:answers|replies|responses)\b",
        clause, re.IGNORECASE,
    ):  # fmt: skip
        return _instruction(clause)
    if match := _DISLIKE_EN.search(clause):
        return Preference("dislike", _object_en(clause[match.end() :]))
    if match := _LIKE_EN.search(clause):
        return Preference("like", _object_en(clause[match.end() :]))
    if _HABIT_EN.search(clause):
        return Preference("habit", "", explicit=False)
    return None


def _instruction(clause: str) -> Preference:
    side = _style(clause)
    topic: Topic = "style" if side else "request"
    return Preference(topic, side, instruction=True)


def _style(clause: str) -> str:
    for side, pattern in _STYLE:
        if pattern.search(clause):
            return side
    return ""


def _object_zh(clause: str, match: re.Match[str]) -> str:
    after = re.split(
        r"[，。,.的了]|口味|这种|那种|之类|吗|吧|胜过|多过|而不", clause[match.end() :]
    )[0]
    if re.search(r"太|嫌", match.group()):
        after = ""
    after = re.sub(r"^(?:吃|喝|看|听|玩|用|去|做|买|穿|的是|是)", "", after.strip())
    if not after:
        before = re.split(r"[，。,.]", clause[: match.start()])[-1]
        after = re.sub(r"我|用户|一口|一点|从来|它|他|她|都|也", "", before)
    return same_words(after)[:10]


def _object_en(rest: str) -> str:
    head = re.split(
        r"[,.;:!]|\b(?:and|but|because|since|so|over|than|to the|when|for|with|as|that|which|in|on|at|like)\b",
        rest,
    )[0]
    head = re.sub(
        r"^\s*(?:to|the|a|an|my|is|are|really|being|eating|drinking|watching)\s+", "", head
    )
    words = same_words(head).split()
    return " ".join(sorted(words[:3]))


_SIDE_WORDS = {
    "length": ("长短 简短 详细 篇幅", "length brief short long detailed"),
    "emoji": ("表情 符号", "emoji"),
    "language": ("语言 中文 英文", "language"),
    "currency": ("货币 价格 币种", "currency money prices"),
    "units": ("单位 公制", "units measurement"),
    "format": ("格式 列表 表格", "format layout"),
    "tone": ("语气 口吻", "tone formal casual"),
    "address": ("称呼 怎么叫", "name address call"),
    "contact": ("联系 方式", "contact reach how"),
}


def style_words(clause: str, *, chinese: bool) -> str:
    """Words to index for every side of the answers that the clause rules."""
    sides = [side for side, pattern in _STYLE if pattern.search(clause)]
    return " ".join(_SIDE_WORDS[side][0 if chinese else 1] for side in sides)
