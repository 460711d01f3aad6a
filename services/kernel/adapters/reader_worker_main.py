"""The worker process behind `reader_worker`: reads a call, runs it, writes its answer."""

import ctypes
import importlib
import json
import os
import resource
import signal
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

from services.kernel.adapters.reader_worker import TAKEN, UNEXPECTED
from services.kernel.contracts.errors import Code, DependencyUnavailable, InvalidInput, MemloomError

_LENGTH: Final = struct.Struct(">I")
_ALLOWED: Final = "services."
_RECURSION: Final = 3000
_NICE: Final = 5
_PR_SET_PDEATHSIG: Final = 1  # <sys/prctl.h>


class _Answers:
    """The way back to the parent."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def send(self, head: dict[str, Any], payload: bytes = b"") -> None:
        """One answer: two frames."""
        encoded = json.dumps(head, ensure_ascii=False).encode("utf-8", "replace")
        for frame in (encoded, payload):
            self._frame(frame)
        self._out.flush()

    def take(self) -> None:
        """Say that the call has begun: one frame before the answer."""
        self._frame(TAKEN)
        self._out.flush()

    def _frame(self, frame: bytes) -> None:
        self._out.write(_LENGTH.pack(len(frame)))
        self._out.write(frame)

    def fail(self, kind: type[BaseException], error: BaseException, _: object) -> None:
        """`sys.excepthook`: our own code is wrong; say how, and end."""
        self.send({"error": UNEXPECTED, "message": f"{kind.__name__}: {error}"[:500]})


def main() -> None:
    """Serve until standard input ends (the parent is gone)."""
    # Native libraries print; only frames may reach the parent.
    answers = _Answers(os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)
    _die_with_parent()
    sys.excepthook = answers.fail
    with suppress(OSError):
        # The kernel's choice in need: this process, not the service.
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(_NICE)  # answering people comes before reading their documents
    sys.setrecursionlimit(_RECURSION)
    while (request := _receive(sys.stdin.buffer)) is not None:
        answers.take()
        answers.send(*_answer(request))


def _die_with_parent() -> None:
    """Where the kernel can do it (Linux): a parent that is killed takes a busy or hanging worker
    with it. An idle one ends by itself, as its standard input does.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _receive(source: BinaryIO) -> dict[str, Any] | None:
    head = source.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    request: dict[str, Any] = json.loads(source.read(length))
    return request


def _answer(request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    arguments = request["arguments"]
    try:
        first, *others = [_function(name) for name in request["steps"]]
        value = _read(first, arguments)
        for step in others:
            value = step(value, arguments)
        facts, payload = value
    except InvalidInput as refused:
        return {"error": int(refused.code), "message": refused.message}, b""
    except DependencyUnavailable as missing:
        return {"error": int(missing.code), "message": missing.message, "unavailable": True}, b""
    except MemoryError:
        return _refusal("the document needs too much memory")
    except RecursionError:
        return _refusal("the document is nested too deep")
    return {"facts": facts}, payload


def _read(first: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """The first step, where libraries read the file. Whatever they raise over it is the file's
    matter: there are more kinds of that than any of them documents. MemoryError and RecursionError
    have a code of their own.
    """
    try:
        return first(arguments)
    except (MemloomError, MemoryError, RecursionError):
        raise
    except Exception as problem:
        message = f"the document is damaged: {type(problem).__name__}: {problem}"[:300]
        raise InvalidInput(message, code=Code.CORRUPT) from problem


def _function(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    if not module.startswith(_ALLOWED):
        raise InvalidInput(f"{module} may not run here", code=Code.INTERNAL)
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found


def _refusal(message: str) -> tuple[dict[str, Any], bytes]:
    return {"error": int(Code.EXPANDS_TOO_FAR), "message": message}, b""


if __name__ == "__main__":
    main()
