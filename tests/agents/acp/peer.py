"""A scripted agent that speaks ACP with the library's own agent side: each word of a prompt is something it does.

Started as `python peer.py '{"option": ...}'`; what it was told is repeated in its messages.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import acp
from acp.exceptions import RequestError
from acp.schema import (
    AgentCapabilities,
    Implementation,
    InitializeResponse,
    LoadSessionResponse,
    McpCapabilities,
    NewSessionResponse,
    PermissionOption,
    PromptResponse,
    SessionMode,
    SessionModeState,
    ToolCallUpdate,
    Usage,
)

OPTIONS: dict[str, Any] = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}
GIGANTIC_BYTES = (32 << 20) + 10


def raw(line: bytes) -> None:
    """Write something past the library."""
    sys.stdout.flush()
    data = memoryview(line + b"\n")
    while data:
        try:
            data = data[os.write(1, data) :]
        except BlockingIOError:
            os.sched_yield()


class Peer:
    """The agent."""

    def __init__(self) -> None:
        self.client: Any = None
        self.session = ""
        self.cancelled = asyncio.Event()
        self.steered: list[str] = []
        self.running = 0
        self.background: set[asyncio.Task[None]] = set()

    def on_connect(self, conn: Any) -> None:
        self.client = conn

    # -- the beginning

    async def initialize(self, protocol_version: int, **_: Any) -> InitializeResponse:
        return InitializeResponse(
            protocol_version=OPTIONS.get("protocol", protocol_version),
            agent_info=Implementation(name=OPTIONS.get("name", "peer"), title="Peer", version="1.2"),
            agent_capabilities=AgentCapabilities(
                load_session=OPTIONS.get("load", True),
                mcp_capabilities=McpCapabilities(http=OPTIONS.get("http", True)),
            ),
            field_meta={"steering": {"supported": True}} if OPTIONS.get("steers") else None,
        )

    async def new_session(self, cwd: str, mcp_servers: Any = None, **meta: Any) -> NewSessionResponse:
        if OPTIONS.get("logged_out"):
            raise RequestError.auth_required()
        self.session = f"s-{os.getpid()}"
        Path(cwd, "servers.json").write_text(
            json.dumps([server.model_dump(mode="json") for server in mcp_servers or []])
        )
        return NewSessionResponse(session_id=self.session, modes=self.modes())

    def modes(self) -> SessionModeState:
        names = ("default", "yolo")
        modes = [SessionMode(id=name, name=name) for name in names]
        return SessionModeState(current_mode_id="yolo", available_modes=modes)

    async def set_session_mode(self, session_id: str, mode_id: str, **_: Any) -> None:
        self.background.add(asyncio.create_task(self.say(f"mode {mode_id}. ")))

    async def load_session(self, cwd: str, session_id: str, **_: Any) -> LoadSessionResponse:
        if OPTIONS.get("forgets"):
            raise RequestError.resource_not_found(session_id)
        self.session = session_id
        await self.say("told before ")
        # As some real ones do: the history goes on after it was said to be whole.
        self.background.add(asyncio.create_task(self.say("and told before")))
        return LoadSessionResponse(modes=self.modes())

    # -- the course

    async def prompt(self, session_id: str, prompt: list[Any], **_: Any) -> PromptResponse:
        text = "".join(block.text for block in prompt)
        self.cancelled.clear()
        self.running += 1
        try:
            await self.say(f"heard: {text.splitlines()[-1]}\n")
            for word in text.splitlines()[-1].split():
                act: Callable[[], Coroutine[Any, Any, None]] | None = getattr(self, f"do_{word}", None)
                if act is not None:
                    await act()
        finally:
            self.running -= 1
        for steered in self.steered:
            await self.say(f"steered: {steered}\n")
        self.steered.clear()
        usage = Usage(total_tokens=15, input_tokens=10, output_tokens=5)
        return PromptResponse(stop_reason="cancelled" if self.cancelled.is_set() else "end_turn", usage=usage)

    async def cancel(self, session_id: str, **_: Any) -> None:
        self.cancelled.set()

    async def ext_method(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        if not self.running:
            return {"outcome": "promptRequired"}
        text = params["prompt"][0]["text"]
        if "refuse" in text:
            return {"outcome": "failed"}
        self.steered.append(text)
        self.cancelled.set()
        await asyncio.sleep(0)
        self.cancelled = asyncio.Event()
        return {"outcome": "injected"}

    async def say(self, text: str) -> None:
        await self.client.session_update(self.session, acp.update_agent_message_text(text))

    # -- what it can do

    async def do_wait(self) -> None:
        """Work until cancelled, or steered."""
        await self.say("working\n")
        await self.cancelled.wait()

    async def do_deaf(self) -> None:
        """Work on, whatever is said."""
        self.leave()
        await self.say("deaf\n")
        await asyncio.Event().wait()

    async def do_leave(self) -> None:
        """Start a command that outlives the turn, and work until cancelled."""
        self.leave()
        await self.do_wait()

    def leave(self) -> None:
        process = subprocess.Popen(["sleep", "987"], start_new_session=True)
        Path("left.pid").write_text(str(process.pid))

    async def do_die(self) -> None:
        """End in the middle of the turn."""
        sys.stderr.write("the disk is on fire\n")
        sys.stderr.flush()
        os._exit(7)

    async def do_noise(self) -> None:
        """Say what is no message, and too much, and unheard of."""
        raw(b"Debugger attached.")
        raw(b"[1, 2]")
        raw(b'{"jsonrpc": "2.0", "id": [], "result": 1}')
        raw(b"x" * GIGANTIC_BYTES)
        for kind in ("dream", "dream"):
            update = {"sessionUpdate": kind, "content": 5}
            frame = {
                "jsonrpc": "2.0",
                "method": "session/update",
                "params": {"sessionId": self.session, "update": update},
            }
            raw(json.dumps(frame).encode())

    async def do_touch(self) -> None:
        """Ask before a command."""
        await self.ask("t1", "execute", "touch made", {"command": "touch made"})

    async def do_senses(self) -> None:
        """Ask before a tool of the cockpit's."""
        await self.ask("t2", "other", "mcp__cockpit__run_checks", {})

    async def do_trick(self) -> None:
        """Ask before a command that calls itself a tool of the cockpit's."""
        sly = {"command": "rm -rf x", "server": "cockpit", "tool": "note"}
        await self.ask("t3", "execute", "mcp__cockpit__note", sly)

    async def ask(self, call: str, kind: Any, title: str, given: dict[str, Any]) -> None:
        kinds: list[Any] = OPTIONS.get("kinds", ["allow_always", "allow_once", "reject_once"])
        options = [PermissionOption(option_id=f"o-{one}", name=one, kind=one) for one in kinds]
        tool = ToolCallUpdate(tool_call_id=call, kind=kind, title=title, raw_input=given, status="pending")
        answer = await self.client.request_permission(session_id=self.session, tool_call=tool, options=options)
        outcome = answer.outcome
        chosen = getattr(outcome, "option_id", outcome.outcome)
        if chosen == "o-allow_once" and kind == "execute":
            Path("made").touch()
        await self.say(f"answer: {chosen}\n")
        if chosen == "o-reject_once" and OPTIONS.get("sulks"):
            self.cancelled.set()

    async def do_form(self) -> None:
        """Have a form filled in."""
        schema = {
            "type": "object",
            "properties": {
                "colour": {"type": "string", "enum": ["red", "green"], "description": "Which colour?"},
                "count": {"type": "integer", "description": "How many?"},
            },
        }
        asked = {"sessionId": self.session, "mode": "form", "message": "The paint", "requestedSchema": schema}
        answer = await self.client._conn.send_request("elicitation/create", asked)
        await self.say(f"form: {json.dumps(answer, sort_keys=True)}\n")

    async def do_files(self) -> None:
        """Read and write through the client, inside the workspace and outside."""
        here = Path.cwd()
        outside = here.parent / "outside.txt"
        with contextlib.suppress(FileExistsError):
            (here / "link").symlink_to(outside)
        await self.client.write_text_file(content="one\ntwo\n", path=str(here / "new.txt"), session_id=self.session)
        read = await self.client.read_text_file(path=str(here / "new.txt"), session_id=self.session, line=2, limit=1)
        await self.say(f"read {read.content.strip()}\n")
        for path in (outside, here / "link", here / ".git" / "config"):
            try:
                await self.client.write_text_file(content="evil", path=str(path), session_id=self.session)
                await self.say(f"wrote {path.name}\n")
            except RequestError as error:
                await self.say(f"refused {path.name}: {error}\n")

    async def do_spy(self) -> None:
        """Look for what it must not see, and write where it must not."""
        for path in (Path.cwd().parent / "secrets" / "journal", Path.cwd() / "README"):
            await self.say(f"{path.name} seen: {path.exists()}\n")
        try:
            (Path.cwd().parent / "evil").write_text("x")
            await self.say("escaped\n")
        except OSError:
            await self.say("held\n")


if __name__ == "__main__":
    asyncio.run(acp.run_agent(Peer()))  # type: ignore[arg-type]  # it offers what it needs of a protocol of many methods
