# ruff: noqa: E501 - tables of phrases and forms are read across
"""How people correct things, in Chinese and English: general language, no field's words."""

import re

_I = re.IGNORECASE


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), _I)


# Openings and closings that say nothing themselves; taken off before anything else is read.
LEAD = _any(
    r"^(?:不对|不是的|错了|你错了|你说错了|说错了|更正|更正一下|纠正一下|订正|勘误|注意|请注意|提醒一下|提醒大家|通知|反馈|补充一下|说明一下"
    r"|你好|您好|嗨|哈喽|大家好|各位|麻烦(?:更新|更正|改)一下|请(?:更新|更正|修改|改)一下|更新一下|有更新|有变化|有变动"
    r"|(?:有)?[一二两三四五六七八\d几]+[处点条个](?:要|需要)?(?:更新|更正|修改|改|错误|改动|变化|变动|调整)|顺便(?:说一下|提一下)?|另外)(?:[：:，,。!！、\s]+)",
    r"^(?:(?:heads[- ]?up|fyi|for your information|correction|update|note|please note|nb|attention|hi|hello|hey"
    r"|hi there|hi all|hello everyone|hi team|dear (?:all|team)|no|nope|wrong|actually|in fact|sorry|excuse me|just so you know|by the way|btw"
    r"|quick (?:note|update|correction|fix)|small (?:note|correction|fix|update)|one (?:correction|thing|more thing)|(?:two|three|four|several|some|a few) (?:corrections|updates|changes|things|fixes)"
    r"|that(?:'s| is) (?:wrong|incorrect|not (?:right|correct|true))|not (?:right|correct|true|quite)|you(?:'re| are) wrong|as a reminder|to be precise|for the record)"
    r"(?:\s+(?:that))?)\s*(?:[:,.!;–—-]+\s*|(?<=note)\s+that\s+|(?<=know)\s+that\s+)",
    r"^(?:please note|note|be aware|fyi|i(?:'d| would) like to (?:point out|add|note|correct)|you should know|just to let you know|please be informed)\s+that\s+",
)
META = _any(
    r"^(?:请|麻烦|烦请|辛苦)?(?:你|您|帮忙|大家|尽快|及时)*(?:更新|更正|修改|改正|纠正|修正|改|同步|知悉|核实|确认|处理|记住|注意)(?:一下|下)?(?:知识库|文档|资料|手册|文件|页面|内容|说明|表格|这里|过来)?(?:里|中|内)?(?:的)?(?:内容|信息|说法)?(?:吧|哦|谢谢|了)*$",
    r"^(?:谢谢|多谢|感谢|谢啦|谢了|辛苦了?|拜托了?|麻烦了|好的|收到|嗯+)(?:你|您|大家|了|啦)*$",
    r"^(?:请)?(?:更新|同步)到?知识库$",
    r"^(?:please|kindly|could you(?: please)?|can you(?: please)?)?\s*(?:update|correct|fix|change|amend|adjust|revise|check)\s+(?:it|this|that|them|the (?:docs?|documents?|documentation|page|wiki|list|entry|knowledge base|file|handbook|manual|text|record)s?)(?:\s+accordingly)?(?:,?\s*(?:please|thanks|thank you))?$",
    r"^(?:many )?(?:thanks|thank you|thx|cheers|best regards|regards|please|ok|okay|sorry)(?: a lot| so much| very much| in advance| for .*)?$",
)
# What the words leave as it is: it must change nothing.
UNCHANGED = _any(
    r"(?:其他|其它|其余|别的|另外(?:几|两|三)?|剩下|剩余)[^，。,;；]{0,16}(?:不变|照旧|照常|没变|一样|不动|没有变|没错|都对|没问题|不受影响|保持|维持|还是)",
    r"^[^，。,;；]{0,10}?(?:仍然?|依然|保持)?(?:不变|照旧|照常|没变|没有变化)$",
    r"\b(?:(?:all |the )*(?:other|others|rest|remaining|everything else)\b[^.;]*?(?:stay|stays|remain|remains|unchanged|same|as (?:it|they) (?:is|are|was|were)|correct|fine|keep|keeps|not affected|unaffected|still (?:apply|applies|hold|holds|valid))|nothing else changes|unchanged|(?:stays?|remains?) (?:the same|as (?:is|it is|they are|before)|where (?:it|they)))",
)
DROP = _any(
    r"取消了?|废止|作废|废除|停用|停办|停止|撤销|撤掉|停售|下架|下线|不再|不用(?!了?说)|不需要|无需|无须|不必|用不着|没有了|已经没有|不存在了|不收了?|不提供了|不供应了|不办了?|不设了|不限了?|已(?:经)?关闭|终止|失效|过期了|删掉|删除|去掉|拿掉|划掉|免(?:收|除|去)",
    r"\b(?:no longer|not any ?more|any ?more|any longer|abolished|scrapped|cancell?ed|cancel|discontinued|dropped|removed|withdrawn|lifted|repealed|revoked|obsolete|ended|has ended|done away with|ceased?|stopped|was closed|has closed|shut down|phased out|is gone|are gone|expired|void|invalid|remove|delete|drop)\b",
)
EXCEPTION = _any(
    r"例外|除外|除了[^，。]{1,30}(?:外|以外|之外|都|，)|除[^，。了]{1,20}(?:外|以外|之外)|不包括|不含|不适用于|不计入|不算在|唯独|不在此列|特殊情况",
    r"\b(?:exceptions?|except(?:ing)?|excluding|excluded|apart from|with the exception of|unless|does not apply to|do not apply to|doesn't apply to|other than)\b",
)
ADD = _any(
    r"新增|补充|增加(?:了)?(?=一|个|条|新|如下)|添加|加上|加一条|加入|新开|新设|开通|开设了|还(?:可以|要|有|需要?|应|能|得)|也(?!许|太|很|真|好|不错|觉得|希望|想)|另有|此外|另外(?:还|有|增)|漏了|遗漏|没(?:有)?写|没(?:有)?提|未提及|缺少|少了",
    r"\b(?:add|added|adding|also|additionally|in addition|additional|new(?:ly)?(?= (?:rule|entry|item|service|option|branch|room|line|policy|course|opened|opening))|as well|too|is missing|are missing|missing|not mentioned|doesn't mention|does not mention|forgot|left out|besides|there is now|there's now|there are now|we now (?:have|offer|accept))\b",
)
STRONG_ADD = _any(
    r"新增|补充(?:一|说明|规定|内容|进|到|：|，)|添加(?:一|：|到|进|以下)|加上(?:一|：|这)|加(?:一|个)?[条点项](?:例外|说明|规定|内容)?|加入(?:一条|以下|说明|规定|知识库|文档)|新开|新设|漏了|遗漏了?|没(?:有)?写|没(?:有)?提到?|未提及",
    r"\b(?:add|added|missing|not mentioned|doesn't mention|does not mention|left out|in addition|additionally)\b",
)
# An instruction before what is to be added; it is no part of the memory.
ADD_LEAD = _any(
    r"^(?:请|麻烦)?(?:补充|新增|增加|添加|加|加上)(?:一下|一[条个点项])?(?:例外|说明|规定|内容|信息)?\s*[：:，,]\s*",
    r"^(?:please |could you |can you )*add (?:an? |the |one )?(?:exception|note|rule|line|sentence|entry|point|following|information)?\s*(?::|that\b)\s*",
)
# Something is wrong, whatever it is.
ERROR = _any(
    r"(?:写|说|标|记|填|印|弄|搞|列|答|给|填写|登记)(?:得|的)?(?:是)?(?:有)?错了?|有误|有错|错误|不对|不正确|不准确|是错的|错了|过时|过期|已?不是最新|笔误|打错|搞混|弄反|写反|不符",
    r"\b(?:wrong|incorrect|mistaken|mistake|typo|outdated|out of date|error|erroneous|inaccurate|not right|isn't right|not correct|isn't correct|not true|isn't true|misspell?ed|misspelt|mixed up|obsolete|stale|old)\b",
)
UNSURE = _any(
    r"不(?:太)?确定|不(?:太)?清楚|记不(?:太)?清|不记得|不知道(?:是)?(?:哪|对|具体)|说不(?:上来|准|清)|拿不准|没法确认|忘了(?:是)?(?:哪|什么|多少)|搞不清",
    r"\b(?:not (?:quite |really |entirely )?(?:sure|certain)|unsure|(?:can't|cannot|can not|don't|do not) (?:remember|recall|know)|no idea|not sure which|couldn't say|hard to say)\b",
)
SOMEWHERE = _any(
    r"某(?:个|些|处|一)|有些(?:地方|内容|数字|价格|信息)?|有的(?:地方|内容|数字)|有一个(?=[^，。]{0,8}(?:错|不对|有误))|哪里|好像哪|有几处|不少地方|很多地方|部分内容",
    r"\b(?:some(?:thing|where)?|one of|some of|a few of|several|parts? of|certain|a couple of)\b",
)
WISH = _any(
    r"希望|要是[^，。]*就好|如果能|如果可以|能不能|可不可以|是否可以|能否|可否|但愿|巴不得|最好能|建议",
    r"\b(?:i wish|i hope|hopefully|would be (?:nice|great|good|better|helpful)|it'd be|would like(?! to (?:point|add|note|correct))|wouldn't it|could we|should we|can we|may we|i(?:'d| would) (?:love|prefer)|suggest(?:ion)?|propose)\b",
)
EDIT_REQUEST = _any(
    r"(?:把|将|请|帮我?|麻烦)[^。，]*(?:改|更正|更新|修正|换|调整)(?:成|为|到|作|做)",
    r"\b(?:can|could|would|will) you (?:please )?(?:change|correct|update|replace|fix|amend|rename|edit)\b|\bplease (?:change|correct|update|replace|fix|amend|rename|edit)\b",
)
QUESTION_MARK = re.compile(r"[?？][”’」』\"）)]*\s*$")
QUESTION = _any(
    r"(?:吗|么|呢)[？?。.]?$|^(?:请问|问一下|想问|想知道|谁知道|有谁|有人知道)|(?:什么|哪(?:里|个|些|儿|天|种|位|一)|谁|怎么|怎样|如何|几(?:点|个|天|次|号|楼|时|位)|多少|多久|多大|多长|多远|为什么|为何|是不是|有没有|能不能|可不可以|是否|会不会|要不要|对不对|行不行|还是说)",
    r"^(?:what|when|where|who|whom|whose|which|why|how|is|are|was|were|do|does|did|can|could|will|would|shall|should|may|might|am|has|have|had|isn't|aren't|doesn't|don't|any idea|any chance|i wonder|i was wondering|wondering|tell me|do you know|please tell)\b",
    r"\b(?:isn't it|aren't they|doesn't it|right|correct|is that so|is that true|don't you think)\s*\?",
)
# Words that ask, wherever they stand.
ASKS = _any(
    r"谁|什么|哪[里儿些个种位一年月日天条家所座年次]|多少|几(?![乎])|何[时地处人种]|为何|怎[么样]|如何|是否|多[大长高久远重宽深快]",
    r"\b(?:what|which|who|whom|whose|where|when|why|how)\b",
)
# Moods, thanks, greetings, weather: talk that is about nobody's documents.
CHAT = _any(
    r"谢谢|感谢|多谢|辛苦|真(?:好|棒|不错|厉害|贴心|方便|热|冷|香|好吃|难吃|糟|烦|慢|快)|太(?:好|棒|赞|慢|差|贵|香|难|热|冷|可爱|贴心|有用)|好(?:棒|赞|厉害|可爱|喜欢|开心|累|饿|热|冷|香)|厉害|点赞|给力|加油|哈哈|嘻嘻|呵呵|嘿嘿|开心|高兴|喜欢|满意|不错|生气|失望|无语|吐槽|难吃|好吃|天气|晚安|早安|早上好|下午好|晚上好|再见|拜拜|周末愉快|节日快乐|新年快乐|生日快乐|恭喜|祝(?:你|您|大家)|心情|态度|好评|差评|服务(?:很|非常|特别)",
    r"\b(?:thanks|thank you|thx|appreciate|awesome|great|lovely|love|loved|nice|wonderful|amazing|fantastic|brilliant|excellent|perfect|enjoy(?:ed)?|haha+|lol|cool|good job|well done|keep it up|congrat\w*|happy|glad|pleased|sad|angry|annoy\w*|frustrat\w*|disappoint\w*|hate|terrible|awful|boring|weather|sunny|rainy|good (?:morning|evening|night|afternoon)|have a (?:nice|good|great)|bye|see you|cheers|friendly|delicious|tasty|yummy|funny|sorry|impress\w*|helpful|kudos|hope you)\b|[!！]{2,}|[\U0001F300-\U0001FAFF]",
)
FIRST_PERSON = _any(
    r"(?:^|[，,。\s])(?:我|俺|咱)(?!们|司|校|院|馆|店|行|局|部|县|市|国|方)",
    r"\b(?:i|i'm|i've|i'd|my|mine|me|myself)\b",
)
ASSURANCE = _any(r"\b(?:i think|i believe|i guess|i'm (?:pretty )?sure|i checked|i just|i heard|i noticed|i was told|i can confirm|i confirm|i asked|my (?:boss|manager|colleague))\b")  # fmt: skip
NOW = _any(
    r"现在|目前|如今|已经|已(?=改|调|迁|搬|换|升|降|取消|变)|最新|今后|以后|新的|新版|刚刚|刚(?=改|调|换|搬)|从.{1,12}起|开始|一律|必须|统一|实际上?|其实",
    r"\b(?:now|currently|nowadays|these days|at present|at the moment|from now on|as of|as from|effective|starting|since|already|recently|just|latest|actually|in fact|new|must|have to|has to|required|mandatory|current)\b",
)
EVERYWHERE = _any(
    r"(?:全部|统一|一律|所有|全文|通篇|凡是|都)(?:的地方)?(?:.{0,12})(?:改|换|称|叫|写|替换)",
    r"\b(?:everywhere|throughout|all (?:occurrences|mentions|instances|references)|in all (?:documents|places))\b",
)
RENAME = _any(
    r"(?:改名|更名|改称|改叫|重新命名|重命名|易名|替换)(?:为|成|叫|作)?|名称(?:改|变更|更新)为",
    r"\b(?:renam(?:e|ed|ing)|rebrand(?:ed)?|re-?named|(?:is|are) now (?:called|named|known as)|changed (?:its|their|the) name|new name)\b",
)
