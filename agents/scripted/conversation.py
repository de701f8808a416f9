"""What was said so far, whichever protocol it came by, and which reply of the script answers it."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, Literal

from agents.scripted.script import Condition, Rule, Script, Span, Step

_TAG = re.compile(r"\[script:([\w.-]+)\]")
_CHARS_PER_TOKEN = 4

_CONTEXT_BLOCKS = re.compile(
    r"<(environment_context|user_instructions|permissions|turn_aborted|skills_instructions|INSTRUCTIONS|session_context"
    r"|local-command-\w+|command-\w+|new-diagnostics|hook_context)\b[^>]*>.*?</\1[^>]*>"
    r"|# AGENTS\.md instructions[^\n]*"
    r"|\[Request interrupted by user[^\]]*\]",
    re.DOTALL,
)
"""What agents put into user messages by themselves."""
_REMINDER = re.compile(r"<system-reminder>(.*?)</system-reminder>", re.DOTALL)
_RELAYED = re.compile(r"(?is)^\s*the user sent [^\n]*:\s*\n(.*)")
"""A message that a person sent in the middle of a turn, as claude hands it over."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in a conversation."""

    kind: Literal["user", "model", "result"]
    text: str


Conversation = tuple[Entry, ...]


def flat(content: Any) -> str:
    """Return the text of a message's content: a string, or parts of which some are text."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(part if isinstance(part, str) else part.get("text", "") or "" for part in content)
    return ""


def said_by_people(text: str) -> str:
    """Return a user message without what the agent wrapped around it."""

    def reminder(found: re.Match[str]) -> str:
        relayed = _RELAYED.match(found[1])
        return relayed[1] if relayed else ""

    return _CONTEXT_BLOCKS.sub("", _REMINDER.sub(reminder, text)).strip()


def user_entries(text: str) -> list[Entry]:
    """Return the entry of a user message; none where the agent alone speaks in it."""
    said = said_by_people(text)
    return [Entry("user", said)] if said or not text.strip() else []


def tokens(value: object) -> int:
    """Estimate the tokens of a text, or of anything as JSON."""
    text = value if isinstance(value, str) else json.dumps(value)
    return (len(text) + _CHARS_PER_TOKEN - 1) // _CHARS_PER_TOKEN


@dataclass(frozen=True, slots=True)
class Choice:
    """The reply of a script to a conversation."""

    step: Step
    rule: str
    key: str
    """Names this moment of this conversation; errors are counted by it."""


def choose(script: Script, conversation: Conversation) -> Choice:
    """Return what the script answers; where it has nothing, a text that says so."""
    key = hashlib.sha256(repr(conversation).encode("utf-8", "replace")).hexdigest()
    for rule in script.rules:
        anchor = _anchor(rule.when, conversation)
        if anchor is None:
            continue
        since = conversation[anchor + 1 :]
        if not _holds(rule.when, since):
            continue
        return Choice(_step(rule, since), rule.name, f"{rule.name}:{key}")
    latest = next((entry.text for entry in reversed(conversation) if entry.kind == "user"), "")
    return Choice(Step(text=f"The script has no answer to this message: {latest[:200]!r}."), "", key)


def _step(rule: Rule, since: Conversation) -> Step:
    if rule.reply is not None:
        return rule.reply
    number = _replies(since)
    if number < len(rule.steps):
        return rule.steps[number]
    return Step(text=f"The script has no further step in its rule {rule.name!r}.")


def _anchor(when: Condition, conversation: Conversation) -> int | None:
    """Return where the user message stands from which a rule counts, or None where the rule does not match."""
    users = [index for index, entry in enumerate(conversation) if entry.kind == "user"]
    if not users:
        return None
    anchor = users[0]
    if when.task is not None and not re.search(when.task, conversation[anchor].text):
        return None
    if when.latest is not None:
        anchor = users[-1]
        if not re.search(when.latest, conversation[anchor].text):
            return None
    if when.tag is not None:
        tagged = [(index, tag) for index in users for tag in _TAG.findall(conversation[index].text)]
        if not tagged or tagged[-1][1] != when.tag:
            return None
        anchor = tagged[-1][0]
    return anchor


def _holds(when: Condition, since: Conversation) -> bool:
    results = [entry.text for entry in since if entry.kind == "result"]
    if isinstance(when.results, int) and len(results) != when.results:
        return False
    if isinstance(when.results, Span) and not when.results.holds(len(results)):
        return False
    return when.output is None or bool(results and re.search(when.output, results[-1]))


def _replies(since: Conversation) -> int:
    """Count the model's replies: runs of entries of the model, each of which one request was answered with."""
    kinds = [entry.kind for entry in since]
    return sum(1 for index, kind in enumerate(kinds) if kind == "model" and (index == 0 or kinds[index - 1] != "model"))
