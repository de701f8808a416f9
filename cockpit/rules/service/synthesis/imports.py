"""Names imported from a module: `datetime.now()` and `from datetime import datetime` are the same offence.

ast-grep resolves no names, but the import statement stands in the same file and can be asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cockpit.rules.service.synthesis.languages import RECEIVERS
from cockpit.rules.service.synthesis.terms import Term


def resolved(rule: Mapping[str, Any], term: Term, names: Mapping[str, Term]) -> dict[str, Any] | None:
    """Return a Python rule about `module.name(...)` that takes the bare name as well, where it was imported from there.

    None: the rule is about something else.
    """
    pattern = rule.get("pattern")
    if term.kind != "call" or not isinstance(pattern, str) or not term.children:
        return None
    callee, open_paren, arguments = pattern.partition("(")
    parts = callee.split(".")
    if (
        len(parts) < 2
        or parts[0].startswith("$")
        or parts[0] in RECEIVERS
        or not all(re.fullmatch(r"\$?\w+", part) for part in parts)
    ):
        return None
    module, name = ".".join(parts[:-1]), parts[-1]
    seen = sorted({text for _, text in names[name[1:]].samples}) if name[1:] in names else [name.removeprefix("$")]
    if name.startswith("$") and name[1:] not in names:
        return None
    bare = {
        "all": [
            {"pattern": f"{name}{open_paren}{arguments}"},
            _in_file_with("import_from_statement", rf"^from {re.escape(module)} import\b(?s:.*)\b({'|'.join(seen)})\b"),
        ]
    }
    if name.startswith("$"):
        listed = {"has": {"field": "function", "regex": f"^({'|'.join(map(re.escape, seen))})$"}}
        bare["all"].insert(1, listed)
    return {"any": [dict(rule), bare]}


def _in_file_with(kind: str, regex: str) -> dict[str, Any]:
    return {"inside": {"kind": "module", "stopBy": "end", "has": {"kind": kind, "regex": regex, "stopBy": "end"}}}
