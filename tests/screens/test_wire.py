"""Frames survive any cut, and what is no frame is refused."""

from __future__ import annotations

import contextlib
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit import relay
from cockpit.screens import wire
from cockpit.screens.wire import FROM_HOST, FROM_RELAY, FrameDecoder, FrameType, WireError, encode

HELLO = {"version": 1, "repo": "/repo", "columns": 80, "rows": 24}

frames = st.lists(st.tuples(st.sampled_from(sorted(FROM_RELAY, key=lambda kind: kind.name)), st.binary(max_size=300)))


@given(frames, st.integers(1, 40))
def test_frames_arrive_whole_however_they_are_cut(sent: list[tuple[FrameType, bytes]], step: int) -> None:
    stream = b"".join(encode(kind, payload) for kind, payload in sent)
    decoder = FrameDecoder(FROM_RELAY)
    received = [frame for start in range(0, len(stream), step) for frame in decoder.feed(stream[start : start + step])]
    assert received == sent


@given(st.binary(max_size=200))
def test_any_bytes_are_frames_or_a_wire_error(data: bytes) -> None:
    decoder = FrameDecoder(FROM_RELAY)
    with contextlib.suppress(WireError):
        assert all(kind in FROM_RELAY for kind, _ in decoder.feed(data))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"?\0\0\0\0", id="unknown type"),
        pytest.param(b"O\0\0\0\0", id="a frame only the host may send"),
        pytest.param(b"I" + struct.pack("!I", wire.MAX_PAYLOAD_BYTES + 1), id="too long"),
    ],
)
def test_a_bad_frame_is_refused_before_its_payload_is_waited_for(data: bytes) -> None:
    with pytest.raises(WireError):
        list(FrameDecoder(FROM_RELAY).feed(data))


def test_long_output_is_split_and_a_long_payload_refused() -> None:
    data = bytes(range(256)) * 3000
    received = list(FrameDecoder(FROM_HOST).feed(wire.encode_output(data)))
    assert b"".join(payload for _, payload in received) == data
    assert max(len(payload) for _, payload in received) <= wire.MAX_PAYLOAD_BYTES
    with pytest.raises(ValueError, match="longer"):
        encode(FrameType.OUTPUT, data)


def test_a_hello_says_what_the_terminal_is() -> None:
    hello = wire.parse_hello(json.dumps({**HELLO, "term": "xterm-kitty", "later": "ignored"}).encode())
    assert (hello.term, hello.columns, hello.no_color, hello.options) == ("xterm-kitty", 80, False, {})


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"\xff\xfe", id="not text"),
        pytest.param(b"[]", id="not an object"),
        pytest.param(b"{}", id="nothing in it"),
        pytest.param(json.dumps({**HELLO, "columns": 0}).encode(), id="no columns"),
        pytest.param(json.dumps({**HELLO, "rows": 10**9}).encode(), id="too many rows"),
        pytest.param(json.dumps({**HELLO, "term": "x" * 201}).encode(), id="a long name"),
        pytest.param(json.dumps({**HELLO, "options": {str(i): "" for i in range(33)}}).encode(), id="many options"),
    ],
)
def test_a_hello_that_makes_no_sense_is_refused(payload: bytes) -> None:
    with pytest.raises(WireError):
        wire.parse_hello(payload)


@pytest.mark.parametrize("payload", [b"", b"\0\x50", struct.pack("!HH", 0, 24), struct.pack("!HH", 80, 65535)])
def test_a_size_that_makes_no_sense_is_refused(payload: bytes) -> None:
    with pytest.raises(WireError):
        wire.parse_size(payload)


def test_the_relay_speaks_the_same_frames() -> None:
    assert relay.WIRE_VERSION == wire.WIRE_VERSION
    assert relay.MAX_PAYLOAD_BYTES == wire.MAX_PAYLOAD_BYTES
    assert relay._frame(b"I", b"keys") == encode(FrameType.INPUT, b"keys")
    facts = relay.terminal_hello({"TERM": "foot", "NO_COLOR": "1", "TMUX": "/tmp/t", "LANG": "de_DE.UTF-8"})
    hello = wire.parse_hello(json.dumps({**HELLO, **facts}).encode())
    assert (hello.term, hello.no_color, hello.tmux, hello.lang) == ("foot", True, True, "de_DE.UTF-8")


def test_an_exit_keeps_the_end_of_a_long_message() -> None:
    ((kind, payload),) = FrameDecoder(FROM_HOST).feed(wire.encode_exit(3, "é" * 50_000 + "the end"))
    parting = json.loads(payload)
    assert kind is FrameType.EXIT
    assert parting["code"] == 3
    assert parting["message"].endswith("the end")
