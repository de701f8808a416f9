"""What agents ask a model besides the work: titles, verdicts, who speaks next. It never takes a step of the script.

A request that offers no tools cannot carry a step with calls out, so such a step is not meant for it, nor is it for
the script to say that it has no answer. Where the answer must fit a JSON schema, the plainest agreeable instance of it
is given.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from agents.scripted.conversation import Choice
from agents.scripted.request import Request
from agents.scripted.script import Step

_TITLE = "Scripted work"
_AGREEABLE = ("user", "allow", "approve", "low", "none")


def aside(choice: Choice, request: Request) -> Step | None:
    """Return the answer to a request beside the work; None where what the script chose is meant."""
    step = choice.step
    if request.schema is not None and not _is_json(step.text) and not (request.tools and step.calls):
        return Step(text=json.dumps(_instance(request.schema, request.schema)))
    if not request.tools and (step.calls or not choice.rule):
        return Step(text=_TITLE)
    return None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _instance(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
    """Return a small value that fits a schema, as far as agents use schemas."""
    if "$ref" in schema:
        target: Any = root
        for part in str(schema["$ref"]).removeprefix("#/").split("/"):
            target = target[part]
        return _instance(target, root)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return next((value for value in schema["enum"] if value in _AGREEABLE), schema["enum"][0])
    for several in ("anyOf", "oneOf", "allOf"):
        if schema.get(several):
            return _instance(schema[several][0], root)
    kind = schema.get("type", "object")
    kind = str(kind[0] if isinstance(kind, list) else kind).lower()
    if kind == "object":
        return {name: _instance(one, root) for name, one in schema.get("properties", {}).items()}
    plain: dict[str, Any] = {"array": [], "string": _TITLE, "boolean": False, "integer": 0, "number": 0, "null": None}
    return plain.get(kind, _TITLE)
