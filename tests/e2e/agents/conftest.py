from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.agents.bed import AgentsPlace, Bed, Model

MakeBed = Callable[[list[dict[str, Any]]], Bed]


@pytest.fixture
def place() -> Iterator[AgentsPlace]:
    """A repository with a cockpit of its own, real agents at hand; at the end nothing of it runs any more."""
    # Not below tmp_path: sockets need short paths.
    place = AgentsPlace(Path(tempfile.mkdtemp(prefix="ck-", dir="/tmp")))
    try:
        yield place
    finally:
        left = place.close()
        shutil.rmtree(place.folder, ignore_errors=True)
    assert left == [], f"still running at the end: {left}"


@pytest.fixture
async def make_bed(place: AgentsPlace) -> AsyncIterator[MakeBed]:
    """Make a bed whose model follows rules."""
    with contextlib.ExitStack() as stack:
        beds = []

        def make(rules: list[dict[str, Any]]) -> Bed:
            model = Model(place, rules)
            stack.callback(model.close)
            beds.append(Bed(place, model))
            return beds[-1]

        yield make
        for bed in beds:
            await bed.leave()
