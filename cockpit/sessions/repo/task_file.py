"""Files with many tasks.

YAML and TOML hold a list of tasks (`tasks:` / `[[tasks]]`), each either a prompt or a table with the fields of `Task`;
fields beside the list are defaults for all. Markdown holds one task for each second-level heading (the heading is the
title, the text below the prompt), with defaults in an optional YAML front matter; without headings it is one task.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cockpit.sessions.types import Task

_LIMIT_BYTES = 4 << 20
_HEADING = re.compile(r"^##\s+(.+?)\s*#*\s*$", re.MULTILINE)
_FRONT_MATTER = re.compile(r"\A---\r?\n(.*?)\r?\n---\r?\n", re.DOTALL)
FORMATS = (".yaml", ".yml", ".toml", ".md", ".markdown")


class TaskFileError(Exception):
    """A task file makes no sense. The message says where and why; no task of it was begun."""


def read_tasks(path: Path) -> tuple[Task, ...]:
    """Return the tasks of a file. Raises `TaskFileError`."""
    try:
        raw = path.read_bytes()[: _LIMIT_BYTES + 1]
    except OSError as error:
        raise TaskFileError(f"{path}: cannot be read: {error.strerror}") from error
    if len(raw) > _LIMIT_BYTES:
        raise TaskFileError(f"{path}: is larger than {_LIMIT_BYTES:,} bytes")
    try:
        return parse_tasks(raw.decode("utf-8"), path.suffix.lower(), str(path))
    except UnicodeDecodeError as error:
        raise TaskFileError(f"{path}: is not UTF-8 text") from error


def parse_tasks(text: str, suffix: str, name: str = "standard input") -> tuple[Task, ...]:
    """Return the tasks that a text holds; without a known suffix it is one prompt. Raises `TaskFileError`."""
    if suffix in (".yaml", ".yml"):
        tasks = _from_data(_yaml(text, name), name)
    elif suffix == ".toml":
        tasks = _from_data(_toml(text, name), name)
    elif suffix in (".md", ".markdown"):
        tasks = _from_markdown(text, name)
    else:
        tasks = (_task({"prompt": text.strip()}, name),) if text.strip() else ()
    if not tasks:
        raise TaskFileError(f"{name}: holds no task")
    return tasks


def _yaml(text: str, name: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise TaskFileError(f"{name}: {error}") from error


def _toml(text: str, name: str) -> Any:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TaskFileError(f"{name}: {error}") from error


def _from_data(data: Any, name: str) -> tuple[Task, ...]:
    if isinstance(data, list):
        data = {"tasks": data}
    if not isinstance(data, Mapping) or not isinstance(data.get("tasks"), list):
        raise TaskFileError(f"{name}: needs a list called `tasks`")
    defaults = {key: value for key, value in data.items() if key != "tasks"}
    return tuple(
        _task({**defaults, **(item if isinstance(item, Mapping) else {"prompt": item})}, f"{name}: task {number}")
        for number, item in enumerate(data["tasks"], 1)
    )


def _from_markdown(text: str, name: str) -> tuple[Task, ...]:
    defaults: dict[str, Any] = {}
    if front := _FRONT_MATTER.match(text):
        found = _yaml(front[1], name)
        if not isinstance(found, Mapping):
            raise TaskFileError(f"{name}: the front matter is no table of defaults")
        defaults, text = dict(found), text[front.end() :]
    parts = _HEADING.split(text)
    if len(parts) == 1:
        return (_task({**defaults, "prompt": text.strip()}, name),) if text.strip() else ()
    pairs = zip(parts[1::2], parts[2::2], strict=True)
    return tuple(
        _task({**defaults, "title": title, "prompt": body.strip() or title}, f"{name}: “{title}”")
        for title, body in pairs
    )


def _task(fields: Mapping[str, Any], where: str) -> Task:
    unknown = sorted(set(fields) - set(Task.model_fields))
    if unknown:
        raise TaskFileError(f"{where}: unknown field {unknown[0]!r}; there are {', '.join(Task.model_fields)}")
    try:
        return Task.model_validate(dict(fields))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise TaskFileError(f"{where}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
