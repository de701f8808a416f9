from __future__ import annotations

import asyncio
import socket

import pytest

from agents.scripted.script import parse
from agents.scripted.server import ScriptedModel
from agents.stand_in import is_scripted

SCRIPT = "rules: [{name: any, reply: {text: hello}}]"


async def test_a_scripted_model_says_so_whatever_the_path() -> None:
    async with ScriptedModel(parse(SCRIPT)) as model:
        root = model.url.removesuffix("/v1")
        for url in (model.url, root, root + "/"):
            assert await asyncio.to_thread(is_scripted, url)


async def test_another_server_is_none() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.0 200 OK\r\n\r\n{"data": [{"id": "m", "owned_by": "vllm"}, 3]}')
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert not await asyncio.to_thread(is_scripted, f"http://127.0.0.1:{port}/v1")


@pytest.mark.parametrize("url", [None, "", "nonsense", "https://127.0.0.1/v1", "http://models.example/v1"])
def test_nobody_else_is_asked(url: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> socket.socket:
        raise AssertionError("nobody may be asked")

    monkeypatch.setattr(socket, "create_connection", refuse)
    assert not is_scripted(url)


def test_a_closed_port_is_none() -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        assert not is_scripted(f"http://127.0.0.1:{one.getsockname()[1]}/v1")
