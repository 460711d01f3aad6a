"""The dry run over real gRPC."""

from pathlib import Path

import grpc
import pytest

from services.kernel.adapters.grpc_wire import ErrorInterceptor
from services.kernel.adapters.preview_grpc import GrpcPreview
from services.kernel.contracts.errors import Unauthorized
from services.kernel.contracts.events import Message
from tests.support.corrections import NOW, passages
from tests.support.feedback import given, loop

TEXT = """# Lab
## Equipment
Centrifuge A: room 12, at most 2 hours.
Centrifuge B: room 14, at most 4 hours."""


async def test_preview_equals_the_decision_on_both_sides_of_the_wire(tmp_path: Path) -> None:
    async with loop(tmp_path) as world:
        await world.put(passages("lab.md", TEXT))
        server = grpc.aio.server(interceptors=(ErrorInterceptor(token="secret"),))
        for add in world.parts().servicers:
            add(server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        message = Message(id="m", role="user", text="Where is it?", chat_time=NOW)
        feedback = given(
            "From next month centrifuge B is in room 20, not in room 14.",
            recent_messages=(message,),
        )
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            answer = await GrpcPreview(channel, token="secret").preview(feedback)
            with pytest.raises(Unauthorized):
                await GrpcPreview(channel, token="wrong").preview(feedback)
        await server.stop(None)
        assert answer == await world.feedback.preview(feedback)
        (decision,) = answer.decisions
        assert (decision.old, decision.new) == ("room 14", "room 20")
        assert decision.valid_from == 1_751_299_200_000  # 2025-07-01T00:00+08:00
        assert "(from 2025-07-01)" in decision.text
