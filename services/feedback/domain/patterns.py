# ruff: noqa: E501 - tables of phrases and forms are read across
"""What stands where in a correction: the old value, the new one, what is left is the subject."""

import re

_I = re.IGNORECASE
_END = r"(?=\s*(?:[，；;。!！]|,|$|的?(?:才对|才是)|了?(?:吧|哦|啦|呀)?\s*$))"
_END_EN = r"(?=\s*(?:[;!]|,(?!\d)|\.(?!\d)|$|\s[–—-]\s|\s(?:anymore|any more|any longer|but|because|since|as of|and not|so|from now on|instead)\b))"
_CHANGE_VERBS = (
    r"(?:搬迁?|迁移?|移|挪|换|改|调整?|提高?|提升|上涨|涨|升|上调|下调|下降|降低?|减少?|增加?|缩短?|缩减|延长?|延期|推迟|推后|延后|提前|变更?"
    r"|放宽|收紧|扩大|扩建|扩充|压缩|更新|更正|修正|订正|更名|改名|改称|升级|转|并入|设定|统一|恢复|回调|翻|更改|修改)"
)
_NOT = r"(?:而不是|而非|并非|并不是|不再是|不应该?是|不应当是|不该是|不是|不叫|不为|不在|不到)"
_IS = r"(?:应该?是|应当?是|应为|应该?为|应该?叫|应该?在|该是|才是|其实是|实际上?是|实际为|现在是|目前是|现为|是|为|叫做?|在)"

# what may stand between two commas, brackets with their content
_PART = r"(?:[^，,。；;（()）]|（[^）]*）|\([^)]*\))"
_ASSERT = r"(?:应该?是|应当?是|应为|应该?为|应该?叫|(?:正确|准确|实际|真正)的?[^，,。；;]{0,6}?(?:应该?|应当)?(?:是|为|叫)[:：]?)"

# one assertion, then what it is not: the values may hold commas
WHOLE = re.compile(
    rf"{_ASSERT}\s*(?P<new>.{{1,120}}?)[，,。；;\s]{{0,4}}(?:而|而且)?(?:不是|并非|并不是|而非|不再是|不应该?是)\s*(?P<old>.+?)[。.!！\s]{{0,8}}$"
)

# The same of a misprint, where the question stands behind: "X 应改为 Y（问题：…）".
SHOULD_READ = re.compile(r"应(?:该|当)?(?:被)?(?:改|更正|修正|订正|更改|替换|换)(?:为|成)")
WHOLE_ERRATUM = re.compile(
    rf"^(?P<old>.+?)\s*{SHOULD_READ.pattern}\s*(?P<new>.+?)[。.!！\s]{{0,8}}$"
)

CONTRAST = re.compile(r"不是|并非|而非|不再是")

# old and new at once, most telling first
BOTH = tuple(
    re.compile(pattern, _I)
    for pattern in (
        WHOLE.pattern,
        rf"(?:是|为|叫)\s*(?P<new>[^，,。；;是为]+?)\s*[，,]?\s*(?:而|而且)?(?:不是|并非|并不是|而非|不再是)\s*(?P<old>{_PART}+?){_END}",
        rf"{_NOT}\s*(?P<old>[^，,。；;]{{1,80}}?)\s*(?:而(?:应该?|应当)?是|而应为|而叫|[，,、]\s*(?:而|而且|现在|实际上?|其实)*(?:应该?是|应当?是|应为|是|改成了?|改为了?|叫做?|在))\s*(?P<new>.+?){_END}",
        rf"(?:由|从)\s*(?:原来的|原先的|之前的|以前的|目前的)?(?P<old>[^，,。；;]{{1,80}}?)\s*(?:统一|直接|临时|正式|最新)?{_CHANGE_VERBS}(?:到|至|为|成|作|了)+\s*(?P<new>.+?){_END}",
        rf"(?:把|将)\s*(?P<old>[^，,。；;]{{1,80}}?)\s*(?:都|全部|统一|一律)?{_CHANGE_VERBS}(?:到|至|为|成|作|了)+\s*(?P<new>.+?){_END}",
        rf"(?:把|将)\s*(?P<old>[^，,。；;]{{1,80}}?)\s*(?:都|全部|统一|一律)?(?:替换|换|称|叫|写)(?:为|成|作|做)\s*(?P<new>.+?){_END}",
        rf"(?P<new>[^，,。；;]{{1,80}}?)\s*(?:代替|取代|替代|替换)了?\s*(?:原来的|之前的|以前的)?(?P<old>[^，,。；;]+?){_END}",
        r"(?P<old>[^，,。；;:：]{1,80}?)\s*(?:->|→|=>|⇒)\s*(?P<new>[^，,。；;]+)",
        rf"\b(?:is|are|was|were)\s*(?:not|n't)\s+(?P<old>.{{1,80}}?),?\s+but\s+(?:rather\s+|actually\s+|is\s+|now\s+)?(?P<new>.+?){_END_EN}",
        rf"\bnot\s+(?P<old>[^,;.]{{1,80}}?|[^,;]{{1,80}}?\d),?\s+but\s+(?:rather\s+|actually\s+|is\s+|now\s+)?(?P<new>.+?){_END_EN}",
        rf"(?:\bis|\bare|\bwas|\bwere|\bdoes|\bdo|')\s*n(?:o|')t\s+(?:cost\s+|open at\s+|in\s+|at\s+)?(?P<old>[^,;]{{1,80}}?)\s*[,;.]{{1,3}}\s*(?:but\s+)?(?:it|they|that|he|she|this)(?:'s|'re| is| are| should be| costs?| must be)\s+(?:now\s+|actually\s+|in fact\s+)?(?P<new>.+?){_END_EN}",
        rf"\b(?:chang|rais|increas|lift|lower|reduc|decreas|mov|shift|switch|extend|shorten|renam|relocat|postpon|updat|adjust|correct|amend|bump|expand|cut|went|goes|gone|go|going|rose|risen|dropp|drop|fell|fallen|climb|jump|came|grew|grown|up|down)\w*\b[^.;]{{0,60}}?\bfrom\s+(?P<old>[^,;]{{1,80}}?)\s+(?:up\s+|down\s+)?to\s+(?P<new>.+?){_END_EN}",
        rf"\b(?:replace|swap|exchange)d?\s+(?P<old>[^,;]{{1,80}}?)\s+(?:with|by|for)\s+(?P<new>.+?){_END_EN}",
        rf"\b(?P<new>[\w][^,;.]{{0,80}}?)\s+(?:has |have )?(?:replaced|replaces|supersedes|superseded)\s+(?P<old>[^,;]+?){_END_EN}",
        rf"\b(?:says|states|reads|lists|shows|gives|mentions|said|listed|claims)\s+(?:that\s+)?(?P<old>[^,;]{{1,80}}?)[,;]?\s+(?:but|when|while|whereas|however|though|although|and)\s+.{{0,80}}?(?:\bis|\bare|'s|\bshould be|\bshould read|\bmust be|\bcosts?)\s+(?:actually\s+|now\s+|in fact\s+|really\s+)?(?P<new>.+?){_END_EN}",
        rf"(?:写的|写着|标的|列的|说的)?\s*(?P<old>[^，,。；;的]{{1,60}}?)\s*(?:是|为|属于?)(?:老|旧|原来|以前|之前|过去|去年|上一版|过期|过时)的?[^，,。；;]{{0,6}}[，,；;]\s*(?:现在的?|如今的?|今年的?|最新的?)?新?的?[^，,。；;是为]{{0,6}}(?:应该?是|是|为)\s*(?P<new>.+?){_END}",
        rf"(?:别|不要|不用|不能|不该|勿)(?P<verb>[\u3400-\u9fff]{{1,2}})\s*(?P<old>[^，,。；;]{{1,80}}?)[，,]\s*(?:而?要|应该?|得|请|改|该)(?P=verb)\s*(?P<new>.+?){_END}",
        rf"\b(?:do|does|did)n(?:o|')t\s+(?P<verb>[a-z]{{3,}}?)(?:s|es)?\s+(?P<old>(?:at |in |on |for |until |from |with )?[^,;]{{1,80}}?)[,;.]{{1,3}}\s*(?:but\s+)?(?:it|they|he|she|that|we)\s+(?:now\s+|actually\s+)?(?P=verb)(?:s|es)?\s+(?P<new>.+?){_END_EN}",
        rf"\b(?P<new>\S{{0,24}}\d[^,;.]{{0,60}}?)[,;]\s+(?:and |while |but |so )?(?:the|those|your)\s+(?P<old>(?=\S{{0,40}}\d)\S{{1,40}}+(?:\s+[a-z]+)?)\s+(?:is|are|was|were)\s+(?:wrong|incorrect|outdated|obsolete|old|from last \w+){_END_EN}",
        rf"(?:写的是|写着|写成|标的是|标着|列的是|说的是|说是|显示(?:的是|为)?)(?P<old>[^，,。；;]{{1,80}}?)[，,]\s*(?:但|但是|可|可是|其实|实际上?|而)?[^，,。；;]*?{_IS}\s*(?P<new>.+?){_END}",
    )
)
# the old value alone, beside a statement of the new one
_SOURCE = r"(?:handbook|docs?|documents?|documentation|page|wiki|manual|guide|guidelines?|list|table|site|website|text|entry|sheet|knowledge base|brochure|faq|file|answer|it|policy|schedule|leaflet|catalogue|catalog)"
_SAYS = r"(?:says?|states?|reads?|lists?|shows?|gives?|mentions?|said|listed|claims?|has)"
OLD = tuple(
    re.compile(pattern, _I)
    for pattern in (
        rf"\b{_SOURCE}\s+(?:still |currently |now |wrongly |incorrectly )?{_SAYS}\s+(?:that it is )?(?P<old>[^,;]+?){_END_EN}",
        rf"(?:文档|手册|页面|资料|原文|上面|里面|表格?|说明|网站|公告|制度)(?:里|上|中)?(?:还|仍|仍然|却|目前|现在)?(?:是|写的是|写着|写成|写的?|标的是|标着|说的?是|列的是|显示(?:的是|为)?)\s*(?P<old>(?![少多错反漏小大早晚高低]){_PART}+?){_END}",
        rf"[，,（(；;。\s]?\s*{_NOT}\s*(?P<old>{_PART}+)",
        r"(?:原来|之前|以前|原先|原本|此前|过去|旧版?|文档里?|手册里?|上面|里面|页面上?|资料里?|原文|你说)的?(?:写|标|说|列|规定|要求)?(?:的)?(?:是|为|叫|在)?\s*(?P<old>[^，,。；;]{0,40}\d[^，,。；;]{0,80}?)(?:作废|取消|不再|失效|，|,|。|；|$)",
        r"[，,；;。]\s*(?:原来的?|之前的?|以前的?|旧的?)?(?P<old>[^，,。；;]{1,20}?)(?:的)?(?:标准|规定|说法|价格|数字|限额|额度|时间|号码|版本|地址|要求|那条)?(?:已经?|就|同时|即|均)?(?:作废|失效|取消|废止|停用|不用了|不算了)",
        rf",?\s+(?:and |but )?(?:not|never)\s+(?:in |at |on |by |to |for )?(?:the |a )?(?P<old>(?!any|sure|the other|longer|be\b|been|yet)[^,;]+?){_END_EN}",
        rf"\b(?:instead of|rather than|in place of|as opposed to|previously|formerly|up from|down from|used to be|replacing|the old|no longer)\s+(?:in |at |on |by |the |a )?(?P<old>[^,;]+?){_END_EN}",
        rf"[,(]\s*(?:it )?(?:was|were)\s+(?P<old>[^,;)]+?)(?:\)|{_END_EN})",
        rf"\b(?P<old>(?=\S{{0,40}}\d)\S{{1,40}}+(?:\s+[a-z]+)?)\s+is (?:wrong|incorrect|outdated|obsolete|no longer (?:valid|correct|true)){_END_EN}",
    )
)
# the new value
NEW = tuple(
    re.compile(pattern, _I)
    for pattern in (
        rf"(?:正确|准确|最新|实际|真实|真正)的?(?:说法|答案|写法|名称|名字|数字|数据|时间|地址|电话|号码|价格|叫法|内容|信息|情况|表述|版本|值)?(?:应该?|应当)?(?:是|为|叫)[:：]?\s*(?P<new>.+?){_END}",
        rf"(?:应该?|应当|需要?|要|请|已经?|已)?(?:被)?{_CHANGE_VERBS}(?:了)?(?:到|至|为|成|作|叫|在|用)了?\s*(?P<new>.+?){_END}",
        rf"(?:应该?是|应当?是|应为|应该?为|应该?叫|应该?在|该是|才是|其实是|实际上?是|实际为|其实叫|其实在|现在是|目前是|现为|现在叫|现在在|改叫|改用|改在|改由)\s*(?P<new>.+?){_END}",
        rf"(?:现在|以后|今后|改|转|换|目前|已)(?:由|归)\s*(?P<new>.+?){_END}",
        rf"应(?:该|当)?(?:从|由|走|用|按|到|找|打)\s*(?P<new>.+?){_END}",
        r"(?:^|[,;]\s*)(?P<new>(?-i:(?!(?:The|Our|Your|This|That|It|A)\b)[A-Z])[\w'’-]+(?:\s+(?-i:[A-Z])[\w'’.-]+)+)\s+(?:is|becomes|has become|will be|takes over as|is taking over as|serves as|acts as)\s+(?:now\s+)?(?:the|our|your|its)\s+(?:new\s+)?[a-z]",
        rf"\b(?:renamed|rebranded|re-named)\s+(?:to\s+|as\s+|into\s+)?(?P<new>.+?){_END_EN}",
        rf"\bshould\s+(?:actually\s+|now\s+|really\s+|instead\s+|correctly\s+)*(?:be|read|say|state|have been|be called|be spelled|be spelt)\s+(?P<new>.+?){_END_EN}",
        rf"\b(?:rais|increas|lift|lower|reduc|chang|mov|shift|switch|extend|shorten|renam|relocat|reschedul|postpon|updat|adjust|correct|amend|bump|expand|upgrad|downgrad|transferr|convert|brought forward|pushed back|promot)(?:ed|e|es|ing|s)?\b(?:\s+[^,;.]*?)?\s+(?:to|into|as)\s+(?P<new>.+?){_END_EN}",
        rf"\b(?:cut|set|put|went|goes|gone|go|going|rose|risen|rises|dropped|drops|drop|fell|fallen|falls|climbed|jumped|came|comes|grew|grown|doubled|tripled|shrunk|shrank|back|up|down)\b(?:\s+(?:up|down|back|forward|again))?\s+(?:to|at)\s+(?P<new>.+?){_END_EN}",
        rf"\b(?:correct|right|actual|true|real|proper|current|new|latest)\s+[^,;.]*?\b(?:is|are|reads|would be)\s*:?\s*(?P<new>.+?){_END_EN}",
        rf"(?:\bit|\bthey|\bthat|\bthis|\bhe|\bshe|\bthere)(?:'s|'re|\s+is|\s+are|\s+should be|\s+must be|\s+costs?|\s+reads)\s+(?:now\s+|actually\s+|in fact\s+|really\s+)*(?P<new>.+?){_END_EN}",
        rf"\b(?:is|are|was|were)\s+(?:now\s+|actually\s+|in fact\s+|really\s+|currently\s+)*(?:called|named|spelled|spelt|written|held|located|known as|based|found)\s+(?:in\s+|at\s+|on\s+|with\s+)?(?P<new>.+?){_END_EN}",
        rf"\b(?:is|are)\s+(?:now|actually|in fact|really|currently)\s+(?P<new>.+?){_END_EN}",
        rf"\b(?:now|actually|currently)\s+(?:[a-z]+s?)\s+(?:at\s+|in\s+|on\s+|for\s+)?(?P<new>.+?){_END_EN}",
    )
)
# plain statements, where nothing above was found
PLAIN = tuple(
    re.compile(pattern, _I)
    for pattern in (
        rf"(?:是|为|叫做?|可坐|需要?|须|要|收|(?<!现)在|共|有(?![误错])|可以?(?!了)|只|达|至)\s*(?P<new>[^，,。；;]+?){_END}",
        r"[:：](?!\d)\s*(?P<new>[^，,。；;]+)",
        rf"\b(?:is|are|costs?|opens?|closes?|starts?|ends?|begins?|takes?|lasts?|holds?|seats?|weighs?|has|have|allows?|requires?|needs?|meets?|leaves?|departs?|arrives?|runs?|lives?|sits?|be)\s+(?:at\s+|in\s+|on\s+|from\s+|until\s+|up to\s+|for\s+)?(?P<new>[^,;]+?){_END_EN}",
    )
)
# A clause that only goes on with what the clause before it began.
CONTINUES = re.compile(
    rf"^(?:而且|并且|但是?|可是?|所以|因此|因为|其中|包括|即|也就是)?\s*(?:{_NOT}|[这那]?(?:是|属于|算|作为|有)(?:一个|个|一条)?例外|应该?是|应当?是|应为|应该?为|应该?在|应改|是(?!否)|改成|改为|改到|改在|改叫|非|原来|之前|以前|原先|正确的|其实|实际|并|且|而|即使|哪怕|就算|无论|不管|包括|比如|例如|如|因为|由于|所以|这样|那|它|他|她|这|以便|请|谢|和|或|以及)"
    rf"|^(?:and|but|so)?\s*(?:not\b|rather than|instead of|it\b|it's|its\b|they\b|they're|that\b|that's|this\b|he\b|she\b|should\b|but\b|even\b|because|since|so\b|which|who\b|where|when\b|if\b|unless|although|though|whereas|as (?:of|from|the)|from\b|starting|effective|up from|down from|previously|formerly|used to|e\.g|for example|such as|including|please|thanks|and not|only\b|no longer\b|is\b|are\b|was\b|has\b|have\b|will\b|to\b|in\b|at\b|on\b|for\b|with\b|without\b|by\b|until\b|per\b|was\b|the name\b|replacing|(?:the|your|our) (?:\w+ )?{_SOURCE} (?:still |currently |now |wrongly |incorrectly )?{_SAYS}\b)",
    _I,
)
# The form of a list of misprints: what stands before is what is written now.
ERRATUM = re.compile(
    r"应(?:该|当)?(?:被)?(?:改|更正|修正|订正|更改|替换|换)(?:为|成)"
    r"|[”」』\"']\s*(?:应|改|换|更|should\b|must\b|has\b|is\b|was\b|to\b)",
    _I,
)
# What is no part of the subject.
CUES = re.compile(
    rf"{_NOT}|{_IS}|{_CHANGE_VERBS}(?:到|至|为|成|了)|把|应(?=改|更|换|由|叫|在)|开始|以后|现在|目前|已经|正确的?|答案|说法|应该|应当|写错了?|说错了?|有误|错误|错了|文档|资料|知识库|更正|更新|一下|^请(?![假求教客示柬])|请(?=把|将|改|更|修|注意)|刚才|回答|你|了|的|作废|取消|标准|规定|要求|制度|不再|例外|新增|补充|今天|昨天|上周|下周|下个?月|本月|上个?月"
    r"|\b(?:please|add|an|exception|correct|correction|wrong|incorrect|outdated|should|must|have|has|had|been|now|actually|no|longer|not|instead|rather|than|changed?|raised?|lowered|increased|moved?|went|up|down|to|from|as|of|these days|at present|at the moment|nowadays|currently|last|next|week|month|year|today|yesterday|document|docs?|page|list|answer|says|said|read|reads|the|is|are|was|were|be|called|named|held|new|old|everywhere|rules?|requirements?|policy|regulations?|scrapped|abolished|discontinued|cancell?ed|any ?more|rename[d]?|replace[d]?)\b",
    _I,
)
