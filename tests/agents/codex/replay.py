"""Replays a recorded conversation with codex: what was said to us, in the words of our events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from agents.codex import asking
from agents.codex.translation import Translation
from agents.trace import read

TRACES = Path(__file__).parent / "traces"
WORKSPACE = Path("/workspace")


def replay(trace: Path) -> list[dict[str, Any]]:
    """Return the events of a trace, without what is as always."""
    translation = Translation(WORKSPACE)
    asked: dict[int, str] = {}
    told: list[dict[str, Any]] = []
    for way, text in read(trace):
        frame = json.loads(text)
        if way == "out":
            asked[frame.get("id", -1)] = frame.get("method", "")
            continue
        if "method" not in frame:
            if asked.get(frame["id"], "").startswith("thread/") and "thread" in frame.get("result", {}):
                translation.begin(frame["result"]["thread"]["id"], is_new=asked[frame["id"]] == "thread/start")
            continue
        events = [*translation.take(frame["method"], frame["params"]), *_asked(translation, frame)]
        if frame["method"] == "turn/completed":
            events += translation.close()
        told += [event.model_dump(mode="json", exclude_defaults=True) | {"type": event.type} for event in events]
    return told


def _asked(translation: Translation, frame: dict[str, Any]) -> list[Any]:
    params = frame["params"]
    match frame["method"]:
        case "item/commandExecution/requestApproval":
            return [asking.command(params)]
        case "item/fileChange/requestApproval":
            return [asking.file_change(params, translation.change(params["itemId"]), WORKSPACE)]
        case "item/tool/requestUserInput":
            return [asking.question(one) for one in params["questions"]]
        case _:
            return []
