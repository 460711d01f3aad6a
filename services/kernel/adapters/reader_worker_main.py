"""The worker process behind `reader_worker`: reads a call, runs it, writes its answer."""

import importlib
import json
import os
import resource
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

from services.kernel.contracts.errors import Code, DependencyUnavailable, InvalidInput

_LENGTH: Final = struct.Struct(">I")
_ALLOWED: Final = "services."
_RECURSION: Final = 3000


def main() -> None:
    """Serve until standard input ends (the parent is gone)."""
    # Native libraries print; only frames may reach the parent.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with suppress(OSError):
        # The kernel's choice in need: this process, not the service.
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.setrecursionlimit(_RECURSION)
    while (request := _receive(sys.stdin.buffer)) is not None:
        head, payload = _answer(request)
        encoded = json.dumps(head, ensure_ascii=False).encode("utf-8", "replace")
        for frame in (encoded, payload):
            out.write(_LENGTH.pack(len(frame)))
            out.write(frame)
        out.flush()


def _receive(source: BinaryIO) -> dict[str, Any] | None:
    head = source.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    request: dict[str, Any] = json.loads(source.read(length))
    return request


def _answer(request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    module, _, name = str(request["function"]).partition(":")
    if not module.startswith(_ALLOWED):
        return {"error": int(Code.INTERNAL), "message": f"{module} may not run here"}, b""
    try:
        function = getattr(importlib.import_module(module), name)
        answer = function(request["arguments"])
    except InvalidInput as refused:
        return {"error": int(refused.code), "message": refused.message}, b""
    except DependencyUnavailable as missing:
        return {"error": int(missing.code), "message": missing.message, "unavailable": True}, b""
    except MemoryError:
        return _refusal("the document needs too much memory")
    except RecursionError:
        return _refusal("the document is nested too deep")
    return {"facts": answer.facts}, answer.payload


def _refusal(message: str) -> tuple[dict[str, Any], bytes]:
    return {"error": int(Code.EXPANDS_TOO_FAR), "message": message}, b""


if __name__ == "__main__":
    main()
