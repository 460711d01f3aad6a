"""Skill files."""

import io
import zipfile
from collections.abc import Mapping

SKILL_MD = """---
name: invoice-review
description: Check supplier invoices against the purchase order before payment.
license: MIT
---

# Invoice review

1. Compare the totals with the order.
2. Ask the buyer about differences above 5 EUR.

## Experience

- Freight is often billed twice.
- Credit notes arrive late.

## Preferences

Answer in one table.

## Examples

Invoice 4471: the freight line was refused.
"""


def zipped(files: Mapping[str, str | bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of these files."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return target.getvalue()
