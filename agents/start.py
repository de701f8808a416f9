"""How our own agent processes begin and end."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine

from agents.assignment import VARIABLE, Assignment
from agents.wire import Wire
from cockpit.providers import process_tree

_MEMORY_FILES = ("commands.jsonl", "conversation.jsonl", "turns.json")


def start(serve: Callable[[Wire, Assignment], Coroutine[None, None, None]]) -> int:
    """Take the assignment and serve until told to stop; returns the exit status, errors on stderr."""
    try:
        assignment = Assignment.take()
    except KeyError:
        sys.stderr.write(f"this program is started by the cockpit, which gives it ${VARIABLE}\n")
        return 2
    process_tree.install_child_watcher()
    if not assignment.resume:
        for name in _MEMORY_FILES:
            (assignment.memory / name).unlink(missing_ok=True)
    try:
        with Wire.open(assignment.memory) as wire:
            asyncio.run(serve(wire, assignment))
    except (ValueError, OSError) as error:
        sys.stderr.write(f"the agent cannot work: {error}\n")
        return 2
    return 0
