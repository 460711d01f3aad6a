"""Whether a plan allows one more, told as the refusal that the caller reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.gateway.domain.model import KnowledgeBase
from services.gateway.domain.plans import Plan, size_text
from services.kernel.contracts.errors import QuotaExceeded

MEGABYTE: Final = 1_048_576
_FREE: Final = "delete some, unlink those that you no longer use, or change the plan"


@dataclass(frozen=True, slots=True)
class Holdings:
    """What counts toward a project's plan: its knowledge bases, but for those that wait for their
    deletion since nobody links them, and the bytes of files in messages.
    """

    bases: Sequence[KnowledgeBase]
    message_file_bytes: int = 0

    @classmethod
    def of(
        cls, project_id: str, usage: Sequence[KnowledgeBase], message_file_bytes: int
    ) -> "Holdings":
        """Return what of the usage the project pays for."""
        return cls(
            [kb for kb in usage if kb.project_id == project_id and kb.unlinked_at is None],
            message_file_bytes,
        )


def check_usage_fits(plan: Plan, holdings: Holdings) -> None:
    """QuotaExceeded while the project holds more than its plan allows (after a downgrade)."""
    if len(holdings.bases) > plan.knowledge_bases:
        raise QuotaExceeded(
            f"the plan {plan.name} allows {plan.knowledge_bases} knowledge bases and the project "
            f"has {len(holdings.bases)}: nothing is deleted, and nothing can be added until usage "
            f"fits; {_FREE}"
        )
    for entry in holdings.bases:
        if entry.bytes > plan.bytes_each:
            raise QuotaExceeded(
                f"the plan {plan.name} allows {size_text(plan.bytes_each)} in a knowledge base "
                f"and {entry.name!r} ({entry.id}) holds {size_text(entry.bytes)}: nothing is "
                "deleted, and nothing can be added until usage fits; delete documents or change "
                "the plan"
            )
    if holdings.message_file_bytes > plan.bytes_each:
        raise QuotaExceeded(
            f"the plan {plan.name} allows {size_text(plan.bytes_each)} for files in messages and "
            f"they hold {size_text(holdings.message_file_bytes)}: nothing is deleted, and nothing "
            "can be added until usage fits; delete files or change the plan"
        )


def check_may_create(plan: Plan, holdings: Holdings) -> None:
    """QuotaExceeded where one more knowledge base would be too many."""
    check_usage_fits(plan, holdings)
    if len(holdings.bases) + 1 > plan.knowledge_bases:
        shared = sum(not entry.linked for entry in holdings.bases)
        also = f" ({shared} of them unlinked here and used by other projects)" if shared else ""
        raise QuotaExceeded(
            f"the plan {plan.name} allows {plan.knowledge_bases} knowledge bases, and all are in "
            f"use{also}; {_FREE}"
        )


def check_may_link(plan: Plan, holdings: Holdings, entry: KnowledgeBase) -> None:
    """QuotaExceeded where a knowledge base that counts no longer cannot be taken back."""
    check_may_create(plan, holdings)
    if entry.bytes > plan.bytes_each:
        raise QuotaExceeded(
            f"the plan {plan.name} allows {size_text(plan.bytes_each)} in a knowledge base and "
            f"{entry.name!r} holds {size_text(entry.bytes)}; change the plan to link it again"
        )


def check_may_store(plan: Plan, holdings: Holdings, place: str, more: int) -> None:
    """QuotaExceeded where `more` bytes do not fit into the knowledge base `place`, or, where it
    is none, with the files in messages.
    """
    check_usage_fits(plan, holdings)
    found = [entry.bytes for entry in holdings.bases if entry.id == place]
    held = found[0] if found else holdings.message_file_bytes
    if held + more > plan.bytes_each:
        where = "in a knowledge base" if found else "for files in messages"
        raise QuotaExceeded(
            f"the plan {plan.name} allows {size_text(plan.bytes_each)} {where}: "
            f"{held / MEGABYTE:.1f} MB are in use and this upload needs {more / MEGABYTE:.1f} MB; "
            "delete documents or change the plan"
        )
