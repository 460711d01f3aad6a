"""What the user wishes of every answer, or of answers to one kind of question.

Nothing of what is asked need stand in a wish ("always show versions when I ask about libraries"),
so wishes are weighed by what kind of question is asked, too.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.kernel.contracts.records import Kind, MemoryRecord
from services.kernel.language.text import Lexicon
from services.retriever.domain.candidates import Candidate
from services.retriever.domain.query import Analysis

_I = re.IGNORECASE
# Measured on BEAM, which MemoryBank must not pay for; half or double differ by a point.
_HELP = 0.25
_STANDING = 0.3
_MEANT = 0.5
_WORDS = 1.5
_SORT = 0.5
_BEGINNING = 5

# Something is to be done, explained or chosen: how the user likes it matters.
_WANTS_HELP = re.compile(
    r"怎么(?:样|办)?|怎样|如何|帮我|请(?!教)|推荐|建议|教我|写[一个段份篇]|列出|解释|讲讲|说明|介绍"
    r"|能不能|可不可以|可以.{0,12}吗|该|应该|哪[些种个款].{0,8}(?:好|适合|合适)|打算|准备|想要?"
    r"|\bhow (?:do|does|can|should|could|would|might|to|about)\b|\b(?:can|could|will) you\b"
    r"|\bwould you\b|\bhelp me\b|\b(?:show|give|teach|walk|write|explain|draft|make) me\b"
    r"|\b(?:suggest|recommend|advice|advise|tips?|please|explain)\b|\bshould i\b"
    r"|\bi['’]m (?:planning|about to|looking|trying|working|thinking|going to)\b"
    r"|\bi (?:want|need|would like|plan)\b|\bi['’]d like\b"
    r"|\bwhat (?:are|would|should)\b|\bwhat \w+ (?:should|would|can)\b",
    _I,
)
# What was said or done before is asked for, or something about the user.
_LOOKS_BACK = re.compile(
    r"你(?:曾经?|之前|以前)?.{0,6}过|你.{0,8}了|之前|记得"
    r"|我(?:之前|以前|上次|曾经?|当时|那时|说过|提过|提到|告诉过)"
    r"|我.{0,12}[过了](?!.{0,12}(?:帮|怎么办|推荐|建议))"
    r"|我[的最].{1,12}[是叫]?(?:什么|谁|哪|怎么样|多少|几)"
    r"|\b(?:did|have|had) (?:i|we|you)\b|\b(?:is|are|was|were|am) (?:my|i)\b"
    r"|\bi (?:mention|said|told|brought|did|was|had|used to)\w*\b"
    r"|\byou (?:have |had |once |ever |already )*"
    r"(?:recommend|suggest|shar|taught|told|said|mention|g[ai]ve)\w*\b"
    r"|\bmy (?:messages|questions|conversations)\b|\bwe (?:discussed|talked)\b"
    r"|\b(?:throughout|across|over) (?:my|our|time)\b|\bremember\b",
    _I,
)
_ALWAYS = re.compile(
    r"总是|始终|每次|每当|每回|一律|一概|今后|往后|以后[都请就别不]|从现在起|从今|永远|务必|记住|记得要?"
    r"|请[用别勿先都]|请不要|统一[用使]"
    r"|\b(?:always|never|every time|each time|whenever|from now on|going forward|by default"
    r"|in (?:the )?future|make sure to|remember to"
    r"|please (?:use|do|don['’]t|keep|only|include))\b",
    _I,
)
# "... when I ask about X", "我问到 X 时": what the wish is for.
_FOR = re.compile(
    r"\b(?:when(?:ever)?|if|each time|every time) i (?:\w+ )?"
    r"(?:ask|request|inquire|talk|mention|discuss|want|need)\w*(?: you)?(?: about| for| to)?"
    r"(?P<en>.*)$"
    r"|(?:每?当|每次|如果|只要)?我(?:问|提|聊|说到|咨询|让你|请你)(?P<zh>.*?)(?:时|的时候|，|$)",
    _I | re.DOTALL,
)
# Kinds of questions, and how the topics of their answers are called.
_SORTS = tuple(
    (re.compile(asks, _I), re.compile(topic, _I))
    for asks, topic in (
        (
            (
                r"什么时[候间]|何时|哪天|几[号点]|截止"
                r"|\bwhen\b|\bwhat (?:day|date|time)\b|\bdue\b|\bdeadline"
            ),
            r"日期|时间|期限|日程|安排|\b(?:dates?|times?|timelines?|deadlines?|schedul\w*|events?)\b",
        ),
        (
            r"多少|几[个次]|价格|费用|\bhow (?:much|many)\b|\bamount\b|\bprice|\bcost",
            (
                r"数字|数据|金额|价格|费用|进度|\b(?:amounts?|figures?|numbers?|salar\w+|prices?"
                r"|costs?|compensation|budgets?|progress|percentages?|statistics|metrics|quantit\w+)\b"
            ),
        ),
        (
            r"怎么|如何|怎样|\bhow (?:do|can|should|could|would|to)\b|\bshow me\b|\bsteps?\b",
            (
                r"步骤|方法|实现|做法|流程|操作|格式|代码|\b(?:implement\w*|steps?|methods?|procedures?"
                r"|process\w*|concepts?|problems?|calculations?|solutions?|approach\w*|structur\w*"
                r"|format\w*|code|coding|techniques?|instructions?|guid\w+)\b"
            ),
        ),
        (
            (
                r"推荐|建议|哪[些个款种]|\bsuggest|\brecommend"
                r"|\b(?:which|what|good|best|any) (?:\w+ )?(?:tools?|software"
                r"|apps?|librar\w+|options|"
                r"resources|programs?)\b"
            ),
            (
                r"工具|软件|推荐|建议|资源|\b(?:tools?|software|apps?|librar\w+|dependenc\w+|aids?"
                r"|resources?|recommendations?|suggestions?|products?|options?)\b"
            ),
        ),
    )
)


@dataclass(frozen=True, slots=True)
class _Question:
    """back: it asks for what was. helps: it asks for help. topics: what its answers are about."""

    back: bool
    helps: bool
    topics: tuple[re.Pattern[str], ...]
    terms: tuple[str, ...]


def weigh_wishes(candidates: Sequence[Candidate], analysis: Analysis, lexicon: Lexicon) -> None:
    """Lift the scores (0..1) of preferences that apply to the question."""
    asked = _read(analysis)
    for candidate in candidates:
        if candidate.record.kind is Kind.PREFERENCE:
            candidate.score += _applies(candidate.record, asked, lexicon)


def _read(analysis: Analysis) -> _Question:
    text = analysis.text
    back = analysis.of_assistant or bool(analysis.days) or _LOOKS_BACK.search(text) is not None
    return _Question(
        back=back,
        helps=not back and _WANTS_HELP.search(text) is not None,
        topics=tuple(topic for asks, topic in _SORTS if asks.search(text)),
        terms=analysis.terms,
    )


def _applies(record: MemoryRecord, asked: _Question, lexicon: Lexicon) -> float:
    words = "\n".join(item.text for item in record.evidence) or record.value
    if not _ALWAYS.search(words):
        return _HELP if asked.helps else 0.0
    amount = _STANDING if asked.helps else 0.0
    aim = _FOR.search(words)
    if aim is None or asked.back:
        return amount
    return amount + _MEANT * _meant(aim["en"] or aim["zh"] or "", asked, lexicon)


def _meant(topic: str, asked: _Question, lexicon: Lexicon) -> float:
    """How far a wish for one topic is meant for the question, 0..1."""
    terms = lexicon.terms(topic)
    shared = sum(any(_kin(term, other) for other in asked.terms) for term in terms)
    of_sort = any(pattern.search(topic) for pattern in asked.topics)
    return min(1.0, _WORDS * shared / max(1, len(terms)) + _SORT * of_sort)


def _kin(first: str, second: str) -> bool:
    """The same word, or words that begin alike."""
    beginning = first[:_BEGINNING]
    return first == second or (len(beginning) == _BEGINNING and second.startswith(beginning))
