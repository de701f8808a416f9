"""Keeping the conversation inside the model's window without losing what people said."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from agents.native.conversation import (
    CHARS_PER_TOKEN,
    Called,
    Conversation,
    Human,
    Item,
    Returned,
    Said,
    Summary,
    Thought,
    estimate_tokens,
)
from agents.native.reply import ModelError, Reply, Request

FULL = 0.8
"""The part of the window from which on the conversation is made shorter."""
_RECENT = 0.3
_GOAL = 0.6
_TRANSCRIPT = 0.5
_HUMAN_CHARS = 16_000
_ITEM_CHARS = 3_000
LEFT_OUT = "[this output was left out to save room; run or read it again if you need it]"
_SUMMARISE = (
    "Summarise the transcript of a coding agent's work for the agent itself, which goes on from your summary alone. "
    "Keep: what was decided and why, files changed and how, commands that matter with their results, what was tried "
    "and failed, what is left to do. At most 600 words, no preamble."
)
_HEAD = "Summary of your work so far (older steps were left out to save room):\n"


def needs_room(used_tokens: int, window: int) -> bool:
    """Return whether the conversation should be made shorter before the next model call."""
    return used_tokens > FULL * window


async def compact(conversation: Conversation, window: int, ask: Callable[[Request], Awaitable[Reply]]) -> str:
    """Make the conversation shorter; return one line for people on what was done.

    Older steps become a summary by the model; where it cannot give one, a note that they are missing. Human messages
    stay. What is still too long loses its oldest tool outputs.
    """
    items = conversation.items
    start = _recent_start(items, int(_RECENT * window))
    older, recent = items[:start], items[start:]
    how = "older tool outputs were left out"
    if any(not isinstance(item, Human) for item in older):
        text, how = await _summary(older, window, ask)
        humans: list[Item] = [_bounded(item) for item in older if isinstance(item, Human)]
        recent = [*humans[:1], Summary(text=_HEAD + text), *humans[1:], *recent]
    else:
        recent = items
    conversation.replace(_without_oldest_outputs(recent, int(_GOAL * window)))
    return f"the conversation was made shorter: {how}"


def _recent_start(items: list[Item], budget: int) -> int:
    """Return the first place from which on everything fits the budget and no tool call is torn from its result."""
    used, start = 0, len(items)
    for place in range(len(items) - 1, 0, -1):
        used += estimate_tokens([items[place]])
        if used > budget:
            break
        if isinstance(items[place - 1], Returned | Human | Summary) and not isinstance(items[place], Returned):
            start = place
    return start


async def _summary(older: list[Item], window: int, ask: Callable[[Request], Awaitable[Reply]]) -> tuple[str, str]:
    transcript = _middle_out(
        "\n\n".join(_rendered(item) for item in older), int(_TRANSCRIPT * window) * CHARS_PER_TOKEN
    )
    try:
        reply = await ask(Request(_SUMMARISE, [Human(text=f"Summarise this transcript:\n\n{transcript}")], []))
    except ModelError as error:
        return "(not available: look at the files and at git diff to see what is done)", f"no summary, because {error}"
    return _middle_out(reply.message, 8 * _ITEM_CHARS), "older steps became a summary"


def _rendered(item: Item) -> str:
    match item:
        case Human():
            text = f"HUMAN: {item.text}"
        case Summary():
            text = f"SUMMARY OF EARLIER STEPS: {item.text}"
        case Said():
            text = f"AGENT: {item.text}"
        case Called():
            text = f"TOOL CALL {item.tool}: {item.arguments}"
        case Returned():
            text = f"TOOL RESULT: {item.output}"
        case Thought():
            text = ""
    return _middle_out(text, _ITEM_CHARS)


def _middle_out(text: str, limit: int) -> str:
    half = limit // 2
    return text if len(text) <= limit else f"{text[:half]}\n[...]\n{text[-half:]}"


def _bounded(item: Human) -> Human:
    return item.model_copy(update={"text": _middle_out(item.text, _HUMAN_CHARS)})


def _without_oldest_outputs(items: list[Item], goal: int) -> list[Item]:
    items = list(items)
    excess = estimate_tokens(items) - goal
    for place, item in enumerate(items):
        if excess <= 0:
            break
        if isinstance(item, Returned) and len(item.output) > len(LEFT_OUT):
            excess -= (len(item.output) - len(LEFT_OUT)) // CHARS_PER_TOKEN
            items[place] = Returned(call=item.call, output=LEFT_OUT)
    return items
