"""A screen that gets sums instead of chatter ends with the very same state."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.journal import types as ev
from cockpit.protocol.server import Server
from cockpit.protocol.types import PUSH, Command, Subscribe, Watch
from cockpit.screens.store import Store
from cockpit.state.fold import apply
from cockpit.state.model import STATE, State
from tests.state.test_fold import NAMES, stories

SOCKET_FULL = 100 << 20


async def _refuse(command: Command, person: str) -> dict[str, Any]:
    raise AssertionError(f"{person} asked for {command}")


class Pipe:
    """A socket's write end that holds what was written until it is read."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.is_full = False
        self.transport = self

    def write(self, line: bytes) -> None:
        self.lines.append(line)

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return SOCKET_FULL if self.is_full else 0


@given(
    stories,
    st.lists(st.sampled_from(["event"] * 6 + ["watch one", "watch none", "digest", "stall", "read"]), max_size=60),
)
@settings(max_examples=150, deadline=None)
async def test_any_interleaving_ends_with_the_fold_of_the_journal(story: list[ev.Envelope], acts: list[str]) -> None:
    state = State()
    server = Server(state, _refuse)
    pipe = Pipe()
    connection = server.connect(pipe, "ana")  # type: ignore[arg-type]  # as much of a writer as is used
    store = Store()
    await server.carry_out(connection, Subscribe())
    happening = iter(story)

    def read() -> None:
        for line in pipe.lines:
            store.take(PUSH.validate_json(line))
        pipe.lines.clear()

    for act in [*acts, *(["event"] * len(story))]:
        match act:
            case "event":
                if (envelope := next(happening, None)) is not None:
                    apply(state, envelope)
                    server.happened(envelope, envelope.event.model_dump_json().encode())
            case "watch one":
                await server.carry_out(connection, Watch(sessions=NAMES[:1]))
            case "watch none":
                await server.carry_out(connection, Watch())
            case "digest":
                server.catch_up()
            case "stall":
                pipe.is_full = True
            case _:
                pipe.is_full = False
                read()
    pipe.is_full = False
    server.catch_up()
    read()
    assert store.state == state
    assert STATE.dump_json(store.state) == STATE.dump_json(state)
