"""What the tests of the merge queue share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.changes.merge_story import Story, merge_story
from tests.providers.git_story import make_repository


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_repository(tmp_path_factory.mktemp("template") / "r")


@pytest.fixture
async def story(template: Path, tmp_path: Path) -> AsyncIterator[Story]:
    async with merge_story(template, tmp_path) as told:
        yield told
