"""The script of a scripted model: rules that pick a reply from what the conversation contains.

    model: scripted               # the name that /v1/models gives (optional)
    rules:
      - name: slugify             # for people and for error messages
        when:                     # everything given must hold
          task: "(?i)slugify"     # regex, searched in the first user message
          tag: slugify            # [script:slugify] in a user message; the last tag counts
          latest: "checks failed" # regex, searched in the latest user message
          results: 2              # tool results since the anchor: a number, or {min: 1, max: 3}
          output: "1 failed"      # regex, searched in the latest tool output since the anchor
        steps:                    # one reply of the model each, in order
          - text: "I look first."
            chunk_ms: 5           # pause after each word when streaming
            calls:
              - {tool: run, arguments: {command: "ls"}}
              - {mcp: run_checks, arguments: {}}      # a tool of an MCP server, whatever the agent calls it
          - {delay_ms: 20, text: "Done.", calls: [{tool: done, arguments: {summary: "..."}}]}
      - name: flaky
        when: {task: "flaky"}
        reply:                    # instead of steps: the same reply whenever the rule matches
          error: {status: 429, message: "slow down", retry_after_s: 0.01, times: 2}
          text: "fine now"

The first rule that matches answers. Its anchor is the user message that `tag`, `latest` or `task` found (in this order,
else the first one); which of `steps` comes next is the number of the model's replies since the anchor. So the server
keeps no state and may restart at any time; only the `times` of an error are counted, for as long as the server lives.

One script drives any agent: `run {command, needs_network, writable, reason}`, `read {path}`, `write {path, text}` (a
new file), `edit {path, old, new}` (whole lines, of a file read before), `plan {steps: [{text, status}]}`,
`ask {question, options}`, `done {summary}` and `mcp` are said in the dialect of the tools that the request offers
(agents/scripted/dialects.py). Any other name goes out as it is.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator


class ScriptError(ValueError):
    """A script that cannot be used; the message names file, line and what is wrong."""


def _regex(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return pattern


Pattern = Annotated[str, AfterValidator(_regex)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Span(_Strict):
    """A range of numbers, both ends included."""

    min: int = 0
    max: int | None = None

    def holds(self, number: int) -> bool:
        """Return whether the number lies inside."""
        return number >= self.min and (self.max is None or number <= self.max)


class Condition(_Strict):
    """What a conversation must contain."""

    task: Pattern | None = None
    tag: str | None = None
    latest: Pattern | None = None
    results: int | Span | None = None
    output: Pattern | None = None


class Call(_Strict):
    """A call of a `tool` of the agent, or of an MCP server's. `raw` sends arguments that need not be valid JSON."""

    tool: str = ""
    mcp: str = ""
    arguments: dict[str, Any] = Field(default_factory=dict)
    raw: str | None = None

    @model_validator(mode="after")
    def _one_of(self) -> Call:
        if bool(self.tool) == bool(self.mcp):
            raise ValueError("give either tool or mcp")
        return self


class Failure(_Strict):
    """An HTTP error instead of a reply."""

    status: int = Field(ge=400, le=599)
    message: str = "scripted error"
    code: str | None = None
    retry_after_s: float | None = Field(default=None, ge=0)
    times: int | None = Field(default=None, ge=1, description="how often for one conversation; None: always")


class Step(_Strict):
    """One reply of the model."""

    text: str = ""
    reasoning: str = ""
    calls: tuple[Call, ...] = ()
    chunk_ms: float = Field(default=0, ge=0)
    delay_ms: float = Field(default=0, ge=0, description="wait before the first byte")
    error: Failure | None = None
    disconnect_after: int | None = Field(default=None, ge=0, description="cut the stream after so many words")
    disconnect_times: int | None = Field(default=None, ge=1, description="None: always")


class Rule(_Strict):
    """When, and what then."""

    name: str
    when: Condition = Condition()
    steps: tuple[Step, ...] = ()
    reply: Step | None = None

    @model_validator(mode="after")
    def _one_of(self) -> Rule:
        if bool(self.steps) == (self.reply is not None):
            raise ValueError("give either steps (in order) or reply (always the same)")
        return self


class Script(_Strict):
    """A whole script."""

    model: str = "scripted"
    rules: tuple[Rule, ...] = Field(min_length=1)


def load(path: Path) -> Script:
    """Read a script file. Raises `ScriptError` naming the line of the first thing that is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScriptError(f"{path}: cannot be read: {error}") from error
    return parse(text, str(path))


def parse(text: str, name: str = "script") -> Script:
    """Read a script from text; `name` is what errors call it. Raises `ScriptError`."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ScriptError(f"{name}:{line}: {error.problem or error.context}") from error
    if root is None:
        raise ScriptError(f"{name}:1: the script is empty; it needs `rules:`")
    _refuse_repeated_keys(root, name)
    try:
        return Script.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        line = _line_of(root, first["loc"])
        raise ScriptError(f"{name}:{line}: {where}: {first['msg']}") from error


def _refuse_repeated_keys(node: yaml.Node, name: str) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise ScriptError(f"{name}:{key.start_mark.line + 1}: {key.value!r} is given twice")
            seen.add(key.value)
            _refuse_repeated_keys(value, name)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _refuse_repeated_keys(value, name)


def _line_of(node: yaml.Node, location: tuple[int | str, ...]) -> int:
    """Return the line (from 1) of the deepest part of the location that the file has."""
    line = node.start_mark.line + 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == str(part)]
            if not found:
                continue
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line
