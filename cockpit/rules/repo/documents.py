"""YAML from a repository: bounded when read, and changed in place so that a person's comments stay."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import yaml

from cockpit.rules.repo.places import SIZE_LIMIT_BYTES
from cockpit.rules.types.errors import RuleFileError

_READ: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DATE = "tag:yaml.org,2002:timestamp"
_WORDS = {
    first: [(tag, pattern) for tag, pattern in known if tag != _DATE]
    for first, known in _READ.yaml_implicit_resolvers.items()
}
_LOADER: type[yaml.SafeLoader] = type("RulesLoader", (_READ,), {"yaml_implicit_resolvers": _WORDS})
"""Takes 2026-01-30 for the text that it is to ast-grep and to YAML 1.2, not for a date."""
_ANCHOR = re.compile(r"(?:^|[\s:,\[{-])&\S")
_DEPTH_LIMIT = 100
_NESTED_BLOCKS = re.compile(r"(?:[-?:][ \t]+){20}|^[ \t]{100}", re.MULTILINE)
_PLAIN = re.compile(r"[A-Za-z_][\w ./-]*[\w./-]|[A-Za-z_]")
_NOT_TEXT = re.compile(r"(?i)true|false|yes|no|on|off|null|y|n")


def documents(text: str) -> list[dict[str, object]]:
    """Return the mappings in a file.

    Raises:
        RuleFileError: it is no YAML, too large, nested too deeply, says something else than mappings, or uses anchors,
            which can make a small file unfold into a huge one.
    """
    if len(text) > SIZE_LIMIT_BYTES:
        raise RuleFileError(f"is larger than {SIZE_LIMIT_BYTES:,} bytes")
    try:
        if _ANCHOR.search(text) or _may_be_deep(text):
            _refuse_tricks(text)
        found = [one for one in yaml.load_all(text, Loader=_LOADER) if one is not None]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise RuleFileError(
            f"is not YAML: {error.problem or error.context}", mark.line + 1 if mark else None
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise RuleFileError(
            f"is not YAML: {str(error).splitlines()[0] if str(error) else 'nested too deeply'}"
        ) from error
    for one in found:
        if not isinstance(one, dict) or not all(isinstance(key, str) for key in one):
            raise RuleFileError("says no mapping of names to values", 1)
    return found


def line_of(text: str, path: Sequence[str | int], document: int = 0) -> int | None:
    """Return the line (from 1) where the deepest existing part of a key path begins."""
    node = _composed(text, document)
    line = None
    for step in path:
        child = _child(node, step)
        if child is None:
            break
        key, node = child
        line = (key or node).start_mark.line + 1
    return line


def with_value(text: str, path: Sequence[str], value: object, document: int = 0) -> str:
    """Return the text with one value replaced or added; everything else, comments included, stays as it is.

    Args:
        text: a YAML file of mappings in block style; the value itself may be written in any style.
        path: keys from the outermost mapping; those that do not exist are added.
        value: anything that JSON can say; None takes the key out.
        document: which document of the file.

    Raises:
        RuleFileError: the text is no such file.
    """
    node = _composed(text, document)
    for depth, step in enumerate(path):
        child = _child(node, step)
        if child is None:
            return text if value is None else _added(text, node, path[depth:], value)
        parent, (key, node) = node, child
        if not isinstance(parent, yaml.MappingNode):
            raise RuleFileError(f"{'.'.join(path[:depth])} is no mapping")
    assert key is not None  # a mapping's child has one
    if value is None:
        return _without(text, parent, key, node)
    end = _end_of(text, node)
    return text[: node.start_mark.index] + _as_yaml(value) + text[end:]


def _may_be_deep(text: str) -> bool:
    return text.count("[") + text.count("{") > _DEPTH_LIMIT or _NESTED_BLOCKS.search(text) is not None


def _refuse_tricks(text: str) -> None:
    """Look at the text event by event. The loader in C would end the whole process on one nested too deeply."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEPTH_LIMIT:
            raise RuleFileError(f"is nested deeper than {_DEPTH_LIMIT} levels")
        if isinstance(event, yaml.AliasEvent):
            line = event.start_mark.line + 1 if event.start_mark else None
            raise RuleFileError("uses an anchor (`*name`): write the value out", line)


def _composed(text: str, document: int) -> yaml.Node:
    # The loader in C counts bytes where the one in Python counts characters, which is what text is cut by.
    try:
        nodes = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise RuleFileError("is not YAML") from error
    if document >= len(nodes):
        raise RuleFileError("says nothing")
    return nodes[document]


def _child(node: yaml.Node, step: str | int) -> tuple[yaml.Node | None, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return None, node.value[step]
    return None


def _added(text: str, node: yaml.Node, path: Sequence[str], value: object) -> str:
    if not isinstance(node, yaml.MappingNode):
        raise RuleFileError("something on the way is no mapping")
    for step in reversed(path[1:]):
        value = {step: value}
    if node.flow_style:
        at = text.rindex("}", node.start_mark.index, node.end_mark.index)
        comma = ", " if node.value else ""
        return f"{text[:at].rstrip()}{comma}{_word(path[0])}: {_as_yaml(value)}{text[at:]}"
    last = max((_end_of(text, child) for _key, child in node.value), default=node.start_mark.index)
    newline = text.find("\n", last)
    end = len(text) if newline < 0 else newline
    indent = " " * node.start_mark.column
    return f"{text[:end]}\n{indent}{_word(path[0])}: {_as_yaml(value)}{text[end:]}"


def _without(text: str, parent: yaml.Node, key: yaml.Node, node: yaml.Node) -> str:
    start, end = key.start_mark.index, _end_of(text, node)
    if isinstance(parent, yaml.CollectionNode) and parent.flow_style:
        after = re.compile(r"\s*,\s*").match(text, end)
        before = re.compile(r"\s*,\s*$").search(text, 0, start)
        if after:
            end = after.end()
        elif before:
            start = before.start()
        return text[:start] + text[end:]
    newline = text.find("\n", end)
    return text[: text.rfind("\n", 0, start) + 1] + ("" if newline < 0 else text[newline + 1 :])


def _end_of(text: str, node: yaml.Node) -> int:
    """Return where a value ends; what PyYAML takes for the end of a block is the beginning of what follows it."""
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        return len(text[: node.end_mark.index].rstrip())
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        children = [one for pair in node.value for one in (pair if isinstance(pair, tuple) else (pair,))]
        return max((_end_of(text, one) for one in children), default=node.start_mark.index)
    return int(node.end_mark.index)


def _as_yaml(value: object) -> str:
    """Return a value in flow style: JSON is YAML, and plain words need no quotes."""
    match value:
        case str():
            return _word(value)
        case dict():
            return "{" + ", ".join(f"{_word(str(key))}: {_as_yaml(one)}" for key, one in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(_as_yaml(one) for one in value) + "]"
        case _:
            return json.dumps(value)


def _word(text: str) -> str:
    if _PLAIN.fullmatch(text) and not _NOT_TEXT.fullmatch(text):
        return text
    return json.dumps(text, ensure_ascii=False)
