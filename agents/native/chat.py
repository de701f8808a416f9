"""One model call over Chat Completions, for endpoints without the Responses API."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from agents.native.conversation import Called, Human, Item, Picture, Returned, Said, Summary, Thought
from agents.native.reply import Piece, Reply, Request, Tokens, Unavailable, whole
from agents.native.responses import sound_arguments


def _messages(instructions: str, items: Iterable[Item]) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = [{"role": "system", "content": instructions}]
    unseen: list[Picture] = []
    for item in items:
        if unseen and not isinstance(item, Returned):
            messages.append(_pictures(unseen))
            unseen = []
        last = messages[-1]
        match item:
            case Human() | Summary():
                messages.append({"role": "user", "content": item.text})
            case Said():
                messages.append({"role": "assistant", "content": item.text})
            case Called():
                function = {"name": item.tool, "arguments": sound_arguments(item.arguments)}
                call = {"id": item.call, "type": "function", "function": function}
                if last["role"] == "assistant":
                    last.setdefault("tool_calls", []).append(call)
                else:
                    messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
            case Returned():
                messages.append({"role": "tool", "tool_call_id": item.call, "content": item.output})
                unseen += item.pictures
            case Thought():
                pass
    return [*messages, _pictures(unseen)] if unseen else messages


def _pictures(pictures: Iterable[Picture]) -> dict[str, Any]:
    """Return a message with what tools showed: in this protocol their own messages hold text alone."""
    shown = [{"type": "image_url", "image_url": {"url": one.as_url()}} for one in pictures]
    return {"role": "user", "content": [{"type": "text", "text": "What the tools showed:"}, *shown]}


async def call(
    create: Callable[..., Any], request: Request, options: dict[str, Any], on_piece: Callable[[Piece], None]
) -> Reply:
    """Make the call. `create` is the SDK's `chat.completions.create`; raises its errors."""
    tools = [{"type": "function", "function": tool} for tool in request.tools]
    stream = await create(
        messages=_messages(request.instructions, request.items),
        stream=True,
        stream_options={"include_usage": True},
        **({"tools": tools} if tools else {}),
        **options,
    )
    reply = _ChatReader(on_piece)
    try:
        async for chunk in stream:
            reply.take(chunk)
    finally:
        await stream.close()
    return reply.result()


@dataclass(slots=True)
class _PartialCall:
    call: str = ""
    tool: str = ""
    arguments: str = ""


class _ChatReader:
    """Builds the reply from the chunks of one stream."""

    def __init__(self, on_piece: Callable[[Piece], None]) -> None:
        self._on_piece = on_piece
        self._id = f"msg_{uuid.uuid4().hex[:12]}"
        self._text = ""
        self._reasoning = ""
        self._calls: dict[int, _PartialCall] = {}
        self._tokens: Tokens | None = None
        self._finish: str | None = None

    def take(self, chunk: Any) -> None:
        """Take the next chunk."""
        usage = getattr(chunk, "usage", None)
        if usage is not None:
            cached = getattr(getattr(usage, "prompt_tokens_details", None), "cached_tokens", 0) or 0
            self._tokens = Tokens(usage.prompt_tokens or 0, cached, usage.completion_tokens or 0)
        for choice in chunk.choices or ():
            self._finish = choice.finish_reason or self._finish
            self._take_delta(choice.delta)

    def _take_delta(self, delta: Any) -> None:
        if delta is None:
            return
        # Not in the standard; two names are in use among servers that show their model's reasoning.
        reasoning = getattr(delta, "reasoning_content", None) or getattr(delta, "reasoning", None)
        if isinstance(reasoning, str) and reasoning:
            self._reasoning += whole(reasoning)
            self._on_piece(Piece("reasoning", f"{self._id}_r", whole(reasoning)))
        text = delta.content or getattr(delta, "refusal", None)
        if text:
            self._text += whole(text)
            self._on_piece(Piece("message", self._id, whole(text)))
        for part in delta.tool_calls or ():
            self._take_call(part)

    def _take_call(self, part: Any) -> None:
        index = part.index if part.index is not None else len(self._calls)
        partial = self._calls.setdefault(index, _PartialCall(call=part.id or f"call_{uuid.uuid4().hex[:12]}"))
        if part.function is not None:
            partial.tool += part.function.name or ""
            partial.arguments += part.function.arguments or ""
        self._on_piece(Piece("call", partial.call))

    def result(self) -> Reply:
        """Return the reply. Raises `Unavailable` when the stream ended before the reply did."""
        if self._finish is None:
            raise Unavailable("the endpoint ended the stream in the middle of its reply")
        reply = Reply(
            message=self._text,
            message_item=self._id,
            reasoning=self._reasoning,
            reasoning_item=f"{self._id}_r",
            tokens=self._tokens,
            is_cut_off=self._finish == "length",
        )
        if self._text:
            reply.items.append(Said(text=self._text))
        for _, partial in sorted(self._calls.items()):
            reply.items.append(Called(call=partial.call, tool=partial.tool, arguments=whole(partial.arguments)))
        return reply
