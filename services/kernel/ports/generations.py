"""Generations of the index: one serves, another may be filled beside it, then they switch.

Contract: `tests/contract/index/test_generations.py`. A generation is named `g0001`, `g0002`, ...
and carries the identity of what it was made with. One process writes generations; others follow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from services.kernel.ports.index import Identity, Index


@dataclass(frozen=True, slots=True)
class Generation:
    """One generation, opened."""

    name: str
    identity: Identity
    index: Index


class Generations(Protocol):
    """All generations of one Memloom. Every call raises DependencyUnavailable when the store of
    the index cannot be used.
    """

    async def ensure(self, identity: Identity) -> Generation:
        """The current generation, made and activated where there is none yet; InvalidInput, with
        the way out, when it was made with another identity.
        """
        ...

    async def current(self) -> Generation | None:
        """The one that serves."""
        ...

    async def previous(self) -> Generation | None:
        """The one that served before, kept for `roll_back`."""
        ...

    async def names(self) -> Sequence[str]:
        """All, in the order of their making, unfinished ones too."""
        ...

    async def get(self, name: str) -> Generation:
        """One by name; NotFound."""
        ...

    async def create(self, identity: Identity) -> Generation:
        """A new, empty one, which does not serve yet. An unfinished one (neither current nor
        previous) of the same identity is opened again instead, with what it holds.
        """
        ...

    async def activate(self, name: str) -> None:
        """Let it serve, at once and for every reader; what served becomes the previous one, and
        stays. Repeating it changes nothing. NotFound.
        """
        ...

    async def roll_back(self) -> Generation:
        """Swap current and previous; NotFound when there is no previous one."""
        ...

    async def drop(self, name: str) -> None:
        """Delete it; harmless when it is gone already; Conflict for the one that serves."""
        ...

    def serving(self) -> Index:
        """An index that always follows the current generation; NotFound from its methods while
        there is none. Closing it closes nothing.
        """
        ...

    async def close(self) -> None:
        """Close every opened generation."""
        ...
