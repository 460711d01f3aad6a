"""When two writes are the same."""

import hashlib
import json
from typing import Any


def fingerprint(*parts: Any) -> str:
    """SHA-256 in hex over the parts as canonical JSON: equal for equal content in any key order."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
