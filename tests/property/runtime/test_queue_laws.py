"""Any interleaving of publishing, handling, crashing and time keeps order and loses nothing."""

import sqlite3
from collections import defaultdict
from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.kernel.adapters.sqlite_bus import queue
from services.kernel.contracts.topics import Service, Topic
from services.kernel.contracts.verdicts import SetAside
from services.kernel.ports.bus import OutgoingRecord

TOPIC = Topic("t.v1", Service.GATEWAY, ("one", "two"), "key", 1000, "Laws.")
READERS = {TOPIC.name: TOPIC.readers}
LEASE = 100

keys = st.sampled_from(["a", "b"])
groups = st.sampled_from(TOPIC.readers)
owners = st.sampled_from(["p1", "p2"])


@dataclass
class Held:
    """A claim in somebody's hands. sure: its lease has not ended and its owner has not died."""

    owner: str
    claim: queue.Claim
    until: int
    sure: bool = True


class Queue(RuleBasedStateMachine):
    """Two processes, two groups, two keys. A process that died keeps its claims in its hands
    (as a hung one would): what it says later must change nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.connection.executescript(queue.SCHEMA)
        self.now = 0
        self.published: dict[str, list[bytes]] = defaultdict(list)
        self.handled: dict[tuple[str, str], list[bytes]] = defaultdict(list)
        self.held: list[Held] = []
        self.count = 0

    def teardown(self) -> None:
        """Whatever happened, the rest is handled in the end."""
        self.now += LEASE + 1
        for group in TOPIC.readers:
            while True:
                claim = self._claim(group, "last")
                if not isinstance(claim, queue.Claim):
                    break
                queue.advance(self.connection, claim, "last", self.now, until=None)
                self._note(claim)
        for group in TOPIC.readers:
            for key, values in self.published.items():
                assert self.handled[group, key] == values
        assert queue.lag(self.connection) == {}
        self.now += 2000
        queue.clean(self.connection, TOPIC.name, self.now)
        assert self.connection.execute("SELECT count(*) FROM messages").fetchone() == (0,)
        self.connection.close()

    def _claim(self, group: str, owner: str) -> queue.Claim | int | None:
        return queue.claim(
            self.connection, TOPIC.name, group, owner=owner, now=self.now, until=self.now + LEASE
        )

    def _note(self, claim: queue.Claim) -> None:
        self.handled[claim.record.group, claim.record.key].append(claim.record.value)

    def _holds(self, owner: str, claim: queue.Claim) -> bool:
        row = self.connection.execute(
            "SELECT owner, lease FROM lanes WHERE id = ?", (claim.lane,)
        ).fetchone()
        return bool(row == (owner, claim.lease))

    @rule(key=keys)
    def publish(self, key: str) -> None:
        value = str(self.count).encode()
        self.count += 1
        record = OutgoingRecord(TOPIC.name, key, value)
        queue.publish(self.connection, READERS, [record], self.now)
        self.published[key].append(value)

    @rule(group=groups, owner=owners)
    def take(self, group: str, owner: str) -> None:
        claim = self._claim(group, owner)
        if isinstance(claim, queue.Claim):
            done = self.handled[group, claim.record.key]
            assert claim.record.value == self.published[claim.record.key][len(done)]
            self.held.append(Held(owner, claim, self.now + LEASE))

    @precondition(lambda self: self.held)
    @rule(data=st.data(), keep=st.booleans(), aside=st.booleans())
    def finish(self, data: st.DataObject, *, keep: bool, aside: bool) -> None:
        index = data.draw(st.integers(0, len(self.held) - 1))
        held = self.held.pop(index)
        owner, claim = held.owner, held.claim
        ours = self._holds(owner, claim)
        letter = SetAside("odd") if aside else None
        until = self.now + LEASE if keep else None
        following = queue.advance(
            self.connection, claim, owner, self.now, until=until, aside=letter
        )
        if ours:
            self._note(claim)
        else:
            assert following is None
        if following is not None:
            self.held.append(Held(owner, following, self.now + LEASE))

    @precondition(lambda self: self.held)
    @rule(data=st.data(), pause=st.integers(0, 50))
    def put_back(self, data: st.DataObject, pause: int) -> None:
        held = self.held.pop(data.draw(st.integers(0, len(self.held) - 1)))
        queue.put_back(self.connection, held.claim, held.owner, self.now + pause)

    @rule(owner=owners)
    def die(self, owner: str) -> None:
        queue.free(self.connection, owner, self.now)
        for held in self.held:
            held.sure = held.sure and held.owner != owner

    @rule(seconds=st.sampled_from([1, LEASE // 2, LEASE, 2 * LEASE]))
    def wait(self, seconds: int) -> None:
        self.now += seconds
        for held in self.held:
            held.sure = held.sure and held.until > self.now

    @rule(owner=owners)
    def heartbeat(self, owner: str) -> None:
        queue.renew(self.connection, owner, self.now + LEASE)
        for held in self.held:
            if held.owner == owner:
                held.until = self.now + LEASE

    @rule()
    def clean(self) -> None:
        queue.clean(self.connection, TOPIC.name, self.now)

    @invariant()
    def a_key_is_in_one_pair_of_hands(self) -> None:
        live = [held for held in self.held if self._holds(held.owner, held.claim)]
        keys = [(held.claim.record.group, held.claim.record.key) for held in live]
        assert len(keys) == len(set(keys))
        assert all(held in live for held in self.held if held.sure), "taken from the living"

    @invariant()
    def nothing_is_out_of_order(self) -> None:
        for (_, key), values in self.handled.items():
            assert values == self.published[key][: len(values)]


TestQueue = Queue.TestCase
TestQueue.settings = settings(max_examples=300, stateful_step_count=50, deadline=None)
