"""One clause that states two attributes becomes two statements, so that each is updated alone.

"I work for Alder as an analyst" is about an employer and a role: a new role must not take the
employer with it.
"""

import re
from functools import cache

from services.memorizer.domain.extraction import attributes_en, attributes_zh
from services.memorizer.domain.extraction.language import is_chinese


@cache
def _rules(chinese: bool) -> tuple[re.Pattern[str], ...]:
    if chinese:
        role = attributes_zh.ROLE
        return (
            re.compile(
                rf"^(?P<who>[^，。]*?)在(?P<org>[^，。]{{2,20}}?)(?P<link>里|上班|工作)?[，,]?(?P<verb>做|当|担任|任职?)"
                rf"(?P<role>[^，。]{{0,12}}{role})(?P<rest>.*)$"
            ),
            re.compile(
                rf"^(?P<who>[^，。]*?)(?P<verb>是)(?P<org>[^，。是]{{2,16}}(?:部门|部|组|团队|中心|公司|集团|医院|学校|大学))的"
                rf"(?P<role>[^，。]{{0,10}}{role})(?P<rest>.*)$"
            ),
        )
    return (
        re.compile(
            r"^(?P<who>.*?)\b(?P<verb>work|works|working|worked)\s+(?P<org>(?:for|at)\s+.+?)\s+as\s+"
            r"(?P<role>.+)$",
            re.IGNORECASE,
        ),
        re.compile(
            rf"^(?P<who>I['’]m|I am)\s+(?P<role>(?:an?|the)\s+{attributes_en.ROLE})\s+"
            r"(?P<org>(?:at|for|with)\s+(?:the\s+)?(?-i:[A-Z]).+)$",
            re.IGNORECASE,
        ),
    )


def split(words: str) -> list[tuple[str, str]]:
    """(attribute, statement) of each half; empty where the clause is one statement."""
    chinese = is_chinese(words)
    for pattern in _rules(chinese):
        match = pattern.match(words)
        if match is not None:
            return _chinese(match) if chinese else _english(match)
    return []


def _chinese(match: re.Match[str]) -> list[tuple[str, str]]:
    parts = match.groupdict()
    who, org, role, rest = parts["who"], parts["org"], parts["role"], parts["rest"]
    place = "department" if re.search(r"(?:部门|部|组|团队|中心)$", org) else "employer"
    return [(place, f"{who}在{org}工作"), ("job", f"{who}{parts['verb']}{role}{rest}")]


def _english(match: re.Match[str]) -> list[tuple[str, str]]:
    parts = match.groupdict()
    who, org, role = parts["who"], parts["org"].rstrip("."), parts["role"]
    if "verb" in parts:
        verb = parts["verb"]
        return [("employer", f"{who}{verb} {org}."), ("job", f"{who}{verb} as {role}")]
    return [("employer", f"I work {org}."), ("job", f"{who} {role}.")]
