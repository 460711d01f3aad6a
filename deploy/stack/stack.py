#!/usr/bin/env python3
"""The real servers on a developer's machine, without containers.

    stack.py install [NAME...]   download or build what is missing (cached; in parallel)
    stack.py up [NAME...]        install what is missing, start, wait until ready
    stack.py down [NAME...]      stop what `up` started, and nothing else
    stack.py kill NAME...        kill -9, as a crash would be
    stack.py status              one line a server
    stack.py env [--export|--tests]  the MEMLOOM_ variables that point to these servers
    stack.py wipe                stop and forget all data

NAME: postgres, kafka, tika, s3, otel; or `services` for the six services (after `make setup`), or
one of them by name. Standard library only: it runs before anything is set up.
"""

import argparse
import shlex
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from deploy.stack import process
from deploy.stack.install import INSTALLERS, InstallError
from deploy.stack.layout import Layout
from deploy.stack.servers import Server, servers
from deploy.stack.services import apply_topics, services


def say(line: str) -> None:
    """One line to whoever watches."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def everything() -> dict[str, Server]:
    """Servers and services, by name."""
    return servers() | services()


def _install_one(layout: Layout, name: str) -> str | None:
    began = time.monotonic()
    if name not in INSTALLERS:
        return None
    try:
        INSTALLERS[name](layout)
    except InstallError as error:
        return f"{name}: {error}"
    say(f"{name:9} installed ({time.monotonic() - began:.1f} s)")
    return None


def install(layout: Layout, names: list[str]) -> None:
    """Install in parallel; one that fails leaves the others alone."""
    layout.logs.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(len(names)) as pool:
        failures = [text for text in pool.map(lambda n: _install_one(layout, n), names) if text]
    if failures:
        raise InstallError("\n".join(failures))


def up(layout: Layout, names: list[str]) -> None:
    """Install, start and wait until ready; in parallel, so that no server waits for a build."""
    layout.logs.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    if set(names) & set(services()):
        apply_topics(layout)

    def one(name: str) -> str | None:
        failure = _install_one(layout, name)
        if failure is not None:
            return failure
        try:
            fresh = everything()[name].start(layout)
        except process.ServerError as error:
            return str(error)
        say(f"{name:9} {'ready' if fresh else 'was running'} ({time.monotonic() - began:.1f} s)")
        return None

    with ThreadPoolExecutor(len(names)) as pool:
        failures = [text for text in pool.map(one, names) if text]
    if failures:
        raise process.ServerError("\n".join(failures))


def down(layout: Layout, names: list[str]) -> None:
    """Stop in parallel."""
    with ThreadPoolExecutor(len(names)) as pool:
        stopped = pool.map(lambda n: everything()[n].stop(layout), names)
    for name, was_running in zip(names, stopped, strict=True):
        say(f"{name:9} {'stopped' if was_running else 'was not running'}")


def kill(layout: Layout, names: list[str]) -> None:
    """Kill -9."""
    for name in names:
        killed = process.kill(everything()[name].pid_file(layout))
        say(f"{name:9} {'killed' if killed else 'was not running'}")


def status(layout: Layout, names: list[str]) -> int:
    """Say what runs; 1 where one does not answer."""
    bad = 0
    for name in names:
        server = everything()[name]
        pid = process.running(server.pid_file(layout))
        state = "down" if pid is None else "ready" if server.ready(layout) else "not ready"
        bad += state != "ready"
        say(f"{name:9} {state:9} {pid or ''}")
    return int(bad > 0)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = ("install", "up", "down", "kill", "status", "env", "wipe")
    parser.add_argument("command", choices=commands)
    known = [*everything(), "services", []]
    parser.add_argument("names", nargs="*", choices=known, metavar="NAME")
    parser.add_argument("--export", action="store_true", help="env: as shell `export` lines")
    parser.add_argument("--tests", action="store_true", help="env: MEMLOOM_TEST_ variables")
    asked = parser.parse_args()
    layout = Layout.from_environment()
    names: list[str] = list(asked.names) or list(servers())
    if "services" in names:
        names = [name for name in names if name != "services"] + list(services())
    if asked.command in {"down", "wipe"} and not asked.names:
        down(layout, list(services()))
    try:
        if asked.command == "status":
            return status(layout, names)
        if asked.command == "env":
            prefix = "export " if asked.export else ""
            wanted = layout.test_environment() if asked.tests else layout.environment()
            for key, value in wanted.items():
                say(f"{prefix}{key}={shlex.quote(value) if asked.export else value}")
        elif asked.command == "wipe":
            down(layout, list(servers()))
            shutil.rmtree(layout.data, ignore_errors=True)
        elif asked.command == "kill" and not asked.names:
            parser.error("kill: say which")
        else:
            {"install": install, "up": up, "down": down, "kill": kill}[asked.command](layout, names)
    except (InstallError, process.ServerError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
