"""Patience of an HTTP server with its clients: for a head, for a body, for the reading of an
answer; and how many connections it holds. What the server itself is busy with is never timed.
"""

import asyncio
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

import h11
import orjson
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from services.kernel.contracts.errors import Code
from services.kernel.runtime.settings import RuntimeSettings

_Waiting = Literal["head", "body", "reader"]

_SENTENCES: Final = {
    "head": "the request did not arrive in time; send it at once",
    "body": "the body came too slowly and was given up; send it again over a faster connection",
}


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """head_seconds: from a connection, or an answer, to the end of the next request's head.
    body_seconds: in each such span a body brings `body_rate` bytes a second, and whoever is
    answered reads something. connections: held at once; further ones are refused.
    """

    head_seconds: float = 10.0
    body_seconds: float = 20.0
    body_rate: int = 512
    connections: int = 2048

    @classmethod
    def of(cls, settings: RuntimeSettings) -> Self:
        """As a process is set."""
        return cls(
            head_seconds=settings.http_head_seconds,
            body_seconds=settings.http_body_seconds,
            body_rate=settings.http_body_rate,
            connections=settings.http_connections,
        )


class LimitedProtocol(H11Protocol):
    """uvicorn's protocol on h11, looked at every now and then by its server (`look`)."""

    def __init__(self, *arguments: Any, limits: HttpLimits, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._limits = limits
        self._waiting: _Waiting | None = None
        self._during: RequestResponseCycle | None = None
        self._since = 0.0
        self._received = 0
        self._unread = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        super().connection_made(transport)
        if len(self.connections) > self._limits.connections:
            self._answer(503, "too many connections; try again")

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._received += len(data)
        super().data_received(data)

    def look(self, now: float) -> None:
        """Give up on a client that has had its time. now: seconds of the loop's clock."""
        if self.transport.is_closing():
            return
        waiting, unread = self._waits_for(), self.transport.get_write_buffer_size()
        if (waiting, self._during) != (self._waiting, self.cycle) or unread < self._unread:
            self._begin(waiting, now)
        elif waiting == "head" and now - self._since >= self._limits.head_seconds:
            self._give_up(waiting)
        elif waiting is not None and now - self._since >= self._limits.body_seconds:
            enough = self._limits.body_seconds * self._limits.body_rate
            if waiting == "body" and self._received >= enough:
                self._begin(waiting, now)
            elif waiting != "head":
                self._give_up(waiting)

    def _begin(self, waiting: _Waiting | None, now: float) -> None:
        self._waiting, self._during, self._since = waiting, self.cycle, now
        self._received, self._unread = 0, self.transport.get_write_buffer_size()

    def _waits_for(self) -> _Waiting | None:
        """What the client owes us now; None while it is our turn."""
        if self.transport.get_write_buffer_size() > 0:
            return "reader"
        # What is paused waits for us: for a seat among the uploads, or for a disk.
        if self.conn.their_state is h11.SEND_BODY:
            ours = self.flow.read_paused or self.conn.they_are_waiting_for_100_continue
            return None if ours else "body"
        busy = self.cycle is not None and not self.cycle.response_complete
        return None if busy else "head"

    def _give_up(self, waiting: _Waiting) -> None:
        answered = self.cycle is not None and self.cycle.response_started
        if waiting == "body" and not answered:
            self._answer(408, _SENTENCES["body"])
        elif waiting == "head" and self.conn.trailing_data[0]:
            self._answer(408, _SENTENCES["head"])
        elif waiting == "reader":
            # What was not read in all that time would never leave the buffer.
            self.transport.abort()
        else:
            self.transport.close()

    def _answer(self, status: int, message: str) -> None:
        """Straight to the transport, past the application, and close."""
        body = orjson.dumps({"code": int(Code.OPERATION_FAILED), "message": message, "data": None})
        phrase = {408: "Request Timeout", 503: "Service Unavailable"}[status]
        head = (
            f"HTTP/1.1 {status} {phrase}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()
