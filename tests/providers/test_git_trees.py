"""Trees: compared, merged, read and written out; and the repository opened."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cockpit.providers.git import (
    Author,
    FileStat,
    GitError,
    GitMissing,
    NoCommits,
    NotARepository,
    Repository,
    UnknownRevision,
)
from tests.providers.git_story import Story, git, make_repository, story, write


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_repository(tmp_path_factory.mktemp("template") / "r")


@pytest.fixture
async def at(template: Path, tmp_path: Path) -> AsyncIterator[Story]:
    async with story(template, tmp_path) as opened:
        yield opened


async def test_a_stat_names_every_way_to_differ(at: Story) -> None:
    body = "".join(f"line {number}\n" for number in range(40))
    first = await at.commit({"big.txt": body, "gone": "1\n2\n"})
    (at.work.path / "big.txt").rename(at.work.path / "moved.txt")
    (at.work.path / "gone").unlink()
    (at.work.path / "data").write_bytes(b"\0\1\2")
    (at.work.path / "g.bin").unlink()
    (at.work.path / "g.bin").symlink_to("f.txt")
    tree = await at.work.snapshot()
    assert await at.repo.diff_stat(first, tree) == [
        FileStat("data", None, None, "A", mode="100644"),
        FileStat("g.bin", 1, 1, "T", mode="120000"),
        FileStat("gone", 0, 2, "D", mode="000000"),
        FileStat("moved.txt", 0, 0, "R", "big.txt", mode="100644"),
    ]
    text = await at.repo.diff(first, tree)
    assert "rename to moved.txt" in text
    assert "Binary files /dev/null and b/data differ" in text
    assert await at.repo.diff(first, tree, paths=[]) == ""
    assert await at.repo.diff(first, tree, paths=["gone"]) == await at.repo.diff(first, tree, paths=["gone", "*"])


async def test_a_diff_is_bounded(at: Story) -> None:
    tip = await at.commit({"big.txt": "x" * 99 + "\n" + "line\n" * 200_000})
    text = await at.repo.diff(at.base, tip, limit_bytes=10_000)
    assert len(text) < 11_000
    assert "[cut here" in text
    content = await at.repo.read_file(tip, "big.txt", 100)
    assert (content.data, content.truncated) == (b"x" * 99 + b"\n", True)


async def test_what_does_not_exist_is_said_so(at: Story) -> None:
    for name in ("nothing", "--all", "-x", "HEAD~99", "a\nb", ""):
        with pytest.raises(UnknownRevision):
            await at.repo.resolve(name)
    with pytest.raises(UnknownRevision):
        await at.repo.read_file(at.base, "nothing", 10)
    with pytest.raises(UnknownRevision):
        await at.repo.tree_of(type(at.base)("main"))
    assert await at.repo.resolve("@") == await at.repo.resolve("main") == at.base
    assert await at.repo.resolve("HEAD~1") == git(at.root, "rev-parse", "HEAD~1").strip()


async def test_a_merge_gives_a_tree_or_the_conflicts(at: Story) -> None:
    one = await at.commit({"f.txt": "one\nc\n", "new": "n\n"})
    tree = await at.repo.tree_of(at.base)
    same = await at.repo.commit_tree(tree, [at.base], "Same", Author("Bob", "bob@example.org"))
    assert "Bob <bob@example.org>" in git(at.root, "log", "-1", "--format=%an <%ae> %cn", same)
    merged = await at.repo.merge_trees(same, one)
    assert merged.tree == await at.repo.tree_of(one)

    other = await at.repo.add_worktree("o", at.folder / "o", "cockpit/o", at.base)
    write(other.path, {"f.txt": "two\nc\n"})
    (other.path / "g.bin").unlink()
    two = await other.commit("Two", await other.snapshot())
    at.edit(**{"g.bin": "changed\n"})
    three = await at.commit({})
    clash = await at.repo.merge_trees(two, three)
    assert clash.tree is None
    excerpts = {conflict.path: conflict.excerpt for conflict in clash.conflicts}
    assert set(excerpts) == {"f.txt", "g.bin"}
    assert "<<<<<<< " in excerpts["f.txt"] and "one" in excerpts["f.txt"] and "two" in excerpts["f.txt"]
    assert "deleted in" in excerpts["g.bin"]
    assert await at.repo.merge_base(two, three) == at.base
    assert not await at.repo.is_merged("cockpit/o", "cockpit/ag")
    assert git(at.root, "status", "--porcelain") == ""


async def test_a_squashed_branch_counts_as_merged(at: Story) -> None:
    await at.commit({"f.txt": "1\n"})
    tip = await at.commit({"f.txt": "2\n"})
    squashed = await at.repo.commit_tree(await at.repo.tree_of(tip), [at.base], "Squash")
    await at.repo.land("main", at.base, squashed)
    assert await at.repo.is_merged("cockpit/ag", "main")
    await at.repo.remove_worktree(at.work)
    await at.repo.delete_branch("cockpit/ag")


async def test_materialising_again_rewrites_only_what_differs(at: Story) -> None:
    target = at.folder / "m"
    tip = await at.commit({"f.txt": "new\n"})
    await at.repo.materialise(at.base, target)
    before = {path: path.stat().st_ino for path in target.rglob("*.py")}
    write(target, {"pkg/__pycache__/x": "x", "pkg/one.py": "tampered\n", "left": "l", ".git/config": "evil"})
    (target / "pkg/two.py").unlink()
    (target / "shut").mkdir()
    write(target / "shut", {"in": "x"})
    (target / "shut").chmod(0o000)
    (target / "out").symlink_to("/etc")
    await at.repo.materialise(tip, target)
    files = {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()}
    assert files == await at.names(tip)
    assert (target / "f.txt").read_text() == "new\n"
    assert (target / "pkg/one.py").read_text() == "one = 1\n"
    await at.repo.materialise(at.base, target)
    assert (target / "f.txt").read_text() == "a\nc\n"
    inode = (target / "pkg/one.py").stat().st_ino
    await at.repo.materialise(tip, target)
    assert (target / "pkg/one.py").stat().st_ino == inode
    assert set(before) == set(target.rglob("*.py"))
    (at.folder / "link").symlink_to(target)
    with pytest.raises(GitError):
        await at.repo.materialise(tip, at.folder / "link")


async def test_content_ids_are_equal_for_equal_content(at: Story) -> None:
    tip = await at.commit({"copy.txt": "a\nc\n"})
    files = await at.repo.list_files(tip)
    assert files["copy.txt"] == files["f.txt"]
    assert files["f.txt"] != files["g.bin"]


async def test_opening_finds_the_top_and_survives_reopening(at: Story) -> None:
    again = await Repository.open(at.root / "pkg", at.folder / "state")
    assert (again.root, again.is_bare, again.identity) == (at.root, False, Author("Ann", "ann@example.org"))
    assert await again.list_worktrees() != []
    linked = await Repository.open(at.work.path, at.folder / "state")
    assert await linked.current_branch() == "cockpit/ag"


async def test_opening_what_cannot_be_opened_says_why(at: Story, tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.mkdir()
    with pytest.raises(NotARepository):
        await Repository.open(bad, tmp_path / "s")
    with pytest.raises(NotARepository):
        await Repository.open(bad / "missing", tmp_path / "s")
    with pytest.raises(NotARepository, match="inside"):
        await Repository.open(at.root / ".git/refs", tmp_path / "s")
    git(bad, "init", "-q")
    with pytest.raises(NoCommits):
        await Repository.open(bad, tmp_path / "s")
    with pytest.raises(GitError, match="another repository"):
        await Repository.open(bad, at.folder / "state")


@pytest.mark.parametrize("script", [None, "echo git version 2.37.9", "exit 3"])
async def test_a_missing_or_old_git_is_named(
    script: str | None, at: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if script is not None:
        (tmp_path / "git").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitError) as refused:
        await Repository.open(at.root, at.folder / "state")
    assert isinstance(refused.value, GitMissing) or script == "exit 3"


async def test_the_environment_cannot_redirect_it(at: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    again = await Repository.open(at.root, at.folder / "state")
    assert again.root == at.root
    assert await again.resolve("HEAD") == at.base


async def test_sha256_repositories_work(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r", "--object-format=sha256")
    repo = await Repository.open(root, tmp_path / "state")
    work = await repo.add_worktree("s", tmp_path / "w", "cockpit/s", await repo.resolve("HEAD"))
    write(work.path, {"f.txt": "new\n"})
    tip = await work.commit("c", await work.snapshot())
    assert len(tip) == 64
    assert git(work.path, "status", "--porcelain") == ""


def test_importing_is_cheap() -> None:
    code = "import sys, cockpit.providers.git; sys.exit('git' in sys.modules or 'gitdb' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, env=dict(os.environ)).returncode == 0


async def test_merging_a_commit_that_is_gone_says_so(at: Story) -> None:
    with pytest.raises(UnknownRevision):
        await at.repo.merge_trees(at.base, type(at.base)("0123456789" * 4))
