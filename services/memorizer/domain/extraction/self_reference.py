"""Whether a clause speaks of its speaker."""

import re

from services.memorizer.domain.extraction.language import is_chinese

_FIRST_ZH = re.compile(
    r"(?:(?<!自)|(?<=来自)|(?<=出自))(?:我们|咱们|咱俩|我俩|本人|我|咱|俺)(?!国|市政)"
)
_FIRST_EN = re.compile(
    r"(?<![\w'’])(?:i['’](?:m|ve|ll|d)|we['’](?:re|ve|ll|d)|i|we|my|mine|our|ours|me|myself|us|ourselves)(?![\w'’])",
    re.IGNORECASE,
)
_STARTS_ZH = re.compile(
    r"^(?:(?:从|自)?(?:今|明|昨|后|前|大后|当)(?:天|年|晚|早)|(?:上|下|这|本|每)(?:个)?(?:周|星期|礼拜|月|年|次)|"
    r"周|星期|\d+\s*[月号日点年]|早上|上午|中午|下午|傍晚|晚上|夜里|凌晨|周末|假期|暑假|寒假|小时候|年底|年初|月底|月初|春节|国庆|元旦|中秋|"
    r"近来|近期|这几天|这段时间|这阵子|现在|目前|最近|刚|已经?|正在|一直|经常|通常|平时|偶尔|有时|总是|从来|从不|以前|以后|"
    r"曾经?|又|还|也|再|就|都|不|没|很|更|最|特别|非常|比较|打算|准备|计划|想|要|会|能|可以|需要|应该|决定|"
    r"喜欢|爱|讨厌|偏好|习惯|害怕|担心|希望|觉得|认为|住|搬|养|买|卖|换|用|开|吃|喝|去|来|到|回|在|是|有|"
    r"姓|叫|学|教|做|当|干|负责|管|带|看(?!起来|来|上去)|听(?!起来|上去|说)|读|写|玩|跑|练|考|入职|离职|辞职|跳槽|毕业|结婚|离婚|订|约|预|定|租|"
    r"生|怀|得|患|对.{1,10}过敏|过敏|戒|名下|毕业|升|调|转|加入|退|办|领|收|给|跟|和|为了?|因为|今年|下班|上班|"
    r"出差|旅游|参加|报名|申请|取消|改|把|被|从|自己|每天|每周|每月|每年|后来|终于|差点|打|坐|骑|走|睡|起|忙|身高|体重)"
)


def speaks_of_self(text: str) -> bool:
    """Return whether the first person stands in it, or is its unspoken subject in Chinese."""
    if is_chinese(text):
        return bool(_FIRST_ZH.search(text) or _STARTS_ZH.match(text))
    return bool(_FIRST_EN.search(text))
