"""The framing between a terminal's relay and the screen host: one type byte, a four-byte length, the payload.

The relay (`cockpit/relay.py`) speaks the same frames with its own few lines, because it may import nothing but the
standard library; a test holds the two together. What arrives here is checked once and trusted afterwards: sizes are
bounded, unknown types and malformed payloads raise `WireError`, and the host then closes that one client.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from enum import Enum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

WIRE_VERSION = 1
"""Raised whenever a frame changes meaning; a relay of another version is turned away with a message."""

MAX_PAYLOAD_BYTES = 256 * 1024
"""The largest payload either side accepts; longer output is split over several frames."""

_HEADER = struct.Struct("!cI")
_SIZE = struct.Struct("!HH")
_MAX_CELLS = 2_000


class WireError(Exception):
    """A peer sent bytes that are no frame of ours; only its own connection is closed."""


class FrameType(Enum):
    """What a frame means; the value is its byte on the wire."""

    HELLO = b"H"
    """Relay to host, first and once: a `Hello` as JSON."""
    INPUT = b"I"
    """Relay to host: bytes the terminal sent."""
    RESIZE = b"R"
    """Relay to host: columns and rows, two unsigned shorts."""
    SUSPENDED = b"Z"
    """Relay to host: the terminal went back to its shell; send nothing until `CONTINUE`."""
    CONTINUE = b"C"
    """Relay to host: the terminal is ours again; answer `RESUMED` and paint everything."""
    OUTPUT = b"O"
    """Host to relay: bytes for the terminal."""
    RESUMED = b"A"
    """Host to relay: output after this frame belongs to the resumed terminal."""
    SUSPEND = b"S"
    """Host to relay: the person asked to suspend."""
    EXIT = b"X"
    """Host to relay, last: JSON with `code` (an exit status) and `message` (shown after the screen is left)."""


FROM_RELAY = frozenset(
    {FrameType.HELLO, FrameType.INPUT, FrameType.RESIZE, FrameType.SUSPENDED, FrameType.CONTINUE},
)
FROM_HOST = frozenset({FrameType.OUTPUT, FrameType.RESUMED, FrameType.SUSPEND, FrameType.EXIT})

_Word = Annotated[str, Field(max_length=200)]
_Cells = Annotated[int, Field(ge=1, le=_MAX_CELLS)]


class Hello(BaseModel):
    """What a relay says of its terminal and its person when it attaches."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: int
    """The relay's `WIRE_VERSION`."""
    repo: Annotated[str, Field(max_length=4096)]
    """Absolute path of the repository whose supervisor is to be shown."""
    columns: _Cells
    rows: _Cells
    term: _Word = ""
    """The terminal's `TERM`."""
    colorterm: _Word = ""
    """The terminal's `COLORTERM`; `truecolor` or `24bit` where it says so."""
    term_program: _Word = ""
    """The terminal's `TERM_PROGRAM`."""
    lang: _Word = ""
    """The person's `LC_ALL`, `LC_CTYPE` or `LANG`, the first that is set."""
    no_color: bool = False
    """Whether `NO_COLOR` is set and not empty."""
    tmux: bool = False
    """Whether the terminal is a tmux pane."""
    user: _Word = ""
    """The person's login name, for the audit line."""
    options: Annotated[dict[_Word, Annotated[str, Field(max_length=4096)]], Field(max_length=32)] = {}
    """What the command line asked for, such as `{"screen": "fleet"}`."""


def encode(kind: FrameType, payload: bytes = b"") -> bytes:
    """Return one frame.

    Raises:
        ValueError: the payload is longer than `MAX_PAYLOAD_BYTES`.
    """
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"a frame of {len(payload)} bytes is longer than {MAX_PAYLOAD_BYTES}")
    return _HEADER.pack(kind.value, len(payload)) + payload


def encode_output(data: bytes) -> bytes:
    """Return `data` as one or more output frames."""
    if len(data) <= MAX_PAYLOAD_BYTES:
        return encode(FrameType.OUTPUT, data)
    pieces = range(0, len(data), MAX_PAYLOAD_BYTES)
    return b"".join(encode(FrameType.OUTPUT, data[start : start + MAX_PAYLOAD_BYTES]) for start in pieces)


def encode_exit(code: int, message: str) -> bytes:
    """Return the last frame of a connection; a message too long for a frame loses its beginning."""
    tail = message[-16_000:]
    return encode(FrameType.EXIT, json.dumps({"code": code, "message": tail}).encode())


def parse_hello(payload: bytes) -> Hello:
    """Return what a relay said of itself.

    Raises:
        WireError: the payload is no JSON object with the fields of `Hello`.
    """
    try:
        return Hello.model_validate_json(payload)
    except ValidationError as error:
        raise WireError(f"a hello that cannot be read: {error.error_count()} fields are wrong") from error


def parse_size(payload: bytes) -> tuple[int, int]:
    """Return columns and rows.

    Raises:
        WireError: the payload is no pair of sensible numbers.
    """
    if len(payload) != _SIZE.size:
        raise WireError("a resize without two numbers")
    columns, rows = _SIZE.unpack(payload)
    if not (0 < columns <= _MAX_CELLS and 0 < rows <= _MAX_CELLS):
        raise WireError(f"a terminal of {columns} by {rows} cells")
    return columns, rows


class FrameDecoder:
    """Turns bytes as they arrive into frames, whatever their cut."""

    def __init__(self, accepted: frozenset[FrameType]) -> None:
        self._buffer = bytearray()
        self._accepted = accepted

    def feed(self, data: bytes) -> Iterator[tuple[FrameType, bytes]]:
        """Yield the frames that `data` completes.

        Raises:
            WireError: a frame is too long, of an unknown type, or not one this side may receive.
        """
        buffer = self._buffer
        buffer += data
        while len(buffer) >= _HEADER.size:
            byte, length = _HEADER.unpack_from(buffer)
            kind = self._kind(byte)
            if length > MAX_PAYLOAD_BYTES:
                raise WireError(f"a frame of {length} bytes")
            end = _HEADER.size + length
            if len(buffer) < end:
                return
            payload = bytes(buffer[_HEADER.size : end])
            del buffer[:end]
            yield kind, payload

    def _kind(self, byte: bytes) -> FrameType:
        try:
            kind = FrameType(byte)
        except ValueError as error:
            raise WireError(f"a frame of unknown type {byte!r}") from error
        if kind not in self._accepted:
            raise WireError(f"a {kind.name} frame from the wrong side")
        return kind
