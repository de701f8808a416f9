"""`cockpit up`, `down`, `gc` and `stats`: short conversations with the supervisor."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from cockpit.cli.arguments import Arguments
from cockpit.cli.curve import rows as curve_rows
from cockpit.cli.repository import ensure_supervisor, find_repository
from cockpit.cli.used import lines
from cockpit.protocol.client import Client, CommandFailed, SupervisorGone
from cockpit.protocol.types import CollectGarbage, Command, Down, GetStats, Hello
from cockpit.providers.paths import Paths
from cockpit.providers.resident import accepts

_FAILED = 3


def up(arguments: Arguments) -> int:
    """Start the supervisor if it does not run."""
    paths = ensure_supervisor(find_repository(arguments.repo))
    said = ask(paths, Hello())
    if said is None:
        return _FAILED
    print(f"supervisor {said['pid']} serves {said['repository']} (version {said['version']})")
    return 0


def down(arguments: Arguments) -> int:
    """End the supervisor."""
    paths = Paths.for_repo(find_repository(arguments.repo))
    if not accepts(str(paths.supervisor_socket)):
        print("no supervisor runs here")
        return 0
    said = ask(paths, Down(keep_agents=arguments.keep_agents), until_gone=True)
    if said is None:
        return _FAILED
    print(f"supervisor {said['pid']} has ended" + ("; its agents go on" if arguments.keep_agents else ""))
    return 0


def gc(arguments: Arguments) -> int:
    """Reclaim disk."""
    paths = ensure_supervisor(find_repository(arguments.repo))
    said = ask(paths, CollectGarbage(is_dry_run=arguments.dry_run))
    if said is None:
        return _FAILED
    verb = "would remove" if arguments.dry_run else "removed"
    for session in said["removed"]:
        print(f"{verb} the workspace of {session} (its branch stays)")
    for kept in said["kept"]:
        print(f"kept {kept['session']}: {kept['why']}")
    print(f"{verb} {len(said['removed'])} workspaces, {said['freed_bytes'] / 1e6:.1f} MB")
    return 0


def stats(arguments: Arguments) -> int:
    """Show what attention, tokens and money were spent on."""
    paths = ensure_supervisor(find_repository(arguments.repo))
    said = ask(paths, GetStats())
    if said is None:
        return _FAILED
    if arguments.json:
        print(json.dumps(said))
        return 0
    for name, value in _figures(said):
        print(f"{name:<38} {value}")
    print()
    for line in lines(said["used"]):
        print(line)
    print()
    for line in curve_rows(said["curve"]):
        print(line)
    return 0


def _figures(said: dict[str, Any]) -> list[tuple[str, str]]:
    landed, items = said["landed"], said["attention_items"]
    sessions = sum(said["sessions"].values())
    people = max(1, len(said["people"]))

    def per(total: float, count: int, unit: str) -> str:
        return f"{total / count:.1f}{unit}" if count else "nothing yet"

    by_status = ", ".join(f"{count} {status}" for status, count in sorted(said["sessions"].items()))
    return [
        ("sessions", f"{sessions} ({by_status})" if sessions else "none yet"),
        ("sessions steered per person", f"{sessions / people:.1f}"),
        ("changes landed / rejected", f"{landed} / {said['rejected']}"),
        ("rounds until clean, per landed change", per(said["rounds_of_landed"], landed, "")),
        ("attention per landed change", per(said["looked_s"], landed, " s looked at")),
        ("keys per landed change", per(said["keys"], landed, "")),
        ("attention items", str(items)),
        ("an item waited", per(said["waited_s"], items, " s on average")),
        ("decisions", ", ".join(f"{who} {n}" for who, n in said["people"].items()) or "none yet"),
        ("events journaled", f"{said['events']:,}"),
        ("progress dropped for slow screens", str(said["dropped_progress"])),
    ]


def ask(paths: Paths, command: Command, *, until_gone: bool = False) -> dict[str, Any] | None:
    """Ask the supervisor, and return its result; None: it refused, and that was told."""

    async def asked() -> dict[str, Any]:
        async with await Client.connect(paths.supervisor_socket) as client:
            result = await client.call(command)
            if until_gone:
                async for _ in client.pushes():
                    pass
            return result

    try:
        return asyncio.run(asked())
    except (CommandFailed, SupervisorGone) as error:
        print(f"cockpit: {error}", file=sys.stderr)
        return None
