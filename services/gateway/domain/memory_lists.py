"""The lists in which get/memory shows a subject's memories, and what each one holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.gateway.domain.items import FACTUAL
from services.kernel.contracts.errors import InvalidInput
from services.kernel.contracts.records import Kind
from services.kernel.contracts.scope import Clause, Clauses

# Raw turns are found by search, beside the memories; in no list are they memories themselves.
FACTS: Final = tuple(kind for kind in FACTUAL if kind is not Kind.MESSAGE)
LISTS: Final = {
    "detail_factual": FACTS,
    "preference": (Kind.PREFERENCE,),
    "tool_memory": (Kind.TOOL,),
}


@dataclass(frozen=True, slots=True)
class MemoryList:
    """One list of the answer. events: whether it has the events only, or all but these; None
    where that does not matter.
    """

    name: str
    kinds: tuple[Kind, ...]
    events: bool | None = None

    def within(self, where: Clauses) -> Clauses:
        """The caller's conditions and the list's own; InvalidInput where these are no part of
        conditions of which one is enough.
        """
        if self.events is None:
            return where
        if where.mode == "or" and len(where.clauses) > 1:
            raise InvalidInput(
                "the view `event` goes with a filter whose conditions are joined by `and`; leave "
                "one of them out, or ask for `detail_factual`"
            )
        own = Clause(field="is_event", operator="any_of", values=(self.events,))
        return Clauses(mode="and", clauses=(*where.clauses, own))


def lists_of(views: Sequence[str] | None, kinds: Sequence[Kind]) -> list[MemoryList]:
    """The lists that are asked for; events stand among the facts until their view is asked for."""
    apart = views is not None and "event" in views
    facts = views is None or "detail_factual" in views
    found = [
        MemoryList(name, members, False if apart and name == "detail_factual" else None)
        for name, members in LISTS.items()
        if (facts if name == "detail_factual" else any(kind in kinds for kind in members))
    ]
    return [*found, MemoryList("event", (Kind.FACT,), events=True)] if apart else found
