"""What names belong together: two of a family seen, and all of it is meant; and what fixes add to every name."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from typing import Any

FAMILIES = (
    frozenset({"debug", "info", "warn", "warning", "error", "exception", "critical", "fatal", "log", "trace"}),
    frozenset({"get", "post", "put", "patch", "delete", "head", "options", "request"}),
    frozenset({"list", "dict", "set", "tuple", "frozenset"}),
    frozenset({"run", "call", "check_call", "check_output", "Popen"}),
    frozenset({"setTimeout", "setInterval", "setImmediate"}),
    frozenset({"Debug", "Info", "Warn", "Warning", "Error", "Fatal", "Print", "Println", "Printf"}),
)
"""Names that do the same thing in several ways, in any language."""

_KIN = (
    frozenset({"import_statement", "import_from_statement"}),
    frozenset({"for_statement", "while_statement"}),
    frozenset({"for_statement", "for_in_statement", "while_statement", "do_statement"}),
    frozenset({"for_expression", "while_expression", "loop_expression"}),
)
"""Kinds of code that a person takes for one thing."""

_WORD = re.compile(r"\w+")
_SHORTEST = 1


def family_of(names: Sequence[str]) -> list[str]:
    """Return the whole family of two names or more; empty: they are of none, or it is but one name."""
    if len(set(names)) < 2:
        return []
    return next((sorted(family) for family in FAMILIES if family.issuperset(names)), [])


def kin_of_kinds(kinds: Sequence[str], python: bool) -> list[str]:
    """Return the kinds that go with those seen; empty: there are no others."""
    known = _KIN[:2] if python else _KIN[2:]
    return next((sorted(kin) for kin in known if kin.issuperset(kinds) and kin != set(kinds)), [])


def affix(names: Sequence[str], added: Sequence[Set[str]]) -> dict[str, Any]:
    """Return that a name lacks what the fixes put before or behind every name; empty: they do nothing of the kind.

    Args:
        names: in each bad snippet the name, in their order.
        added: the words that each of the fixes brought.
    """
    if len(names) != len(added) or len(set(names)) < 2:
        return {}
    behind = [
        {word[len(name) :] for word in words if word.startswith(name)} for name, words in zip(names, added, strict=True)
    ]
    before = [
        {word[: -len(name)] for word in words if word.endswith(name)} for name, words in zip(names, added, strict=True)
    ]
    for regex, found in (("{}$", behind), ("^{}", before)):
        if shared := sorted(part for part in set.intersection(*found) if part):
            return {"not": {"regex": regex.format(re.escape(max(shared, key=len)))}}
    return {}
