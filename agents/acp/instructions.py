"""What an agent is told besides a person's words and its instructions: what went before."""

from __future__ import annotations

from collections.abc import Sequence

_EARLIER_CHARS = 8_000


def go_on(words: str) -> str:
    """Return how to go on with a turn that was cut off; whether the agent had heard of it nobody knows."""
    return f"You were cut off in the middle of your work. Look at what is done already, and go on with this:\n\n{words}"


def opening(told: str, earlier: Sequence[str], words: str) -> str:
    """Return the first prompt of a conversation: what the agent must know, then what it is asked."""
    parts = [told]
    if earlier:
        before = "\n\n---\n\n".join(earlier)[-_EARLIER_CHARS:]
        parts.append(
            f"# What you were told before (the conversation about it is lost; its work is in place)\n\n{before}"
        )
    if any(parts):
        parts.append("# What is asked of you now")
    return "\n\n".join(part for part in (*parts, words) if part)
