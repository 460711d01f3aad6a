"""Runs the MCP server: over stdio for one user of this machine, over HTTP for many callers."""

import asyncio
import sys

from services.client.mcp_server import PATH, build_server, http_app
from services.client.settings import ClientProcess
from services.kernel.contracts.errors import Code, Unauthorized
from services.kernel.runtime.http_server import HttpServer
from services.kernel.runtime.lifecycle import stop_signals
from services.kernel.runtime.settings import load


def serve_stdio() -> None:
    """Serve until the input ends; Unauthorized without a key in the settings."""
    settings = load(ClientProcess).client
    if settings.api_key is None:
        raise Unauthorized(
            "no API key: set MEMLOOM_CLIENT__API_KEY to a key of your project",
            code=Code.KEY_REQUIRED,
        )
    asyncio.run(build_server(settings, local=True).run_stdio_async())


def serve_http() -> None:
    """Serve until SIGTERM or SIGINT; DependencyUnavailable when the port is taken."""
    settings = load(ClientProcess).client
    tools = build_server(settings, local=False)
    server = HttpServer(
        http_app(tools, settings),
        host=settings.mcp_host,
        port=settings.mcp_port,
        advice="choose another with MEMLOOM_CLIENT__MCP_PORT.",
    )

    async def run() -> None:
        with stop_signals() as until:
            async with tools.session_manager.run():
                await server.start()
                sys.stderr.write(f"MCP: http://{settings.mcp_host}:{server.port}{PATH}\n")
                await until.wait()
                await server.stop()

    asyncio.run(run())
