from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.gate import Gate
from tests.e2e.place import Place


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole stories take longer than unit tests, most of all where cores are few and busy."""
    for item in items:
        if Path(__file__).parent in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(180))


@pytest.fixture
def place() -> Iterator[Place]:
    """A repository with a cockpit of its own; at the end nothing of it runs any more."""
    # Not below tmp_path: sockets need short paths.
    folder = Path(tempfile.mkdtemp(prefix="ck-", dir="/tmp"))
    place = Place(folder)
    try:
        yield place
    finally:
        left = place.close()
        shutil.rmtree(folder, ignore_errors=True)
    assert left == [], f"still running at the end: {left}"


@pytest.fixture
def gate() -> Iterator[Gate]:
    with Gate() as gate:
        yield gate
