# ruff: noqa: E501 - a pattern is read as one line, however long
"""What in a conversation is no memory: greetings, thanks, laughter, questions and requests."""

import re
from functools import cache

from services.memorizer.domain.extraction.language import is_chinese

_SMALL_ZH = (
    "你们?好|您好|大家好|哈喽|哈罗|嗨|嘿|喂|早上好|早安|早啊?|上午好|中午好|下午好|晚上好|晚安|午安|"
    "在吗|在不在|在么|有人吗|多谢|感谢|谢谢|谢啦|谢了|谢|辛苦|麻烦|不客气|不用谢|没事儿?|没关系|没问题|"
    "好的|好嘞|好滴|好哒|好吧|好呀|好啊|好|行吧?|嗯+|哦+|噢+|喔+|啊+|呀+|唉+|哎+|诶|欸|哇+塞?|哈+|嘿+|呵+|"
    "嘻+|拜拜|再见|再会|回头见|回见|明天见|下次见|回头聊|改天聊|下次聊|先这样|就这样|"
    "先?(?:来)?随便(?:看看|逛逛|问问|聊聊|说说)|看看|逛逛|聊聊|没什么事?|没啥事?|无聊(?:死了)?|收到|明白|了解|"
    "知道|懂|对的?|是的|是啊|不用|可以|当然|真的|太好|真?棒|厉害|不错|牛|加油|开个?玩笑|"
    "逗你的?|打扰|抱歉|对不起|不好意思|很?高兴(?:认识|见到)你|幸会|久等|我?先?(?:忙|下线|睡|撤|走)|"
    "听起来(?:很|挺|真)?(?:不错|好|有意思|有趣)|真?有意思|有趣|好玩|笑死(?:我)?|最近(?:怎么样|还好|好)|"
    "你(?:怎么样|呢|真好|真棒|真厉害|辛苦)|ai(?:伴侣|助手)?|助手|小助手|亲爱的|朋友|老师|亲|"
    "今天|你|您|我|你们|们|那|就|真|太|很|先|再|也|都|啦|了|吧|呢|哦|哈|吗|嘛|的|是|又|来|一下|"
    "ok|okay|thanks|thank you|hi|hello|bye|lol|hhh+|233+|666+|88"
)
_SMALL_EN = (
    r"hi|hello|hey|hiya|yo|there|howdy|greetings|good (?:morning|afternoon|evening|night|day)|"
    r"morning|evening|thanks?|thank you|thx|ty|cheers|a (?:lot|bunch|million|ton)|so much|"
    r"very much|much appreciated|appreciate(?:d)?(?: it)?|ok(?:ay)?|k|sure(?: thing)?|yes|yeah|"
    r"yep|yup|yea|no|nope|nah|right|alright|all right|lol|lmao|rofl|(?:ha|he|hi){2,}h?|"
    r"(?:good|nice|great) (?:one|job|idea|point|to know)|great|cool|nice|awesome|perfect|wonderful|excellent|amazing|brilliant|lovely|fantastic|"
    r"good|sweet|sounds? (?:good|great|nice|fun|perfect|fine)|"
    r"got (?:it|you)|gotcha|i (?:see|know|understand|got it|agree)|understood|makes sense|"
    r"fair enough|bye(?: bye)?|goodbye|see (?:you|ya)|cya|later|soon|tomorrow|again|then|"
    r"talk to you|catch you|take care|have a (?:good|great|nice) (?:one|day|night|evening|weekend)|"
    r"no (?:problem|worries|rush)|you(?:'re| are) (?:welcome|right|awesome|great|the best)|"
    r"welcome|how (?:are you|is it going|are things|have you been|do you do)|"
    r"how's (?:it going|everything|life)|what's (?:up|new)|sup|never ?mind|just (?:killing time|"
    r"browsing|looking(?: around)?|checking(?: in)?|kidding|joking|saying hi|chatting|wondering)|"
    r"i(?:'m| am) (?:good|fine|ok|okay|great|bored|back|just (?:kidding|joking|bored|browsing))|"
    r"wow|oh|ooh|aw+|hmm+|um+|uh|well|please|my pleasure|(?:it's |it is )?(?:nice|great|good|"
    r"pleased) to (?:meet|see|hear from|talk to) you|sorry|excuse me|my bad|the best|everyone|"
    r"everybody|friend|buddy|dear|mate|dude|ai(?: companion)?|assistant|and|so|but|for (?:the|"
    r"your) (?:help|recommendations?|suggestions?|advice|tips?|info|information)|that|that's|"
    r"it's|this|is|was|really|very|very well|too|all|it|will do|i will|i'll|anyway|now|serious|not (?:really|yet|at "
    r"all|much|sure)|of course|absolutely|definitely|exactly|indeed|i do|i don't|me (?:too|neither)|same here"
)
_OPENERS_ZH = (
    "对了|顺便(?:说一下|说一句|提一下|问一下)?|另外|还有(?=[，,：:])|再说一遍|跟你说(?:个|件)?(?:正)?事儿?|"
    "说(?:个|件)正事|告诉你(?:一|个|件)*(?:事|消息)?|那个|话说|其实(?=[，,])|说真的|老实说|更新一下|补充一下|"
    "不过(?!得)|但是?(?!愿|凡|书)|而且|所以(?=[，,])|那(?=我)|然后(?=[，,])|好消息|坏消息|大新闻|先说一下|忘了?(?:跟你)?说|嗯+|哦+|唉|哎呀?|哇+|哈哈+|是的|对的?(?=[，,])|好的?(?=[，,])|提醒一下|汇报一?下|跟(?:你|您)汇报(?:一下)?|报告一下"
)
_OPENERS_EN = (
    r"by the way|btw|also|however|now(?= ?,)|oh(?: and)?|and|so|well|actually|anyway|before i forget|"
    r"(?:big|good|great|bad|sad|quick|small) (?:news|update)|update|fyi|just so you know|"
    r"for (?:your information|the record|context|what it's worth)|one more thing|"
    r"ok(?:ay)?(?: serious| seriously)?(?: now)?|seriously(?: now)?|to be honest|honestly|"
    r"(?:please )?(?:note|remember)(?: that)?|as (?:i|you may|you might|i already) (?:said|know|"
    r"mentioned|told you)(?: before)?|like i said|again|in case (?:i|you) (?:forgot|forget)|"
    r"(?:just )?a reminder(?: that)?|hi|hello|hey(?: there)?|thanks(?: :\))?|morning|yes|yeah|no|"
    r"sure|great|perfect|right|unfortunately|luckily|fortunately|guess what|speaking of which|heads[ -]up|change of plans?|quick (?:one|question)|h+m+|um+|oh|ah+|wow|ha(?:ha)+|lol|ok(?:ay)?|alright"
)
_ASKING_ZH = re.compile(
    r"什么|怎么|怎样|咋|哪(?!怕)|多少|多久|多大|多长|几(?:点|号|个|天|次|岁|月|种|款|时|楼|路|块)(?!前|后|以)|"
    r"是不是|能不能|可不可以|可以.{0,8}吗|要不要|有没有|好不好|行不行|会不会|对不对|值不值|该不该|用不用|"
    r"为什么|为何|为啥|如何|是否|谁|何时|啥|吗$|么$|呢$|星期几|周几|问(?:过|了)?我"
)
_REQUEST_ZH = re.compile(
    r"^(?:那?你?(?:能|可以)?)?(?:请|麻烦|劳驾)?(?:你|您)?(?:能|可以)?(?:再|先|来)?"
    r"(?:帮(?:我|忙|个忙|我们)?|给我(?:讲|推荐|写|列|查|找|说|解释|出|做|来|介绍)|替我|告诉我|教(?:教)?我|推荐|"
    r"介绍一?下?|解释|翻译|讲(?:个|一个|讲)|说说|写(?:一|个|篇|段)|列(?:出|一)|查(?:一下|下|查)|算一?下|"
    r"总结|分析一?下|比较一?下|看一?下|想问|请问|问一下|举(?:个|几个)例|生成|修改一?下|润色)"
)
_ASKING_EN = re.compile(
    r"^(?:and |so |but |or |then |also |ok |well )?(?:what|which|where|when(?! (?:i|we|my|the|it))|why|"
    r"who|whose|whom|how(?!ever)|can|could|would|should|shall|do|does|did|is|are|am|was|were|will|has|"
    r"have (?:you|i|we|they)|had (?:you|i)|may|might|any (?:idea|tips?|suggestions?|advice|chance|"
    r"recommendations?|thoughts)|isn't|aren't|don't you|doesn't|didn't|won't|wouldn't|couldn't|can't you|"
    r"what's|where's|who's|how's|when's|which's)\b",
    re.IGNORECASE,
)
_REQUEST_EN = re.compile(
    r"^(?:and |so |but |then |also |now )?(?:please |pls |kindly |just |could you |can you |would you )*"
    r"(?:help(?: me)?|tell|give|show|write|explain|recommend|suggest|find|list|make me|create|translate|"
    r"summari[sz]e|check|compare|describe|look up|search|calculate|convert|generate|draft|rewrite|"
    r"review|remind me what|let me know|teach|walk me|provide|outline|plan|draw|sing|say|tell me|"
    r"i(?:'d| would) like (?:to know|you to|to ask|some (?:help|advice|tips|suggestions))|"
    r"i want to know|i(?:'m| am) (?:wondering|curious)|i wonder|i was wondering|i need (?:help|advice)"
    r"(?! (?:from|because))|i have a question|clarify|confirm|include|add|apply|solve|fix|implement|identify|highlight|"
    r"analy[sz]e|evaluate|elaborate|expand|demonstrate|illustrate|specify|let's (?:see|start|talk|discuss|continue))\b",
    re.IGNORECASE,
)
_STATES_EN = re.compile(
    r"(?!(?:so )?(?:I|we) (?:\w+ly )?(?:can|should|could|would|must|need to|have to)\b)(?:I|we|my|our)\b",
    re.IGNORECASE,
)
_IF = re.compile(
    r"^(?:如果|假如|要是|假设|万一|比如说?|例如|if|suppose|supposing|imagine|let's say|assuming|unless)",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"[\u3400-\u9fff]|[A-Za-z0-9]+(?:[.:'’-][A-Za-z0-9]+)*")
_LEAST = 2
_STOP_EN = frozenset(
    [
        "a",
        "an",
        "and",
        "any",
        "are",
        "as",
        "at",
        "be",
        "been",
        "but",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "for",
        "from",
        "get",
        "had",
        "has",
        "have",
        "how",
        "i",
        "if",
        "in",
        "is",
        "it",
        "its",
        "just",
        "me",
        "my",
        "of",
        "on",
        "or",
        "so",
        "some",
        "that",
        "the",
        "them",
        "then",
        "there",
        "they",
        "this",
        "to",
        "up",
        "us",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "why",
        "will",
        "with",
        "would",
        "you",
        "your",
        "should",
        "much",
        "many",
        "people",
        "usually",
        "good",
        "best",
        "make",
        "know",
        "like",
        "want",
        "need",
        "help",
        "please",
        "tell",
        "about",
    ]
)


@cache
def _small_zh() -> re.Pattern[str]:
    return re.compile(f"(?:{_SMALL_ZH})", re.IGNORECASE)


@cache
def _small_en() -> re.Pattern[str]:
    return re.compile(rf"(?<![\w'])(?:{_SMALL_EN})(?![\w'])", re.IGNORECASE)


@cache
def _openers() -> re.Pattern[str]:
    return re.compile(
        rf"^(?:(?:{_OPENERS_ZH})(?:哈|啊|呀|了)?[\s，,：:。]*|(?:{_OPENERS_EN})(?:[\s]*[,:;!.\u2013—-]+\s*)|(?:lol|lmao|ha(?:ha)+|hehe+)\s+)",
        re.IGNORECASE,
    )


def is_small_talk(text: str) -> bool:
    """Nothing is left of it once greetings, thanks, laughter and fillers are taken out."""
    plain = text.replace("’", "'").strip()
    if (opener := _openers().match(plain + ",")) and opener.end() >= len(plain):
        return True
    if is_chinese(plain):
        rest = _small_zh().sub("", plain)
        return len(_LETTERS.findall(rest)) < _LEAST
    if re.search(r"\d", plain):
        return False
    return not _LETTERS.findall(_small_en().sub(" ", plain))


def opener_length(text: str) -> int:
    """Characters of the words that only introduce ("By the way, ", "对了，")."""
    at = 0
    while match := _openers().match(text[at:]):
        if match.end() == 0 or at + match.end() >= len(text):
            break
        at += match.end()
    return at


def is_question(clause: str, *, sentence_asks: bool, last: bool) -> bool:
    """A clause that asks. sentence_asks: its sentence ends in a question mark."""
    if is_chinese(clause):
        if _ASKING_ZH.search(clause):
            return True
        return sentence_asks and last and not re.search(r"^(?:我|我们|我家|他|她|它)", clause)
    if _ASKING_EN.match(clause):
        return sentence_asks or not re.match(r"when\b", clause, re.IGNORECASE)
    return sentence_asks and last and not _STATES_EN.match(clause)


def is_request(clause: str) -> bool:
    """Something to be done now, no statement."""
    return bool((_REQUEST_ZH if is_chinese(clause) else _REQUEST_EN).match(clause))


def is_hypothetical(clause: str) -> bool:
    """A condition or example, nothing that is so."""
    return bool(_IF.match(clause))


def content_words(text: str) -> int:
    """How much a text says: Chinese characters by two, other words without the commonest."""
    count = 0.0
    for token in _LETTERS.findall(text):
        if "\u3400" <= token[0] <= "\u9fff":
            count += 0.5
        elif token.casefold() not in _STOP_EN:
            count += 1
    return int(count)


def telling_words(text: str) -> int:
    """Content words without those of greetings, thanks and the like."""
    small = _small_zh() if is_chinese(text) else _small_en()
    return content_words(small.sub(" ", text.replace("’", "'")))


def has_specifics(text: str) -> bool:
    """Names a number, a proper name, a quotation or a Latin term among Chinese."""
    if re.search(r"\d|《|“|\"|`", text):
        return True
    if is_chinese(text):
        return bool(
            re.search(
                r"[A-Za-z]{2,}|[一二三四五六七八九十百两]+(?:月|号|点|天|年|块|元|岁|斤|公里|米)",
                text,
            )
        )
    return bool(re.search(r"(?<=[a-z,;] )(?!I\b)[A-Z][\w-]+", text))
