"""Processes that outlive the command which started them, known by pid file and start time.

A pid alone may by now be somebody else's: a process is ours only where its start time is the
one that was written down.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path


class ServerError(RuntimeError):
    """A server did not start or stop."""


def started_at(pid: int) -> str | None:
    """When that process began, in words of the system; None where there is none."""
    stat = Path(f"/proc/{pid}/stat")
    if stat.exists():
        try:
            after_name = stat.read_text().rpartition(")")[2].split()
        except OSError:
            return None
        # proc(5): field 3 is the state, 22 the start time; a zombie is no server.
        return None if after_name[0] == "Z" else after_name[19]
    listed = subprocess.run(  # noqa: S603 - a fixed command with a number
        ["ps", "-o", "lstart=", "-p", str(pid)],  # noqa: S607 - from PATH
        capture_output=True,
        text=True,
        check=False,
    )
    return listed.stdout.strip() or None


def running(pid_file: Path) -> int | None:
    """The pid of our process, or None."""
    try:
        noted = json.loads(pid_file.read_text())
    except (OSError, ValueError):
        return None
    pid = int(noted["pid"])
    return pid if started_at(pid) == noted["started"] else None


def start(
    command: Sequence[str | Path],
    *,
    pid_file: Path,
    log: Path,
    env: dict[str, str] | None = None,
    user: str | None = None,
) -> int:
    """Start in a session of its own; the log is appended to."""
    for folder in (pid_file.parent, log.parent):
        folder.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        process = subprocess.Popen(  # noqa: S603 - commands of this folder, no shell
            list(map(str, command)),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            start_new_session=True,
            user=user,
            group=user,
            extra_groups=[] if user else None,
            cwd="/",
        )
    pid_file.write_text(json.dumps({"pid": process.pid, "started": started_at(process.pid)}))
    return process.pid


def wait_for(done: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Until the condition holds; ServerError after `seconds`."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise ServerError(what)
        time.sleep(0.05)


def stop(pid_file: Path, *, with_signal: int = signal.SIGTERM, seconds: float = 30.0) -> bool:
    """Stop our process, hard after `seconds`; False where it was not running."""
    pid = running(pid_file)
    if pid is None:
        pid_file.unlink(missing_ok=True)
        return False
    os.kill(pid, with_signal)
    try:
        wait_for(lambda: _gone(pid, pid_file), seconds=seconds, what="does not stop")
    except ServerError:
        os.killpg(pid, signal.SIGKILL)  # its own session: the group is the server and its children
        wait_for(lambda: _gone(pid, pid_file), seconds=10, what=f"process {pid} cannot be killed")
    pid_file.unlink(missing_ok=True)
    return True


def kill(pid_file: Path) -> bool:
    """Kill -9 of the server and its children, as a crash would be; False where not running."""
    pid = running(pid_file)
    if pid is None:
        return False
    os.killpg(pid, signal.SIGKILL)
    wait_for(lambda: _gone(pid, pid_file), seconds=10, what=f"process {pid} cannot be killed")
    pid_file.unlink(missing_ok=True)
    return True


def _gone(pid: int, pid_file: Path) -> bool:
    _reap(pid)
    return running(pid_file) is None


def _reap(pid: int) -> None:
    """Collect our own child, where this very process started it."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
