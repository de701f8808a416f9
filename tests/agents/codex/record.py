"""Records conversations with the real codex for the replay tests: `python -m tests.agents.codex.record`."""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
from pathlib import Path

from agents.scripted.server import ScriptedModel
from cockpit.sessions.types import (
    AnswerDecision,
    MessageDelta,
    RequestRaised,
    Steered,
    ToolStarted,
    TurnEnded,
)
from tests.agents.codex.harness import Bridge
from tests.agents.codex.replay import TRACES, WORKSPACE, replay
from tests.e2e.agents.test_codex import Real, script

_QUIET = ("account/rateLimits/", "thread/readState/", "thread/status/", "remoteControl/", "skills/", "hook/")
_LONG = ("sandbox", "permissionProfile", "instructionSources", "config", "activePermissionProfile", "environments")


async def main() -> None:
    """Record all of them."""
    with tempfile.TemporaryDirectory(prefix="record-") as folder:
        log = Path(folder, "requests.jsonl")
        async with ScriptedModel(script(), request_log=log) as model:
            real = Real(Path(folder), model, log)
            for name, play in (
                ("worked", _worked),
                ("asked", _asked),
                ("redirected", _redirected),
                ("interrupted", _interrupted),
                ("resumed", _resumed),
            ):
                bridge = real.bridge(mode="untrusted" if name == "asked" else "on-request")
                await bridge.start()
                await play(bridge)
                await bridge.close()
                _keep(bridge, name, folder)


async def _worked(bridge: Bridge) -> None:
    await bridge.turn("[script:work]")
    await bridge.turn("[script:plan]")


async def _asked(bridge: Bridge) -> None:
    await bridge.send("[script:outside]")
    await bridge.answer((await bridge.until(RequestRaised)).request, AnswerDecision.DENY, "not there")
    await bridge.until(TurnEnded)
    await bridge.send("[script:work]")
    for _ in range(2):
        await bridge.answer((await bridge.until(RequestRaised)).request, AnswerDecision.ONCE)
    await bridge.until(TurnEnded)
    await bridge.send("[script:ask]")
    await bridge.answer((await bridge.until(RequestRaised)).request, AnswerDecision.ONCE, "blue")
    await bridge.until(TurnEnded)


async def _redirected(bridge: Bridge) -> None:
    await bridge.send("[script:talk]")
    await bridge.until(MessageDelta)
    await bridge.steer("[script:hello] instead")
    await bridge.until(Steered)
    await bridge.until(TurnEnded)


async def _interrupted(bridge: Bridge) -> None:
    await bridge.send("[script:hang]")
    await bridge.until(ToolStarted)
    await bridge.interrupt()
    await bridge.until(TurnEnded)


async def _resumed(bridge: Bridge) -> None:
    await bridge.turn("[script:hello]")
    await bridge.close()
    await bridge.start(resume=True)
    await bridge.turn("[script:hello] again")
    await bridge.review("[script:hello]")
    await bridge.until(TurnEnded)


def _keep(bridge: Bridge, name: str, folder: str) -> None:
    lines = []
    for way, text in bridge.frames():
        frame = json.loads(text)
        if frame.get("method", "").startswith(_QUIET):
            continue
        for part in (frame.get("params"), frame.get("result")):
            for long in _LONG if isinstance(part, dict) else ():
                part.pop(long, None)
        kept = json.dumps(frame).replace(str(bridge.workspace), str(WORKSPACE)).replace(folder, "/elsewhere")
        kept = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:1", kept)
        lines.append(json.dumps({"at": 0, "way": way, "frame": kept}))
    trace = TRACES / f"{name}.jsonl"
    trace.write_text("\n".join(lines) + "\n", encoding="utf-8")
    events = json.dumps(replay(trace), indent=1, ensure_ascii=False)
    trace.with_suffix(".events.json").write_text(events + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
