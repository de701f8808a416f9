"""Trees made from other trees without a work tree, and many contents read at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cockpit.providers.git import BranchMoved, GitError
from tests.providers.git_story import Story, make_repository, story


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Story]:
    async with story(make_repository(tmp_path / "template"), tmp_path) as opened:
        yield opened


async def test_files_are_put_into_a_tree_and_taken_out(at: Story) -> None:
    commit = await at.commit({"kept": "1\n", "gone": "2\n", ".cockpit/a.yml": "a\n"})
    repository = at.repo
    tree = await repository.tree_of(commit)
    edited = await repository.with_files(tree, {"gone": None, ".cockpit/b c.yml": b"b\r\n", "kept": b"3\n"})
    files = await repository.list_files(edited)
    assert "gone" not in files
    assert set(await repository.list_files(edited, ".cockpit")) == {".cockpit/a.yml", ".cockpit/b c.yml"}
    texts = await repository.read_blobs(files.values(), 1000)
    assert texts[files[".cockpit/b c.yml"]] == b"b\r\n"
    assert texts[files["kept"]] == b"3\n"
    assert await repository.tree_of(commit) == tree
    assert await repository.with_files(tree, {}) == tree
    assert await repository.list_files(edited, "nowhere") == {}


@pytest.mark.parametrize("path", ["../out", ".git/config", "/root", "a//b"])
async def test_no_file_gets_out_of_a_tree(at: Story, path: str) -> None:
    tree = await at.repo.tree_of(await at.commit({"kept": "1\n"}))
    with pytest.raises(GitError):
        await at.repo.with_files(tree, {path: b"x"})


async def test_large_contents_are_left_out(at: Story) -> None:
    commit = await at.commit({"small": "1\n", "large": "x" * 5000, "empty": ""})
    files = await at.repo.list_files(commit)
    texts = await at.repo.read_blobs(files.values(), 1000)
    assert texts[files["small"]] == b"1\n"
    assert texts[files["empty"]] == b""
    assert files["large"] not in texts
    assert await at.repo.read_blobs([], 1000) == {}


async def test_a_branch_is_created_once(at: Story) -> None:
    commit = await at.commit({"kept": "1\n"})
    await at.repo.create_branch("rules", commit)
    assert await at.repo.branch_tip("rules") == commit
    with pytest.raises(BranchMoved):
        await at.repo.create_branch("rules", commit)
