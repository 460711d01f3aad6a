"""Versions against ranges of them: 7.4 against "7.x", 3.2 against "3.0 or later"; all texts in
small letters.
"""

import re

from services.kernel.language.counting import UNIT

_PART = 1000.0
_NAMED = r"(?:\bversions?\s+|\brelease\s+|\bver\.?\s*|版本号?\s*[：:]?\s*|\bv)"
_LATER = (
    r"(?:\s*(?:及以上|以上|及更[高新](?:版本)?|或更[高新](?:版本)?|及之后|之后|起|\+)"
    r"|\s+(?:(?:or|and) (?:later|newer|above|higher|up|greater)|onwards?))"
)
_EARLIER = (
    r"(?:\s*(?:及以下|以下|及更[低早旧](?:版本)?|或更[低早旧](?:版本)?|及之前|之前|以前)"
    r"|\s+(?:(?:or|and) (?:earlier|older|below|lower|before)))"
)
_VERSION = re.compile(
    rf"(?P<named>{_NAMED})?(?<![\d.,])(?P<major>\d{{1,3}})(?:\.(?P<minor>\d{{1,3}}|x|\*))?"
    rf"(?P<rest>(?:\.(?:\d+|x|\*))*)(?![\d%]|\.\d|\s*(?:{UNIT}))"
    rf"(?:(?P<to>\s*(?:[-–—~～至到]|to)\s*)v?(?P<high>\d{{1,3}})\.(?P<highminor>\d{{1,3}}|x|\*)"
    rf"(?![\d%]|\s*(?:{UNIT})))?"
    rf"(?:\s*(?:系列|版本|版))?(?:(?P<later>{_LATER})|(?P<earlier>{_EARLIER}))?",
)


def versions(text: str) -> list[float]:
    """The versions that a text names, as major · 1000 + minor."""
    return [
        low
        for match in _VERSION.finditer(text)
        if (match["named"] or match["minor"])
        and not (match["later"] or match["earlier"] or match["to"])
        for low, high in (_span(match["major"], match["minor"]),)
        if low == high or match["minor"] is None
    ]


def version_ranges(text: str) -> list[tuple[float, float]]:
    """The ranges of versions that a text names, both ends included."""
    found = []
    for match in _VERSION.finditer(text):
        if not (match["named"] or match["minor"]):
            continue
        low, high = _span(match["major"], match["minor"])
        if match["to"]:
            high = _span(match["high"], match["highminor"])[1]
        elif match["later"]:
            high = float("inf")
        elif match["earlier"]:
            low = 0.0
        elif match["minor"] not in {"x", "*"}:
            continue
        found.append((low, high))
    return found


def _span(major: str, minor: str | None) -> tuple[float, float]:
    start = float(major) * _PART
    if minor is None or not minor.isdigit():
        return start, start + _PART - 1
    return start + float(minor), start + float(minor)
