"""One model call over the Responses API, streamed, with the history on our side."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from agents.native.conversation import Called, Human, Item, Returned, Said, Summary, Thought
from agents.native.reply import ModelError, Piece, Reply, Request, Tokens, Unavailable, whole


def sound_arguments(arguments: str) -> str:
    """Return arguments that are a JSON object; some endpoints refuse a history that holds any other."""
    try:
        value = json.loads(arguments or "{}")
    except ValueError:
        value = None
    return arguments or "{}" if isinstance(value, dict) else json.dumps({"malformed": arguments})


def _input(item: Item) -> dict[str, Any]:
    match item:
        case Human() | Summary():
            return {"type": "message", "role": "user", "content": item.text}
        case Said():
            return {"type": "message", "role": "assistant", "content": item.text}
        case Thought():
            return item.item
        case Called():
            arguments = sound_arguments(item.arguments)
            return {"type": "function_call", "call_id": item.call, "name": item.tool, "arguments": arguments}
        case Returned():
            return {"type": "function_call_output", "call_id": item.call, "output": _output(item)}


def _output(item: Returned) -> str | list[dict[str, Any]]:
    if not item.pictures:
        return item.output
    shown = [{"type": "input_image", "image_url": one.as_url(), "detail": "auto"} for one in item.pictures]
    return [{"type": "input_text", "text": item.output}, *shown]


async def call(
    create: Callable[..., Any], request: Request, options: dict[str, Any], on_piece: Callable[[Piece], None]
) -> Reply:
    """Make the call. `create` is the SDK's `responses.create`; raises its errors, and `ModelError`."""
    stream = await create(
        instructions=request.instructions,
        input=[_input(item) for item in request.items],
        tools=[{"type": "function", "strict": False, **tool} for tool in request.tools],
        stream=True,
        store=False,
        **options,
    )
    reply = _ResponseReader(on_piece)
    try:
        async for event in stream:
            reply.take(event)
    finally:
        await stream.close()
    return reply.result()


class _ResponseReader:
    """Builds the reply from the events of one stream."""

    def __init__(self, on_piece: Callable[[Piece], None]) -> None:
        self._on_piece = on_piece
        self._reply = Reply()
        self._is_complete = False

    def take(self, event: Any) -> None:
        """Take the next event."""
        match event.type:
            case "response.output_text.delta" | "response.refusal.delta":
                self._on_piece(Piece("message", event.item_id, whole(event.delta)))
            case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
                self._on_piece(Piece("reasoning", event.item_id, whole(event.delta)))
            case "response.output_item.added" if event.item.type == "function_call":
                self._on_piece(Piece("call", event.item.call_id))
            case "response.output_item.done":
                self._take_item(event.item)
            case "response.completed" | "response.incomplete":
                self._is_complete = True
                self._reply.is_cut_off = event.type == "response.incomplete"
                self._take_usage(event.response.usage)
            case "response.failed":
                error = event.response.error
                raise _failure(getattr(error, "code", None), getattr(error, "message", None))
            case "error":
                raise _failure(event.code, event.message)

    def _take_item(self, item: Any) -> None:
        reply = self._reply
        match item.type:
            case "message":
                text = whole(
                    "".join(getattr(part, "text", "") or getattr(part, "refusal", "") for part in item.content)
                )
                reply.message += text
                reply.message_item = reply.message_item or item.id
                reply.items.append(Said(text=text))
            case "function_call":
                reply.items.append(Called(call=item.call_id, tool=item.name, arguments=whole(item.arguments)))
            case "reasoning":
                reply.reasoning += whole("\n".join(part.text for part in item.summary or ()))
                reply.reasoning_item = reply.reasoning_item or item.id
                if getattr(item, "encrypted_content", None):
                    reply.items.append(
                        Thought(item=item.model_dump(exclude_none=True, exclude={"status"}, mode="json"))
                    )

    def _take_usage(self, usage: Any) -> None:
        if usage is not None:
            details = getattr(usage, "input_tokens_details", None)
            cached = getattr(details, "cached_tokens", 0) or 0
            self._reply.tokens = Tokens(usage.input_tokens or 0, cached, usage.output_tokens or 0)

    def result(self) -> Reply:
        """Return the reply. Raises `Unavailable` when the stream ended before the reply did."""
        if not self._is_complete:
            raise Unavailable("the endpoint ended the stream in the middle of its reply")
        return self._reply


def _failure(code: str | None, message: str | None) -> ModelError:
    text = f"the model failed: {message or code or 'no reason given'}"
    return Unavailable(text) if code in (None, "server_error", "rate_limit_exceeded") else ModelError(text)
