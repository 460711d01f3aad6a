"""Whether characters that look Chinese are Chinese: real text uses the common ones all the time."""

import re
from typing import Final

HAN: Final = re.compile("[\u3400-\u9fff]")
# The most frequent characters of written Chinese, in both scripts (general frequency lists).
FREQUENT: Final = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里"
    "用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实"
    "这個們來為國說時會對過後裡種經麼學現當沒動麵還進樣開從實與將無電話號請"
    "公司部门申请人员工作日内不得以上下应须请按其他各及或由至第条元"
)


def frequent_share(text: str) -> tuple[float, int]:
    """Share of frequent characters among the Chinese ones, and how many of these there are."""
    han = HAN.findall(text)
    return (sum(one in FREQUENT for one in han) / len(han) if han else 0.0), len(han)
