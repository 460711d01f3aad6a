# ruff: noqa: E501 - a pattern is read as one line, however long
"""Sentences said in passing: no memory of their own, however they are worded.

A mood without cause or day, a promise to follow advice, a word to the assistant, an opinion of
something that was named elsewhere. They stay searchable as raw words of their turn.
"""

import re
from functools import cache

from services.memorizer.domain.extraction import talk
from services.memorizer.domain.extraction.language import is_chinese
from services.memorizer.domain.extraction.self_reference import speaks_of_self

_WHEN_ZH = re.compile(
    r"今[天晚早年]|昨|明[天年]|前天|后天|[上下这本]个?(?:周|星期|月|学期)|周[一二三四五六日末天]|最近|近来|近期|这几天|这段时间|这阵子|"
    r"小时候|去年|前年|\d|[一二三四五六七八九十两几]+(?:年|月|天|周|点|号)"
)
_WHEN_EN = re.compile(
    r"\b(?:today|tonight|yesterday|tomorrow|recently|lately|last|this (?:week|month|year|morning|evening|weekend)|next|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|these days|ago|since|every)\b|\d",
    re.IGNORECASE,
)
_HOW_ZH = r"(?:也|真的?|真是|还是?|还有|有点儿?|有些|有一点|非常|很是?|太|特别|十分|挺|好|更加?|比较|一直|总是?|就|都|又|已经|现在|确实|的确|实在|稍微|越来越|变得|对此|受到?|内心|心里|心情|情绪|整个人|自己|的|不再|不|没那么|那么)"
_MOOD_ZH = (
    r"(?:开心|高兴|快乐|愉快|愉悦|难过|难受|伤心|悲伤|郁闷|沮丧|无聊|乏味|枯燥|疲惫|疲倦|疲劳|累|困|烦恼?|烦躁|焦虑|紧张|担心|担忧|忧虑|害怕|恐惧|孤独|孤单|寂寞|"
    r"无助|无奈|失落|失望|绝望|压抑|迷茫|困惑|生气|愤怒|激动|兴奋|感动|温暖|安慰|宽慰|欣慰|轻松|舒服|舒畅|放松|满足|满意|幸福|充实|惊讶|惊喜|后悔|内疚|惭愧|尴尬|不安|平静|"
    r"安心|放心|自信|信心|勇气|动力|干劲|希望|力量|期待|骄傲|自豪|荣幸|感激|感谢|好多|好些|好奇|好一点|好一些|好很多|糟糕|不好|差|低落|美好|棒|好笑|可惜|遗憾|受伤|鼓舞|启发|不知所措|乏力|无力|力不从心|心累|崩溃|提不起劲|受益匪浅|获益良多)"
)
_MOOD_ONLY_ZH = re.compile(
    rf"^(?:那|但是?|所以|不过|而且|听你这么说|这样|这|它)*(?:让|使|令|给)?(?:我|自己)?{_HOW_ZH}{{0,8}}(?:感到|感觉到?|觉得|变得|充满|有)?(?:了|到)?(?:自己|我)?{_HOW_ZH}{{0,8}}{_MOOD_ZH}"
    rf"(?:(?:和|与|、|而|又|且|也){_HOW_ZH}{{0,8}}{_MOOD_ZH})*(?:极了|死了|得很|得要命|不已|不堪|透顶|了|的|啊|呢|多了|些|一些)*$"
)
_FRAGMENT_ZH = re.compile(
    r"^(?:更好地|更加|从而|以便|以及|这样|这让|让(?:我|自己)|使(?:我|自己)|来(?=[减增提缓放改解帮实保享调表达让充丰克])|并且|而不是|尤其是|互相|相互|也许|或许|可能|毕竟|因为|由于|虽然|尽管|总之|所以|反正|至少|无论如何)"
)
_EFFORT_ZH = re.compile(
    r"^(?:那|那么|好的?|嗯|所以|但是?|不过|而且|今后|以后|接下来|现在|之后|下次|相信)*(?:我(?:们|自己)?|自己)?(?:想|觉得|相信|认为)?(?:也许|或许|可能|大概|一定|肯定|也|还|都|真的?|以后|今后|我|自己|就|再|先)*"
    r"(?:会|可以|能够?|将|要|应该|需要|必须|得|该|愿意)(?:也|更加?|再|先|去|一直|一定|尝试|试着|尽量|努力|继续|多|好好|认真|慢慢|逐渐|不断|时刻|用心|积极|开始|着手|适当|把|地|着|自己|能)*"
    r"(?:尝试|试|努力|坚持|注意|考虑|思考|反思|加油|调整|改善|改变|改进|改正|记住|记下|记得|牢记|做到|做好|看看|参考|采纳|听取|按照|听从|遵循|享受|珍惜|放松|保持|面对|克服|解决|处理|积极|认真|用心|好好|尽力|尽量|继续|利用|把握|抓住|提高|提升|完善|成功|进步|成长|战胜|阅读|读一读|相信|鼓励|突破|摆脱|走出|振作|冷静|乐观|找到|寻找|寻求|学会|遇到|遭遇|借鉴)"
)
_EFFORT_EN = re.compile(
    r"^(?:(?:ok(?:ay)?|yes|so|and|but|then|now|also|well|however|maybe|perhaps|hopefully|from now on|in the future|next time),?\s+)*"
    r"(?:i (?:think|believe|guess|hope|know|feel|suppose)(?: that)?\s+)?"
    r"(?:i['’]ll|i will|i can|i could|i should|i must|i(?:['’]m| am) (?:going|willing) to|i might|i may|maybe i|let me|i would|i['’]d)\s+"
    r"(?:(?:\w+ly|also|just|still|always|indeed|never|then|first|start|begin|be able|have|need|try|make sure|learn|continue|to|by)\s+)*"
    r"(?:try|trying|keep|follow|use|using|practi[sc]e|focus|make sure|ensure|be|continue|consider|remember|stick|do|work|working|take|taking|think|look|check|"
    r"learn|give|enjoy|implement|apply|incorporate|review|start|set|setting|add|update|adjust|explore|explain|experiment|test|see|put|get started|get back|prioritize|"
    r"aim|ask|talk|discuss|find|improve|overcome|succeed|achieve|persist|persevere|rest|relax|cherish|feel|face|handle|manage|understand|tracking|"
    r"track|listen|grow|adapt|balance|study|read|write|share|pay|believe|trust|let|go (?:through|over|ahead)|reach out|calm|contact|consult|choose|look(?:ing)?|create|break|develop|maintain|organi[sz]e|plan|express|communicate|seek|cooperate|solve|finish|prepare|pursue|refer|encounter|search|benefit)\b",
    re.IGNORECASE,
)
_MOOD_EN = re.compile(
    r"^(?:(?:so|and|but|yes|now|oh|well|honestly|sometimes|right now|currently),?\s+)*(?:i(?:['’]m| am| feel| felt| have been feeling|['’]ve been feeling| was| do feel)|(?:it|this|that) (?:makes|made|has made) me(?: feel)?|feeling)\s+"
    r"(?:(?:\w+ly|so|very|too|much|more|a bit|a little|a lot|feeling|quite|kind of|kinda|pretty|still|also|just|even|already|now|at ease|better|of|with)\s+)*"
    r"(?:better|good|great|well|fine|ok(?:ay)?|bad|sad|happy|glad|tired|exhausted|bored|boring|down|depressed|upset|anxious|nervous|worried|stressed|lonely|helpless|lost|confused|frustrated|angry|excited|"
    r"moved|touched|warm|comforted|relieved|relaxed|comfortable|satisfied|fulfilled|surprised|sorry|embarrassed|calm|confident|proud|honou?red|grateful|thankful|hopeful|motivated|inspired|encouraged|"
    r"overwhelmed|optimistic|energized|ready|curious|lucky|blessed|troubled|annoyed|stuck|unsure|disappointed|empty|interested|convinced|determined|at ease)"
    r"(?:(?:\s+and|,)\s+\w+)?(?:\s+(?:now|again|already|too|right now|(?:about|by|with|for) (?:it|this|that)|to hear (?:that|it|this)|hearing (?:that|this|it)|because of (?:it|this|that)|after .{0,20}))?$",
    re.IGNORECASE,
)
_TO_ASSISTANT_ZH = re.compile(r"(?<!叫)(?:你|您)(?!们)")
_TO_ASSISTANT_EN = re.compile(
    r"(?<!thank )(?<!if )(?<!with )(?<!from )\byou(?:r|rs|rself)?\b(?! know\b)(?!['’]?s\b)",
    re.IGNORECASE,
)
_SPECIFIC_ZH = re.compile(
    r"\d|《|“|[A-Za-z]{2,}|[二两三四五六七八九十百千](?:多)?(?:个|人|位|口|次|本|部|只|天|年|月|岁|块|元|公里|斤|杯|台|家|门|项)"
)
_AS_SAID = re.compile(
    r"\b(?:(?:just\s+)?(?:like|as)\s+you\s+(?:\w+ly\s+|just\s+)?\w+|(?:that|which|what)\s+you\s+(?:\w+ly\s+|just\s+)?(?:said|mentioned|suggested|recommended|gave|provided|shared)"
    r"|you know)\b|(?:像|如|按照?|照)?(?:你|您)(?:之前|刚才|上次)?(?:说|提到|推荐|建议|介绍)(?:过)?的?",
    re.IGNORECASE,
)
_COUNTED_EN = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred|thousand|million|dozen|half|twice)\b",
    re.IGNORECASE,
)
_LEANS_EN = re.compile(
    r"^(?:not (?:at the moment|yet|really|now)|which|because|so that|instead of|especially|like|such as|as well as|either way|after all|at least|no matter|(?:so\s+)?once)\b",
    re.IGNORECASE,
)


_POINTS_ZH = re.compile(
    r"^(?:但是?|不过|而且|虽然|所以|因为)?(?:我?(?:也|总是?|一直|真的?|还是|都)*(?:觉得|认为|感觉)?)?(?:它|这|那(?!天|时|年|次|晚)|他们的?|她们的?|其中)"
)
_POINTS_EN = re.compile(
    r"^(?:(?:and|but|so|because|although|though|sometimes|i (?:think|feel|find|guess|believe)(?: that)?),?\s+)*(?:it|this|that|these|those|they|them)\b",
    re.IGNORECASE,
)
_AT_A_LOSS = re.compile(
    r"^(?:我)?(?:总是?|还是|一直|就是|也|真的?|有时候?|但是?|可是|却|完全|都|自己)*(?:做不好|做不到|学不会|不知道|不清楚|不明白)(?:(?:我|自己)?(?:该|应该|要)?(?:怎么|如何|从何|从哪里?|什么|哪里)[^，。]{0,6})?(?:才好|了|呢)?$"
    r"|^我?(?:感到|觉得|感觉)(?:很|非常|有点|有些|特别)*(?:难以?|困难|不容易|吃力)[^，。]{0,4}$"
    r"|^(?:(?:but|and|so|just)\s+)*i(?: just| really| still)?(?: do(?:n['’]t| not) know|['’]m not sure| am not sure| have no idea)(?: (?:how|what|where|why|which|if|whether)(?: i (?:should|can))?(?: to)?(?: \w+){0,2}(?: (?:it|this|that|them|with it))?)?$",
    re.IGNORECASE,
)
_UNDERSTANDS_EN = re.compile(
    r"^(?:(?:so|and|but|now|ok(?:ay)?|yes),?\s+)*(?:i (?:think|guess|believe|feel like) )?i(?:['’]m| am)?(?: (?:just|also|really|now|finally|\w+ly))*+"
    r" (?:understand|understood|get|got|see|know|grasp|(?:want|need|hope|would like|trying|wanted) to (?:make sure|ensure|be sure|get|do|understand|clarify|confirm|see|know|learn|try|double-check|check))"
    r"(?: (?:that|if|how|why|what))?(?: (?:i|it|this|that|they|everything|these|those|we|i['’]m|it['’]s)(?: (?:am|is|are|was))?)?(?: (?!my\b|our\b|the\b|an?\b)\w+){0,3}?"
    r"(?: (?:it|this|that|them|right|correct|correctly|properly|better|well|more|now|basics|done|everything|point|idea|clearly))?$",
    re.IGNORECASE,
)
_EVALUATES_EN = re.compile(
    r"\b(?:sounds?|seems?|looks?|feels?)\s+(?:like\s+)?(?:an?\s+)?(?:\w+\s+){0,2}?(?:good|great|doable|reasonable|right|nice|fine|perfect|helpful|interesting|fun|manageable|smart|solid|promising|useful|better|fair|straightforward|delicious|tempting|amazing|wonderful)\b"
    r"|\b(?:makes?|made) (?:\w+ )?(?:sense|a (?:\w+ )?difference)\b|\b(?:is|are|was|were|would be|will be)\s+(?:\w+ly\s+|very\s+|so\s+|really\s+|also\s+)*(?:helpful|useful|clear|correct|true|right|a (?:great|good|nice|smart) (?:idea|way|approach|plan|choice|tip))\b",
    re.IGNORECASE,
)
# What needs no "我" to be the speaker's own: kin, home, work, body, things owned; what was done.
_OWN_WORLD_ZH = re.compile(
    r"家里|家中|家人|孩子|宝宝|儿子|女儿|老婆|老公|妻子|丈夫|爸|妈|父母|爷爷|奶奶|外公|外婆|哥|姐|弟弟|妹妹|公司|单位|店里|部门|团队|学校|宿舍|老板|领导|同事|室友|导师|"
    r"膝盖|腰|颈椎|胃|眼睛|视力|牙|血压|血糖|血型|心脏|皮肤|手术|手机|电脑|车(?!站|祸)|房(?!间)|工资|项目|客户|(?<!热)狗|猫|"
    r"(?:[\u3400-\u9fff](?<![除为罢太极通超经]))(?:过(?![程去来于分敏度期关节])|了(?![解不很好多]))(?=[\u3400-\u9fff]{2})|[把被将][^，。]{1,12}(?:了|成|到|给|掉)|^(?!.*(?:太|真|最|极|更|越来越)).*[\u3400-\u9fff](?<![好棒多远错对行久累])了$"
)
_OF_TALK_ZH = re.compile(
    r"^(?:那么?|我们|咱们|一起|也|就|来|可以|能|还)*(?:可以|来|一起|再)(?:聊聊?|谈谈?|说说|讨论|分享)|(?:为|给)我(?:提供|带来|送上)[^，。]{0,6}(?:支持|建议|帮助|陪伴|鼓励|安慰)"
)
_HELPED_EN = re.compile(
    r"^(?!I\b|my\b|we\b).*\bhelp(?:s|ed|ing)? me (?:to )?(?:understand|clarify|see|get|feel|learn|grasp|visuali[sz]e|avoid|stay)\b",
    re.IGNORECASE,
)
# A rule of calculation is nobody's own.
_FORMULA = re.compile(r"\\\(|\\frac|[=∩∪≈×÷√≤≥]|\b\d+/\d+\b(?!/)|\d!|\w\^\d")
_DAY_ONLY_ZH = re.compile(r"^(?:今天|明天|昨天|现在)(?:已经|都|又|也|就)*是")
_TRIES_ZH = re.compile(
    r"^(?:现在|目前)?我?(?:也|正|在|一直|还|只能)*(?:尽力|努力|尽量)地?[^，。]{0,8}$"
)
_WHETHER_THAT = re.compile(
    r"^(?:(?:but|and|so)\s+)*i(?: really| just)?(?: do(?:n['’]t| not) know|['’]m not sure| am not sure| wonder) (?:if|whether) (?:that|this|it)\b",
    re.IGNORECASE,
)
_DOING_EN = re.compile(
    r"^(?:(?:and|but|so|also|many times|sometimes)\s+)*(?:i (?:think|believe|guess|feel)(?: that)?\s+)?\w+ing\b(?!.*\bI\b).*\b(?:is|are|was|were|makes?|helps?|helped|can|will|would|sounds?|seems?)\b",
    re.IGNORECASE,
)
# Judged, of something that was named elsewhere.
_JUDGES_ZH = re.compile(
    r"^(?:很|非常|特别|真的?|太|挺|更|最|比较|十分)(?!喜欢|爱|想|怕|担心|讨厌|忙|希望|擅长|少|容易|久|需要|习惯|感兴趣|享受)"
)
_JUDGES_EN = re.compile(
    r"^(?:(?:and|but|so)\s+)*(?:i (?:think|feel|find|found|thought)(?: that)? )?the (?:\w+ ){0,2}?(?:taste|flavou?r|scenery|plot|story|acting|music|atmosphere|movie|film|book|food|picture|song|performance|process|view|lyrics|melody|dish|theme)\b.*\b(?:is|was|are|were)\b"
    r"|\bi(?:['’]m| am)? hop(?:e|ing) (?:this|that|it|they|these)\b",
    re.IGNORECASE,
)
# What happened is not said, or what "this" is: nothing to remember.
_SOME_TROUBLE_ZH = re.compile(
    r"^(?:今天|最近|现在|近来|刚刚?)?我?(?:今天|最近|现在|也|又|还|正|在|都)*(?:遇到|碰到|遇上|碰上|有|面临|发生)(?:了|过)?(?:一?[个些点件]|一些|很多|不少|许多|几个|各种)?(?:[^，。]{0,5}的)?(?:麻烦|问题|困难|困扰|事情?|挫折|挑战|烦心事)(?:了)?(?:[，,][^，。]{0,14})?$"
)
_SOME_TROUBLE_EN = re.compile(
    r"^(?:(?:today|recently|lately|now|but|so|and),?\s+)*i(?:['’]ve| have|['’]m)?(?: recently| also| just| been)* (?:encountered|run into|ran into|met|have|had|facing|faced|having|got)(?: with)? (?:some|an?|a few|many|a lot of)?(?: \w+)? ?(?:problems?|troubles?|difficult(?:y|ies)|issues?|challenges?|setbacks?|things?)(?: today| recently| lately)?$",
    re.IGNORECASE,
)
_DONE_BEFORE_ZH = re.compile(
    r"^我?(?:也|都|还|确实|的确|曾经|以前|之前|一直|其实|有时)*有?(?:考虑|想|试|尝试|听说|看|了解|知道|注意|思考)过(?:了)?$"
)
_BACK_ZH = re.compile(r"(?:这|那)(?:种|样|些|个)(?:的)?[^，。]{0,6}$")
_BACK_EN = re.compile(
    r"\b(?:this|that|these|those|it|them)(?:\s+\w+$|\s+(?:is|are|was|were|works?|means?|happens?|actually|\w+ed|calculated|done)\b.{0,20})?$",
    re.IGNORECASE,
)
_MAKES_FEEL_ZH = re.compile(
    r"^[^我]{0,18}(?:让|使|令|给)我(?:们)?(?:感到|感觉|觉得|带来|变得|更加?|有)"
)
_MAKES_FEEL_EN = re.compile(
    r"^(?!I\b).*\b(?:makes?|made|making|gives?|brings?|lets?|allows?|takes?) me (?:\w+ly )?(?:feel|realize|think|into|understand|more|a sense)\b",
    re.IGNORECASE,
)
_WEATHER_ZH = re.compile(r"天气|阳光|气温|下雨|下雪|天空")
_AS_SUBJECT_EN = re.compile(r"\b(?:I|I['’]\w+|we|we['’]\w+|my|our|mine)\b", re.IGNORECASE)
_FEW_WORDS = 4


@cache
def _quoted() -> re.Pattern[str]:
    return re.compile(r"“[^”]*”|\"[^\"]*\"|《[^》]*》|`[^`]*`|「[^」]*」")


def is_aside(text: str, *, about_other: bool, goes_on: bool = False) -> bool:
    """Whether a sentence, standing alone, says nothing lasting. about_other: it speaks of a person
    or thing that the turn named before. goes_on: its sentence spoke of the speaker before.
    """
    if "**" in text and not speaks_of_self(text):
        return True  # a piece of a text that was handed over
    bare = _AS_SAID.sub("", _quoted().sub("", text))
    if is_chinese(text):
        return _chinese(text, bare, about_other=about_other, goes_on=goes_on)
    return _english(text, bare, about_other=about_other, goes_on=goes_on)


def points_back(text: str) -> bool:
    """A wish about "this kind", whatever that was."""
    return not (_SPECIFIC_ZH.search(text) or talk.has_specifics(text)) and bool(
        (_BACK_ZH if is_chinese(text) else _BACK_EN).search(text)
    )


def is_promise(text: str) -> bool:
    """An intention to do well that names nothing to be done."""
    if is_chinese(text):
        return bool(_EFFORT_ZH.match(text)) and not _SPECIFIC_ZH.search(text)
    return bool(_EFFORT_EN.match(text)) and not talk.has_specifics(text)


def _chinese(text: str, bare: str, *, about_other: bool, goes_on: bool) -> bool:
    own = "我" in bare
    if _OF_TALK_ZH.search(bare) or (not own and _DAY_ONLY_ZH.match(bare)):
        return True
    if _SPECIFIC_ZH.search(text):
        return False
    empty = (_AT_A_LOSS, _TRIES_ZH, _SOME_TROUBLE_ZH, _DONE_BEFORE_ZH)
    if _TO_ASSISTANT_ZH.search(bare) or any(one.match(bare) for one in empty):
        return True
    loose = _WHEN_ZH.search(bare) is None
    if loose and any(one.match(bare) for one in (_MOOD_ONLY_ZH, _EFFORT_ZH, _FRAGMENT_ZH)):
        return True
    if not own and _WEATHER_ZH.search(bare):
        return True
    return not about_other and _alone_zh(text, bare, own=own or goes_on, loose=loose)


def _alone_zh(text: str, bare: str, *, own: bool, loose: bool) -> bool:
    """Where nothing stands before it. loose: no time is named."""
    if not own and _JUDGES_ZH.match(bare):
        return True
    back = _BACK_ZH.search(bare) or _MAKES_FEEL_ZH.match(bare) or _POINTS_ZH.match(bare)
    if loose and back:
        return True
    said_of_self = own or speaks_of_self(text) or talk.has_specifics(text)
    return not said_of_self and not _OWN_WORLD_ZH.search(bare)


def _english(text: str, bare: str, *, about_other: bool, goes_on: bool) -> bool:
    own = _AS_SUBJECT_EN.search(bare) is not None
    stated = _EVALUATES_EN.search(bare) or _FORMULA.search(text)
    if _HELPED_EN.match(bare) or (not own and stated):
        return True
    if talk.has_specifics(text) or _COUNTED_EN.search(text):
        return False
    empty = (_AT_A_LOSS, _UNDERSTANDS_EN, _SOME_TROUBLE_EN, _LEANS_EN)
    if _TO_ASSISTANT_EN.search(bare) or any(one.match(bare) for one in empty):
        return True
    loose = _WHEN_EN.search(bare) is None
    if loose and any(one.match(bare) for one in (_MOOD_EN, _EFFORT_EN)):
        return True
    return not about_other and _alone_en(text, bare, own=own or goes_on, loose=loose)


def _alone_en(text: str, bare: str, *, own: bool, loose: bool) -> bool:
    """Where nothing stands before it. loose: no time is named."""
    if any(one.match(bare) for one in (_WHETHER_THAT, _DOING_EN, _JUDGES_EN)):
        return True
    back = _BACK_EN.search(bare) or _MAKES_FEEL_EN.match(bare) or _POINTS_EN.match(bare)
    if loose and back:
        return True
    short = not own and talk.content_words(bare) < _FEW_WORDS
    return short or not (own or speaks_of_self(text))
