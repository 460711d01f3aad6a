# ruff: noqa: E501 - a pattern is read as one line, however long
"""Clauses about the conversation itself: thanks, praise of the answer, intentions to talk, leaving."""

import re
from functools import cache

from services.memorizer.domain.extraction.language import is_chinese

_ZH = (
    r"^(?:真的?|非常|十分|特别|很|好的?|嗯|太|那|我)*(?:谢谢|感谢|多谢|谢了|感激)",
    r"^(?:我)?(?:也|真的?|很|非常|一直)*(?:想|打算|要|希望)(?:再)?(?:和|跟|与|同|向|请|问|请教|听听?)(?:一下)?(?:你|您)(?!们)[^，。]{0,14}$",
    r"^(?:今天|现在|最近)?(?:我)?(?:还|也)?(?:想|有)(?:问|请教|咨询)?[^，。]{0,4}(?:一?个|一些|些|几个)?(?:关于[^，。]{1,10}的)?(?:问题|事情|事)(?:想|要)?(?:问|请教|咨询|麻烦)?(?:一下)?(?:你|您)?$",
    r"^(?:那|好的?|嗯|我|也|以后|下次|今后|一定|真的?)*会(?:好好|认真|继续|一定|努力|尽量|尽力|尝试|试着|去|先|再|多|慢慢|按照|参考)*(?:考虑|尝试|试试|试一试|看看|加油|努力|记住|注意|坚持|查一?查|了解一?下|听听|谨记|留意|查找|试|看一?下|做)[^，。]{0,12}(?:的|了)?$",
    r"^(?:我|这|那|这些|那些|你(?:说|讲|推荐|提到|介绍)的?[^，。]{0,8}|它们?|都|真的?){0,4}(?:听|看)起来[^，。]{0,14}$",
    r"^(?:这|那|这些|那些)?(?:真的?|都|确实)*(?:是)?(?:个|一个|很|非常|挺)*(?:好|不错的?|很?棒的?|有用的?|非常好的?|很?有帮助的?)(?:的)?(?:建议|主意|想法|方法|办法|推荐|选择|点子)",
    r"^(?:你|您)(?:说得?|讲得?|真的?|总是|太|很|的(?:建议|话|推荐|鼓励|陪伴|回答|支持))[^，。]{0,20}$",
    r"(?:下次|改天|回头|以后|下回|有空|明天|今晚|晚点|待会儿?)(?:我们)?再(?:聊|见|说|来)|^[^，。]{0,4}(?:先|就)(?:聊|说)?到(?:这里|这儿|此)|时间不早|必须(?:离开|走)|(?:我|得|要)(?:先)?(?:去忙|去睡|休息)(?:了|啦)|^期待|^祝",
    r"^(?:我)?(?:很|非常|真的?|特别|好)*(?:高兴|开心|荣幸|幸运)?(?:能|可以)?(?:和|跟|与)(?:你|您)(?:聊天|交流|聊|分享|认识|谈)",
    r"^(?:我)?(?:也)?(?:明白|知道|理解|懂|同意|赞同|相信你|信任你|认同)(?:了|的|你[^，。]{0,10})?$",
    r"(?:感谢|谢谢|多谢)(?:你|您)|(?:和|跟|与)(?:你|您)(?:一起)?(?:聊|分享|交流|说|谈|讨论|探讨)|来找(?:你|您)|(?:你|您)的(?:建议|鼓励|推荐|支持|帮助|陪伴|意见|回答|分享)",
    r"^(?:这|那)(?:个|些|种|样|几个)?(?:主意|想法|建议|方法|推荐|书|电影|歌|点子|办法|故事)?(?:真的?|都|也|很|确实|听起来|非常|挺|太|是)*(?:不错|好|棒|实用|有用|有道理|有帮助|有意思|有趣|值得|感动|可爱|厉害)[^，。]{0,4}$",
    r"^[^我]*(?:听|看)(?:起来|上去)(?:都|也|真的?|很|非常|挺|太|好|不错)",
    r"^.{0,6}(?:想|要)(?:和|跟|与|同)?(?:你|您)?(?:谈|聊|说|讲|分享)(?:一)?(?:谈|聊|说|讲|下|些)",
    r"^.{0,3}(?:会|要|得)去(?:看|查|搜索?|找|尝试|试|了解|准备|做|学)(?:一下|一些|看|看看)?[^，。《》\d]{0,10}$",
    r"^(?:我)?(?:也)?(?:确实|的确|大概|差不多|完全|都|基本)+(?:如此|是这样|是的|理解|明白|懂|知道|同意)(?:了|的)?",
    r"^(?:那|下次|以后|好的?)?(?:我)?(?:会|要|再|先|就|下次)+(?:去)?(?:尽力|尽量|努力|继续努力|好好|试试看?|实践|坚持)[^，。《》\d]{0,10}$",
    r"^(?:看来|原来)(?:我们|咱们|你)|^除了(?:这些|这个|那些)",
    r"希望(?:我们)?(?:下次|以后)?(?:还能|能|再)?(?:聊|见)|我们(?:下次|以后|还)?(?:可以|能)?(?:聊天|见面)|下次聊天",
    r"第一次(?:和|跟|与)?(?:你|您)?(?:聊天|用|使用)",
)
_EN = (
    r"^(?:(?:ok(?:ay)?|yes|great|wow|really|and|again|well|oh|hi|hello)[,!.]?\s+)*(?:thanks|thank you|many thanks|i(?:['’]m| am)? (?:really |so |very )?(?:appreciate|grateful|thankful))",
    r"^(?:it['’]s |it is )?(?:very |so |really )?(?:nice|great|good|glad|happy|pleased|lovely) (?:to|talking|chatting|meeting)\b",
    r"^(?:i(?:['’]d| would)? (?:really )?(?:want|like|love|need|came|am here|wanted) to (?:talk|chat|share|ask|discuss|tell)\b).{0,60}$",
    r"^(?:i(?:['’]ll| will)|i(?:['’]m| am) (?:going to|gonna)|let me|maybe i (?:should|can|could)) (?:\w+ )?(?:try|consider|think about|take a look|give|check|keep|follow|look into|remember|do|come back|talk to you|come to you|let you know|see you|work on|pay attention)\b(?!.*\d).{0,48}$",
    r"^(?:those|these|that|it|this|your|you|they|what you (?:said|suggested)|the \w+ you (?:mentioned|recommended|suggested))\s+(?:\w+\s+){0,2}?(?:sounds?|seems?|looks?|makes?|is|are|was|were|helps?|helped|clears?|cleared)\b(?!.*\d)(?!.*\b(?:i|my|me) (?:am|have|need|work|live)).{0,60}$",
    r"^you(?:['’]re| are| have| always| really| make| made| help| helped|['’]ve) .{0,60}$",
    r"\b(?:talk|chat|see you|catch up) (?:to you )?(?:later|soon|next time|again|tomorrow)\b|\b(?:i (?:have|need|must|should|got) to (?:go|leave|run)|time to (?:go|sleep)|it['’]s getting late)\b",
    r"^(?:i (?:completely |totally |fully )?(?:understand|agree|see|know what you mean|get it|trust you)|i (?:hope|look forward|['’]m looking forward|am looking forward) (?:to |we |you |it ).{0,50})$",
    r"^let(?:['’]s| us| me)\b",
    r"\b(?:thank you|thanks)\b(?: \w+){0,3}$|\b(?:chatting|talking|chat|talk|conversation) with you\b|^i(?:['’]m| am) (?:back|here) (?:to|again)\b|\bwhat you (?:have |['’]ve )?(?:shared|said)\b",
    r"^(?:i(?:['’]ll| will) (?:definitely |certainly |surely |also )?(?:try|work hard|do my best|keep (?:that|it|going|in mind|an eye)|stick to|continue to|come back|make sure to|take (?:your|that|it|these|those)|read (?:it|that|this|them|those|these))\b[^\"\d]{0,70})$",
    r"^(?:today |now |so )?i(?:['’]ll| will|['’]m going to) (?:\w+ )?(?:be|study|work|practi[sc]e|try|learn|listen)(?: \w+)?$",
    r"^(?:today |now |so |also )?i (?:also )?(?:want|wanted|would like) to (?:talk|chat|share)\b|^i (?:was|am) (?:also )?(?:wondering|thinking)$|^we can (?:talk|chat|share|discuss)\b|\balways nice talking\b",
    r"^i (?:have|had|['’]ve got) (?:a|another|one more|some) questions?\b|^(?:i think )?you(?:['’]re| are) (?:so |absolutely |totally )?right\b",
    r"^(?:that|this|the) (?:step-by-step |clear |detailed )?(?:explanation|breakdown|example|advice|suggestion|answer|tip)s?\b.{0,60}\b(?:clear|clearer|help|helpful|useful|sense|great)",
    r"^(?:so |and |now )?here(?:['’]s| is| are)\b.{0,60}\b(?:code|snippet|script|function|query|implementation|example|sample|draft|attempt|version|so far|start(?:ing point)?|structure|setup|outline|what i (?:have|['’]ve)|breakdown|work|solution|config\w*|schema|component|schedule|list|resume|essay|paragraph|e-?mail|letter|question|summary)\b.{0,40}$",
    r"^(?:这是|以下是|下面是)(?:我)?(?:目前|现在|写|当前)?的?.{0,12}(?:代码|实现|草稿|脚本|例子|示例|尝试|版本)",
    r"\b(?:stay|keep) in touch\b|\b(?:we|i) can (?:still |also |always )?(?:have a )?(?:chat|talk)\b|^i feel the same\b",
    r"^feel free\b|^don['’]t (?:worry|hesitate)\b",
)


@cache
def _compiled(chinese: bool) -> tuple[re.Pattern[str], ...]:
    table = _ZH if chinese else _EN
    return tuple(re.compile(one, re.IGNORECASE) for one in table)


def is_chatter(clause: str) -> bool:
    """The clause speaks of this conversation, not of the user's world."""
    return any(pattern.search(clause) for pattern in _compiled(is_chinese(clause)))
