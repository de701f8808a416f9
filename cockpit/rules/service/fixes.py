"""What a fix removed and added, as features of the syntax trees: for finding fixes that are alike.

Parses with ast-grep in process, so only the workshop's process may use it.
"""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from cockpit.rules.service.synthesis.languages import LANGUAGE_OF_SUFFIX
from cockpit.rules.service.synthesis.tree import Tree, UnreadableError, parse

MOST_CHANGES = 40
"""Changed places of one fix that are looked at."""
LONGEST = 20_000
"""Characters of one side of a place."""

_CALL = re.compile(r"(^|_)(call|invocation|new_expression|object_creation)(_expression)?$|^macro_invocation$")
_CALLEE = ("function", "name", "macro", "constructor")
_MEMBER = re.compile(r"^(attribute|member_expression|selector_expression|field_expression|field_access)$")
_KEYWORD = re.compile(r"^(keyword_argument|pair|keyed_element|field_initializer|keyword_pattern)$")
_NAME = re.compile(r"\w+")
_SHORT = 60

Change = tuple[str, str, str]
"""A changed place: its file's path, and its text before and after."""


def features_of_fix(changes: Iterable[Change]) -> frozenset[str]:
    """Return what the changes took away (`-`) and put in (`+`): callees, members, keywords, kinds of nodes."""
    found: set[str] = set()
    for path, before, after in list(changes)[:MOST_CHANGES]:
        old, new = _features(path, before[:LONGEST]), _features(path, after[:LONGEST])
        found.update(f"-{one}" for one in old - new)
        found.update(f"+{one}" for one in new - old)
    return frozenset(found)


def _features(path: str, text: str) -> Counter[str]:
    language = LANGUAGE_OF_SUFFIX.get(PurePosixPath(path).suffix)
    if language is None:
        return Counter(f"word {word}" for word in _NAME.findall(text))
    try:
        tree = parse(_level(text), language).tree
    except UnreadableError:
        return Counter()
    found: Counter[str] = Counter()
    for node in tree.walk():
        found.update(_of_node(node))
    return found


def _level(text: str) -> str:
    return textwrap.dedent(text.expandtabs(4))


def _of_node(node: Tree) -> Sequence[str]:
    if _CALL.search(node.kind):
        callee = next((child for child in node.children if child.field in _CALLEE), None)
        names = _NAME.findall(callee.text[-_SHORT:]) if callee is not None else []
        return [f"callee {names[-1]}", f"kind {node.kind}"] if names else [f"kind {node.kind}"]
    if _MEMBER.search(node.kind) and node.named:
        return [f"member {node.named[-1].text[:_SHORT]}"]
    if _KEYWORD.search(node.kind) and node.named:
        return [f"keyword {node.named[0].text[:_SHORT]}", *([f"value {node.text}"] if len(node.text) < _SHORT else [])]
    if not node.named:
        is_word = _NAME.fullmatch(node.text) is not None and len(node.text) < _SHORT
        return [f"leaf {node.text}"] if is_word else []
    return [f"kind {node.kind}"] if node.kind != "ERROR" else []
