"""Whether a plan allows one more, told as the refusal that the caller reads."""

from collections.abc import Sequence
from typing import Final

from services.gateway.domain.limits import GIGABYTE, Plan
from services.gateway.domain.model import KnowledgeBase
from services.kernel.contracts.errors import QuotaExceeded

MEGABYTE: Final = 1_048_576


def check_usage_fits(plan: Plan, usage: Sequence[KnowledgeBase]) -> None:
    """QuotaExceeded while the project holds more than its plan allows (after a downgrade)."""
    if len(usage) > plan.knowledge_bases:
        raise QuotaExceeded(
            f"the plan {plan.name} allows {plan.knowledge_bases} knowledge bases and the project "
            f"has {len(usage)}; delete some (delete_all) or change the plan"
        )
    for entry in usage:
        if entry.bytes > plan.bytes_each:
            raise QuotaExceeded(
                f"the plan {plan.name} allows {plan.bytes_each // GIGABYTE} GB in a knowledge base "
                f"and {entry.name!r} ({entry.id}) holds {entry.bytes / GIGABYTE:.2f} GB; delete "
                "documents or change the plan"
            )


def check_may_create(plan: Plan, usage: Sequence[KnowledgeBase]) -> None:
    """QuotaExceeded where one more knowledge base would be too many."""
    check_usage_fits(plan, usage)
    if len(usage) + 1 > plan.knowledge_bases:
        unlinked = sum(not entry.linked for entry in usage)
        also = f" ({unlinked} of them unlinked)" if unlinked else ""
        raise QuotaExceeded(
            f"the plan {plan.name} allows {plan.knowledge_bases} knowledge bases, and all are in "
            f"use{also}; delete one (delete_all) or change the plan"
        )


def check_may_store(
    plan: Plan, usage: Sequence[KnowledgeBase], knowledgebase_id: str, more: int
) -> None:
    """QuotaExceeded where `more` bytes do not fit into the knowledge base."""
    check_usage_fits(plan, usage)
    held = sum(entry.bytes for entry in usage if entry.id == knowledgebase_id)
    if held + more > plan.bytes_each:
        raise QuotaExceeded(
            f"the plan {plan.name} allows {plan.bytes_each // GIGABYTE} GB in a knowledge base: "
            f"{held / MEGABYTE:.1f} MB are in use and this upload needs {more / MEGABYTE:.1f} MB; "
            "delete documents or change the plan"
        )
