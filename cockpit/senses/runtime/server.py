"""The MCP server: streamable HTTP at `/mcp`, each request answered by itself, so that a restart loses no session."""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
import socket
from collections.abc import Iterable
from typing import Any

import uvicorn
from mcp.server import MCPServer
from mcp.server.mcpserver import server as mcpserver
from mcp.server.transport_security import TransportSecuritySettings
from mcp_types import CallToolResult, ToolAnnotations

from cockpit.senses.errors import SenseRefused
from cockpit.senses.runtime.caller import Caller
from cockpit.senses.runtime.door import BACKLOG
from cockpit.senses.runtime.gate import BODY_LIMIT_BYTES, Gate
from cockpit.senses.runtime.tools import Tool, Tools, refusal, result_of
from cockpit.senses.types import Host

PATH = "/mcp"
HANG_UP_S = 2.0
"""How long tools may take to end when the server does."""
_INSTRUCTIONS = (
    "The cockpit that a human steers you from. `get_task` tells what is wanted, `run_checks` what the checks say of "
    "your work so far, `ask_human` reaches the human, `note` tells people what you are at, `report_done` ends the task."
)
# They change nothing but what people see: no agent has to ask before it uses them.
_ANNOTATIONS = ToolAnnotations(read_only_hint=True, destructive_hint=False, open_world_hint=False)


def make_server(tools: Iterable[Tool], version: str) -> MCPServer[Any]:
    """Return a server with these tools."""
    # It would set up logging for the whole process, and load a library for that which the supervisor does without.
    setattr(mcpserver, "configure_logging", lambda level: None)  # noqa: B010 - no attribute that it lets one set
    server: MCPServer[Any] = MCPServer("cockpit", instructions=_INSTRUCTIONS, version=version, log_level="WARNING")
    for tool in tools:
        description = " ".join((inspect.getdoc(tool) or "").split())
        server.add_tool(_told(tool), description=description, annotations=_ANNOTATIONS, structured_output=False)
    return server


def _told(tool: Tool) -> Any:
    """Wrap a tool so that it answers in the protocol's terms, a refusal included."""

    @functools.wraps(tool)
    async def told(*words: Any, **named: Any) -> CallToolResult:
        try:
            return result_of(await tool(*words, **named))
        except SenseRefused as refused:
            return refusal(refused)

    return told


async def serve(door: socket.socket, host: Host, version: str, more: Iterable[Tool] = ()) -> None:
    """Serve at the open door until cancelled; what waited at it is answered first.

    Args:
        door: a listening socket; it is closed in the end.
        host: what stands behind the tools.
        version: of the cockpit, told to clients.
        more: tools besides those that every session has.
    """
    for name in ("mcp", "uvicorn"):
        logging.getLogger(name).setLevel(logging.WARNING)
    port = door.getsockname()[1]
    server = make_server([*Tools(host).all(), *more], version)
    hosts = [f"127.0.0.1:{port}", f"localhost:{port}"]
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        stateless_http=True,
        max_request_body_size=BODY_LIMIT_BYTES,
        transport_security=TransportSecuritySettings(
            allowed_hosts=hosts, allowed_origins=[f"http://{one}" for one in hosts]
        ),
    )
    async with server.session_manager.run():
        await _listen(door, Gate(app, host, port))


async def _listen(door: socket.socket, gate: Gate) -> None:
    config = uvicorn.Config(
        gate,
        interface="asgi3",
        http=Caller,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=60,
        proxy_headers=False,
    )
    config.load()
    listener = uvicorn.Server(config)
    # Not its `serve`: that would take the signals of a process that is not its own, and wake up ten times a second.
    listener.lifespan = config.lifespan_class(config)
    await listener.startup(sockets=[door])
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        await _hang_up(listener)


async def _hang_up(listener: uvicorn.Server) -> None:
    """Close every connection; what was asked ends with it, and may be asked again after a restart."""
    for server in listener.servers:
        server.close()
    state = listener.server_state
    for connection in list(state.connections):
        connection.transport.abort()
    if state.tasks:
        _, left = await asyncio.wait(state.tasks, timeout=HANG_UP_S)
        for task in left:
            task.cancel()
