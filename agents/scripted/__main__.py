"""Serve a scripted model: `python -m agents.scripted --script FILE --port 0`."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from agents.scripted.script import Script, ScriptError, load
from agents.scripted.server import ScriptedModel


def main() -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m agents.scripted", description="Serve a scripted model.")
    parser.add_argument("--script", type=Path, required=True, help="the script file (YAML)")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0: any free one, which is printed")
    parser.add_argument("--log", type=Path, help="append each request to this file as a JSON line")
    parser.add_argument("--no-responses", action="store_true", help="answer 404 to the Responses API")
    options = parser.parse_args()
    try:
        script = load(options.script)
        asyncio.run(_serve(script, options))
    except (ScriptError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


async def _serve(script: Script, options: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with ScriptedModel(
        script, port=options.port, request_log=options.log, has_responses=not options.no_responses
    ) as model:
        sys.stdout.write(f"scripted model at {model.url}\n")
        sys.stdout.flush()
        await stopped.wait()


if __name__ == "__main__":
    sys.exit(main())
